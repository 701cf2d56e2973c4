//! `batchbook migrate`: makes the database, or brings it up to date. Safe to run again, and from several places at once.

use std::time::Duration;

use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use crate::server::config::Config;
use crate::server::state;

pub async fn run(config: Config, output: Output) -> Result<(), Failure> {
    let db = state::open_migrated(&config, Duration::ZERO).await?;
    let kind = db.kind();
    db.close().await;
    output.answer(
        &json!({"object": "migration", "database": kind, "up_to_date": true}),
        &format!("The {} database is up to date.", name_of(kind)),
    );
    Ok(())
}

/// The database's name as people write it.
pub fn name_of(kind: &str) -> &str {
    match kind {
        "sqlite" => "SQLite",
        "postgres" => "PostgreSQL",
        other => other,
    }
}
