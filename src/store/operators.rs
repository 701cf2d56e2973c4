//! Operators, and the one-time links with which they set their passwords.

use crate::domain::access::{Operator, Role};
use crate::domain::id::{OperatorId, OperatorKey};
use crate::domain::time::Time;

use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

/// An operator as stored.
#[derive(Clone)]
pub struct Stored {
    pub key: OperatorKey,
    pub operator: Operator,
    /// argon2id, with its parameters and salt.
    pub password_hash: Option<String>,
    /// Whether a code is asked for after the password.
    pub has_second_factor: bool,
    pub created_at: Time,
    pub disabled_at: Option<Time>,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("operator", &self.operator).finish_non_exhaustive()
    }
}

/// Operators in one list at most.
const LIST_MAX: i64 = 200;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    public_id: String,
    email: String,
    name: String,
    role: String,
    password_hash: Option<String>,
    has_second_factor: bool,
    created_at_us: i64,
    disabled_at_us: Option<i64>,
}

fn read(row: Row) -> StoreResult<Stored> {
    let operator = Operator { id: row.public_id.parse()?, email: row.email, name: row.name, role: Role::try_from(row.role)? };
    Ok(Stored {
        key: OperatorKey(row.id),
        operator,
        password_hash: row.password_hash,
        has_second_factor: row.has_second_factor,
        created_at: Time::from_micros(row.created_at_us),
        disabled_at: row.disabled_at_us.map(Time::from_micros),
    })
}

/// [`super::StoreError::Exists`] when the e-mail address is taken.
pub async fn insert(tx: &mut Tx, operator: &Operator, now: Time) -> StoreResult<OperatorKey> {
    const INSERT: &str = "INSERT INTO operators (public_id, email, name, role, created_at_us) VALUES ($1, $2, $3, $4, $5) RETURNING id";
    let key: i64 = on!(tx, c => sqlx::query_scalar(INSERT).bind(operator.id.to_string()).bind(&operator.email).bind(&operator.name)
        .bind(operator.role.as_str()).bind(now.micros()).fetch_one(c).await)?;
    Ok(OperatorKey(key))
}

pub async fn by_email(tx: &mut Tx, email: &str) -> StoreResult<Option<Stored>> {
    const BY_EMAIL: &str = "SELECT id, public_id, email, name, role, password_hash, totp_secret IS NOT NULL AS has_second_factor,
        created_at_us, disabled_at_us FROM operators WHERE email = $1";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_EMAIL).bind(email).fetch_optional(c).await)?;
    row.map(read).transpose()
}

pub async fn by_id(tx: &mut Tx, id: OperatorId) -> StoreResult<Option<Stored>> {
    const BY_ID: &str = "SELECT id, public_id, email, name, role, password_hash, totp_secret IS NOT NULL AS has_second_factor,
        created_at_us, disabled_at_us FROM operators WHERE public_id = $1";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(read).transpose()
}

