//! What opens the door: sessions of browsers and tokens of scripts. Both are looked up by the hash of what was sent.

use crate::domain::access::{Operator, Role};
use crate::domain::id::{OperatorKey, SessionId};
use crate::domain::session::Session;
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

/// Sessions and tokens in one list at most.
const LIST_MAX: i64 = 100;

#[derive(sqlx::FromRow)]
struct Row {
    session: String,
    created_at_us: i64,
    seen_at_us: i64,
    proven_at_us: i64,
    address: Option<String>,
    agent: String,
    operator: String,
    email: String,
    name: String,
    role: String,
}

fn read(row: Row) -> StoreResult<Session> {
    let operator = Operator { id: row.operator.parse()?, email: row.email, name: row.name, role: Role::try_from(row.role)? };
    Ok(Session {
        id: row.session.parse()?,
        operator,
        created_at: Time::from_micros(row.created_at_us),
        seen_at: Time::from_micros(row.seen_at_us),
        proven_at: Time::from_micros(row.proven_at_us),
        address: row.address,
        agent: row.agent,
    })
}

/// A sign-in that is about to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'s> {
    pub id: SessionId,
    pub token_sha256: &'s str,
    pub operator: OperatorKey,
    pub address: Option<&'s str>,
    pub agent: &'s str,
}

pub async fn insert(tx: &mut Tx, new: NewSession<'_>, now: Time) -> StoreResult<()> {
    const INSERT: &str = "INSERT INTO operator_sessions
        (public_id, token_sha256, operator_id, created_at_us, seen_at_us, proven_at_us, address, agent) VALUES ($1, $2, $3, $4, $4, $4, $5, $6)";
    on!(tx, c => sqlx::query(INSERT).bind(new.id.to_string()).bind(new.token_sha256).bind(new.operator.0).bind(now.micros())
        .bind(new.address).bind(new.agent).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The session with this token, unless it was ended or its operator is kept out. Whether its time is over is not looked at.
pub async fn by_token(tx: &mut Tx, token_sha256: &str) -> StoreResult<Option<Session>> {
    const BY_TOKEN: &str = "SELECT s.public_id AS session, s.created_at_us, s.seen_at_us, s.proven_at_us, s.address, s.agent,
            o.public_id AS operator, o.email, o.name, o.role
        FROM operator_sessions AS s JOIN operators AS o ON o.id = s.operator_id
        WHERE s.token_sha256 = $1 AND s.ended_at_us IS NULL AND o.disabled_at_us IS NULL";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_TOKEN).bind(token_sha256).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// Sessions of an operator that were not ended, newest first.
pub async fn of_operator(tx: &mut Tx, operator: OperatorKey) -> StoreResult<Vec<Session>> {
    const OF_OPERATOR: &str = "SELECT s.public_id AS session, s.created_at_us, s.seen_at_us, s.proven_at_us, s.address, s.agent,
            o.public_id AS operator, o.email, o.name, o.role
        FROM operator_sessions AS s JOIN operators AS o ON o.id = s.operator_id
        WHERE s.operator_id = $1 AND s.ended_at_us IS NULL ORDER BY s.id DESC LIMIT $2";
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OF_OPERATOR).bind(operator.0).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

pub async fn touch(tx: &mut Tx, session: SessionId, now: Time) -> StoreResult<()> {
    const TOUCH: &str = "UPDATE operator_sessions SET seen_at_us = $2 WHERE public_id = $1 AND seen_at_us < $2";
    on!(tx, c => sqlx::query(TOUCH).bind(session.to_string()).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The password was given again.
pub async fn prove(tx: &mut Tx, session: SessionId, now: Time) -> StoreResult<()> {
    const PROVE: &str = "UPDATE operator_sessions SET proven_at_us = $2 WHERE public_id = $1 AND ended_at_us IS NULL";
    on!(tx, c => sqlx::query(PROVE).bind(session.to_string()).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Ends one session of an operator. False when there is none that goes on.
pub async fn end(tx: &mut Tx, operator: OperatorKey, session: SessionId, now: Time) -> StoreResult<bool> {
    const END: &str = "UPDATE operator_sessions SET ended_at_us = $3 WHERE public_id = $2 AND operator_id = $1 AND ended_at_us IS NULL";
    let ended = on!(tx, c => sqlx::query(END).bind(operator.0).bind(session.to_string()).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(ended == 1)
}

pub async fn end_all(tx: &mut Tx, operator: OperatorKey, now: Time) -> StoreResult<()> {
    const END: &str = "UPDATE operator_sessions SET ended_at_us = $2 WHERE operator_id = $1 AND ended_at_us IS NULL";
    on!(tx, c => sqlx::query(END).bind(operator.0).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A token for scripts, as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub key: i64,
    pub name: String,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
}

pub async fn insert_token(tx: &mut Tx, operator: OperatorKey, name: &str, token_sha256: &str, now: Time) -> StoreResult<()> {
    const INSERT: &str = "INSERT INTO operator_tokens (token_sha256, operator_id, name, created_at_us) VALUES ($1, $2, $3, $4)";
    on!(tx, c => sqlx::query(INSERT).bind(token_sha256).bind(operator.0).bind(name).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// For whom a token acts, unless it was revoked or its operator is kept out.
pub async fn operator_of_token(tx: &mut Tx, token_sha256: &str) -> StoreResult<Option<Operator>> {
    const BY_TOKEN: &str = "SELECT o.public_id, o.email, o.name, o.role
        FROM operator_tokens AS t JOIN operators AS o ON o.id = t.operator_id
        WHERE t.token_sha256 = $1 AND t.revoked_at_us IS NULL AND o.disabled_at_us IS NULL";
    let row: Option<(String, String, String, String)> = on!(tx, c => sqlx::query_as(BY_TOKEN).bind(token_sha256).fetch_optional(c).await)?;
    row.map(|(id, email, name, role)| Ok(Operator { id: id.parse()?, email, name, role: Role::try_from(role)? })).transpose()
}

pub async fn tokens(tx: &mut Tx, operator: OperatorKey) -> StoreResult<Vec<Token>> {
    const TOKENS: &str =
        "SELECT id, name, created_at_us, revoked_at_us FROM operator_tokens WHERE operator_id = $1 ORDER BY id DESC LIMIT $2";
    let rows: Vec<(i64, String, i64, Option<i64>)> =
        on!(tx, c => sqlx::query_as(TOKENS).bind(operator.0).bind(LIST_MAX).fetch_all(c).await)?;
    let token = |(key, name, created_at, revoked_at): (i64, String, i64, Option<i64>)| Token {
        key,
        name,
        created_at: Time::from_micros(created_at),
        revoked_at: revoked_at.map(Time::from_micros),
    };
    Ok(rows.into_iter().map(token).collect())
}

/// Revokes one token of an operator. False when there is none that is good.
pub async fn revoke_token(tx: &mut Tx, operator: OperatorKey, key: i64, now: Time) -> StoreResult<bool> {
    const REVOKE: &str = "UPDATE operator_tokens SET revoked_at_us = $3 WHERE id = $2 AND operator_id = $1 AND revoked_at_us IS NULL";
    let revoked = on!(tx, c => sqlx::query(REVOKE).bind(operator.0).bind(key).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(revoked == 1)
}

pub async fn revoke_tokens(tx: &mut Tx, operator: OperatorKey, now: Time) -> StoreResult<()> {
    const REVOKE: &str = "UPDATE operator_tokens SET revoked_at_us = $2 WHERE operator_id = $1 AND revoked_at_us IS NULL";
    on!(tx, c => sqlx::query(REVOKE).bind(operator.0).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}
