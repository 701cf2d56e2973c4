//! The first page: is anything stuck, what did the last days bring, what was given back, and whose fault was it.

mod charts;
mod state;

use leptos::prelude::*;
use leptos_meta::Title;

use super::place::{here, or_failed};
use crate::console::api::overview::{Overview, read_overview};
use crate::console::components::badge::batch_badge;
use crate::console::components::clock;
use crate::console::components::figure::{linked_money, term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::panel;
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{BatchesQuery, Column, Columns, OverviewQuery};
use crate::domain::batch::BatchStatus;
use crate::domain::batch_list::{BatchFilter, Statuses};
use crate::domain::failure::Party;
use crate::domain::money::Money;
use crate::domain::overview::{Report, Sums, Window, permille};

#[component]
pub fn OverviewPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.overview();
    let query = here(OverviewQuery::at);
    view! {
        <Title text=words.overview />
        <div class="head">
            <h1>{words.overview}</h1>
            {windows(lang, query)}
        </div>
        {clock::says(true, false)}
        {or_failed(lang, read_overview(query.window), move |overview| whole(lang, &overview))}
    }
    .into_any()
}

fn windows(lang: Lang, query: OverviewQuery) -> Markup {
    let links: Vec<Markup> = Window::ALL
        .iter()
        .map(|window| {
            let href = lang.link(&OverviewQuery { window: *window }.to_href());
            let current = (*window == query.window).then_some("true");
            view! { <a href=href data-noscroll="" aria-current=current>{lang.window(*window)}</a> }.written()
        })
        .collect();
    view! { <nav class="windows" aria-label=lang.overview().window>{links}</nav> }.written()
}

/// The batches behind a figure.
pub(super) fn behind(lang: Lang, report: &Report, change: impl FnOnce(&mut BatchFilter)) -> String {
    behind_with(lang, report, &[], change)
}

/// The batches behind a figure, with the columns that it is the sum of.
fn behind_with(lang: Lang, report: &Report, columns: &[Column], change: impl FnOnce(&mut BatchFilter)) -> String {
    let query = BatchesQuery::default().columns(Columns::default().and(columns)).filtered(|filter| {
        (filter.from, filter.to) = (Some(report.from), Some(report.to));
        change(filter);
    });
    lang.link(&query.to_href())
}

pub(super) fn link(href: String, text: String) -> Markup {
    view! { <a class="figure" href=href>{text}</a> }.written()
}

fn whole(lang: Lang, overview: &Overview) -> Markup {
    let words = lang.overview();
    let report = &overview.report;
    let sums = report.total();
    let head = state::sentence(lang, &overview.state, overview.now);
    let days = format!("{} – {}", report.from, report.to);
    let figures = if sums.batches == 0 {
        let all = lang.link(BatchesQuery::PATH);
        let none = panel::no_match(words.no_batches, words.no_batches_text, all, lang.words().to_batches);
        view! { <section class="card">{none}</section> }.written()
    } else {
        figures(lang, report, sums)
    };
    view! {
        {head}
        <p class="note">
            <strong>{days}</strong>
            " "
            {words.note}
        </p>
        {figures}
        <div class="cards">{state::cards(lang, &overview.state, overview.now)}</div>
    }
    .written()
}

fn figures(lang: Lang, report: &Report, sums: Sums) -> Markup {
    let [left, right] = charts::charts(lang, report);
    view! {
        <div class="cards three">{money(lang, report, sums)} {batches(lang, report, sums)} {tasks(lang, report, sums)}</div>
        <div class="cards">{left} {right}</div>
        <div class="cards">{parties(lang, report, sums)} {models(lang, report)}</div>
    }
    .written()
}

pub(super) fn card(title: &'static str, content: Markup) -> Markup {
    view! {
        <section class="card window">
            <h2>{title}</h2>
            {content}
        </section>
    }
    .written()
}

fn money(lang: Lang, report: &Report, sums: Sums) -> Markup {
    let (words, common) = (lang.overview(), lang.words());
    let all = || behind(lang, report, |_| {});
    let usd = |micros, column| {
        let money = Money::from_micros(micros);
        linked_money(lang, behind_with(lang, report, &[column], |_| {}), "figure", money, lang.money(money))
    };
    let profit = Money::from_micros(sums.profit_microusd());
    let open = sums.credits_held - sums.credits_charged - sums.credits_refunded;
    let held = behind_with(lang, report, &[Column::StillHeld], |filter| filter.statuses = Statuses::of(&OPEN));
    let list = terms(
        "",
        [
            Some(term(words.revenue, usd(sums.revenue_microusd, Column::Revenue))),
            Some(term(words.cost, usd(sums.cost_microusd, Column::Cost))),
            Some(term(words.profit, usd(profit.micros(), Column::Profit))),
            Some(term(words.margin, lang.margin(profit.permille_of(Money::from_micros(sums.revenue_microusd))))),
            Some(term(common.charged, link(all(), lang.number(sums.credits_charged)))),
            Some(term(
                common.refunded,
                link(behind(lang, report, |filter| filter.refund_over = Some(0)), lang.number(sums.credits_refunded)),
            )),
            Some(term(common.still_held, link(held, lang.number(open)))),
        ],
    );
    card(words.money, list)
}

