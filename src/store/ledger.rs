//! The ledger: append-only. [`post`] is the only way in.

use std::collections::HashMap;

use crate::domain::credits::Credits;
use crate::domain::id::{BatchId, BatchKey, CustomerKey, GrantKey, TaskKey, TransactionId, TransactionKey};
use crate::domain::ledger::{Line, LineKind, PostedEntry, Posting, Transaction, TransactionKind};
use crate::domain::money::Money;
use crate::domain::page::{PageSize, Seek, Stretch};
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement, next_transaction_keys};
use super::error::ensure_rows;
use super::{StoreError, StoreResult, Tx, accounts, on, runs};

/// A transaction to be posted.
#[derive(Clone, Debug)]
pub struct NewTransaction {
    pub id: TransactionId,
    pub posting: Posting,
    pub customer: CustomerKey,
    pub batch: Option<BatchKey>,
    pub grant: Option<GrantKey>,
    pub reverses: Option<TransactionKey>,
    pub revenue: Money,
    pub tasks: i64,
    pub actor: String,
    pub reason: Option<String>,
}

/// One task's line in a transaction to be posted.
#[derive(Clone, Copy, Debug)]
pub struct NewLine {
    pub task: TaskKey,
    pub transaction: TransactionKey,
    pub kind: LineKind,
    pub credits: Credits,
    pub revenue: Money,
}

/// Posts transactions in this order, and locks the accounts they touch. Entries go first: the transaction's row closes them,
/// and the database refuses it unless they sum to zero.
pub async fn post(tx: &mut Tx, transactions: &[NewTransaction], now: Time) -> StoreResult<Vec<TransactionKey>> {
    if transactions.is_empty() {
        return Ok(Vec::new());
    }
    let mut customers: Vec<CustomerKey> = transactions.iter().map(|transaction| transaction.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let mut accounts = accounts::lock(tx, &customers).await?;
    let keys = next_transaction_keys(tx, transactions.len()).await?;
    let mut entries = Entries::default();
    for (transaction, key) in transactions.iter().zip(&keys) {
        for entry in transaction.posting.entries() {
            let (account, balance_after) = accounts.add(transaction.customer, entry.account, entry.credits)?;
            entries.transactions.push(*key);
            entries.accounts.push(account);
            entries.credits.push(entry.credits.get());
            entries.balances.push(balance_after.map(Credits::get));
        }
    }
    entries.insert(tx).await?;
    insert_transactions(tx, transactions, &keys, now).await?;
    accounts.save(tx).await?;
    Ok(keys.into_iter().map(TransactionKey).collect())
}

#[derive(Default)]
struct Entries {
    transactions: Vec<i64>,
    accounts: Vec<i64>,
    credits: Vec<i64>,
    balances: Vec<Option<i64>>,
}

impl Entries {
    async fn insert(self, tx: &mut Tx) -> StoreResult<()> {
        static INSERT: SetStatement = SetStatement::new(
            "INSERT INTO ledger_entries (transaction_id, account_id, credits, balance_after) SELECT u.t, u.a, u.c, u.b FROM {rows}",
            0,
            &[("t", "bigint"), ("a", "bigint"), ("c", "bigint"), ("b", "bigint")],
        );
        let expected = self.transactions.len();
        let columns =
            vec![Column::I64(self.transactions), Column::I64(self.accounts), Column::I64(self.credits), Column::I64Null(self.balances)];
        ensure_rows("inserting entries", INSERT.execute(tx, &[], columns).await?, expected)
    }
}

async fn insert_transactions(tx: &mut Tx, transactions: &[NewTransaction], keys: &[i64], now: Time) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO ledger_transactions
            (id, public_id, kind, customer_id, batch_id, grant_id, reverses_id, credits, revenue_microusd, tasks, actor, reason, created_at_us)
        SELECT u.id, u.public_id, u.kind, u.customer, u.batch, u.grant_key, u.reverses, u.credits, u.revenue, u.tasks, u.actor, u.reason, $1
        FROM {rows}",
        1,
        &[
            ("id", "bigint"),
            ("public_id", "text"),
            ("kind", "text"),
            ("customer", "bigint"),
            ("batch", "bigint"),
            ("grant_key", "bigint"),
            ("reverses", "bigint"),
            ("credits", "bigint"),
            ("revenue", "bigint"),
            ("tasks", "bigint"),
            ("actor", "text"),
            ("reason", "text"),
        ],
    );
    let columns = vec![
        Column::I64(keys.to_vec()),
        Column::Text(transactions.iter().map(|new| new.id.to_string()).collect()),
        Column::Word(transactions.iter().map(|new| new.posting.kind().as_str()).collect()),
        Column::I64(transactions.iter().map(|new| new.customer.0).collect()),
        Column::I64Null(transactions.iter().map(|new| new.batch.map(|key| key.0)).collect()),
        Column::I64Null(transactions.iter().map(|new| new.grant.map(|key| key.0)).collect()),
        Column::I64Null(transactions.iter().map(|new| new.reverses.map(|key| key.0)).collect()),
        Column::I64(transactions.iter().map(|new| new.posting.credits().get()).collect()),
        Column::I64(transactions.iter().map(|new| new.revenue.micros()).collect()),
        Column::I64(transactions.iter().map(|new| new.tasks).collect()),
        Column::Text(transactions.iter().map(|new| new.actor.clone()).collect()),
        Column::TextNull(transactions.iter().map(|new| new.reason.clone()).collect()),
    ];
    ensure_rows("inserting transactions", INSERT.execute(tx, &[now.micros()], columns).await?, transactions.len())
}

