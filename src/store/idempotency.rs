//! Answers to `POST /batches`, kept as long as their batch.

use crate::domain::id::{BatchId, BatchKey, CustomerKey};
use crate::domain::time::Time;

use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

/// What is known of an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub fingerprint: String,
    pub batch: Option<BatchId>,
    pub response: Option<String>,
}

/// Takes the key for this transaction. False when it is taken: on PostgreSQL after waiting for the transaction that took it.
pub async fn take(tx: &mut Tx, customer: CustomerKey, key: &str, fingerprint: &str, now: Time) -> StoreResult<bool> {
    const TAKE: &str = "INSERT INTO idempotency_keys (customer_id, key, fingerprint, created_at_us) VALUES ($1, $2, $3, $4)
        ON CONFLICT (customer_id, key) DO NOTHING";
    let taken = on!(tx, c => sqlx::query(TAKE).bind(customer.0).bind(key).bind(fingerprint).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(taken == 1)
}

pub async fn find(tx: &mut Tx, customer: CustomerKey, key: &str) -> StoreResult<Option<Known>> {
    const FIND: &str = "SELECT i.fingerprint, b.public_id, i.response FROM idempotency_keys AS i
        LEFT JOIN batches AS b ON b.id = i.batch_id WHERE i.customer_id = $1 AND i.key = $2";
    let row: Option<(String, Option<String>, Option<String>)> =
        on!(tx, c => sqlx::query_as(FIND).bind(customer.0).bind(key).fetch_optional(c).await)?;
    row.map(|(fingerprint, batch, response)| Ok(Known { fingerprint, batch: batch.map(|id| id.parse()).transpose()?, response }))
        .transpose()
}

/// Stores the answer with the effect that it reports.
pub async fn answer(tx: &mut Tx, customer: CustomerKey, key: &str, batch: BatchKey, response: &str) -> StoreResult<()> {
    const ANSWER: &str = "UPDATE idempotency_keys SET batch_id = $3, response = $4 WHERE customer_id = $1 AND key = $2";
    let changed = on!(tx, c => sqlx::query(ANSWER).bind(customer.0).bind(key).bind(batch.0).bind(response)
        .execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("storing the answer", changed, 1)
}
