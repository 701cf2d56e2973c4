//! Grants. Locked in order of their keys, after batches and before accounts.

use crate::domain::credits::Credits;
use crate::domain::grant::{Grant, NewGrant};
use crate::domain::id::{CustomerKey, GrantId, GrantKey};
use crate::domain::money::Money;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement, locking};
use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

#[derive(sqlx::FromRow)]
struct GrantRow {
    id: i64,
    public_id: String,
    kind: String,
    credits: i64,
    paid_microusd: i64,
    available: i64,
    held: i64,
    captured: i64,
    expired: i64,
    withdrawn: i64,
    expires_at_us: Option<i64>,
    created_at_us: i64,
}

fn read(row: GrantRow) -> StoreResult<Grant> {
    Ok(Grant {
        key: GrantKey(row.id),
        id: row.public_id.parse()?,
        kind: row.kind.parse()?,
        credits: Credits::new(row.credits),
        paid: Money::from_micros(row.paid_microusd),
        available: Credits::new(row.available),
        held: Credits::new(row.held),
        captured: Credits::new(row.captured),
        // The column holds everything that is gone unspent.
        expired: Credits::new(row.expired - row.withdrawn),
        withdrawn: Credits::new(row.withdrawn),
        expires_at: row.expires_at_us.map(Time::from_micros),
        created_at: Time::from_micros(row.created_at_us),
    })
}

pub async fn insert(tx: &mut Tx, id: GrantId, customer: CustomerKey, grant: &NewGrant, now: Time) -> StoreResult<GrantKey> {
    const INSERT: &str = "INSERT INTO grants
            (public_id, customer_id, kind, credits, paid_microusd, available, held, captured, expired, expires_at_us, reason, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $4, 0, 0, 0, $6, $7, $8) RETURNING id";
    let key: i64 = on!(tx, c => sqlx::query_scalar(INSERT).bind(id.to_string()).bind(customer.0).bind(grant.kind.as_str())
        .bind(grant.credits.get()).bind(grant.paid.micros()).bind(grant.expires_at.map(Time::micros)).bind(grant.reason.as_deref())
        .bind(now.micros()).fetch_one(c).await)?;
    Ok(GrantKey(key))
}

