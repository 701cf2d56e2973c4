//! The books of a batch, from its ledger entries and from its task rows, by different statements.
//!
//! Whoever looks adds up the transactions since somebody looked last ([`of_ledger`]). Task rows are read only by [`compare`], away
//! from pages and from the hot path; what it finds is kept with its time.

use crate::domain::books::{Comparison, DIFFERENCES_MAX, Difference, DifferenceKind, Sums};
use crate::domain::credits::Credits;
use crate::domain::id::{BatchId, BatchKey, TransactionId, TransactionKey};
use crate::domain::time::Time;

use super::error::ensure_rows;
use super::{StoreError, StoreResult, Tx, on};

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

/// The four sums from the entries of the batch's transactions, and how many transactions there are: what is known already, and
/// the transactions since. What is still held is not computed from the other three: it is what the entries on the held account
/// leave there.
pub async fn of_ledger(tx: &mut Tx, batch: BatchKey, known: LedgerSide) -> StoreResult<LedgerSide> {
    const LEDGER: &str = "SELECT
            CAST(COALESCE(SUM(CASE WHEN t.kind = 'hold' AND a.kind = 'held' THEN e.credits ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN a.kind = 'revenue' THEN e.credits ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN t.kind <> 'hold' AND a.kind = 'available' THEN e.credits ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN a.kind = 'held' THEN e.credits ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN t.kind = 'reversal' AND a.kind = 'available' THEN e.credits ELSE 0 END), 0) AS BIGINT),
            COUNT(DISTINCT t.id), COALESCE(MAX(t.id), $2)
        FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id JOIN ledger_accounts AS a ON a.id = e.account_id
        WHERE t.batch_id = $1 AND t.id > $2";
    let (held, charged, refunded, open, reversed, transactions, last): (i64, i64, i64, i64, i64, i64, i64) =
        on!(tx, c => sqlx::query_as(LEDGER).bind(batch.0).bind(known.up_to.0).fetch_one(c).await)?;
    Ok(LedgerSide {
        sums: known.sums.checked_add(Sums::new([held, charged, refunded, open]))?,
        transactions: known.transactions + transactions,
        reversed: known.reversed.checked_add(Credits::new(reversed))?,
        up_to: TransactionKey(last),
    })
}

/// What the task rows say: how many there are, the four sums of their prices, and how many the ledger's lines do not bear out.
async fn of_tasks(tx: &mut Tx, batch: BatchKey) -> StoreResult<(Sums, i64, i64)> {
    const TASKS: &str = "SELECT
            CAST(COALESCE(SUM(t.price), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN t.status = 'succeeded' AND r.task_no IS NULL THEN t.price ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN t.status IN ('failed', 'canceled') OR r.task_no IS NOT NULL THEN t.price ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN t.finished_at_us IS NULL THEN t.price ELSE 0 END), 0) AS BIGINT),
            COUNT(*),
            CAST(COALESCE(SUM(CASE
                WHEN t.finished_at_us IS NULL THEN CASE WHEN l.kind IS NULL THEN 0 ELSE 1 END
                WHEN l.kind IS NULL OR l.credits <> t.price
                    OR l.kind <> CASE t.status WHEN 'succeeded' THEN 'capture' ELSE 'release' END THEN 1
                ELSE 0 END), 0) AS BIGINT)
        FROM tasks AS t
        LEFT JOIN ledger_lines AS l ON l.batch_id = t.batch_id AND l.task_no = t.task_no AND l.step = 0
        LEFT JOIN ledger_lines AS r ON r.batch_id = t.batch_id AND r.task_no = t.task_no AND r.step = 1
        WHERE t.batch_id = $1";
    let (held, charged, refunded, open, rows, differing): (i64, i64, i64, i64, i64, i64) =
        on!(tx, c => sqlx::query_as(TASKS).bind(batch.0).fetch_one(c).await)?;
    Ok((Sums::new([held, charged, refunded, open]), rows, differing))
}

