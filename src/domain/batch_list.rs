//! What a list of batches is asked for: which ones, in which order, from where on. The address of the page, the operators' API
//! and the CSV all say it with the same words.

use serde::{Deserialize, Serialize};

use super::batch::{Batch, BatchStatus};
use super::credits::Credits;
use super::failure::{FailureType, Party};
use super::id::{BatchId, CustomerId};
use super::money::Money;
use super::time::Time;
use super::word::words;

words! {
    /// What a list is sorted by. Ties, and [`Self::Created`], go by the order in which batches were stored.
    BatchSort {
        Created = "created",
        /// Open batches are the latest.
        Finished = "finished",
        /// Open batches are the longest.
        Duration = "duration",
        Failed = "failed",
        Refunded = "refunded",
        Profit = "profit",
        /// Batches without revenue are the lowest.
        Margin = "margin",
    }
}

words! {
    Order {
        /// The newest, the latest, the most, first.
        Descending = "desc",
        Ascending = "asc",
    }
}

impl Order {
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Descending => Self::Ascending,
            Self::Ascending => Self::Descending,
        }
    }
}

/// A set of states. The empty set asks for no state in particular: it is no filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statuses(u8);

impl Statuses {
    pub fn of(statuses: &[BatchStatus]) -> Self {
        Self(statuses.iter().fold(0, |set, status| set | 1 << *status as u8))
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn has(self, status: BatchStatus) -> bool {
        self.0 & (1 << status as u8) != 0
    }

    /// With the state if it was without, and the other way round.
    #[must_use]
    pub const fn toggled(self, status: BatchStatus) -> Self {
        Self(self.0 ^ (1 << status as u8))
    }

    pub fn iter(self) -> impl Iterator<Item = BatchStatus> {
        BatchStatus::ALL.iter().copied().filter(move |status| self.has(*status))
    }
}

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i64);

const DAY_US: i64 = 86_400_000_000;

impl Day {
    pub const fn of(time: Time) -> Self {
        Self(time.micros().div_euclid(DAY_US))
    }

    pub const fn start(self) -> Time {
        Time::from_micros(self.0 * DAY_US)
    }

    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    pub const fn from_number(days: i64) -> Self {
        Self(days)
    }

    /// Days since 1970.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.start().to_string().get(..10).unwrap_or_default())
    }
}

impl std::str::FromStr for Day {
    type Err = super::time::NotATime;

    /// `2026-11-22`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 10 {
            return Err(super::time::NotATime);
        }
        format!("{text}T00:00:00Z").parse().map(Self::of)
    }
}

/// Which batches. Every part that is there must hold; the default asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchFilter {
    pub statuses: Statuses,
    pub customer: Option<CustomerId>,
    /// Name of a model: batches with a task of it.
    pub model: Option<String>,
    /// First day of submission.
    pub from: Option<Day>,
    /// Last day of submission.
    pub to: Option<Day>,
    /// Batches with a task that failed so, or that this party bears, or with an attempt that did and cost something; both of the
    /// same kind where both are given.
    pub failure: Option<FailureType>,
    pub party: Option<Party>,
    pub has_failures: bool,
    /// More credits given back than these.
    pub refund_over: Option<i64>,
    /// Cost more than they made.
    pub losses: bool,
    /// Names and values that could not be read. With one of them nothing matches: what was asked for is not known, and is
    /// certainly not everything.
    pub unreadable: Vec<(&'static str, String)>,
}

impl BatchFilter {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it asks for a part of what batches are: see [`Part`].
    pub const fn asks_for_part(&self) -> bool {
        self.model.is_some() || self.failure.is_some() || self.party.is_some()
    }

    /// Reads the parameters that `get` finds by name.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut filter = Self::default();
        for name in Self::NAMES {
            let Some(text) = get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { continue };
            if !filter.set(name, &text) {
                filter.unreadable.push((name, text));
            }
        }
        filter
    }

    pub const NAMES: [&'static str; 10] =
        ["state", "customer", "model", "from", "to", "failure", "party", "failures", "refund_over", "losses"];

    /// False when the text is none of the parameter.
    fn set(&mut self, name: &str, text: &str) -> bool {
        fn put<T, E>(place: &mut Option<T>, read: Result<T, E>) -> bool {
            *place = read.ok();
            place.is_some()
        }
        match name {
            "state" => {
                let read: Result<Vec<BatchStatus>, _> = text.split(',').map(str::parse).collect();
                read.is_ok_and(|statuses| {
                    self.statuses = Statuses::of(&statuses);
                    true
                })
            }
            "customer" => put(&mut self.customer, text.parse()),
            "model" => put(&mut self.model, Ok::<_, ()>(text.to_owned())),
            "from" => put(&mut self.from, text.parse()),
            "to" => put(&mut self.to, text.parse()),
            "failure" => put(&mut self.failure, text.parse()),
            "party" => put(&mut self.party, text.parse()),
            "failures" => {
                self.has_failures = text == "1";
                self.has_failures
            }
            "refund_over" => put(&mut self.refund_over, text.parse().ok().filter(|credits| *credits >= 0).ok_or(())),
            "losses" => {
                self.losses = text == "1";
                self.losses
            }
            _ => false,
        }
    }

    /// Names and values of what is asked for, ready to be read again.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut put = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        let words: Vec<&str> = self.statuses.iter().map(BatchStatus::as_str).collect();
        put("state", (!words.is_empty()).then(|| words.join(",")));
        put("customer", self.customer.map(|id| id.to_string()));
        put("model", self.model.clone());
        put("from", self.from.map(|day| day.to_string()));
        put("to", self.to.map(|day| day.to_string()));
        put("failure", self.failure.map(|failure| failure.to_string()));
        put("party", self.party.map(|party| party.to_string()));
        put("failures", self.has_failures.then(|| "1".to_owned()));
        put("refund_over", self.refund_over.map(|credits| credits.to_string()));
        put("losses", self.losses.then(|| "1".to_owned()));
        pairs.extend(self.unreadable.iter().cloned());
        pairs
    }
}

