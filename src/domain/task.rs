//! A task: one prompt of a batch, addressed by its batch and its number.
//!
//! `pending → submitting → processing → succeeded | failed`, `pending → canceled`, and back to `pending` when an attempt may
//! be repeated; a task that waits for another attempt past its deadline goes from `pending` to `failed`. Terminal states are final: a later answer is recorded as a late result and moves no money.

mod filter;

pub use self::filter::{SEARCH_MAX_CHARS, TaskFilter, TaskState};
use super::access::MASK;
use super::attempt::{ATTEMPTS_MAX, Fault, Output, Retry};
use super::credits::Credits;
use super::failure::{FailureType, Party};
use super::id::BatchId;
use super::time::Time;
use super::word::words;

words! {
    /// The word of a task's state.
    TaskStatus {
        Pending = "pending",
        /// Claimed, and about to be sent; the attempt is recorded, the provider's answer is not.
        Submitting = "submitting",
        /// Taken by a provider, or perhaps taken (`submit_unknown`).
        Processing = "processing",
        Succeeded = "succeeded",
        Failed = "failed",
        Canceled = "canceled",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task cannot go from {from} to {to}")]
pub struct TaskTransitionError {
    pub from: TaskStatus,
    pub to: TaskStatus,
}

impl TaskStatus {
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// The one table of edges; statements in the store guard with the same pairs.
    pub const fn to(self, to: Self) -> Result<Self, TaskTransitionError> {
        let legal = match self {
            Self::Pending => matches!(to, Self::Submitting | Self::Canceled | Self::Failed),
            Self::Submitting => matches!(to, Self::Processing | Self::Pending | Self::Succeeded | Self::Failed),
            Self::Processing => matches!(to, Self::Pending | Self::Succeeded | Self::Failed),
            Self::Succeeded | Self::Failed | Self::Canceled => false,
        };
        if legal { Ok(to) } else { Err(TaskTransitionError { from: self, to }) }
    }
}

/// A task as stored, with its input and the outcome of its last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub batch_id: BatchId,
    pub number: i32,
    pub custom_id: Option<String>,
    pub model: String,
    pub prompt: String,
    pub reference_url: Option<String>,
    pub aspect_ratio: Option<String>,
    pub duration_s: Option<i32>,
    /// The customer's own JSON object, as text.
    pub metadata: Option<String>,
    pub status: TaskStatus,
    pub price: Credits,
    pub attempts: i32,
    pub failure: Option<(FailureType, Party)>,
    pub output: Option<Output>,
    /// Its credits were given back after it was charged.
    pub reversed: bool,
    pub created_at: Time,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
}

/// A task as a row of a list: what is seen at a glance, and nothing else of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    pub number: i32,
    pub status: TaskStatus,
    pub model: String,
    /// At most [`TaskRow::PROMPT_MAX_CHARS`] characters.
    pub prompt: String,
    /// Where the video is, when there is one.
    pub output: Option<String>,
    pub attempts: i32,
    pub failure: Option<(FailureType, Party)>,
    pub price: Credits,
    /// Its credits were given back after it was charged.
    pub reversed: bool,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
}

impl TaskRow {
    /// Characters of a prompt in a row; the open task shows it whole.
    pub const PROMPT_MAX_CHARS: usize = 160;

    /// Without anything that the customer wrote, or that was made of it.
    #[must_use]
    pub fn masked(self) -> Self {
        Self { prompt: MASK.to_owned(), output: None, ..self }
    }
}

impl From<&Task> for TaskRow {
    fn from(task: &Task) -> Self {
        let output = task.output.as_ref().filter(|_| task.status == TaskStatus::Succeeded);
        Self {
            number: task.number,
            status: task.status,
            model: task.model.clone(),
            prompt: task.prompt.chars().take(Self::PROMPT_MAX_CHARS).collect(),
            output: output.map(|output| output.url.clone()),
            attempts: task.attempts,
            failure: task.failure,
            price: task.price,
            reversed: task.reversed,
            started_at: task.started_at,
            finished_at: task.finished_at,
        }
    }
}

impl Task {
    /// Without anything that the customer wrote, or that was made of it.
    #[must_use]
    pub fn masked(self) -> Self {
        let mask = |text: Option<String>| text.map(|_| MASK.to_owned());
        Self {
            prompt: MASK.to_owned(),
            custom_id: mask(self.custom_id),
            reference_url: mask(self.reference_url),
            metadata: mask(self.metadata),
            output: None,
            ..self
        }
    }

    pub fn charged(&self) -> Credits {
        if self.status == TaskStatus::Succeeded && !self.reversed { self.price } else { Credits::ZERO }
    }

    pub fn refunded(&self) -> Credits {
        match self.status {
            TaskStatus::Failed | TaskStatus::Canceled => self.price,
            TaskStatus::Succeeded if self.reversed => self.price,
            TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing | TaskStatus::Succeeded => Credits::ZERO,
        }
    }
}

/// What a fault leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFault {
    /// The task waits and is tried again.
    Retry,
    /// The task fails with this fault.
    Fail,
}

/// Decides whether a task is tried again after attempt number `attempt` (from 1) ended with `fault`. A batch that is being
/// canceled tries nothing again.
pub const fn after_fault(fault: &Fault, attempt: i32, canceling: bool) -> AfterFault {
    match fault.retry {
        Retry::Backoff if attempt < ATTEMPTS_MAX && !canceling => AfterFault::Retry,
        Retry::Backoff | Retry::Never => AfterFault::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Evidence;

    #[test]
    fn every_edge_is_legal_or_refused_as_designed() {
        use TaskStatus::*;
        let legal = [
            (Pending, Submitting),
            (Pending, Canceled),
            (Pending, Failed),
            (Submitting, Processing),
            (Submitting, Pending),
            (Submitting, Succeeded),
            (Submitting, Failed),
            (Processing, Pending),
            (Processing, Succeeded),
            (Processing, Failed),
        ];
        for from in TaskStatus::ALL {
            for to in TaskStatus::ALL {
                assert_eq!(from.to(*to).is_ok(), legal.contains(&(*from, *to)), "{from} → {to}");
            }
        }
    }

    #[test]
    fn tries_again_only_what_is_worth_it() {
        let fault = |retry| Fault { failure: FailureType::ModelError, party: Party::Provider, evidence: Evidence::default(), retry };
        assert_eq!(after_fault(&fault(Retry::Backoff), 1, false), AfterFault::Retry);
        assert_eq!(after_fault(&fault(Retry::Backoff), ATTEMPTS_MAX, false), AfterFault::Fail);
        assert_eq!(after_fault(&fault(Retry::Backoff), 1, true), AfterFault::Fail);
        assert_eq!(after_fault(&fault(Retry::Never), 1, false), AfterFault::Fail);
    }
}
