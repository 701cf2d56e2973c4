//! Credits: held = charged + refunded + open. The batch keeps these sums itself, the grants it drew on keep them too; a tick
//! says that both agree, and if they do not, both are shown.

use leptos::prelude::*;

use crate::console::api::batch::BatchSummary;
use crate::console::components::figure::{Share, bar};
use crate::console::i18n::Lang;
use crate::domain::credits::Credits;

pub fn strip(lang: Lang, summary: &BatchSummary) -> AnyView {
    let words = lang.words();
    let credits = summary.credits;
    let shares = [
        Share { class: "good", amount: credits.charged.get() },
        Share { class: "info", amount: credits.refunded.get() },
        Share { class: "open", amount: credits.open.get() },
    ];
    view! {
        <div class="strip">
            <h2>{words.credits_strip}</h2>
            <p class="equation">
                {figure(lang, words.held, credits.held, "held")} " = " {figure(lang, words.charged, credits.charged, "key good")} " + "
                {figure(lang, words.refunded, credits.refunded, "key info")} " + " {figure(lang, words.open, credits.open, "key open")}
                {verdict(lang, summary)}
            </p>
            {bar(&shares, credits.held.get())}
        </div>
    }
    .into_any()
}

fn figure(lang: Lang, name: &'static str, amount: Credits, class: &'static str) -> AnyView {
    view! {
        <span class=class>
            {name} " " <b>{lang.credits(amount)}</b>
        </span>
    }
    .into_any()
}

fn verdict(lang: Lang, summary: &BatchSummary) -> AnyView {
    let words = lang.words();
    if summary.books_agree() {
        return view! { <span class="verdict good">{words.agree}</span> }.into_any();
    }
    let drawn = summary.drawn;
    let said = format!(
        "{}: {} {}, {} {}, {} {}",
        words.disagree_text,
        words.held,
        lang.credits(drawn.held),
        words.charged,
        lang.credits(drawn.captured),
        words.refunded,
        lang.credits(drawn.released),
    );
    view! {
        <span class="verdict bad" role="alert">
            {words.disagree} ". " {said}
        </span>
    }
    .into_any()
}
