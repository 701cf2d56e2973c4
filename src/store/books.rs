//! The books of a batch, from its ledger entries and from its task rows, by different statements.
//!
//! Whoever looks adds up the transactions since somebody looked last ([`of_ledger`]). Task rows are read only by
//! [`comparison::compare`], away from pages and from the hot path; what it finds is kept with its time.

use crate::domain::books::{Comparison, Sums};
use crate::domain::credits::Credits;
use crate::domain::id::{BatchKey, TransactionId, TransactionKey};
use crate::domain::time::Time;

use super::{StoreError, StoreResult, Tx, on};

pub mod comparison;

/// What the ledger says of a batch, up to one of its transactions. It stays true: entries are never changed, and the transactions
/// of a customer are numbered in the order in which they are committed, because `ledger::post` locks the accounts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerSide {
    pub sums: Sums,
    pub transactions: i64,
    /// Of what was refunded: by reversals.
    pub reversed: Credits,
    /// The last transaction that is in it.
    up_to: TransactionKey,
}

impl LedgerSide {
    /// Before the first transaction.
    pub const NOTHING: Self = Self { sums: Sums::NOTHING, transactions: 0, reversed: Credits::ZERO, up_to: TransactionKey(0) };
}

/// What the entries of transactions say of their batch: the four sums, and how many transactions there are. What is still held is
/// not computed from the other three: it is what the entries on the held account leave there.
macro_rules! said_by_entries {
    () => {
        "CAST(COALESCE(SUM(CASE WHEN t.kind = 'hold' AND a.kind = 'held' THEN e.credits ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN a.kind = 'revenue' THEN e.credits ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN t.kind <> 'hold' AND a.kind = 'available' THEN e.credits ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN a.kind = 'held' THEN e.credits ELSE 0 END), 0) AS BIGINT),
        COUNT(DISTINCT t.id)"
    };
}
use said_by_entries;

/// What is known already, and what the transactions since say.
pub async fn of_ledger(tx: &mut Tx, batch: BatchKey, known: LedgerSide) -> StoreResult<LedgerSide> {
    const LEDGER: &str = concat!(
        "SELECT ",
        said_by_entries!(),
        ", CAST(COALESCE(SUM(CASE WHEN t.kind = 'reversal' AND a.kind = 'available' THEN e.credits ELSE 0 END), 0) AS BIGINT),
            COALESCE(MAX(t.id), $2)
        FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id JOIN ledger_accounts AS a ON a.id = e.account_id
        WHERE t.batch_id = $1 AND t.id > $2"
    );
    let (held, charged, refunded, open, transactions, reversed, last): (i64, i64, i64, i64, i64, i64, i64) =
        on!(tx, c => sqlx::query_as(LEDGER).bind(batch.0).bind(known.up_to.0).fetch_one(c).await)?;
    Ok(LedgerSide {
        sums: known.sums.checked_add(Sums::new([held, charged, refunded, open]))?,
        transactions: known.transactions + transactions,
        reversed: known.reversed.checked_add(Credits::new(reversed))?,
        up_to: TransactionKey(last),
    })
}

#[derive(sqlx::FromRow)]
struct KeptRow {
    held: i64,
    captured: i64,
    released: i64,
    open: i64,
    /// None when it was never compared.
    compared_at_us: Option<i64>,
    actor: String,
    transactions: i64,
    ledger_held: i64,
    ledger_charged: i64,
    ledger_refunded: i64,
    ledger_open: i64,
    tasks: i64,
    tasks_held: i64,
    tasks_charged: i64,
    tasks_refunded: i64,
    tasks_open: i64,
    differing: i64,
    examples: String,
}