/// Locks the grants that a customer can spend from at `now`. Expired ones are left to the expiry.
pub async fn lock_spendable(tx: &mut Tx, customer: CustomerKey, now: Time) -> StoreResult<Vec<Grant>> {
    const SPENDABLE: &str =
        "SELECT id, public_id, kind, credits, paid_microusd, available, held, captured, expired, withdrawn, expires_at_us, created_at_us
        FROM grants WHERE customer_id = $1 AND available > 0 AND (expires_at_us IS NULL OR expires_at_us > $2) ORDER BY id";
    const SPENDABLE_LOCKED: &str =
        "SELECT id, public_id, kind, credits, paid_microusd, available, held, captured, expired, withdrawn, expires_at_us, created_at_us
        FROM grants WHERE customer_id = $1 AND available > 0 AND (expires_at_us IS NULL OR expires_at_us > $2) ORDER BY id FOR UPDATE";
    let sql = locking(tx, SPENDABLE_LOCKED, SPENDABLE);
    let rows: Vec<GrantRow> = on!(tx, c => sqlx::query_as(sql).bind(customer.0).bind(now.micros()).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// Locks the grants with these keys.
pub async fn lock(tx: &mut Tx, keys: &[GrantKey]) -> StoreResult<Vec<Grant>> {
    static LOCK: SetStatement = SetStatement::new(
        "SELECT id, public_id, kind, credits, paid_microusd, available, held, captured, expired, withdrawn, expires_at_us, created_at_us
        FROM grants WHERE id IN (SELECT u.id FROM {rows}) ORDER BY id {lock}",
        0,
        &[("id", "bigint")],
    );
    let rows: Vec<GrantRow> = LOCK.fetch(tx, &[], vec![Column::I64(keys.iter().map(|key| key.0).collect())]).await?;
    rows.into_iter().map(read).collect()
}

/// Writes where the credits of locked grants are now.
pub async fn save(tx: &mut Tx, grants: &[Grant]) -> StoreResult<()> {
    static SAVE: SetStatement = SetStatement::new(
        "UPDATE grants AS g SET available = u.a, held = u.h, captured = u.c, expired = u.e FROM {rows} WHERE g.id = u.id",
        0,
        &[("id", "bigint"), ("a", "bigint"), ("h", "bigint"), ("c", "bigint"), ("e", "bigint")],
    );
    let column = |value: fn(&Grant) -> i64| Column::I64(grants.iter().map(value).collect());
    let columns = vec![
        column(|grant| grant.key.0),
        column(|grant| grant.available.get()),
        column(|grant| grant.held.get()),
        column(|grant| grant.captured.get()),
        column(|grant| grant.expired.get() + grant.withdrawn.get()),
    ];
    ensure_rows("saving grants", SAVE.execute(tx, &[], columns).await?, grants.len())
}

/// The grants that a customer can spend from at `now`, not locked.
pub async fn spendable(tx: &mut Tx, customer: CustomerKey, now: Time) -> StoreResult<Vec<Grant>> {
    const SPENDABLE: &str = "SELECT id, public_id, kind, credits, paid_microusd, available, held, captured, expired, withdrawn,
            expires_at_us, created_at_us
        FROM grants WHERE customer_id = $1 AND available > 0 AND (expires_at_us IS NULL OR expires_at_us > $2) ORDER BY id";
    let rows: Vec<GrantRow> = on!(tx, c => sqlx::query_as(SPENDABLE).bind(customer.0).bind(now.micros()).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// Writes how much was taken back from locked grants, and where their other credits are now.
pub async fn save_withdrawn(tx: &mut Tx, grants: &[Grant]) -> StoreResult<()> {
    static SAVE: SetStatement =
        SetStatement::new("UPDATE grants AS g SET withdrawn = u.w FROM {rows} WHERE g.id = u.id", 0, &[("id", "bigint"), ("w", "bigint")]);
    save(tx, grants).await?;
    let columns = vec![
        Column::I64(grants.iter().map(|grant| grant.key.0).collect()),
        Column::I64(grants.iter().map(|grant| grant.withdrawn.get()).collect()),
    ];
    ensure_rows("saving what was taken back", SAVE.execute(tx, &[], columns).await?, grants.len())
}

/// A customer's grants, spending order. Bounded: the newest 200.
pub async fn list(tx: &mut Tx, customer: CustomerKey) -> StoreResult<Vec<Grant>> {
    const LIST: &str =
        "SELECT id, public_id, kind, credits, paid_microusd, available, held, captured, expired, withdrawn, expires_at_us, created_at_us
        FROM grants WHERE customer_id = $1 ORDER BY id DESC LIMIT 200";
    let rows: Vec<GrantRow> = on!(tx, c => sqlx::query_as(LIST).bind(customer.0).fetch_all(c).await)?;
    let mut grants = rows.into_iter().map(read).collect::<StoreResult<Vec<_>>>()?;
    grants.sort_by_key(Grant::spending_order);
    Ok(grants)
}

/// Why grants of a customer were made: the newest 200, as in [`list`].
pub async fn reasons(tx: &mut Tx, customer: CustomerKey) -> StoreResult<Vec<(GrantKey, String)>> {
    const REASONS: &str = "SELECT id, reason FROM (SELECT id, reason FROM grants WHERE customer_id = $1 ORDER BY id DESC LIMIT 200) AS g
        WHERE reason IS NOT NULL";
    let rows: Vec<(i64, String)> = on!(tx, c => sqlx::query_as(REASONS).bind(customer.0).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(key, reason)| (GrantKey(key), reason)).collect())
}

/// Grants whose expiry has passed with credits unspent, with their customers. At most `max`.
pub async fn expired(tx: &mut Tx, now: Time, max: i64) -> StoreResult<Vec<(GrantKey, CustomerKey)>> {
    const EXPIRED: &str =
        "SELECT id, customer_id FROM grants WHERE expires_at_us <= $1 AND available > 0 ORDER BY expires_at_us, id LIMIT $2";
    let rows: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(EXPIRED).bind(now.micros()).bind(max).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(grant, customer)| (GrantKey(grant), CustomerKey(customer))).collect())
}
