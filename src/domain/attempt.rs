//! One call sequence to a provider for one task: what is asked, what is answered, what it costs, and what follows.
//!
//! These are the words between `providers/` (which speak to an upstream), `workers/` (which act on the answer) and
//! `store/` (which records it). Nothing here knows any particular upstream.

use serde::{Deserialize, Serialize};

use super::access::MASK;
use super::failure::{FailureType, Party};
use super::id::BatchId;
use super::money::Money;
use super::time::Time;
use super::word::words;

/// What a provider is asked to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Our name for this attempt, unique for ever: `bat_…/17/1` (batch, task number, attempt number).
    pub reference: String,
    /// The provider's own name of the model, from the route.
    pub upstream_model: String,
    pub prompt: String,
    pub aspect_ratio: Option<String>,
    pub duration_s: Option<i32>,
    pub reference_url: Option<String>,
}

/// What is known about an answer, kept on the attempt for operators. Customers never see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub http_status: Option<i32>,
    /// The provider's own error code, verbatim.
    pub code: Option<String>,
    /// The provider's own text, cut to [`EVIDENCE_MESSAGE_MAX_CHARS`].
    pub message: Option<String>,
    /// The provider's id of the request, for their support.
    pub request_id: Option<String>,
    /// Name of the rule that decided the failure type.
    pub rule: Option<String>,
}

/// Longer provider texts are cut: enough for a support ticket, too little to fill a disk.
pub const EVIDENCE_MESSAGE_MAX_CHARS: usize = 500;

words! {
    /// Whether the provider bills an attempt.
    Billed {
        /// The provider charges for it.
        Charged = "charged",
        /// The provider does not charge for it.
        Free = "free",
        /// It cannot be known until the provider's invoice; booked as a cost, and flagged.
        Uncertain = "uncertain",
    }
}

words! {
    /// What an attempt came to. `open` while the provider works on it.
    AttemptState {
        Open = "open",
        Succeeded = "succeeded",
        Failed = "failed",
    }
}

/// Which attempts of a batch. Every condition that is given must hold; a failure type or a party asks for failed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    pub state: Option<AttemptState>,
    pub failure: Option<FailureType>,
    pub party: Option<Party>,
}

impl AttemptFilter {
    pub const fn of_state(state: AttemptState) -> Self {
        Self { state: Some(state), failure: None, party: None }
    }

    /// Failed attempts of a party, and of a type where one is given.
    pub const fn of_fault(party: Party, failure: Option<FailureType>) -> Self {
        Self { state: Some(AttemptState::Failed), failure, party: Some(party) }
    }

    pub const fn asks_for_failures(&self) -> bool {
        self.failure.is_some() || self.party.is_some()
    }
}

/// A place in the list of a batch's attempts, which is in the order of tasks: after this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptPlace {
    pub task: i32,
    /// 0 is before the first attempt of the task.
    pub attempt: i32,
}

/// The text is not a place in a list of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list of attempts")]
pub struct NotAPlace;

/// `17.2`: after the second attempt of task 17.
impl std::fmt::Display for AttemptPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.task, self.attempt)
    }
}

impl std::str::FromStr for AttemptPlace {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (task, attempt) = text.split_once('.').ok_or(NotAPlace)?;
        let number = |text: &str| text.parse::<i32>().ok().filter(|number| *number >= 0).ok_or(NotAPlace);
        Ok(Self { task: number(task)?, attempt: number(attempt)? })
    }
}

/// A failure as decided by the rules, with all that follows from it except money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub failure: FailureType,
    pub party: Party,
    pub evidence: Evidence,
    /// What a new attempt is worth.
    pub retry: Retry,
}

/// Whether the task may be tried again after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same order will fail again, or must not be sent again.
    Never,
    /// Try again after a pause that grows with the number of attempts; counts as an attempt.
    Backoff,
}

/// A finished video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub url: String,
    pub expires_at: Option<Time>,
}

/// What came of sending an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The provider took it, and calls it by this name.
    Accepted { provider_job: String },
    /// A provider that answers in one call has made it.
    Succeeded(Output),
    /// The provider refused it, or it could not be sent.
    Failed(Fault),
    /// Too many requests. Costs no attempt: the task goes back and the route slows down.
    Throttled { retry_after_ms: Option<i64>, evidence: Evidence },
    /// The route itself is unusable (refused key, empty provider account, model gone). Costs no attempt: the task goes back
    /// and the route is paused until an operator or a pause's end resumes it.
    RouteDown(Fault),
    /// The request was sent and no usable answer came back: it may be running. Never sent again.
    Unanswered(Evidence),
}

/// What came of asking after an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Still being made. The provider may say when to ask again.
    Running {
        poll_after_ms: Option<i64>,
    },
    Succeeded(Output),
    Failed(Fault),
    /// No usable answer (transport fault, 5xx, garbage): the task stays as it is and is asked after again.
    Unclear(Evidence),
    /// The provider says that it does not know the job. Believed only when it is repeated for a while.
    NotFound(Evidence),
}

/// What came of asking a provider to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelAnswer {
    /// The provider will stop, and says the rest when polled.
    Accepted,
    /// The provider cannot stop it, or did not answer.
    Unsupported,
}

/// How an attempt ended, ready to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Succeeded(Output),
    Failed { failure: FailureType, party: Party, evidence: Evidence },
}

impl Ending {
    pub const fn state(&self) -> AttemptState {
        match self {
            Self::Succeeded(_) => AttemptState::Succeeded,
            Self::Failed { .. } => AttemptState::Failed,
        }
    }

