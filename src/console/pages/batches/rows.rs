//! Rows and columns of the list. A column that is hidden is not in the page.

use leptos::prelude::*;

use crate::console::api::batches::{BatchRow, BatchesPage};
use crate::console::components::badge::batch_badge;
use crate::console::components::copy::short_id;
use crate::console::components::figure::{Share, bar, linked};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, Row, row, table_with};
use crate::console::i18n::Lang;
use crate::console::query::{AttemptsQuery, BatchQuery, BatchesQuery, Column, CustomerQuery};
use crate::domain::attempt::{AttemptFilter, AttemptState};
use crate::domain::batch_list::{BatchFilter, BatchSort, Order, Part};
use crate::domain::id::BatchId;
use crate::domain::money::Money;
use crate::domain::task::{TaskFilter, TaskState};
use crate::domain::time::Time;

pub fn table_of(lang: Lang, query: &BatchesQuery, page: &BatchesPage) -> Markup {
    let words = lang.words();
    let mut headings: Vec<Markup> = Vec::new();
    for column in query.columns.iter() {
        headings.push(heading(lang, query, column));
        if column == Column::State {
            headings.push(view! { <th scope="col">{words.batch}</th> }.written());
        }
    }
    if !query.columns.has(Column::State) {
        headings.insert(0, view! { <th scope="col">{words.batch}</th> }.written());
    }
    headings.extend(part_headings(lang, &query.filter));
    let rows = page.rows.iter().map(|batch| batch_row(lang, query, batch, page.gone.contains(&batch.id), page.now)).collect();
    table_with(words.batches, headings, rows)
}

pub fn name(lang: Lang, column: Column) -> &'static str {
    let words = lang.words();
    match column {
        Column::State => words.state,
        Column::Customer => words.customer,
        Column::Model => words.model,
        Column::Progress => words.progress,
        Column::Tasks => words.tasks,
        Column::Ok => words.ok,
        Column::Failed => words.failed,
        Column::Canceled => words.canceled,
        Column::Waiting => lang.overview().waiting,
        Column::Running => lang.overview().being_made,
        Column::StillHeld => words.still_held,
        Column::Revenue => words.revenue_usd,
        Column::Cost => lang.attempts().cost_usd,
        Column::Held => words.held,
        Column::Charged => words.charged,
        Column::Refunded => words.refunded,
        Column::Profit => words.profit_usd,
        Column::Margin => words.margin,
        Column::Created => words.created,
        Column::Finished => lang.batches_words().finished,
        Column::Duration => words.duration,
    }
}

pub const fn sort_of(column: Column) -> Option<BatchSort> {
    match column {
        Column::Created => Some(BatchSort::Created),
        Column::Finished => Some(BatchSort::Finished),
        Column::Duration => Some(BatchSort::Duration),
        Column::Failed => Some(BatchSort::Failed),
        Column::Refunded => Some(BatchSort::Refunded),
        Column::Profit => Some(BatchSort::Profit),
        Column::Margin => Some(BatchSort::Margin),
        _ => None,
    }
}

const fn is_text(column: Column) -> bool {
    matches!(column, Column::State | Column::Customer | Column::Model | Column::Progress | Column::Created | Column::Finished)
}

fn heading(lang: Lang, query: &BatchesQuery, column: Column) -> Markup {
    let class = if is_text(column) { "" } else { "n" };
    let name = name(lang, column);
    let Some(sort) = sort_of(column) else {
        return view! { <th scope="col" class=class>{name}</th> }.written();
    };
    let sorted = (sort == query.sort).then_some(match query.order {
        Order::Descending => "descending",
        Order::Ascending => "ascending",
    });
    let href = lang.link(&query.sorted(sort).to_href());
    view! {
        <th scope="col" class=class aria-sort=sorted>
            <a class="sort" href=href data-noscroll="">
                {name}
            </a>
        </th>
    }
    .written()
}

fn batch_row(lang: Lang, query: &BatchesQuery, batch: &BatchRow, gone: bool, now: Time) -> Row {
    let href = lang.link(&BatchQuery::default().to_href(batch.id));
    let id = batch.id.to_string();
    let link = || Cell::new(view! { <a class="row-link" href=href.clone()>{short_id(&id)}</a> });
    let mut cells = Vec::new();
    if !query.columns.has(Column::State) {
        cells.push(link());
    }
    for column in query.columns.iter() {
        cells.push(cell(lang, query, batch, column, now));
        if column == Column::State {
            cells.push(link());
        }
    }
    cells.extend(batch.part.iter().flat_map(|part| part_cells(lang, query, batch.id, part)));
    row(if gone { "gone" } else { "" }, cells)
}

