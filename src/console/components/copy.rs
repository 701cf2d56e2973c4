//! Ids and addresses: shortened, whole on hover, copied by a button. The button shows itself only after hydration (style
//! sheet), because without WASM it can do nothing.

use leptos::prelude::*;

use super::markup::{Markup, Written};
use crate::console::i18n::{Lang, shortened};

/// An id, shortened and monospaced; whole on hover.
pub fn short_id(id: &str) -> Markup {
    view! { <code class="id" title=id.to_owned()>{shortened(id)}</code> }.written()
}

/// A button that copies a text when it is pressed, or the address of the page when the text is empty, and says so for a moment.
pub fn copy_button(label: &'static str, text: String) -> Markup {
    view! {
        <span>
            <button type="button" class="live" data-copy=text>
                {label}
            </button>
            <span role="status" class="done-note"></span>
        </span>
    }
    .written()
}

/// An id with a button that copies it whole.
pub fn id_with_copy(lang: Lang, id: String) -> Markup {
    let label = format!("{} {id}", lang.words().copy);
    view! {
        <span class="copied-id">
            {short_id(&id)}
            <button type="button" class="copy" aria-label=label data-copy=id></button>
            <span role="status" class="unseen"></span>
        </span>
    }
    .written()
}
