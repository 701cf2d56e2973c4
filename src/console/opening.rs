//! What the server knows when it writes a page. It gives it as context, and sends it along with the page, so that the frame is
//! the same in both halves.

use serde::{Deserialize, Serialize};

use super::frame::Address;
use super::i18n::{Lang, Zone};
use super::preferences::Preferences;
use crate::domain::access::Operator;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Whether every model is made by the simulated provider.
    pub simulated: bool,
    pub preferences: Preferences,
    /// The preferred one. Moments are written by the server alone.
    #[serde(skip, default = "utc")]
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

impl Opening {
    /// How the person reads. The address may name another language than they prefer.
    pub fn lang(&self, address: Address) -> Lang {
        Lang::of(address.language().as_deref(), self.preferences.language, self.zone)
    }
}

const fn utc() -> Zone {
    Zone::UTC
}
