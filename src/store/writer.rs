//! SQLite's one writer, with group commit: writes that queue up behind one another share one fsync.
//!
//! The connection is passed from write to write. Each logical write is a SAVEPOINT inside one BEGIN IMMEDIATE. A write that
//! commits while others wait releases its savepoint, hands the connection on and waits; whoever commits with nobody waiting
//! (or as the last of a full group) commits for all of them and tells them. Nobody is told before the fsync. A write that is
//! dropped is rolled back to its savepoint; the ones before it stay.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::error::{StoreError, StoreResult};

/// Logical writes in one commit at most.
const GROUP_MAX: usize = 128;
/// A write that left its commit to the next one looks after it itself when the next one went away.
const HANDOVER_MAX: Duration = Duration::from_millis(10);

#[derive(Clone, Debug)]
pub struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    baton: Arc<Mutex<Baton>>,
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Baton {
    /// `None` after [`Writer::close`].
    connection: Option<SqliteConnection>,
    /// BEGIN was sent and COMMIT was not.
    open: bool,
    /// The last write was dropped without a word: its savepoint is to be rolled back.
    abandoned: bool,
    /// Writes of the open group that wait to be told.
    waiting_for_commit: Vec<oneshot::Sender<bool>>,
}

/// A logical write in progress.
#[derive(Debug)]
pub struct SqliteWrite {
    /// `None` only while it is being taken apart.
    baton: Option<OwnedMutexGuard<Baton>>,
    shared: Arc<Shared>,
}

struct Queued<'s>(&'s AtomicUsize);

impl<'s> Queued<'s> {
    fn new(waiting: &'s AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        let baton = Baton { connection: Some(connection), open: false, abandoned: false, waiting_for_commit: Vec::new() };
        Self { shared: Arc::new(Shared { baton: Arc::new(Mutex::new(baton)), waiting: AtomicUsize::new(0) }) }
    }

    pub(super) async fn begin(&self) -> StoreResult<SqliteWrite> {
        let queued = Queued::new(&self.shared.waiting);
        let baton = Arc::clone(&self.shared.baton).lock_owned().await;
        drop(queued);
        // From here on a drop at any await leaves the baton to `SqliteWrite::drop`.
        let mut write = SqliteWrite { baton: Some(baton), shared: Arc::clone(&self.shared) };
        let baton = write.baton_mut();
        baton.clear_abandoned().await;
        baton.abandoned = true;
        if !baton.open {
            // Set first: a caller that goes away while BEGIN runs leaves a transaction that somebody must end.
            baton.open = true;
            if let Err(error) = baton.execute("BEGIN IMMEDIATE").await {
                baton.open = false;
                return Err(error);
            }
        }
        baton.execute("SAVEPOINT logical_write").await?;
        Ok(write)
    }

    pub(super) async fn migrate(&self, migrator: &Migrator) -> StoreResult<()> {
        let mut baton = self.shared.baton.lock().await;
        baton.finish().await;
        Ok(migrator.run_direct(None, baton.connection()?, false).await?)
    }

    pub(super) async fn close(&self) {
        let mut baton = self.shared.baton.lock().await;
        baton.clear_abandoned().await;
        baton.finish().await;
        if let Some(connection) = baton.connection.take() {
            let _ = connection.close().await;
        }
    }
}

impl Baton {
    fn connection(&mut self) -> StoreResult<&mut SqliteConnection> {
        self.connection.as_mut().ok_or(StoreError::Away(sqlx::Error::PoolClosed))
    }

    async fn execute(&mut self, sql: &'static str) -> StoreResult<()> {
        self.connection()?.execute(sql).await?;
        Ok(())
    }

    async fn clear_abandoned(&mut self) {
        if !std::mem::take(&mut self.abandoned) || !self.open {
            return;
        }
        let undone = match self.execute("ROLLBACK TO logical_write").await {
            Ok(()) => self.execute("RELEASE logical_write").await,
            // The write was dropped before its savepoint stood; everything before it is released and whole.
            Err(StoreError::Database(error)) if error.to_string().contains("no such savepoint") => Ok(()),
            Err(error) => Err(error),
        };
        if undone.is_err() {
            // SQLite gave the whole transaction up (a full disk, say): nobody of this group was stored.
            let _ = self.execute("ROLLBACK").await;
            self.open = false;
            self.tell(false);
        }
    }

    /// Commits what is open, and tells everyone who waits for it.
    async fn finish(&mut self) -> bool {
        if !self.open {
            return true;
        }
        let stored = self.execute("COMMIT").await.is_ok();
        if !stored {
            let _ = self.execute("ROLLBACK").await;
        }
        self.open = false;
        self.tell(stored);
        stored
    }

    fn tell(&mut self, stored: bool) {
        for waiting in self.waiting_for_commit.drain(..) {
            // A receiver that is gone did not want to know.
            let _ = waiting.send(stored);
        }
    }
}

impl SqliteWrite {
    fn baton_mut(&mut self) -> &mut Baton {
        self.baton.as_mut().expect("held until commit or drop take it")
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        self.baton_mut().connection.as_mut().expect("the writer is closed only when no write is in progress")
    }

    pub(super) async fn commit(mut self) -> StoreResult<()> {
        let baton = self.baton_mut();
        baton.execute("RELEASE logical_write").await?;
        baton.abandoned = false;
        let (told, stored) = oneshot::channel();
        baton.waiting_for_commit.push(told);
        let group_is_full = baton.waiting_for_commit.len() >= GROUP_MAX;
        if group_is_full || self.shared.waiting.load(Ordering::SeqCst) == 0 {
            self.baton_mut().finish().await;
        }
        let shared = Arc::clone(&self.shared);
        drop(self.baton.take());
        drop(self);
        wait_for_commit(&shared, stored).await
    }
}

async fn wait_for_commit(shared: &Shared, mut stored: oneshot::Receiver<bool>) -> StoreResult<()> {
    loop {
        match tokio::time::timeout(HANDOVER_MAX, &mut stored).await {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false) | Err(_)) => return Err(StoreError::GroupLost),
            Err(_) => {
                let mut baton = shared.baton.lock().await;
                baton.clear_abandoned().await;
                if !baton.waiting_for_commit.is_empty() {
                    baton.finish().await;
                }
            }
        }
    }
}

impl Drop for SqliteWrite {
    fn drop(&mut self) {
        let Some(mut baton) = self.baton.take() else { return };
        // `abandoned` is set: whoever has the baton next rolls the savepoint back. With nobody waiting, somebody must.
        if self.shared.waiting.load(Ordering::SeqCst) > 0 {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                baton.clear_abandoned().await;
                baton.finish().await;
            });
        }
    }
}
