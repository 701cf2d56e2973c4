//! Tasks of the batch, by page number, filtered or not: every page costs the same. An open task stands beside its rows. What is
//! looked at stays where it is while the batch runs: rows that came or went are announced, and shown when asked for.

mod filters;

use leptos::prelude::*;

use super::task::{Drawer, drawer};
use crate::console::api::batch::{ReadTask, ReadTasks, TaskDetail, TaskRow, TasksPage};
use crate::console::api::{ConsoleError, load, load_if};
use crate::console::components::badge::task_badge;
use crate::console::components::clock::Clock;
use crate::console::components::figure::span;
use crate::console::components::pager::{NumberPager, Size};
use crate::console::components::panel;
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::console::pages::place::may;
use crate::console::query::{ROWS, TasksQuery};
use crate::domain::access::Action;
use crate::domain::id::BatchId;
use crate::domain::page::{PageSize, numbers_of};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;

/// Where the rows are: everything of the address but the open task, so that opening one does not load the rows again.
type Place = (String, TasksQuery);
/// Numbers of the rows that are looked at, and where.
type Seen = RwSignal<Option<(Place, Vec<i32>)>>;

#[component]
pub fn Tasks(id: Memo<String>, query: Memo<TasksQuery>) -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let place = Memo::new(move |_| query.with(|query| Place::from((id.get(), query.task(None)))));
    let seen = Seen::new(None);
    let may_refund = may(Action::ChangeCredits);
    let rows = load(move || {
        let place = place.get();
        let shown = seen.with_untracked(|seen| seen.as_ref().filter(|(at, _)| *at == place).map(|(_, numbers)| numbers.clone()));
        let (id, TasksQuery { filter, from, page, size, .. }) = place;
        (ReadTasks { id, filter, from, page, size, shown: shown.unwrap_or_default() }, clock.tick())
    });
    let number = Memo::new(move |_| query.with(|query| query.task));
    let task = load_if(move || (number.get().map(|number| ReadTask { id: id.get(), number }), clock.tick()));
    move_focus(number, move || match task.get() {
        Some(Ok(found)) => is_of(found.as_ref().as_ref(), number.get_untracked()),
        _ => false,
    });
    view! {
        <section class="card rows" class:with-drawer=move || number.get().is_some()>
            <div class="rows-main">
                <Transition fallback=move || panel::skeleton(lang)>
                    {move || {
                        let open = number.get();
                        Suspend::new(async move {
                            match rows.await {
                                Ok(page) => {
                                    keep_in_place(seen, place.get_untracked(), &page);
                                    let show = move || {
                                        seen.set(None);
                                        clock.refresh_now();
                                    };
                                    tasks(lang, &id.get_untracked(), &query.get_untracked(), open, &page, show)
                                }
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
                        let listed = match rows.await {
                            Ok(page) => page.rows.iter().map(|row| row.number).collect(),
                            Err(_) => Vec::new(),
                        };
                        match (query.task, task.await.as_deref(), id.get_untracked().parse()) {
                            (Some(number), Ok(Some(found)), Ok(id)) => drawer(&Drawer { lang, id, query, listed, may_refund }, number, found.as_ref()),
                            (_, Ok(_) | Err(ConsoleError::NotFound), _) => ().into_any(),
                            (_, Err(error), _) => view! { <aside class="drawer">{failed(lang, error)}</aside> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </section>
    }
    .into_any()
}

/// Whether what was found is what is open: nothing, no such task, or the task with this number.
fn is_of(found: Option<&Option<TaskDetail>>, number: Option<i32>) -> bool {
    match (found, number) {
        (None, None) | (Some(None), Some(_)) => true,
        (Some(Some(task)), Some(number)) => task.row.number == number,
        _ => false,
    }
}

/// Into the drawer when a task is opened, and back to its row when it is closed; never at first, and not from one task to the
/// next by a link that is in the drawer and stays there.
fn move_focus(number: Memo<Option<i32>>, is_shown: impl Fn() -> bool + 'static) {
    Effect::new(move |before: Option<Option<i32>>| {
        let (number, shown) = (number.get(), is_shown());
        match (before, number) {
            (None, _) => number,
            (Some(before), _) if before == number => before,
            (Some(before), Some(_)) if !shown => before,
            (_, Some(_)) => {
                crate::browser::after(0, || _ = crate::browser::focus("#drawer:not(:focus-within)"));
                number
            }
            (Some(before), None) => {
                if let Some(closed) = before {
                    crate::browser::after(0, move || _ = crate::browser::focus(&format!("#task-{closed}")));
                }
                None
            }
        }
    });
}

/// Rows of every task never move: their numbers are dense.
fn keep_in_place(seen: Seen, place: Place, page: &TasksPage) {
    let numbers = if place.1.filter.is_all() { Vec::new() } else { page.rows.iter().map(|row| row.number).collect() };
    seen.set(Some((place, numbers)));
}

fn tasks(lang: Lang, id: &str, query: &TasksQuery, open: Option<i32>, page: &TasksPage, show: impl Fn() + 'static) -> AnyView {
    let words = lang.words();
    let own = lang.tasks_words();
    let Ok(id) = id.parse::<BatchId>() else { return ().into_any() };
    let here = TasksQuery { page: page.page, ..query.clone() };
    let changed = (page.changed > 0).then(|| {
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href(id)) data-noscroll="" on:click=move |_| show()>
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
        let link = |task: &TaskRow| lang.link(&here.task(Some(task.number)).to_href(id));
        let rows = page.rows.iter().map(|task| task_row(lang, task, link(task), open == Some(task.number), page.now)).collect();
        table(words.tasks, &columns, rows)
    };
    let pager = (!page.rows.is_empty()).then(|| pager(lang, id, &here, page).view(lang));
    view! {
        {filters::filters(lang, id, &here, page)}
        {changed}
        {rows}
        {filters::search(lang, id, &here, page)}
        {pager}
    }
    .into_any()
}

fn clear(query: &TasksQuery) -> TasksQuery {
    query.filter(crate::domain::task::TaskFilter::ALL)
}

fn task_row(lang: Lang, task: &TaskRow, href: String, open: bool, now: Time) -> AnyView {
    let words = lang.words();
    let own = lang.tasks_words();
    let ended = task.finished_at.or(Some(now));
    let label = format!("{} {}", words.open_task, task.number);
    let failure = task.failure.map(|(failure, party)| {
        let party = span("soft", format!(" · {}", (words.party_word)(party)));
        view! {
            {(words.failure_word)(failure)}
            {party}
        }
    });
    let sentence = task.failure.map_or("", |(failure, _)| (own.sentence)(failure));
    let (look, became) = match task.status {
        TaskStatus::Succeeded if !task.reversed => ("n good", words.charged_word),
        TaskStatus::Succeeded | TaskStatus::Failed | TaskStatus::Canceled => ("n info", words.refunded_word),
        TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing => ("n soft", words.held_word),
    };
    let row_link =
        view! { <a class="row-link" id=format!("task-{}", task.number) href=href data-noscroll="" aria-label=label>{task.number}</a> };
    row(
        if open { "open" } else { "" },
        [
            Cell::new(row_link).class("n"),
            Cell::new(task_badge(lang, task.status)),
            Cell::new(task.model.clone()),
            Cell::new(view! { <bdi>{task.prompt.clone()}</bdi> }).class("prompt").title(task.prompt.clone()),
            Cell::new(task.output.as_deref().and_then(|url| super::task::video(own.video, url))),
            Cell::quiet_figure(lang.number(task.attempts.into()), task.attempts == 0),
            // Until it starts it waits, and until it ends it runs.
            Cell::figure(lang.between(Some(task.created_at), task.started_at.or(ended))),
            Cell::figure(lang.between(task.started_at, ended)),
            Cell::new(failure).title(sentence.to_owned()),
            Cell::new(format!("{} {became}", lang.credits(task.price))).class(look),
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
