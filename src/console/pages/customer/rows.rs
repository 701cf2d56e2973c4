//! The rows of a customer's sections: grants, ledger, history.

use leptos::prelude::*;

use crate::console::api::audit::AuditPage;
use crate::console::api::customer::{Change, CustomerRows, GrantRow, LedgerPage, LedgerRow};
use crate::console::components::copy::short_id;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::audit;
use crate::console::query::{AuditQuery, BatchQuery, CustomerPlace, CustomerQuery, CustomerTab};
use crate::domain::credits::Credits;
use crate::domain::id::CustomerId;
use crate::domain::ledger::TransactionKind;
use crate::domain::money::Money;
use crate::domain::page::Seek;

pub fn rows(lang: Lang, place: &CustomerPlace, rows: &CustomerRows) -> Markup {
    // What has rows has an id.
    let Ok(customer) = place.id.parse::<CustomerId>() else { return ().written() };
    match rows {
        CustomerRows::Grants(rows) => grants(lang, customer, rows),
        CustomerRows::Ledger(page) => ledger(lang, customer, &place.query, page),
        CustomerRows::Keys(page) => super::keys::keys(lang, customer, page),
        CustomerRows::History(page) => history(lang, customer, page),
    }
}

/// What operators did to this customer and to what belongs to it.
fn history(lang: Lang, customer: CustomerId, page: &AuditPage) -> Markup {
    let words = lang.audit();
    if page.rows.is_empty() {
        return panel::empty(words.none, view! { <p>{words.none_text}</p> });
    }
    let whole = page.has_older.then(|| {
        let href = lang.link(&AuditQuery::of_object(customer.to_string()).to_href());
        view! { <p class="inset"><a href=href>{words.whole_history}</a></p> }
    });
    view! { {note(words.history_note)} {audit::rows(lang, &page.rows, page.now)} {whole} }.written()
}

pub(super) fn note(text: &'static str) -> Markup {
    view! { <p class="note inset">{text}</p> }.written()
}

fn grants(lang: Lang, customer: CustomerId, rows: &[GrantRow]) -> Markup {
    let words = lang.customers();
    if rows.is_empty() {
        let href = lang.link(&CustomerQuery::tab(CustomerTab::Credits).to_href(customer));
        return panel::empty(words.no_grants, view! { <a class="button" href=href>{words.credits}</a> });
    }
    let shared = lang.words();
    let columns = [
        text(shared.grant),
        text(shared.kind),
        number(words.granted),
        number(words.left),
        number(words.held),
        number(words.captured),
        number(words.expired),
        number(words.taken_back),
        number(words.paid),
        text(words.expires),
        text(words.added),
        text(shared.reason),
    ];
    let mut shown: Vec<Row> = rows.iter().map(|grant| grant_row(lang, grant)).collect();
    let sum = |of: fn(&GrantRow) -> Credits| Credits::checked_sum(rows.iter().map(of)).unwrap_or_default();
    let paid = Money::from_micros(rows.iter().map(|grant| grant.paid.micros()).sum());
    shown.push(row(
        "total",
        [
            Cell::new(words.total),
            Cell::none(),
            Cell::figure(lang.credits(sum(|grant| grant.credits))),
            Cell::figure(lang.credits(sum(|grant| grant.available))),
            Cell::figure(lang.credits(sum(|grant| grant.held))),
            Cell::figure(lang.credits(sum(|grant| grant.captured))),
            Cell::figure(lang.credits(sum(|grant| grant.expired))),
            Cell::figure(lang.credits(sum(|grant| grant.taken_back))),
            Cell::figure(lang.amount(paid)),
            Cell::none(),
            Cell::none(),
            Cell::none(),
        ],
    ));
    view! { {note(words.grants_note)} {table(words.grants, &columns, shown)} }.written()
}

fn grant_row(lang: Lang, grant: &GrantRow) -> Row {
    let quiet = |credits: Credits| Cell::quiet_figure(lang.credits(credits), credits.is_zero());
    let reason = grant.reason.clone().unwrap_or_default();
    let id = grant.id.to_string();
    row(
        "",
        [
            Cell::new(anchor(&id)),
            Cell::new((lang.words().grant_word)(grant.kind)),
            Cell::figure(lang.credits(grant.credits)),
            quiet(grant.available),
            quiet(grant.held),
            quiet(grant.captured),
            quiet(grant.expired),
            quiet(grant.taken_back),
            Cell::quiet_figure(lang.amount(grant.paid), grant.paid == Money::ZERO),
            grant.expires_at.map_or_else(|| Cell::new(lang.customers().never).class("none"), |at| Cell::new(lang.moment(at))),
            Cell::new(lang.moment(grant.created_at)).class("moment"),
            Cell::new(reason.clone()).class("cut").title(reason),
        ],
    )
}

