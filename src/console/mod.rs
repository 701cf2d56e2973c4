//! The console: what operators look at. The same code makes the HTML on the server and takes it over in the browser.

pub mod api;
mod app;
pub mod components;
pub mod i18n;
pub mod pages;
pub mod query;
mod shell;

pub use app::App;
pub use shell::shell;

/// Given by the server as context: whether every model is made by the simulated provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimulatedProvider(pub bool);
