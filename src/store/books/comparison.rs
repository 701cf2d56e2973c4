//! Task rows against ledger lines, transactions and entries, of many batches by the same few statements.

use std::collections::BTreeMap;

use crate::domain::books::{Comparison, DIFFERENCES_MAX, Difference, DifferenceKind, Sums};
use crate::domain::id::{BatchId, BatchKey};
use crate::domain::time::Time;
use crate::store::batches::ids;
use crate::store::dialect::{Column, SetStatement};
use crate::store::error::ensure_rows;
use crate::store::{StoreError, StoreResult, Tx, on};

use super::said_by_entries;

/// A batch as it was in one snapshot, and what the comparison of its rows found there.
#[derive(Clone, Debug)]
pub struct Compared {
    pub batch: BatchKey,
    pub id: BatchId,
    /// Nothing of it changes any more, so that it need not be compared again.
    pub is_over: bool,
    pub comparison: Comparison,
}

/// A batch of the comparison, what its task rows say, and how many of them the ledger's lines do not bear out.
#[derive(sqlx::FromRow)]
struct TasksRow {
    batch_id: i64,
    public_id: String,
    is_over: i32,
    held: i64,
    charged: i64,
    refunded: i64,
    open: i64,
    tasks: i64,
    differing: i64,
}

const BATCH: &[(&str, &str)] = &[("batch", "bigint")];

/// Reads every task row, line and transaction of these batches, and says what does not fit. One snapshot: `tx` is a read.
pub async fn compare(tx: &mut Tx, batches: &[BatchKey], actor: &str, now: Time) -> StoreResult<Vec<Compared>> {
    let ledgers = of_ledgers(tx, batches).await?;
    let mut compared: BTreeMap<i64, Compared> = BTreeMap::new();
    for row in of_tasks(tx, batches).await? {
        let (ledger, transactions) = ledgers.get(&row.batch_id).copied().unwrap_or_default();
        let comparison = Comparison {
            at: now,
            actor: actor.to_owned(),
            ledger,
            transactions,
            tasks: Sums::new([row.held, row.charged, row.refunded, row.open]),
            task_rows: row.tasks,
            differing: row.differing,
            examples: Vec::new(),
        };
        let batch = Compared { batch: BatchKey(row.batch_id), id: row.public_id.parse()?, is_over: row.is_over == 1, comparison };
        compared.insert(row.batch_id, batch);
    }
    let differing: Vec<BatchKey> = compared.values().filter(|row| row.comparison.differing > 0).map(|row| row.batch).collect();
    // These are counted already.
    let tasks = if differing.is_empty() { Vec::new() } else { differing_tasks(tx, &differing).await? };
    let lines = lines_without_a_task(tx, batches).await?;
    let sums = wrong_lines(tx, batches).await?;
    let entries = wrong_entries(tx, batches).await?;
    let uncounted = lines.into_iter().chain(sums).chain(entries).map(|found| (1, found));
    for (more, (batch, difference)) in tasks.into_iter().map(|found| (0, found)).chain(uncounted) {
        if let Some(row) = compared.get_mut(&batch) {
            row.comparison.differing += more;
            row.comparison.examples.push(difference);
        }
    }
    Ok(compared.into_values().collect())
}

