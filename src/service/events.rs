//! Events: what customers are told. Written here in the transaction of what they report, sent by the webhook worker.
//!
//! What is stored is the core of what is sent (`payload.rs`): it says how things stood in that moment. Where to read more, and
//! the customer's own name for the batch, are put before it when it is sent. `catalogue.rs` describes it all by the same code.

use std::collections::BTreeMap;

use crate::domain::access::Action;
use crate::domain::batch::{BatchHead, BatchStatus};
use crate::domain::id::{BatchId, BatchKey, EventId};
use crate::domain::webhook::EventType;
use crate::store::events::{self, NewEvent};
use crate::store::{StoreResult, Tx, batches, ledger};

pub use crate::store::events::Event;
pub use catalogue::{Described, catalogue};
pub use payload::{BatchNews, Envelope, Message, TestNews};

pub(super) use payload::{RefundNews, TaskNews, TaskNewsError, refund};

use super::{Reader, Service, ServiceResult};

mod catalogue;
mod payload;

/// Tasks that one event tells of at most; a settled group with more is told in several.
pub const EVENT_TASKS_MAX: usize = 100;

/// The event of a batch that has reached its end.
pub(super) const fn end_event(status: BatchStatus) -> Option<EventType> {
    match status {
        BatchStatus::Completed => Some(EventType::BatchCompleted),
        BatchStatus::Partial => Some(EventType::BatchPartial),
        BatchStatus::Failed => Some(EventType::BatchFailed),
        BatchStatus::Canceled => Some(EventType::BatchCanceled),
        BatchStatus::Queued | BatchStatus::Processing | BatchStatus::Canceling => None,
    }
}

/// What batches gave back so far, by what it was for: for the events of their ends. Nothing is read of those that gave nothing.
pub(super) async fn refunds_of(tx: &mut Tx, heads: &[&BatchHead]) -> StoreResult<BTreeMap<BatchKey, Vec<RefundNews>>> {
    let mut refunds: BTreeMap<BatchKey, Vec<RefundNews>> = BTreeMap::new();
    let refunded: Vec<BatchKey> = heads.iter().filter(|head| !head.credits.refunded.is_zero()).map(|head| head.key).collect();
    if refunded.is_empty() {
        return Ok(refunds);
    }
    for (batch, failure, tasks, credits) in batches::failed_tasks(tx, &refunded).await? {
        refunds.entry(batch).or_default().push(refund(failure.as_str(), tasks, credits));
    }
    // What is left was canceled, or was charged and given back by an operator.
    for head in heads {
        let of_batch = refunds.entry(head.key).or_default();
        let mut rest = head.credits.refunded;
        for refund in of_batch.iter() {
            rest = rest.checked_sub(refund.credits)?;
        }
        if rest.is_zero() {
            continue;
        }
        let (tasks, credits) = ledger::reversed_of(tx, head.key).await?;
        let canceled = rest.checked_sub(credits)?;
        let rest = [refund(payload::CANCELED, head.counts.canceled, canceled), refund(payload::OPERATOR, tasks, credits)];
        of_batch.extend(rest.into_iter().filter(|refund| !refund.credits.is_zero()));
    }
    Ok(refunds)
}

impl Service {
    /// `refunds` is what this event reports: what was given back at once, or, at the end of a batch, all of it.
    pub(super) fn batch_event(&self, kind: EventType, head: &BatchHead, refunds: Vec<RefundNews>) -> NewEvent {
        self.event(kind, head, BatchNews::of(head, refunds))
    }

    pub(super) fn task_event(&self, kind: EventType, head: &BatchHead, tasks: Vec<TaskNews>) -> NewEvent {
        self.event(kind, head, BatchNews::of(head, Vec::new()).with_tasks(tasks))
    }

    fn event(&self, kind: EventType, head: &BatchHead, news: BatchNews) -> NewEvent {
        let id = EventId::new(self.now(), self.random());
        NewEvent { id, kind: kind.as_str(), customer: head.customer, batch: head.key, payload: news.to_json() }
    }

    /// The latest 200 events of a batch, oldest first. For operators.
    pub async fn events(&self, id: BatchId) -> ServiceResult<Vec<Event>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(events::of_batch(&mut tx, key).await?)
    }
}
