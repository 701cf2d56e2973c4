//! What happened to a batch, in one order: rows of different tables, merged by time.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::batch::BatchStatus;
use super::credits::Credits;
use super::id::{EventId, TransactionId};
use super::ledger::TransactionKind;
use super::time::Time;
use super::word::words;

words! {
    /// Who did it.
    Side {
        Customer = "customer",
        /// Our workers.
        Platform = "platform",
        Operator = "operator",
        Provider = "provider",
        /// What was announced to the customer's server.
        Webhook = "webhook",
    }
}

/// What our workers sign the ledger with when they settle.
pub const SETTLEMENT: &str = "settlement";
/// Every API key begins so, and a customer signs the ledger with the first characters of its key.
pub const KEY_PREFIX: &str = "bb_";

impl Side {
    /// Of whoever signed a ledger transaction or a cancellation.
    pub fn of_actor(actor: &str) -> Self {
        match actor {
            SETTLEMENT => Self::Platform,
            key if key.starts_with(KEY_PREFIX) => Self::Customer,
            _ => Self::Operator,
        }
    }
}

/// The place of something in the order: its time; then, in the same microsecond, from which table; then its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    pub at: Time,
    pub rank: u8,
    pub id: i64,
}

/// The text is not a place in a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a timeline")]
pub struct NotAMark;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.at.micros(), self.rank, self.id)
    }
}

impl FromStr for Mark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or(NotAMark);
        let (at, rank, id) = (Time::from_micros(next()?), u8::try_from(next()?).map_err(|_| NotAMark)?, next()?);
        Ok(Self { at, rank, id })
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    pub mark: Mark,
    pub side: Side,
    /// Who, as far as it has a name: a key, an operator, a worker of ours.
    pub actor: Option<String>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The request that made the batch.
    Submitted {
        tasks: i64,
    },
    /// The first task was claimed.
    Started,
    CancelRequested {
        reason: Option<String>,
    },
    Finished {
        status: BatchStatus,
    },
    /// A ledger transaction: a hold, a capture or release of a group of tasks, a reversal.
    Booked {
        id: TransactionId,
        kind: TransactionKind,
        credits: Credits,
        tasks: i64,
        reason: Option<String>,
    },
    /// An event was written for the customer's webhooks.
    Announced {
        id: EventId,
        event: String,
    },
    /// A provider answered after its task was settled. It moved no money.
    LateResult {
        task: i32,
        said: String,
    },
}

/// Order of happenings in the same microsecond: cause before effect.
pub mod rank {
    pub const SUBMITTED: u8 = 0;
    pub const CANCEL_REQUESTED: u8 = 1;
    pub const STARTED: u8 = 2;
    pub const LATE_RESULT: u8 = 3;
    pub const BOOKED: u8 = 4;
    pub const FINISHED: u8 = 5;
    pub const ANNOUNCED: u8 = 6;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_what_it_writes_and_sorts_by_time_first() {
        let mark = |at, rank, id| Mark { at: Time::from_micros(at), rank, id };
        let early = mark(1_795_000_000_000_000, 6, 99);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert!(early < mark(1_795_000_000_000_001, 0, 1) && mark(5, 0, 9) < mark(5, 1, 1) && mark(5, 1, 1) < mark(5, 1, 2));
        for wrong in ["", "1", "1-2", "a-1-2", "1-300-2", "1-2-x"] {
            assert_eq!(wrong.parse::<Mark>(), Err(NotAMark), "{wrong}");
        }
    }

    #[test]
    fn a_signature_tells_the_side() {
        let sides = ["settlement", "bb_live_4f3a", "operator", "anna@example.com"].map(Side::of_actor);
        assert_eq!(sides, [Side::Platform, Side::Customer, Side::Operator, Side::Operator]);
    }
}
