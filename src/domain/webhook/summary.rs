//! What is shown of a batch's deliveries at one look: each endpoint with its sums and its last attempts.

use super::super::id::{DeliveryId, EndpointId, EventId};
use super::super::time::Time;
use super::{AttemptClass, Trigger};

/// One HTTP try, as a mark in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptMark {
    pub number: i32,
    pub trigger: Trigger,
    pub actor: Option<String>,
    pub started_at: Time,
    /// What came of it, and when; `None` while it is on its way.
    pub outcome: Option<(AttemptClass, Time)>,
    pub http_status: Option<i32>,
}

/// An endpoint of a batch, with sums over the batch's latest deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchEndpoint {
    pub id: EndpointId,
    pub url: String,
    pub is_disabled: bool,
    pub is_deleted: bool,
    pub deliveries: i64,
    pub delivered: i64,
    pub waiting: i64,
    pub exhausted: i64,
    pub canceled: i64,
    pub attempts: i64,
    /// The soonest of those that wait.
    pub next_attempt_at: Option<Time>,
    /// The last attempts, oldest first, each with its delivery.
    pub strip: Vec<(DeliveryId, AttemptMark)>,
}

/// An event that has no delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    pub id: EventId,
    pub kind: String,
    pub created_at: Time,
    /// Its deliveries are about to be made. Else no endpoint wanted it.
    pub is_queued: bool,
}
