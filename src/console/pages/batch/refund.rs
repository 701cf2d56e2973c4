//! Giving the credits of charged tasks back. First which tasks, by a form in the address; then what it would do, and a form that
//! asks why and does it. Both are plain forms: they work before WASM arrives and without it.

use leptos::prelude::*;

use super::actions::lang_field;
use crate::console::api::batch::{ReadyRefund, RefundOffer, RefundProblem};
use crate::console::components::figure::{term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{Lang, RefundWords};
use crate::domain::batch::CANCEL_REASON_MAX_CHARS;

/// `typed` are the numbers of tasks as they stand in the address, `back` is where closing leads.
pub fn dialog(lang: Lang, offer: &RefundOffer, typed: &str, back: String) -> Markup {
    let own = lang.refund();
    let outcome = match &offer.outcome {
        None => view! { <p class="soft">{own.text}</p> }.written(),
        Some(Err(problem)) => view! {
            <p class="bad" role="alert">
                {problem_text(own, problem)}
            </p>
        }
        .written(),
        Some(Ok(ready)) => confirm(lang, offer, ready),
    };
    view! {
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="refund-title" id="dialog" data-open="#to-refund">
            <h2 id="refund-title">{own.title}</h2>
            {terms("wide", [Some(term(own.charged_now, (lang.batch().tasks_and_credits)(&lang.number(offer.succeeded), &lang.credits(offer.charged))))])}
            <form method="get" action=crate::console::query::BatchQuery::default().to_href(offer.id) class="which">
                <input type="hidden" name="action" value="refund" />
                {lang_field(lang)}
                <label>
                    {own.which}
                    <input type="text" name="refund" value=typed.to_owned() placeholder="3,7-9" required="" maxlength="500" autocomplete="off" />
                </label>
                <button type="submit">{own.show}</button>
            </form>
            {outcome}
            <p class="row">
                <a class="button" href=back data-noscroll="" data-close="">
                    {lang.batch().close}
                </a>
            </p>
        </section>
    }
    .written()
}

fn problem_text(own: &RefundWords, problem: &RefundProblem) -> String {
    match problem {
        RefundProblem::Unreadable => own.unreadable.to_owned(),
        RefundProblem::TooMany => own.too_many.to_owned(),
        RefundProblem::NotCharged(tasks) => (own.not_charged)(tasks),
        RefundProblem::AlreadyRefunded(tasks) => (own.already)(tasks),
    }
}

fn confirm(lang: Lang, offer: &RefundOffer, ready: &ReadyRefund) -> Markup {
    let (words, own) = (lang.words(), lang.refund());
    let facts = [
        Some(term(own.gives_back, (lang.batch().tasks_and_credits)(&lang.number(ready.count), &lang.credits(ready.credits)))),
        Some(term(own.before, lang.credits(ready.available_before))),
        Some(term(own.after, view! { <b>{lang.credits(ready.available_after)}</b> })),
        Some(term(lang.batch().when, lang.moment(offer.now))),
    ];
    let press = (own.press)(ready.count, &lang.credits(ready.credits));
    view! {
        {terms("wide", facts)}
        <p class="soft">{own.ledger_note}</p>
        <form method="post" action="/admin/data/batch_refund">
            <input type="hidden" name="id" value=offer.id.to_string() />
            <input type="hidden" name="tasks" value=ready.tasks.clone() />
            <input type="hidden" name="token" value=ready.token.clone() />
            {lang_field(lang)}
            <label>
                {words.reason} <textarea name="reason" required="" rows="2" maxlength=CANCEL_REASON_MAX_CHARS.to_string()></textarea>
                <small>{lang.batch().reason_kept}</small>
            </label>
            <p class="row">
                <button type="submit" class="danger">
                    {press}
                </button>
            </p>
        </form>
    }
    .written()
}
