//! Tasks of the batch, by page number: numbers are dense, so every page costs the same. An open task stands beside its rows.

use leptos::prelude::*;

use super::task::drawer;
use crate::console::api::batch::{ReadTask, ReadTasks, TaskRow, TasksPage};
use crate::console::api::{ConsoleError, load, load_if};
use crate::console::components::badge::task_badge;
use crate::console::components::clock::Clock;
use crate::console::components::figure::span;
use crate::console::components::pager::{NumberPager, Size};
use crate::console::components::panel;
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::console::query::{ROWS, TasksQuery};
use crate::domain::id::BatchId;
use crate::domain::page::{PageSize, numbers_of};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;

#[component]
pub fn Tasks(id: Memo<String>, query: Memo<TasksQuery>) -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let rows = load(move || (query.with(|query| ReadTasks { id: id.get(), page: query.page, size: query.size }), clock.tick()));
    let number = Memo::new(move |_| query.with(|query| query.task));
    let task = load_if(move || (number.get().map(|number| ReadTask { id: id.get(), number }), clock.tick()));
    view! {
        <section class="card rows" class:with-drawer=move || number.get().is_some()>
            <div class="rows-main">
                <Transition fallback=move || panel::skeleton(lang)>
                    {move || {
                        let open = number.get();
                        Suspend::new(async move {
                            match rows.await {
                                Ok(page) => tasks(lang, id.get_untracked(), &query.get_untracked(), open, &page),
                                Err(ConsoleError::NotFound) => ().into_any(),
                                Err(error) => failed(lang, &error),
                            }
                        })
                    }}
                </Transition>
            </div>
            <Transition fallback=|| ()>
                {move || {
                    let query = query.get();
                    Suspend::new(async move {
                        let close = query.task(None);
                        match (query.task, task.await.as_deref()) {
                            (Some(number), Ok(Some(found))) => drawer(lang, id.get_untracked().parse().ok(), &close, number, found.as_ref()),
                            (_, Ok(_) | Err(ConsoleError::NotFound)) => ().into_any(),
                            (_, Err(error)) => view! { <aside class="drawer">{failed(lang, error)}</aside> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </section>
    }
    .into_any()
}

fn tasks(lang: Lang, id: String, query: &TasksQuery, open: Option<i32>, page: &TasksPage) -> AnyView {
    let words = lang.words();
    let Ok(id) = id.parse::<BatchId>() else { return ().into_any() };
    let here = TasksQuery { page: page.page, ..query.clone() };
    let columns = [
        number(words.number),
        text(words.state),
        text(words.model),
        text(words.prompt),
        number(words.attempts),
        number(words.waited),
        number(words.ran),
        text(words.failure),
        number(words.credits),
    ];
    let rows = page
        .rows
        .iter()
        .map(|task| task_row(lang, task, lang.link(&here.task(Some(task.number)).to_href(id)), open == Some(task.number), page.now))
        .collect();
    view! {
        {table(words.tasks, &columns, rows)}
        {pager(lang, id, &here, page).view(lang)}
    }
    .into_any()
}

fn task_row(lang: Lang, task: &TaskRow, href: String, open: bool, now: Time) -> AnyView {
    let words = lang.words();
    let ended = task.finished_at.or(Some(now));
    let label = format!("{} {}", words.open_task, task.number);
    let failure = task.failure.map(|(failure, party)| {
        let party = span("soft", format!(" · {}", (words.party_word)(party)));
        view! {
            {(words.failure_word)(failure)}
            {party}
        }
    });
    let (look, became) = match task.status {
        TaskStatus::Succeeded => ("n good", words.charged_word),
        TaskStatus::Failed | TaskStatus::Canceled => ("n info", words.refunded_word),
        TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing => ("n soft", words.held_word),
    };
    row(
        if open { "open" } else { "" },
        [
            Cell::new(view! { <a class="row-link" href=href data-noscroll="" aria-label=label>{task.number}</a> }).class("n"),
            Cell::new(task_badge(lang, task.status)),
            Cell::new(task.model.clone()),
            Cell::new(view! { <bdi>{task.prompt.clone()}</bdi> }).class("prompt").title(task.prompt.clone()),
            Cell::quiet_figure(lang.number(task.attempts.into()), task.attempts == 0),
            // Until it starts it waits, and until it ends it runs.
            Cell::figure(lang.between(Some(task.created_at), task.started_at.or(ended))),
            Cell::figure(lang.between(task.started_at, ended)),
            Cell::new(failure),
            Cell::new(format!("{} {became}", lang.credits(task.price))).class(look),
        ],
    )
}

fn pager(lang: Lang, id: BatchId, here: &TasksQuery, page: &TasksPage) -> NumberPager {
    let (first, last) = numbers_of(page.page, here.size);
    let to = |query: TasksQuery| lang.link(&query.to_href(id));
    let default = TasksQuery::default();
    let mut kept = Vec::new();
    if here.size != default.size {
        kept.push(("size", here.size.get().to_string()));
    }
    if let Some(value) = lang.param() {
        kept.push((Lang::PARAM, value.to_owned()));
    }
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
        action: default.to_href(id),
        kept,
    }
}
