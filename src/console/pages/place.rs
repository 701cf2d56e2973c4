//! Where a page is, as its address says, and what whoever looks at it may do.

use leptos::prelude::*;
use leptos_router::hooks::use_url;

use crate::console::query::Params;
use crate::domain::access::{Action, Operator};

/// The typed state of the address, for as long as the address is one of this page. While the router moves on to another page
/// this one still lives for a moment: it must not follow, or it would load what nobody will see.
pub fn here<T>(at: fn(&str, Params) -> Option<T>) -> Memo<T>
where
    T: Clone + Default + PartialEq + Send + Sync + 'static,
{
    let url = use_url();
    Memo::new(move |before: Option<&T>| {
        url.with(|url| at(url.path(), &|name| url.search_params().get(name))).or_else(|| before.cloned()).unwrap_or_default()
    })
}

/// Whether whoever looks at the page may do something: what would be refused is not offered. Asked while a component is made.
pub fn may(action: Action) -> bool {
    use_context::<Operator>().is_some_and(|operator| operator.may(action))
}