/// An id that an address can point to, and whose address can be copied.
fn anchor(id: &str) -> Markup {
    view! {
        <a class="row-link" id=id.to_owned() href=format!("#{id}") rel="external">
            {short_id(id)}
        </a>
    }
    .written()
}

fn ledger(lang: Lang, customer: CustomerId, query: &CustomerQuery, page: &LedgerPage) -> Markup {
    let words = lang.customers();
    let all = lang.link(&CustomerQuery::tab(CustomerTab::Ledger).to_href(customer));
    if page.rows.is_empty() {
        return view! { {kinds(lang, customer, query)} {panel::no_match(words.no_transactions, words.no_transactions_text, all, words.show_all)} }
            .written();
    }
    let shared = lang.words();
    let columns = [
        text(shared.created_utc),
        text(shared.kind),
        text(words.concerns),
        number(shared.lines_count),
        number(words.available_change),
        number(words.available_after),
        number(words.held_change),
        number(words.held_after),
        number(shared.revenue_usd),
        text(shared.actor),
        text(shared.reason),
        text(shared.transaction),
    ];
    let shown = page.rows.iter().map(|transaction| ledger_row(lang, customer, transaction)).collect();
    let link = |seek| lang.link(&query.seek(seek).to_href(customer));
    let newer = page.rows.first().filter(|_| page.has_newer).map(|row| link(Seek::After(row.id)));
    let older = page.rows.last().filter(|_| page.has_older).map(|row| link(Seek::Before(row.id)));
    view! {
        {kinds(lang, customer, query)}
        {note(words.ledger_note)}
        {table(words.ledger, &columns, shown)}
        <div class="pager">
            <nav aria-label=words.ledger>{step(words.newer, "prev", newer)} {step(shared.older, "next", older)}</nav>
        </div>
    }
    .written()
}

/// Links, one per kind: the filter is in the address.
fn kinds(lang: Lang, customer: CustomerId, query: &CustomerQuery) -> Markup {
    let words = lang.customers();
    let choice = |kind: Option<TransactionKind>, name: &'static str| {
        let href = CustomerQuery { kind, ..CustomerQuery::tab(CustomerTab::Ledger) }.to_href(customer);
        view! { <a href=lang.link(&href) data-noscroll="" aria-current=(query.kind == kind).then_some("true")>{name}</a> }.written()
    };
    let mut choices = vec![choice(None, words.all_kinds)];
    choices.extend(TransactionKind::ALL.iter().map(|kind| choice(Some(*kind), (lang.words().transaction_word)(*kind))));
    view! {
        <nav class="kinds" aria-label=words.filter>
            {choices}
        </nav>
    }
    .written()
}

fn ledger_row(lang: Lang, customer: CustomerId, transaction: &LedgerRow) -> Row {
    let of_change = |change: Change| change.map_or_else(String::new, |(credits, _)| lang.signed_credits(credits));
    let of_after = |change: Change| change.and_then(|(_, after)| after).map_or_else(String::new, |after| lang.credits(after));
    let reason = transaction.reason.clone().unwrap_or_default();
    let revenue = if transaction.revenue == Money::ZERO { String::new() } else { lang.amount(transaction.revenue) };
    let tasks = if transaction.tasks == 0 { String::new() } else { lang.number(transaction.tasks) };
    row(
        "",
        [
            Cell::new(lang.moment(transaction.created_at)).class("moment"),
            Cell::new((lang.words().transaction_word)(transaction.kind)),
            Cell::new(concerns(lang, customer, transaction)),
            Cell::figure(tasks),
            Cell::figure(of_change(transaction.available)),
            Cell::figure(of_after(transaction.available)),
            Cell::figure(of_change(transaction.held)),
            Cell::figure(of_after(transaction.held)),
            Cell::figure(revenue),
            Cell::new(transaction.actor.clone()).class("cut").title(transaction.actor.clone()),
            Cell::new(reason.clone()).class("cut").title(reason),
            Cell::new(anchor(&transaction.id.to_string())),
        ],
    )
}

/// The batch, grant or transaction that it is about, as a link.
fn concerns(lang: Lang, customer: CustomerId, transaction: &LedgerRow) -> Markup {
    let link = |href: String, id: String| view! { <a class="row-link" href=lang.link(&href)>{short_id(&id)}</a> }.written();
    let batch = transaction.batch.map(|id| link(BatchQuery::default().to_href(id), id.to_string()));
    let grant = transaction.grant.map(|id| link(format!("{}#{id}", CustomerQuery::default().to_href(customer)), id.to_string()));
    let reverses = transaction.reverses.map(|id| {
        view! {
            " "
            <span class="soft">{lang.words().reverses}</span>
            " "
            {link(CustomerQuery::href_of_transaction(customer, id), id.to_string())}
        }
        .written()
    });
    [batch, grant, reverses].into_iter().flatten().collect::<Vec<_>>().written()
}
