//! Which tasks of a batch are asked for.

use super::TaskStatus;
use crate::domain::failure::{FailureType, Party};
use crate::domain::word::words;

/// Characters of a text that is searched for; the rest is cut.
pub const SEARCH_MAX_CHARS: usize = 200;

words! {
    /// States as batches count them: what is about to be sent to a provider is processing.
    TaskState {
        Pending = "pending",
        Processing = "processing",
        Succeeded = "succeeded",
        Failed = "failed",
        Canceled = "canceled",
    }
}

impl From<TaskStatus> for TaskState {
    fn from(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Pending => Self::Pending,
            TaskStatus::Submitting | TaskStatus::Processing => Self::Processing,
            TaskStatus::Succeeded => Self::Succeeded,
            TaskStatus::Failed => Self::Failed,
            TaskStatus::Canceled => Self::Canceled,
        }
    }
}

/// Every condition that is given must hold. A failure type or a party asks for failed tasks: the fault of an attempt that is
/// repeated is not the task's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    pub state: Option<TaskState>,
    pub failure: Option<FailureType>,
    pub party: Option<Party>,
    /// Name of a model.
    pub model: Option<String>,
    /// Part of the prompt or of the `custom_id`.
    pub text: Option<String>,
}

impl TaskFilter {
    pub const fn of_state(state: TaskState) -> Self {
        Self { state: Some(state), ..Self::ALL }
    }

    pub const fn of_failure(failure: FailureType) -> Self {
        Self { failure: Some(failure), ..Self::ALL }
    }

    pub const fn of_party(party: Party) -> Self {
        Self { party: Some(party), ..Self::ALL }
    }

    /// No condition.
    pub const ALL: Self = Self { state: None, failure: None, party: None, model: None, text: None };

    pub fn is_all(&self) -> bool {
        *self == Self::ALL
    }

    /// A text to search for as somebody typed it; `None` when there is nothing to search for.
    pub fn text_of(typed: &str) -> Option<String> {
        let text: String = typed.trim().chars().take(SEARCH_MAX_CHARS).collect();
        let text = text.trim_end();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_text_is_no_condition_and_long_text_is_cut() {
        assert_eq!([TaskFilter::text_of(""), TaskFilter::text_of(" \t ")], [None, None]);
        assert_eq!(TaskFilter::text_of("  a cat "), Some("a cat".to_owned()));
        assert_eq!(TaskFilter::text_of(&"字".repeat(500)).map(|text| text.chars().count()), Some(SEARCH_MAX_CHARS));
    }

    #[test]
    fn states_are_those_that_batches_count() {
        assert_eq!(TaskState::from(TaskStatus::Submitting), TaskState::Processing);
        for state in TaskState::ALL {
            assert_eq!(state.as_str().parse::<TaskStatus>().map(TaskState::from), Ok(*state));
        }
    }
}
