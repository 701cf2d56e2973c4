//! Workers and their leases. A task's lease is its worker's: one row says whether it stands.

use crate::domain::id::WorkerKey;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::{StoreResult, Tx, on};

pub async fn register(tx: &mut Tx, name: &str, now: Time, leased_until: Time) -> StoreResult<WorkerKey> {
    const REGISTER: &str =
        "INSERT INTO workers (name, started_at_us, heartbeat_at_us, leased_until_us) VALUES ($1, $2, $2, $3) RETURNING id";
    let key: i64 = on!(tx, c => sqlx::query_scalar(REGISTER).bind(name).bind(now.micros()).bind(leased_until.micros()).fetch_one(c).await)?;
    Ok(WorkerKey(key))
}

/// Extends a worker's lease; false when it was given up, and everything it had is somebody else's.
pub async fn heartbeat(tx: &mut Tx, worker: WorkerKey, now: Time, leased_until: Time) -> StoreResult<bool> {
    const HEARTBEAT: &str = "UPDATE workers SET heartbeat_at_us = $2, leased_until_us = $3 WHERE id = $1 AND stopped_at_us IS NULL";
    let changed = on!(tx, c => sqlx::query(HEARTBEAT).bind(worker.0).bind(now.micros()).bind(leased_until.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(changed == 1)
}

/// Whether the worker still has its lease. On PostgreSQL the row is locked against being given up until this transaction ends.
pub async fn lock_alive(tx: &mut Tx, worker: WorkerKey) -> StoreResult<bool> {
    const ALIVE: &str = "SELECT id FROM workers WHERE id = $1 AND stopped_at_us IS NULL";
    const ALIVE_LOCKED: &str = "SELECT id FROM workers WHERE id = $1 AND stopped_at_us IS NULL FOR SHARE";
    let sql = super::dialect::locking(tx, ALIVE_LOCKED, ALIVE);
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(sql).bind(worker.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// How many workers are alive.
pub async fn count_alive(tx: &mut Tx, now: Time) -> StoreResult<i64> {
    const COUNT: &str = "SELECT COUNT(*) FROM workers WHERE stopped_at_us IS NULL AND leased_until_us > $1";
    Ok(on!(tx, c => sqlx::query_scalar(COUNT).bind(now.micros()).fetch_one(c).await)?)
}

/// A worker leaves. What it still has is for the others.
pub async fn stop(tx: &mut Tx, worker: WorkerKey, now: Time) -> StoreResult<()> {
    const STOP: &str = "UPDATE workers SET stopped_at_us = $2 WHERE id = $1 AND stopped_at_us IS NULL";
    on!(tx, c => sqlx::query(STOP).bind(worker.0).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Gives up workers whose lease has run out.
pub async fn give_up_expired(tx: &mut Tx, now: Time) -> StoreResult<u64> {
    const GIVE_UP: &str = "UPDATE workers SET stopped_at_us = $1 WHERE stopped_at_us IS NULL AND leased_until_us < $1";
    Ok(on!(tx, c => sqlx::query(GIVE_UP).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?)
}

/// Workers that stopped and whose tasks somebody must take.
pub async fn uncleared(tx: &mut Tx) -> StoreResult<Vec<WorkerKey>> {
    const UNCLEARED: &str = "SELECT id FROM workers WHERE stopped_at_us IS NOT NULL AND cleared_at_us IS NULL ORDER BY id LIMIT 100";
    let rows: Vec<(i64,)> = on!(tx, c => sqlx::query_as(UNCLEARED).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(key,)| WorkerKey(key)).collect())
}

/// No task names these workers any more.
pub async fn clear(tx: &mut Tx, workers: &[WorkerKey], now: Time) -> StoreResult<()> {
    static CLEAR: SetStatement = SetStatement::new(
        "UPDATE workers AS w SET cleared_at_us = $1 FROM {rows} WHERE w.id = u.id AND w.stopped_at_us IS NOT NULL",
        1,
        &[("id", "bigint")],
    );
    CLEAR.execute(tx, &[now.micros()], vec![Column::I64(workers.iter().map(|worker| worker.0).collect())]).await?;
    Ok(())
}
