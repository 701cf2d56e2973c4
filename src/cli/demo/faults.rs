//! What goes wrong in the story, with evidence as a provider would have given it.

use super::dice::Dice;
use crate::domain::attempt::{Evidence, Fault, Retry};
use crate::domain::failure::FailureType;

/// How a batch fares: which failures its tasks meet, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Nothing goes wrong.
    Flawless,
    /// An ordinary day: 4 in 100 tasks fail.
    Usual,
    /// Prompts near the edge of what is allowed: 12 in 100 fail, nearly all by content policy.
    Edgy,
    /// A bad hour at the provider: 30 in 100 fail.
    Outage,
    /// Every kind of failure, two in five tasks.
    Everything,
    /// Every prompt is refused.
    Blocked,
}

impl Mood {
    /// Tasks in 1,000 that end failed.
    const fn failures_permille(self) -> u32 {
        match self {
            Self::Flawless => 0,
            Self::Usual => 40,
            Self::Edgy => 120,
            Self::Outage => 300,
            Self::Everything => 400,
            Self::Blocked => 1_000,
        }
    }

    /// Attempts in 1,000 that fail in a way that the next attempt mends.
    const fn troubles_permille(self) -> u32 {
        match self {
            Self::Flawless | Self::Blocked => 0,
            Self::Usual | Self::Edgy => 15,
            Self::Outage | Self::Everything => 80,
        }
    }

    const fn weights(self) -> &'static [(FailureType, u32)] {
        match self {
            Self::Flawless | Self::Usual => USUAL,
            Self::Edgy => EDGY,
            Self::Outage => OUTAGE,
            Self::Everything => EVERYTHING,
            Self::Blocked => &[(FailureType::ContentPolicyInput, 1)],
        }
    }
}

const USUAL: &[(FailureType, u32)] = &[
    (FailureType::ContentPolicyInput, 24),
    (FailureType::ContentPolicyOutput, 26),
    (FailureType::ModelError, 22),
    (FailureType::AssetError, 8),
    (FailureType::Timeout, 6),
    (FailureType::ParamError, 4),
    (FailureType::Capacity, 4),
    (FailureType::ResultMissing, 3),
    (FailureType::Network, 2),
    (FailureType::Unknown, 1),
];
const EDGY: &[(FailureType, u32)] =
    &[(FailureType::ContentPolicyInput, 50), (FailureType::ContentPolicyOutput, 40), (FailureType::ModelError, 10)];
const OUTAGE: &[(FailureType, u32)] = &[
    (FailureType::Capacity, 30),
    (FailureType::Timeout, 30),
    (FailureType::ModelError, 20),
    (FailureType::Network, 12),
    (FailureType::SubmitUnknown, 5),
    (FailureType::ResultDownload, 3),
];
const EVERYTHING: &[(FailureType, u32)] = &[
    (FailureType::ContentPolicyInput, 1),
    (FailureType::ContentPolicyOutput, 1),
    (FailureType::ParamError, 1),
    (FailureType::AssetError, 1),
    (FailureType::ModelError, 1),
    (FailureType::Capacity, 1),
    (FailureType::Timeout, 1),
    (FailureType::Network, 1),
    (FailureType::RateLimited, 1),
    (FailureType::ProviderQuota, 1),
    (FailureType::ProviderAuth, 1),
    (FailureType::NotFound, 1),
    (FailureType::ModelRetired, 1),
    (FailureType::ResultMissing, 1),
    (FailureType::ResultDownload, 1),
    (FailureType::SubmitUnknown, 1),
    (FailureType::Canceled, 1),
    (FailureType::PlatformError, 1),
    (FailureType::Unknown, 1),
];

/// What an attempt comes to: `None` for a video. In a batch with every kind of failure each kind is met at least once, by
/// the tasks with the first numbers.
pub fn outcome(mood: Mood, task_number: i32, attempt: i32, dice: &mut Dice) -> Option<Fault> {
    let shown = usize::try_from(task_number - 1).ok().and_then(|index| EVERYTHING.get(index)).filter(|_| mood == Mood::Everything);
    if let Some((failure, _)) = shown {
        return Some(fault(*failure, Retry::Never, dice));
    }
    if attempt == 1 && dice.chance(mood.failures_permille()) {
        return Some(fault(dice.pick_weighted(mood.weights()), Retry::Never, dice));
    }
    if attempt == 1 && dice.chance(mood.troubles_permille()) {
        let trouble = *dice.pick(&[FailureType::ModelError, FailureType::Capacity, FailureType::Network]);
        return Some(fault(trouble, Retry::Backoff, dice));
    }
    None
}