pub async fn by_key(tx: &mut Tx, key: OperatorKey) -> StoreResult<Option<Stored>> {
    const BY_KEY: &str = "SELECT id, public_id, email, name, role, password_hash, totp_secret IS NOT NULL AS has_second_factor,
        created_at_us, disabled_at_us FROM operators WHERE id = $1";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_KEY).bind(key.0).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// Whoever was introduced as this one.
pub async fn by_subject(tx: &mut Tx, subject: &str) -> StoreResult<Option<Stored>> {
    const BY_SUBJECT: &str = "SELECT id, public_id, email, name, role, password_hash, totp_secret IS NOT NULL AS has_second_factor,
        created_at_us, disabled_at_us FROM operators WHERE oidc_subject = $1";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_SUBJECT).bind(subject).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// False when somebody else was introduced as this operator.
pub async fn set_subject(tx: &mut Tx, operator: OperatorKey, subject: &str) -> StoreResult<bool> {
    const SET: &str = "UPDATE operators SET oidc_subject = $2 WHERE id = $1 AND oidc_subject IS NULL";
    Ok(on!(tx, c => sqlx::query(SET).bind(operator.0).bind(subject).execute(c).await.map(|done| done.rows_affected()))? == 1)
}

/// Whether an owner would be left.
pub async fn may_become(tx: &mut Tx, operator: OperatorKey, role: Role) -> StoreResult<bool> {
    const OTHERS: &str = "SELECT COUNT(*) FROM operators WHERE role = 'owner' AND disabled_at_us IS NULL AND id <> $1";
    let others: i64 = on!(tx, c => sqlx::query_scalar(OTHERS).bind(operator.0).fetch_one(c).await)?;
    Ok(role == Role::Owner || others > 0)
}

/// In the order in which they were added.
pub async fn list(tx: &mut Tx) -> StoreResult<Vec<Stored>> {
    const LIST: &str = "SELECT id, public_id, email, name, role, password_hash, totp_secret IS NOT NULL AS has_second_factor,
        created_at_us, disabled_at_us FROM operators ORDER BY id LIMIT $1";
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(LIST).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

pub async fn set_password(tx: &mut Tx, operator: OperatorKey, hash: &str) -> StoreResult<()> {
    const SET: &str = "UPDATE operators SET password_hash = $2 WHERE id = $1";
    let changed = on!(tx, c => sqlx::query(SET).bind(operator.0).bind(hash).execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("setting a password", changed, 1)
}

/// Another role, or none at all from `disabled_at` on. False when no enabled owner would be left: then nothing is changed.
pub async fn change(tx: &mut Tx, operator: OperatorKey, role: Role, disabled_at: Option<Time>) -> StoreResult<bool> {
    // The owners are locked by what changes them, so that the last two cannot leave at once.
    const LOCK: &str = "UPDATE operators SET role = role WHERE role = 'owner' AND disabled_at_us IS NULL";
    const CHANGE: &str = "UPDATE operators SET role = $2, disabled_at_us = $3 WHERE id = $1";
    const OWNERS: &str = "SELECT COUNT(*) FROM operators WHERE role = 'owner' AND disabled_at_us IS NULL";
    on!(&mut *tx, c => sqlx::query(LOCK).execute(c).await.map(|_| ()))?;
    let changed = on!(&mut *tx, c => sqlx::query(CHANGE).bind(operator.0).bind(role.as_str()).bind(disabled_at.map(Time::micros))
        .execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("changing an operator", changed, 1)?;
    let owners: i64 = on!(tx, c => sqlx::query_scalar(OWNERS).fetch_one(c).await)?;
    Ok(owners > 0)
}

/// A new link takes the place of those before it.
pub async fn insert_link(tx: &mut Tx, operator: OperatorKey, token_sha256: &str, expires_at: Time, now: Time) -> StoreResult<()> {
    const REPLACE: &str = "UPDATE operator_links SET used_at_us = $2 WHERE operator_id = $1 AND used_at_us IS NULL";
    const INSERT: &str = "INSERT INTO operator_links (token_sha256, operator_id, expires_at_us) VALUES ($1, $2, $3)";
    on!(&mut *tx, c => sqlx::query(REPLACE).bind(operator.0).bind(now.micros()).execute(c).await.map(|_| ()))?;
    on!(tx, c => sqlx::query(INSERT).bind(token_sha256).bind(operator.0).bind(expires_at.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Uses a link up. `None` when it is not good, or not any more.
pub async fn take_link(tx: &mut Tx, token_sha256: &str, now: Time) -> StoreResult<Option<Stored>> {
    const TAKE: &str = "UPDATE operator_links SET used_at_us = $2 WHERE token_sha256 = $1 AND used_at_us IS NULL AND expires_at_us > $2
        AND operator_id IN (SELECT id FROM operators WHERE disabled_at_us IS NULL) RETURNING operator_id";
    let taken: Option<i64> = on!(&mut *tx, c => sqlx::query_scalar(TAKE).bind(token_sha256).bind(now.micros()).fetch_optional(c).await)?;
    let Some(operator) = taken else { return Ok(None) };
    by_key(tx, OperatorKey(operator)).await
}

/// The link with which the first owner is made, in the place of all before it.
pub async fn replace_first_link(tx: &mut Tx, token_sha256: &str, expires_at: Time) -> StoreResult<()> {
    const DELETE: &str = "DELETE FROM first_links";
    const INSERT: &str = "INSERT INTO first_links (token_sha256, expires_at_us) VALUES ($1, $2)";
    on!(&mut *tx, c => sqlx::query(DELETE).execute(c).await.map(|_| ()))?;
    on!(tx, c => sqlx::query(INSERT).bind(token_sha256).bind(expires_at.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Uses the first link up. False when it is not good, not any more, or when there is an operator.
pub async fn take_first_link(tx: &mut Tx, token_sha256: &str, now: Time) -> StoreResult<bool> {
    const TAKE: &str = "DELETE FROM first_links WHERE token_sha256 = $1 AND expires_at_us > $2
        AND NOT EXISTS (SELECT 1 FROM operators)";
    let taken = on!(tx, c => sqlx::query(TAKE).bind(token_sha256).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(taken == 1)
}

/// Whether nobody was added yet.
pub async fn are_none(tx: &mut Tx) -> StoreResult<bool> {
    const ANY: &str = "SELECT 1 FROM operators LIMIT 1";
    let found: Option<i32> = on!(tx, c => sqlx::query_scalar(ANY).fetch_optional(c).await)?;
    Ok(found.is_none())
}
