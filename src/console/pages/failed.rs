//! What stands in the place of a part that could not be loaded.

use crate::console::api::ConsoleError;
use crate::console::components::markup::Markup;
use crate::console::components::panel;
use crate::console::i18n::Lang;

pub fn failed(lang: Lang, error: &ConsoleError) -> Markup {
    let words = lang.words();
    let sentence = match error {
        ConsoleError::NotFound => words.error_not_found,
        ConsoleError::SignedOut => words.error_signed_out,
        ConsoleError::Forbidden => words.error_forbidden,
        ConsoleError::PasswordNeeded => words.error_password,
        ConsoleError::Unavailable { .. } => words.error_unavailable,
        ConsoleError::Unreadable => words.error_unreadable,
        ConsoleError::Internal { .. } => words.error_internal,
    };
    // An empty address is that of the page itself.
    panel::error(lang, sentence, error.request_id(), String::new())
}
