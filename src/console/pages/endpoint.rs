//! One endpoint: how well it does, what it is told, its secrets, and what an operator can do with it. Everything is a link or a
//! plain form, so that all of it works without WASM.

mod acts;
mod form;

use leptos::prelude::*;
use leptos_meta::Title;

use super::audit::history_of;
use super::failed::failed;
use super::place::{here, may, once_known, or_failed};
use super::webhooks::{health, no_such_thing, pair, rate, types};
use crate::console::api::ConsoleError;
use crate::console::api::endpoints::{EndpointDetail, read_endpoint, read_new_endpoint, reveal_secret};
use crate::console::components::badge::endpoint_badge;
use crate::console::components::clock;
use crate::console::components::copy::{copy_button, id_with_copy};
use crate::console::components::figure::{term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{CustomerQuery, EndpointPlace, EndpointsQuery, ReplayPlace, WebhooksQuery};
use crate::domain::access::Action;
use crate::domain::id::EndpointId;
use crate::domain::webhook::EndpointSource;
use crate::domain::webhook::outcome::Span;

#[component]
pub fn EndpointPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let place = here(EndpointPlace::at);
    if place.is_new() {
        return or_failed(lang, read_new_endpoint(), move |new| form::new(lang, &place, &new));
    }
    once_known(async move {
        // Once: what it shows is gone when it is asked for again.
        let secret = match place.reveal.clone() {
            Some(token) => reveal_secret(place.id.clone(), token).await.ok(),
            None => None,
        };
        let shown = secret.map(|secret| secret.map_or(Shown::NoMore, Shown::Secret));
        match read_endpoint(place.id.clone()).await {
            Ok(found) => whole(lang, &place, &found, shown),
            Err(ConsoleError::NotFound) => {
                let words = lang.endpoints();
                no_such_thing(lang, words.not_found, words.not_found_text, place.id)
            }
            Err(error) => failed(lang, &error),
        }
    })
}

/// A secret that was asked for.
enum Shown {
    Secret(String),
    /// It was shown before.
    NoMore,
}

fn whole(lang: Lang, place: &EndpointPlace, found: &EndpointDetail, shown: Option<Shown>) -> Markup {
    let (words, own, row) = (lang.webhooks(), lang.endpoints(), &found.row);
    let id = row.id;
    let customer = lang.link(&CustomerQuery::default().to_href(row.customer));
    let of_it = WebhooksQuery::of_endpoint(id);
    let deliveries = lang.link(&of_it.to_href());
    let replay = lang.link(&ReplayPlace::href_of_endpoint(id));
    view! {
        <Title text=row.url.clone() />
        // A form must not change under the hand that fills it in.
        {clock::says(true, place.open.is_some() || place.reveal.is_some())}
        <nav class="crumb" aria-label=words.webhooks>
            <a href=lang.link(WebhooksQuery::PATH)>{words.webhooks}</a>
            " / "
            <a href=lang.link(&EndpointsQuery::default().to_href())>{words.endpoints}</a>
            " / "
            <a href=customer>
                <bdi>{row.customer_name.clone()}</bdi>
            </a>
        </nav>
        <div class="head">
            <h1>
                <bdi>{row.url.clone()}</bdi>
            </h1>
            {endpoint_badge(lang, row.status.state())}
            {id_with_copy(lang, id.to_string())}
            <div class="batch-actions">
                <a class="button" href=deliveries>
                    {own.deliveries_of}
                </a>
                {may(Action::ResendWebhooks).then(|| view! { <a class="button" href=replay>{own.replay_of}</a> })}
                {history_of(lang, id.to_string())}
            </div>
        </div>
        {shown.map(|shown| new_secret(lang, shown))}
        {acts::open(lang, place, found)}
        <div class="cards three">{health_card(lang, found)} {settings(lang, found)} {secrets(lang, found)}</div>
        {acts::acts(lang, found)}
        <h2>{own.seven_days}</h2>
        {pair(lang, &of_it.span(Span::Week), &found.outcomes)}
        {told(lang, found)}
    }
    .written()
}

