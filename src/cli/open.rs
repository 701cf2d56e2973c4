//! What commands open that look at the books or change a row: an existing database, the machine's clock and randomness.

use std::sync::Arc;

use super::failure::Failure;
use crate::domain::access::By;
use crate::server::clock::SystemClock;
use crate::server::config::Config;
use crate::server::random::OsRandom;
use crate::server::state::{self, State};

pub async fn existing(config: &Config) -> Result<State, Failure> {
    let db = state::open(config).await?;
    Ok(State::new(db, config, Arc::new(SystemClock), Arc::new(OsRandom)).acting_for(By::COMMAND_LINE))
}