fn cell(lang: Lang, query: &BatchesQuery, batch: &BatchRow, column: Column, now: Time) -> Cell {
    let (counts, credits) = (batch.counts, batch.credits);
    match column {
        Column::State => Cell::new(batch_badge(lang, batch.status)),
        Column::Customer => customer(lang, query, batch),
        Column::Model => models(lang, query, batch),
        Column::Progress => {
            let shares = [
                Share { class: "good", amount: counts.succeeded },
                Share { class: "bad", amount: counts.failed },
                Share { class: "stopped", amount: counts.canceled },
            ];
            let done = format!("{} / {}", lang.number(counts.total - counts.open()), lang.number(counts.total));
            Cell::new(bar(&shares, counts.total)).class("progress").title(done)
        }
        Column::Tasks => Cell::figure(lang.number(counts.total)),
        Column::Ok => Cell::quiet_figure(lang.number(counts.succeeded), counts.succeeded == 0),
        Column::Failed => Cell::new(lang.number(counts.failed)).class(if counts.failed == 0 { "n none" } else { "n bad" }),
        Column::Canceled => Cell::quiet_figure(lang.number(counts.canceled), counts.canceled == 0),
        Column::Waiting => Cell::quiet_figure(lang.number(counts.pending), counts.pending == 0),
        Column::Running => Cell::quiet_figure(lang.number(counts.processing), counts.processing == 0),
        Column::StillHeld => Cell::quiet_figure(lang.credits(credits.open), credits.open.is_zero()),
        Column::Revenue => money(lang, batch.revenue),
        Column::Cost => money(lang, Money::from_micros(batch.revenue.micros() - batch.profit.micros())),
        Column::Held => Cell::figure(lang.credits(credits.held)),
        Column::Charged => Cell::quiet_figure(lang.credits(credits.charged), credits.charged.is_zero()),
        Column::Refunded => Cell::quiet_figure(lang.credits(credits.refunded), credits.refunded.is_zero()),
        Column::Profit => money(lang, batch.profit),
        Column::Margin => Cell::figure(lang.margin(batch.profit.permille_of(batch.revenue))),
        Column::Created => moment(lang, batch.created_at, now),
        Column::Finished => match batch.finished_at {
            Some(at) => moment(lang, at, now),
            None => Cell::new(lang.batches_words().open_end).class("none"),
        },
        Column::Duration => {
            let until = batch.finished_at.or(Some(now));
            Cell::quiet_figure(lang.between(Some(batch.created_at), until), batch.finished_at.is_none())
        }
    }
}

/// To the micro-dollar on hover.
fn money(lang: Lang, money: Money) -> Cell {
    let class = if money < Money::ZERO { "n bad" } else { "n" };
    Cell::new(lang.amount(money)).class(class).title(format!("US$ {}", lang.exact_amount(money)))
}

/// Headings of the columns that say what of each batch the filter asks for; none where it asks for no part.
fn part_headings(lang: Lang, filter: &BatchFilter) -> Vec<Markup> {
    let (words, own) = (lang.words(), lang.batches_words());
    let mut names = Vec::new();
    if filter.asks_for_part() {
        names.extend(filter.model.as_ref().map(|_| own.part_ordered));
        names.push(own.part_failed);
        if filter.model.is_none() {
            names.extend([own.part_refunded, words.sunk]);
        }
    }
    names.into_iter().map(|name| view! { <th scope="col" class="n part">{name}</th> }.written()).collect()
}

/// Each figure leads to the rows of the batch that it counts.
fn part_cells(lang: Lang, query: &BatchesQuery, id: BatchId, part: &Part) -> Vec<Cell> {
    let filter = &query.filter;
    let tasks = |filter: TaskFilter| lang.link(&BatchQuery::tasks(filter).to_href(id));
    let of_model = TaskFilter { model: filter.model.clone(), ..TaskFilter::ALL };
    let failed = tasks(TaskFilter { state: Some(TaskState::Failed), failure: filter.failure, party: filter.party, ..of_model.clone() });
    let cell = |count: i64, href: String, figure: String| match count {
        0 => Cell::new(figure).class("n none part"),
        _ => Cell::new(linked(href, "", figure)).class("n part"),
    };
    let mut cells: Vec<Cell> = part.ordered.iter().map(|ordered| cell(*ordered, tasks(of_model.clone()), lang.number(*ordered))).collect();
    cells.push(cell(part.failed, failed.clone(), lang.number(part.failed)));
    if filter.model.is_none() {
        let (refunded, sunk) = (part.refunded.unwrap_or_default(), part.sunk.unwrap_or_default());
        cells.push(cell(refunded.get(), failed, lang.credits(refunded)));
        let attempts = AttemptFilter { state: Some(AttemptState::Failed), failure: filter.failure, party: filter.party };
        let sunk_cell = cell(sunk.micros(), lang.link(&AttemptsQuery::only(attempts).to_href(id)), lang.amount(sunk));
        cells.push(sunk_cell.title(format!("US$ {}", lang.exact_amount(sunk))));
    }
    cells
}

fn moment(lang: Lang, time: Time, now: Time) -> Cell {
    let whole = format!("{} · {}", lang.moment(time), lang.moment_title(time, now));
    Cell::new(lang.moment_near(time, now)).class("moment").title(whole)
}

/// A link that asks for only the rows that say the same as this one.
fn only(lang: Lang, href: &str, label: String) -> Markup {
    view! { <a class="only" href=lang.link(href) aria-label=label.clone() title=label data-noscroll=""></a> }.written()
}

fn customer(lang: Lang, query: &BatchesQuery, batch: &BatchRow) -> Cell {
    let name = batch.customer_name.clone();
    let href = lang.link(&CustomerQuery::default().to_href(batch.customer_id));
    let filter = (query.filter.customer != Some(batch.customer_id)).then(|| {
        let href = query.filtered(|filter| filter.customer = Some(batch.customer_id)).to_href();
        only(lang, &href, format!("{} {name}", lang.batches_words().only_customer))
    });
    Cell::new(view! {
        <a class="quiet-link" href=href>
            <bdi>{name.clone()}</bdi>
        </a>
        {filter}
    })
    .class("cut chosen")
    .title(name)
}

fn models(lang: Lang, query: &BatchesQuery, batch: &BatchRow) -> Cell {
    let links: Vec<Markup> = batch
        .models
        .iter()
        .map(|model| {
            if query.filter.model.as_ref() == Some(model) {
                return view! { <span>{model.clone()}</span> }.written();
            }
            let href = lang.link(&query.filtered(|filter| filter.model = Some(model.clone())).to_href());
            let label = format!("{} {model}", lang.batches_words().only_model);
            view! { <a class="quiet-link" href=href title=label data-noscroll="">{model.clone()}</a> }.written()
        })
        .collect();
    Cell::new(links).class("models")
}
