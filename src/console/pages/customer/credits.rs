//! Adding and taking back: a form in the address (GET), what it would write, and a form that does it (POST). Both are plain forms:
//! they work before WASM arrives and without it.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::credits::{CreditPreview, CreditProblem, PreviewRow, ReadyChange, preview_credits};
use crate::console::components::copy::short_id;
use crate::console::components::figure::{term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::{CustomersWords, Lang};
use crate::console::pages::failed::failed;
use crate::console::pages::place::once_known;
use crate::console::query::{CreditAction, CreditForm, CustomerPlace, CustomerQuery, CustomerTab};
use crate::domain::id::CustomerId;

pub fn changing(lang: Lang, place: CustomerPlace) -> AnyView {
    let CreditForm { action, credits, paid, expires, reason } = place.query.form.clone();
    let preview = preview_credits(place.id.clone(), action.to_string(), credits, paid, expires, reason);
    once_known(async move {
        match preview.await {
            Ok(preview) => page(lang, &place, &preview),
            Err(ConsoleError::NotFound) => ().written(),
            Err(error) => failed(lang, &error),
        }
    })
}

fn page(lang: Lang, place: &CustomerPlace, preview: &CreditPreview) -> Markup {
    let words = lang.customers();
    let Ok(customer) = place.id.parse::<CustomerId>() else { return ().written() };
    let form = &place.query.form;
    let below = match &preview.outcome {
        None => view! { <p class="note inset">{words.form_note}</p> }.written(),
        Some(Err(problem)) => view! {
            <div class="panel-note error" role="alert">
                <p class="title">{words.cannot}</p>
                <p>{problem_word(words, *problem)}</p>
            </div>
        }
        .written(),
        Some(Ok(ready)) => ready_change(lang, customer, form, preview, ready),
    };
    view! { {fields(lang, customer, form)} {below} }.written()
}

const fn action_word(words: &CustomersWords, action: CreditAction) -> &'static str {
    match action {
        CreditAction::Purchase => words.purchase,
        CreditAction::Promo => words.promo,
        CreditAction::Adjustment => words.adjustment,
        CreditAction::TakeBack => words.take_back,
    }
}

const fn problem_word(words: &CustomersWords, problem: CreditProblem) -> &'static str {
    match problem {
        CreditProblem::NoCredits => words.no_credits,
        CreditProblem::NoReason => words.no_reason,
        CreditProblem::UnpaidPurchase => words.unpaid_purchase,
        CreditProblem::PaidGift => words.paid_gift,
        CreditProblem::BadPaid => words.bad_paid,
        CreditProblem::ExpiringPurchase => words.expiring_purchase,
        CreditProblem::ExpiringTakeBack => words.expiring_take_back,
        CreditProblem::ExpiryInPast => words.expiry_in_past,
        CreditProblem::BadExpiry => words.bad_expiry,
        CreditProblem::NotEnough => words.not_enough,
    }
}

fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

fn field(label: &'static str, name: &'static str, kind: &'static str, value: String) -> Markup {
    let numeric = (name == "credits").then_some("numeric");
    view! {
        <label>
            {label} <input type=kind name=name value=value inputmode=numeric autocomplete="off" maxlength="500" />
        </label>
    }
    .written()
}

fn fields(lang: Lang, customer: CustomerId, form: &CreditForm) -> Markup {
    let words = lang.customers();
    let options: Vec<Markup> = CreditAction::ALL
        .iter()
        .map(|action| {
            view! { <option value=action.as_str() selected=*action == form.action>{action_word(words, *action)}</option> }.written()
        })
        .collect();
    view! {
        <form class="credit-form" method="get" action=CustomerQuery::default().to_href(customer)>
            {hidden("tab", CustomerTab::Credits.to_string())}
            {lang.param().map(|value| hidden(Lang::PARAM, value.to_owned()))}
            <label>{words.what} <select name="do">{options}</select></label>
            {field(words.amount, "credits", "text", form.credits.clone())}
            {field(words.paid_field, "paid", "text", form.paid.clone())}
            {field(words.expires_field, "expires", "date", form.expires.clone())}
            {field(words.reason_field, "reason", "text", form.reason.clone())}
            <button type="submit">{words.show}</button>
        </form>
    }
    .written()
}

fn ready_change(lang: Lang, customer: CustomerId, form: &CreditForm, preview: &CreditPreview, ready: &ReadyChange) -> Markup {
    let words = lang.customers();
    let taking = form.action == CreditAction::TakeBack;
    let figures = [
        Some(term(words.now, lang.credits(preview.available))),
        Some(term(words.then, view! { <b>{lang.credits(ready.available_after)}</b> })),
        (!preview.held.is_zero()).then(|| term(words.untouched, lang.credits(preview.held))),
    ];
    let mut sent: Vec<Markup> = form.fields().into_iter().map(|(name, value)| hidden(name, value.to_owned())).collect();
    sent.push(hidden("id", customer.to_string()));
    sent.push(hidden("action", form.action.to_string()));
    sent.push(hidden("token", ready.token.clone()));
    let edit = lang.link(&CustomerQuery::tab(CustomerTab::Credits).to_href(customer));
    view! {
        <div class="credit-preview">
            <h3>{words.would_write}</h3>
            {terms("balance", figures)}
            {entries(lang, &ready.entries)}
            <form class="confirm" method="post" action="/admin/data/change_credits">
                {sent}
                <button type="submit" class=if taking { "primary danger" } else { "primary" }>
                    {if taking { words.confirm_take_back } else { words.confirm_add }}
                </button>
                <a class="button" href=edit>{words.clear_form}</a>
            </form>
        </div>
    }
    .written()
}

fn entries(lang: Lang, entries: &[PreviewRow]) -> Markup {
    let (words, shared) = (lang.customers(), lang.words());
    let columns = [number(shared.number), text(shared.grant), text(shared.account), number(shared.credits), number(shared.balance_after)];
    let rows = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let first = index == 0 || entries[index - 1].transaction != entry.transaction;
            let grant = entry
                .grant
                .filter(|_| first)
                .map(|(id, kind)| view! { {short_id(&id.to_string())} " " {(shared.grant_word)(kind)} }.written());
            let new = (first && entry.grant.is_none()).then(|| words.new_grant.written());
            row(
                if first { "entry first" } else { "entry" },
                [
                    Cell::figure(if first { lang.number(entry.transaction) } else { String::new() }),
                    Cell::new(grant.or(new)),
                    Cell::new((shared.account_word)(entry.account)),
                    Cell::figure(lang.signed_credits(entry.credits)),
                    Cell::figure(entry.balance_after.map_or_else(String::new, |balance| lang.credits(balance))),
                ],
            )
        })
        .collect();
    table(words.would_write, &columns, rows)
}