/// A secret that was just made; or that it is not shown again.
fn new_secret(lang: Lang, shown: Shown) -> Markup {
    let own = lang.endpoints();
    let Shown::Secret(secret) = shown else {
        return view! { <p class="said bad" role="status">{own.secret_shown}</p> }.written();
    };
    view! {
        <section class="card sheet secret" role="status" id="secret">
            <h2>{own.new_secret}</h2>
            <p>
                <code class="whole">{secret.clone()}</code>
            </p>
            <p class="soft">{own.new_secret_text}</p>
            <p>{copy_button(own.copy_secret, secret)}</p>
        </section>
    }
    .written()
}

fn card(title: &'static str, content: Markup) -> Markup {
    view! {
        <section class="card window">
            <h2>{title}</h2>
            {content}
        </section>
    }
    .written()
}

fn health_card(lang: Lang, found: &EndpointDetail) -> Markup {
    let (own, row) = (lang.endpoints(), &found.row);
    let figures = [
        Some(term(lang.webhooks().state, health(lang, row))),
        Some(term(own.failure_rate, rate(lang, row))),
        Some(term(own.delivered, lang.number(row.health.delivered))),
        Some(term(own.failed_attempts, lang.number(row.health.failed))),
        Some(term(own.p50, lang.at_most(row.health.p50_ms))),
        Some(term(own.p95, lang.at_most(row.health.p95_ms))),
        row.warned_at.map(|at| term(own.warned, lang.moment(at))),
        row.announced_at.map(|at| term(own.announced, lang.moment(at))),
    ];
    let note = view! { <p class="note">{own.failure_rate} " = " {own.formula} "."</p> };
    card(own.health, view! { {terms("wide", figures)} {note} }.written())
}

fn settings(lang: Lang, found: &EndpointDetail) -> Markup {
    let (words, own, row) = (lang.webhooks(), lang.endpoints(), &found.row);
    let source = match row.source {
        EndpointSource::Registered => words.registered,
        EndpointSource::Batch => words.of_batch,
    };
    let facts = [
        Some(term(words.types, types(lang, row))),
        Some(term(own.timeout, lang.duration(i64::from(row.timeout_ms) * 1_000))),
        (!row.description.is_empty()).then(|| term(own.description, view! { <bdi>{row.description.clone()}</bdi> })),
        Some(term(words.source, source)),
        Some(term(words.made, lang.moment(row.created_at))),
    ];
    card(own.settings, terms("wide", facts))
}

fn secrets(lang: Lang, found: &EndpointDetail) -> Markup {
    let own = lang.endpoints();
    let soonest = found.secrets.iter().filter_map(|(_, until)| *until).min();
    let both = soonest.map(|until| {
        let left = lang.duration(until.micros_since(found.now));
        view! { <p class="note">{own.both_sign} " " <b>{left}</b> "."</p> }
    });
    let rows = found
        .secrets
        .iter()
        .map(|(made, until)| {
            let end = until.map_or_else(|| own.secret_no_end.to_owned(), |until| lang.moment(until));
            row("", [Cell::new(lang.moment(*made)).class("moment"), Cell::new(end).class("moment")])
        })
        .collect();
    let columns = [text(own.secret_made), text(own.secret_until)];
    card(own.secrets, view! { {both} {table(own.secrets, &columns, rows)} }.written())
}

fn told(lang: Lang, found: &EndpointDetail) -> Markup {
    let own = lang.endpoints();
    let content = if found.told.is_empty() {
        view! { <p class="soft">{own.told_none}</p> }.written()
    } else {
        let items: Vec<Markup> = found
            .told
            .iter()
            .map(|(text, at)| {
                let title = lang.moment_title(*at, found.now);
                view! { <li><span class="moment" title=title>{lang.moment(*at)}</span> " " {text.clone()}</li> }.written()
            })
            .collect();
        view! { <ul class="plain">{items}</ul> }.written()
    };
    card(own.told, content)
}

/// Where a form of this endpoint goes when it is given up.
pub(super) fn back(lang: Lang, id: EndpointId) -> String {
    lang.link(&EndpointPlace::href(id))
}
