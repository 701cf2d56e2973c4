//! What a request for a page says besides who sends it.

use std::str::FromStr;

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::console::part::{PART, SEEN};
use crate::domain::page::PAGE_MAX;

/// Path and query.
pub fn address() -> String {
    use_context::<Parts>().and_then(|parts| parts.uri.path_and_query().map(ToString::to_string)).unwrap_or_default()
}

/// Whether the browser has the frame already.
pub fn asks_for_part() -> bool {
    use_context::<Parts>().is_some_and(|parts| parts.headers.contains_key(PART))
}

/// The rows that are looked at, in order, when the page is only refreshed: they stay, so that nothing moves under a reader.
pub fn looked_at<T: FromStr>() -> Vec<T> {
    let parts = use_context::<Parts>();
    let text = parts.as_ref().and_then(|parts| parts.headers.get(SEEN)?.to_str().ok()).unwrap_or_default();
    text.split(',').filter_map(|id| id.parse().ok()).take(usize::try_from(PAGE_MAX).unwrap_or_default()).collect()
}
