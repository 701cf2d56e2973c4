//! The provider of the story: how long it takes, what it calls a job, and where its videos are.

use super::dice::Dice;
use crate::domain::attempt::{Fault, Output};
use crate::domain::failure::FailureType;
use crate::domain::time::Time;

/// Tasks in the smallest batch of sora-2.
pub const SMALLEST_BATCH: i64 = 10;

/// Milliseconds to make a video, and to make one with the slower model.
const QUICK_MS: (i64, i64) = (34_000, 112_000);
const SLOW_MS: (i64, i64) = (150_000, 430_000);
/// Milliseconds to refuse an order.
const REFUSAL_MS: (i64, i64) = (180, 2_400);
/// Videos can be downloaded for so long.
const OUTPUT_TTL_S: i64 = 7 * 86_400;

/// What a provider does with an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub ends_at: Time,
    pub answer: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken, and called so.
    Taken {
        job: String,
    },
    /// Perhaps taken.
    None,
    Refused,
}

/// How it goes with an order that is sent now.
pub fn course(fault: Option<&Fault>, is_quick: bool, deadline_s: i64, now: Time, number: usize, dice: &mut Dice) -> Course {
    let (min, max) = if is_quick { QUICK_MS } else { SLOW_MS };
    let takes_ms = dice.between(min, max);
    let refusal_ms = dice.between(REFUSAL_MS.0, REFUSAL_MS.1);
    match fault.map(|fault| fault.failure) {
        Some(failure) if is_refusal(failure) => Course { ends_at: now.plus_ms(refusal_ms), answer: Answer::Refused },
        Some(FailureType::SubmitUnknown) => Course { ends_at: now.plus_s(deadline_s), answer: Answer::None },
        Some(FailureType::Timeout) => Course { ends_at: now.plus_s(deadline_s), answer: taken(now, number, deadline_s * 1_000) },
        Some(_) | None => Course { ends_at: now.plus_ms(takes_ms), answer: taken(now, number, takes_ms) },
    }
}

/// Whether the provider says so at once, instead of taking the order.
const fn is_refusal(failure: FailureType) -> bool {
    matches!(
        failure,
        FailureType::ContentPolicyInput
            | FailureType::ParamError
            | FailureType::Capacity
            | FailureType::Network
            | FailureType::RateLimited
            | FailureType::ProviderQuota
            | FailureType::ProviderAuth
            | FailureType::ModelRetired
            | FailureType::PlatformError
    )
}

/// An id that the simulated provider understands: whoever serves the story's end with it sees the open jobs completed.
fn taken(now: Time, number: usize, takes_ms: i64) -> Answer {
    Answer::Taken { job: format!("video_{:012x}{number:010x}{takes_ms:010x}00000", now.micros() / 1_000) }
}

/// A sample address: nothing is there.
pub fn output(reference: &str, finished_at: Time) -> Output {
    Output { url: format!("https://videos.example.com/{reference}.mp4"), expires_at: Some(finished_at.plus_s(OUTPUT_TTL_S)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Polled;
    use crate::providers::simulator::SimulatorConfig;
    use crate::server::upstreams::Simulated;

    #[tokio::test]
    async fn the_simulated_provider_knows_the_jobs_of_the_story() {
        let simulated = Simulated::start(SimulatorConfig::default()).await.unwrap();
        let course = course(None, true, 900, Time::from_micros(1_790_000_000_000_000), 7, &mut Dice::new(1));
        let provider = simulated.registry.get("gateway").unwrap();
        let Answer::Taken { job } = course.answer else { panic!("{course:?}") };
        let polled = provider.poll(&job).await;
        assert!(matches!(polled, Polled::Succeeded(_)), "{polled:?}");
        simulated.stop().await;
    }
}
