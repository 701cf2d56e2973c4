//! The console: what operators look at. Pages are written on the server; the frame around them is taken over by the browser half
//! (`in_browser.rs` is its root), which turns the pages.

pub mod api;
mod app;
#[path = "no_browser.rs"]
pub mod browser;
pub mod components;
pub mod frame;
pub mod i18n;
mod opening;
pub mod pages;
pub mod part;
pub mod preferences;
pub mod query;
mod shell;

pub use app::App;
pub use opening::Opening;
pub use shell::shell;
