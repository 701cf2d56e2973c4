//! PostgreSQL for tests: every test gets a database of its own in the throw-away cluster that `scripts/postgres.sh with` runs
//! around the test run (`make test` does).

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Address of a new, empty database.
pub async fn new_database() -> String {
    let cluster = std::env::var("TEST_DATABASE_URL")
        .expect("tests on PostgreSQL need a cluster: run them with `scripts/postgres.sh with cargo nextest run`, or `make test`");
    let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let mut connection = PgConnection::connect(&cluster).await.expect("the cluster answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(create).await.expect("the database is created");
    let (server, _) = cluster.rsplit_once('/').expect("an address with a database");
    format!("{server}/{name}")
}
