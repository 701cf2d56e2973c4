//! Tasks of the batch, by page number: numbers are dense, so every page costs the same. An open task stands beside its rows.

use leptos::prelude::*;

use super::task::{OpenTask, open_task};
use crate::console::api::ConsoleError;
use crate::console::api::batch::{TaskRow, TasksPage, read_tasks};
use crate::console::components::badge::task_badge;
use crate::console::components::clock::Clock;
use crate::console::components::pager::{NumberPager, Size};
use crate::console::components::panel;
use crate::console::components::table::{number, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::console::query::{BatchQuery, ROWS};
use crate::domain::id::BatchId;
use crate::domain::page::{PageSize, numbers_of};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;

/// Where the rows are: everything of the address but the open task, so that opening one does not load the rows again.
type Place = (String, i64, PageSize);

#[component]
pub fn Tasks(id: Memo<String>, query: Memo<BatchQuery>) -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let place = Memo::new(move |_| query.with(|query| Place::from((id.get(), query.page, query.size))));
    let rows = Resource::new(move || (place.get(), clock.tick()), |((id, page, size), _)| read_tasks(id, page, size));
    let number = Memo::new(move |_| query.with(|query| query.task));
    let task = Resource::new(move || (id.get(), number.get(), clock.tick()), |(id, number, _)| open_task(id, number));
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
                    let close = query.with(|query| query.task(None));
                    Suspend::new(async move {
                        match task.await {
                            Ok(OpenTask::None) | Err(ConsoleError::NotFound) => ().into_any(),
                            Ok(open) => super::task::drawer(lang, id.get_untracked().parse().ok(), &close, open),
                            Err(error) => view! { <aside class="drawer">{failed(lang, &error)}</aside> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </section>
    }
    .into_any()
}

fn tasks(lang: Lang, id: String, query: &BatchQuery, open: Option<i32>, page: &TasksPage) -> AnyView {
    let words = lang.words();
    let Ok(id) = id.parse::<BatchId>() else { return ().into_any() };
    let here = BatchQuery { page: page.page, ..query.clone() };
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
        .map(|row| task_row(lang, row, lang.link(&here.task(Some(row.number)).to_href(id)), open == Some(row.number), page.now))
        .collect();
    view! {
        {table(words.tasks, &columns, rows)}
        {pager(lang, id, &here, page).view(lang)}
    }
    .into_any()
}

fn task_row(lang: Lang, row: &TaskRow, href: String, open: bool, now: Time) -> AnyView {
    let words = lang.words();
    let ended = row.finished_at.or(Some(now));
    // Only what ended waits no longer and runs no longer.
    let waited = lang.between(Some(row.created_at), row.started_at.or(ended));
    let ran = lang.between(row.started_at, ended);
    let failure = row.failure.map(|(failure, party)| {
        view! {
            {(words.failure_word)(failure)}
            <span class="soft">" · " {(words.party_word)(party)}</span>
        }
    });
    view! {
        <tr class:open=open>
            <td class="n">
                <a class="row-link" href=href data-noscroll="" aria-label=format!("{} {}", words.open_task, row.number)>
                    {row.number}
                </a>
            </td>
            <td>{task_badge(lang, row.status)}</td>
            <td>{row.model.clone()}</td>
            <td class="prompt" title=row.prompt.clone()>
                <bdi>{row.prompt.clone()}</bdi>
            </td>
            <td class="n" class:none=row.attempts == 0>{row.attempts}</td>
            <td class="n">{waited}</td>
            <td class="n">{ran}</td>
            <td>{failure}</td>
            {credits(lang, row)}
        </tr>
    }
    .into_any()
}

/// What became of the task's credits.
fn credits(lang: Lang, row: &TaskRow) -> impl IntoView + use<> {
    let words = lang.words();
    let (class, word) = match row.status {
        TaskStatus::Succeeded => ("n good", words.charged_word),
        TaskStatus::Failed | TaskStatus::Canceled => ("n info", words.refunded_word),
        TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing => ("n soft", words.held_word),
    };
    view! { <td class=class>{format!("{} {word}", lang.credits(row.price))}</td> }
}

fn pager(lang: Lang, id: BatchId, here: &BatchQuery, page: &TasksPage) -> NumberPager {
    let (first, last) = numbers_of(page.page, here.size);
    let to = |query: BatchQuery| lang.link(&query.to_href(id));
    let default = BatchQuery::default();
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
