//! The server's twin of `browser.rs`, as far as the frame uses it. Nothing here is ever reached by a request, because event handlers
//! run only in browsers.

pub fn after(_ms: u32, _act: impl FnOnce() + 'static) {}

pub const fn press(_selector: &str) -> bool {
    false
}

pub const fn open_dialog(_selector: &str) {}
