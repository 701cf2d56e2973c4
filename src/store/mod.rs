//! The only place that knows SQL. One file per noun; `dialect/` holds every statement that differs by database, and says why.
//!
//! [`Db::write`], [`Db::read`], [`Db::look_up`] and [`Db::glance`] give a [`Tx`]; every function of the store takes one. A write
//! that is not committed is rolled back. On SQLite there is one writer with group commit (`writer.rs`) and a pool of readers; on
//! PostgreSQL a pool, and small ones of a worker's own.
//!
//! Locks are taken in one order everywhere, so that no two transactions wait for each other: queues of batches, then holds of
//! batches by key, then grants by key, then accounts by key, then the rows of batches by key. A worker writes the rows of its own
//! tasks before it locks their holds: nobody who has a queue or a hold waits for a task that somebody has in hand. Of webhooks:
//! endpoints by key, then replays, then deliveries.

use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Database, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

pub mod accounts;
pub mod attempts;
pub mod audit;
pub mod batch_list;
pub mod batches;
pub mod billing;
pub mod books;
pub mod catalogue;
pub mod chain;
mod composed;
pub mod credit_requests;
pub mod customers;
pub mod deliveries;
pub mod dialect;
pub mod endpoints;
pub mod error;
pub mod events;
pub mod grants;
pub mod holds;
pub mod idempotency;
pub mod keys;
pub mod ledger;
pub mod operator_requests;
pub mod operators;
pub mod origins;
pub mod outcomes;
pub mod overview;
pub mod replays;
pub mod runs;
pub mod saved_views;
pub mod search;
pub mod second_factors;
pub mod sessions;
pub mod sign_ins;
pub mod statements;
pub mod tallies;
pub mod tasks;
pub mod timeline;
pub mod verify;
pub mod wake;
pub mod workers;
pub mod writer;

pub use error::{StoreError, StoreResult};
use writer::{SqliteWrite, Writer};

/// How to reach the database.
#[derive(Clone)]
pub struct DbConfig {
    /// `sqlite://path` or `postgres://…`. Holds a password: never printed.
    pub url: String,
    /// Connections of the pool (PostgreSQL), readers (SQLite).
    pub connections_max: u32,
    /// SQLite: `synchronous=FULL` (an acknowledged write survives a power cut) or NORMAL (for comparison only).
    pub sqlite_synchronous_full: bool,
}

impl DbConfig {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections_max: 16, sqlite_synchronous_full: true }
    }
}

impl std::fmt::Debug for DbConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DbConfig").field("connections_max", &self.connections_max).finish_non_exhaustive()
    }
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    Sqlite { writer: Writer, readers: SqlitePool },
    Postgres(PgPool),
}

/// A transaction, to read or to write.
#[derive(Debug)]
pub enum Tx {
    Sqlite(SqliteTx),
    Postgres(PostgresTx),
}

#[derive(Debug)]
pub enum SqliteTx {
    Glance(PoolConnection<Sqlite>),
    Read(Transaction<'static, Sqlite>),
    Write(SqliteWrite),
}

#[derive(Debug)]
pub enum PostgresTx {
    Glance(PoolConnection<Postgres>),
    Begun(Transaction<'static, Postgres>),
}

impl SqliteTx {
    pub fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Glance(connection) => connection,
            Self::Read(tx) => tx,
            Self::Write(tx) => tx.connection(),
        }
    }
}

impl PostgresTx {
    pub fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Glance(connection) => connection,
            Self::Begun(tx) => tx,
        }
    }
}

/// Runs the same code on whichever database the transaction is of. The body is type-checked once per database.
macro_rules! on {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $connection = tx.connection();
                $body
            }
            $crate::store::Tx::Postgres(tx) => {
                let $connection = tx.connection();
                $body
            }
        }
    };
}
pub(crate) use on;

/// Waiting for a lock or a free connection longer than this is an error, never a hang.
const BUSY_MAX: Duration = Duration::from_secs(15);

/// Readers are threads of this process with a cache each: more of them than of processors, so that long reads do not stop short
/// ones, but not one for every request.
const SQLITE_READERS_MAX: u32 = 8;

/// Statements that a connection keeps ready: more than the whole program has, or those of pages and of workers would push each
/// other out.
const STATEMENTS_MAX: usize = 512;

/// A connection that rested longer than this is asked whether it still works before it is used.
const RESTED_MAX: Duration = Duration::from_secs(1);

/// The pool's own test asks before every use, which costs each transaction a trip to the database and back.
fn pool_options<D: Database>(connections_max: u32) -> PoolOptions<D> {
    PoolOptions::new().max_connections(connections_max).acquire_timeout(BUSY_MAX).test_before_acquire(false).before_acquire(
        |connection: &mut D::Connection, known| {
            Box::pin(async move {
                if known.idle_for > RESTED_MAX {
                    connection.ping().await?;
                }
                Ok(true)
            })
        },
    )
}

