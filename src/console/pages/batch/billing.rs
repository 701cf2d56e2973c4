//! The ledger of the batch: the sums, the grants they came from, and every transaction with its entries, the balance after
//! each, and where the batch then stood. Pages of transactions in both directions, and the tasks of one of them, are links.

mod lines;

use leptos::prelude::*;

use self::lines::lines;
use crate::console::api::batch::{BatchSummary, BillingPage, DrawRow, TransactionRow, read_billing};
use crate::console::components::copy::short_id;
use crate::console::components::figure::{linked, linked_money, term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::{Lang, shortened};
use crate::console::pages::place::known_or_failed;
use crate::console::query::{BillingQuery, Place};
use crate::domain::billing::{Booking, KindSum};
use crate::domain::credits::Credits;
use crate::domain::id::{BatchId, CustomerId};
use crate::domain::ledger::TransactionKind;
use crate::domain::money::Money;

pub async fn billing(lang: Lang, batch: BatchSummary, query: BillingQuery) -> Markup {
    let rows = known_or_failed(lang, read_billing(batch.id, query), move |page| ledger(lang, &batch, query, &page)).await;
    view! { <section class="card rows">{rows}</section> }.written()
}

fn ledger(lang: Lang, batch: &BatchSummary, query: BillingQuery, page: &BillingPage) -> Markup {
    let id = batch.id;
    let (words, own) = (lang.words(), lang.batch());
    let csv = format!("/api/admin/batches/{id}/billing.csv");
    let json = format!("/api/admin/batches/{id}/billing");
    view! {
        <div class="facts two">
            {summary(lang, id, page)}
            <div>
                <h3>{words.drawn_grants}</h3>
                <p class="soft">{words.drawn_grants_text}</p>
                {draws(lang, batch.customer_id, page)}
            </div>
        </div>
        <div class="rows-head">
            <h3>
                {words.transactions} " " <small>{words.in_order}</small>
            </h3>
            {chips(lang, id, query, &page.sums)}
            <span class="exports">
                {own.export} " " <a href=csv rel="external" download="">
                    "CSV"
                </a> " " <a href=json rel="external">
                    "JSON"
                </a>
            </span>
        </div>
        {transactions(lang, id, query, page)}
        {pager(lang, id, query, page)}
    }
    .written()
}

/// Credits and number of the transactions that did one thing to the batch. Reversals count as less charged and as refunded.
fn sum_of(sums: &[KindSum], booking: Option<Booking>) -> (i64, i64) {
    let is_in = |sum: &&KindSum| booking.is_none_or(|booking| booking.kinds().contains(&sum.kind.as_str()));
    let signed = |sum: &KindSum| match (booking, sum.kind) {
        (Some(Booking::Charged), TransactionKind::Reversal) => -sum.credits.get(),
        _ => sum.credits.get(),
    };
    (sums.iter().filter(is_in).map(|sum| sum.transactions).sum(), sums.iter().filter(is_in).map(signed).sum())
}

fn summary(lang: Lang, id: BatchId, page: &BillingPage) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let of = |booking| sum_of(&page.sums, Some(booking));
    let [held, charged, refunded] = [Booking::Held, Booking::Charged, Booking::Refunded].map(|booking| of(booking).1);
    let revenue = Money::from_micros(page.sums.iter().map(|sum| sum.revenue.micros()).sum());
    let to = |booking, credits: i64| linked(lang.link(&BillingQuery::only(booking).to_href(id)), "", lang.number(credits));
    let figures = [
        Some(term(words.held, to(Booking::Held, held))),
        Some(term(words.charged, to(Booking::Charged, charged))),
        Some(term(words.refunded, to(Booking::Refunded, refunded))),
        Some(term(words.still_held, lang.number(held - charged - refunded))),
        Some(term(own.net, lang.signed_credits(Credits::new(-(held - refunded))))),
        Some(term(
            words.revenue,
            linked_money(lang, lang.link(&BillingQuery::only(Booking::Charged).to_href(id)), "", revenue, lang.money(revenue)),
        )),
        Some(term(
            words.transactions,
            linked(lang.link(&BillingQuery::default().to_href(id)), "", lang.number(sum_of(&page.sums, None).0)),
        )),
    ];
    view! {
        <div>
            <h3>{words.summary}</h3>
            {terms("", figures)}
        </div>
    }
    .written()
}

fn draws(lang: Lang, customer: CustomerId, page: &BillingPage) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let columns = [
        number(own.order),
        text(words.grant),
        text(words.kind),
        text(words.expires),
        number(own.paid_per_credit),
        number(words.drawn),
        number(words.charged),
        number(words.refunded),
        number(words.still_held),
    ];
    let rows = page.draws.iter().enumerate().map(|(index, draw)| draw_row(lang, customer, index + 1, draw)).collect();
    table(words.drawn_grants, &columns, rows)
}

