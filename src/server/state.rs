//! What every command that needs the database opens: the database, and the services on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::config::Config;
use crate::domain::access::By;
use crate::domain::id::Random;
use crate::domain::time::Clock;
use crate::service::{Limits, Sending, Service};
use crate::store::{Db, StoreError};

/// How long `serve` waits for a database that does not answer.
pub const REACH_MAX: Duration = Duration::from_secs(30);
const REACH_PAUSE: Duration = Duration::from_secs(1);
/// How often it says that it is waiting.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The database and the services on it.
#[derive(Clone, Debug)]
pub struct State {
    pub db: Db,
    pub service: Service,
    pub limits: Limits,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("There is no database at {}. Make it with `batchbook migrate`, or set DATABASE_URL to another one.", .0.display())]
    NoFile(PathBuf),
    #[error("The folder {} for the database cannot be made: {source}", .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("The database did not answer for {waited_s} s: {source}. Check that it runs and that DATABASE_URL is right.")]
    Unreachable { waited_s: u64, source: StoreError },
    #[error("The database cannot be used: {0}")]
    Store(#[from] StoreError),
}

impl State {
    pub fn new(db: Db, config: &Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let limits = Limits { tasks_max: config.tasks_max, subnets: config.subnets, approval_over: config.approval_over };
        let sending = Sending { schedule: config.webhook_schedule.clone(), public_url: config.public_url.clone() };
        let service = Service::new(db.clone(), clock, random, limits).with_sending(sending);
        Self { db, service, limits }
    }

    /// The same, with services that act for somebody else.
    #[must_use]
    pub fn acting_for(self, by: By) -> Self {
        Self { service: self.service.acting_for(by), ..self }
    }
}

/// Opens a database that must be there already; waits for nothing.
pub async fn open(config: &Config) -> Result<Db, OpenError> {
    if let Some(file) = sqlite_file(&config.database.url)
        && !file.exists()
    {
        return Err(OpenError::NoFile(file));
    }
    let started = Instant::now();
    Db::connect(&config.database).await.map_err(|error| unreachable_or_bad(error, started.elapsed()))
}

/// Opens the database, makes the SQLite file where it is missing, and brings the schema up to date. A database that does not
/// answer is tried again for `wait`, saying so.
pub async fn open_migrated(config: &Config, wait: Duration) -> Result<Db, OpenError> {
    make_folder(&config.database.url)?;
    let db = connect(config, wait).await?;
    match db.migrate().await {
        Ok(()) => Ok(db),
        Err(error) => {
            db.close().await;
            Err(OpenError::Store(error))
        }
    }
}

async fn connect(config: &Config, wait: Duration) -> Result<Db, OpenError> {
    let started = Instant::now();
    let mut say = tokio::time::interval_at(started + SAY_EVERY, SAY_EVERY);
    let trying = async {
        loop {
            match Db::connect(&config.database).await {
                Ok(db) => return Ok(db),
                Err(error) if error.is_transient() && started.elapsed() + REACH_PAUSE < wait => tokio::time::sleep(REACH_PAUSE).await,
                Err(error) => return Err(unreachable_or_bad(error, started.elapsed())),
            }
        }
    };
    tokio::pin!(trying);
    loop {
        tokio::select! {
            connected = &mut trying => return connected,
            _ = say.tick() => tracing::warn!("The database has not answered for {} s; still trying", started.elapsed().as_secs()),
        }
    }
}

fn unreachable_or_bad(error: StoreError, waited: Duration) -> OpenError {
    if error.is_transient() { OpenError::Unreachable { waited_s: waited.as_secs(), source: error } } else { OpenError::Store(error) }
}

fn make_folder(url: &str) -> Result<(), OpenError> {
    let Some(file) = sqlite_file(url) else { return Ok(()) };
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder { path: folder.to_owned(), source })
        }
        Some(_) | None => Ok(()),
    }
}

/// The file of a SQLite database: `None` for another database, and for one in memory.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let address = url.strip_prefix("sqlite:")?;
    let (path, parameters) = address.split_once('?').unwrap_or((address, ""));
    let path = path.strip_prefix("//").unwrap_or(path);
    let in_memory = path.is_empty() || path == ":memory:" || parameters.contains("mode=memory");
    (!in_memory).then(|| Path::new(path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file_of_a_sqlite_database() {
        for (url, file) in [
            ("sqlite://data/batchbook.db", Some("data/batchbook.db")),
            ("sqlite:///var/lib/b.db?mode=rwc", Some("/var/lib/b.db")),
            ("sqlite:b.db", Some("b.db")),
            ("sqlite::memory:", None),
            ("postgres://db/books", None),
        ] {
            assert_eq!(sqlite_file(url).as_deref(), file.map(Path::new), "{url}");
        }
    }
}