/// The four sums from the entries of each batch's transactions, and how many transactions there are.
async fn of_ledgers(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<BTreeMap<i64, (Sums, i64)>> {
    static LEDGERS: SetStatement = SetStatement::new(
        concat!(
            "SELECT t.batch_id, ",
            said_by_entries!(),
            " FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id
                JOIN ledger_accounts AS a ON a.id = e.account_id
            WHERE t.batch_id IN (SELECT u.batch FROM {rows}) GROUP BY t.batch_id"
        ),
        0,
        BATCH,
    );
    let rows: Vec<(i64, i64, i64, i64, i64, i64)> = LEDGERS.fetch(tx, &[], ids(batches)).await?;
    let ledger = |(batch, held, charged, refunded, open, transactions)| (batch, (Sums::new([held, charged, refunded, open]), transactions));
    Ok(rows.into_iter().map(ledger).collect())
}

/// What the task rows say: how many there are, the four sums of their prices, and how many the ledger's lines do not bear out.
async fn of_tasks(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<TasksRow>> {
    static TASKS: SetStatement = SetStatement::new(
        "SELECT b.id AS batch_id, b.public_id, CASE WHEN b.finished_at_us IS NULL THEN 0 ELSE 1 END AS is_over,
            CAST(COALESCE(SUM(t.price), 0) AS BIGINT) AS held,
            CAST(COALESCE(SUM(CASE WHEN t.status = 'succeeded' AND r.task_no IS NULL THEN t.price ELSE 0 END), 0) AS BIGINT) AS charged,
            CAST(COALESCE(SUM(CASE WHEN t.status IN ('failed', 'canceled') OR r.task_no IS NOT NULL THEN t.price ELSE 0 END), 0) AS BIGINT) AS refunded,
            CAST(COALESCE(SUM(CASE WHEN t.finished_at_us IS NULL THEN t.price ELSE 0 END), 0) AS BIGINT) AS open,
            COUNT(t.task_no) AS tasks,
            CAST(COALESCE(SUM(CASE
                WHEN t.finished_at_us IS NULL THEN CASE WHEN l.kind IS NULL THEN 0 ELSE 1 END
                WHEN l.kind IS NULL OR l.credits <> t.price
                    OR l.kind <> CASE t.status WHEN 'succeeded' THEN 'capture' ELSE 'release' END THEN 1
                ELSE 0 END), 0) AS BIGINT) AS differing
        FROM batches AS b LEFT JOIN tasks AS t ON t.batch_id = b.id
        LEFT JOIN ledger_lines AS l ON l.batch_id = t.batch_id AND l.task_no = t.task_no AND l.step = 0
        LEFT JOIN ledger_lines AS r ON r.batch_id = t.batch_id AND r.task_no = t.task_no AND r.step = 1
        WHERE b.id IN (SELECT u.batch FROM {rows}) GROUP BY b.id, b.public_id, b.finished_at_us",
        0,
        BATCH,
    );
    TASKS.fetch(tx, &[], ids(batches)).await
}

async fn differing_tasks(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<(i64, Difference)>> {
    static DIFFERING: SetStatement = SetStatement::new(
        "SELECT d.batch_id, d.task_no, d.price, d.credits, d.kind, d.is_open FROM (
            SELECT t.batch_id, t.task_no, t.price, l.credits, l.kind, CASE WHEN t.finished_at_us IS NULL THEN 1 ELSE 0 END AS is_open,
                ROW_NUMBER() OVER (PARTITION BY t.batch_id ORDER BY t.task_no) AS place
            FROM tasks AS t LEFT JOIN ledger_lines AS l ON l.batch_id = t.batch_id AND l.task_no = t.task_no AND l.step = 0
            WHERE t.batch_id IN (SELECT u.batch FROM {rows}) AND CASE
                WHEN t.finished_at_us IS NULL THEN CASE WHEN l.kind IS NULL THEN 0 ELSE 1 END
                WHEN l.kind IS NULL OR l.credits <> t.price
                    OR l.kind <> CASE t.status WHEN 'succeeded' THEN 'capture' ELSE 'release' END THEN 1
                ELSE 0 END = 1
        ) AS d WHERE d.place <= $1 ORDER BY d.batch_id, d.task_no",
        1,
        BATCH,
    );
    /// Batch, number, price, credits and kind of the line, 1 when the task is open.
    type Row = (i64, i32, i64, Option<i64>, Option<String>, i32);
    let rows: Vec<Row> = DIFFERING.fetch(tx, &[DIFFERENCES_MAX], ids(batches)).await?;
    let difference = |(batch, number, expected, found, line, open): Row| {
        let kind = match line {
            None => DifferenceKind::LineMissing,
            Some(_) if open == 1 => DifferenceKind::LineTooEarly,
            Some(_) => DifferenceKind::LineDiffers,
        };
        (batch, Difference { kind, task: Some(number), transaction: None, expected, found })
    };
    Ok(rows.into_iter().map(difference).collect())
}

async fn lines_without_a_task(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<(i64, Difference)>> {
    static ORPHANS: SetStatement = SetStatement::new(
        "SELECT d.batch_id, d.task_no, d.credits FROM (
            SELECT l.batch_id, l.task_no, l.credits, ROW_NUMBER() OVER (PARTITION BY l.batch_id ORDER BY l.task_no) AS place
            FROM ledger_lines AS l LEFT JOIN tasks AS t ON t.batch_id = l.batch_id AND t.task_no = l.task_no
            WHERE l.batch_id IN (SELECT u.batch FROM {rows}) AND t.task_no IS NULL
        ) AS d WHERE d.place <= $1 ORDER BY d.batch_id, d.task_no",
        1,
        BATCH,
    );
    let rows: Vec<(i64, i32, i64)> = ORPHANS.fetch(tx, &[DIFFERENCES_MAX], ids(batches)).await?;
    let difference = |(batch, number, found)| {
        let kind = DifferenceKind::TaskMissing;
        (batch, Difference { kind, task: Some(number), transaction: None, expected: 0, found: Some(found) })
    };
    Ok(rows.into_iter().map(difference).collect())
}

/// Captures and releases whose lines do not add up to them.
async fn wrong_lines(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<(i64, Difference)>> {
    static LINES: SetStatement = SetStatement::new(
        "SELECT d.batch_id, d.public_id, d.credits, d.found FROM (
            SELECT t.batch_id, t.id, t.public_id, t.credits, CAST(COALESCE(l.credits, 0) AS BIGINT) AS found,
                ROW_NUMBER() OVER (PARTITION BY t.batch_id ORDER BY t.id) AS place
            FROM ledger_transactions AS t LEFT JOIN (
                SELECT transaction_id, COUNT(*) AS tasks, SUM(credits) AS credits FROM ledger_lines
                WHERE batch_id IN (SELECT u.batch FROM {rows}) GROUP BY transaction_id
            ) AS l ON l.transaction_id = t.id
            WHERE t.batch_id IN (SELECT u.batch FROM {rows}) AND t.kind IN ('capture', 'release')
                AND (l.tasks IS NULL OR l.tasks <> t.tasks OR l.credits <> t.credits)
        ) AS d WHERE d.place <= $1 ORDER BY d.batch_id, d.id",
        1,
        BATCH,
    );
    of_transactions(tx, batches, &LINES, DifferenceKind::LinesDiffer).await
}

/// Transactions whose entries do not sum to zero, or do not move what the transaction says.
async fn wrong_entries(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<(i64, Difference)>> {
    static ENTRIES: SetStatement = SetStatement::new(
        "SELECT d.batch_id, d.public_id, d.credits, d.moved FROM (
            SELECT s.batch_id, s.id, s.public_id, s.credits, s.moved, ROW_NUMBER() OVER (PARTITION BY s.batch_id ORDER BY s.id) AS place
            FROM (
                SELECT t.batch_id, t.id, t.public_id, t.credits, SUM(e.credits) AS left_over,
                    CAST(COALESCE(SUM(CASE WHEN e.credits > 0 THEN e.credits ELSE 0 END), 0) AS BIGINT) AS moved
                FROM ledger_transactions AS t LEFT JOIN ledger_entries AS e ON e.transaction_id = t.id
                WHERE t.batch_id IN (SELECT u.batch FROM {rows}) GROUP BY t.batch_id, t.id, t.public_id, t.credits
            ) AS s WHERE s.left_over IS NULL OR s.left_over <> 0 OR s.moved <> s.credits
        ) AS d WHERE d.place <= $1 ORDER BY d.batch_id, d.id",
        1,
        BATCH,
    );
    of_transactions(tx, batches, &ENTRIES, DifferenceKind::EntriesDiffer).await
}

async fn of_transactions(
    tx: &mut Tx,
    batches: &[BatchKey],
    statement: &SetStatement,
    kind: DifferenceKind,
) -> StoreResult<Vec<(i64, Difference)>> {
    let rows: Vec<(i64, String, i64, i64)> = statement.fetch(tx, &[DIFFERENCES_MAX], ids(batches)).await?;
    rows.into_iter()
        .map(|(batch, id, expected, found)| {
            Ok((batch, Difference { kind, task: None, transaction: Some(id.parse()?), expected, found: Some(found) }))
        })
        .collect()
}

/// Keeps comparisons in place of those before. A batch that is over is then no longer among [`uncompared`].
pub async fn keep(tx: &mut Tx, compared: &[Compared]) -> StoreResult<()> {
    static KEEP: SetStatement = SetStatement::new(
        "INSERT INTO batch_comparisons
            (batch_id, compared_at_us, actor, transactions, ledger_held, ledger_charged, ledger_refunded, ledger_open, tasks, tasks_held,
            tasks_charged, tasks_refunded, tasks_open, differing, examples)
        SELECT u.b, u.at, u.actor, u.x, u.lh, u.lc, u.lr, u.lo, u.tasks, u.th, u.tc, u.tr, u.topen, u.differing, u.examples
        FROM {rows} WHERE true
        ON CONFLICT (batch_id) DO UPDATE SET compared_at_us = excluded.compared_at_us, actor = excluded.actor,
            transactions = excluded.transactions, ledger_held = excluded.ledger_held, ledger_charged = excluded.ledger_charged,
            ledger_refunded = excluded.ledger_refunded, ledger_open = excluded.ledger_open, tasks = excluded.tasks,
            tasks_held = excluded.tasks_held, tasks_charged = excluded.tasks_charged, tasks_refunded = excluded.tasks_refunded,
            tasks_open = excluded.tasks_open, differing = excluded.differing, examples = excluded.examples",
        0,
        &[
            ("b", "bigint"),
            ("at", "bigint"),
            ("actor", "text"),
            ("x", "bigint"),
            ("lh", "bigint"),
            ("lc", "bigint"),
            ("lr", "bigint"),
            ("lo", "bigint"),
            ("tasks", "bigint"),
            ("th", "bigint"),
            ("tc", "bigint"),
            ("tr", "bigint"),
            ("topen", "bigint"),
            ("differing", "bigint"),
            ("examples", "text"),
        ],
    );
    static MARK: SetStatement = SetStatement::new(
        "UPDATE batches SET compared_at_us = u.at FROM {rows} WHERE batches.id = u.batch",
        0,
        &[("batch", "bigint"), ("at", "bigint")],
    );
    let examples = |row: &Compared| serde_json::to_string(&row.comparison.examples);
    let examples: Vec<String> =
        compared.iter().map(examples).collect::<Result<_, _>>().map_err(|error| StoreError::inconsistent("batch_comparisons", error))?;
    let of = |figure: fn(&Comparison) -> i64| Column::I64(compared.iter().map(|row| figure(&row.comparison)).collect());
    let columns = vec![
        Column::I64(compared.iter().map(|row| row.batch.0).collect()),
        of(|row| row.at.micros()),
        Column::Text(compared.iter().map(|row| row.comparison.actor.clone()).collect()),
        of(|row| row.transactions),
        of(|row| row.ledger.held.get()),
        of(|row| row.ledger.charged.get()),
        of(|row| row.ledger.refunded.get()),
        of(|row| row.ledger.open.get()),
        of(|row| row.task_rows),
        of(|row| row.tasks.held.get()),
        of(|row| row.tasks.charged.get()),
        of(|row| row.tasks.refunded.get()),
        of(|row| row.tasks.open.get()),
        of(|row| row.differing),
        Column::Text(examples),
    ];
    ensure_rows("keeping comparisons", KEEP.execute(tx, &[], columns).await?, compared.len())?;
    let over: Vec<&Compared> = compared.iter().filter(|row| row.is_over).collect();
    if over.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::I64(over.iter().map(|row| row.batch.0).collect()),
        Column::I64(over.iter().map(|row| row.comparison.at.micros()).collect()),
    ];
    ensure_rows("marking batches as compared", MARK.execute(tx, &[], columns).await?, over.len())
}

/// Batches that are over and whose rows were not compared since: the oldest, as long as they have no more tasks together than
/// that, and one at least.
pub async fn uncompared(tx: &mut Tx, batches_max: i64, tasks_max: i64) -> StoreResult<Vec<BatchKey>> {
    const UNCOMPARED: &str =
        "SELECT id, total FROM batches WHERE finished_at_us IS NOT NULL AND compared_at_us IS NULL ORDER BY id LIMIT $1";
    let rows: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(UNCOMPARED).bind(batches_max).fetch_all(c).await)?;
    let mut tasks = 0;
    let fits = |(first, total): &(bool, i64)| {
        tasks += total;
        *first || tasks <= tasks_max
    };
    let fitting = rows.iter().enumerate().map(|(index, (_, total))| (index == 0, *total)).take_while(fits).count();
    Ok(rows.into_iter().take(fitting).map(|(batch, _)| BatchKey(batch)).collect())
}
