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
    /// `None` when it is refused at once; `Some(None)` when the provider never answered.
    pub taken: Option<Option<String>>,
}

/// How it goes with an order that is sent now.
pub fn course(fault: Option<&Fault>, is_quick: bool, deadline_s: i64, now: Time, number: usize, dice: &mut Dice) -> Course {
    let (min, max) = if is_quick { QUICK_MS } else { SLOW_MS };
    let takes_ms = dice.between(min, max);
    let refusal_ms = dice.between(REFUSAL_MS.0, REFUSAL_MS.1);
    match fault.map(|fault| fault.failure) {
        Some(failure) if is_refusal(failure) => Course { ends_at: now.plus_ms(refusal_ms), taken: None },
        Some(FailureType::SubmitUnknown) => Course { ends_at: now.plus_s(deadline_s), taken: Some(None) },
        Some(FailureType::Timeout) => Course { ends_at: now.plus_s(deadline_s), taken: Some(Some(job(now, number, deadline_s * 1_000))) },
        Some(_) | None => Course { ends_at: now.plus_ms(takes_ms), taken: Some(Some(job(now, number, takes_ms))) },
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
fn job(now: Time, number: usize, takes_ms: i64) -> String {
    format!("video_{:012x}{number:010x}{takes_ms:010x}00000", now.micros() / 1_000)
}

/// A sample address: nothing is there.
pub fn output(reference: &str, finished_at: Time) -> Output {
    Output { url: format!("https://videos.example.com/{reference}.mp4"), expires_at: Some(finished_at.plus_s(OUTPUT_TTL_S)) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;
    use crate::providers::simulator::{SimulatorConfig, SimulatorState, router};

    #[tokio::test]
    async fn the_simulated_provider_knows_the_jobs_of_the_story() {
        let simulator = router(Arc::new(SimulatorState::new(SimulatorConfig::default())));
        let course = course(None, true, 900, Time::from_micros(1_790_000_000_000_000), 7, &mut Dice::new(1));
        let job = course.taken.flatten().unwrap();
        let request = Request::get(format!("/v1/videos/{job}")).header("host", "sim.example").body(Body::empty()).unwrap();
        let response = simulator.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let video: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&video["id"], &video["status"]), (&job.into(), &"completed".into()));
    }
}
