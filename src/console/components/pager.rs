//! Leads through pages: by number where rows are numbered, by "older" where they are not. Links and a GET form, so that it
//! works without WASM.

use leptos::prelude::*;

use super::markup::{Markup, Written};
use crate::console::i18n::Lang;

/// A choice of rows per page.
#[derive(Clone, Debug)]
pub struct Size {
    pub rows: i64,
    pub href: String,
    pub current: bool,
}

/// Where a list read by page number is, and where it leads.
#[derive(Clone, Debug)]
pub struct NumberPager {
    pub page: i64,
    pub pages: i64,
    /// Numbers of the first and the last row shown.
    pub first: i64,
    pub last: i64,
    pub total: i64,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub sizes: Vec<Size>,
    /// Where the form goes, and what it keeps: names and values.
    pub action: String,
    pub kept: Vec<(&'static str, String)>,
}

impl NumberPager {
    pub fn view(self, lang: Lang) -> Markup {
        let words = lang.words();
        let shown = format!("{}–{} {} {}", lang.number(self.first), lang.number(self.last), words.rows_of, lang.number(self.total));
        let kept: Vec<_> = self.kept.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect();
        let sizes: Vec<_> = self
            .sizes
            .into_iter()
            .map(|size| view! { <a href=size.href data-noscroll="" aria-current=size.current.then_some("true")>{size.rows}</a> })
            .collect();
        view! {
            <div class="pager">
                <span>{shown}</span>
                <span class="sizes">{words.rows_per_page} " " {sizes}</span>
                <form method="get" action=self.action>
                    {kept}
                    <label>
                        {words.go_to_page} " "
                        <input type="number" name="page" min="1" max=self.pages value=self.page required="" />
                    </label>
                    <span>{format!("{} {}", words.page_of, lang.number(self.pages))}</span>
                    <button type="submit">{words.go}</button>
                </form>
                <nav aria-label=words.go_to_page>
                    {step(words.previous, "prev", self.previous)} {step(words.next, "next", self.next)}
                </nav>
            </div>
        }
        .written()
    }
}

/// A link, or the same word greyed where there is nowhere to go, so that nothing moves under the cursor.
pub fn step(word: &'static str, rel: &'static str, href: Option<String>) -> Markup {
    match href {
        Some(href) => view! { <a class="step" rel=rel href=href data-noscroll="">{word}</a> }.written(),
        None => view! { <span class="step off">{word}</span> }.written(),
    }
}
