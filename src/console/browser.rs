//! What only a browser can do. Its twin for the server is `no_browser.rs`; `lib.rs` chooses one of the two as `crate::browser`.

use gloo_timers::callback::{Interval, Timeout};

/// Calls `act` again and again, for as long as the page lives.
pub fn every(ms: u32, act: impl FnMut() + 'static) {
    Interval::new(ms, act).forget();
}

/// Calls `act` once, later.
pub fn after(ms: u32, act: impl FnOnce() + 'static) {
    Timeout::new(ms, act).forget();
}

/// Whether nobody sees the tab.
pub fn is_hidden() -> bool {
    web_sys::window().and_then(|window| window.document()).is_some_and(|document| document.hidden())
}

/// Puts `text` on the clipboard; does nothing where the browser has none to offer (an address that is neither https nor
/// loopback).
pub fn copy(text: &str) {
    if let Some(window) = web_sys::window().filter(web_sys::Window::is_secure_context) {
        // A refusal (no permission) is left to the browser to tell.
        let _ = window.navigator().clipboard().write_text(text);
    }
}
