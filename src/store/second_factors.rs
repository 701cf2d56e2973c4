//! Second factors of operators, their recovery codes, and sign-ins that wait for a code.

use crate::domain::id::OperatorKey;
use crate::domain::time::Time;

use super::error::ensure_rows;
use super::operators::{self, Stored};
use super::{StoreError, StoreResult, Tx, on};

/// A second factor as stored.
#[derive(Clone)]
pub struct Factor {
    /// Base32; none is confirmed yet.
    pub secret: Option<String>,
    /// The last step whose code was used.
    pub last_step: i64,
    /// Base32, and since when it waits to be confirmed.
    pub offered: Option<(String, Time)>,
}

impl std::fmt::Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Factor").field("is_on", &self.secret.is_some()).field("last_step", &self.last_step).finish_non_exhaustive()
    }
}

pub async fn of_operator(tx: &mut Tx, operator: OperatorKey) -> StoreResult<Factor> {
    const OF_OPERATOR: &str = "SELECT totp_secret, totp_step, totp_offered, totp_offered_at_us FROM operators WHERE id = $1";
    type Row = (Option<String>, i64, Option<String>, Option<i64>);
    let row: Option<Row> = on!(tx, c => sqlx::query_as(OF_OPERATOR).bind(operator.0).fetch_optional(c).await)?;
    let (secret, last_step, offered, offered_at) = row.ok_or_else(|| StoreError::inconsistent("operators", "an operator is gone"))?;
    Ok(Factor { secret, last_step, offered: offered.zip(offered_at.map(Time::from_micros)) })
}

