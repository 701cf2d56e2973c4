//! A database of its own for every measurement, and what it counts: commits, bytes of WAL.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, bail};
use batchbook::server::clock::SystemClock;
use batchbook::server::random::OsRandom;
use batchbook::service::{Limits, Service};
use batchbook::store::{Db, DbConfig};
use serde_json::{Map, Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::report::figure;

/// Where to measure.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    Postgres { server: &'a str },
    Sqlite { directory: &'a Path, full: bool },
}

impl Kind<'_> {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "postgres",
            Self::Sqlite { full: true, .. } => "sqlite full",
            Self::Sqlite { full: false, .. } => "sqlite normal",
        }
    }
}

/// A new database, migrated, with the services on it. Removed by [`Bed::close`].
pub struct Bed {
    pub db: Db,
    pub service: Service,
    watcher: Watcher,
}

/// Looks at the database from outside.
#[expect(clippy::large_enum_variant, reason = "there is one of it for a whole run")]
enum Watcher {
    Postgres { connection: PgConnection, server: PgConnectOptions, name: String },
    Sqlite { connection: SqliteConnection, file: PathBuf, full: bool, _directory: TempDir },
}

/// A moment in a database's life.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where its log stands, on PostgreSQL.
    wal: String,
    /// Transactions written so far, on SQLite.
    commits: i64,
}

/// What a database wrote between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Transactions that wrote.
    pub commits: i64,
    pub wal_bytes: i64,
    /// Part of `wal_bytes`: copies of pages touched for the first time since the checkpoint before the start.
    pub full_page_bytes: i64,
}

/// Where receivers are.
pub const LOOPBACK: &str = "127.0.0.0/8";

const DURABILITY: [&str; 9] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "wal_level",
    "wal_compression",
    "shared_buffers",
    "max_wal_size",
];

