//! The list of batches. Rows never move under the cursor: what arrives while the list is looked at is counted, and shown when
//! asked for.

mod filters;
mod rows;
mod views;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_location;

use super::failed::failed;
use super::place::here;
use crate::console::api::batches::{BatchRow, BatchesFrame, BatchesPage as Listed, ListBatches, ReadBatchesFrame};
use crate::console::api::load;
use crate::console::components::clock::Clock;
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::i18n::Lang;
use crate::console::query::{BatchesQuery, ROWS};
use crate::domain::batch_list::{BatchSort, Place};
use crate::domain::page::PageSize;

/// The rows as they were when the list was opened, and for which query that was.
type Seen = RwSignal<Option<(String, Vec<BatchRow>)>>;

/// A minimal batch of the cheapest model, to be pasted into a shell.
const CURL: &str = r#"items=$(printf '{"prompt":"A ceramic teapot on a walnut table, take %d"},' $(seq 10))
curl http://127.0.0.1:3000/api/v1/batches \
  -H "Authorization: Bearer bb_…" \
  -H "Idempotency-Key: first-batch" \
  -H "Content-Type: application/json" \
  -d "{\"model\":\"sora-2\",\"items\":[${items%,}]}""#;

#[component]
pub fn BatchesPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.words();
    let clock = Clock::current();
    let query = here(BatchesQuery::at);
    let search = use_location().search;
    // A form sends its empty fields too; an address to be copied has none.
    let from_form = search.with_untracked(|search| search.ends_with('=') || search.contains("=&"));
    let frame = load(|| (ReadBatchesFrame {}, 0));
    let listed = load(move || (ListBatches { query: query.with(BatchesQuery::to_query) }, clock.tick()));
    Effect::new(move |_| clock.refresh_while(true));
    on_cleanup(move || clock.refresh_while(false));
    let seen = Seen::new(None);
    view! {
        <Title text=words.batches />
        {from_form.then(|| view! { <Redirect path=lang.link(&query.with_untracked(BatchesQuery::to_href)) /> })}
        <div class="head">
            <h1>{words.batches}</h1>
        </div>
        <p class="note">{lang.batches_words().note}</p>
        {move || said(lang, &search.get())}
        <Transition fallback=move || panel::skeleton(lang)>
            {move || Suspend::new(async move {
                let frame = frame.await.unwrap_or_default();
                match listed.await {
                    Ok(page) => whole(lang, clock, seen, &query.get_untracked(), &frame, Listed::clone(&page)),
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
    }
    .into_any()
}

/// What came of the form that led here.
fn said(lang: Lang, search: &str) -> Option<AnyView> {
    let words = lang.batches_words();
    let what = search.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix("view="))?;
    let (class, sentence) = match what {
        "saved" => ("said good", words.view_saved),
        "deleted" => ("said good", words.view_deleted),
        "bad_name" => ("said bad", words.view_bad_name),
        "too_long" => ("said bad", words.view_too_long),
        "taken" => ("said bad", words.view_taken),
        "full" => ("said bad", words.view_full),
        _ => return None,
    };
    Some(view! { <p class=class role="status">{sentence}</p> }.into_any())
}

fn whole(lang: Lang, clock: Clock, seen: Seen, query: &BatchesQuery, frame: &BatchesFrame, page: Listed) -> AnyView {
    let tools = filters::tools(lang, query, frame, &page);
    let views = views::views(lang, query, &frame.views);
    view! {
        {views}
        {tools}
        <section class="card list">{list(lang, clock, seen, query, page)}</section>
    }
    .into_any()
}

fn list(lang: Lang, clock: Clock, seen: Seen, query: &BatchesQuery, page: Listed) -> AnyView {
    let Listed { rows: fresh, before, after, now, .. } = page;
    let (rows, change) = merged(seen, query, fresh);
    if rows.is_empty() {
        return nothing(lang, query);
    }
    let announced = announcement(lang, &change).map(|sentence| {
        let show = move |_| {
            seen.set(None);
            clock.refresh_now();
        };
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href()) data-noscroll="" on:click=show>
                    {sentence}
                </a>
            </p>
        }
    });
    view! {
        {announced}
        {rows::table_of(lang, query, &rows, &change.gone, now)}
        {pager(lang, query, before, after)}
    }
    .into_any()
}

