//! Cancelling a batch: what never ran is released at once, what is being made ends on its own.

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::batch::{Batch, BatchCredits, BatchStatus, BatchTransitionError, Cancellation};
use crate::domain::credits::Credits;
use crate::domain::hold;
use crate::domain::id::{BatchId, TransactionId};
use crate::domain::ledger::{LineKind, Posting, TransactionKind};
use crate::domain::money::Money;
use crate::domain::task::TaskStatus;
use crate::domain::webhook::EventType;
use crate::store::holds::Holds;
use crate::store::ledger::{NewLine, NewTransaction};
use crate::store::tallies::TaskEnd;
use crate::store::tasks::Stepped;
use crate::store::{StoreError, Tx, batches, books, events, grants, holds, ledger, origins, tallies, tasks};

use super::audit::Note;
use super::events::{RefundNews, end_event, refunds_of};
use super::{Reader, Service, ServiceError, ServiceResult};

/// What a cancellation would do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelPreview {
    pub status: BatchStatus,
    pub pending: i64,
    /// Credits of the pending tasks.
    pub releases: Credits,
    pub running: i64,
    /// Credits that stay reserved for the running tasks.
    pub still_held: Credits,
    pub succeeded: i64,
    pub charged: Credits,
    pub refunded: Credits,
}

impl Service {
    /// What canceling a batch would give back, leave running and keep. For operators. Tasks are read only where a batch has models
    /// of several prices.
    pub async fn preview_cancel(&self, id: BatchId) -> ServiceResult<CancelPreview> {
        self.may_prepare(Action::CancelBatches)?;
        let mut tx = self.db().read().await?;
        let batch = batches::by_id(&mut tx, None, id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let models = batches::priced_models(&mut tx, batch.key).await?;
        let pending = batch.counts.pending;
        let releases = match models.as_slice() {
            [only] => only.credits.checked_times(pending).map_err(StoreError::from)?,
            _ if pending == 0 => Credits::ZERO,
            _ => books::pending_credits(&mut tx, batch.key).await?,
        };
        let still_held = batch.credits.open.checked_sub(releases).map_err(StoreError::from)?;
        Ok(CancelPreview {
            status: batch.status(),
            pending,
            releases,
            running: batch.counts.processing,
            still_held,
            succeeded: batch.counts.succeeded,
            charged: batch.credits.charged,
            refunded: batch.credits.refunded,
        })
    }

    /// Who cancels and why is kept with the batch and on the ledger transaction.
    pub async fn cancel(&self, reader: Reader, id: BatchId, reason: Option<&str>) -> ServiceResult<(Batch, Cancellation)> {
        reader.may(self, Action::CancelBatches)?;
        let now = self.now();
        let mut tx = self.db().write().await?;
        let key = self.batch_key(&mut tx, reader, id).await?;
        batches::lock_queues(&mut tx, &[key]).await?;
        let mut holds = holds::lock(&mut tx, &[key]).await?;
        let mut heads = batches::acquire(&mut tx, &holds).await?;
        let head = heads.first_mut().ok_or(ServiceError::NotFound { what: "batch" })?;
        let was = head.state.status();
        head.state = head.state.cancel(now).map_err(|error| match error {
            BatchTransitionError::Finished(status) => ServiceError::BatchFinished(status),
            BatchTransitionError::Canceling => ServiceError::BatchCanceling,
            BatchTransitionError::Open(_) => ServiceError::internal(error),
        })?;
        let canceled = tasks::cancel_pending(&mut tx, key, now).await?;
        let count = i64::try_from(canceled.len()).map_err(ServiceError::internal)?;
        head.counts.pending -= count;
        head.counts.canceled += count;
        tallies::add(&mut tx, canceled.iter().map(canceled_end)).await?;
        let released = Credits::checked_sum(canceled.iter().map(|task| task.price)).map_err(StoreError::from)?;
        if !canceled.is_empty() {
            let transaction = NewTransaction {
                id: TransactionId::new(now, self.random()),
                posting: Posting::new(TransactionKind::Release, released).map_err(StoreError::from)?,
                customer: head.customer,
                batch: Some(key),
                grant: None,
                reverses: None,
                revenue: Money::ZERO,
                tasks: count,
                actor: reader.actor(self),
                reason: reason.map(str::to_owned),
            };
            let refunded = head.credits.refunded.checked_add(released).map_err(StoreError::from)?;
            head.credits = BatchCredits::new(head.credits.held, head.credits.charged, refunded)
                .ok_or_else(|| ServiceError::internal("a cancellation would release more than is held"))?;
            self.release(&mut tx, &mut holds, &canceled, released, transaction).await?;
        }
        let mut written = Vec::new();
        if !canceled.is_empty() {
            written.push(self.batch_event(EventType::BatchRefunded, head, vec![RefundNews::canceled(count, released)]));
        }
        let cancellation = Cancellation { canceled: count, released, still_running: head.counts.processing, still_held: head.credits.open };
        if head.counts.open() == 0 {
            head.state = head.state.finish(head.counts, now).map_err(ServiceError::internal)?;
            let refunds = refunds_of(&mut tx, &[&**head]).await?.remove(&key).unwrap_or_default();
            written.extend(end_event(head.state.status()).map(|kind| self.batch_event(kind, head, refunds)));
        }
        batches::save(&mut tx, &heads).await?;
        origins::note_cancel(&mut tx, key, &reader.actor(self), reason, now).await?;
        events::insert(&mut tx, &written, now).await?;
        let batch = batches::by_id(&mut tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let (before, after) = (json!({"state": was}), json!({"state": batch.status(), "canceled": count, "released": released}));
        let note = Note::new(Deed::BatchCanceled, ObjectKind::Batch, id).of(batch.customer).before(before).after(after);
        reader.note(self, &mut tx, note.because(reason)).await?;
        tx.commit().await?;
        Ok((batch, cancellation))
    }

    async fn release(
        &self,
        tx: &mut Tx,
        holds: &mut Holds,
        canceled: &[Stepped],
        released: Credits,
        transaction: NewTransaction,
    ) -> ServiceResult<()> {
        let Some(batch) = transaction.batch else { return Ok(()) };
        let mut locked = grants::lock(tx, &holds.open_grants()).await?;
        hold::release(holds.of(batch)?, &mut locked, released).map_err(StoreError::from)?;
        holds.save(tx).await?;
        grants::save(tx, &locked).await?;
        let keys = ledger::post(tx, &[transaction], self.now()).await?;
        let lines: Vec<NewLine> = keys
            .first()
            .into_iter()
            .flat_map(|key| {
                canceled.iter().map(|task| NewLine {
                    task: task.task,
                    transaction: *key,
                    kind: LineKind::Release,
                    credits: task.price,
                    revenue: Money::ZERO,
                })
            })
            .collect();
        Ok(ledger::insert_lines(tx, &lines).await?)
    }
}

fn canceled_end(row: &Stepped) -> TaskEnd {
    TaskEnd { task: row.task, model: row.model, status: TaskStatus::Canceled, failure: None }
}
