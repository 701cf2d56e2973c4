//! Submission: one transaction for the idempotency record, the hold, the batch, all its tasks and its event. Not enough
//! credits, or anything wrong, and nothing is stored.

use crate::domain::batch::Batch;
use crate::domain::credits::Credits;
use crate::domain::hold::{self, HoldError};
use crate::domain::id::{BatchId, TransactionId};
use crate::domain::ledger::{Posting, TransactionKind};
use crate::domain::money::Money;
use crate::domain::submission::{NewBatch, Priced, price};
use crate::domain::webhook::EventType;
use crate::store::batches::NewBatchRow;
use crate::store::idempotency::Known;
use crate::store::ledger::NewTransaction;
use crate::store::{
    StoreError, Tx, accounts, batches, catalogue, dialect, events, grants, holds, idempotency, ledger, tallies, tasks, wake,
};

use super::{Caller, Service, ServiceError, ServiceResult};

/// A batch to be submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    pub idempotency_key: String,
    /// Hash of the request: the same key with another one is refused.
    pub fingerprint: String,
    pub batch: NewBatch,
    /// Makes the answer that is stored, and given again to a replay.
    pub render: fn(&Batch) -> String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// What `render` made, now or the first time.
    pub body: String,
    pub replayed: bool,
}

/// What a batch would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub priced: Priced,
    pub available: Credits,
}

/// A replay waits so long for the request that it repeats.
const IN_FLIGHT_WAIT_MS: u32 = 10_000;

impl Service {
    /// The stored answer to a request that was made before. To be looked at before limits and balance.
    pub async fn find_replay(&self, caller: &Caller, idempotency_key: &str, fingerprint: &str) -> ServiceResult<Option<String>> {
        let mut tx = self.db().read().await?;
        match idempotency::find(&mut tx, caller.customer, idempotency_key).await? {
            None => Ok(None),
            Some(known) => replay(known, fingerprint).map(Some),
        }
    }

    pub async fn quote(&self, caller: &Caller, batch: &NewBatch) -> ServiceResult<Quote> {
        let mut tx = self.db().read().await?;
        let priced = self.price(&mut tx, batch).await?;
        let available = accounts::balances(&mut tx, caller.customer).await?.available;
        Ok(Quote { priced, available })
    }

    pub async fn submit(&self, caller: &Caller, submission: Submission) -> ServiceResult<Submitted> {
        let mut tx = self.db().read().await?;
        let priced = self.price(&mut tx, &submission.batch).await?;
        let available = accounts::balances(&mut tx, caller.customer).await?.available;
        drop(tx);
        // A first look without a lock, so that a hopeless submission costs little; the hold decides.
        if available < priced.total {
            return Err(ServiceError::NotEnoughCredits { needed: priced.total, available });
        }
        let mut tx = self.db().write().await?;
        dialect::limit_lock_wait(&mut tx, IN_FLIGHT_WAIT_MS).await?;
        match idempotency::take(&mut tx, caller.customer, &submission.idempotency_key, &submission.fingerprint, self.now()).await {
            Ok(true) => {}
            Ok(false) => {
                let known = idempotency::find(&mut tx, caller.customer, &submission.idempotency_key).await?;
                let body = replay(known.ok_or(ServiceError::IdempotencyInFlight)?, &submission.fingerprint)?;
                return Ok(Submitted { body, replayed: true });
            }
            Err(StoreError::Locked) => return Err(ServiceError::IdempotencyInFlight),
            Err(error) => return Err(error.into()),
        }
        let body = self.store(&mut tx, caller, submission, &priced).await?;
        wake::announce(&mut tx).await?;
        tx.commit().await?;
        self.announce_work();
        Ok(Submitted { body, replayed: false })
    }

    async fn price(&self, tx: &mut Tx, batch: &NewBatch) -> ServiceResult<Priced> {
        let now = self.now();
        let limits = self.inner.limits;
        let models = catalogue::models(tx, now).await?;
        price(batch, &models, limits.tasks_max, limits.subnets, now).map_err(ServiceError::Refused)
    }

    /// Tasks go in first and the customer's rows are locked last, so that a large batch holds up nobody else of the customer.
    async fn store(&self, tx: &mut Tx, caller: &Caller, submission: Submission, priced: &Priced) -> ServiceResult<String> {
        let now = self.now();
        let Submission { idempotency_key, batch, render, .. } = submission;
        let id = BatchId::new(now, self.random());
        let row = NewBatchRow {
            id,
            customer: caller.customer,
            api_key: caller.api_key,
            idempotency_key: &idempotency_key,
            model: batch.model.as_deref(),
            webhook_url: batch.webhook_url.as_deref(),
            metadata: batch.metadata.as_deref().unwrap_or("{}"),
            tasks: i64::try_from(batch.items.len()).map_err(ServiceError::internal)?,
            held: priced.total,
        };
        let key = batches::insert(tx, &row, now).await?;
        catalogue::insert_batch_models(tx, key, &priced.models).await?;
        tasks::insert(tx, key, batch.items, priced).await?;
        tallies::insert_ordered(tx, key, priced).await?;
        let mut spendable = grants::lock_spendable(tx, caller.customer, now).await?;
        let draws = hold::place(&mut spendable, priced.total).map_err(|error| match error {
            HoldError::NotEnough { needed, available } => ServiceError::NotEnoughCredits { needed, available },
            other => StoreError::from(other).into(),
        })?;
        holds::insert(tx, key, &draws).await?;
        grants::save(tx, &spendable).await?;
        let transaction = NewTransaction {
            id: TransactionId::new(now, self.random()),
            posting: Posting::new(TransactionKind::Hold, priced.total).map_err(StoreError::from)?,
            customer: caller.customer,
            batch: Some(key),
            grant: None,
            reverses: None,
            revenue: Money::ZERO,
            tasks: 0,
            actor: caller.api_key_prefix.clone(),
            reason: None,
        };
        ledger::post(tx, &[transaction], now).await?;
        let batch = batches::by_id(tx, Some(caller.customer), id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let event = self.batch_event(EventType::BatchCreated, &batch.head(), Vec::new());
        events::insert(tx, &[event], now).await?;
        let body = render(&batch);
        idempotency::answer(tx, caller.customer, &idempotency_key, key, &body).await?;
        Ok(body)
    }
}

fn replay(known: Known, fingerprint: &str) -> ServiceResult<String> {
    if known.fingerprint != fingerprint {
        return Err(ServiceError::IdempotencyMismatch { first_batch: known.batch });
    }
    known.response.ok_or(ServiceError::IdempotencyInFlight)
}
