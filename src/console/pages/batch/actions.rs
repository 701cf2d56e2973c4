//! What an operator does with a batch: links and plain forms, so that all of it works without WASM. Cancelling says first what
//! it would do, and what it says does not move while somebody reads it.

use leptos::prelude::*;

use super::{Offers, refund};
use crate::console::api::ConsoleError;
use crate::console::api::batch::{BatchSummary, CancelOffer, read_cancel_offer, read_refund_offer, read_ticket};
use crate::console::components::copy::copy_button;
use crate::console::components::figure::{term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::console::query::{Action, BatchQuery};
use crate::domain::batch::{BatchStatus, CANCEL_REASON_MAX_CHARS};
use crate::domain::id::BatchId;

/// The buttons beside the heading.
pub fn buttons(lang: Lang, summary: &BatchSummary, offers: Offers) -> Markup {
    let own = lang.batch();
    let to = |action| lang.link(&BatchQuery::default().action(Some(action)).to_href(summary.id));
    let may_cancel = offers.cancel && matches!(summary.status, BatchStatus::Queued | BatchStatus::Processing);
    let cancel = may_cancel.then(|| {
        view! {
            <a class="button danger" id="to-cancel" href=to(Action::Cancel) data-noscroll="">
                {own.cancel}
                "…"
            </a>
        }
    });
    let refund = (offers.refund && !summary.books.ledger.charged.is_zero()).then(|| {
        view! {
            <a class="button" id="to-refund" href=to(Action::Refund) data-noscroll="">
                {lang.refund().button}
                "…"
            </a>
        }
    });
    view! {
        <div class="batch-actions" role="group" aria-label=own.actions>
            {copy_button(own.copy_link, String::new())}
            <a class="button" id="to-ticket" href=to(Action::Ticket) data-noscroll="">
                {own.ticket}
            </a>
            <button type="button" class="live" data-prints="">
                {own.print}
            </button>
            {refund} {cancel}
        </div>
    }
    .written()
}

/// What an address asks to be done. Closing leads to where it was opened.
pub async fn dialog(lang: Lang, id: BatchId, query: &BatchQuery) -> Markup {
    let back = lang.link(&query.action(None).to_href(id));
    let Some(action) = query.action else { return ().written() };
    let id = id.to_string();
    let dialog = match action {
        Action::Cancel => read_cancel_offer(id).await.map(|offer| cancel(lang, &offer, back)),
        Action::Refund => read_refund_offer(id, query.refund.clone()).await.map(|offer| refund::dialog(lang, &offer, &query.refund, back)),
        Action::Ticket => read_ticket(id, lang.language()).await.map(|text| ticket(lang, text, back)),
    };
    match dialog {
        Ok(dialog) => dialog,
        // The page says so already.
        Err(ConsoleError::NotFound) => ().written(),
        Err(error) => failed(lang, &error),
    }
}

/// The language goes along with a form, so that the page it leads to is in it too.
pub fn lang_field(lang: Lang) -> Markup {
    lang.param().map(|value| view! { <input type="hidden" name="lang" value=value /> }).written()
}

fn cancel(lang: Lang, offer: &CancelOffer, back: String) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    if !matches!(offer.status, BatchStatus::Queued | BatchStatus::Processing) {
        return nothing_to_cancel(lang, offer, back);
    }
    let facts = [
        Some(term(own.released_now, (own.tasks_and_credits)(&lang.number(offer.pending), &lang.credits(offer.releases)))),
        Some(term(own.still_running, (own.tasks_and_credits)(&lang.number(offer.running), &lang.credits(offer.still_held)))),
        Some(term(own.kept_charged, (own.tasks_and_credits)(&lang.number(offer.succeeded), &lang.credits(offer.charged)))),
        Some(term(own.when, lang.moment(offer.now))),
    ];
    let press = (own.cancel_press)(&lang.number(offer.pending), &lang.credits(offer.releases));
    view! {
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="cancel-title" id="dialog" data-open="#to-cancel">
            <h2 id="cancel-title">{own.cancel_title}</h2>
            {terms("wide", facts)}
            <p class="soft">{own.cancel_text}</p>
            <form method="post" action="/admin/data/batch_cancel">
                <input type="hidden" name="id" value=offer.id.to_string() />
                {lang_field(lang)}
                <label>
                    {words.reason} <textarea name="reason" required="" rows="2" maxlength=CANCEL_REASON_MAX_CHARS.to_string()></textarea>
                    <small>{own.reason_kept}</small>
                </label>
                <p class="row">
                    <button type="submit" class="danger">
                        {press}
                    </button>
                    <a class="button" href=back data-noscroll="" data-close="">
                        {own.keep_batch}
                    </a>
                </p>
            </form>
        </section>
    }
    .written()
}

/// It has ended, or somebody was quicker.
fn nothing_to_cancel(lang: Lang, offer: &CancelOffer, back: String) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let canceled = offer.canceled.as_ref();
    let by = canceled.and_then(|canceled| canceled.actor.clone()).unwrap_or_default();
    let reason = canceled.and_then(|canceled| canceled.reason.clone());
    let facts = [
        Some(term(words.state, (words.batch_status_word)(offer.status))),
        offer.finished_at.map(|at| term(words.finished, lang.moment(at))),
        canceled.map(|canceled| term(own.cancel_asked, format!("{} {} {by}", lang.moment(canceled.at), own.cancel_by))),
        reason.map(|reason| term(words.reason, view! { <q>{reason}</q> })),
        Some(term(words.charged, lang.credits(offer.charged))),
        Some(term(words.refunded, lang.credits(offer.refunded))),
    ];
    let title = if offer.status.is_finished() { own.nothing_to_cancel } else { own.canceling_already };
    view! {
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="cancel-title" id="dialog" data-open="#to-cancel">
            <h2 id="cancel-title">{title}</h2>
            {terms("wide", facts)}
            <p class="row">
                <a class="button" href=back data-noscroll="" data-close="">
                    {own.close}
                </a>
            </p>
        </section>
    }
    .written()
}

fn ticket(lang: Lang, text: String, back: String) -> Markup {
    let own = lang.batch();
    let lines = text.lines().count().clamp(6, 24);
    view! {
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="ticket-title" id="dialog" data-open="#to-ticket">
            <h2 id="ticket-title">{own.ticket_title}</h2>
            <textarea class="markdown" readonly="" rows=lines.to_string() aria-labelledby="ticket-title">
                {text.clone()}
            </textarea>
            <p class="row">
                {copy_button(own.copy_text, text.clone())} <a class="button" href=back data-noscroll="" data-close="">
                    {own.close}
                </a>
            </p>
        </section>
    }
    .written()
}
