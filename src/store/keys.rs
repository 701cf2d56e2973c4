//! API keys, their rate limits, and how much they are used.

use std::collections::BTreeMap;

use crate::domain::batch_list::Day;
use crate::domain::id::{ApiKeyKey, CustomerId, CustomerKey, KeyId};
use crate::domain::key::KeyTerms;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::{StoreError, StoreResult, Tx, on};

/// A key, good or not any more.
#[derive(Clone, Debug)]
pub struct FoundKey {
    pub key: ApiKeyKey,
    pub id: KeyId,
    pub name: String,
    pub customer: CustomerKey,
    pub customer_id: CustomerId,
    /// Hex, to be compared in constant time.
    pub secret_sha256: String,
    pub terms: KeyTerms,
    pub revoked: bool,
}

#[derive(Clone, Debug)]
pub struct NewKey<'k> {
    pub id: KeyId,
    pub customer: CustomerKey,
    pub name: &'k str,
    pub prefix: &'k str,
    pub secret_sha256: &'k str,
    pub terms: &'k KeyTerms,
}

pub async fn insert(tx: &mut Tx, key: &NewKey<'_>, now: Time) -> StoreResult<ApiKeyKey> {
    const INSERT: &str = "INSERT INTO api_keys
            (public_id, customer_id, name, prefix, secret_sha256, requests_per_min_max, scopes, allowed, expires_at_us, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id";
    const RATE: &str = "INSERT INTO api_key_rates (api_key_id, arrival_us) VALUES ($1, 0)";
    let terms = key.terms;
    let id: i64 = on!(&mut *tx, c => sqlx::query_scalar(INSERT).bind(key.id.to_string()).bind(key.customer.0).bind(key.name).bind(key.prefix)
        .bind(key.secret_sha256).bind(terms.requests_per_min_max).bind(terms.scopes.to_string()).bind(terms.allowed.to_string())
        .bind(terms.expires_at.map(Time::micros)).bind(now.micros()).fetch_one(c).await)?;
    on!(tx, c => sqlx::query(RATE).bind(id).execute(c).await.map(|_| ()))?;
    Ok(ApiKeyKey(id))
}

#[derive(sqlx::FromRow)]
struct TermsRow {
    scopes: String,
    allowed: String,
    expires_at_us: Option<i64>,
    requests_per_min_max: i64,
}

impl TermsRow {
    fn read(self) -> StoreResult<KeyTerms> {
        Ok(KeyTerms {
            scopes: self.scopes.parse().map_err(|error| StoreError::inconsistent("api_keys", error))?,
            allowed: self.allowed.parse().map_err(|error| StoreError::inconsistent("api_keys", error))?,
            expires_at: self.expires_at_us.map(Time::from_micros),
            requests_per_min_max: self.requests_per_min_max,
        })
    }
}

#[derive(sqlx::FromRow)]
struct FoundRow {
    id: i64,
    public_id: String,
    name: String,
    customer_id: i64,
    customer: String,
    secret_sha256: String,
    revoked_at_us: Option<i64>,
    #[sqlx(flatten)]
    terms: TermsRow,
}

/// Keys with this prefix: one, or by an accident of 48 random bits a few.
pub async fn by_prefix(tx: &mut Tx, prefix: &str) -> StoreResult<Vec<FoundKey>> {
    const BY_PREFIX: &str = "SELECT k.id, k.public_id, k.name, k.customer_id, c.public_id AS customer, k.secret_sha256, k.revoked_at_us,
            k.scopes, k.allowed, k.expires_at_us, k.requests_per_min_max
        FROM api_keys AS k JOIN customers AS c ON c.id = k.customer_id WHERE k.prefix = $1";
    let rows: Vec<FoundRow> = on!(tx, c => sqlx::query_as(BY_PREFIX).bind(prefix).fetch_all(c).await)?;
    rows.into_iter().map(found).collect()
}

/// On PostgreSQL the row is locked, so that of two who revoke it one is the first.
pub async fn for_update(tx: &mut Tx, id: KeyId) -> StoreResult<Option<FoundKey>> {
    const BY_ID: &str = "SELECT k.id, k.public_id, k.name, k.customer_id, c.public_id AS customer, k.secret_sha256, k.revoked_at_us,
            k.scopes, k.allowed, k.expires_at_us, k.requests_per_min_max
        FROM api_keys AS k JOIN customers AS c ON c.id = k.customer_id WHERE k.public_id = $1";
    const LOCKED: &str = "SELECT k.id, k.public_id, k.name, k.customer_id, c.public_id AS customer, k.secret_sha256, k.revoked_at_us,
            k.scopes, k.allowed, k.expires_at_us, k.requests_per_min_max
        FROM api_keys AS k JOIN customers AS c ON c.id = k.customer_id WHERE k.public_id = $1 FOR UPDATE OF k";
    let sql = super::dialect::locking(tx, LOCKED, BY_ID);
    let row: Option<FoundRow> = on!(tx, c => sqlx::query_as(sql).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(found).transpose()
}

fn found(row: FoundRow) -> StoreResult<FoundKey> {
    Ok(FoundKey {
        key: ApiKeyKey(row.id),
        id: row.public_id.parse()?,
        name: row.name,
        customer: CustomerKey(row.customer_id),
        customer_id: row.customer.parse()?,
        secret_sha256: row.secret_sha256,
        terms: row.terms.read()?,
        revoked: row.revoked_at_us.is_some(),
    })
}

pub async fn revoke(tx: &mut Tx, key: ApiKeyKey, now: Time) -> StoreResult<()> {
    const REVOKE: &str = "UPDATE api_keys SET revoked_at_us = $2 WHERE id = $1 AND revoked_at_us IS NULL";
    let changed = on!(tx, c => sqlx::query(REVOKE).bind(key.0).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?;
    super::error::ensure_rows("revoking a key", changed, 1)
}

/// Counts one request by the generic cell rate algorithm, atomically for all processes: `Ok(arrival)` when it is within the
/// limit, else `Err(arrival)` and nothing is counted. `interval_us` is the pause between requests at full rate, `burst_us` how
/// far requests may run ahead of it.
pub async fn count_request(tx: &mut Tx, key: ApiKeyKey, now: Time, interval_us: i64, burst_us: i64) -> StoreResult<Result<Time, Time>> {
    const COUNT: &str = "UPDATE api_key_rates SET arrival_us = CASE WHEN arrival_us > $2 THEN arrival_us ELSE $2 END + $3
        WHERE api_key_id = $1 AND arrival_us <= $2 + $4 - $3 RETURNING arrival_us";
    const ARRIVAL: &str = "SELECT arrival_us FROM api_key_rates WHERE api_key_id = $1";
    let counted: Option<i64> = on!(&mut *tx, c => sqlx::query_scalar(COUNT)
        .bind(key.0).bind(now.micros()).bind(interval_us).bind(burst_us).fetch_optional(c).await)?;
    if let Some(arrival) = counted {
        return Ok(Ok(Time::from_micros(arrival)));
    }
    let arrival: i64 = on!(tx, c => sqlx::query_scalar(ARRIVAL).bind(key.0).fetch_one(c).await)?;
    Ok(Err(Time::from_micros(arrival)))
}

/// Uses of one key on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    pub key: ApiKeyKey,
    pub day: Day,
    pub requests: i64,
    pub refused: i64,
    /// The last of them that was let through.
    pub last_at: Option<Time>,
}

/// Adds uses to those that are known. The moment of the last one is written at most once a minute.
pub async fn add_uses(tx: &mut Tx, uses: &[Uses]) -> StoreResult<()> {
    static DAYS: SetStatement = SetStatement::new(
        "INSERT INTO api_key_days (api_key_id, day, requests, refused) SELECT u.k, u.d, u.r, u.f FROM {rows} WHERE true
        ON CONFLICT (api_key_id, day) DO UPDATE SET requests = api_key_days.requests + excluded.requests,
            refused = api_key_days.refused + excluded.refused",
        0,
        &[("k", "bigint"), ("d", "bigint"), ("r", "bigint"), ("f", "bigint")],
    );
    static LAST: SetStatement = SetStatement::new(
        "UPDATE api_keys SET last_used_at_us = u.t FROM {rows} WHERE api_keys.id = u.k
            AND (api_keys.last_used_at_us IS NULL OR api_keys.last_used_at_us + 60000000 <= u.t)",
        0,
        &[("k", "bigint"), ("t", "bigint")],
    );
    let columns = vec![
        Column::I64(uses.iter().map(|uses| uses.key.0).collect()),
        Column::I64(uses.iter().map(|uses| uses.day.number()).collect()),
        Column::I64(uses.iter().map(|uses| uses.requests).collect()),
        Column::I64(uses.iter().map(|uses| uses.refused).collect()),
    ];
    DAYS.execute(tx, &[], columns).await?;
    // The latest of each key.
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for (key, at) in uses.iter().filter_map(|uses| Some((uses.key.0, uses.last_at?.micros()))) {
        last.entry(key).and_modify(|known| *known = at.max(*known)).or_insert(at);
    }
    let columns = vec![Column::I64(last.keys().copied().collect()), Column::I64(last.values().copied().collect())];
    LAST.execute(tx, &[], columns).await?;
    Ok(())
}

/// The key of a customer's API key.
pub async fn key_of(tx: &mut Tx, customer: CustomerKey, id: KeyId) -> StoreResult<Option<ApiKeyKey>> {
    const KEY_OF: &str = "SELECT id FROM api_keys WHERE public_id = $1 AND customer_id = $2";
    let key: Option<i64> = on!(tx, c => sqlx::query_scalar(KEY_OF).bind(id.to_string()).bind(customer.0).fetch_optional(c).await)?;
    Ok(key.map(ApiKeyKey))
}

/// What a key was used on one day: requests that were let through, and refused ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfUse {
    pub day: Day,
    pub requests: i64,
    pub refused: i64,
}

/// Days on which a key was used, from `first` on, newest first.
pub async fn days(tx: &mut Tx, key: ApiKeyKey, first: Day) -> StoreResult<Vec<DayOfUse>> {
    const DAYS: &str = "SELECT day, requests, refused FROM api_key_days WHERE api_key_id = $1 AND day >= $2 ORDER BY day DESC";
    let rows: Vec<(i64, i64, i64)> = on!(tx, c => sqlx::query_as(DAYS).bind(key.0).bind(first.number()).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(day, requests, refused)| DayOfUse { day: Day::from_number(day), requests, refused }).collect())
}

