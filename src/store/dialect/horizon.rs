//! Up to which row a table is complete: below it nothing can appear any more.
//!
//! Differs because on PostgreSQL rows become visible in another order than their keys were drawn in, as late as their
//! transaction likes; SQLite's one writer draws keys in the order of commits, so that whatever is seen is complete.
//!
//! On PostgreSQL whoever draws a key has a transaction number already (`FROM pg_current_xact_id()` in the statements that draw).
//! A mark notes first the highest keys drawn so far, then draws a number of its own. Whoever drew one of those keys has a lower
//! number. Once no lower number is open, every row up to the marked keys is there to be seen, or never will be.

use crate::store::{Db, StoreResult, Tx};

/// Highest keys that were drawn at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub transactions: i64,
    pub audit: i64,
    /// Complete when every transaction below this number has ended; complete at once, where there is none.
    number: Option<i64>,
}

/// Marks the keys drawn so far.
pub async fn mark(db: &Db) -> StoreResult<Mark> {
    const DRAWN: &str = "SELECT
        (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM ledger_transaction_ids),
        (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM audit_ids)";
    const NUMBER: &str = "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)";
    match db.write_postgres().await? {
        None => Ok(Mark { transactions: i64::MAX, audit: i64::MAX, number: None }),
        Some(mut tx) => {
            // Two statements: the number must be drawn after the keys were read.
            let (transactions, audit) = sqlx::query_as(DRAWN).fetch_one(&mut *tx).await?;
            let number = sqlx::query_scalar(NUMBER).fetch_one(&mut *tx).await?;
            tx.rollback().await?;
            Ok(Mark { transactions, audit, number: Some(number) })
        }
    }
}

/// Whether this transaction sees every row up to the mark that will ever be.
pub async fn is_complete(tx: &mut Tx, mark: &Mark) -> StoreResult<bool> {
    const OLDEST_OPEN: &str = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)";
    match (tx, mark.number) {
        (Tx::Postgres(tx), Some(number)) => {
            let oldest_open: i64 = sqlx::query_scalar(OLDEST_OPEN).fetch_one(tx.connection()).await?;
            Ok(oldest_open >= number)
        }
        _ => Ok(true),
    }
}

/// The key of a new row of audit, drawn as the keys of ledger transactions are.
pub async fn next_audit_key(tx: &mut Tx) -> StoreResult<i64> {
    const NEXT: &str = "SELECT nextval('audit_ids') FROM pg_current_xact_id()";
    const HIGHEST: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM audit";
    match tx {
        Tx::Postgres(tx) => Ok(sqlx::query_scalar(NEXT).fetch_one(tx.connection()).await?),
        Tx::Sqlite(tx) => Ok(sqlx::query_scalar(HIGHEST).fetch_one(tx.connection()).await?),
    }
}
