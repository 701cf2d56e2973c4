//! Secrets that sign: made, rotated, and shown once.

use crate::domain::id::EndpointKey;
use crate::domain::time::Time;
use crate::domain::webhook::WebhookSecret;

use crate::store::dialect::{Column, SetStatement};
use crate::store::{StoreError, StoreResult, Tx, on};

/// Makes a secret the newest one; the ones before it sign until `old_until`.
pub async fn rotate_secret(tx: &mut Tx, key: EndpointKey, secret: &WebhookSecret, old_until: Time, now: Time) -> StoreResult<()> {
    const EXPIRE: &str = "UPDATE endpoint_secrets SET expires_at_us = $2 WHERE endpoint_id = $1 AND expires_at_us IS NULL";
    on!(&mut *tx, c => sqlx::query(EXPIRE).bind(key.0).bind(old_until.micros()).execute(c).await.map(|_| ()))?;
    add_secret(tx, key, secret, now).await
}

pub(super) async fn add_secret(tx: &mut Tx, key: EndpointKey, secret: &WebhookSecret, now: Time) -> StoreResult<()> {
    const ADD: &str = "INSERT INTO endpoint_secrets (endpoint_id, secret, created_at_us) VALUES ($1, $2, $3)";
    on!(tx, c => sqlx::query(ADD).bind(key.0).bind(secret.reveal()).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The secrets of endpoints that are good now, newest first.
pub async fn secrets(tx: &mut Tx, keys: &[EndpointKey], now: Time) -> StoreResult<Vec<(EndpointKey, WebhookSecret)>> {
    static SECRETS: SetStatement = SetStatement::new(
        "SELECT s.endpoint_id, s.secret FROM endpoint_secrets AS s WHERE s.endpoint_id IN (SELECT u.e FROM {rows})
            AND (s.expires_at_us IS NULL OR s.expires_at_us > $1) ORDER BY s.endpoint_id, s.id DESC",
        1,
        &[("e", "bigint")],
    );
    let keys = Column::I64(keys.iter().map(|key| key.0).collect());
    let rows: Vec<(i64, String)> = SECRETS.fetch(tx, &[now.micros()], vec![keys]).await?;
    rows.into_iter().map(|(key, secret)| Ok((EndpointKey(key), read(&secret)?))).collect()
}

fn read(secret: &str) -> StoreResult<WebhookSecret> {
    WebhookSecret::parse(secret).map_err(|error| StoreError::inconsistent("endpoint_secrets", error))
}

/// When a secret that signs was made, and until when it does; the newest has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretLife {
    pub created_at: Time,
    pub expires_at: Option<Time>,
}

/// Of the secrets that are good now, newest first.
pub async fn secret_lives(tx: &mut Tx, key: EndpointKey, now: Time) -> StoreResult<Vec<SecretLife>> {
    const LIVES: &str = "SELECT created_at_us, expires_at_us FROM endpoint_secrets
        WHERE endpoint_id = $1 AND (expires_at_us IS NULL OR expires_at_us > $2) ORDER BY id DESC LIMIT 50";
    let rows: Vec<(i64, Option<i64>)> = on!(tx, c => sqlx::query_as(LIVES).bind(key.0).bind(now.micros()).fetch_all(c).await)?;
    let life = |(created, expires): (i64, Option<i64>)| SecretLife {
        created_at: Time::from_micros(created),
        expires_at: expires.map(Time::from_micros),
    };
    Ok(rows.into_iter().map(life).collect())
}

/// Lets a token show the newest secret of an endpoint until then. Forgets tokens that are too old.
pub async fn add_reveal(tx: &mut Tx, key: EndpointKey, token_hash: &str, until: Time, now: Time) -> StoreResult<()> {
    const FORGET: &str = "DELETE FROM secret_reveals WHERE expires_at_us <= $1";
    const ADD: &str = "INSERT INTO secret_reveals (token_hash, secret_id, expires_at_us)
        SELECT $1, MAX(id), $3 FROM endpoint_secrets WHERE endpoint_id = $2";
    on!(&mut *tx, c => sqlx::query(FORGET).bind(now.micros()).execute(c).await.map(|_| ()))?;
    on!(tx, c => sqlx::query(ADD).bind(token_hash).bind(key.0).bind(until.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The secret that a token shows. It shows it no more.
pub async fn reveal(tx: &mut Tx, key: EndpointKey, token_hash: &str, now: Time) -> StoreResult<Option<WebhookSecret>> {
    const TAKE: &str = "DELETE FROM secret_reveals WHERE token_hash = $1 AND expires_at_us > $2 RETURNING secret_id";
    const READ: &str = "SELECT secret FROM endpoint_secrets WHERE id = $1 AND endpoint_id = $2";
    let taken: Option<i64> = on!(&mut *tx, c => sqlx::query_scalar(TAKE).bind(token_hash).bind(now.micros()).fetch_optional(c).await)?;
    let Some(id) = taken else { return Ok(None) };
    let secret: Option<String> = on!(tx, c => sqlx::query_scalar(READ).bind(id).bind(key.0).fetch_optional(c).await)?;
    secret.map(|secret| read(&secret)).transpose()
}
