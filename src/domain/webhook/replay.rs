//! Replays (`rpl_`): what failed to arrive at one endpoint within a window, sent again as one thing that can be followed and
//! stopped. The set is frozen at the moment of its preview: what fails later is not in it, and what arrives meanwhile is skipped.

use serde::{Deserialize, Serialize};

use super::super::id::{EndpointId, ReplayId, ReplayKey};
use super::super::time::Time;
use super::super::word::words;
use super::EventType;

/// Deliveries of one replay at most.
pub const REPLAY_MAX: i64 = 50_000;
/// A window is at most so long.
pub const REPLAY_WINDOW_MAX_S: i64 = 30 * 24 * 3_600;

words! {
    /// How a delivery ended without arriving.
    FailedAs {
        Exhausted = "exhausted",
        Canceled = "canceled",
    }
}

words! {
    ReplayState {
        Running = "running",
        /// Everything in it was sent once, or skipped.
        Completed = "completed",
        /// Stopped: what was in line and not sent is canceled.
        Aborted = "aborted",
    }
}

words! {
    /// Why a replay was stopped.
    AbortedBecause {
        /// Somebody asked for it.
        Asked = "asked",
        EndpointDisabled = "endpoint_disabled",
        EndpointDeleted = "endpoint_deleted",
    }
}

/// What is to be sent again. There is no window of everything: the endpoint and both ends are always said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayWindow {
    pub endpoint: EndpointId,
    /// Deliveries that were made from then,
    pub since: Time,
    /// and before then.
    pub until: Time,
    /// Only events of this type.
    pub kind: Option<EventType>,
    /// Only what ended so.
    pub failed_as: Option<FailedAs>,
}

impl ReplayWindow {
    pub fn is_good(&self) -> bool {
        (1..=REPLAY_WINDOW_MAX_S * 1_000_000).contains(&self.until.micros_since(self.since))
    }
}

/// What a replay would do, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayPreview {
    pub window: ReplayWindow,
    /// The set is frozen at this moment.
    pub asked_at: Time,
    /// Deliveries in the set.
    pub total: i64,
    /// Of those, delivered since they failed: skipped.
    pub delivered_since: i64,
    /// Of those, on their way again by themselves: skipped.
    pub on_way: i64,
    /// Starts exactly this replay, once.
    pub token: String,
}

impl ReplayPreview {
    /// Deliveries that would be sent.
    pub const fn to_send(&self) -> i64 {
        self.total - self.delivered_since - self.on_way
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    pub key: ReplayKey,
    pub id: ReplayId,
    /// Where to.
    pub url: String,
    pub window: ReplayWindow,
    pub asked_at: Time,
    /// Deliveries in the set, as the preview said.
    pub total: i64,
    /// Put in line so far.
    pub replayed: i64,
    /// Passed over so far: delivered since, or on their way by themselves.
    pub skipped: i64,
    /// Of those in line, answered with 2xx at once.
    pub delivered: i64,
    /// Of those in line, not; they follow their schedule from there.
    pub failed: i64,
    pub status: ReplayStatus,
    pub reason: String,
    /// Who started it.
    pub actor: String,
    pub created_at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayStatus {
    Running,
    Completed { at: Time },
    Aborted { at: Time, because: AbortedBecause, by: Option<String> },
}

impl ReplayStatus {
    pub const fn state(&self) -> ReplayState {
        match self {
            Self::Running => ReplayState::Running,
            Self::Completed { .. } => ReplayState::Completed,
            Self::Aborted { .. } => ReplayState::Aborted,
        }
    }

    pub const fn finished_at(&self) -> Option<Time> {
        match self {
            Self::Running => None,
            Self::Completed { at } | Self::Aborted { at, .. } => Some(*at),
        }
    }
}

impl Replay {
    /// Deliveries that were dealt with: sent once, or passed over. All of them when it is completed.
    pub const fn done(&self) -> i64 {
        self.delivered + self.failed + self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_two_ends_and_at_most_thirty_days() {
        let since = Time::from_micros(1_795_000_000_000_000);
        let endpoint = "whe_00fkqz1b3r000000000000000g".parse().unwrap();
        let window = |s| ReplayWindow { endpoint, since, until: since.plus_s(s), kind: None, failed_as: None };
        assert!(window(1).is_good() && window(REPLAY_WINDOW_MAX_S).is_good());
        assert!(!window(0).is_good() && !window(-1).is_good() && !window(REPLAY_WINDOW_MAX_S + 1).is_good());
    }
}
