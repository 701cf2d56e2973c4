//! The server's twin of `browser.rs`, as far as the frame uses it: there is no tab and no timer. Nothing here is ever reached by a
//! request, because effects and event handlers run only in browsers.

pub fn every(_ms: u32, _act: impl FnMut() + 'static) {}

pub fn after(_ms: u32, _act: impl FnOnce() + 'static) {}

pub const fn is_hidden() -> bool {
    true
}

pub const fn is_selecting() -> bool {
    false
}

pub const fn press(_selector: &str) -> bool {
    false
}

pub const fn open_dialog(_selector: &str) {}
