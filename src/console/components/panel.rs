//! The states of a panel besides its content: empty, no match, error. Each says what to do next.

use leptos::prelude::*;

use super::markup::{Markup, Written};
use crate::console::i18n::Lang;

/// There is nothing yet, and this is how to get something.
pub fn empty(title: &'static str, text: impl Written) -> Markup {
    view! {
        <div class="panel-note">
            <p class="title">{title}</p>
            {text.written()}
        </div>
    }
    .written()
}

/// Something else was asked for than there is; the link leads back to what there is.
pub fn no_match(title: &'static str, text: &'static str, href: String, link: &'static str) -> Markup {
    view! {
        <div class="panel-note">
            <p class="title">{title}</p>
            <p>{text}</p>
            <p>
                <a class="button" href=href>
                    {link}
                </a>
            </p>
        </div>
    }
    .written()
}

/// A part could not be loaded. "Try again" loads the whole page anew, so it works in every state of the browser.
pub fn error(lang: Lang, sentence: &'static str, request_id: Option<&str>, href: String) -> Markup {
    let words = lang.words();
    let request_id = request_id.map(|id| {
        view! {
            <p>
                {words.request_id} " " <code>{id.to_owned()}</code>
            </p>
        }
    });
    view! {
        <div class="panel-note error" role="alert">
            <p class="title">{words.error_title}</p>
            <p>{sentence}</p>
            {request_id}
            <p>
                <a class="button" rel="external" href=href>
                    {words.try_again}
                </a>
            </p>
        </div>
    }
    .written()
}