/// A row of a sorted list: what comes after it, or before it, is asked for by naming it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is sorted by; 0 where that is the row itself.
    pub value: i64,
    pub id: BatchId,
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotACursor;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value {
            0 => write!(f, "{}", self.id),
            value => write!(f, "{value}.{}", self.id),
        }
    }
}

impl std::str::FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (value, id) = text.split_once('.').unwrap_or(("0", text));
        Ok(Self { value: value.parse().map_err(|_| NotACursor)?, id: id.parse().map_err(|_| NotACursor)? })
    }
}

/// From where on a list is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    Start,
    After(Cursor),
    Before(Cursor),
}

/// What open batches are sorted by where only finished ones have it.
pub const OPEN: i64 = i64::MAX;
/// Margin of a batch without revenue.
pub const NO_MARGIN: i64 = -1_000_000_000;

impl BatchSort {
    /// What a batch is sorted by. The store says the same in SQL.
    pub fn value(self, batch: &Batch) -> i64 {
        let finished_at = batch.state.finished_at();
        match self {
            Self::Created => 0,
            Self::Finished => finished_at.map_or(OPEN, Time::micros),
            Self::Duration => finished_at.map_or(OPEN, |at| at.micros_since(batch.created_at)),
            Self::Failed => batch.counts.failed,
            Self::Refunded => batch.credits.refunded.get(),
            Self::Profit => batch.profit().micros(),
            Self::Margin => batch.profit().permille_of(batch.revenue).unwrap_or(NO_MARGIN),
        }
    }
}

/// How many batches are in a state, counted up to [`COUNT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCount {
    pub status: BatchStatus,
    pub batches: i64,
}

/// What of a batch a filter by failure, party or model asks for, where its other figures are of the whole batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Tasks of the model that is asked for.
    pub ordered: Option<i64>,
    pub failed: i64,
    /// Credits given back for them, and provider cost, repeated attempts included; not known by model.
    pub refunded: Option<Credits>,
    pub sunk: Option<Money>,
}

/// Counting stops here: a list that is counted to its end is a list that times out.
pub const COUNT_MAX: i64 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, String)]) -> BatchFilter {
        BatchFilter::read(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()))
    }

    fn one(name: &'static str, value: &str) -> BatchFilter {
        read(&[(name, value.to_owned())])
    }

    #[test]
    fn a_filter_reads_what_it_writes() {
        let full = BatchFilter {
            statuses: Statuses::of(&[BatchStatus::Partial, BatchStatus::Queued]),
            customer: "cus_00fkqz1b3r000000000000000g".parse().ok(),
            model: Some("veo pro & co".to_owned()),
            from: "2026-11-01".parse().ok(),
            to: "2026-11-22".parse().ok(),
            failure: Some(FailureType::Timeout),
            party: Some(Party::Provider),
            has_failures: true,
            refund_over: Some(1_000),
            losses: true,
            unreadable: Vec::new(),
        };
        assert_eq!(full.pairs().len(), BatchFilter::NAMES.len());
        assert_eq!(read(&full.pairs()), full);
        assert_eq!(full.pairs()[0], ("state", "queued,partial".to_owned()));
        assert!(read(&[]).is_default());
        for pair in full.pairs() {
            assert_eq!(read(std::slice::from_ref(&pair)).pairs(), [pair]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_is_not_everything() {
        for (name, value) in [
            ("state", "done"),
            ("state", "queued,done"),
            ("customer", "acme"),
            ("from", "yesterday"),
            ("to", "2026-02-30"),
            ("failure", "bad luck"),
            ("party", "nobody"),
            ("failures", "yes"),
            ("refund_over", "-1"),
            ("refund_over", "many"),
            ("losses", "0"),
        ] {
            let filter = one(name, value);
            assert_eq!(filter.unreadable, [(name, value.to_owned())]);
            assert_eq!(read(&filter.pairs()).unreadable, filter.unreadable, "{name}={value}");
        }
        assert!(one("party", " ").is_default(), "a field that was left empty asks for nothing");
    }

    #[test]
    fn days_are_whole_and_utc() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!((day.to_string(), day.start().to_string()), ("2026-11-22".to_owned(), "2026-11-22T00:00:00Z".to_owned()));
        assert_eq!(Day::of(day.plus(1).start().plus_micros(-1)), day);
        assert_eq!(Day::of(Time::from_micros(-1)).to_string(), "1969-12-31");
    }

    #[test]
    fn cursors_read_back() {
        let id: BatchId = "bat_00fkqz1b3r000000000000000g".parse().unwrap();
        for value in [0, -5, i64::MAX, NO_MARGIN] {
            let cursor = Cursor { value, id };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        assert_eq!(id.to_string().parse(), Ok(Cursor { value: 0, id }));
        for wrong in ["", "5", "x.bat_1", "5.", "bat_1"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(NotACursor), "{wrong}");
        }
    }
}
