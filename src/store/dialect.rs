//! What differs between the two databases, in one place.
//!
//! Most of it is one thing: how many rows are handed over in one statement. A [`SetStatement`] is written once, with `{rows}`
//! where the rows go, `{lock}` where rows are locked, `{hold}` where others may still refer to them, and `{bytewise}` after a text whose letters A–Z alone are folded.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, SqlSafeStr, SqlStr};

use super::{StoreResult, Tx};

pub mod horizon;

/// A statement that works on many rows at once.
///
/// Differs because PostgreSQL takes arrays (`unnest`, the quickest by far) and SQLite has none (one JSON text, `json_each`);
/// and because SQLite has one writer, which needs no row locks, and no `FOR UPDATE`; and because `lower()` folds only A–Z in
/// SQLite, and in PostgreSQL only when it is told to compare bytes.
#[derive(Debug)]
pub struct SetStatement {
    sql: &'static str,
    /// Parameters `$1…` that stand before the rows.
    scalars: usize,
    /// Names and types of the columns of `{rows}`.
    columns: &'static [(&'static str, &'static str)],
    postgres: OnceLock<&'static str>,
    sqlite: OnceLock<&'static str>,
}

/// One column of the rows that are handed over.
#[derive(Clone, Debug)]
pub enum Column {
    I64(Vec<i64>),
    I64Null(Vec<Option<i64>>),
    I32(Vec<i32>),
    I32Null(Vec<Option<i32>>),
    Text(Vec<String>),
    TextNull(Vec<Option<String>>),
    Word(Vec<&'static str>),
    WordNull(Vec<Option<&'static str>>),
}

/// Rows that can be read from either database.
pub trait AnyRow: Send + Unpin + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> {}
impl<T: Send + Unpin + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow>> AnyRow for T {}

impl SetStatement {
    pub const fn new(sql: &'static str, scalars: usize, columns: &'static [(&'static str, &'static str)]) -> Self {
        Self { sql, scalars, columns, postgres: OnceLock::new(), sqlite: OnceLock::new() }
    }

    fn for_postgres(&self) -> &'static str {
        self.postgres.get_or_init(|| {
            let arrays: Vec<String> =
                self.columns.iter().enumerate().map(|(index, (_, kind))| format!("${}::{kind}[]", self.scalars + index + 1)).collect();
            let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
            let rows = format!("unnest({}) AS u({})", arrays.join(", "), names.join(", "));
            leak(
                self.sql
                    .replace("{rows}", &rows)
                    .replace("{lock}", "FOR UPDATE")
                    .replace("{hold}", "FOR NO KEY UPDATE")
                    .replace("{bytewise}", "COLLATE \"C\""),
            )
        })
    }

    fn for_sqlite(&self) -> &'static str {
        self.sqlite.get_or_init(|| {
            let columns: Vec<String> =
                self.columns.iter().enumerate().map(|(index, (name, _))| format!("value ->> {index} AS {name}")).collect();
            let rows = format!("(SELECT {} FROM json_each(${})) AS u", columns.join(", "), self.scalars + 1);
            leak(self.sql.replace("{rows}", &rows).replace("{lock}", "").replace("{hold}", "").replace("{bytewise}", ""))
        })
    }

    /// Returns how many rows were changed.
    pub async fn execute(&self, tx: &mut Tx, scalars: &[i64], columns: Vec<Column>) -> StoreResult<u64> {
        debug_assert_eq!((scalars.len(), columns.len()), (self.scalars, self.columns.len()), "{}", self.sql);
        match tx {
            Tx::Postgres(tx) => {
                let mut query = sqlx::query(self.for_postgres());
                for scalar in scalars {
                    query = query.bind(scalar);
                }
                for column in columns {
                    query = match column {
                        Column::I64(values) => query.bind(values),
                        Column::I64Null(values) => query.bind(values),
                        Column::I32(values) => query.bind(values),
                        Column::I32Null(values) => query.bind(values),
                        Column::Text(values) => query.bind(values),
                        Column::TextNull(values) => query.bind(values),
                        Column::Word(values) => query.bind(values),
                        Column::WordNull(values) => query.bind(values),
                    };
                }
                Ok(query.execute(tx.connection()).await?.rows_affected())
            }
            Tx::Sqlite(tx) => {
                let mut query = sqlx::query(self.for_sqlite());
                for scalar in scalars {
                    query = query.bind(scalar);
                }
                Ok(query.bind(json_rows(&columns)).execute(tx.connection()).await?.rows_affected())
            }
        }
    }

