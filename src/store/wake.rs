//! Tells workers that there is something to do. Inside one process a [`tokio::sync::Notify`]; across processes PostgreSQL's
//! NOTIFY, once per submission, never per task. Workers look by themselves now and then: a lost wake-up only costs time.

use sqlx::postgres::PgListener;

use super::{Db, StoreResult, Tx};

const CHANNEL: &str = "batchbook_work";

/// Announces work when, and only when, this transaction commits.
pub async fn announce(tx: &mut Tx) -> StoreResult<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(tx.connection()).await?;
    }
    Ok(())
}

/// Announcements of other processes.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// `None` on SQLite, where the processes of one machine look by themselves.
    pub async fn connect(db: &Db) -> StoreResult<Option<Self>> {
        let Db::Postgres(pool) = db else { return Ok(None) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Self(listener)))
    }

    /// Returns at the next announcement. Reconnects by itself; an announcement made meanwhile is lost.
    pub async fn next(&mut self) -> StoreResult<()> {
        self.0.recv().await?;
        Ok(())
    }
}
