//! Events: what customers are told. Written here, sent by the webhook worker.

use crate::domain::access::Action;
use crate::domain::batch::{BatchHead, BatchStatus};
use crate::domain::id::{BatchId, EventId, Random};
use crate::domain::time::Time;
use crate::store::events::{self, NewEvent};

pub use crate::store::events::Event;

use super::{Reader, Service, ServiceResult};

pub(super) const BATCH_CREATED: &str = "batch.created";
pub(super) const BATCH_REFUNDED: &str = "batch.refunded";

/// The event of a batch that has reached its end.
pub(super) const fn end_event(status: BatchStatus) -> Option<&'static str> {
    match status {
        BatchStatus::Completed => Some("batch.completed"),
        BatchStatus::Partial => Some("batch.partial"),
        BatchStatus::Failed => Some("batch.failed"),
        BatchStatus::Canceled => Some("batch.canceled"),
        BatchStatus::Queued | BatchStatus::Processing | BatchStatus::Canceling => None,
    }
}

pub(super) fn batch_event(kind: &'static str, head: &BatchHead, now: Time, random: &dyn Random) -> NewEvent {
    let payload = serde_json::json!({
        "batch_id": head.id,
        "status": head.state.status(),
        "counts": head.counts,
        "credits": head.credits,
    });
    NewEvent { id: EventId::new(now, random), kind, customer: head.customer, batch: head.key, payload: payload.to_string() }
}

impl Service {
    /// The latest 200 events of a batch, oldest first. For operators.
    pub async fn events(&self, id: BatchId) -> ServiceResult<Vec<Event>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(events::of_batch(&mut tx, key).await?)
    }
}
