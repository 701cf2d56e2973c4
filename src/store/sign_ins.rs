//! What slows down those who guess: refusals in a row, and browsers that are known.

use crate::domain::id::OperatorKey;
use crate::domain::session::Patience;
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

/// Counts one try as refused before it is looked at, so that a thousand at once are counted like a thousand in a row. `Err` says
/// until when nothing is looked at. What succeeds is forgiven.
pub async fn count(tx: &mut Tx, who: &str, patience: Patience, now: Time) -> StoreResult<Result<(), Time>> {
    const COUNT: &str = "UPDATE sign_in_refusals SET refusals = CASE WHEN last_at_us < $3 THEN 1 ELSE refusals + 1 END, last_at_us = $2
        WHERE who = $1 AND free_at_us <= $2 RETURNING refusals";
    const BLOCK: &str = "UPDATE sign_in_refusals SET free_at_us = $2 WHERE who = $1";
    const FIRST: &str =
        "INSERT INTO sign_in_refusals (who, refusals, last_at_us, free_at_us) VALUES ($1, 1, $2, $2) ON CONFLICT (who) DO NOTHING";
    const FREE_AT: &str = "SELECT free_at_us FROM sign_in_refusals WHERE who = $1";
    let forgotten = now.plus_s(-Patience::FORGETS_S);
    let counted: Option<i64> = on!(&mut *tx, c => sqlx::query_scalar(COUNT).bind(who).bind(now.micros()).bind(forgotten.micros())
        .fetch_optional(c).await)?;
    if let Some(refusals) = counted {
        let free_at = now.plus_s(patience.wait_s(refusals));
        on!(tx, c => sqlx::query(BLOCK).bind(who).bind(free_at.micros()).execute(c).await.map(|_| ()))?;
        return Ok(Ok(()));
    }
    let first = on!(&mut *tx, c => sqlx::query(FIRST).bind(who).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?;
    if first == 1 {
        return Ok(Ok(()));
    }
    let free_at: Option<i64> = on!(tx, c => sqlx::query_scalar(FREE_AT).bind(who).fetch_optional(c).await)?;
    Ok(Err(free_at.map_or(now, Time::from_micros)))
}

/// Takes all refusals back.
pub async fn forgive(tx: &mut Tx, who: &str) -> StoreResult<()> {
    const FORGIVE: &str = "DELETE FROM sign_in_refusals WHERE who = $1";
    on!(tx, c => sqlx::query(FORGIVE).bind(who).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Takes the last refusal back.
pub async fn take_back(tx: &mut Tx, who: &str, now: Time) -> StoreResult<()> {
    const LAST: &str = "DELETE FROM sign_in_refusals WHERE who = $1 AND refusals = 1";
    const BACK: &str = "UPDATE sign_in_refusals SET refusals = refusals - 1, free_at_us = $2 WHERE who = $1";
    on!(&mut *tx, c => sqlx::query(LAST).bind(who).execute(c).await.map(|_| ()))?;
    on!(tx, c => sqlx::query(BACK).bind(who).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Deletes what is not remembered any more.
pub async fn forget(tx: &mut Tx, before: Time) -> StoreResult<()> {
    const FORGET: &str = "DELETE FROM sign_in_refusals WHERE last_at_us < $1";
    on!(tx, c => sqlx::query(FORGET).bind(before.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Whether an operator has signed in with this browser before.
pub async fn knows_device(tx: &mut Tx, operator: OperatorKey, token_sha256: &str) -> StoreResult<bool> {
    const KNOWS: &str = "SELECT 1 FROM operator_devices WHERE token_sha256 = $1 AND operator_id = $2";
    let found: Option<i32> = on!(tx, c => sqlx::query_scalar(KNOWS).bind(token_sha256).bind(operator.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

pub async fn remember_device(tx: &mut Tx, operator: OperatorKey, token_sha256: &str, now: Time) -> StoreResult<()> {
    const REMEMBER: &str = "INSERT INTO operator_devices (token_sha256, operator_id, seen_at_us) VALUES ($1, $2, $3)
        ON CONFLICT (token_sha256, operator_id) DO UPDATE SET seen_at_us = excluded.seen_at_us";
    on!(tx, c => sqlx::query(REMEMBER).bind(token_sha256).bind(operator.0).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}