/// Writes one line per task. A task that has one already refuses the whole transaction.
pub async fn insert_lines(tx: &mut Tx, lines: &[NewLine]) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO ledger_lines (batch_id, transaction_id, credits, revenue_microusd, task_no, step, kind)
        SELECT u.b, u.t, u.c, u.r, t.task_no, CASE u.k WHEN 'reverse' THEN 1 ELSE 0 END, u.k FROM {rows} {each}",
        0,
        &[("b", "bigint"), ("first", "integer"), ("last", "integer"), ("t", "bigint"), ("c", "bigint"), ("r", "bigint"), ("k", "text")],
    );
    let runs = runs::runs(lines.iter().map(|line| (line.task, (line.transaction, line.credits, line.revenue, line.kind))));
    let mut columns = runs::columns(&runs);
    columns.extend([
        Column::I64(runs.iter().map(|run| run.common.0.0).collect()),
        Column::I64(runs.iter().map(|run| run.common.1.get()).collect()),
        Column::I64(runs.iter().map(|run| run.common.2.micros()).collect()),
        Column::Word(runs.iter().map(|run| run.common.3.as_str()).collect()),
    ]);
    ensure_rows("inserting lines", INSERT.execute(tx, &[], columns).await?, lines.len())
}

#[derive(sqlx::FromRow)]
pub(super) struct TransactionRow {
    id: i64,
    public_id: String,
    kind: String,
    batch: Option<String>,
    grant_public_id: Option<String>,
    reverses: Option<String>,
    credits: i64,
    revenue_microusd: i64,
    tasks: i64,
    actor: String,
    reason: Option<String>,
    created_at_us: i64,
}

/// What both lists select; each adds its own WHERE and ORDER BY.
macro_rules! select_transactions {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.public_id, t.kind, b.public_id AS batch, g.public_id AS grant_public_id, r.public_id AS reverses, t.credits,
                t.revenue_microusd, t.tasks, t.actor, t.reason, t.created_at_us
            FROM ledger_transactions AS t
            LEFT JOIN batches AS b ON b.id = t.batch_id
            LEFT JOIN grants AS g ON g.id = t.grant_id
            LEFT JOIN ledger_transactions AS r ON r.id = t.reverses_id ",
            $rest
        )
    };
}
pub(super) use select_transactions;

/// A customer's transactions, newest first, before `before`. One more than `size`, if there are more.
pub async fn of_customer(
    tx: &mut Tx,
    customer: CustomerKey,
    before: Option<TransactionId>,
    size: PageSize,
) -> StoreResult<Vec<Transaction>> {
    const OF_CUSTOMER: &str = select_transactions!(
        "WHERE t.customer_id = $1
            AND t.id < COALESCE((SELECT p.id FROM ledger_transactions AS p WHERE p.public_id = $2), 9223372036854775807)
        ORDER BY t.id DESC LIMIT $3"
    );
    let before = before.map(|id| id.to_string());
    let rows: Vec<TransactionRow> =
        on!(&mut *tx, c => sqlx::query_as(OF_CUSTOMER).bind(customer.0).bind(before).bind(size.get() + 1).fetch_all(c).await)?;
    with_entries(tx, rows).await
}

