//! Where a page is, as its address says, who looks at it, and how it waits for what it shows.

use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::failed::failed;
use crate::console::api::ConsoleError;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::Params;
use crate::domain::access::{Action, Operator};

/// The typed state of the address.
pub fn here<T: Default>(at: fn(&str, Params) -> Option<T>) -> T {
    use_url().with_untracked(|url| at(url.path(), &|name| url.search_params().get(name))).unwrap_or_default()
}

/// Whether whoever looks at the page may do something: what would be refused is not offered.
pub fn may(action: Action) -> bool {
    use_context::<Operator>().is_some_and(|operator| operator.may(action))
}

/// Says which rows are looked at, for `api::request::looked_at`.
pub fn looks_at(ids: impl Iterator<Item = impl ToString>) -> Markup {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    view! { <i hidden="" data-seen=ids.join(",")></i> }.written()
}

/// A view that is there once what it shows is known. It is waited for by the page itself: inside of what is written it would be
/// left out.
pub fn once_known(view: impl Future<Output = Markup> + Send + 'static) -> AnyView {
    Suspend::new(view).into_any()
}

/// The same, with what stands there when it cannot be known.
pub fn or_failed<T: 'static>(
    lang: Lang,
    asked: impl Future<Output = Result<T, ConsoleError>> + Send + 'static,
    view: impl FnOnce(T) -> Markup + Send + 'static,
) -> AnyView {
    once_known(known_or_failed(lang, asked, view))
}

/// What is known, or what stands there when it cannot be.
pub async fn known_or_failed<T>(
    lang: Lang,
    asked: impl Future<Output = Result<T, ConsoleError>> + Send,
    view: impl FnOnce(T) -> Markup + Send,
) -> Markup {
    match asked.await {
        Ok(known) => view(known),
        Err(error) => failed(lang, &error),
    }
}