    /// Returns the rows that the statement selects or RETURNs.
    pub async fn fetch<R: AnyRow>(&self, tx: &mut Tx, scalars: &[i64], columns: Vec<Column>) -> StoreResult<Vec<R>> {
        debug_assert_eq!((scalars.len(), columns.len()), (self.scalars, self.columns.len()), "{}", self.sql);
        match tx {
            Tx::Postgres(tx) => {
                let mut query = sqlx::query_as(self.for_postgres());
                for scalar in scalars {
                    query = query.bind(scalar);
                }
                for column in columns {
                    query = match column {
                        Column::I64(values) => query.bind(values),
                        Column::I64Null(values) => query.bind(values),
                        Column::I32(values) => query.bind(values),
                        Column::I32Null(values) => query.bind(values),
                        Column::Text(values) => query.bind(values),
                        Column::TextNull(values) => query.bind(values),
                        Column::Word(values) => query.bind(values),
                        Column::WordNull(values) => query.bind(values),
                    };
                }
                Ok(query.fetch_all(tx.connection()).await?)
            }
            Tx::Sqlite(tx) => {
                let mut query = sqlx::query_as(self.for_sqlite());
                for scalar in scalars {
                    query = query.bind(scalar);
                }
                Ok(query.bind(json_rows(&columns)).fetch_all(tx.connection()).await?)
            }
        }
    }
}

/// One text for each statement of the program, made once: sqlx wants SQL that lives as long as the program.
fn leak(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

/// `[[1,"a"],[2,null]]`.
fn json_rows(columns: &[Column]) -> String {
    let rows = columns.first().map_or(0, Column::len);
    let mut json = String::with_capacity(rows * columns.len() * 12 + 2);
    json.push('[');
    for row in 0..rows {
        json.push_str(if row == 0 { "[" } else { ",[" });
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            column.push_json(row, &mut json);
        }
        json.push(']');
    }
    json.push(']');
    json
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::I64Null(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I32Null(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::TextNull(values) => values.len(),
            Self::Word(values) => values.len(),
            Self::WordNull(values) => values.len(),
        }
    }

    fn push_json(&self, row: usize, json: &mut String) {
        let number = |json: &mut String, value: Option<i64>| match value {
            // Writing to a String cannot fail.
            Some(value) => _ = write!(json, "{value}"),
            None => json.push_str("null"),
        };
        let text = |json: &mut String, value: Option<&str>| match value.map(serde_json::to_string) {
            Some(Ok(quoted)) => json.push_str(&quoted),
            _ => json.push_str("null"),
        };
        match self {
            Self::I64(values) => number(json, Some(values[row])),
            Self::I64Null(values) => number(json, values[row]),
            Self::I32(values) => number(json, Some(values[row].into())),
            Self::I32Null(values) => number(json, values[row].map(i64::from)),
            Self::Text(values) => text(json, Some(&values[row])),
            Self::TextNull(values) => text(json, values[row].as_deref()),
            Self::Word(values) => text(json, Some(values[row])),
            Self::WordNull(values) => text(json, values[row]),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    static STATEMENT: SetStatement =
        SetStatement::new("UPDATE t SET a = u.a FROM {rows} WHERE t.id = u.id AND t.owner = $1", 1, &[("id", "bigint"), ("a", "text")]);

    #[test]
    fn hands_rows_over_as_each_database_likes_them() {
        assert_eq!(
            STATEMENT.for_postgres(),
            "UPDATE t SET a = u.a FROM unnest($2::bigint[], $3::text[]) AS u(id, a) WHERE t.id = u.id AND t.owner = $1"
        );
        assert_eq!(
            STATEMENT.for_sqlite(),
            "UPDATE t SET a = u.a FROM (SELECT value ->> 0 AS id, value ->> 1 AS a FROM json_each($2)) AS u WHERE t.id = u.id AND t.owner = $1"
        );
    }

    #[test]
    fn rows_are_quoted() {
        let columns = [Column::I64(vec![1, -2]), Column::TextNull(vec![Some("a\"]\n".to_owned()), None])];
        assert_eq!(json_rows(&columns), r#"[[1,"a\"]\n"],[-2,null]]"#);
        assert_eq!(json_rows(&[Column::I64(Vec::new())]), "[]");
    }
}
