//! The sentence first, then what it made, tasks and time, whose fault it was, the credits in balance, and where it came from.
//! Every figure leads to the rows that it is the sum of.

use leptos::prelude::*;

use super::strip::strip;
use super::{Offers, parties};
use crate::console::api::batch::BatchSummary;
use crate::console::components::figure::{Share, bar, code_line, linked, linked_money, span, term, term_with, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{BatchFacts, Lang, Part, PartyFailure};
use crate::console::query::{AttemptsQuery, BatchQuery, BillingQuery, TasksQuery};
use crate::domain::attempt::{AttemptFilter, AttemptState};
use crate::domain::billing::Booking;
use crate::domain::money::Money;
use crate::domain::task::{TaskFilter, TaskState};

pub fn overview(lang: Lang, summary: &BatchSummary, offers: Offers) -> Markup {
    view! {
        <section class="card overview">
            {sentence(lang, summary)}
            <div class="facts">
                {what_it_made(lang, summary)}
                {tasks_and_time(lang, summary)}
                {block(lang.words().whose_fault, parties::table(lang, summary))}
            </div>
            {parties::types(lang, summary)}
            {strip(lang, summary, offers)}
            {origin(lang, summary)}
        </section>
    }
    .written()
}

/// The address of the tasks that a filter asks for.
pub fn tasks_href(lang: Lang, summary: &BatchSummary, filter: TaskFilter) -> String {
    to_rows(lang, &BatchQuery::tasks(filter).to_href(summary.id))
}

/// The address of rows that a figure above them leads to, with them in sight.
pub fn to_rows(lang: Lang, href: &str) -> String {
    lang.link(&format!("{href}#rows"))
}

/// The facts that the sentence is made from.
pub fn facts(summary: &BatchSummary) -> BatchFacts {
    BatchFacts {
        counts: summary.counts,
        credits: summary.books.ledger,
        revenue: summary.revenue,
        profit: summary.profit,
        failures: summary
            .failures
            .iter()
            .filter(|row| row.tasks > 0)
            .map(|row| PartyFailure { party: row.party, failure: row.failure, tasks: row.tasks })
            .collect(),
        refunded_for_failures: summary.refunded_for_failures(),
        refunded_for_cancel: summary.refunded_for_cancel(),
        reversed: summary.books.reversed,
        last_refund: summary.last_refund,
    }
}

fn sentence(lang: Lang, summary: &BatchSummary) -> Markup {
    let parts: Vec<_> = lang
        .batch_sentence(&facts(summary))
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text.written(),
            Part::Strong(text) => view! { <strong>{text}</strong> }.written(),
            Part::Tasks(filter, text) => linked(tasks_href(lang, summary, filter), "", text),
            Part::Others(text) => view! { <a href="#types" rel="external">{text}</a> }.written(),
            Part::Reversed(text) => linked(to_rows(lang, &BillingQuery::only(Booking::Reversed).to_href(summary.id)), "", text),
            Part::Task(number, text) => linked(to_rows(lang, &TasksQuery::default().task(Some(number)).to_href(summary.id)), "", text),
        })
        .collect();
    view! { <p class="say" class:loss=summary.profit < Money::ZERO>{parts}</p> }.written()
}

/// One of the columns.
fn block(title: &'static str, body: Markup) -> Markup {
    view! {
        <div>
            <h2>{title}</h2>
            {body}
        </div>
    }
    .written()
}

fn what_it_made(lang: Lang, summary: &BatchSummary) -> Markup {
    let words = lang.words();
    let loss = summary.profit < Money::ZERO;
    let charged = to_rows(lang, &BillingQuery::only(Booking::Charged).to_href(summary.id));
    let cost = |cost: Money, state| {
        let href = to_rows(lang, &AttemptsQuery::only(AttemptFilter::of_state(state)).to_href(summary.id));
        linked_money(lang, href, "", cost, lang.amount(Money::from_micros(cost.micros().saturating_neg())))
    };
    let profit = view! {
        <span class=if loss { "big bad" } else { "big good" } title=format!("US$ {}", lang.exact_amount(summary.profit))>
            {lang.money(summary.profit)}
        </span>
    };
    let figures = [
        term(words.revenue, linked_money(lang, charged, "", summary.revenue, lang.money(summary.revenue))),
        term(words.cost_succeeded, cost(summary.cost_succeeded, AttemptState::Succeeded)),
        term(words.cost_failed, cost(summary.cost_failed, AttemptState::Failed)),
        term_with(words.profit.written(), "total", profit.written()),
        term(words.margin, lang.margin(summary.profit.permille_of(summary.revenue))),
    ];
    block(words.what_it_made, terms("", figures.map(Some)))
}

