//! One list of tests, stamped for both databases.

use batchbook::store::{Db, DbConfig};

/// Which database a stamped test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// An empty database, and what keeps it alive.
pub struct Database {
    pub url: String,
    _directory: tempfile::TempDir,
}

impl Database {
    pub async fn new(kind: Kind) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", directory.path().join("batchbook.db").display()),
            Kind::Postgres => crate::postgres::new_database().await,
        };
        Self { url, _directory: directory }
    }

    /// Connected and migrated.
    pub async fn connect(&self) -> Db {
        let db = Db::connect(&DbConfig::new(&self.url)).await.expect("the database answers");
        db.migrate().await.expect("the migrations run");
        db
    }
}

/// Stamps each async function `name(kind: Kind)` as `sqlite::name` and `postgres::name`.
macro_rules! on_both {
    ($($name:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name($crate::database::Kind::Sqlite)).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name($crate::database::Kind::Postgres)).await;
            })+
        }
    };
}
pub(crate) use on_both;
