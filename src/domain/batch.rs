//! A batch: 1 to 10,000 tasks submitted, held and settled together.
//!
//! `queued → processing → completed | partial | failed`, and from `queued` or `processing`: `canceling → canceled`.

use serde::Serialize;

use super::credits::Credits;
use super::failure::{FailureType, Party};
use super::id::{BatchId, BatchKey, CustomerId, CustomerKey};
use super::money::Money;
use super::time::Time;
use super::word::words;

words! {
    /// The word of a batch's state.
    BatchStatus {
        Queued = "queued",
        Processing = "processing",
        Canceling = "canceling",
        Completed = "completed",
        Partial = "partial",
        Failed = "failed",
        Canceled = "canceled",
    }
}

impl BatchStatus {
    /// Nothing about a finished batch changes any more, except by a reversing transaction.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Partial | Self::Failed | Self::Canceled)
    }
}

/// A batch's state with what is known only in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    Queued,
    Processing { started_at: Time },
    Canceling { started_at: Option<Time>, requested_at: Time },
    Finished { started_at: Option<Time>, finished_at: Time, end: BatchEnd },
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEnd {
    /// Every task succeeded.
    Completed,
    /// Some succeeded, some failed.
    Partial,
    /// Every task failed.
    Failed,
    /// It was canceled before every task had run.
    Canceled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchTransitionError {
    #[error("the batch is already finished as {0}")]
    Finished(BatchStatus),
    #[error("the batch is already being canceled")]
    Canceling,
    #[error("{0} tasks of the batch are still open")]
    Open(i64),
}

impl BatchState {
    pub const fn status(self) -> BatchStatus {
        match self {
            Self::Queued => BatchStatus::Queued,
            Self::Processing { .. } => BatchStatus::Processing,
            Self::Canceling { .. } => BatchStatus::Canceling,
            Self::Finished { end, .. } => match end {
                BatchEnd::Completed => BatchStatus::Completed,
                BatchEnd::Partial => BatchStatus::Partial,
                BatchEnd::Failed => BatchStatus::Failed,
                BatchEnd::Canceled => BatchStatus::Canceled,
            },
        }
    }

    pub const fn started_at(self) -> Option<Time> {
        match self {
            Self::Queued => None,
            Self::Processing { started_at } => Some(started_at),
            Self::Canceling { started_at, .. } | Self::Finished { started_at, .. } => started_at,
        }
    }

    /// When cancellation was asked for, while it is going on. The row keeps it afterwards.
    pub const fn cancel_requested_at(self) -> Option<Time> {
        match self {
            Self::Canceling { requested_at, .. } => Some(requested_at),
            Self::Queued | Self::Processing { .. } | Self::Finished { .. } => None,
        }
    }

    pub const fn finished_at(self) -> Option<Time> {
        match self {
            Self::Finished { finished_at, .. } => Some(finished_at),
            Self::Queued | Self::Processing { .. } | Self::Canceling { .. } => None,
        }
    }

    /// The first claim of a task starts the batch; later ones change nothing.
    pub const fn start(self, now: Time) -> Result<Self, BatchTransitionError> {
        match self {
            Self::Queued => Ok(Self::Processing { started_at: now }),
            Self::Processing { .. } => Ok(self),
            Self::Canceling { .. } => Err(BatchTransitionError::Canceling),
            Self::Finished { .. } => Err(BatchTransitionError::Finished(self.status())),
        }
    }

    pub const fn cancel(self, now: Time) -> Result<Self, BatchTransitionError> {
        match self {
            Self::Queued => Ok(Self::Canceling { started_at: None, requested_at: now }),
            Self::Processing { started_at } => Ok(Self::Canceling { started_at: Some(started_at), requested_at: now }),
            Self::Canceling { .. } => Err(BatchTransitionError::Canceling),
            Self::Finished { .. } => Err(BatchTransitionError::Finished(self.status())),
        }
    }

    /// Closes a batch that has no open task.
    pub const fn finish(self, counts: Counts, now: Time) -> Result<Self, BatchTransitionError> {
        let open = counts.open();
        if open > 0 {
            return Err(BatchTransitionError::Open(open));
        }
        match self {
            Self::Finished { .. } => Err(BatchTransitionError::Finished(self.status())),
            Self::Canceling { started_at, .. } => Ok(Self::Finished { started_at, finished_at: now, end: counts.end_when_canceling() }),
            Self::Queued => Ok(Self::Finished { started_at: None, finished_at: now, end: counts.end() }),
            Self::Processing { started_at } => Ok(Self::Finished { started_at: Some(started_at), finished_at: now, end: counts.end() }),
        }
    }
}

/// Tasks by state. Kept by every statement that moves a task; they always sum to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub total: i64,
    pub pending: i64,
    /// Sent, or about to be sent, to a provider.
    pub processing: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub canceled: i64,
}