fn draw_row(lang: Lang, customer: CustomerId, order: usize, draw: &DrawRow) -> Row {
    let (words, own) = (lang.words(), lang.batch());
    let open = Credits::new(draw.credits.get() - draw.captured.get() - draw.released.get());
    let id = draw.grant.to_string();
    let href = lang.link(&format!("/admin/customers/{customer}#{id}"));
    row(
        "",
        [
            Cell::figure(order.to_string()),
            Cell::new(view! {
                <a class="id" href=href title=id.clone()>
                    <code>{shortened(&id)}</code>
                </a>
            }),
            Cell::new((words.grant_word)(draw.kind)),
            Cell::new(draw.expires_at.map_or_else(|| own.never_expires.to_owned(), |at| lang.moment(at))).class("moment"),
            Cell::figure(per_credit(draw.paid, draw.granted)),
            Cell::figure(lang.credits(draw.credits)),
            Cell::figure(lang.credits(draw.captured)),
            Cell::figure(lang.credits(draw.released)),
            Cell::figure(lang.credits(open)),
        ],
    )
}

/// `US$ 0.0088`: more digits than money usually has, because a credit costs about a cent.
fn per_credit(paid: Money, credits: Credits) -> String {
    let per = i128::from(paid.micros()) * 10 / i128::from(credits.get().max(1));
    let tenths = i64::try_from((per + 500) / 1_000).unwrap_or(0);
    format!("US$ {}.{:04}", tenths / 10_000, tenths % 10_000)
}

/// Which transactions are shown, each choice with how many there are.
fn chips(lang: Lang, id: BatchId, query: BillingQuery, sums: &[KindSum]) -> Markup {
    let own = lang.batch();
    let chip = |name: &'static str, booking: Option<Booking>| {
        let count = lang.number(sum_of(sums, booking).0);
        let href = lang.link(&BillingQuery { booking, ..BillingQuery::default() }.to_href(id));
        view! {
            <a href=href data-noscroll="" aria-current=(booking == query.booking).then_some("true")>
                {name} " " <small>{count}</small>
            </a>
        }
        .written()
    };
    let mut chips = vec![chip(own.all, None)];
    // Most batches never have a reversal.
    let is_shown =
        |booking: &Booking| *booking != Booking::Reversed || query.booking == Some(*booking) || sum_of(sums, Some(*booking)).0 > 0;
    chips.extend(Booking::ALL.iter().filter(|booking| is_shown(booking)).map(|booking| chip((own.booking)(*booking), Some(*booking))));
    view! { <nav class="batch-chips" aria-label=lang.words().kind>{chips}</nav> }.written()
}

fn transactions(lang: Lang, id: BatchId, query: BillingQuery, page: &BillingPage) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    if page.rows.is_empty() {
        let all = lang.link(&BillingQuery::default().to_href(id));
        return panel::no_match(words.no_transactions, own.nothing_booked_so, all, own.all);
    }
    let columns = [
        text(words.created_utc),
        text(words.transaction),
        text(words.kind),
        number(words.lines_count),
        text(words.account),
        number(words.credits),
        number(words.balance_after),
        number(own.batch_holds),
        number(words.revenue_usd),
        text(words.actor),
        text(words.reason),
    ];
    let mut rows: Vec<Row> = Vec::new();
    for transaction in &page.rows {
        rows.extend(transaction_rows(lang, id, query, transaction));
        if let Some(open) = page.lines.as_ref().filter(|lines| lines.transaction == transaction.id) {
            rows.push(lines(lang, id, query, open));
        }
    }
    rows.push(totals(lang, query, &page.sums));
    table(words.transactions, &columns, rows)
}

/// What all transactions that are asked for add up to, on whichever page they are.
fn totals(lang: Lang, query: BillingQuery, sums: &[KindSum]) -> Row {
    let own = lang.batch();
    let is_in = |sum: &&KindSum| query.booking.is_none_or(|booking| booking.kinds().contains(&sum.kind.as_str()));
    let (transactions, credits) = sum_of(sums, query.booking);
    let tasks: i64 = sums.iter().filter(is_in).map(|sum| sum.tasks).sum();
    let revenue = Money::from_micros(sums.iter().filter(is_in).map(|sum| sum.revenue.micros()).sum());
    let credits = if query.booking.is_some() { lang.number(credits) } else { String::new() };
    row(
        "totals",
        [
            Cell::new(own.totals),
            Cell::new(lang.number(transactions)),
            Cell::none(),
            Cell::figure(if tasks > 0 { lang.number(tasks) } else { String::new() }),
            Cell::none(),
            Cell::figure(credits),
            Cell::none(),
            Cell::none(),
            Cell::figure(lang.exact_amount(revenue)),
            Cell::none(),
            Cell::none(),
        ],
    )
}

