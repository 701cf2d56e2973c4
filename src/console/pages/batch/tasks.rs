//! Tasks of the batch, by page number, filtered or not: every page costs the same. An open task stands beside its rows. What is
//! looked at stays where it is while the batch runs: rows that came or went are announced, and shown when asked for.

mod filters;

use leptos::prelude::*;

use super::task::{Drawer, drawer};
use crate::console::api::batch::{BatchSummary, TasksPage, read_task, read_tasks};
use crate::console::api::request::looked_at;
use crate::console::components::badge::task_badge_cell;
use crate::console::components::figure::span;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::{NumberPager, Size};
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::console::pages::place::{looks_at, may};
use crate::console::query::{ROWS, TasksQuery};
use crate::domain::access::Action;
use crate::domain::id::BatchId;
use crate::domain::page::{PageSize, numbers_of};
use crate::domain::task::{TaskRow, TaskStatus};
use crate::domain::time::Time;

pub async fn tasks(lang: Lang, batch: BatchSummary, query: TasksQuery) -> Markup {
    let id = batch.id;
    let may_refund = may(Action::ChangeCredits);
    let shown = looked_at();
    let class = if query.task.is_some() { "card rows with-drawer" } else { "card rows" };
    let TasksQuery { filter, from, page, size, task, .. } = query.clone();
    let page = match read_tasks(id, filter, from, page, size, shown).await {
        Ok(page) => page,
        Err(error) => return view! { <section class=class>{failed(lang, &error)}</section> }.written(),
    };
    let listed = page.rows.iter().map(|row| row.number).collect();
    let main = rows(lang, &batch, &query, &page);
    let drawer = match task {
        Some(number) => match read_task(id, number).await {
            Ok(found) => {
                let of = batch.counts.total;
                drawer(&Drawer { lang, id, query, of, listed, may_refund }, number, found.as_ref())
            }
            Err(error) => view! { <aside class="drawer">{failed(lang, &error)}</aside> }.written(),
        },
        None => ().written(),
    };
    view! {
        <section class=class>
            <div class="rows-main">{main}</div>
            {drawer}
        </section>
    }
    .written()
}

fn rows(lang: Lang, batch: &BatchSummary, query: &TasksQuery, page: &TasksPage) -> Markup {
    let id = batch.id;
    let words = lang.words();
    let own = lang.tasks_words();
    let here = TasksQuery { page: page.page, ..query.clone() };
    // Rows of every task never move: their numbers are dense.
    let looked_at = (!query.filter.is_all()).then(|| looks_at(page.rows.iter().map(|row| row.number)));
    let changed = (page.changed > 0).then(|| {
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href(id)) data-noscroll="">
                    {(own.changed)(page.changed)}
                </a>
            </p>
        }
    });
    let rows = if page.rows.is_empty() {
        let text = if page.searched.is_some() { own.no_match_in_part } else { own.no_match_text };
        panel::no_match(own.no_match, text, lang.link(&clear(query).to_href(id)), own.clear)
    } else {
        let columns = [
            number(words.number),
            text(words.state),
            text(words.model),
            text(words.prompt),
            text(words.output),
            number(words.attempts),
            number(words.waited),
            number(words.ran),
            text(words.failure),
            number(words.credits),
        ];
        let href = here.to_task_hrefs(id);
        let link = |task: &TaskRow| lang.link(&href(task.number));
        let rows = page
            .rows
            .iter()
            .map(|task| task_row(lang, batch.created_at, task, link(task), query.task == Some(task.number), page.now))
            .collect();
        table(words.tasks, &columns, rows)
    };
    let pager = (!page.rows.is_empty()).then(|| pager(lang, id, &here, page).view(lang));
    view! {
        {looked_at}
        {filters::filters(lang, batch, &here)}
        {changed}
        {rows}
        {filters::search(lang, batch, &here, page)}
        {pager}
    }
    .written()
}

fn clear(query: &TasksQuery) -> TasksQuery {
    query.filter(crate::domain::task::TaskFilter::ALL)
}

fn task_row(lang: Lang, created_at: Time, task: &TaskRow, href: String, open: bool, now: Time) -> Row {
    let words = lang.words();
    let own = lang.tasks_words();
    let ended = task.finished_at.or(Some(now));
    let label = format!("{} {}", words.open_task, task.number);
    let failure = task.failure.map(|(failure, party)| {
        let party = span("soft", format!(" · {}", (words.party_word)(party)));
        view! { {(words.failure_word)(failure)} {party} }
    });
    let sentence = task.failure.map_or("", |(failure, _)| (own.sentence)(failure));
    let (look, became) = match task.status {
        TaskStatus::Succeeded if !task.reversed => ("n good", words.charged_word),
        TaskStatus::Succeeded | TaskStatus::Failed | TaskStatus::Canceled => ("n info", words.refunded_word),
        TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing => ("n soft", words.held_word),
    };
    let number = task.number.to_string();
    let id = format!("task-{number}");
    let attributes = [("class", "row-link"), ("id", &*id), ("href", &*href), ("data-noscroll", ""), ("aria-label", &*label)];
    let row_link = Cell::element("a", &attributes, &number);
    row(
        if open { "open" } else { "" },
        [
            row_link.class("n"),
            task_badge_cell(lang, task.status),
            Cell::text(&task.model),
            Cell::element("bdi", &[], &task.prompt).class("prompt").title(task.prompt.clone()),
            task.output.as_deref().map_or_else(Cell::none, |url| super::task::video(own.video, url)),
            Cell::quiet_figure(lang.number(task.attempts.into()), task.attempts == 0),
            // Until it starts it waits, and until it ends it runs.
            Cell::figure(lang.between(Some(created_at), task.started_at.or(ended))),
            Cell::figure(lang.between(task.started_at, ended)),
            failure.map_or_else(Cell::none, |failure| Cell::new(failure).title(sentence.to_owned())),
            Cell::text(&format!("{} {became}", lang.credits(task.price))).class(look),
        ],
    )
}

fn pager(lang: Lang, id: BatchId, here: &TasksQuery, page: &TasksPage) -> NumberPager {
    let (first, last) = numbers_of(page.page, here.size);
    let to = |query: TasksQuery| lang.link(&query.to_href(id));
    let mut kept = here.kept();
    kept.extend(lang.param().map(|value| (Lang::PARAM, value.to_owned())));
    NumberPager {
        page: page.page,
        pages: page.pages,
        first: first.min(page.total),
        last: last.min(page.total),
        total: page.total,
        previous: (page.page > 1).then(|| to(here.page(page.page - 1))),
        next: (page.page < page.pages).then(|| to(here.page(page.page + 1))),
        sizes: ROWS
            .iter()
            .filter_map(|rows| PageSize::new(*rows).ok())
            .map(|size| Size { rows: size.get(), href: to(here.size(size)), current: size == here.size })
            .collect(),
        action: TasksQuery::default().to_href(id),
        kept,
    }
}
