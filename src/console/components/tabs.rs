//! Sections of a page as links: each has an address of its own.

use leptos::prelude::*;

use super::markup::{Markup, Written};

/// One section.
#[derive(Clone, Debug)]
pub struct TabLink {
    pub name: &'static str,
    /// Beside the name, smaller.
    pub count: Option<String>,
    pub href: String,
    pub current: bool,
}

pub fn tabs(label: &'static str, links: Vec<TabLink>) -> Markup {
    let links: Vec<_> = links
        .into_iter()
        .map(|link| {
            view! {
                <a href=link.href data-noscroll="" aria-current=link.current.then_some("page")>
                    {link.name}
                    {link.count.map(|count| view! { <small>{count}</small> })}
                </a>
            }
        })
        .collect();
    view! {
        <nav class="tabs" aria-label=label>
            {links}
        </nav>
    }
    .written()
}