/// A page of a customer's transactions, newest first, all or those of one kind.
pub async fn page_of_customer(
    tx: &mut Tx,
    customer: CustomerKey,
    kind: Option<TransactionKind>,
    seek: Seek<TransactionId>,
    size: PageSize,
) -> StoreResult<Stretch<Transaction>> {
    const DOWN: &str =
        select_transactions!("WHERE t.customer_id = $1 AND ($2 IS NULL OR t.kind = $2) AND t.id <= $3 ORDER BY t.id DESC LIMIT $4");
    const UP: &str = select_transactions!("WHERE t.customer_id = $1 AND ($2 IS NULL OR t.kind = $2) AND t.id > $3 ORDER BY t.id LIMIT $4");
    const KEY: &str = "SELECT id FROM ledger_transactions WHERE public_id = $1 AND customer_id = $2";
    let kind = kind.map(TransactionKind::as_str);
    let key: Option<i64> = match seek.row() {
        Some(id) => on!(&mut *tx, c => sqlx::query_scalar(KEY).bind(id.to_string()).bind(customer.0).fetch_optional(c).await)?,
        None => None,
    };
    let (sql, from) = match (seek, key) {
        (Seek::After(_), Some(key)) => (UP, key),
        (Seek::Before(_), Some(key)) => (DOWN, key - 1),
        (Seek::At(_), Some(key)) => (DOWN, key),
        _ => (DOWN, i64::MAX),
    };
    let limit = size.get() + 1;
    let rows: Vec<TransactionRow> =
        on!(&mut *tx, c => sqlx::query_as(sql).bind(customer.0).bind(kind).bind(from).bind(limit).fetch_all(c).await)?;
    let has_newer = match key {
        Some(key) if sql == DOWN => {
            let newer: Vec<TransactionRow> =
                on!(&mut *tx, c => sqlx::query_as(UP).bind(customer.0).bind(kind).bind(key).bind(1_i64).fetch_all(c).await)?;
            matches!(seek, Seek::Before(_)) || !newer.is_empty()
        }
        _ => false,
    };
    let rows = with_entries(tx, rows).await?;
    Ok(if sql == UP { Stretch::upwards(rows, size) } else { Stretch::downwards(rows, size, has_newer) })
}

/// The hold of a batch, and the transactions with lines of one of its tasks, oldest first.
pub async fn of_task(tx: &mut Tx, task: TaskKey) -> StoreResult<Vec<Transaction>> {
    const OF_TASK: &str = select_transactions!(
        "WHERE t.id IN (SELECT MIN(h.id) FROM ledger_transactions AS h WHERE h.batch_id = $1
            UNION SELECT l.transaction_id FROM ledger_lines AS l WHERE l.batch_id = $1 AND l.task_no = $2)
        ORDER BY t.id"
    );
    let rows: Vec<TransactionRow> = on!(&mut *tx, c => sqlx::query_as(OF_TASK).bind(task.batch.0).bind(task.number).fetch_all(c).await)?;
    with_entries(tx, rows).await
}

pub(super) async fn with_entries(tx: &mut Tx, rows: Vec<TransactionRow>) -> StoreResult<Vec<Transaction>> {
    static ENTRIES: SetStatement = SetStatement::new(
        "SELECT e.transaction_id, a.kind, e.credits, e.balance_after FROM ledger_entries AS e JOIN ledger_accounts AS a ON a.id = e.account_id
        WHERE e.transaction_id IN (SELECT u.t FROM {rows}) ORDER BY e.transaction_id, e.credits",
        0,
        &[("t", "bigint")],
    );
    let keys = rows.iter().map(|row| row.id).collect();
    let found: Vec<(i64, String, i64, Option<i64>)> = ENTRIES.fetch(tx, &[], vec![Column::I64(keys)]).await?;
    let mut entries: HashMap<i64, Vec<PostedEntry>> = HashMap::new();
    for (transaction, kind, credits, balance_after) in found {
        let entry = PostedEntry { account: kind.parse()?, credits: Credits::new(credits), balance_after: balance_after.map(Credits::new) };
        entries.entry(transaction).or_default().push(entry);
    }
    rows.into_iter().map(|row| read(row, &mut entries)).collect()
}

