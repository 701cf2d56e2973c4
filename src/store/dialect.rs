//! What differs between the two databases, in one place.
//!
//! Most of it is one thing: how many rows are handed over in one statement. A [`SetStatement`] is written once, with `{rows}`
//! where the rows go, `{each}` after them where each is a run of tasks and a row `t` is wanted for every task, `{lock}` where rows
//! are locked, `{hold}` where others may still refer to them, and `{bytewise}` after a text whose letters A–Z alone are folded.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

pub use self::set::{AnyRow, Column, SetStatement};
use super::{StoreResult, Tx};

pub mod horizon;
mod set;

/// Takes a number of keys for ledger transactions.
///
/// Differs because a transaction's entries are inserted before it and must know its key: PostgreSQL has a sequence, SQLite's
/// one writer counts on from the highest key. On PostgreSQL the transaction has a number before it draws (see [`horizon`]).
pub async fn next_transaction_keys(tx: &mut Tx, count: usize) -> StoreResult<Vec<i64>> {
    let count = i64::try_from(count).unwrap_or(0);
    match tx {
        Tx::Postgres(tx) => {
            const NEXT: &str = "SELECT nextval('ledger_transaction_ids') FROM pg_current_xact_id(), generate_series(1, $1)";
            Ok(sqlx::query_scalar(NEXT).bind(count).fetch_all(tx.connection()).await?)
        }
        Tx::Sqlite(tx) => {
            const HIGHEST: &str = "SELECT COALESCE(MAX(id), 0) FROM ledger_transactions";
            let highest: i64 = sqlx::query_scalar(HIGHEST).fetch_one(tx.connection()).await?;
            Ok((1..=count).map(|offset| highest + offset).collect())
        }
    }
}

/// Of each endpoint the deliveries that are due first, `each` of every lane: keys, endpoints, lanes and senders.
///
/// Differs because "the first few of each" is `LATERAL` in PostgreSQL, which locks them besides and leaves out what others have
/// locked; SQLite has neither, and needs no lock.
pub async fn due_deliveries(tx: &mut Tx, endpoints: Vec<i64>, now_us: i64, each: i64) -> StoreResult<Vec<(i64, i64, i32, Option<i64>)>> {
    static POSTGRES: SetStatement = SetStatement::new(
        "SELECT d.id, d.endpoint_id, d.lane, d.sender FROM {rows} CROSS JOIN (VALUES (0), (1)) AS l(lane) CROSS JOIN LATERAL (
            SELECT p.id, p.endpoint_id, p.lane, p.sender FROM deliveries AS p
            WHERE p.endpoint_id = u.e AND p.lane = l.lane AND p.state = 'pending' AND p.next_attempt_at_us <= $1
            ORDER BY p.next_attempt_at_us LIMIT $2 FOR UPDATE SKIP LOCKED) AS d",
        2,
        &[("e", "bigint")],
    );
    static SQLITE: SetStatement = SetStatement::new(
        "SELECT d.id, d.endpoint_id, d.lane, d.sender FROM {rows} CROSS JOIN (SELECT 0 AS lane UNION ALL SELECT 1) AS l
        CROSS JOIN deliveries AS d ON d.id IN (
            SELECT p.id FROM deliveries AS p
            WHERE p.endpoint_id = u.e AND p.lane = l.lane AND p.state = 'pending' AND p.next_attempt_at_us <= $1
            ORDER BY p.next_attempt_at_us LIMIT $2)",
        2,
        &[("e", "bigint")],
    );
    let statement = if matches!(tx, Tx::Postgres(_)) { &POSTGRES } else { &SQLITE };
    statement.fetch(tx, &[now_us, each], vec![Column::I64(endpoints)]).await
}

/// Begins a transaction that writes, on PostgreSQL.
///
/// Differs because PostgreSQL chooses a plan by what it last saw of a table: one that was empty, or all pending, a minute ago
/// is read from end to end for a group of 500, a hundred times slower than by key. Whatever we write is found by its key, so
/// for writes there is one kind of plan, whatever the statistics say: look every row up in an index. Compiling statements
/// costs more than running them. SQLite always looks up by key.
pub const BEGIN_WRITE: &str = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; \
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL random_page_cost = 0; SET LOCAL jit = off";

/// So many queues of batches can be had apart from each other; the others share one. Bounded, because the server keeps its locks
/// in a table of a fixed size and a claim may look into hundreds of batches.
const QUEUES: i64 = 64;

/// Takes the queues of batches until this transaction ends.
///
/// Differs because SQLite's one writer has everything to itself.
pub async fn lock_queues(tx: &mut Tx, batches: impl Iterator<Item = i64>) -> StoreResult<()> {
    /// Apart from all other advisory locks of the database: "queu".
    const CLASS: i32 = 0x7175_6575;
    // Row by row in this order, so that nobody waits in a circle.
    const LOCK: &str = "SELECT pg_advisory_xact_lock($1, u.queue) FROM unnest($2::integer[]) AS u(queue)";
    if let Tx::Postgres(tx) = tx {
        let queues: BTreeSet<i32> = batches.filter_map(|batch| i32::try_from(batch.rem_euclid(QUEUES)).ok()).collect();
        let queues: Vec<i32> = queues.into_iter().collect();
        sqlx::query(LOCK).bind(CLASS).bind(queues).execute(tx.connection()).await?;
    }
    Ok(())
}

/// Waits for locks no longer than `ms` in this transaction.
///
/// Differs because SQLite's one writer has a queue instead of locks.
pub async fn limit_lock_wait(tx: &mut Tx, ms: u32) -> StoreResult<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query(AssertSqlSafe(format!("SET LOCAL lock_timeout = {ms}")).into_sql_str()).execute(tx.connection()).await?;
    }
    Ok(())
}

/// Does not wait for the disk when this transaction commits: for counters that may be lost in a crash.
///
/// Differs because SQLite's group commit makes the wait cheap, and cannot leave it out for one write.
pub async fn commit_without_waiting(tx: &mut Tx) -> StoreResult<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SET LOCAL synchronous_commit = off").execute(tx.connection()).await?;
    }
    Ok(())
}

/// A statement that reads one row by key and, on PostgreSQL, locks it. See [`SetStatement`] for why.
pub fn locking(tx: &Tx, postgres: &'static str, sqlite: &'static str) -> SqlStr {
    match tx {
        Tx::Postgres(_) => postgres.into_sql_str(),
        Tx::Sqlite(_) => sqlite.into_sql_str(),
    }
}
