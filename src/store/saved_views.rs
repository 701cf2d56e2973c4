//! Views of the list of batches that the team shares.

use crate::domain::saved_view::SavedView;
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

/// In the order of their names.
pub async fn list(tx: &mut Tx) -> StoreResult<Vec<SavedView>> {
    const LIST: &str = "SELECT id, name, query, created_by, created_at_us FROM saved_views ORDER BY name, id";
    let rows: Vec<(i64, String, String, String, i64)> = on!(tx, c => sqlx::query_as(LIST).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(key, name, query, created_by, at)| SavedView { key, name, query, created_by, created_at: Time::from_micros(at) })
        .collect())
}

/// False when there are `most` already. A name that is taken is `StoreError::Exists`.
pub async fn insert(tx: &mut Tx, name: &str, query: &str, by: &str, now: Time, most: i64) -> StoreResult<bool> {
    const INSERT: &str = "INSERT INTO saved_views (name, query, created_by, created_at_us)
        SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM saved_views) < $5";
    let done = on!(tx, c => sqlx::query(INSERT).bind(name).bind(query).bind(by).bind(now.micros()).bind(most)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(done == 1)
}

/// False when it was not there.
pub async fn delete(tx: &mut Tx, key: i64) -> StoreResult<bool> {
    const DELETE: &str = "DELETE FROM saved_views WHERE id = $1";
    Ok(on!(tx, c => sqlx::query(DELETE).bind(key).execute(c).await.map(|done| done.rows_affected()))? == 1)
}
