//! The console: what operators look at. The same code makes the HTML on the server and takes it over in the browser.

pub mod api;
mod app;
pub mod components;
mod frame;
pub mod i18n;
pub mod pages;
pub mod preferences;
pub mod query;
mod shell;

use serde::{Deserialize, Serialize};

use self::i18n::Zone;
use self::preferences::Preferences;
use crate::domain::access::Operator;
pub use app::App;
pub use shell::shell;

/// What the server knows when it writes a page. It gives it as context, and sends it along with the page, so that the browser
/// shows the same at first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Whether every model is made by the simulated provider.
    pub simulated: bool,
    pub preferences: Preferences,
    /// The preferred one.
    pub zone: Zone,
    /// Who has signed in.
    pub operator: Option<Operator>,
    /// Whether somebody else vouches for operators.
    pub vouches: bool,
}

impl Default for Opening {
    fn default() -> Self {
        Self { simulated: false, preferences: Preferences::default(), zone: Zone::UTC, operator: None, vouches: false }
    }
}
