//! The server's twin of `browser.rs`: there is no tab, no timer and no clipboard. Nothing here is ever reached by a request,
//! because effects and event handlers run only in browsers.

pub fn every(_ms: u32, _act: impl FnMut() + 'static) {}

pub fn after(_ms: u32, _act: impl FnOnce() + 'static) {}

pub const fn is_hidden() -> bool {
    true
}

pub const fn copy(_text: &str) {}