/// What stands beside the ledger of a batch: the four sums of its draws on grants, and the last comparison.
pub async fn kept(tx: &mut Tx, batch: BatchKey) -> StoreResult<(Sums, Option<Comparison>)> {
    const KEPT: &str = "SELECT d.held, d.captured, d.released, d.open, c.compared_at_us, COALESCE(c.actor, '') AS actor,
            COALESCE(c.transactions, 0) AS transactions, COALESCE(c.ledger_held, 0) AS ledger_held,
            COALESCE(c.ledger_charged, 0) AS ledger_charged, COALESCE(c.ledger_refunded, 0) AS ledger_refunded,
            COALESCE(c.ledger_open, 0) AS ledger_open, COALESCE(c.tasks, 0) AS tasks, COALESCE(c.tasks_held, 0) AS tasks_held,
            COALESCE(c.tasks_charged, 0) AS tasks_charged, COALESCE(c.tasks_refunded, 0) AS tasks_refunded,
            COALESCE(c.tasks_open, 0) AS tasks_open, COALESCE(c.differing, 0) AS differing, COALESCE(c.examples, '[]') AS examples
        FROM (
            SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) AS held, CAST(COALESCE(SUM(captured), 0) AS BIGINT) AS captured,
                CAST(COALESCE(SUM(released), 0) AS BIGINT) AS released,
                CAST(COALESCE(SUM(credits - captured - released), 0) AS BIGINT) AS open
            FROM hold_draws WHERE batch_id = $1
        ) AS d LEFT JOIN batch_comparisons AS c ON c.batch_id = $1";
    let row: KeptRow = on!(tx, c => sqlx::query_as(KEPT).bind(batch.0).fetch_one(c).await)?;
    let draws = Sums::new([row.held, row.captured, row.released, row.open]);
    let Some(at) = row.compared_at_us else { return Ok((draws, None)) };
    let comparison = Comparison {
        at: Time::from_micros(at),
        actor: row.actor,
        ledger: Sums::new([row.ledger_held, row.ledger_charged, row.ledger_refunded, row.ledger_open]),
        transactions: row.transactions,
        tasks: Sums::new([row.tasks_held, row.tasks_charged, row.tasks_refunded, row.tasks_open]),
        task_rows: row.tasks,
        differing: row.differing,
        examples: serde_json::from_str(&row.examples).map_err(|error| StoreError::inconsistent("batch_comparisons", error))?,
    };
    Ok((draws, Some(comparison)))
}

/// Prices of the tasks that wait. Reads them all: for a batch of several prices that somebody is about to cancel.
pub async fn pending_credits(tx: &mut Tx, batch: BatchKey) -> StoreResult<Credits> {
    const PENDING: &str = "SELECT CAST(COALESCE(SUM(price), 0) AS BIGINT) FROM tasks WHERE batch_id = $1 AND status = 'pending'";
    let credits: i64 = on!(tx, c => sqlx::query_scalar(PENDING).bind(batch.0).fetch_one(c).await)?;
    Ok(Credits::new(credits))
}

/// The refund that was booked last by a settlement: one task of it, when its failure was known, and when it was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRefund {
    pub task: i32,
    pub transaction: TransactionId,
    pub failed_at: Time,
    pub refunded_at: Time,
}

/// Two steps along indexes: the last release, and the last line of it.
pub async fn last_refund(tx: &mut Tx, batch: BatchKey) -> StoreResult<Option<LastRefund>> {
    const LAST: &str = "SELECT l.task_no, x.public_id, COALESCE(a.finished_at_us, t.finished_at_us), x.created_at_us
        FROM (SELECT id, public_id, created_at_us FROM ledger_transactions
            WHERE batch_id = $1 AND kind = 'release' AND actor = 'settlement' ORDER BY id DESC LIMIT 1) AS x
        JOIN ledger_lines AS l ON l.transaction_id = x.id
        JOIN tasks AS t ON t.batch_id = l.batch_id AND t.task_no = l.task_no
        LEFT JOIN attempts AS a ON a.batch_id = t.batch_id AND a.task_no = t.task_no AND a.attempt_no = t.attempts
            AND a.failure_type = t.failure_type AND a.party = t.party
        WHERE t.status = 'failed' ORDER BY l.task_no DESC LIMIT 1";
    let row: Option<(i32, String, Option<i64>, i64)> = on!(tx, c => sqlx::query_as(LAST).bind(batch.0).fetch_optional(c).await)?;
    let Some((task, transaction, Some(failed), refunded)) = row else { return Ok(None) };
    Ok(Some(LastRefund {
        task,
        transaction: transaction.parse()?,
        failed_at: Time::from_micros(failed),
        refunded_at: Time::from_micros(refunded),
    }))
}