/// A failure with its evidence.
fn fault(failure: FailureType, retry: Retry, dice: &mut Dice) -> Fault {
    let (http_status, code, message, rule) = told(failure);
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let request_id = http_status.map(|_| format!("req_{:016x}", dice.between(0, i64::MAX)));
    let evidence = Evidence { http_status, code: text(code), message: text(message), request_id, rule: text(rule) };
    Fault { failure, party: failure.usual_party(), evidence, retry }
}

/// HTTP status, code, message and rule.
const fn told(failure: FailureType) -> (Option<i32>, &'static str, &'static str, &'static str) {
    match failure {
        FailureType::ContentPolicyInput => {
            (Some(400), "sentinel_block", "Your request was blocked by our moderation system.", "code_content_input")
        }
        FailureType::ContentPolicyOutput => {
            (Some(200), "moderation_blocked", "The generated video was blocked by moderation.", "code_content_output")
        }
        FailureType::ParamError => (Some(400), "invalid_value", "Invalid value: '12'. Supported values are: '4' and '8'.", "code_param"),
        FailureType::AssetError => (Some(200), "image_load_error", "The reference picture could not be loaded.", "code_asset"),
        FailureType::ModelError => (Some(200), "video_generation_failed", "The model failed to make this video.", "code_model_error"),
        FailureType::Capacity => (Some(503), "service_unavailable", "The server is overloaded. Please try again later.", "code_overloaded"),
        FailureType::Timeout => (None, "", "Not ready by the deadline of its model.", "deadline"),
        FailureType::Network => (None, "", "connection closed before the message was complete", "transport"),
        FailureType::RateLimited => (Some(429), "rate_limit_exceeded", "Rate limit reached for requests per minute.", "code_rate_limited"),
        FailureType::ProviderQuota => (Some(429), "insufficient_quota", "You exceeded your current quota.", "code_quota"),
        FailureType::ProviderAuth => (Some(401), "invalid_api_key", "Incorrect API key provided.", "code_auth"),
        FailureType::NotFound => (Some(404), "task_not_exist", "The task does not exist.", "code_not_found"),
        FailureType::ModelRetired => (Some(404), "model_not_found", "The model does not exist or was retired.", "code_model_retired"),
        FailureType::ResultMissing => (Some(200), "", "Completed without an address of a result.", "result_missing"),
        FailureType::ResultDownload => (Some(404), "", "The result's address answers 404.", "result_download"),
        FailureType::SubmitUnknown => (None, "", "Sent, and not answered within 60 s.", "submit_unanswered"),
        FailureType::Canceled => (None, "", "Canceled at the provider.", "canceled"),
        FailureType::PlatformError => (Some(400), "unknown_parameter", "Unknown parameter: 'quality'.", "code_request_shape"),
        FailureType::Unknown => (Some(200), "err_7f3a", "Something happened.", "fallback"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_failure_type_is_met() {
        let mut dice = Dice::new(1);
        let numbers = 1..=i32::try_from(FailureType::ALL.len()).unwrap();
        let met: BTreeSet<FailureType> =
            numbers.filter_map(|number| outcome(Mood::Everything, number, 1, &mut dice)).map(|fault| fault.failure).collect();
        assert_eq!(met.len(), FailureType::ALL.len());
    }

    #[test]
    fn moods_hold_their_rates() {
        let mut dice = Dice::new(2);
        for (mood, min, max) in [(Mood::Flawless, 0, 0), (Mood::Usual, 30, 80), (Mood::Outage, 300, 430), (Mood::Blocked, 1_000, 1_000)] {
            let failed = (0..1_000).filter(|_| outcome(mood, 1, 1, &mut dice).is_some()).count();
            assert!((min..=max).contains(&failed), "{mood:?}: {failed}");
        }
    }

    #[test]
    fn what_is_tried_again_succeeds() {
        let mut dice = Dice::new(3);
        assert!((0..1_000).all(|_| outcome(Mood::Outage, 99, 2, &mut dice).is_none()));
    }
}
