//! `batchbook demo`: fills an empty database with thirty days of believable history, made through the same services as the real
//! one, on a clock that is moved by hand and with chance from a seed. Everything but the secrets of keys is the same each time.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use self::dice::Dice;
use self::play::{Played, Player, play};
use self::story::{BUYERS, HOST, NORTHWIND};
use super::failure::Failure;
use super::output::Output;
use crate::domain::id::CustomerId;
use crate::domain::key::{ApiKeySecret, KeyTerms};
use crate::domain::money::group_thousands;
use crate::domain::time::{Clock, Time};
use crate::server::clock::{ManualClock, SystemClock};
use crate::server::config::Config;
use crate::server::random::{OsRandom, SeededRandom};
use crate::server::state::{self, State};
use crate::service::Service;
use crate::store::Db;

mod acts;
mod compose;
mod dice;
mod faults;
mod letters;
mod play;
mod prompts;
pub mod staff;
mod story;
mod upstream;

const SEED: u64 = 1;
const SEAL_ROUNDS_MAX: usize = 400;
const SEAL_PAUSE: Duration = Duration::from_millis(25);

#[derive(Debug, Args)]
pub struct Demo {
    /// The same seed tells the same story.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// When the story ends (2026-12-31T12:00:00Z); now, unless given.
    #[arg(long, value_name = "MOMENT")]
    ends: Option<Time>,
}

/// An API key and passwords that are shown once.
#[derive(Clone, Debug)]
pub struct Fresh {
    pub customer: CustomerId,
    pub customer_name: String,
    pub secret: ApiKeySecret,
    pub staff: Vec<staff::Hired>,
}

impl Demo {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let db = state::open_migrated(&config, Duration::ZERO).await?;
        let played = match is_empty(&db, &config).await {
            Ok(true) => fill(&db, &config, self.seed, self.ends, output).await,
            Ok(false) => Err(not_empty()),
            Err(failure) => Err(failure),
        };
        db.close().await;
        let played = played?;
        let secret = played.secret.reveal();
        let key = json!({"customer": played.customers[NORTHWIND], "name": BUYERS[NORTHWIND].name, "secret": secret});
        output.answer(
            &json!({"object": "demo", "customers": played.customers, "batches": played.batches, "tasks": played.tasks, "api_key": key,
                "operators": staff::to_json(&played.staff)}),
            &format!(
                "{}\nAPI key of {} (shown this once): {secret}\n\n\
                 Next: `batchbook serve --simulate`, then open http://{}/admin and sign in as one of these (passwords shown this once):\n\n             {}\n\n\
                 `batchbook verify` says whether the books close.",
                summary(&played),
                BUYERS[NORTHWIND].name,
                config.site_addr,
                staff::lines(&played.staff),
            ),
        );
        Ok(())
    }
}

/// For `serve --demo`: tells the story if nothing is in the database.
pub async fn fill_if_empty(db: &Db, config: &Config, output: Output) -> Result<(), Failure> {
    if is_empty(db, config).await? {
        let played = fill(db, config, SEED, None, output).await?;
        output.progress(&summary(&played));
    }
    Ok(())
}

/// For `serve --demo`: another key of a customer of the story, and new passwords of its operators. `None` when this
/// database does not hold the story.
pub async fn fresh(service: &Service, config: &Config) -> Result<Option<Fresh>, Failure> {
    let customers = service.customers().await?;
    let Some(customer) = customers.into_iter().find(|customer| customer.email == BUYERS[HOST].email) else {
        tracing::info!("this database does not hold the demo's history, so no key was made");
        return Ok(None);
    };
    let key = service.add_key(customer.id, "serve --demo", &KeyTerms::limited_to(config.requests_per_min)).await?;
    let staff = staff::hire(service).await?;
    Ok(Some(Fresh { customer: customer.id, customer_name: customer.name, secret: key.secret, staff }))
}

async fn is_empty(db: &Db, config: &Config) -> Result<bool, Failure> {
    let state = State::new(db.clone(), config, Arc::new(SystemClock), Arc::new(OsRandom));
    Ok(state.service.customers().await?.is_empty())
}

async fn fill(db: &Db, config: &Config, seed: u64, ends: Option<Time>, output: Output) -> Result<Played, Failure> {
    output.progress("Making thirty days of history; this takes less than a minute.");
    let end = ends.unwrap_or_else(|| SystemClock.now());
    let clock = Arc::new(ManualClock::new(end));
    let mut dice = Dice::new(seed);
    let orders = story::orders(&mut dice);
    let told = State::new(db.clone(), config, clock.clone(), Arc::new(SeededRandom::new(seed)));
    let keys = State::new(db.clone(), config, clock.clone(), Arc::new(OsRandom));
    let service = told.service.clone();
    let player = Player { service: told.service, keys: keys.service, clock, dice, end, public_url: config.public_url.clone() };
    let told = play(player, orders).await.map_err(|failure| {
        let message = format!("{} The history is incomplete: begin again with an empty database.", failure.message);
        Failure { message, ..failure }
    })?;
    seal(&service).await?;
    Ok(told)
}

/// Seals the history. What other transactions of the same server keep from being sealed now is left to the first worker.
async fn seal(service: &Service) -> Result<(), Failure> {
    let mut mark = None;
    for _ in 0..SEAL_ROUNDS_MAX {
        match service.seal(&mut mark).await? {
            0 if mark.is_none() => break,
            0 => tokio::time::sleep(SEAL_PAUSE).await,
            _ => {}
        }
    }
    Ok(())
}

fn not_empty() -> Failure {
    let message = "The database already has customers, and the demo's history belongs into an empty one. \
                   Choose another, like DATABASE_URL=sqlite://data/demo.db.";
    Failure::new("not_empty", message)
}

fn summary(played: &Played) -> String {
    let tasks = group_thousands(u64::try_from(played.tasks).unwrap_or_default());
    format!("Thirty days of history are made: {} customers, {} batches, {tasks} tasks.", played.customers.len(), played.batches)
}
