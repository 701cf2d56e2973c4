//! What only a browser can do. Its twin for the server is `no_browser.rs`; `lib.rs` chooses one of the two as `crate::browser`.

use gloo_timers::callback::{Interval, Timeout};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, HtmlDialogElement, HtmlDocument, HtmlElement, KeyboardEvent};

/// Where a key is text, not a shortcut.
const WRITING: &str = "input:not([type=radio]):not([type=checkbox]),select,textarea,[contenteditable]";

/// Calls `act` again and again, for as long as the page lives.
pub fn every(ms: u32, act: impl FnMut() + 'static) {
    Interval::new(ms, act).forget();
}

/// Calls `act` once, later.
pub fn after(ms: u32, act: impl FnOnce() + 'static) {
    Timeout::new(ms, act).forget();
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// What a selector finds first.
fn find<T: JsCast>(selector: &str) -> Option<T> {
    document()?.query_selector(selector).ok()??.dyn_into().ok()
}

/// Whether nobody sees the tab.
pub fn is_hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// Puts `text` on the clipboard; does nothing where the browser has none to offer (an address that is neither https nor
/// loopback).
pub fn copy(text: &str) {
    if let Some(window) = web_sys::window().filter(web_sys::Window::is_secure_context) {
        // A refusal (no permission) is left to the browser to tell.
        let _ = window.navigator().clipboard().write_text(text);
    }
}

/// Calls `act` with the name of each key that is pressed and that nobody else wants: not while something is written, not with
/// Alt, and not while a dialog is open, which has keys of its own. Ctrl and ⌘ are named before the key: `^k`. When `act` says
/// that it knew the key, the browser does nothing more with it.
pub fn on_key(mut act: impl FnMut(&str) -> bool + 'static) {
    let listener = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        if event.default_prevented() || event.alt_key() || event.is_composing() || find::<Element>("dialog[open]").is_some() {
            return;
        }
        let command = event.ctrl_key() || event.meta_key();
        let writing = event.target().and_then(|at| at.dyn_into::<Element>().ok()).is_some_and(|at| at.matches(WRITING) == Ok(true));
        if writing && !command && event.key() != "Escape" {
            return;
        }
        let known = if command { act(&format!("^{}", event.key())) } else { act(&event.key()) };
        if known {
            event.prevent_default();
        }
    });
    if let Some(document) = document() {
        // Nothing forbids to listen.
        let _ = document.add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref());
        listener.forget();
    }
}

pub fn focus(selector: &str) -> bool {
    find::<HtmlElement>(selector).is_some_and(|element| element.focus().is_ok())
}

/// Presses what a selector finds first; says whether there was something.
pub fn press(selector: &str) -> bool {
    find::<HtmlElement>(selector).map(|element| element.click()).is_some()
}

/// Moves the focus to the next of the elements that a selector finds, or back; from elsewhere to the first.
pub fn focus_next(selector: &str, back: bool) -> bool {
    let Some(document) = document() else { return false };
    let Ok(list) = document.query_selector_all(selector) else { return false };
    let active = document.active_element();
    let at = (0..list.length()).find(|index| list.item(*index).as_ref() == active.as_deref());
    let to = match (at, back) {
        (None, _) => 0,
        (Some(at), true) => at.saturating_sub(1),
        (Some(at), false) => (at + 1).min(list.length().saturating_sub(1)),
    };
    list.item(to).and_then(|node| node.dyn_into::<HtmlElement>().ok()).is_some_and(|element| element.focus().is_ok())
}

/// Opens a dialog over the page.
pub fn open_dialog(selector: &str) {
    if let Some(dialog) = find::<HtmlDialogElement>(selector).filter(|dialog| !dialog.open()) {
        // Fails only for a dialog that is open.
        let _ = dialog.show_modal();
    }
}

/// All cookies of the page, as `name=value; name=value`.
pub fn cookies() -> String {
    document().and_then(|document| document.dyn_into::<HtmlDocument>().ok()).and_then(|document| document.cookie().ok()).unwrap_or_default()
}

pub fn set_cookie(cookie: &str) {
    if let Some(document) = document().and_then(|document| document.dyn_into::<HtmlDocument>().ok()) {
        // A browser that keeps no cookies keeps no preferences.
        let _ = document.set_cookie(cookie);
    }
}

/// The name of the machine's time zone.
pub fn time_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone")).ok()?.as_string()
}
