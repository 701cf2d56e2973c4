//! Requests of operators that change credits: each has one effect, however often it is sent.

use crate::domain::time::Time;

use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

/// Takes the token for this transaction. False when it is taken: on PostgreSQL after waiting for the transaction that took it.
pub async fn take(tx: &mut Tx, token: &str, fingerprint: &str, actor: &str, now: Time) -> StoreResult<bool> {
    const TAKE: &str = "INSERT INTO operator_requests (token, fingerprint, actor, created_at_us) VALUES ($1, $2, $3, $4)
        ON CONFLICT (token) DO NOTHING";
    let inserted = on!(tx, c => sqlx::query(TAKE).bind(token).bind(fingerprint).bind(actor).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(inserted == 1)
}

/// What a token was used for, and what came of it.
pub async fn find(tx: &mut Tx, token: &str) -> StoreResult<Option<(String, Option<String>)>> {
    const FIND: &str = "SELECT fingerprint, answer FROM operator_requests WHERE token = $1";
    Ok(on!(tx, c => sqlx::query_as(FIND).bind(token).fetch_optional(c).await)?)
}

/// Stores the answer with the effect that it reports.
pub async fn answer(tx: &mut Tx, token: &str, answer: &str) -> StoreResult<()> {
    const ANSWER: &str = "UPDATE operator_requests SET answer = $2 WHERE token = $1";
    let changed = on!(tx, c => sqlx::query(ANSWER).bind(token).bind(answer).execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("storing the answer", changed, 1)
}