/// One row per entry; what the entries of a transaction share stands once.
fn transaction_rows(lang: Lang, id: BatchId, query: BillingQuery, transaction: &TransactionRow) -> Vec<Row> {
    let words = lang.words();
    let first = |text: String, index: usize| if index == 0 { text } else { String::new() };
    let is_target = query.place == Place::At(transaction.id);
    transaction
        .entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let name = (index == 0).then(|| anchor(id, lang, transaction));
            let reverses = transaction.reverses.filter(|_| index == 0).map(|reversed| {
                view! {
                    <span class="soft">
                        " " {words.reverses} " " <a href=lang.link(&BillingQuery::href_of(id, reversed))>{shortened(&reversed.to_string())}</a>
                    </span>
                }
            });
            let revenue = if transaction.revenue.micros() == 0 { String::new() } else { lang.exact_amount(transaction.revenue) };
            let tasks = (index == 0 && transaction.tasks > 0).then(|| tasks_link(lang, id, query, transaction));
            let kind = first((words.transaction_word)(transaction.kind).to_owned(), index);
            let open = transaction.position.filter(|_| index == 0).map_or_else(String::new, |position| lang.credits(position.open));
            let class = match (index, is_target) {
                (0, true) => "entry first target",
                (0, false) => "entry first",
                (_, true) => "entry target",
                (_, false) => "entry",
            };
            row(
                class,
                [
                    Cell::new(first(lang.moment(transaction.created_at), index)).class("moment"),
                    Cell::new(name),
                    Cell::new(view! { {kind} {reverses} }),
                    Cell::new(tasks).class("n"),
                    Cell::new((words.account_word)(entry.account)),
                    Cell::figure(lang.signed_credits(entry.credits)),
                    Cell::figure(entry.balance_after.map_or_else(String::new, |balance| lang.credits(balance))),
                    Cell::figure(open),
                    Cell::figure(first(revenue, index)),
                    Cell::new(first(transaction.actor.clone(), index)),
                    Cell::new(first(transaction.reason.clone().unwrap_or_default(), index)).class("cut"),
                ],
            )
        })
        .collect()
}

/// The transaction's own address, which is also the place that a link to it goes to.
fn anchor(id: BatchId, lang: Lang, transaction: &TransactionRow) -> Markup {
    let whole = transaction.id.to_string();
    let code = short_id(&whole);
    view! {
        <a id=whole href=lang.link(&BillingQuery::href_of(id, transaction.id)) rel="external">
            {code}
        </a>
    }
    .written()
}

/// Opens or closes the tasks of a transaction below it.
fn tasks_link(lang: Lang, id: BatchId, query: BillingQuery, transaction: &TransactionRow) -> Markup {
    let own = lang.batch();
    let open = query.lines == Some(transaction.id);
    let to = query.lines((!open).then_some(transaction.id), 0);
    let label = if open { own.hide_lines } else { own.show_lines };
    view! {
        <a
            class="lines-link"
            href=lang.link(&to.to_href(id))
            data-noscroll=""
            aria-expanded=if open { "true" } else { "false" }
            title=label
            aria-label=format!("{label}: {}", transaction.tasks)
        >
            {lang.number(transaction.tasks)}
        </a>
    }
    .written()
}

fn pager(lang: Lang, id: BatchId, query: BillingQuery, page: &BillingPage) -> Markup {
    let own = lang.batch();
    let to = |place| lang.link(&query.place(place).to_href(id));
    let before = page.rows.first().filter(|_| page.has_before).map(|row| to(Place::Before(row.id)));
    let after = page.rows.last().filter(|_| page.has_after).map(|row| to(Place::After(row.id)));
    view! {
        <div class="pager">
            <nav aria-label=lang.words().transactions>{step(own.earlier, "prev", before)} {step(own.later, "next", after)}</nav>
        </div>
    }
    .written()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_costs_parts_of_a_cent() {
        let per = |dollars: i64, credits| per_credit(Money::from_micros(dollars * 1_000_000), Credits::new(credits));
        assert_eq!([per(2_000, 227_620), per(10, 1_000), per(0, 500)], ["US$ 0.0088", "US$ 0.0100", "US$ 0.0000"]);
    }

    #[test]
    fn a_reversal_is_less_charged_and_more_refunded() {
        let sum = |kind, credits| KindSum { kind, transactions: 1, credits: Credits::new(credits), tasks: 1, revenue: Money::ZERO };
        let sums = [
            sum(TransactionKind::Hold, 100),
            sum(TransactionKind::Capture, 60),
            sum(TransactionKind::Release, 40),
            sum(TransactionKind::Reversal, 10),
        ];
        let of = |booking| sum_of(&sums, Some(booking));
        assert_eq!([of(Booking::Held), of(Booking::Charged), of(Booking::Refunded)], [(1, 100), (2, 50), (2, 50)]);
        assert_eq!(sum_of(&sums, None).0, 4);
    }
}
