//! `batchbook key add | revoke`.

use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::open;
use super::output::Output;
use crate::domain::id::{CustomerId, KeyId};
use crate::server::config::Config;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make an API key. Its secret is printed once and stored nowhere.
    Add {
        /// Whose key it is (cus_…).
        #[arg(long, value_name = "ID")]
        customer: CustomerId,
        /// What it is for, to tell keys apart.
        #[arg(long, default_value = "default")]
        name: String,
        /// Requests a minute that it may make; unless given as configured (`BATCHBOOK_REQUESTS_PER_MIN`).
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        requests_per_min: Option<i64>,
    },
    /// Revoke an API key at once. Its batches go on.
    Revoke {
        /// The key's id (key_…).
        id: KeyId,
    },
}

impl Key {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let state = open::existing(&config).await?;
        match self {
            Self::Add { customer, name, requests_per_min } => {
                let limit = requests_per_min.unwrap_or(config.requests_per_min);
                let key = state.service.add_key(customer, &name, limit).await?;
                let secret = key.secret.reveal();
                let id = key.id.to_string();
                output.answer(
                    &json!({"object": "api_key", "id": id, "customer": customer, "name": name, "requests_per_min": limit, "secret": secret}),
                    &format!(
                        "API key {id} for {customer}, up to {limit} requests a minute:\n\n    {secret}\n\n\
                         It is shown this once and stored nowhere: keep it safe. It goes into the header Authorization: Bearer <key>."
                    ),
                );
            }
            Self::Revoke { id } => {
                state.service.revoke_key(id).await?;
                output.answer(
                    &json!({"object": "api_key", "id": id, "revoked": true}),
                    &format!("The key {id} is revoked; requests with it are refused."),
                );
            }
        }
        state.db.close().await;
        Ok(())
    }
}