fn read(row: TransactionRow, entries: &mut HashMap<i64, Vec<PostedEntry>>) -> StoreResult<Transaction> {
    Ok(Transaction {
        key: TransactionKey(row.id),
        id: row.public_id.parse()?,
        kind: row.kind.parse()?,
        batch: row.batch.map(|id| id.parse::<BatchId>()).transpose()?,
        grant: row.grant_public_id.map(|id| id.parse()).transpose()?,
        reverses: row.reverses.map(|id| id.parse()).transpose()?,
        credits: Credits::new(row.credits),
        revenue: Money::from_micros(row.revenue_microusd),
        tasks: row.tasks,
        actor: row.actor,
        reason: row.reason,
        created_at: Time::from_micros(row.created_at_us),
        entries: entries.remove(&row.id).ok_or_else(|| StoreError::inconsistent("ledger_entries", format!("none for {}", row.id)))?,
    })
}

/// What became of a task's credits: who captured them, and whether they were given back already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured {
    pub number: i32,
    pub transaction: TransactionKey,
    pub credits: Credits,
    pub reversed: bool,
}

/// The captures among these tasks of a batch, in order of their numbers. The lock on the batch keeps others from reversing them.
pub async fn captures(tx: &mut Tx, tasks: &[TaskKey]) -> StoreResult<Vec<Captured>> {
    static CAPTURES: SetStatement = SetStatement::new(
        "SELECT l.task_no, l.transaction_id, l.credits, CASE WHEN r.task_no IS NULL THEN 0 ELSE 1 END AS reversed
        FROM {rows} JOIN ledger_lines AS l ON l.batch_id = u.b AND l.task_no = u.n AND l.step = 0
        LEFT JOIN ledger_lines AS r ON r.batch_id = u.b AND r.task_no = u.n AND r.step = 1
        WHERE l.kind = 'capture' ORDER BY l.task_no",
        0,
        &[("b", "bigint"), ("n", "integer")],
    );
    let columns =
        vec![Column::I64(tasks.iter().map(|task| task.batch.0).collect()), Column::I32(tasks.iter().map(|task| task.number).collect())];
    let rows: Vec<(i32, i64, i64, i32)> = CAPTURES.fetch(tx, &[], columns).await?;
    Ok(rows
        .into_iter()
        .map(|(number, transaction, credits, reversed)| Captured {
            number,
            transaction: TransactionKey(transaction),
            credits: Credits::new(credits),
            reversed: reversed == 1,
        })
        .collect())
}

/// Tasks of a batch that were charged and given back later, and their credits.
pub async fn reversed_of(tx: &mut Tx, batch: BatchKey) -> StoreResult<(i64, Credits)> {
    const REVERSED: &str = "SELECT CAST(COALESCE(SUM(tasks), 0) AS BIGINT), CAST(COALESCE(SUM(credits), 0) AS BIGINT)
        FROM ledger_transactions WHERE batch_id = $1 AND kind = 'reversal'";
    let (tasks, credits): (i64, i64) = on!(tx, c => sqlx::query_as(REVERSED).bind(batch.0).fetch_one(c).await)?;
    Ok((tasks, Credits::new(credits)))
}

/// The lines of one task: its capture or release, and a reversal if there was one.
pub async fn lines(tx: &mut Tx, task: TaskKey) -> StoreResult<Vec<Line>> {
    const LINES: &str = "SELECT l.task_no, l.kind, l.credits, l.revenue_microusd, t.public_id
        FROM ledger_lines AS l JOIN ledger_transactions AS t ON t.id = l.transaction_id WHERE l.batch_id = $1 AND l.task_no = $2 ORDER BY l.step";
    let rows: Vec<(i32, String, i64, i64, String)> =
        on!(tx, c => sqlx::query_as(LINES).bind(task.batch.0).bind(task.number).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(task_number, kind, credits, revenue, transaction)| {
            Ok(Line {
                task_number,
                kind: kind.parse()?,
                credits: Credits::new(credits),
                revenue: Money::from_micros(revenue),
                transaction: transaction.parse()?,
            })
        })
        .collect()
}
