//! Webhooks: the words of telling customers what happened, and the rules of trying again.
//!
//! An event (`evt_`) is written in the transaction of what it reports. For each endpoint (`whe_`) that wants it there is one
//! delivery (`dlv_`); its id is the `webhook-id` of every attempt, so a receiver knows what it has seen. Nothing here touches
//! money: a delivery that fails changes nothing but itself and the health of its endpoint.

use serde::{Deserialize, Serialize};

use super::word::words;

mod health;
mod records;
mod schedule;
mod secret;
pub mod target;

pub use health::{ANNOUNCED_BEFORE_S, DISABLED_AFTER_S, Health, HealthStep, PROBE_EVERY_S, WARN_AFTER_FIRST_FAILURES, health_step};
pub use records::{Delivery, DeliveryAttempt, DeliveryStatus, Endpoint, EndpointStatus};
pub use schedule::{BadSchedule, Schedule, jitter_max_s};
pub use secret::{NotAWebhookSecret, WebhookSecret};

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
    }
}

words! {
    /// Why an attempt was made.
    Trigger {
        Scheduled = "scheduled",
        /// Somebody asked for it again.
        Manual = "manual",
        Test = "test",
        /// Looks whether a disabled endpoint is well again.
        Probe = "probe",
    }
}

words! {
    /// What came of an attempt.
    AttemptClass {
        Delivered = "delivered",
        /// Answered with a status that is none of the others.
        HttpStatus = "http_status",
        /// Answered with a redirect, which is not followed.
        Redirect = "redirect",
        RateLimited = "rate_limited",
        Unavailable = "unavailable",
        /// 410.
        Gone = "gone",
        /// No connection within its time.
        ConnectTimeout = "connect_timeout",
        /// No whole answer within its time.
        Timeout = "timeout",
        /// Refused, or broken off.
        Connection = "connection",
        Dns = "dns",
        Tls = "tls",
        /// The address leads where the guarded client does not go.
        Blocked = "blocked",
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
            300..=399 => Self::Redirect,
            410 => Self::Gone,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            _ => Self::HttpStatus,
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

/// Decides it. `failures` are those before this attempt that count; `jitter_permille` is 0 to 1,000.
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
    let asked_s = match class {
        AttemptClass::RateLimited | AttemptClass::Unavailable => retry_after_s.unwrap_or(0),
        _ => 0,
    };
    let after_s = asked_s.clamp(base_s, Schedule::retry_after_max_s(base_s));
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
        let classes = [200, 204, 301, 400, 404, 410, 429, 500, 503].map(AttemptClass::of_status);
        assert_eq!(classes.iter().filter(|class| class.is_success()).count(), 2);
        let schedule = Schedule::default();
        assert_eq!(after_attempt(&schedule, AttemptClass::Gone, 0, None, 0), AfterAttempt::Gone);
        assert_eq!(after_attempt(&schedule, AttemptClass::Delivered, 9, None, 0), AfterAttempt::Succeeded);
    }

    #[test]
    fn the_last_try_of_the_schedule_is_the_last() {
        let schedule: Schedule = "0,5,300".parse().unwrap();
        let after = |failures| after_attempt(&schedule, AttemptClass::HttpStatus, failures, None, 0);
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
        let after = |class, asked| after_attempt(&schedule, class, 0, asked, 0);
        assert_eq!(after(AttemptClass::RateLimited, Some(90)), AfterAttempt::Retry { after_s: 90 });
        assert_eq!(after(AttemptClass::Unavailable, Some(1)), AfterAttempt::Retry { after_s: 60 }, "never sooner");
        assert_eq!(after(AttemptClass::RateLimited, Some(i64::MAX)), AfterAttempt::Retry { after_s: 660 }, "never for ever");
        assert_eq!(after(AttemptClass::HttpStatus, Some(90)), AfterAttempt::Retry { after_s: 60 }, "only 429 and 503 may ask");
    }

    #[test]
    fn jitter_only_adds() {
        let schedule: Schedule = "0,1000".parse().unwrap();
        let after = |permille| after_attempt(&schedule, AttemptClass::Timeout, 0, None, permille);
        assert_eq!([after(0), after(1_000)], [AfterAttempt::Retry { after_s: 1_000 }, AfterAttempt::Retry { after_s: 1_100 }]);
    }
}