/// What is different from the rows that are shown.
#[derive(Debug, Default, PartialEq, Eq)]
struct Change {
    /// Rows that are not shown.
    newer: usize,
    /// Places of rows that are shown and no longer in the list.
    gone: Vec<usize>,
}

/// The rows in the order in which they were first shown, with what is known of them now.
fn merged(seen: Seen, query: &BatchesQuery, fresh: Vec<BatchRow>) -> (Vec<BatchRow>, Change) {
    let key = query.to_query();
    let shown = seen.with_untracked(|seen| seen.as_ref().filter(|(at, rows)| *at == key && !rows.is_empty()).map(|(_, rows)| rows.clone()));
    let Some(mut shown) = shown else {
        seen.set(Some((key, fresh.clone())));
        return (fresh, Change::default());
    };
    let newer = fresh.iter().filter(|row| shown.iter().all(|old| old.id != row.id)).count();
    let mut gone = Vec::new();
    for (place, row) in shown.iter_mut().enumerate() {
        match fresh.iter().find(|new| new.id == row.id) {
            Some(new) => *row = new.clone(),
            // New rows push old ones off the page: those are still in the list.
            None if newer == 0 => gone.push(place),
            None => {}
        }
    }
    seen.set(Some((key, shown.clone())));
    (shown, Change { newer, gone })
}

fn announcement(lang: Lang, change: &Change) -> Option<String> {
    match change {
        Change { newer: 0, gone } if gone.is_empty() => None,
        Change { newer: 0, .. } => Some(lang.batches_words().changed.to_owned()),
        Change { newer, .. } => Some((lang.words().new_rows)(*newer)),
    }
}

fn nothing(lang: Lang, query: &BatchesQuery) -> AnyView {
    let (words, own) = (lang.words(), lang.batches_words());
    if query.filter.is_default() {
        let how = view! {
            <p>{words.no_batches_text}</p>
            <pre tabindex="0">{CURL}</pre>
        };
        return panel::empty(words.no_batches, how);
    }
    let unreadable: Vec<String> = query.filter.unreadable.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let text = if unreadable.is_empty() { own.no_match_text.to_owned() } else { (own.asked_for)(&unreadable.join(", ")) };
    let clear = lang.link(&query.without_filter().to_href());
    let how = view! {
        <p>{text}</p>
        <p>
            <a class="button" href=clear>
                {own.clear}
            </a>
        </p>
    };
    panel::empty(own.no_match, how)
}

fn pager(lang: Lang, query: &BatchesQuery, before: Option<String>, after: Option<String>) -> AnyView {
    let (words, own) = (lang.words(), lang.batches_words());
    let at = |cursor: Option<String>, place: fn(_) -> Place| {
        cursor.and_then(|text| text.parse().ok()).map(|cursor| lang.link(&query.place(place(cursor)).to_href()))
    };
    let first = if query.sort == BatchSort::Created { own.newest } else { own.first };
    let start = before.is_some().then(|| lang.link(&query.start().to_href()));
    let (previous, next) = (at(before, Place::Before), at(after, Place::After));
    let sizes: Vec<AnyView> = ROWS
        .into_iter()
        .filter_map(|rows| PageSize::new(rows).ok())
        .map(|size| {
            let href = lang.link(&query.size(size).to_href());
            let current = (size == query.size).then_some("true");
            view! { <a href=href data-noscroll="" aria-current=current>{size.get()}</a> }.into_any()
        })
        .collect();
    view! {
        <div class="pager">
            <span class="sizes">{words.rows_per_page} " " {sizes}</span>
            <a class="csv" href=query.to_csv_href() rel="external" download="">
                {own.csv}
            </a>
            <nav aria-label=words.batches>{step(first, "first", start)} {step(words.previous, "prev", previous)} {step(words.next, "next", next)}</nav>
        </div>
    }
    .into_any()
}
