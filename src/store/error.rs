//! What can go wrong in the store. Transport-free: services turn these into answers.

use crate::domain::credits::CreditsOverflow;
use crate::domain::hold::HoldError;
use crate::domain::id::NotAnId;
use crate::domain::ledger::LedgerError;
use crate::domain::money::MoneyError;
use crate::domain::word::UnknownWord;

pub type StoreResult<T> = Result<T, StoreError>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, restarting, or out of connections: nothing was stored, try again.
    #[error("the database is not reachable: {0}")]
    Away(#[source] sqlx::Error),
    /// Two transactions got in each other's way and this one lost: nothing was stored, try again.
    #[error("the transaction lost against another one: {0}")]
    Conflict(#[source] sqlx::Error),
    /// A lock was not to be had within the time set for it.
    #[error("a row is locked by another transaction")]
    Locked,
    /// A row that must be unique exists already.
    #[error("a unique row exists already: {0}")]
    Exists(#[source] sqlx::Error),
    #[error(transparent)]
    Database(sqlx::Error),
    #[error(transparent)]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A guarded statement changed another number of rows than it must. The transaction is refused.
    #[error("{what}: {found} rows changed instead of {expected}")]
    Rows { what: &'static str, expected: u64, found: u64 },
    /// A row says something that no program of ours writes.
    #[error("inconsistent row in {table}: {what}")]
    Inconsistent { table: &'static str, what: String },
    #[error(transparent)]
    Hold(#[from] HoldError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the address of the database is not one of sqlite:…, postgres:…: {0}")]
    BadUrl(String),
    /// The transaction that this one was grouped with could not be written to disk. Nothing was stored.
    #[error("the group of writes that this one belonged to could not be committed")]
    GroupLost,
}

impl StoreError {
    pub fn inconsistent(table: &'static str, what: impl ToString) -> Self {
        Self::Inconsistent { table, what: what.to_string() }
    }

    /// Nothing was stored, and the same call may succeed in a moment.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Conflict(_) | Self::Locked | Self::GroupLost)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Self::Away(error),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default().into_owned();
                if database.is_unique_violation() {
                    return Self::Exists(error);
                }
                match code.as_str() {
                    // PostgreSQL: serialization failure, deadlock. SQLite: busy, locked.
                    "40001" | "40P01" | "5" | "6" | "261" | "517" => Self::Conflict(error),
                    "55P03" => Self::Locked,
                    // PostgreSQL: connection failures, shutdown, crash recovery, too many connections.
                    "08000" | "08003" | "08006" | "57P01" | "57P02" | "57P03" | "53300" => Self::Away(error),
                    _ => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}

macro_rules! inconsistent_from {
    ($($error:ty => $table:literal,)+) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::inconsistent($table, error)
            }
        }
    )+};
}
inconsistent_from! {
    UnknownWord => "a column of words",
    NotAnId => "a column of ids",
    CreditsOverflow => "a sum of credits",
    MoneyError => "a sum of money",
}

/// Refuses the transaction unless the statement changed as many rows as it must.
pub fn ensure_rows(what: &'static str, found: u64, expected: usize) -> StoreResult<()> {
    let expected = expected as u64;
    if found == expected { Ok(()) } else { Err(StoreError::Rows { what, expected, found }) }
}
