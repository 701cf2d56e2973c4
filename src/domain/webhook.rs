//! Webhooks: the words of telling customers what happened, and the rules of trying again.
//!
//! An event (`evt_`) is written in the transaction of what it reports. For each endpoint (`whe_`) that wants it there is one
//! delivery (`dlv_`); its id is the `webhook-id` of every attempt, so a receiver knows what it has seen. Nothing here touches
//! money: a delivery that fails changes nothing but itself and the health of its endpoint.

use serde::{Deserialize, Serialize};

use super::word::words;

mod filter;
mod health;
pub mod outcome;
mod records;
mod replay;
mod schedule;
mod secret;
mod summary;
pub mod target;

pub use filter::{DeliveryFilter, day_or_moment};
pub use health::{ANNOUNCED_BEFORE_S, DISABLED_AFTER_S, Health, HealthStep, PROBE_EVERY_S, WARN_AFTER_FIRST_FAILURES, health_step};
pub use records::{Delivery, DeliveryAttempt, DeliveryStatus, Endpoint, EndpointStatus};
pub use replay::{
    AbortedBecause, FailedAs, REPLAY_MAX, REPLAY_WINDOW_MAX_S, Replay, ReplayPreview, ReplayState, ReplayStatus, ReplayWindow,
};
pub use schedule::{BadSchedule, Schedule, jitter_max_s};
pub use secret::{NotAWebhookSecret, WebhookSecret};
pub use summary::{AttemptMark, BatchEndpoint, Unsent};

/// An attempt may take so long, unless its endpoint says otherwise. The body of the answer is included.
pub const TIMEOUT_MS: i32 = 15_000;
/// Bounds of what an endpoint may say.
pub const TIMEOUT_MS_MIN: i32 = 1_000;
pub const TIMEOUT_MS_MAX: i32 = 30_000;
/// Endpoints of one customer at most.
pub const ENDPOINTS_MAX: i64 = 100;
/// Characters of a description at most.
pub const DESCRIPTION_MAX_CHARS: usize = 200;
/// An old secret signs beside the new one for so long.
pub const ROTATION_S: i64 = 24 * 3_600;

words! {
    /// What an event says.
    EventType {
        BatchCreated = "batch.created",
        BatchProcessing = "batch.processing",
        BatchCompleted = "batch.completed",
        BatchPartial = "batch.partial",
        BatchFailed = "batch.failed",
        BatchCanceled = "batch.canceled",
        BatchRefunded = "batch.refunded",
        /// Only for who asks for it: one event for a group of tasks that were settled together.
        TaskSucceeded = "task.succeeded",
        /// Likewise.
        TaskFailed = "task.failed",
        /// Sent when somebody asks for it, to one endpoint.
        WebhookTest = "webhook.test",
    }
}

impl EventType {
    /// An endpoint that names no types gets these.
    pub const fn is_default(self) -> bool {
        !matches!(self, Self::TaskSucceeded | Self::TaskFailed | Self::WebhookTest)
    }

    /// Whether an endpoint may ask for it. A test event always arrives.
    pub const fn is_selectable(self) -> bool {
        !matches!(self, Self::WebhookTest)
    }
}

/// The types that an endpoint asks for. None means every default one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription(Vec<EventType>);

impl Subscription {
    /// In the order of the catalogue, each once.
    pub fn new(types: &[EventType]) -> Self {
        Self(EventType::ALL.iter().copied().filter(|kind| kind.is_selectable() && types.contains(kind)).collect())
    }

    pub fn types(&self) -> &[EventType] {
        &self.0
    }

    pub fn wants(&self, kind: EventType) -> bool {
        !kind.is_selectable() || if self.0.is_empty() { kind.is_default() } else { self.0.contains(&kind) }
    }

    /// Whether single tasks are among them.
    pub fn tells_tasks(&self) -> bool {
        self.wants(EventType::TaskSucceeded) || self.wants(EventType::TaskFailed)
    }

    /// Words with a space between them.
    pub fn to_text(&self) -> String {
        let words: Vec<&str> = self.0.iter().map(|kind| kind.as_str()).collect();
        words.join(" ")
    }

