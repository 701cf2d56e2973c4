//! The ledger of one batch, a page at a time in both directions, and what is inside of its transactions.

use crate::domain::billing::{BatchPosition, Booking, KindSum};
use crate::domain::credits::Credits;
use crate::domain::id::{BatchKey, TransactionId, TransactionKey};
use crate::domain::ledger::{Line, Transaction};
use crate::domain::money::Money;
use crate::domain::page::PageSize;

use super::ledger::{TransactionRow, select_transactions, with_entries};
use super::{StoreResult, Tx, on};

/// Which transactions of a batch are asked for, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    First,
    After(TransactionId),
    Before(TransactionId),
    /// From this one on.
    At(TransactionId),
}

/// A page, whether there is one before it, and whether there is one after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transactions {
    pub rows: Vec<Transaction>,
    pub has_before: bool,
    pub has_after: bool,
}

/// A booking selects kinds; none selects all. A place that is not one of this batch is the beginning.
pub async fn transactions(tx: &mut Tx, batch: BatchKey, booking: Option<Booking>, from: From, size: PageSize) -> StoreResult<Transactions> {
    const KEY: &str = "SELECT id FROM ledger_transactions WHERE public_id = $1 AND batch_id = $2";
    const FORWARD: &str =
        select_transactions!("WHERE t.batch_id = $1 AND t.id > $2 AND ($3 = '' OR t.kind = $3 OR t.kind = $4) ORDER BY t.id LIMIT $5");
    const BACKWARD: &str =
        select_transactions!("WHERE t.batch_id = $1 AND t.id < $2 AND ($3 = '' OR t.kind = $3 OR t.kind = $4) ORDER BY t.id DESC LIMIT $5");
    let (id, is_backward) = match from {
        From::First => (None, false),
        From::After(id) | From::At(id) => (Some(id), false),
        From::Before(id) => (Some(id), true),
    };
    let key: Option<i64> = match id {
        None => None,
        Some(id) => on!(&mut *tx, c => sqlx::query_scalar(KEY).bind(id.to_string()).bind(batch.0).fetch_optional(c).await)?,
    };
    let is_backward = is_backward && key.is_some();
    let edge = key.map_or(0, |key| if matches!(from, From::At(_)) { key - 1 } else { key });
    let [kind, other] = booking.map_or(["", ""], Booking::kinds);
    let sql = if is_backward { BACKWARD } else { FORWARD };
    let mut rows: Vec<TransactionRow> = on!(&mut *tx, c => sqlx::query_as(sql).bind(batch.0).bind(edge).bind(kind).bind(other)
        .bind(size.get() + 1).fetch_all(c).await)?;
    let max = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let more = rows.len() > max;
    rows.truncate(max);
    if is_backward {
        rows.reverse();
    }
    let rows = with_entries(tx, rows).await?;
    // On the other side is at least the row that the place names, or what is before it.
    let (has_before, has_after) = match rows.first() {
        None => (false, false),
        Some(_) if is_backward => (more, true),
        Some(first) => (edge > 0 && exists_before(tx, batch, first.key, kind, other).await?, more),
    };
    Ok(Transactions { rows, has_before, has_after })
}

async fn exists_before(tx: &mut Tx, batch: BatchKey, key: TransactionKey, kind: &str, other: &str) -> StoreResult<bool> {
    const EXISTS: &str = "SELECT CAST(id AS BIGINT) FROM ledger_transactions
        WHERE batch_id = $1 AND id < $2 AND ($3 = '' OR kind = $3 OR kind = $4) ORDER BY id DESC LIMIT 1";
    let found: Option<i64> =
        on!(tx, c => sqlx::query_scalar(EXISTS).bind(batch.0).bind(key.0).bind(kind).bind(other).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Transactions, credits, tasks and revenue of a batch by kind.
pub async fn sums(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<KindSum>> {
    const SUMS: &str =
        "SELECT kind, COUNT(*), CAST(SUM(credits) AS BIGINT), CAST(SUM(tasks) AS BIGINT), CAST(SUM(revenue_microusd) AS BIGINT)
        FROM ledger_transactions WHERE batch_id = $1 GROUP BY kind";
    let rows: Vec<(String, i64, i64, i64, i64)> = on!(tx, c => sqlx::query_as(SUMS).bind(batch.0).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(kind, transactions, credits, tasks, revenue)| {
            Ok(KindSum { kind: kind.parse()?, transactions, credits: Credits::new(credits), tasks, revenue: Money::from_micros(revenue) })
        })
        .collect()
}

/// Where the batch stood before a transaction: the same sums over everything booked earlier.
pub async fn position_before(tx: &mut Tx, batch: BatchKey, key: TransactionKey) -> StoreResult<BatchPosition> {
    const POSITION: &str = "SELECT
            CAST(COALESCE(SUM(CASE WHEN kind = 'capture' THEN credits WHEN kind = 'reversal' THEN -credits ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN kind = 'hold' THEN credits WHEN kind IN ('capture', 'release') THEN -credits ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN kind IN ('release', 'reversal') THEN credits ELSE 0 END), 0) AS BIGINT)
        FROM ledger_transactions WHERE batch_id = $1 AND id < $2";
    let (charged, open, refunded): (i64, i64, i64) = on!(tx, c => sqlx::query_as(POSITION).bind(batch.0).bind(key.0).fetch_one(c).await)?;
    Ok(BatchPosition { charged: Credits::new(charged), refunded: Credits::new(refunded), open: Credits::new(open) })
}

/// The lines of a transaction of this batch, by task, after a task. One more than `size`, if there are more.
pub async fn lines(tx: &mut Tx, batch: BatchKey, transaction: TransactionId, after: i32, size: PageSize) -> StoreResult<Vec<Line>> {
    const LINES: &str = "SELECT l.task_no, l.kind, l.credits, l.revenue_microusd
        FROM ledger_transactions AS t JOIN ledger_lines AS l ON l.transaction_id = t.id
        WHERE t.public_id = $1 AND t.batch_id = $2 AND l.task_no > $3 ORDER BY l.task_no LIMIT $4";
    let rows: Vec<(i32, String, i64, i64)> = on!(tx, c => sqlx::query_as(LINES).bind(transaction.to_string()).bind(batch.0).bind(after)
        .bind(size.get() + 1).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(task_number, kind, credits, revenue)| {
            let (credits, revenue) = (Credits::new(credits), Money::from_micros(revenue));
            Ok(Line { task_number, kind: kind.parse()?, credits, revenue, transaction })
        })
        .collect()
}
