//! Where a batch came from, and who stopped it.

use crate::domain::id::{BatchKey, KeyId};
use crate::domain::time::Time;

use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

/// What of a batch does not change while it runs, beyond what every reader of batches needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The API key that submitted it: none when it was not submitted through the API.
    pub key: Option<(KeyId, String)>,
    pub cancel_requested_at: Option<Time>,
    pub cancel_actor: Option<String>,
    pub cancel_reason: Option<String>,
}

type Row = (Option<String>, Option<String>, Option<i64>, Option<String>, Option<String>);

pub async fn of_batch(tx: &mut Tx, batch: BatchKey) -> StoreResult<Origin> {
    const ORIGIN: &str = "SELECT k.public_id, k.name, b.cancel_requested_at_us, b.cancel_actor, b.cancel_reason
        FROM batches AS b LEFT JOIN api_keys AS k ON k.id = b.api_key_id WHERE b.id = $1";
    let (key, name, requested, cancel_actor, cancel_reason): Row = on!(tx, c => sqlx::query_as(ORIGIN).bind(batch.0).fetch_one(c).await)?;
    let key = match (key, name) {
        (Some(id), Some(name)) => Some((id.parse()?, name)),
        _ => None,
    };
    Ok(Origin { key, cancel_requested_at: requested.map(Time::from_micros), cancel_actor, cancel_reason })
}

/// Notes who asked to cancel a batch that this transaction has locked, when and why. Said once, also of a batch that ends with it.
pub async fn note_cancel(tx: &mut Tx, batch: BatchKey, actor: &str, reason: Option<&str>, now: Time) -> StoreResult<()> {
    const NOTE: &str =
        "UPDATE batches SET cancel_actor = $2, cancel_reason = $3, cancel_requested_at_us = $4 WHERE id = $1 AND cancel_actor IS NULL";
    let noted = on!(tx, c => sqlx::query(NOTE).bind(batch.0).bind(actor).bind(reason).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("noting who canceled", noted, 1)
}