    /// The opposite of [`Self::to_text`]. A word of a newer program is left out.
    pub fn of_text(text: &str) -> Self {
        let types: Vec<EventType> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        Self::new(&types)
    }
}

words! {
    /// Where an endpoint came from.
    EndpointSource {
        /// By the customer or an operator, for all batches.
        Registered = "registered",
        /// Named by a batch, for those that name it.
        Batch = "batch",
    }
}

words! {
    EndpointState {
        Enabled = "enabled",
        Disabled = "disabled",
    }
}

words! {
    /// Why an endpoint is disabled.
    DisabledBecause {
        Operator = "operator",
        Customer = "customer",
        /// It answered 410: it wants no more.
        Gone = "gone",
        /// Everything failed for days.
        Failing = "failing",
    }
}

words! {
    /// Why an endpoint cannot be as somebody wants it.
    EndpointProblem {
        UrlNotHttp = "url_not_http",
        UrlTooLong = "url_too_long",
        UrlCredentials = "url_credentials",
        UrlPort = "url_port",
        UrlNotPublic = "url_not_public",
        Description = "description",
        Timeout = "timeout",
        TooMany = "too_many",
        /// Nobody is named whose it would be.
        Customer = "customer",
    }
}

words! {
    DeliveryState {
        Pending = "pending",
        Succeeded = "succeeded",
        Exhausted = "exhausted",
        Canceled = "canceled",
    }
}

words! {
    /// Why a delivery was canceled.
    CanceledBecause {
        EndpointDisabled = "endpoint_disabled",
        EndpointDeleted = "endpoint_deleted",
        /// It was in line to be sent again when its replay was stopped.
        ReplayAborted = "replay_aborted",
    }
}

words! {
    /// Why an attempt was made.
    Trigger {
        Scheduled = "scheduled",
        /// Somebody asked for it again.
        Manual = "manual",
        /// Somebody asked for everything that failed within a window.
        Replay = "replay",
        Test = "test",
        /// Looks whether a disabled endpoint is well again.
        Probe = "probe",
    }
}

words! {
    /// What came of an attempt.
    AttemptClass {
        Delivered = "delivered",
        /// Answered with a redirect, which is not followed.
        Http3xx = "http_3xx",
        /// Answered that the request is wrong; 429 among them, not 410.
        Http4xx = "http_4xx",
        /// Answered that the receiver failed; 503 among them.
        Http5xx = "http_5xx",
        /// 410: the endpoint wants no more, and is disabled.
        Gone = "gone",
        /// Answered 2xx with more than the answer to a webhook ever has: a web page, not a receiver.
        BodyTooLarge = "body_too_large",
        /// No connection within its time.
        TimeoutConnect = "timeout_connect",
        /// No whole answer within its time.
        TimeoutResponse = "timeout_response",
        /// The name has no address.
        Dns = "dns",
        /// No trusted certificate, or no encryption at all.
        Tls = "tls",
        /// No connection: nobody listens there, or no way leads there.
        Refused = "refused",
        /// The connection broke off before the answer was whole.
        Reset = "reset",
        /// The address leads where the guarded client does not go.
        BlockedAddress = "blocked_address",
        /// A fault of ours.
        Internal = "internal",
        /// This program ended between sending and recording. The receiver may have got it.
        Interrupted = "interrupted",
    }
}

impl AttemptClass {
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Delivered)
    }

    /// A fault of ours never counts against an endpoint, nor against the number of tries.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Internal | Self::Interrupted)
    }

    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            300..=399 => Self::Http3xx,
            410 => Self::Gone,
            400..=499 => Self::Http4xx,
            // And what is no status at all: the receiver does not speak HTTP well.
            _ => Self::Http5xx,
        }
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterAttempt {
    Succeeded,
    /// Again after so many seconds.
    Retry {
        after_s: i64,
    },
    Exhausted,
    /// The endpoint wants no more.
    Gone,
}

