//! What an operator does with a batch: links and plain forms, so that all of it works without WASM. Cancelling says first what
//! it would do, and what it says does not move while somebody reads it.

use leptos::prelude::*;

use super::{Offers, refund};
use crate::console::api::batch::{BatchSummary, CancelOffer, ReadCancelOffer, ReadRefundOffer, ReadTicket};
use crate::console::api::{ConsoleError, load_if};
use crate::console::components::clock::Clock;
use crate::console::components::copy::copy_button;
use crate::console::components::figure::{term, terms};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::console::query::{Action, BatchQuery};
use crate::domain::batch::{BatchStatus, CANCEL_REASON_MAX_CHARS};

/// The buttons beside the heading.
pub fn buttons(lang: Lang, summary: &BatchSummary, offers: Offers) -> AnyView {
    let own = lang.batch();
    let to = |action| lang.link(&BatchQuery::default().action(Some(action)).to_href(summary.id));
    let may_cancel = offers.cancel && matches!(summary.status, BatchStatus::Queued | BatchStatus::Processing);
    let cancel = may_cancel.then(|| {
        view! {
            <a class="button danger" href=to(Action::Cancel) data-noscroll="">
                {own.cancel}
                "…"
            </a>
        }
    });
    let refund = (offers.refund && !summary.books.ledger.charged.is_zero()).then(|| {
        view! {
            <a class="button" href=to(Action::Refund) data-noscroll="">
                {lang.refund().button}
                "…"
            </a>
        }
    });
    view! {
        <div class="batch-actions" role="group" aria-label=own.actions>
            {copy_button(lang, own.copy_link, crate::browser::address)}
            <a class="button" href=to(Action::Ticket) data-noscroll="">
                {own.ticket}
            </a>
            <button type="button" class="live" on:click=move |_| crate::browser::print()>
                {own.print}
            </button>
            {refund} {cancel}
        </div>
    }
    .into_any()
}

/// Not on the refresh clock: what was offered stays as it was read, and a half-written reason stays where it is.
#[component]
pub fn Actions(id: Memo<String>, query: Memo<BatchQuery>) -> impl IntoView {
    let lang = expect_context::<Lang>();
    let action = Memo::new(move |_| query.with(|query| (query.action, query.refund.clone())));
    let is = move |asked| action.with(|(action, _)| *action == Some(asked)).then(|| id.get());
    let offer = load_if(move || (is(Action::Cancel).map(|id| ReadCancelOffer { id }), 0));
    let reversal = load_if(move || {
        let tasks = action.with(|(_, tasks)| tasks.clone());
        (is(Action::Refund).map(|id| ReadRefundOffer { id, tasks }), 0)
    });
    let language = lang.language().word();
    let text = load_if(move || (is(Action::Ticket).map(|id| ReadTicket { id, language: language.to_owned() }), 0));
    Effect::new(move |_| {
        let _answers = (offer.get().is_some(), reversal.get().is_some(), text.get().is_some());
        if action.with(|(action, _)| action.is_some()) {
            crate::browser::after(0, || _ = crate::browser::focus("#dialog:not(:focus-within)"));
        }
    });
    Clock::current().freeze_while(move || action.with(|(action, _)| action.is_some()));
    view! {
        <Transition fallback=|| ()>
            {move || {
                let (asked, tasks) = action.get();
                // Closing leads to where the dialog was opened.
                let back = move || {
                    id.get_untracked().parse().map(|id| lang.link(&query.get_untracked().action(None).to_href(id))).unwrap_or_default()
                };
                Suspend::new(async move {
                    match asked {
                        None => ().into_any(),
                        Some(Action::Cancel) => {
                            shown(lang, offer.await.as_deref(), |offer| offer.as_ref().map(|offer| cancel(lang, offer, back())))
                        }
                        Some(Action::Refund) => {
                            shown(lang, reversal.await.as_deref(), |offer| offer.as_ref().map(|offer| refund::dialog(lang, offer, &tasks, back())))
                        }
                        Some(Action::Ticket) => shown(lang, text.await.as_deref(), |text| text.clone().map(|text| ticket(lang, text, back()))),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

fn shown<T>(lang: Lang, answer: Result<&T, &ConsoleError>, view: impl FnOnce(&T) -> Option<AnyView>) -> AnyView {
    match answer {
        Ok(answer) => view(answer).into_any(),
        // The page below says so.
        Err(ConsoleError::NotFound) => ().into_any(),
        Err(error) => failed(lang, error),
    }
}

/// The language goes along with a form, so that the page it leads to is in it too.
pub fn lang_field(lang: Lang) -> AnyView {
    lang.param().map(|value| view! { <input type="hidden" name="lang" value=value /> }).into_any()
}

fn cancel(lang: Lang, offer: &CancelOffer, back: String) -> AnyView {
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
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="cancel-title" id="dialog">
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
    .into_any()
}

/// It has ended, or somebody was quicker.
fn nothing_to_cancel(lang: Lang, offer: &CancelOffer, back: String) -> AnyView {
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
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="cancel-title" id="dialog">
            <h2 id="cancel-title">{title}</h2>
            {terms("wide", facts)}
            <p class="row">
                <a class="button" href=back data-noscroll="" data-close="">
                    {own.close}
                </a>
            </p>
        </section>
    }
    .into_any()
}

fn ticket(lang: Lang, text: String, back: String) -> AnyView {
    let own = lang.batch();
    let lines = text.lines().count().clamp(6, 24);
    let copied = text.clone();
    view! {
        <section class="card dialog" role="dialog" tabindex="-1" aria-labelledby="ticket-title" id="dialog">
            <h2 id="ticket-title">{own.ticket_title}</h2>
            <textarea class="markdown" readonly="" rows=lines.to_string() aria-labelledby="ticket-title">
                {text}
            </textarea>
            <p class="row">
                {copy_button(lang, own.copy_text, move || copied.clone())} <a class="button" href=back data-noscroll="" data-close="">
                    {own.close}
                </a>
            </p>
        </section>
    }
    .into_any()
}
