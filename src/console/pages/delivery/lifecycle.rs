//! The way of a delivery: occurred, queued, attempted, failed, retried, delivered. The step that it waits at is marked, and what
//! is left of the schedule is said with its times.

use leptos::prelude::*;

use crate::console::api::webhooks::{AttemptRow, DeliveryDetail};
use crate::console::components::attempt::result;
use crate::console::components::figure::span;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::domain::time::Time;
use crate::domain::webhook::{DeliveryStatus, Trigger};

/// Attempts that are steps of their own; the ones before them are counted in one.
const STEPS_MAX: usize = 6;

pub fn lifecycle(lang: Lang, delivery: &DeliveryDetail) -> Markup {
    let words = lang.deliveries();
    let mut steps = vec![
        step(lang, "good", words.occurred, Some(delivery.happened_at), words.occurred_text.written(), delivery.now),
        step(lang, "good", words.queued, Some(delivery.row.created_at), words.queued_text.written(), delivery.now),
    ];
    let (shown, earlier) = delivery.attempts.split_at(delivery.attempts.len().min(STEPS_MAX));
    if !earlier.is_empty() {
        let text = format!("{} {}", lang.number(i64::try_from(earlier.len()).unwrap_or(0)), words.earlier_attempts);
        steps.push(step(lang, "", "…", None, text.written(), delivery.now));
    }
    steps.extend(shown.iter().rev().map(|attempt| attempted(lang, attempt, delivery.now)));
    steps.extend(last(lang, delivery));
    view! {
        <ol class="proof lifecycle">{steps}</ol>
        {schedule(lang, delivery)}
    }
    .written()
}

fn step(lang: Lang, class: &'static str, name: &'static str, at: Option<Time>, text: Markup, now: Time) -> Markup {
    let at = at.map(|at| view! { <span class="proof-time" title=lang.moment_title(at, now)>{lang.moment(at)}</span> });
    view! {
        <li class=class>
            <p class="proof-head">
                <b>{name}</b>
                {at}
            </p>
            <p class="soft">{text}</p>
        </li>
    }
    .written()
}

fn attempted(lang: Lang, attempt: &AttemptRow, now: Time) -> Markup {
    let words = lang.deliveries();
    let because = because(lang, attempt.trigger, attempt.actor.as_deref());
    let number = format!("{} {}", words.attempt, attempt.number);
    match attempt.outcome {
        None => step(lang, "info", words.attempt_on_way, Some(attempt.started_at), format!("{number} · {because}").written(), now),
        Some((class, at)) => {
            let (look, name) = if class.is_success() { ("good", words.attempt_delivered) } else { ("bad", words.attempt_failed) };
            let text = view! { {number} " · " {result(lang, class, attempt.http_status)} " · " {because} }.written();
            step(lang, look, name, Some(at), text, now)
        }
    }
}

/// Why an attempt is made, and who asked for it.
pub fn because(lang: Lang, trigger: Trigger, actor: Option<&str>) -> String {
    match actor {
        Some(actor) => format!("{} ({} {actor})", lang.trigger_word(trigger), lang.deliveries().by),
        None => lang.trigger_word(trigger).to_owned(),
    }
}

/// Where it is now, and the end that it has or hopes for.
fn last(lang: Lang, delivery: &DeliveryDetail) -> Vec<Markup> {
    let (words, now) = (lang.deliveries(), delivery.now);
    let hoped = || step(lang, "", words.not_yet, None, words.not_yet_text.written(), now);
    match delivery.row.status {
        // Said by its last attempt.
        DeliveryStatus::Succeeded { .. } => Vec::new(),
        DeliveryStatus::Pending { sending: true, next_attempt_at } => {
            let text = format!("{} {}", words.on_way_text, lang.moment(next_attempt_at));
            vec![waiting(lang, words.attempt_on_way, None, text, now), hoped()]
        }
        DeliveryStatus::Pending { next_attempt_at, .. } => {
            let name = if delivery.row.attempts == 0 { words.waits_first } else { words.waits };
            vec![waiting(lang, name, Some(next_attempt_at), because(lang, delivery.trigger, delivery.actor.as_deref()), now), hoped()]
        }
        DeliveryStatus::Exhausted { at } => vec![step(lang, "bad", words.gave_up, Some(at), words.gave_up_text.written(), now)],
        DeliveryStatus::Canceled { at, because } => {
            vec![step(lang, "bad", words.canceled, Some(at), lang.canceled_because(because).written(), now)]
        }
    }
}

fn waiting(lang: Lang, name: &'static str, at: Option<Time>, text: String, now: Time) -> Markup {
    let mark = span("waiting-mark", lang.deliveries().waiting_mark.to_owned());
    step(lang, "info waits", name, at, view! { {mark} " " {text} }.written(), now)
}

fn schedule(lang: Lang, delivery: &DeliveryDetail) -> Markup {
    if delivery.left.is_empty() {
        return ().written();
    }
    let words = lang.deliveries();
    let first = delivery.row.attempts + 1;
    let rows: Vec<Markup> = (first..)
        .zip(&delivery.left)
        .map(|(number, at)| {
            view! {
                <tr>
                    <td class="n">{number}</td>
                    <td class="moment">{lang.moment(*at)}</td>
                    <td class="n soft">{lang.duration(at.micros_since(delivery.now))}</td>
                </tr>
            }
            .written()
        })
        .collect();
    view! {
        <h3>{words.schedule}</h3>
        <table class="schedule">
            <thead>
                <tr>
                    <th scope="col" class="n">{words.attempt}</th>
                    <th scope="col">{words.waits_first}</th>
                    <th scope="col" class="n">{words.due}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        <p class="note">{words.schedule_text} " " {words.then_given_up}</p>
    }
    .written()
}
