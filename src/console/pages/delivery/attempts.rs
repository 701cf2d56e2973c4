//! Every attempt, newest first: its times, what came of it and on whose side that is, what was sent and what was answered.

use leptos::prelude::*;

use super::lifecycle::because;
use crate::console::api::webhooks::{AttemptRow, DeliveryDetail};
use crate::console::components::attempt::result;
use crate::console::components::copy::{copy_button, short_id};
use crate::console::components::figure::{code_whole, term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::ReplayPlace;
use crate::domain::time::Time;
use crate::domain::webhook::AttemptClass;

/// What stands in the place of a value that may be secret.
const HIDDEN: &str = ": …";
/// Bytes of an answer that are kept at most.
const KEPT_MAX_BYTES: usize = 8 << 10;

pub fn attempts(lang: Lang, delivery: &DeliveryDetail) -> Markup {
    if delivery.attempts.is_empty() {
        return view! { <p class="soft">{lang.deliveries().not_sent}</p> }.written();
    }
    let items: Vec<Markup> =
        delivery.attempts.iter().map(|attempt| item(lang, attempt, &delivery.row.id.to_string(), delivery.now)).collect();
    view! { <ol class="attempts">{items}</ol> }.written()
}

fn item(lang: Lang, attempt: &AttemptRow, id: &str, now: Time) -> Markup {
    let words = lang.deliveries();
    let ended = attempt.outcome.map_or(now, |(_, at)| at);
    let came = match attempt.outcome {
        Some((class, _)) => result(lang, class, attempt.http_status),
        None => view! { <span class="badge running">{words.attempt_on_way}</span> }.written(),
    };
    let sentence = attempt.outcome.map(|(class, _)| view! { <p>{lang.class_sentence(class)}</p> });
    let replay = attempt.replay.map(|replay| {
        let href = lang.link(&ReplayPlace::href(replay));
        term(words.of_replay, view! { <a href=href>{short_id(&replay.to_string())}</a> })
    });
    let facts = [
        attempt.outcome.map(|(class, _)| term(words.side, lang.class_side(class))),
        Some(term(lang.webhooks().trigger, because(lang, attempt.trigger, attempt.actor.as_deref()))),
        replay,
        Some(term(words.recorded, lang.moment(attempt.started_at))),
        attempt.requested_at.map(|at| term(words.requested, lang.moment_precise(at))),
        attempt.responded_at.map(|at| term(words.responded, lang.moment_precise(at))),
        attempt.outcome.map(|(_, at)| term(words.ended, lang.moment_precise(at))),
        Some(term(words.took, lang.between(Some(attempt.requested_at.unwrap_or(attempt.started_at)), Some(ended)))),
        attempt.retry_after_s.map(|seconds| term(words.asked_pause, lang.duration(seconds.saturating_mul(1_000_000)))),
        attempt.error.clone().map(|error| term(words.detail, code_whole(error))),
    ];
    view! {
        <li>
            <h3 class="attempt-head">
                {words.attempt} " " {attempt.number} " " {came}
            </h3>
            {sentence}
            {terms("wide", facts)}
            <div class="exchange">{request(lang, attempt, id)} {response(lang, attempt)}</div>
        </li>
    }
    .written()
}

fn was_sent(attempt: &AttemptRow) -> bool {
    attempt.signature.as_ref().is_some_and(|signature| !signature.is_empty())
        && !matches!(attempt.outcome, Some((AttemptClass::BlockedAddress, _)))
}

fn request(lang: Lang, attempt: &AttemptRow, id: &str) -> Markup {
    let words = lang.deliveries();
    let content = if was_sent(attempt) {
        let seconds = attempt.requested_at.unwrap_or(attempt.started_at).micros().div_euclid(1_000_000);
        let signature = attempt.signature.clone().unwrap_or_default();
        let headers = format!(
            "POST {}\ncontent-type: application/json\nwebhook-id: {id}\nwebhook-timestamp: {seconds}\nwebhook-signature: {signature}\n",
            attempt.url
        );
        view! {
            <pre tabindex="0">{headers.clone()}</pre>
            <p class="soft">{words.verify_text}</p>
            {copy_button(words.copy_headers, headers)}
        }
        .written()
    } else {
        let text = if attempt.outcome.is_some() { words.was_not_sent } else { words.not_sent };
        view! { <p class="soft">{text}</p> }.written()
    };
    view! { <section><h4>{words.request}</h4>{content}</section> }.written()
}

/// Not sent yet, sent and not answered, answered with nothing: three ways of being empty, each said.
fn response(lang: Lang, attempt: &AttemptRow) -> Markup {
    let words = lang.deliveries();
    let content = match (attempt.http_status, attempt.outcome) {
        (None, None) => view! { <p class="soft">{words.not_sent}</p> }.written(),
        (None, Some(_)) if was_sent(attempt) => view! { <p class="soft">{words.no_response}</p> }.written(),
        (None, Some(_)) => view! { <p class="soft">{words.was_not_sent}</p> }.written(),
        (Some(status), _) => answer(lang, attempt, status),
    };
    view! { <section><h4>{words.response}</h4>{content}</section> }.written()
}

fn answer(lang: Lang, attempt: &AttemptRow, status: i32) -> Markup {
    let words = lang.deliveries();
    let headers = format!("{status}\n{}", attempt.headers.clone().unwrap_or_default());
    let hidden = headers.lines().any(|line| line.ends_with(HIDDEN)).then(|| view! { <p class="soft">{words.secrets_hidden}</p> });
    let body = match attempt.body.clone().filter(|body| !body.is_empty()) {
        None => view! { <p class="soft">{words.empty_body}</p> }.written(),
        Some(body) => {
            let cut = (body.len() >= KEPT_MAX_BYTES).then(|| view! { <p class="soft">{words.cut_body}</p> });
            view! {
                <pre tabindex="0">{body.clone()}</pre>
                {cut}
                {copy_button(words.copy_response, body)}
            }
            .written()
        }
    };
    view! {
        <pre tabindex="0">{headers.clone()}</pre>
        {hidden}
        {body}
    }
    .written()
}