fn tasks_and_time(lang: Lang, summary: &BatchSummary) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let counts = summary.counts;
    let done = counts.total - counts.open();
    let shares = [
        Share { class: "good", amount: counts.succeeded },
        Share { class: "bad", amount: counts.failed },
        Share { class: "stopped", amount: counts.canceled },
        Share { class: "info", amount: counts.processing },
    ];
    let row = |name, state, count: i64, look| {
        let figure = match count {
            0 => span("none", "0".to_owned()),
            _ => linked(tasks_href(lang, summary, TaskFilter::of_state(state)), look, lang.number(count)),
        };
        Some(term(name, figure))
    };
    let is_open = summary.finished_at.is_none();
    let mut figures = vec![row(words.succeeded, TaskState::Succeeded, counts.succeeded, "good")];
    figures.push(row(words.failed, TaskState::Failed, counts.failed, "bad"));
    // A running batch keeps all its lines, so that nothing below moves when one becomes zero.
    if is_open || counts.canceled > 0 {
        figures.push(row(words.canceled, TaskState::Canceled, counts.canceled, ""));
    }
    if is_open {
        figures.push(row(own.processing, TaskState::Processing, counts.processing, "info"));
        figures.push(row(own.pending, TaskState::Pending, counts.pending, ""));
    }
    let progress =
        format!("{} {}", lang.percent(Money::from_micros(done).permille_of(Money::from_micros(counts.total)).unwrap_or(0)), own.of_done);
    let body = view! {
        <p class="progress">
            {bar(&shares, counts.total)} <small>{lang.number(done)} " / " {lang.number(counts.total)} " · " {progress}</small>
        </p>
        {terms("", figures)}
        {phases(lang, summary)}
    };
    block(words.tasks_and_time, body.written())
}

/// Created → started → finished, and how long it took from one to the next.
fn phases(lang: Lang, summary: &BatchSummary) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let ended = summary.finished_at.unwrap_or(summary.now);
    let waited = lang.between(Some(summary.created_at), Some(summary.started_at.unwrap_or(ended)));
    let ran = lang.between(summary.started_at, Some(ended));
    let between = |word: &str, time: String| Some(view! { <small class="between">{word.to_owned()} " " {time}</small> }.written());
    let (start_note, end_note) = match (summary.started_at, summary.finished_at) {
        (Some(_), Some(_)) => (between(own.waited_before, waited), between(own.ran_before, ran)),
        (Some(_), None) => (between(own.waited_before, waited), between(own.running_since, ran)),
        (None, Some(_)) => (None, between(own.waited_before, waited)),
        (None, None) => (between(own.waiting_since, waited), None),
    };
    let moment =
        |at: Option<crate::domain::time::Time>| at.map_or_else(|| span("none", own.not_started.to_owned()), |at| lang.moment(at).written());
    let step = |name: &'static str, at, note: Option<Markup>| {
        view! {
            <dt>{name} " " {note}</dt>
            <dd>{moment(at)}</dd>
        }
        .written()
    };
    terms(
        "phases",
        [
            Some(step(words.created, Some(summary.created_at), None)),
            Some(step(own.started, summary.started_at, start_note)),
            Some(step(words.finished, summary.finished_at, end_note)),
        ],
    )
}

/// Where the batch came from, and who stopped it.
fn origin(lang: Lang, summary: &BatchSummary) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let source = match &summary.source {
        Some(source) => {
            let prefix = format!("{}…", source.prefix);
            view! {
                {own.through_api}
                " "
                <bdi>{source.name.clone()}</bdi>
                " "
                <code>{prefix}</code>
            }
            .written()
        }
        None => own.through_console.written(),
    };
    let customer = linked(lang.link(&format!("/admin/customers/{}", summary.customer_id)), "", summary.customer_name.clone());
    let canceled = summary.canceled.as_ref().map(|canceled| {
        let by = canceled.actor.clone().unwrap_or_default();
        let reason = canceled.reason.clone().map(|reason| view! { <q>{reason}</q> });
        term(
            own.cancel_asked,
            view! {
                {lang.moment(canceled.at)}
                " "
                {own.cancel_by}
                " "
                <bdi>{by}</bdi>
                " "
                {reason}
            },
        )
    });
    terms(
        "origin",
        [
            Some(term(words.customer, view! { <bdi>{customer}</bdi> })),
            Some(term(own.source, source)),
            Some(term(words.idempotency_key, code_line(&summary.idempotency_key))),
            summary.metadata.as_ref().map(|json| term(words.metadata, code_line(json))),
            canceled,
        ],
    )
}
