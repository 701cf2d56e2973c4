//! `batchbook key add | list | revoke`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::open;
use super::output::Output;
use crate::domain::id::{CustomerId, KeyId};
use crate::domain::key::{AllowedFrom, KeyTerms, REQUESTS_PER_MIN_MAX, Scope, Scopes};
use crate::domain::money::group_thousands;
use crate::domain::time::Time;
use crate::server::config::Config;
use crate::service::Service;
use crate::service::keys::ListedKey;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make an API key. Its secret is printed once and stored nowhere.
    Add(Add),
    /// List the API keys of a customer, what each may do, and how much it was used in the last 30 days.
    List {
        /// Whose keys (cus_…).
        #[arg(long, value_name = "ID")]
        customer: CustomerId,
    },
    /// Revoke an API key at once. Its batches go on.
    Revoke {
        /// The key's id (key_…).
        id: KeyId,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    /// Whose key it is (cus_…).
    #[arg(long, value_name = "ID")]
    customer: CustomerId,
    /// What it is for, to tell keys apart.
    #[arg(long, default_value = "default")]
    name: String,
    /// What it may be used for, separated by commas: read, submit, webhooks.
    #[arg(long, default_value = "read,submit,webhooks", value_name = "SCOPES")]
    scopes: Scopes,
    /// Not good from this moment on (2026-12-31T00:00:00Z); for ever, unless given.
    #[arg(long, value_name = "MOMENT")]
    expires: Option<Time>,
    /// Addresses and subnets that it may be used from, separated by commas (203.0.113.7,10.0.0.0/8); from anywhere, unless given.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SUBNETS")]
    allow: AllowedFrom,
    /// Requests a minute that it may make; unless given as configured (`BATCHBOOK_REQUESTS_PER_MIN`).
    #[arg(long, alias = "requests-per-min", value_name = "N", value_parser = clap::value_parser!(i64).range(1..=REQUESTS_PER_MIN_MAX))]
    rate: Option<i64>,
}

impl Key {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let state = open::existing(&config).await?;
        match self {
            Self::Add(add) => add.run(&state.service, config.requests_per_min, output).await?,
            Self::List { customer } => list(&state.service, customer, output).await?,
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

impl Add {
    async fn run(self, service: &Service, usual_rate: i64, output: Output) -> Result<(), Failure> {
        let Self { customer, name, scopes, expires, allow, rate } = self;
        let terms = KeyTerms { scopes, allowed: allow, expires_at: expires, requests_per_min_max: rate.unwrap_or(usual_rate) };
        let key = service.add_key(customer, &name, &terms).await?;
        let (id, secret) = (key.id, key.secret.reveal());
        let mut answer = terms_json(&terms);
        answer["object"] = "api_key".into();
        (answer["id"], answer["customer"], answer["name"]) = (json!(id), json!(customer), json!(name));
        answer["secret"] = secret.into();
        output.answer(
            &answer,
            &format!(
                "API key {id} for {customer}: {}.\n\n    {secret}\n\n\
                 It is shown this once and stored nowhere: keep it safe. It goes into the header Authorization: Bearer <key>.",
                terms_text(&terms)
            ),
        );
        Ok(())
    }
}

async fn list(service: &Service, customer: CustomerId, output: Output) -> Result<(), Failure> {
    let key = service.customer(customer).await?.key;
    let keys = service.keys(key).await?;
    let rows: Vec<Value> = keys
        .iter()
        .map(|key| {
            let mut row = terms_json(&key.terms);
            row["object"] = "api_key".into();
            (row["id"], row["name"], row["prefix"]) = (json!(key.id), json!(key.name), json!(key.prefix));
            (row["created_at"], row["revoked_at"], row["last_used_at"]) =
                (json!(key.created_at), json!(key.revoked_at), json!(key.last_used_at));
            (row["requests_30d"], row["refused_30d"]) = (json!(key.requests), json!(key.refused));
            row
        })
        .collect();
    let lines: Vec<String> = keys.iter().map(line).collect();
    let text = if lines.is_empty() { format!("{customer} has no API key. Make one with `batchbook key add`.") } else { lines.join("\n") };
    output.answer(&json!({"object": "list", "data": rows}), &text);
    Ok(())
}

fn line(key: &ListedKey) -> String {
    let state = key.revoked_at.map_or_else(String::new, |at| format!(", revoked {at}"));
    let used = key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {at}"));
    let thousands = |count: i64| group_thousands(count.unsigned_abs());
    format!(
        "{}  {}…  {}{state}\n    {}\n    {used}; in 30 days {} requests, {} refused",
        key.id,
        key.prefix,
        key.name,
        terms_text(&key.terms),
        thousands(key.requests),
        thousands(key.refused)
    )
}

fn terms_json(terms: &KeyTerms) -> Value {
    let scopes: Vec<&str> = terms.scopes.iter().map(Scope::as_str).collect();
    json!({"scopes": scopes, "allowed_from": terms.allowed, "expires_at": terms.expires_at, "requests_per_min": terms.requests_per_min_max})
}

fn terms_text(terms: &KeyTerms) -> String {
    let from = if terms.allowed.is_everywhere() { "from anywhere".to_owned() } else { format!("from {}", terms.allowed) };
    let until = terms.expires_at.map_or_else(|| "without end".to_owned(), |at| format!("until {at}"));
    format!("may {}, {from}, {until}, up to {} requests a minute", terms.scopes, terms.requests_per_min_max)
}