impl Counts {
    pub const fn open(self) -> i64 {
        self.pending + self.processing
    }

    pub const fn is_consistent(self) -> bool {
        self.pending >= 0
            && self.processing >= 0
            && self.succeeded >= 0
            && self.failed >= 0
            && self.canceled >= 0
            && self.open() + self.succeeded + self.failed + self.canceled == self.total
    }

    const fn end(self) -> BatchEnd {
        if self.succeeded == self.total {
            BatchEnd::Completed
        } else if self.succeeded == 0 {
            BatchEnd::Failed
        } else {
            BatchEnd::Partial
        }
    }

    /// A cancellation that came too late to stop any task changed nothing, and the batch ends as it would have.
    const fn end_when_canceling(self) -> BatchEnd {
        if self.canceled > 0 { BatchEnd::Canceled } else { self.end() }
    }
}

/// A batch's credits. `held` is what was reserved at first; `held = charged + refunded + open`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BatchCredits {
    pub held: Credits,
    pub charged: Credits,
    pub refunded: Credits,
    pub open: Credits,
}

impl BatchCredits {
    /// What is still held follows from the other three; `None` when they cannot be true together.
    pub fn new(held: Credits, charged: Credits, refunded: Credits) -> Option<Self> {
        let open = held.checked_sub(charged).and_then(|rest| rest.checked_sub(refunded)).ok()?;
        (!open.is_negative() && !charged.is_negative() && !refunded.is_negative()).then_some(Self { held, charged, refunded, open })
    }
}

/// A batch as stored: everything that its page says without looking at its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub key: BatchKey,
    pub id: BatchId,
    pub customer: CustomerKey,
    pub customer_id: CustomerId,
    pub customer_name: String,
    /// Prefix of the API key that submitted it.
    pub api_key_prefix: Option<String>,
    pub idempotency_key: String,
    pub model: Option<String>,
    pub webhook_url: Option<String>,
    /// The customer's own JSON object, as text.
    pub metadata: String,
    pub state: BatchState,
    pub counts: Counts,
    pub credits: BatchCredits,
    /// What was really paid for the charged credits.
    pub revenue: Money,
    pub cost_succeeded: Money,
    /// Provider cost of failed attempts, those that were repeated included.
    pub cost_failed: Money,
    pub created_at: Time,
}

impl Batch {
    pub const fn status(&self) -> BatchStatus {
        self.state.status()
    }

    /// The part that changes. `next_task_number` is known only to a locked head; here it is 1.
    pub const fn head(&self) -> BatchHead {
        BatchHead {
            key: self.key,
            id: self.id,
            customer: self.customer,
            state: self.state,
            counts: self.counts,
            credits: self.credits,
            next_task_number: 1,
            revenue: self.revenue,
            cost_succeeded: self.cost_succeeded,
            cost_failed: self.cost_failed,
        }
    }

    /// Revenue − provider cost of every attempt that the provider bills, failed ones included (DESIGN §3).
    pub const fn profit(&self) -> Money {
        Money::from_micros(self.revenue.micros() - self.cost_succeeded.micros() - self.cost_failed.micros())
    }
}

/// What changes about a batch while it runs: its state, counters and sums. Locked, changed by the rules, and saved whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHead {
    pub key: BatchKey,
    pub id: BatchId,
    pub customer: CustomerKey,
    pub state: BatchState,
    pub counts: Counts,
    pub credits: BatchCredits,
    /// Tasks from this number on were never claimed.
    pub next_task_number: i32,
    pub revenue: Money,
    pub cost_succeeded: Money,
    pub cost_failed: Money,
}