/// Reads every task row, line and transaction of a batch, and says what does not fit. One snapshot: `tx` is a read.
pub async fn compare(tx: &mut Tx, batch: BatchKey, actor: &str, now: Time) -> StoreResult<Comparison> {
    let LedgerSide { sums: ledger, transactions, .. } = of_ledger(tx, batch, LedgerSide::NOTHING).await?;
    let (tasks, task_rows, mut differing) = of_tasks(tx, batch).await?;
    let mut examples = if differing > 0 { differing_tasks(tx, batch).await? } else { Vec::new() };
    for others in [lines_without_a_task(tx, batch).await?, wrong_lines(tx, batch).await?, wrong_entries(tx, batch).await?] {
        differing += i64::try_from(others.len()).unwrap_or(i64::MAX);
        examples.extend(others);
    }
    Ok(Comparison { at: now, actor: actor.to_owned(), ledger, transactions, tasks, task_rows, differing, examples })
}

async fn differing_tasks(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<Difference>> {
    const DIFFERING: &str = "SELECT t.task_no, t.price, l.credits, l.kind, CASE WHEN t.finished_at_us IS NULL THEN 1 ELSE 0 END
        FROM tasks AS t LEFT JOIN ledger_lines AS l ON l.batch_id = t.batch_id AND l.task_no = t.task_no AND l.step = 0
        WHERE t.batch_id = $1 AND CASE
            WHEN t.finished_at_us IS NULL THEN CASE WHEN l.kind IS NULL THEN 0 ELSE 1 END
            WHEN l.kind IS NULL OR l.credits <> t.price
                OR l.kind <> CASE t.status WHEN 'succeeded' THEN 'capture' ELSE 'release' END THEN 1
            ELSE 0 END = 1
        ORDER BY t.task_no LIMIT $2";
    /// Number, price, credits and kind of the line, 1 when the task is open.
    type Row = (i32, i64, Option<i64>, Option<String>, i32);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(DIFFERING).bind(batch.0).bind(DIFFERENCES_MAX).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(number, expected, found, line, open)| Difference {
            kind: match line {
                None => DifferenceKind::LineMissing,
                Some(_) if open == 1 => DifferenceKind::LineTooEarly,
                Some(_) => DifferenceKind::LineDiffers,
            },
            task: Some(number),
            transaction: None,
            expected,
            found,
        })
        .collect())
}

