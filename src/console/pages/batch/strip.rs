//! Credits: held = charged + refunded + open. Four witnesses say it: the ledger's entries, the counters kept at settlement, the
//! grants that the hold drew on, and every task row. A tick when all agree; what differs in red, and which rows.

use leptos::prelude::*;

use super::Offers;
use super::actions::lang_field;
use super::overview::to_rows;
use crate::console::api::batch::BatchSummary;
use crate::console::components::figure::{Share, bar, linked, span};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{BillingQuery, TasksQuery};
use crate::domain::billing::Booking;
use crate::domain::books::{Difference, Sums, Verdict};
use crate::domain::credits::Credits;

pub fn strip(lang: Lang, summary: &BatchSummary, offers: Offers) -> Markup {
    let words = lang.words();
    let sums = summary.books.ledger;
    let shares = [
        Share { class: "good", amount: sums.charged.get() },
        Share { class: "info", amount: sums.refunded.get() },
        Share { class: "open", amount: sums.open.get() },
    ];
    let figure = |name, amount: Credits, class, booking: Option<Booking>| {
        let credits = lang.credits(amount);
        let shown = match booking {
            _ if amount.is_zero() => credits.written(),
            Some(booking) => linked(to_rows(lang, &BillingQuery::only(booking).to_href(summary.id)), "", credits),
            // What the batch still holds after the last of all its transactions.
            None => linked(to_rows(lang, &BillingQuery::default().to_href(summary.id)), "", credits),
        };
        view! {
            <span class=class>
                {name} " " <b>{shown}</b>
            </span>
        }
        .written()
    };
    view! {
        <div class="strip">
            <h2>{words.credits_strip}</h2>
            <p class="equation">
                {figure(words.held, sums.held, "held", Some(Booking::Held))} " = "
                {figure(words.charged, sums.charged, "key good", Some(Booking::Charged))} " + "
                {figure(words.refunded, sums.refunded, "key info", Some(Booking::Refunded))} " + "
                {figure(words.open, sums.open, "key open", None)} {verdict(lang, summary)}
            </p>
            {bar(&shares, sums.held.get())}
            {witnesses(lang, summary, offers)}
        </div>
    }
    .written()
}

fn verdict(lang: Lang, summary: &BatchSummary) -> Markup {
    let own = lang.batch();
    match summary.verdict {
        Verdict::Agree => span("verdict good", own.agree.to_owned()),
        Verdict::AgreeSoFar => span("verdict soft", own.agree_so_far.to_owned()),
        Verdict::Differ => view! {
            <span class="verdict bad" role="alert">
                {own.differ}
            </span>
        }
        .written(),
    }
}

/// What each figure was computed from and when; open when they differ.
fn witnesses(lang: Lang, summary: &BatchSummary, offers: Offers) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let books = &summary.books;
    let differ = summary.verdict == Verdict::Differ;
    let now = lang.moment(summary.now);
    let columns = [
        text(own.witness),
        text(own.computed_from),
        text(own.when),
        number(words.held),
        number(words.charged),
        number(words.refunded),
        number(words.open),
    ];
    let mut rows = vec![
        witness(lang, own.ledger, (own.entries_of)(&lang.number(books.transactions)), now.clone(), books.ledger, books.ledger),
        witness(lang, own.kept, own.at_settlement.to_owned(), now.clone(), books.kept, books.ledger),
        witness(lang, own.grants, own.draws_of_hold.to_owned(), now, books.grants, books.ledger),
    ];
    rows.push(match &books.comparison {
        None => row("", [Cell::new(own.task_rows), Cell::new(own.not_compared).class("soft")]),
        Some(last) => {
            // Compared with the ledger of its own moment, unless nothing was booked since.
            let same = last.transactions == books.transactions;
            let note = if same { String::new() } else { format!(" · {}", own.changed_since) };
            let from = (own.rows_of_tasks)(&lang.number(last.task_rows));
            witness(
                lang,
                own.task_rows,
                from,
                format!("{}{note}", lang.moment(last.at)),
                last.tasks,
                if same { books.ledger } else { last.ledger },
            )
        }
    });
    let compare = offers.compare.then(|| {
        view! {
            <form method="post" action="/admin/data/batch_compare" class="compare">
                <input type="hidden" name="id" value=summary.id.to_string() />
                {lang_field(lang)}
                <button type="submit">{own.compare_now}</button>
                <small>{own.compare_text}</small>
            </form>
        }
    });
    view! {
        <details class="witnesses" open=differ>
            <summary>{own.computed_from}</summary>
            {table(own.computed_from, &columns, rows)}
            {differences(lang, summary)}
            {compare}
        </details>
    }
    .written()
}

fn witness(lang: Lang, name: &'static str, from: String, when: String, sums: Sums, expected: Sums) -> Row {
    let cells = sums.figures().into_iter().zip(expected.figures()).map(|(credits, expected)| {
        if credits == expected {
            return Cell::figure(lang.credits(credits));
        }
        let apart = Credits::new(credits.get().saturating_sub(expected.get()));
        Cell::new(view! {
            {lang.credits(credits)}
            " "
            <b>"(" {lang.signed_credits(apart)} ")"</b>
        })
        .class("n bad")
    });
    row("", [Cell::new(name), Cell::new(from).class("soft"), Cell::new(when).class("moment")].into_iter().chain(cells))
}

/// The rows that do not fit, each with a link to it.
fn differences(lang: Lang, summary: &BatchSummary) -> Markup {
    let own = lang.batch();
    let Some(last) = summary.books.comparison.as_ref().filter(|last| last.differing > 0) else { return ().written() };
    let rest = last.differing - i64::try_from(last.examples.len()).unwrap_or(last.differing);
    let items: Vec<Markup> = last.examples.iter().map(|difference| item(lang, summary, difference)).collect();
    let more = (rest > 0).then(|| view! { <li>{(own.more_differ)(rest)}</li> });
    view! {
        <h3>{own.what_differs}</h3>
        <ul class="differences">{items} {more}</ul>
    }
    .written()
}

fn item(lang: Lang, summary: &BatchSummary, difference: &Difference) -> Markup {
    let words = lang.words();
    let subject = match (difference.task, difference.transaction) {
        (Some(number), _) => {
            linked(to_rows(lang, &TasksQuery::default().task(Some(number)).to_href(summary.id)), "", format!("{} {number}", words.task))
        }
        (None, Some(id)) => {
            let name = format!("{} {}", words.transaction, crate::console::i18n::shortened(&id.to_string()));
            linked(lang.link(&BillingQuery::href_of(summary.id, id)), "", name)
        }
        (None, None) => ().written(),
    };
    let figures = match difference.found {
        Some(found) if found != difference.expected => format!(": {} ≠ {}", lang.number(difference.expected), lang.number(found)),
        _ => String::new(),
    };
    view! {
        <li class="bad">
            {subject} " " {(lang.batch().difference)(difference.kind)} {figures}
        </li>
    }
    .written()
}
