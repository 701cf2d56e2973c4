//! What the first page says: the batches submitted in a window of days, what has become of them until now, and whether anything
//! is stuck. Every sum is one over the batches *submitted* in the window, so that the list of batches with those days shows the
//! rows behind it.

use serde::Serialize;

use super::batch::BatchStatus;
use super::batch_list::Day;
use super::failure::Party;
use super::id::BatchId;
use super::time::Time;
use super::word::words;

words! {
    /// Days that are looked at; today is always the last of them.
    Window {
        Today = "today",
        Week = "7d",
        Month = "30d",
    }
}

impl Window {
    pub const fn days(self) -> i64 {
        match self {
            Self::Today => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }

    pub const fn first(self, today: Day) -> Day {
        today.plus(1 - self.days())
    }
}

/// Sums over batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub batches: i64,
    pub tasks: i64,
    /// Tasks that wait, and tasks that are being made.
    pub pending: i64,
    pub processing: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub canceled: i64,
    pub credits_held: i64,
    pub credits_charged: i64,
    pub credits_refunded: i64,
    pub revenue_microusd: i64,
    pub cost_microusd: i64,
}

impl Sums {
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            batches: self.batches + other.batches,
            tasks: self.tasks + other.tasks,
            pending: self.pending + other.pending,
            processing: self.processing + other.processing,
            succeeded: self.succeeded + other.succeeded,
            failed: self.failed + other.failed,
            canceled: self.canceled + other.canceled,
            credits_held: self.credits_held + other.credits_held,
            credits_charged: self.credits_charged + other.credits_charged,
            credits_refunded: self.credits_refunded + other.credits_refunded,
            revenue_microusd: self.revenue_microusd + other.revenue_microusd,
            cost_microusd: self.cost_microusd + other.cost_microusd,
        }
    }

    pub const fn profit_microusd(&self) -> i64 {
        self.revenue_microusd - self.cost_microusd
    }
}

/// Tenths of a percent of `whole`; `None` when there is no whole.
pub fn permille(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| i64::try_from(i128::from(part) * 1000 / i128::from(whole)).unwrap_or(0))
}

/// Batches of one day that are in one state now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DaySums {
    pub day: Day,
    pub status: BatchStatus,
    pub sums: Sums,
}

/// Failed tasks of one day that one party bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DayFailures {
    pub day: Day,
    pub party: Party,
    pub tasks: i64,
    pub credits_refunded: i64,
    pub cost_microusd: i64,
}

/// Tasks of one model: how many were ordered, and how many of those have failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelFailures {
    pub model: String,
    pub ordered: i64,
    pub failed: i64,
}

/// What is summed up over the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub from: Day,
    pub to: Day,
    pub days: Vec<DaySums>,
    pub failures: Vec<DayFailures>,
    pub models: Vec<ModelFailures>,
}

impl Report {
    pub fn total(&self) -> Sums {
        self.days.iter().fold(Sums::default(), |sum, day| sum.plus(day.sums))
    }

    pub fn of_status(&self, status: BatchStatus) -> Sums {
        self.days.iter().filter(|day| day.status == status).fold(Sums::default(), |sum, day| sum.plus(day.sums))
    }

    pub fn of_day(&self, day: Day) -> Sums {
        self.days.iter().filter(|sums| sums.day == day).fold(Sums::default(), |sum, day| sum.plus(day.sums))
    }

    /// Tasks, credits refunded, micro-dollars sunk.
    pub fn of_party(&self, party: Party) -> (i64, i64, i64) {
        let of = self.failures.iter().filter(|failures| failures.party == party);
        of.fold((0, 0, 0), |(tasks, credits, cost), f| (tasks + f.tasks, credits + f.credits_refunded, cost + f.cost_microusd))
    }

    pub fn iter_days(&self) -> impl Iterator<Item = Day> + use<> {
        let from = self.from;
        (0..=self.to.number() - from.number()).map(move |offset| from.plus(offset))
    }
}