    pub const fn failure(&self) -> Option<(FailureType, Party)> {
        match self {
            Self::Succeeded(_) => None,
            Self::Failed { failure, party, .. } => Some((*failure, *party)),
        }
    }

    pub const fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Succeeded(_) => None,
            Self::Failed { evidence, .. } => Some(evidence),
        }
    }

    pub const fn output(&self) -> Option<&Output> {
        match self {
            Self::Succeeded(output) => Some(output),
            Self::Failed { .. } => None,
        }
    }
}

/// What a provider bills on a bad end (PROVIDERS §6.3), one word per kind of end. A row of the catalogue, not code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillingRule {
    pub failed: Billed,
    pub content_input: Billed,
    pub content_output: Billed,
    pub timeout: Billed,
}

impl BillingRule {
    /// Whether the provider bills an attempt that ended so.
    pub fn billed(self, ending: &Ending) -> Billed {
        let Ending::Failed { failure, .. } = ending else {
            return Billed::Charged;
        };
        match failure {
            FailureType::ContentPolicyInput => self.content_input,
            FailureType::ContentPolicyOutput => self.content_output,
            FailureType::Timeout | FailureType::SubmitUnknown | FailureType::NotFound => self.timeout,
            // The provider made it: that we or they lost the file afterwards changes nothing for its invoice.
            FailureType::ResultMissing | FailureType::ResultDownload => Billed::Charged,
            FailureType::ModelError | FailureType::Unknown => self.failed,
            FailureType::ParamError
            | FailureType::AssetError
            | FailureType::Capacity
            | FailureType::Network
            | FailureType::RateLimited
            | FailureType::ProviderQuota
            | FailureType::ProviderAuth
            | FailureType::ModelRetired
            | FailureType::Canceled
            | FailureType::PlatformError => Billed::Free,
        }
    }
}

impl Billed {
    /// What is booked as provider cost. An uncertain cost is booked in full: profit is never shown too high.
    pub const fn cost(self, unit_cost: Money) -> Money {
        match self {
            Self::Charged | Self::Uncertain => unit_cost,
            Self::Free => Money::ZERO,
        }
    }
}

/// An attempt as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub task_number: i32,
    /// From 1.
    pub number: i32,
    pub provider: String,
    pub upstream_model: String,
    pub provider_job: Option<String>,
    pub state: AttemptState,
    pub failure: Option<(FailureType, Party)>,
    /// `None` while it is open.
    pub billed: Option<Billed>,
    pub cost: Money,
    pub evidence: Evidence,
    pub output: Option<Output>,
    pub sent_at: Time,
    pub accepted_at: Option<Time>,
    pub finished_at: Option<Time>,
    /// What the provider said after the task was settled. It moves no money.
    pub late_result: Option<String>,
}

impl Attempt {
    /// Without the provider's words, which may quote the prompt, and without what was made of it.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.evidence.message = self.evidence.message.map(|_| MASK.to_owned());
        self.output = None;
        self
    }
}

/// Our name for an attempt at the provider: `bat_…/17/1`.
pub fn reference(batch: BatchId, task_number: i32, attempt_number: i32) -> String {
    format!("{batch}/{task_number}/{attempt_number}")
}

/// Attempts a task may use before its last fault becomes its failure.
pub const ATTEMPTS_MAX: i32 = 3;

/// Pause before attempt `next` (2, 3, …): 5 s, 20 s, 80 s, at most 5 min.
pub const fn retry_backoff_ms(next: i32) -> i64 {
    let steps = if next < 2 {
        0
    } else if next > 6 {
        4
    } else {
        next - 2
    };
    let ms = 5_000 * 4_i64.pow(steps.unsigned_abs());
    if ms > 300_000 { 300_000 } else { ms }
}

/// Pause before poll number `polls + 1`: 5 s, 15 s, then 30 s (DESIGN §3.3).
pub const fn poll_backoff_ms(polls: u32) -> i64 {
    match polls {
        0 => 5_000,
        1 => 15_000,
        _ => 30_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(failure: FailureType) -> Ending {
        Ending::Failed { failure, party: failure.usual_party(), evidence: Evidence::default() }
    }

    #[test]
    fn bills_by_the_rule_of_the_route() {
        let rule =
            BillingRule { failed: Billed::Free, content_input: Billed::Free, content_output: Billed::Charged, timeout: Billed::Uncertain };
        assert_eq!(rule.billed(&Ending::Succeeded(Output { url: String::new(), expires_at: None })), Billed::Charged);
        assert_eq!(rule.billed(&failed(FailureType::ContentPolicyOutput)), Billed::Charged);
        assert_eq!(rule.billed(&failed(FailureType::ModelError)), Billed::Free);
        assert_eq!(rule.billed(&failed(FailureType::SubmitUnknown)), Billed::Uncertain);
        assert_eq!(rule.billed(&failed(FailureType::ResultMissing)), Billed::Charged);
        assert_eq!(rule.billed(&failed(FailureType::Network)), Billed::Free);
    }

    #[test]
    fn an_uncertain_cost_is_booked_in_full() {
        let unit = Money::from_micros(117_600);
        assert_eq!(Billed::Uncertain.cost(unit), unit);
        assert_eq!(Billed::Free.cost(unit), Money::ZERO);
    }

    #[test]
    fn pauses_grow_and_stop_growing() {
        assert_eq!([2, 3, 4, 5, 60].map(retry_backoff_ms), [5_000, 20_000, 80_000, 300_000, 300_000]);
        assert_eq!([0, 1, 2, 9].map(poll_backoff_ms), [5_000, 15_000, 30_000, 30_000]);
    }
}
