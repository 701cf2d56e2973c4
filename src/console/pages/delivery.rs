//! One delivery: the way from the event to the receiver, what is still to come, and every attempt with what came of it.

mod attempts;
mod lifecycle;

use leptos::prelude::*;
use leptos_meta::Title;

use super::audit::history_of;
use super::failed::failed;
use super::place::{here, may, once_known};
use crate::console::api::ConsoleError;
use crate::console::api::webhooks::{DeliveryDetail, read_delivery};
use crate::console::components::badge::delivery_badge;
use crate::console::components::clock;
use crate::console::components::copy::{copy_button, id_with_copy, short_id};
use crate::console::components::figure::{term, terms};
use crate::console::components::json::indented;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{Lang, shortened};
use crate::console::query::{BatchWebhooksPlace, DeliveryPlace, EndpointPlace, WebhooksQuery};
use crate::domain::access::Action;
use crate::domain::webhook::DeliveryStatus;

#[component]
pub fn DeliveryPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let place = here(DeliveryPlace::at);
    once_known(async move {
        match read_delivery(place.id.clone()).await {
            Ok(delivery) => detail(lang, &delivery),
            Err(ConsoleError::NotFound) => no_such_delivery(lang, place.id),
            Err(error) => failed(lang, &error),
        }
    })
}

fn detail(lang: Lang, delivery: &DeliveryDetail) -> Markup {
    let (words, own, row) = (lang.webhooks(), lang.deliveries(), &delivery.row);
    let batch = row.batch.map(|batch| {
        let href = lang.link(&BatchWebhooksPlace::href(batch, None));
        term(words.batch, view! { <a href=href>{short_id(&batch.to_string())}</a> })
    });
    let endpoint = lang.link(&EndpointPlace::href(row.endpoint));
    let facts = [
        Some(term(own.endpoint, view! { <a href=endpoint><bdi>{row.url.clone()}</bdi></a> })),
        batch,
        Some(term("webhook-id", view! { <code class="whole">{row.id.to_string()}</code> })),
        Some(term(words.event, view! { <code class="whole">{row.event.to_string()}</code> })),
    ];
    view! {
        <Title text=format!("{} {}", shortened(&row.id.to_string()), row.kind) />
        {clock::says(row.status.finished_at().is_none(), false)}
        <nav class="crumb" aria-label=words.webhooks>
            <a href=lang.link(WebhooksQuery::PATH)>{words.webhooks}</a>
        </nav>
        <div class="head">
            <h1>{row.kind.as_str()}</h1>
            {delivery_badge(lang, row.status.state())}
            {id_with_copy(lang, row.id.to_string())}
            <div class="batch-actions">{history_of(lang, row.id.to_string())}</div>
        </div>
        <section class="card delivery">
            {terms("wide", facts)}
            {send_again(lang, delivery)}
        </section>
        <div class="cards">
            <section class="card delivery">
                <h2>{own.lifecycle}</h2>
                {lifecycle::lifecycle(lang, delivery)}
            </section>
            <section class="card delivery">
                <h2>{own.body_sent}</h2>
                <pre tabindex="0">{indented(&delivery.body)}</pre>
                {copy_button(own.copy_request, delivery.body.clone())}
            </section>
        </div>
        <section class="card delivery">
            <h2>{words.attempts_title}</h2>
            {attempts::attempts(lang, delivery)}
        </section>
    }
    .written()
}

fn send_again(lang: Lang, delivery: &DeliveryDetail) -> Markup {
    let words = lang.webhooks();
    if !may(Action::ResendWebhooks) {
        return ().written();
    }
    if matches!(delivery.row.status, DeliveryStatus::Pending { sending: true, .. }) {
        return view! { <p class="soft">{words.in_flight}</p> }.written();
    }
    let language = lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> });
    view! {
        <form method="post" action="/admin/data/delivery_resend">
            <input type="hidden" name="id" value=delivery.row.id.to_string() />
            {language}
            <button type="submit">{words.send_again}</button>
            " "
            <small>{words.send_again_text}</small>
        </form>
    }
    .written()
}

fn no_such_delivery(lang: Lang, id: String) -> Markup {
    let words = lang.webhooks();
    super::webhooks::no_such_thing(lang, words.not_found, words.not_found_text, id)
}