/// A worker that is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerSeen {
    pub name: String,
    pub started_at: Time,
    pub heartbeat_at: Time,
}

/// What waits, over all open batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Backlog {
    pub batches: i64,
    /// Batches with a task that waits.
    pub waiting_batches: i64,
    pub pending: i64,
    pub processing: i64,
    /// When a task was last claimed; `None` where no open batch ever got a turn.
    pub claimed_at: Option<Time>,
    /// When the oldest open batch was submitted.
    pub oldest_at: Option<Time>,
}

/// A route by which nothing is sent for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PausedRoute {
    pub model: String,
    pub provider: String,
    pub until: Time,
    pub reason: Option<String>,
}

/// A model that cannot be ordered any more, or soon not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetiringModel {
    pub model: String,
    pub retires_at: Time,
    pub successor: Option<String>,
}

/// Why work does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stuck {
    /// Tasks wait and no worker is alive.
    NoWorker,
    /// Tasks wait, and what could be sent is paused.
    Paused,
    /// Tasks wait, workers are alive, and none of them claims or has anything in hand.
    NotClaiming,
}

/// How things are now, whatever window is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Now {
    pub workers: Vec<WorkerSeen>,
    pub backlog: Backlog,
    pub oldest: Option<BatchId>,
    pub paused: Vec<PausedRoute>,
    pub retiring: Vec<RetiringModel>,
    pub stuck: Option<Stuck>,
}

/// Nobody claimed for so long: that is no pause between two tasks any more.
pub const STUCK_S: i64 = 120;
/// A model that retires within this time is told of.
pub const RETIRING_DAYS: i64 = 60;

impl Stuck {
    pub fn of(backlog: &Backlog, workers: usize, paused: usize, now: Time) -> Option<Self> {
        if backlog.pending == 0 {
            return None;
        }
        let since = backlog.claimed_at.max(backlog.oldest_at);
        let long = since.is_none_or(|since| now.micros_since(since) > STUCK_S * 1_000_000);
        match (workers, long && backlog.processing == 0, paused) {
            (0, ..) => Some(Self::NoWorker),
            (_, false, _) => None,
            (_, true, 0) => Some(Self::NotClaiming),
            (_, true, _) => Some(Self::Paused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_795_000_000_000_000);

    #[test]
    fn a_window_ends_today() {
        let today = Day::of(NOW);
        assert_eq!(Window::Today.first(today), today);
        assert_eq!(Window::Week.first(today).plus(6), today);
        assert_eq!(Window::Month.first(today).plus(29), today);
    }

    #[test]
    fn says_what_is_stuck_and_only_then() {
        let waiting = Backlog { batches: 1, waiting_batches: 1, pending: 10, oldest_at: Some(NOW.plus_s(-600)), ..Backlog::default() };
        assert_eq!(Stuck::of(&Backlog::default(), 0, 0, NOW), None, "nothing waits");
        assert_eq!(Stuck::of(&waiting, 0, 0, NOW), Some(Stuck::NoWorker));
        assert_eq!(Stuck::of(&waiting, 1, 0, NOW), Some(Stuck::NotClaiming));
        assert_eq!(Stuck::of(&waiting, 1, 2, NOW), Some(Stuck::Paused));
        assert_eq!(Stuck::of(&Backlog { processing: 1, ..waiting }, 1, 0, NOW), None, "something is being made");
        assert_eq!(Stuck::of(&Backlog { claimed_at: Some(NOW.plus_s(-5)), ..waiting }, 1, 0, NOW), None);
        assert_eq!(Stuck::of(&Backlog { oldest_at: Some(NOW.plus_s(-5)), ..waiting }, 1, 0, NOW), None, "just submitted");
    }

    #[test]
    fn a_share_of_nothing_is_no_number() {
        assert_eq!([permille(1, 0), permille(1, 3), permille(0, 9)], [None, Some(333), Some(0)]);
    }
}
