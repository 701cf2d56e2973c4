//! What a page says in its HTML to the refresh clock.

use leptos::prelude::*;

/// Marks a page that still changes.
pub const LIVE: &str = "data-live";
/// Marks what must not change under a reader.
pub const STILL: &str = "data-still";

/// What a page says to the clock, in its HTML.
pub fn says(live: bool, still: bool) -> impl IntoView {
    view! { <i hidden="" data-live=live.then_some("") data-still=still.then_some("")></i> }
}