impl Bed {
    pub async fn make(kind: &Kind<'_>) -> anyhow::Result<Self> {
        let (url, full, watcher) = match kind {
            Kind::Postgres { server } => {
                static NUMBER: AtomicU32 = AtomicU32::new(0);
                let name = format!("bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
                let server = PgConnectOptions::from_str(server)?;
                let mut connection = server.connect().await?;
                sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
                connection.close().await?;
                let options = server.clone().database(&name);
                let url = options.to_url_lossy().to_string();
                let mut connection = options.connect().await?;
                sqlx::raw_sql("CREATE EXTENSION IF NOT EXISTS pg_walinspect").execute(&mut connection).await?;
                (url, true, Watcher::Postgres { connection, server, name })
            }
            Kind::Sqlite { directory, full } => {
                let directory = tempfile::tempdir_in(directory)?;
                let file = directory.path().join("bench.db");
                let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
                let url = format!("sqlite://{}", file.display());
                (url, *full, Watcher::Sqlite { connection: options.connect().await?, file, full: *full, _directory: directory })
            }
        };
        let db = Db::connect(&DbConfig { sqlite_synchronous_full: full, ..DbConfig::new(url) }).await?;
        db.migrate().await?;
        // Webhooks go to receivers on this machine.
        let limits = Limits { subnets: LOOPBACK.parse()?, ..Limits::default() };
        let service = Service::new(db.clone(), Arc::new(SystemClock), Arc::new(OsRandom), limits);
        let mut bed = Self { db, service, watcher };
        // The provider takes all at once: what is measured is ours.
        bed.execute("UPDATE routes SET concurrency_max = 5000, submits_per_min_max = 2000000000").await?;
        Ok(bed)
    }

    pub async fn execute(&mut self, sql: &'static str) -> anyhow::Result<()> {
        match &mut self.watcher {
            Watcher::Postgres { connection, .. } => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?,
            Watcher::Sqlite { connection, .. } => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?,
        }
        Ok(())
    }

    /// One number.
    pub async fn number(&mut self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(match &mut self.watcher {
            Watcher::Postgres { connection, .. } => sqlx::query_scalar(sql).fetch_one(connection).await?,
            Watcher::Sqlite { connection, .. } => sqlx::query_scalar(sql).fetch_one(connection).await?,
        })
    }

    /// A connection that the program knows nothing of.
    pub const fn postgres(&mut self) -> Option<&mut PgConnection> {
        match &mut self.watcher {
            Watcher::Postgres { connection, .. } => Some(connection),
            Watcher::Sqlite { .. } => None,
        }
    }

    /// What the planner knows is brought up to date and everything is written out, so that no measurement pays for another.
    pub async fn settle_down(&mut self) -> anyhow::Result<()> {
        match &self.watcher {
            Watcher::Postgres { .. } => self.execute("ANALYZE; CHECKPOINT").await,
            Watcher::Sqlite { .. } => self.execute("PRAGMA wal_checkpoint(TRUNCATE)").await,
        }
    }

    pub async fn mark(&mut self) -> anyhow::Result<Mark> {
        Ok(match &mut self.watcher {
            Watcher::Postgres { connection, .. } => {
                let wal = sqlx::query_scalar("SELECT pg_current_wal_flush_lsn()::text").fetch_one(connection).await?;
                Mark { wal, commits: 0 }
            }
            Watcher::Sqlite { file, .. } => Mark { wal: String::new(), commits: sqlite_commits(file)? },
        })
    }

    /// What was written since.
    pub async fn written_since(&mut self, start: &Mark) -> anyhow::Result<Written> {
        const WRITTEN: &str =
            "SELECT COALESCE(SUM(count) FILTER (WHERE \"resource_manager/record_type\" = 'Transaction/COMMIT'), 0)::bigint,
                pg_wal_lsn_diff($2::pg_lsn, $1::pg_lsn)::bigint, COALESCE(SUM(fpi_size), 0)::bigint
            FROM pg_get_wal_stats($1::pg_lsn, $2::pg_lsn, true)";
        let end = self.mark().await?;
        let Watcher::Postgres { connection, .. } = &mut self.watcher else {
            return Ok(Written { commits: end.commits - start.commits, ..Written::default() });
        };
        let (commits, wal_bytes, full_page_bytes) =
            sqlx::query_as::<_, (i64, i64, i64)>(WRITTEN).bind(&start.wal).bind(&end.wal).fetch_one(connection).await?;
        Ok(Written { commits, wal_bytes, full_page_bytes })
    }

    /// The part of all updates of tasks and attempts that stayed in their page and touched no index, on PostgreSQL. Closes the
    /// program's connections: they report what they did when they end.
    pub async fn updates_within_page(&mut self) -> anyhow::Result<Option<f64>> {
        const UPDATES: &str = "SELECT SUM(n_tup_hot_upd)::float8 / NULLIF(SUM(n_tup_upd), 0)::float8 FROM pg_stat_user_tables
            WHERE relname IN ('tasks', 'attempts')";
        let Watcher::Postgres { connection, .. } = &mut self.watcher else { return Ok(None) };
        self.db.clone().close().await;
        Ok(sqlx::query_scalar(UPDATES).fetch_one(connection).await?)
    }

    /// How durable a commit is here.
    pub async fn durability(&mut self) -> anyhow::Result<Value> {
        match &mut self.watcher {
            Watcher::Postgres { connection, .. } => {
                let mut settings = Map::new();
                for name in DURABILITY {
                    let value: String = sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut *connection).await?;
                    settings.insert(name.to_owned(), value.into());
                }
                Ok(Value::Object(settings))
            }
            Watcher::Sqlite { connection, full, .. } => {
                let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
                Ok(json!({"sqlite_version": version, "journal_mode": "wal", "synchronous": if *full { "full" } else { "normal" }}))
            }
        }
    }

    /// The books close, or the measurement is worth nothing.
    pub async fn verify(&self) -> anyhow::Result<()> {
        let failed: Vec<_> = self.service.verify().await?.into_iter().filter(|check| !check.offending.is_empty()).collect();
        if failed.is_empty() { Ok(()) } else { bail!("the books do not close: {failed:?}") }
    }

    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.service);
        self.db.close().await;
        match self.watcher {
            Watcher::Postgres { connection, server, name } => {
                connection.close().await?;
                let mut connection = server.connect().await?;
                sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut connection).await?;
                connection.close().await?;
            }
            Watcher::Sqlite { connection, .. } => connection.close().await?,
        }
        Ok(())
    }
}

impl Written {
    pub fn per_task(&self, tasks: u32) -> Value {
        let tasks = f64::from(tasks);
        json!({
            "commits": self.commits,
            "commits_per_task": figure(self.commits) / tasks,
            "wal_bytes_per_task": (self.wal_bytes > 0).then(|| (figure(self.wal_bytes) / tasks).round()),
            "of_which_full_pages": (self.wal_bytes > 0).then(|| (figure(self.full_page_bytes) / tasks).round()),
        })
    }
}

/// Transactions that were written to a SQLite database: the WAL index counts them (`iChange`, the third word of its header).
fn sqlite_commits(file: &Path) -> anyhow::Result<i64> {
    let header = std::fs::read(file.with_extension("db-shm"))?;
    let word = header.get(8..12).context("the header of the WAL index")?;
    Ok(i64::from(u32::from_ne_bytes(word.try_into()?)))
}