/// A key as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    pub id: KeyId,
    pub name: String,
    pub prefix: String,
    pub terms: KeyTerms,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
    /// To the minute.
    pub last_used_at: Option<Time>,
    /// Since the day that was asked for.
    pub requests: i64,
    pub refused: i64,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    public_id: String,
    name: String,
    prefix: String,
    created_at_us: i64,
    revoked_at_us: Option<i64>,
    last_used_at_us: Option<i64>,
    requests: i64,
    refused: i64,
    #[sqlx(flatten)]
    terms: TermsRow,
}

/// Keys in one list at most.
const LIST_MAX: i64 = 200;

/// A customer's keys, those in use first, then the newest; with their uses since a day.
pub async fn of_customer(tx: &mut Tx, customer: CustomerKey, since: Day) -> StoreResult<Vec<ListedKey>> {
    const OF_CUSTOMER: &str = "SELECT k.public_id, k.name, k.prefix, k.created_at_us, k.revoked_at_us, k.last_used_at_us,
            k.scopes, k.allowed, k.expires_at_us, k.requests_per_min_max,
            CAST(COALESCE((SELECT SUM(d.requests) FROM api_key_days AS d WHERE d.api_key_id = k.id AND d.day >= $2), 0) AS BIGINT) AS requests,
            CAST(COALESCE((SELECT SUM(d.refused) FROM api_key_days AS d WHERE d.api_key_id = k.id AND d.day >= $2), 0) AS BIGINT) AS refused
        FROM api_keys AS k WHERE k.customer_id = $1
        ORDER BY CASE WHEN k.revoked_at_us IS NULL THEN 0 ELSE 1 END, k.id DESC LIMIT $3";
    let rows: Vec<ListedRow> =
        on!(tx, c => sqlx::query_as(OF_CUSTOMER).bind(customer.0).bind(since.number()).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            Ok(ListedKey {
                id: row.public_id.parse()?,
                name: row.name,
                prefix: row.prefix,
                terms: row.terms.read()?,
                created_at: Time::from_micros(row.created_at_us),
                revoked_at: row.revoked_at_us.map(Time::from_micros),
                last_used_at: row.last_used_at_us.map(Time::from_micros),
                requests: row.requests,
                refused: row.refused,
            })
        })
        .collect()
}