/// Failures of a batch of one type and party. `tasks` is zero where only repeated attempts ended so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureSum {
    pub failure: FailureType,
    pub party: Party,
    pub tasks: i64,
    pub refunded: Credits,
    pub cost: Money,
}

/// What a batch was priced with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedModel {
    pub model: String,
    pub credits: Credits,
    pub tasks: i64,
}

/// What a cancellation did, and what it could not stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// Tasks that never ran and never will.
    pub canceled: i64,
    pub released: Credits,
    /// Tasks that are being made: they end on their own, and are charged or refunded as they end.
    pub still_running: i64,
    pub still_held: Credits,
}

/// Tasks in one batch at most, unless the configuration says otherwise.
pub const TASKS_MAX: usize = 10_000;
/// Characters (Unicode scalar values) in a prompt at most.
pub const PROMPT_MAX_CHARS: usize = 10_000;
/// Characters in a `custom_id` at most.
pub const CUSTOM_ID_MAX_CHARS: usize = 64;
/// Characters in an idempotency key at most.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 255;
/// Keys in `metadata` at most, and characters in a key and in a value.
pub const METADATA_KEYS_MAX: usize = 16;
pub const METADATA_KEY_MAX_CHARS: usize = 64;
pub const METADATA_VALUE_MAX_CHARS: usize = 512;
/// Characters in the reason of a cancellation at most.
pub const CANCEL_REASON_MAX_CHARS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(5);

    fn counts(succeeded: i64, failed: i64, canceled: i64) -> Counts {
        Counts { total: succeeded + failed + canceled, succeeded, failed, canceled, ..Counts::default() }
    }

    #[test]
    fn starts_once() {
        let started = BatchState::Queued.start(NOW);
        assert_eq!(started, Ok(BatchState::Processing { started_at: NOW }));
        assert_eq!(started.and_then(|state| state.start(Time::from_micros(9))), started);
    }

    #[test]
    fn refuses_to_start_or_cancel_when_canceling_or_finished() {
        let canceling = BatchState::Canceling { started_at: None, requested_at: NOW };
        assert_eq!(canceling.start(NOW), Err(BatchTransitionError::Canceling));
        assert_eq!(canceling.cancel(NOW), Err(BatchTransitionError::Canceling));
        let finished = BatchState::Finished { started_at: None, finished_at: NOW, end: BatchEnd::Partial };
        assert_eq!(finished.start(NOW), Err(BatchTransitionError::Finished(BatchStatus::Partial)));
        assert_eq!(finished.cancel(NOW), Err(BatchTransitionError::Finished(BatchStatus::Partial)));
        assert_eq!(finished.finish(counts(1, 1, 0), NOW), Err(BatchTransitionError::Finished(BatchStatus::Partial)));
    }

    #[test]
    fn cancel_keeps_when_it_started() {
        let state = BatchState::Processing { started_at: Time::from_micros(1) }.cancel(NOW);
        assert_eq!(state, Ok(BatchState::Canceling { started_at: Some(Time::from_micros(1)), requested_at: NOW }));
    }

    #[test]
    fn ends_as_its_tasks_ended() {
        let processing = BatchState::Processing { started_at: NOW };
        let canceling = BatchState::Canceling { started_at: None, requested_at: NOW };
        for (state, counts, status) in [
            (processing, counts(3, 0, 0), BatchStatus::Completed),
            (processing, counts(2, 1, 0), BatchStatus::Partial),
            (processing, counts(0, 3, 0), BatchStatus::Failed),
            (canceling, counts(1, 1, 1), BatchStatus::Canceled),
            (canceling, counts(3, 0, 0), BatchStatus::Completed),
        ] {
            assert_eq!(state.finish(counts, NOW).map(BatchState::status), Ok(status));
        }
    }

    #[test]
    fn never_ends_with_open_tasks() {
        let open = Counts { total: 2, pending: 1, processing: 1, ..Counts::default() };
        assert_eq!(BatchState::Queued.finish(open, NOW), Err(BatchTransitionError::Open(2)));
    }

    #[test]
    fn credits_that_do_not_add_up_cannot_be_built() {
        let c = Credits::new;
        assert_eq!(BatchCredits::new(c(100), c(60), c(10)).map(|credits| credits.open), Some(c(30)));
        assert_eq!(BatchCredits::new(c(100), c(90), c(11)), None);
    }
}
