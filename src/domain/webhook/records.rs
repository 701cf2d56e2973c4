//! Endpoints, deliveries and attempts, as they are read.

use super::super::id::{BatchId, CustomerKey, DeliveryId, DeliveryKey, EndpointId, EndpointKey, EventId, ReplayId};
use super::super::time::Time;
use super::{
    AttemptClass, CanceledBecause, DeliveryState, DisabledBecause, EndpointSource, EndpointState, EventType, Subscription, Trigger,
};

/// Where a customer is told what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub key: EndpointKey,
    pub id: EndpointId,
    pub customer: CustomerKey,
    pub source: EndpointSource,
    pub url: String,
    pub description: String,
    pub subscription: Subscription,
    pub timeout_ms: i32,
    pub status: EndpointStatus,
    /// Every attempt since then failed.
    pub failing_since: Option<Time>,
    pub warned_at: Option<Time>,
    /// When it was announced that it will be disabled.
    pub announced_at: Option<Time>,
    pub created_at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointStatus {
    Enabled,
    Disabled { because: DisabledBecause, at: Time },
}

impl EndpointStatus {
    pub const fn state(self) -> EndpointState {
        match self {
            Self::Enabled => EndpointState::Enabled,
            Self::Disabled { .. } => EndpointState::Disabled,
        }
    }
}

/// An event for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub key: DeliveryKey,
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    pub url: String,
    pub event: EventId,
    pub kind: EventType,
    pub batch: Option<BatchId>,
    pub status: DeliveryStatus,
    /// Attempts begun.
    pub attempts: i32,
    /// Attempts that failed and count, since the schedule began.
    pub failures: i32,
    pub created_at: Time,
    /// How the last attempt that ended did.
    pub last_class: Option<AttemptClass>,
    /// Why the next attempt is made, and who asked for it.
    pub trigger: Trigger,
    pub actor: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Due at `next_attempt_at`; or on its way, and then that is when it counts as lost.
    Pending {
        next_attempt_at: Time,
        sending: bool,
    },
    Succeeded {
        at: Time,
    },
    Exhausted {
        at: Time,
    },
    Canceled {
        at: Time,
        because: CanceledBecause,
    },
}

impl DeliveryStatus {
    pub const fn state(self) -> DeliveryState {
        match self {
            Self::Pending { .. } => DeliveryState::Pending,
            Self::Succeeded { .. } => DeliveryState::Succeeded,
            Self::Exhausted { .. } => DeliveryState::Exhausted,
            Self::Canceled { .. } => DeliveryState::Canceled,
        }
    }

    pub const fn finished_at(self) -> Option<Time> {
        match self {
            Self::Pending { .. } => None,
            Self::Succeeded { at } | Self::Exhausted { at } | Self::Canceled { at, .. } => Some(at),
        }
    }
}

/// One HTTP try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    pub number: i32,
    pub trigger: Trigger,
    /// Who asked for it, where somebody did.
    pub actor: Option<String>,
    /// The replay that asked for it.
    pub replay: Option<ReplayId>,
    pub url: String,
    /// When it was recorded, a moment before sending.
    pub started_at: Time,
    /// When the request was sent: its `webhook-timestamp`.
    pub requested_at: Option<Time>,
    /// When the answer began to arrive.
    pub responded_at: Option<Time>,
    /// What came of it, and when; `None` while it is on its way.
    pub outcome: Option<(AttemptClass, Time)>,
    pub http_status: Option<i32>,
    /// The pause that a 429 or 503 asked for.
    pub retry_after_s: Option<i64>,
    /// `webhook-signature` as it was sent.
    pub signature: Option<String>,
    /// A line each; secrets are masked.
    pub response_headers: Option<String>,
    /// The first 8 kB.
    pub response_body: Option<String>,
    pub error: Option<String>,
}
