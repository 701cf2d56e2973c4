//! A statement put together from parts, for lists that are filtered and sorted in many ways. Its text is made of constants; what
//! comes from outside is bound, always.

use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr, Sqlite};

use super::dialect::AnyRow;
use super::{StoreResult, Tx};

/// What is bound in the place of a `?` of a part.
#[derive(Clone, Debug)]
pub enum Value {
    I64(i64),
    Text(String),
}

#[derive(Debug, Default)]
pub struct Composed {
    sql: String,
    values: Vec<Value>,
}

impl Composed {
    /// Adds a part. Each `?` in it takes the next of the values.
    pub fn push<const N: usize>(&mut self, part: &str, values: [Value; N]) {
        let mut pieces = part.split('?');
        self.sql.push_str(pieces.next().unwrap_or_default());
        let mut taken = 0;
        for (piece, value) in pieces.zip(values) {
            self.values.push(value);
            taken += 1;
            self.sql.push('$');
            self.sql.push_str(&self.values.len().to_string());
            self.sql.push_str(piece);
        }
        debug_assert_eq!((taken, part.matches('?').count()), (N, N), "{part}");
    }

    pub async fn fetch<R: AnyRow>(self, tx: &mut Tx) -> StoreResult<Vec<R>> {
        let sql = AssertSqlSafe(self.sql).into_sql_str();
        match tx {
            Tx::Postgres(tx) => {
                let mut query = sqlx::query_as::<Postgres, R>(sql);
                for value in self.values {
                    query = match value {
                        Value::I64(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                    };
                }
                Ok(query.fetch_all(tx.connection()).await?)
            }
            Tx::Sqlite(tx) => {
                let mut query = sqlx::query_as::<Sqlite, R>(sql);
                for value in self.values {
                    query = match value {
                        Value::I64(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                    };
                }
                Ok(query.fetch_all(tx.connection()).await?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_the_order_of_the_parts() {
        let mut composed = Composed::default();
        composed.push("SELECT 1 FROM t WHERE true", []);
        composed.push(" AND a = ? AND b < ?", [Value::I64(1), Value::Text("'; --".to_owned())]);
        composed.push(" LIMIT ?", [Value::I64(2)]);
        assert_eq!(composed.sql, "SELECT 1 FROM t WHERE true AND a = $1 AND b < $2 LIMIT $3");
        assert_eq!(composed.values.len(), 3);
    }
}
