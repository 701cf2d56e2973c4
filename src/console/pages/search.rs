//! What was found. One thing that was meant exactly is not listed but opened.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;

use super::place::{here, or_failed};
use crate::console::api::search::search;
use crate::console::components::hit::hit_line;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::panel;
use crate::console::i18n::Lang;
use crate::console::query::{SearchQuery, href_of};
use crate::domain::search::Found;

const ROWS_MAX: u32 = 20;

#[component]
pub fn SearchPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.shell_words();
    let query = here(SearchQuery::at);
    let title = if query.text.is_empty() { words.search.to_owned() } else { format!("{}: {}", words.search, query.text) };
    let text = query.text.clone();
    let found = async move { search(&text, ROWS_MAX).await };
    view! {
        <Title text=title />
        <div class="head">
            <h1>{words.search}</h1>
        </div>
        <form method="get" action=SearchQuery::PATH role="search" class="find-again">
            {lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> })}
            <input type="search" name="q" value=query.text.clone() aria-label=words.search placeholder=words.search_text maxlength="200" />
            <button type="submit">{words.search}</button>
        </form>
        <section class="card">
            {or_failed(lang, found, move |found| listed(lang, &query.text, &found))}
        </section>
    }
    .into_any()
}

fn listed(lang: Lang, text: &str, found: &Found) -> Markup {
    let words = lang.shell_words();
    if let Some(hit) = found.only() {
        return view! { <Redirect path=lang.link(&href_of(hit)) /> }.written();
    }
    if text.trim().is_empty() {
        return panel::empty(words.search_empty, words.search_what);
    }
    if found.hits.is_empty() {
        return panel::empty(words.search_none, words.search_what);
    }
    let rows: Vec<Markup> = found
        .hits
        .iter()
        .map(|hit| view! { <li><a class="row-link hit" href=lang.link(&href_of(hit))>{hit_line(lang, hit)}</a></li> }.written())
        .collect();
    view! {
        <ul class="hits">{rows}</ul>
        {found.has_more.then_some(view! { <p class="note inset">{words.search_more}</p> })}
    }
    .written()
}