fn batches(lang: Lang, report: &Report, sums: Sums) -> Markup {
    let (words, common) = (lang.overview(), lang.words());
    let columns = [text(common.state), number(common.batches), number(common.tasks)];
    let mut rows = vec![row(
        "total",
        [
            Cell::new(words.total),
            Cell::new(link(behind(lang, report, |_| {}), lang.number(sums.batches))).class("n"),
            Cell::new(link(behind(lang, report, |_| {}), lang.number(sums.tasks))).class("n"),
        ],
    )];
    for status in BatchStatus::ALL {
        let of = report.of_status(*status);
        let href = behind(lang, report, |filter| filter.statuses = Statuses::of(&[*status]));
        rows.push(row(
            "",
            [
                Cell::new(batch_badge(lang, *status)),
                Cell::new(link(href.clone(), lang.number(of.batches))).class("n"),
                counted(lang, of.tasks, href),
            ],
        ));
    }
    card(words.batches_by_state, table(words.batches_by_state, &columns, rows))
}

fn tasks(lang: Lang, report: &Report, sums: Sums) -> Markup {
    let (words, common) = (lang.overview(), lang.words());
    let share = |tasks| lang.margin(permille(tasks, sums.tasks));
    let columns = [text(common.state), number(common.tasks), number(words.share)];
    let line = |name: &'static str, tasks: i64, href: String| {
        row("", [Cell::new(name), counted(lang, tasks, href), Cell::quiet_figure(share(tasks), tasks == 0)])
    };
    let open = |column| behind_with(lang, report, &[column], |filter| filter.statuses = Statuses::of(&OPEN));
    let rows = vec![
        line(words.total, sums.tasks, behind(lang, report, |_| {})),
        line(words.waiting, sums.pending, open(Column::Waiting)),
        line(words.being_made, sums.processing, open(Column::Running)),
        line(common.succeeded, sums.succeeded, behind(lang, report, |_| {})),
        line(common.failed, sums.failed, behind(lang, report, |filter| filter.has_failures = true)),
        line(common.canceled, sums.canceled, behind_with(lang, report, &[Column::Canceled], |_| {})),
    ];
    card(words.tasks_by_state, table(words.tasks_by_state, &columns, rows))
}

/// States of batches in which tasks wait or run.
const OPEN: [BatchStatus; 3] = [BatchStatus::Queued, BatchStatus::Processing, BatchStatus::Canceling];

/// A figure that leads to its rows; a zero is quiet and leads nowhere.
fn counted(lang: Lang, count: i64, href: String) -> Cell {
    if count == 0 { Cell::quiet_figure(lang.number(0), true) } else { Cell::new(link(href, lang.number(count))).class("n") }
}

fn parties(lang: Lang, report: &Report, sums: Sums) -> Markup {
    let words = lang.overview();
    let columns = [text(words.party), number(words.failed_tasks), number(words.share), number(words.refunded), number(words.sunk)];
    let rows = Party::ALL
        .iter()
        .map(|party| {
            let (tasks, credits, cost) = report.of_party(*party);
            let href = behind(lang, report, |filter| filter.party = Some(*party));
            row(
                "",
                [
                    Cell::new((lang.words().party_word)(*party)),
                    counted(lang, tasks, href.clone()),
                    Cell::quiet_figure(lang.margin(permille(tasks, sums.tasks)), tasks == 0),
                    counted(lang, credits, href.clone()),
                    sunk(lang, Money::from_micros(cost), href),
                ],
            )
        })
        .collect();
    let note = view! { <p class="note">{words.party_note}</p> };
    card(words.by_party, view! { {table(words.by_party, &columns, rows)} {note} }.written())
}

fn sunk(lang: Lang, cost: Money, href: String) -> Cell {
    match cost {
        Money::ZERO => Cell::quiet_figure(lang.amount(cost), true),
        cost => Cell::new(linked_money(lang, href, "figure", cost, lang.amount(cost))).class("n"),
    }
}

fn models(lang: Lang, report: &Report) -> Markup {
    let words = lang.overview();
    let columns = [text(lang.words().model), number(words.ordered), number(words.failed_tasks), number(words.failure_rate)];
    let rows = report
        .models
        .iter()
        .map(|of| {
            let all = behind(lang, report, |filter| filter.model = Some(of.model.clone()));
            let failed = behind(lang, report, |filter| {
                filter.model = Some(of.model.clone());
                filter.has_failures = true;
            });
            row(
                "",
                [
                    Cell::new(of.model.clone()),
                    counted(lang, of.ordered, all),
                    counted(lang, of.failed, failed),
                    Cell::figure(lang.margin(permille(of.failed, of.ordered))),
                ],
            )
        })
        .collect();
    card(words.by_model, table(words.by_model, &columns, rows))
}
