//! What was sent to providers, and what it cost: the rows that the provider costs of the batch are the sum of.

use leptos::prelude::*;

use crate::console::api::batch::{AttemptRow, AttemptsPage, BatchSummary, read_attempts};
use crate::console::components::badge::attempt_badge;
use crate::console::components::copy::short_id;
use crate::console::components::figure::{linked, span};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::place::known_or_failed;
use crate::console::query::{AttemptsQuery, TasksQuery};
use crate::domain::attempt::{AttemptFilter, AttemptPlace, AttemptState};
use crate::domain::id::BatchId;
use crate::domain::money::Money;
use crate::domain::time::Time;

pub async fn attempts(lang: Lang, batch: BatchSummary, query: AttemptsQuery) -> Markup {
    let rows =
        known_or_failed(lang, read_attempts(batch.id, query.filter, query.after), move |page| whole(lang, &batch, query, &page)).await;
    view! { <section class="card rows">{rows}</section> }.written()
}

fn whole(lang: Lang, batch: &BatchSummary, query: AttemptsQuery, page: &AttemptsPage) -> Markup {
    let id = batch.id;
    let own = lang.attempts();
    let to = |query: AttemptsQuery| lang.link(&query.to_href(id));
    let rows = if page.rows.is_empty() {
        let note = if page.next.is_some() { own.none_here } else { own.none_text };
        panel::no_match(own.none, note, to(AttemptsQuery::default()), own.all)
    } else {
        listed(lang, id, page)
    };
    let first = (query.after != AttemptPlace::default()).then(|| to(AttemptsQuery::only(query.filter)));
    let next = page.next.map(|place| to(query.after(place)));
    view! {
        <div class="rows-head">
            <h3>
                {own.attempts} " " <small>{own.text}</small>
            </h3>
            {chips(lang, id, query, (batch.cost_succeeded, batch.cost_failed))}
        </div>
        {rows}
        <div class="pager">
            <nav aria-label=own.attempts>{step(own.first, "prev", first)} {step(lang.words().next, "next", next)}</nav>
        </div>
    }
    .written()
}

/// The results, each with what it cost; and what else is asked for, with a way to do without.
fn chips(lang: Lang, id: BatchId, query: AttemptsQuery, (succeeded, failed): (Money, Money)) -> Markup {
    let (words, own) = (lang.words(), lang.attempts());
    let filter = query.filter;
    let chip = |name: String, cost: Option<Money>, to: AttemptFilter, current: bool| {
        let cost = cost.map(|cost| view! { <small>{lang.amount(cost)}</small> });
        view! {
            <a href=lang.link(&AttemptsQuery::only(to).to_href(id)) data-noscroll="" aria-current=current.then_some("true")>
                {name}
                {cost}
            </a>
        }
        .written()
    };
    let all = Money::from_micros(succeeded.micros().saturating_add(failed.micros()));
    let [of_succeeded, of_failed] = [AttemptState::Succeeded, AttemptState::Failed].map(AttemptFilter::of_state);
    let mut chips = vec![
        chip(own.all.to_owned(), Some(all), AttemptFilter::default(), filter == AttemptFilter::default()),
        chip(own.succeeded.to_owned(), Some(succeeded), of_succeeded, filter == of_succeeded),
        chip(own.failed.to_owned(), Some(failed), of_failed, filter == of_failed),
    ];
    if filter.asks_for_failures() {
        let party = filter.party.map(|party| (words.party_word)(party));
        let failure = filter.failure.map(|failure| (words.failure_word)(failure));
        let name: Vec<&str> = failure.into_iter().chain(party).collect();
        chips.push(chip(format!("{} ×", name.join(" · ")), None, of_failed, true));
    }
    view! { <nav class="batch-chips" aria-label=own.by_result>{chips}</nav> }.written()
}

fn listed(lang: Lang, id: BatchId, page: &AttemptsPage) -> Markup {
    let (words, own) = (lang.words(), lang.attempts());
    let columns = [
        number(words.task),
        number(words.attempt_number),
        text(words.state),
        text(words.failure),
        text(own.billed),
        number(own.cost_usd),
        text(words.provider),
        text(words.provider_job),
        text(words.sent),
        number(words.ran),
    ];
    let mut rows: Vec<Row> = page.rows.iter().map(|(task, attempt)| attempt_row(lang, id, *task, attempt, page.now)).collect();
    let mut total = vec![Cell::new(own.total).class("n"), Cell::none(), Cell::none(), Cell::new(own.of_all).class("soft"), Cell::none()];
    total.push(Cell::figure(lang.exact_amount(page.cost)));
    total.extend((0..4).map(|_| Cell::none()));
    rows.push(row("totals", total));
    table(own.attempts, &columns, rows)
}

fn attempt_row(lang: Lang, id: BatchId, task: i32, attempt: &AttemptRow, now: Time) -> Row {
    let words = lang.words();
    let open = lang.link(&TasksQuery::default().task(Some(task)).to_href(id));
    let failure = attempt.failure.map(|(failure, party)| {
        let party = span("soft", format!(" · {}", (words.party_word)(party)));
        view! {
            {(words.failure_word)(failure)}
            {party}
        }
    });
    row(
        "",
        [
            Cell::new(linked(open, "row-link", lang.number(task.into()))).class("n"),
            Cell::figure(lang.number(attempt.number.into())),
            Cell::new(attempt_badge(lang, attempt.state)),
            Cell::new(failure),
            Cell::new(attempt.billed.map_or("", |billed| (words.billed_word)(billed))),
            Cell::quiet_figure(lang.exact_amount(attempt.cost), attempt.cost == Money::ZERO),
            Cell::new(format!("{} · {}", attempt.provider, attempt.upstream_model)),
            Cell::new(attempt.provider_job.as_deref().map(short_id)),
            Cell::new(lang.moment_short(attempt.sent_at)).class("moment"),
            Cell::figure(lang.between(Some(attempt.sent_at), attempt.finished_at.or(Some(now)))),
        ],
    )
}
