//! One delivery: what was to be said, to whom, and every attempt with what came of it.

use leptos::prelude::*;
use leptos_meta::Title;

use super::failed::failed;
use super::place::here;
use crate::console::api::webhooks::{AttemptRow, DeliveryDetail, ReadDelivery};
use crate::console::api::{ConsoleError, load};
use crate::console::components::badge::delivery_badge;
use crate::console::components::clock::Clock;
use crate::console::components::copy::{id_with_copy, short_id};
use crate::console::components::figure::{code_whole, term, terms};
use crate::console::components::panel;
use crate::console::i18n::{Lang, shortened};
use crate::console::query::{BatchQuery, DeliveryPlace, WebhooksQuery};
use crate::domain::time::Time;
use crate::domain::webhook::DeliveryStatus;

#[component]
pub fn DeliveryPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let place = here(DeliveryPlace::at);
    let delivery = load(move || (ReadDelivery { id: place.get().id }, clock.tick()));
    Effect::new(move |_| {
        clock.refresh_while(
            delivery.get().is_some_and(|delivery| delivery.is_ok_and(|delivery| delivery.row.status.finished_at().is_none())),
        );
    });
    on_cleanup(move || clock.refresh_while(false));
    view! {
        <Transition fallback=move || panel::skeleton(lang)>
            {move || Suspend::new(async move {
                match delivery.await {
                    Ok(delivery) => detail(lang, &delivery),
                    Err(ConsoleError::NotFound) => no_such_delivery(lang, place.get_untracked().id),
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
    }
    .into_any()
}

fn detail(lang: Lang, delivery: &DeliveryDetail) -> AnyView {
    let (words, row) = (lang.webhooks(), &delivery.row);
    let batch = row.batch.map(|batch| {
        let href = lang.link(&BatchQuery::default().to_href(batch));
        term(words.batch, view! { <a href=href>{short_id(&batch.to_string())}</a> })
    });
    let canceled = match row.status {
        DeliveryStatus::Canceled { because, .. } => Some(term(words.ended, lang.canceled_because(because))),
        _ => row.status.finished_at().map(|at| term(words.ended, lang.moment(at))),
    };
    let next = match row.status {
        DeliveryStatus::Pending { sending: true, .. } => Some(term(words.next, words.sending)),
        DeliveryStatus::Pending { next_attempt_at, .. } => Some(term(words.next, lang.moment(next_attempt_at))),
        _ => None,
    };
    let endpoint = WebhooksQuery { endpoint: Some(row.endpoint), ..WebhooksQuery::default() };
    let endpoint = lang.link(&endpoint.to_href());
    let facts = [
        Some(term(words.event, view! { <code>{row.kind.as_str()}</code> })),
        Some(term(words.to, view! { <a href=endpoint><bdi>{row.url.clone()}</bdi></a> })),
        batch,
        Some(term(words.made, lang.moment(row.created_at))),
        canceled,
        next,
    ];
    let attempts: Vec<AnyView> = delivery.attempts.iter().map(|attempt| attempt_item(lang, attempt, delivery.now)).collect();
    let attempts = if attempts.is_empty() {
        view! { <p class="soft">{words.no_attempts}</p> }.into_any()
    } else {
        view! { <ol class="attempts">{attempts}</ol> }.into_any()
    };
    view! {
        <Title text=format!("{} {}", shortened(&row.id.to_string()), row.kind) />
        <nav class="crumb" aria-label=words.webhooks>
            <a href=lang.link(WebhooksQuery::PATH)>{words.webhooks}</a>
        </nav>
        <div class="head">
            <h1>{row.kind.as_str()}</h1>
            {delivery_badge(lang, row.status.state())}
            {id_with_copy(lang, row.id.to_string())}
        </div>
        <section class="card delivery">
            {terms("wide", facts)}
            {send_again(lang, delivery)}
        </section>
        <section class="card delivery">
            <h2>{words.attempts_title}</h2>
            {attempts}
            <h2>{words.payload}</h2>
            <pre tabindex="0">{delivery.payload.clone()}</pre>
        </section>
    }
    .into_any()
}

fn send_again(lang: Lang, delivery: &DeliveryDetail) -> AnyView {
    let words = lang.webhooks();
    if matches!(delivery.row.status, DeliveryStatus::Pending { sending: true, .. }) {
        return view! { <p class="soft">{words.in_flight}</p> }.into_any();
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
    .into_any()
}

fn attempt_item(lang: Lang, attempt: &AttemptRow, now: Time) -> AnyView {
    let words = lang.webhooks();
    let came_of_it = attempt.outcome.map_or(words.sending, |(class, _)| lang.class_word(class));
    let ended = attempt.outcome.map_or(now, |(_, at)| at);
    let why = attempt.actor.clone().map_or_else(String::new, |actor| format!(" · {actor}"));
    let answer = match (&attempt.body, attempt.http_status) {
        (_, None) => view! { <p class="soft">{words.no_answer}</p> }.into_any(),
        (Some(body), Some(_)) if !body.is_empty() => view! { <pre tabindex="0">{body.clone()}</pre> }.into_any(),
        (_, Some(_)) => view! { <p class="soft">{words.empty_body}</p> }.into_any(),
    };
    let headers = attempt.headers.clone().filter(|headers| !headers.is_empty()).map(|headers| {
        view! {
            <details>
                <summary>{words.headers}</summary>
                <pre tabindex="0">{headers}</pre>
            </details>
        }
    });
    let facts = [
        Some(term(words.started, lang.moment_short(attempt.started_at))),
        Some(term(words.took, lang.between(Some(attempt.started_at), Some(ended)))),
        Some(term(words.trigger, format!("{}{why}", lang.trigger_word(attempt.trigger)))),
        attempt.http_status.map(|status| term(lang.words().http_status, status.to_string())),
        attempt.error.clone().map(|error| term(words.answer, code_whole(error))),
    ];
    view! {
        <li>
            <p class="attempt-head">
                <b>{format!("{} {}", words.attempt, attempt.number)}</b>
                " "
                {came_of_it}
            </p>
            {terms("wide", facts)}
            {headers}
            {answer}
        </li>
    }
    .into_any()
}

fn no_such_delivery(lang: Lang, id: String) -> AnyView {
    let words = lang.webhooks();
    view! {
        <Title text=words.not_found />
        <h1>{words.not_found}</h1>
        <div class="card panel-note">
            <p>
                {words.not_found_text} " " <code class="whole">{id}</code>
            </p>
            <p>
                <a class="button" href=lang.link(WebhooksQuery::PATH)>
                    {words.to_all}
                </a>
            </p>
        </div>
    }
    .into_any()
}