/// Decides it. `failures` are those before this attempt that count; `retry_after_s` is what a 429 or 503 asked for;
/// `jitter_permille` is 0 to 1,000.
pub fn after_attempt(
    schedule: &Schedule,
    class: AttemptClass,
    failures: i32,
    retry_after_s: Option<i64>,
    jitter_permille: i64,
) -> AfterAttempt {
    if class.is_success() {
        return AfterAttempt::Succeeded;
    }
    if class == AttemptClass::Gone {
        return AfterAttempt::Gone;
    }
    let tries = failures + i32::from(!class.is_ours());
    // A fault of ours repeats the step that it was.
    let Some(base_s) = schedule.delay_s(tries.max(1)) else { return AfterAttempt::Exhausted };
    let after_s = retry_after_s.unwrap_or(0).clamp(base_s, Schedule::retry_after_max_s(base_s));
    AfterAttempt::Retry { after_s: after_s + jitter_max_s(after_s) * jitter_permille / 1_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_names_no_types_gets_all_but_those_of_tasks() {
        let all = Subscription::default();
        assert!(all.wants(EventType::BatchRefunded) && !all.wants(EventType::TaskFailed) && all.wants(EventType::WebhookTest));
        let one = Subscription::new(&[EventType::TaskFailed]);
        assert!(one.wants(EventType::TaskFailed) && !one.wants(EventType::BatchRefunded) && one.wants(EventType::WebhookTest));
    }

    #[test]
    fn a_subscription_reads_what_it_writes() {
        for types in [&[][..], &[EventType::BatchFailed, EventType::BatchCreated], EventType::ALL] {
            let subscription = Subscription::new(types);
            assert_eq!(Subscription::of_text(&subscription.to_text()), subscription);
        }
        assert_eq!(Subscription::of_text("batch.created comet.seen").types(), [EventType::BatchCreated]);
    }

    #[test]
    fn only_2xx_is_success_and_only_410_is_the_end() {
        use AttemptClass::{Delivered, Gone, Http3xx, Http4xx, Http5xx};
        let classes = [200, 204, 301, 400, 404, 410, 429, 500, 503, 999].map(AttemptClass::of_status);
        assert_eq!(classes, [Delivered, Delivered, Http3xx, Http4xx, Http4xx, Gone, Http4xx, Http5xx, Http5xx, Http5xx]);
        let schedule = Schedule::default();
        assert_eq!(after_attempt(&schedule, AttemptClass::Gone, 0, None, 0), AfterAttempt::Gone);
        assert_eq!(after_attempt(&schedule, AttemptClass::Delivered, 9, None, 0), AfterAttempt::Succeeded);
    }

    #[test]
    fn the_last_try_of_the_schedule_is_the_last() {
        let schedule: Schedule = "0,5,300".parse().unwrap();
        let after = |failures| after_attempt(&schedule, AttemptClass::Http5xx, failures, None, 0);
        assert_eq!([after(0), after(1)], [AfterAttempt::Retry { after_s: 5 }, AfterAttempt::Retry { after_s: 300 }]);
        assert_eq!(after(2), AfterAttempt::Exhausted);
    }

    #[test]
    fn a_fault_of_ours_costs_no_try() {
        let schedule: Schedule = "0,5".parse().unwrap();
        assert_eq!(after_attempt(&schedule, AttemptClass::Interrupted, 0, None, 0), AfterAttempt::Retry { after_s: 5 });
        assert_eq!(after_attempt(&schedule, AttemptClass::Internal, 1, None, 0), AfterAttempt::Retry { after_s: 5 });
    }

    #[test]
    fn retry_after_is_honoured_within_bounds() {
        let schedule: Schedule = "0,60,120".parse().unwrap();
        let after = |asked| after_attempt(&schedule, AttemptClass::Http4xx, 0, asked, 0);
        assert_eq!(after(Some(90)), AfterAttempt::Retry { after_s: 90 });
        assert_eq!(after(Some(1)), AfterAttempt::Retry { after_s: 60 }, "never sooner");
        assert_eq!(after(Some(i64::MAX)), AfterAttempt::Retry { after_s: 660 }, "never for ever");
        assert_eq!(after(None), AfterAttempt::Retry { after_s: 60 });
    }

    #[test]
    fn jitter_only_adds() {
        let schedule: Schedule = "0,1000".parse().unwrap();
        let after = |permille| after_attempt(&schedule, AttemptClass::TimeoutResponse, 0, None, permille);
        assert_eq!([after(0), after(1_000)], [AfterAttempt::Retry { after_s: 1_000 }, AfterAttempt::Retry { after_s: 1_100 }]);
    }
}
