//! Statements on many rows at once.

use std::fmt::Write as _;
use std::sync::OnceLock;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{Arguments, FromRow};

use crate::store::{StoreResult, Tx};

/// A statement that works on many rows at once.
///
/// Differs because PostgreSQL takes arrays (`unnest`, the quickest by far) and SQLite has none (one JSON text, `json_each`);
/// and because SQLite has one writer, which needs no row locks, and no `FOR UPDATE`; and because `lower()` folds only A–Z in
/// SQLite, and in PostgreSQL only when it is told to compare bytes; and because PostgreSQL counts from the first task of a run
/// to the last, and SQLite cannot count, so that it looks at the tasks themselves; and because tasks of a run that bring values
/// of their own (`{own.name}`) find them in PostgreSQL by their place in an array, and in SQLite, which would read its text from
/// the start each time, in a row of their own.
#[derive(Debug)]
pub struct SetStatement {
    sql: &'static str,
    /// Parameters `$1…` that stand before the rows.
    scalars: usize,
    /// Names and types of the columns of `{rows}`.
    columns: &'static [(&'static str, &'static str)],
    /// Names and types of what each task of a run brings; after the columns.
    own: &'static [(&'static str, &'static str)],
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
        Self::on_runs(sql, scalars, columns, &[])
    }

    /// A statement on runs of tasks `t`, see `runs::with_own`: `own` is what each task brings.
    pub const fn on_runs(
        sql: &'static str,
        scalars: usize,
        columns: &'static [(&'static str, &'static str)],
        own: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { sql, scalars, columns, own, postgres: OnceLock::new(), sqlite: OnceLock::new() }
    }

    fn for_postgres(&self) -> &'static str {
        self.postgres.get_or_init(|| {
            let arrays: Vec<String> =
                self.columns.iter().enumerate().map(|(index, (_, kind))| format!("${}::{kind}[]", self.scalars + index + 1)).collect();
            let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
            let rows = format!("unnest({}) AS u({})", arrays.join(", "), names.join(", "));
            let mut sql = self.sql.to_owned();
            for (index, (name, kind)) in (self.scalars + self.columns.len() + 1..).zip(self.own) {
                sql = sql.replace(&format!("{{own.{name}}}"), &format!("(${index}::{kind}[])[u.place + t.task_no - u.first]"));
            }
            leak(
                sql.replace("{rows}", &rows)
                    .replace("{each}", "CROSS JOIN LATERAL generate_series(u.first, u.last) AS t(task_no)")
                    .replace("{lock}", "FOR UPDATE")
                    .replace("{hold}", "FOR NO KEY UPDATE")
                    .replace("{bytewise}", "COLLATE \"C\""),
            )
        })
    }

    fn for_sqlite(&self) -> &'static str {
        self.sqlite.get_or_init(|| {
            let columns = self.columns.iter().chain(self.own).enumerate();
            let columns: Vec<String> = columns.map(|(index, (name, _))| format!("value ->> {index} AS {name}")).collect();
            let rows = format!("(SELECT {} FROM json_each(${})) AS u", columns.join(", "), self.scalars + 1);
            let each = "JOIN tasks AS t ON t.batch_id = u.b AND t.task_no BETWEEN u.first AND u.last";
            let mut sql = self.sql.replace("{rows}", &rows).replace("{each}", each);
            for (name, _) in self.own {
                sql = sql.replace(&format!("{{own.{name}}}"), &format!("u.{name}"));
            }
            leak(sql.replace("{lock}", "").replace("{hold}", "").replace("{bytewise}", ""))
        })
    }

    /// How many parameters it has on PostgreSQL.
    const fn parameters(&self) -> usize {
        self.scalars + self.columns.len() + self.own.len()
    }

    /// Returns how many rows were changed.
    pub async fn execute(&self, tx: &mut Tx, scalars: &[i64], columns: Vec<Column>) -> StoreResult<u64> {
        debug_assert_eq!(scalars.len() + columns.len(), self.parameters(), "{}", self.sql);
        match tx {
            Tx::Postgres(tx) => {
                let mut arguments = PgArguments::default();
                bind(&mut arguments, scalars, columns)?;
                Ok(sqlx::query_with(self.for_postgres(), arguments).execute(tx.connection()).await?.rows_affected())
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
        debug_assert_eq!(scalars.len() + columns.len(), self.parameters(), "{}", self.sql);
        match tx {
            Tx::Postgres(tx) => {
                let mut arguments = PgArguments::default();
                bind(&mut arguments, scalars, columns)?;
                Ok(sqlx::query_as_with(self.for_postgres(), arguments).fetch_all(tx.connection()).await?)
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

/// Adds parameters, in their order.
fn bind(arguments: &mut PgArguments, scalars: &[i64], columns: Vec<Column>) -> Result<(), sqlx::Error> {
    for scalar in scalars {
        arguments.add(scalar).map_err(sqlx::Error::Encode)?;
    }
    for column in columns {
        match column {
            Column::I64(values) => arguments.add(values),
            Column::I64Null(values) => arguments.add(values),
            Column::I32(values) => arguments.add(values),
            Column::I32Null(values) => arguments.add(values),
            Column::Text(values) => arguments.add(values),
            Column::TextNull(values) => arguments.add(values),
            Column::Word(values) => arguments.add(values),
            Column::WordNull(values) => arguments.add(values),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
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
    fn tasks_of_a_run_find_what_they_bring() {
        static OWN: SetStatement = SetStatement::on_runs(
            "UPDATE tasks AS t SET a = {own.a} FROM {rows} WHERE t.task_no BETWEEN u.first AND u.last",
            0,
            &[("first", "integer"), ("last", "integer"), ("place", "integer")],
            &[("a", "text")],
        );
        assert_eq!(
            OWN.for_postgres(),
            "UPDATE tasks AS t SET a = ($4::text[])[u.place + t.task_no - u.first] \
             FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS u(first, last, place) WHERE t.task_no BETWEEN u.first AND u.last"
        );
        assert_eq!(
            OWN.for_sqlite(),
            "UPDATE tasks AS t SET a = u.a FROM (SELECT value ->> 0 AS first, value ->> 1 AS last, value ->> 2 AS place, value ->> 3 AS a \
             FROM json_each($1)) AS u WHERE t.task_no BETWEEN u.first AND u.last"
        );
    }

    #[test]
    fn rows_are_quoted() {
        let columns = [Column::I64(vec![1, -2]), Column::TextNull(vec![Some("a\"]\n".to_owned()), None])];
        assert_eq!(json_rows(&columns), r#"[[1,"a\"]\n"],[-2,null]]"#);
        assert_eq!(json_rows(&[Column::I64(Vec::new())]), "[]");
    }
}
