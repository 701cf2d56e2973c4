//! Attempts at a delivery as marks: colour, shape and a short word at once; the whole is said to whoever cannot see them.

use leptos::prelude::*;

use super::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::domain::time::Time;
use crate::domain::webhook::outcome::Outcome;
use crate::domain::webhook::{AttemptClass, AttemptMark};

/// Class of the style sheet that gives colour and shape.
pub const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "out-good",
        Outcome::Timeout => "out-timeout",
        Outcome::Http3xx => "out-3xx",
        Outcome::Http4xx => "out-4xx",
        Outcome::Http5xx => "out-5xx",
        Outcome::Network => "out-network",
        Outcome::Ours => "out-ours",
    }
}

/// A few letters: the status, where there is one.
fn short(class: AttemptClass, http_status: Option<i32>) -> String {
    let word = match class {
        AttemptClass::TimeoutConnect | AttemptClass::TimeoutResponse => "t/o",
        AttemptClass::Dns => "dns",
        AttemptClass::Tls => "tls",
        AttemptClass::Refused => "ref",
        AttemptClass::Reset => "rst",
        AttemptClass::BlockedAddress => "blk",
        AttemptClass::BodyTooLarge => "big",
        AttemptClass::Internal | AttemptClass::Interrupted => "our",
        _ => return http_status.map_or_else(|| "?".to_owned(), |status| status.to_string()),
    };
    word.to_owned()
}

/// `http_5xx 500: the receiver failed`.
pub fn result_text(lang: Lang, class: AttemptClass, http_status: Option<i32>) -> String {
    let status = http_status.map_or_else(String::new, |status| format!(" {status}"));
    format!("{class}{status}: {}", lang.class_word(class))
}

/// A mark of a strip, which leads to the delivery.
pub fn cell(lang: Lang, mark: &AttemptMark, href: String) -> Markup {
    let words = lang.deliveries();
    let (class, text, said) = match mark.outcome {
        None => ("cell out-way", "…".to_owned(), words.on_its_way.to_owned()),
        Some((class, _)) => (cell_class(class), short(class, mark.http_status), result_text(lang, class, mark.http_status)),
    };
    let label = format!("{} {}: {said} · {}", words.attempt, mark.number, lang.moment(mark.started_at));
    let title = label.clone();
    view! { <li><a class=class href=href title=title aria-label=label>{text}</a></li> }.written()
}

const fn cell_class(class: AttemptClass) -> &'static str {
    match Outcome::of(class) {
        Outcome::Delivered => "cell out-good",
        Outcome::Timeout => "cell out-timeout",
        Outcome::Http3xx => "cell out-3xx",
        Outcome::Http4xx => "cell out-4xx",
        Outcome::Http5xx => "cell out-5xx",
        Outcome::Network => "cell out-network",
        Outcome::Ours => "cell out-ours",
    }
}

/// The result of an attempt: mark, class and status.
pub fn result(lang: Lang, class: AttemptClass, http_status: Option<i32>) -> Markup {
    let status = http_status.map(|status| view! { " " <b>{status}</b> });
    let said = lang.class_word(class);
    view! { <span class=badge_class(class) title=said><code>{class.as_str()}</code>{status}</span> }.written()
}

const fn badge_class(class: AttemptClass) -> &'static str {
    match Outcome::of(class) {
        Outcome::Delivered => "badge good",
        Outcome::Ours => "badge stopped",
        _ => "badge bad",
    }
}

/// Attempts of one delivery in lines, newest first.
pub fn lines(lang: Lang, marks: &[AttemptMark], now: Time) -> Markup {
    let words = lang.deliveries();
    let items: Vec<Markup> = marks
        .iter()
        .map(|mark| {
            let (came, ended) = match mark.outcome {
                Some((class, at)) => (result(lang, class, mark.http_status), at),
                None => (words.on_its_way.written(), now),
            };
            let by = mark.actor.as_ref().map(|actor| format!(" · {actor}"));
            let at = lang.moment_short(mark.started_at);
            let title = lang.moment_title(mark.started_at, now);
            view! {
                <li>
                    <b class="n">{mark.number}</b>
                    " "
                    {came}
                    " "
                    <span class="soft" title=title>
                        {at} " · " {lang.between(Some(mark.started_at), Some(ended))} " · " {lang.trigger_word(mark.trigger)} {by}
                    </span>
                </li>
            }
            .written()
        })
        .collect();
    view! { <ol class="attempt-lines">{items}</ol> }.written()
}