/// A new offer takes the place of the one before it.
pub async fn offer(tx: &mut Tx, operator: OperatorKey, secret: &str, now: Time) -> StoreResult<()> {
    const OFFER: &str = "UPDATE operators SET totp_offered = $2, totp_offered_at_us = $3 WHERE id = $1";
    let changed = on!(tx, c => sqlx::query(OFFER).bind(operator.0).bind(secret).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("offering a second factor", changed, 1)
}

/// The offered secret is the second factor from now on; the code of `step` is used up. False when it is not offered any more, or
/// when there is a second factor already.
pub async fn confirm(tx: &mut Tx, operator: OperatorKey, secret: &str, step: i64) -> StoreResult<bool> {
    const CONFIRM: &str = "UPDATE operators SET totp_secret = totp_offered, totp_step = $3, totp_offered = NULL, totp_offered_at_us = NULL
        WHERE id = $1 AND totp_offered = $2 AND totp_secret IS NULL";
    Ok(on!(tx, c => sqlx::query(CONFIRM).bind(operator.0).bind(secret).bind(step).execute(c).await.map(|done| done.rows_affected()))? == 1)
}

/// Uses the code of a step up. False when it, or a later one, was used before.
pub async fn take_step(tx: &mut Tx, operator: OperatorKey, step: i64) -> StoreResult<bool> {
    const TAKE: &str = "UPDATE operators SET totp_step = $2 WHERE id = $1 AND totp_step < $2 AND totp_secret IS NOT NULL";
    Ok(on!(tx, c => sqlx::query(TAKE).bind(operator.0).bind(step).execute(c).await.map(|done| done.rows_affected()))? == 1)
}

/// No second factor from now on, none offered, and no recovery codes. False when there was none.
pub async fn remove(tx: &mut Tx, operator: OperatorKey) -> StoreResult<bool> {
    const CODES: &str = "DELETE FROM operator_recovery_codes WHERE operator_id = $1";
    const OFFER: &str = "UPDATE operators SET totp_offered = NULL, totp_offered_at_us = NULL WHERE id = $1";
    const REMOVE: &str = "UPDATE operators SET totp_secret = NULL WHERE id = $1 AND totp_secret IS NOT NULL";
    on!(&mut *tx, c => sqlx::query(OFFER).bind(operator.0).execute(c).await.map(|_| ()))?;
    on!(&mut *tx, c => sqlx::query(CODES).bind(operator.0).execute(c).await.map(|_| ()))?;
    end_steps(tx, operator).await?;
    Ok(on!(tx, c => sqlx::query(REMOVE).bind(operator.0).execute(c).await.map(|done| done.rows_affected()))? == 1)
}

/// These take the place of all before them.
pub async fn replace_recovery_codes(tx: &mut Tx, operator: OperatorKey, codes_sha256: &[String]) -> StoreResult<()> {
    const DELETE: &str = "DELETE FROM operator_recovery_codes WHERE operator_id = $1";
    const INSERT: &str = "INSERT INTO operator_recovery_codes (operator_id, code_sha256) VALUES ($1, $2)";
    on!(&mut *tx, c => sqlx::query(DELETE).bind(operator.0).execute(c).await.map(|_| ()))?;
    for code in codes_sha256 {
        on!(&mut *tx, c => sqlx::query(INSERT).bind(operator.0).bind(code).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// Uses a recovery code up. False when it is none, or was used before.
pub async fn take_recovery_code(tx: &mut Tx, operator: OperatorKey, code_sha256: &str, now: Time) -> StoreResult<bool> {
    const TAKE: &str =
        "UPDATE operator_recovery_codes SET used_at_us = $3 WHERE operator_id = $1 AND code_sha256 = $2 AND used_at_us IS NULL";
    let taken = on!(tx, c => sqlx::query(TAKE).bind(operator.0).bind(code_sha256).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(taken == 1)
}

pub async fn recovery_codes_left(tx: &mut Tx, operator: OperatorKey) -> StoreResult<i64> {
    const LEFT: &str = "SELECT COUNT(*) FROM operator_recovery_codes WHERE operator_id = $1 AND used_at_us IS NULL";
    Ok(on!(tx, c => sqlx::query_scalar(LEFT).bind(operator.0).fetch_one(c).await)?)
}

/// The password was right: the code is waited for. Forgets sign-ins whose time is over.
pub async fn begin_step(tx: &mut Tx, operator: OperatorKey, token_sha256: &str, expires_at: Time, now: Time) -> StoreResult<()> {
    const FORGET: &str = "DELETE FROM sign_in_steps WHERE expires_at_us <= $1";
    const BEGIN: &str = "INSERT INTO sign_in_steps (token_sha256, operator_id, expires_at_us) VALUES ($1, $2, $3)";
    on!(&mut *tx, c => sqlx::query(FORGET).bind(now.micros()).execute(c).await.map(|_| ()))?;
    on!(tx, c => sqlx::query(BEGIN).bind(token_sha256).bind(operator.0).bind(expires_at.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Whoever gave the password, while the code is waited for; `None` also for one who is kept out.
pub async fn waiting(tx: &mut Tx, token_sha256: &str, now: Time) -> StoreResult<Option<Stored>> {
    const WAITING: &str = "SELECT operator_id FROM sign_in_steps WHERE token_sha256 = $1 AND expires_at_us > $2";
    let operator: Option<i64> =
        on!(&mut *tx, c => sqlx::query_scalar(WAITING).bind(token_sha256).bind(now.micros()).fetch_optional(c).await)?;
    let Some(operator) = operator else { return Ok(None) };
    Ok(operators::by_key(tx, OperatorKey(operator)).await?.filter(|stored| stored.disabled_at.is_none()))
}

/// False when it ended before.
pub async fn end_step(tx: &mut Tx, token_sha256: &str) -> StoreResult<bool> {
    const END: &str = "DELETE FROM sign_in_steps WHERE token_sha256 = $1";
    Ok(on!(tx, c => sqlx::query(END).bind(token_sha256).execute(c).await.map(|done| done.rows_affected()))? == 1)
}

pub async fn end_steps(tx: &mut Tx, operator: OperatorKey) -> StoreResult<()> {
    const END: &str = "DELETE FROM sign_in_steps WHERE operator_id = $1";
    on!(tx, c => sqlx::query(END).bind(operator.0).execute(c).await.map(|_| ()))?;
    Ok(())
}
