//! What travels to the tab of webhooks.

use serde::{Deserialize, Serialize};

use crate::domain::id::EventId;
use crate::domain::time::Time;

/// What was written for the customer's webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhooksPage {
    pub url: Option<String>,
    pub events: Vec<EventRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    pub id: EventId,
    pub kind: String,
    pub payload: String,
    pub created_at: Time,
}