impl Db {
    pub async fn connect(config: &DbConfig) -> StoreResult<Self> {
        if config.url.starts_with("sqlite:") {
            Self::connect_sqlite(config).await
        } else if config.url.starts_with("postgres:") || config.url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(&config.url)?
                .application_name("batchbook")
                .statement_cache_capacity(STATEMENTS_MAX)
                // A process that is frozen inside a transaction gives its locks up, so that others can take over its tasks.
                .options([("idle_in_transaction_session_timeout", "60s")])
                .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(5));
            Ok(Self::Postgres(pool_options(config.connections_max).connect_with(options).await?))
        } else {
            Err(StoreError::BadUrl(config.url.split(':').next().unwrap_or_default().to_owned()))
        }
    }

    async fn connect_sqlite(config: &DbConfig) -> StoreResult<Self> {
        let synchronous = if config.sqlite_synchronous_full { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
        let options = SqliteConnectOptions::from_str(&config.url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(BUSY_MAX)
            .statement_cache_capacity(STATEMENTS_MAX)
            // A page of rows is handed over at once, not row by row from thread to thread.
            .row_buffer_size(512)
            .pragma("cache_size", "-65536")
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(5));
        let writer = Writer::new(SqliteConnection::connect_with(&options).await?);
        // Each reader has pages of its own, and forgets them when somebody writes: the system's cache is behind them all.
        let reader = options.read_only(true).create_if_missing(false).pragma("cache_size", "-2048");
        let readers = pool_options(config.connections_max.min(SQLITE_READERS_MAX)).connect_with(reader).await?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// The same database, over so many connections of its own at most: opened as they are needed, closed when the last clone is gone.
    /// For work that is always the same: the pool hands its connections out in turn, so that each of a few soon knows its statements
    /// and pages, and those stay in the processors' caches. SQLite has one writer, whoever writes.
    #[must_use]
    pub fn with_own_connections(&self, connections_max: u32) -> Self {
        match self {
            Self::Sqlite { .. } => self.clone(),
            Self::Postgres(pool) => {
                Self::Postgres(pool_options(connections_max).connect_lazy_with(pool.connect_options().as_ref().clone()))
            }
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Brings the schema up to date. Safe to run from several processes at once.
    pub async fn migrate(&self) -> StoreResult<()> {
        match self {
            Self::Sqlite { writer, .. } => writer.migrate(&sqlx::migrate!("migrations/sqlite")).await,
            Self::Postgres(pool) => Ok(sqlx::migrate!("migrations/postgres").run(pool).await?),
        }
    }

    /// For a statement that reads, or several that need not see the same moment: each sees one state of the database by itself, so
    /// nothing is begun or ended around them.
    pub async fn glance(&self) -> StoreResult<Tx> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(SqliteTx::Glance(readers.acquire().await?))),
            Self::Postgres(pool) => Ok(Tx::Postgres(PostgresTx::Glance(pool.acquire().await?))),
        }
    }

    /// For reading rows by their keys right after they were written: PostgreSQL may know nothing of them yet, and is told how to
    /// find them as a transaction that writes is. It changes nothing.
    pub async fn look_up(&self) -> StoreResult<Tx> {
        match self {
            Self::Sqlite { .. } => self.glance().await,
            Self::Postgres(_) => self.write().await,
        }
    }

    /// A transaction that sees one state of the database and changes nothing.
    pub async fn read(&self) -> StoreResult<Tx> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(SqliteTx::Read(readers.begin().await?))),
            Self::Postgres(pool) => {
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                Ok(Tx::Postgres(PostgresTx::Begun(begun)))
            }
        }
    }

    /// A transaction that changes the database when, and only when, it is committed.
    pub async fn write(&self) -> StoreResult<Tx> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(SqliteTx::Write(writer.begin().await?))),
            Self::Postgres(pool) => Ok(Tx::Postgres(PostgresTx::Begun(pool.begin_with(dialect::BEGIN_WRITE).await?))),
        }
    }

    /// The same, on PostgreSQL; none on SQLite.
    async fn write_postgres(&self) -> StoreResult<Option<Transaction<'static, Postgres>>> {
        match self {
            Self::Sqlite { .. } => Ok(None),
            Self::Postgres(pool) => Ok(Some(pool.begin().await?)),
        }
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> StoreResult<()> {
        let mut tx = self.glance().await?;
        on!(&mut tx, c => sqlx::query_scalar::<_, i64>("SELECT CAST(1 AS BIGINT)").fetch_one(c).await)?;
        Ok(())
    }

    pub async fn close(self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Returns when what was written is on disk.
    pub async fn commit(self) -> StoreResult<()> {
        match self {
            Self::Sqlite(SqliteTx::Glance(_)) | Self::Postgres(PostgresTx::Glance(_)) => Ok(()),
            Self::Sqlite(SqliteTx::Read(tx)) => Ok(tx.commit().await?),
            Self::Sqlite(SqliteTx::Write(tx)) => tx.commit().await,
            Self::Postgres(PostgresTx::Begun(tx)) => Ok(tx.commit().await?),
        }
    }
}
