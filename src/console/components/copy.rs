//! Ids and addresses: shortened, whole on hover, copied by a button. The button shows itself only after hydration (style
//! sheet), because without WASM it can do nothing.

use leptos::prelude::*;

use crate::console::i18n::{Lang, shortened};

/// How long the button says that it has copied.
const COPIED_MS: u32 = 1_600;

/// An id, shortened and monospaced; whole on hover.
pub fn short_id(id: &str) -> AnyView {
    view! { <code class="id" title=id.to_owned()>{shortened(id)}</code> }.into_any()
}

/// A button that copies what `text` gives when it is pressed, and says so for a moment.
pub fn copy_button(lang: Lang, label: &'static str, text: impl Fn() -> String + Send + 'static) -> AnyView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        crate::browser::copy(&text());
        copied.set(true);
        crate::browser::after(COPIED_MS, move || {
            // The page may be gone by then.
            copied.try_set(false);
        });
    };
    view! {
        <button type="button" class="live" on:click=copy>
            {label}
            <span role="status" class="done-note">
                {move || if copied.get() { format!(" · {}", lang.words().copied) } else { String::new() }}
            </span>
        </button>
    }
    .into_any()
}

/// An id with a button that copies it whole.
pub fn id_with_copy(lang: Lang, id: String) -> AnyView {
    let words = lang.words();
    let copied = RwSignal::new(false);
    let label = format!("{} {id}", words.copy);
    let code = short_id(&id);
    let copy = move |_| {
        crate::browser::copy(&id);
        copied.set(true);
        crate::browser::after(COPIED_MS, move || {
            // The page may be gone by then.
            copied.try_set(false);
        });
    };
    view! {
        <span class="copied-id">
            {code}
            <button type="button" class="copy" class:done=move || copied.get() aria-label=label on:click=copy></button>
            <span role="status" class="unseen">{move || if copied.get() { words.copied } else { "" }}</span>
        </span>
    }
    .into_any()
}