async fn lines_without_a_task(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<Difference>> {
    const ORPHANS: &str = "SELECT l.task_no, l.credits FROM ledger_lines AS l
        LEFT JOIN tasks AS t ON t.batch_id = l.batch_id AND t.task_no = l.task_no
        WHERE l.batch_id = $1 AND t.task_no IS NULL ORDER BY l.task_no LIMIT $2";
    let rows: Vec<(i32, i64)> = on!(tx, c => sqlx::query_as(ORPHANS).bind(batch.0).bind(DIFFERENCES_MAX).fetch_all(c).await)?;
    let difference = |(number, found)| Difference {
        kind: DifferenceKind::TaskMissing,
        task: Some(number),
        transaction: None,
        expected: 0,
        found: Some(found),
    };
    Ok(rows.into_iter().map(difference).collect())
}

/// Captures and releases whose lines do not add up to them.
async fn wrong_lines(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<Difference>> {
    const LINES: &str = "SELECT t.public_id, t.credits, CAST(COALESCE(l.credits, 0) AS BIGINT) FROM ledger_transactions AS t LEFT JOIN (
            SELECT transaction_id, COUNT(*) AS tasks, SUM(credits) AS credits FROM ledger_lines WHERE batch_id = $1 GROUP BY transaction_id
        ) AS l ON l.transaction_id = t.id
        WHERE t.batch_id = $1 AND t.kind IN ('capture', 'release') AND (l.tasks IS NULL OR l.tasks <> t.tasks OR l.credits <> t.credits)
        ORDER BY t.id LIMIT $2";
    of_transactions(tx, batch, LINES, DifferenceKind::LinesDiffer).await
}

/// Transactions whose entries do not sum to zero, or do not move what the transaction says.
async fn wrong_entries(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<Difference>> {
    const ENTRIES: &str =
        "SELECT t.public_id, t.credits, CAST(COALESCE(SUM(CASE WHEN e.credits > 0 THEN e.credits ELSE 0 END), 0) AS BIGINT)
        FROM ledger_transactions AS t LEFT JOIN ledger_entries AS e ON e.transaction_id = t.id
        WHERE t.batch_id = $1 GROUP BY t.id, t.public_id, t.credits
        HAVING COALESCE(SUM(e.credits), 1) <> 0 OR COALESCE(SUM(CASE WHEN e.credits > 0 THEN e.credits ELSE 0 END), 0) <> t.credits
        ORDER BY t.id LIMIT $2";
    of_transactions(tx, batch, ENTRIES, DifferenceKind::EntriesDiffer).await
}

async fn of_transactions(tx: &mut Tx, batch: BatchKey, sql: &'static str, kind: DifferenceKind) -> StoreResult<Vec<Difference>> {
    let rows: Vec<(String, i64, i64)> = on!(tx, c => sqlx::query_as(sql).bind(batch.0).bind(DIFFERENCES_MAX).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(id, expected, found)| Ok(Difference { kind, task: None, transaction: Some(id.parse()?), expected, found: Some(found) }))
        .collect()
}

/// Keeps a comparison in place of the one before. A finished batch is then no longer among [`uncompared`].
pub async fn keep(tx: &mut Tx, batch: BatchKey, comparison: &Comparison) -> StoreResult<()> {
    const KEEP: &str = "INSERT INTO batch_comparisons
            (batch_id, compared_at_us, actor, transactions, ledger_held, ledger_charged, ledger_refunded, ledger_open, tasks, tasks_held,
            tasks_charged, tasks_refunded, tasks_open, differing, examples)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (batch_id) DO UPDATE SET compared_at_us = excluded.compared_at_us, actor = excluded.actor,
            transactions = excluded.transactions, ledger_held = excluded.ledger_held, ledger_charged = excluded.ledger_charged,
            ledger_refunded = excluded.ledger_refunded, ledger_open = excluded.ledger_open, tasks = excluded.tasks,
            tasks_held = excluded.tasks_held, tasks_charged = excluded.tasks_charged, tasks_refunded = excluded.tasks_refunded,
            tasks_open = excluded.tasks_open, differing = excluded.differing, examples = excluded.examples";
    const MARK: &str = "UPDATE batches SET compared_at_us = $2 WHERE id = $1 AND finished_at_us <= $2";
    let examples = serde_json::to_string(&comparison.examples).map_err(|error| StoreError::inconsistent("batch_comparisons", error))?;
    let ([l1, l2, l3, l4], [t1, t2, t3, t4]) = (comparison.ledger.figures(), comparison.tasks.figures());
    let kept = on!(&mut *tx, c => sqlx::query(KEEP).bind(batch.0).bind(comparison.at.micros()).bind(&comparison.actor)
        .bind(comparison.transactions).bind(l1.get()).bind(l2.get()).bind(l3.get()).bind(l4.get()).bind(comparison.task_rows)
        .bind(t1.get()).bind(t2.get()).bind(t3.get()).bind(t4.get()).bind(comparison.differing).bind(examples)
        .execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("keeping a comparison", kept, 1)?;
    // One that saw open tasks was made before the end, however close.
    if comparison.tasks.open.is_zero() {
        on!(tx, c => sqlx::query(MARK).bind(batch.0).bind(comparison.at.micros()).execute(c).await.map(|_| ()))?;
    }
    Ok(())
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

/// Finished batches whose rows were not compared since their end. At most `max`.
pub async fn uncompared(tx: &mut Tx, max: i64) -> StoreResult<Vec<BatchId>> {
    const UNCOMPARED: &str =
        "SELECT public_id FROM batches WHERE finished_at_us IS NOT NULL AND compared_at_us IS NULL ORDER BY id LIMIT $1";
    let rows: Vec<String> = on!(tx, c => sqlx::query_scalar(UNCOMPARED).bind(max).fetch_all(c).await)?;
    rows.into_iter().map(|id| Ok(id.parse()?)).collect()
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
