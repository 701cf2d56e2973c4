//! API keys and their rate limits.

use crate::domain::id::{ApiKeyKey, CustomerId, CustomerKey, KeyId};
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

/// A key that is good.
#[derive(Clone, Debug)]
pub struct GoodKey {
    pub key: ApiKeyKey,
    pub customer: CustomerKey,
    pub customer_id: CustomerId,
    pub requests_per_min_max: i64,
    /// Hex, to be compared in constant time.
    pub secret_sha256: String,
}

#[derive(Clone, Debug)]
pub struct NewKey<'k> {
    pub id: KeyId,
    pub customer: CustomerKey,
    pub name: &'k str,
    pub prefix: &'k str,
    pub secret_sha256: &'k str,
    pub requests_per_min_max: i64,
}

pub async fn insert(tx: &mut Tx, key: &NewKey<'_>, now: Time) -> StoreResult<ApiKeyKey> {
    const INSERT: &str = "INSERT INTO api_keys (public_id, customer_id, name, prefix, secret_sha256, requests_per_min_max, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    const RATE: &str = "INSERT INTO api_key_rates (api_key_id, arrival_us) VALUES ($1, 0)";
    let id: i64 = on!(&mut *tx, c => sqlx::query_scalar(INSERT).bind(key.id.to_string()).bind(key.customer.0).bind(key.name).bind(key.prefix)
        .bind(key.secret_sha256).bind(key.requests_per_min_max).bind(now.micros()).fetch_one(c).await)?;
    on!(tx, c => sqlx::query(RATE).bind(id).execute(c).await.map(|_| ()))?;
    Ok(ApiKeyKey(id))
}

/// Keys with this prefix that were not revoked: one, or by an accident of 48 random bits a few.
pub async fn good_by_prefix(tx: &mut Tx, prefix: &str) -> StoreResult<Vec<GoodKey>> {
    const BY_PREFIX: &str = "SELECT k.id, k.customer_id, c.public_id, k.requests_per_min_max, k.secret_sha256
        FROM api_keys AS k JOIN customers AS c ON c.id = k.customer_id WHERE k.prefix = $1 AND k.revoked_at_us IS NULL";
    let rows: Vec<(i64, i64, String, i64, String)> = on!(tx, c => sqlx::query_as(BY_PREFIX).bind(prefix).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(key, customer, customer_id, requests_per_min_max, secret_sha256)| {
            Ok(GoodKey {
                key: ApiKeyKey(key),
                customer: CustomerKey(customer),
                customer_id: customer_id.parse()?,
                requests_per_min_max,
                secret_sha256,
            })
        })
        .collect()
}

/// Returns whether there was such a key. Revoking twice keeps the first time.
pub async fn revoke(tx: &mut Tx, id: KeyId, now: Time) -> StoreResult<bool> {
    const REVOKE: &str = "UPDATE api_keys SET revoked_at_us = COALESCE(revoked_at_us, $2) WHERE public_id = $1";
    let changed =
        on!(tx, c => sqlx::query(REVOKE).bind(id.to_string()).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
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

/// A key as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    pub id: KeyId,
    pub name: String,
    pub prefix: String,
    pub requests_per_min_max: i64,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
}

/// Keys in one list at most.
const LIST_MAX: i64 = 200;

/// A customer's keys, those in use first, then the newest.
pub async fn of_customer(tx: &mut Tx, customer: CustomerKey) -> StoreResult<Vec<ListedKey>> {
    const OF_CUSTOMER: &str = "SELECT public_id, name, prefix, requests_per_min_max, created_at_us, revoked_at_us FROM api_keys
        WHERE customer_id = $1 ORDER BY CASE WHEN revoked_at_us IS NULL THEN 0 ELSE 1 END, id DESC LIMIT $2";
    let rows: Vec<(String, String, String, i64, i64, Option<i64>)> =
        on!(tx, c => sqlx::query_as(OF_CUSTOMER).bind(customer.0).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(id, name, prefix, requests_per_min_max, created_at_us, revoked_at_us)| {
            let (created_at, revoked_at) = (Time::from_micros(created_at_us), revoked_at_us.map(Time::from_micros));
            Ok(ListedKey { id: id.parse()?, name, prefix, requests_per_min_max, created_at, revoked_at })
        })
        .collect()
}
