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
use super::place::{here, looks_at, once_known};
use crate::console::api::batches::{BatchesFrame, BatchesPage as Listed, list_batches, read_batches_frame};
use crate::console::api::request::looked_at;
use crate::console::components::clock;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::i18n::Lang;
use crate::console::query::{BatchesQuery, ROWS};
use crate::domain::batch_list::{BatchSort, Place};
use crate::domain::page::PageSize;

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
    let query = here(BatchesQuery::at);
    let search = use_location().search.get_untracked();
    // A form sends its empty fields too; an address to be copied has none.
    let from_form = search.ends_with('=') || search.contains("=&");
    let redirect = from_form.then(|| view! { <Redirect path=lang.link(&query.to_href()) /> });
    let shown = looked_at();
    view! {
        <Title text=words.batches />
        {redirect}
        {clock::says(true, false)}
        <div class="head">
            <h1>{words.batches}</h1>
        </div>
        <p class="note">{lang.batches_words().note}</p>
        {said(lang, &search)}
        {once_known(async move {
            let frame = read_batches_frame().await.unwrap_or_default();
            match list_batches(&query, &shown).await {
                Ok(page) => whole(lang, &query, &frame, &page),
                Err(error) => failed(lang, &error),
            }
        })}
    }
    .into_any()
}

/// What came of the form that led here.
fn said(lang: Lang, search: &str) -> Option<Markup> {
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
    Some(view! { <p class=class role="status">{sentence}</p> }.written())
}

fn whole(lang: Lang, query: &BatchesQuery, frame: &BatchesFrame, page: &Listed) -> Markup {
    let tools = filters::tools(lang, query, frame, page);
    let views = views::views(lang, query, &frame.views);
    view! {
        {views}
        {tools}
        <section class="card list">{list(lang, query, page)}</section>
    }
    .written()
}

fn list(lang: Lang, query: &BatchesQuery, page: &Listed) -> Markup {
    if page.rows.is_empty() {
        return nothing(lang, query);
    }
    let announced = announcement(lang, page).map(|sentence| {
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href()) data-noscroll="">
                    {sentence}
                </a>
            </p>
        }
    });
    view! {
        {looks_at(page.rows.iter().map(|row| row.id))}
        {announced}
        {rows::table_of(lang, query, page)}
        {pager(lang, query, page.before.as_deref(), page.after.as_deref())}
    }
    .written()
}

fn announcement(lang: Lang, page: &Listed) -> Option<String> {
    match page {
        Listed { newer: 0, gone, .. } if gone.is_empty() => None,
        Listed { newer: 0, .. } => Some(lang.batches_words().changed.to_owned()),
        Listed { newer, .. } => Some((lang.words().new_rows)(*newer)),
    }
}

fn nothing(lang: Lang, query: &BatchesQuery) -> Markup {
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

fn pager(lang: Lang, query: &BatchesQuery, before: Option<&str>, after: Option<&str>) -> Markup {
    let (words, own) = (lang.words(), lang.batches_words());
    let at = |cursor: Option<&str>, place: fn(_) -> Place| {
        cursor.and_then(|text| text.parse().ok()).map(|cursor| lang.link(&query.place(place(cursor)).to_href()))
    };
    let first = if query.sort == BatchSort::Created { own.newest } else { own.first };
    let start = before.is_some().then(|| lang.link(&query.start().to_href()));
    let (previous, next) = (at(before, Place::Before), at(after, Place::After));
    let sizes: Vec<Markup> = ROWS
        .into_iter()
        .filter_map(|rows| PageSize::new(rows).ok())
        .map(|size| {
            let href = lang.link(&query.size(size).to_href());
            let current = (size == query.size).then_some("true");
            view! { <a href=href data-noscroll="" aria-current=current>{size.get()}</a> }.written()
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
    .written()
}
