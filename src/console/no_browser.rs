//! The server's twin of `browser.rs`: there is no tab, no timer and no clipboard. Nothing here is ever reached by a request,
//! because effects and event handlers run only in browsers.

pub fn every(_ms: u32, _act: impl FnMut() + 'static) {}

pub fn after(_ms: u32, _act: impl FnOnce() + 'static) {}

pub const fn is_hidden() -> bool {
    true
}

pub const fn is_selecting() -> bool {
    false
}

pub const fn copy(_text: &str) {}

pub fn on_key(_act: impl FnMut(&str) -> bool + 'static) {}

pub const fn focus(_selector: &str) -> bool {
    false
}

pub const fn press(_selector: &str) -> bool {
    false
}

pub const fn focus_next(_selector: &str, _back: bool) -> bool {
    false
}

pub const fn open_dialog(_selector: &str) {}

pub const fn cookies() -> String {
    String::new()
}

pub const fn set_cookie(_cookie: &str) {}

pub const fn time_zone() -> Option<String> {
    None
}

pub const fn address() -> String {
    String::new()
}

pub const fn print() {}
