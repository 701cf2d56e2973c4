//! `batchbook customer add | grant | adjust | statement | show`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::open;
use super::output::Output;
use super::statement::StatementOf;
use crate::domain::credits::Credits;
use crate::domain::grant::{Grant, GrantKind, NewGrant};
use crate::domain::id::CustomerId;
use crate::domain::ledger::Balances;
use crate::domain::money::{Money, group_thousands};
use crate::domain::time::Time;
use crate::server::config::Config;
use crate::service::Service;
use crate::service::adjustments::{CreditChange, Once};
use crate::service::customers::Customer as Record;

#[derive(Debug, Subcommand)]
pub enum Customer {
    /// Add a customer. It has no credits and no API key yet.
    Add {
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
    },
    /// Add credits to a customer.
    Grant(Grants),
    /// Add or take back credits, with a reason that is kept in the books.
    Adjust(Adjustment),
    /// A month of a customer's ledger: opening balance, what came and went, closing balance.
    Statement(StatementOf),
    /// Show a customer's balances and grants.
    Show {
        /// The customer's id (cus_…).
        id: CustomerId,
    },
}

#[derive(Debug, Args)]
pub struct Grants {
    /// The customer's id (cus_…).
    id: CustomerId,
    /// How many credits; at list price one is US$0.01.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    credits: i64,
    /// What was paid for them, like 2000 or 49.90; only for a purchase.
    #[arg(long, value_name = "DOLLARS", default_value = "0", value_parser = Money::parse_dollars)]
    paid_usd: Money,
    /// purchase, promo or adjustment.
    #[arg(long, default_value = "purchase")]
    kind: GrantKind,
    /// When unused credits expire: a day (2026-12-31) or a moment (2026-12-31T12:00:00Z). Paid credits never do.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    expires: Option<Time>,
    /// Why: kept in the books.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Adjustment {
    /// The customer's id (cus_…).
    id: CustomerId,
    /// How many: with a minus they are taken back, never more than can be spent, and never what is held.
    #[arg(long, allow_negative_numbers = true)]
    credits: i64,
    /// Why: kept in the books.
    #[arg(long)]
    reason: String,
    /// Repeating the command with the same key changes nothing more.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Customer {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let state = open::existing(&config).await?;
        let service = &state.service;
        match self {
            Self::Add { name, email } => {
                let customer = service.add_customer(&name, &email).await?;
                let id = customer.id;
                let next = format!(
                    "Customer {} is added as {id}. Next:\n  batchbook customer grant {id} --credits 10000 --paid-usd 100\n  batchbook key add --customer {id}",
                    customer.name
                );
                output.answer(&customer_json(&customer), &next);
            }
            Self::Grant(grant) => grant.run(service, output).await?,
            Self::Adjust(adjustment) => adjustment.run(service, output).await?,
            Self::Statement(statement) => statement.run(service, output).await?,
            Self::Show { id } => show(service, id, output).await?,
        }
        state.db.close().await;
        Ok(())
    }
}

impl Grants {
    async fn run(self, service: &Service, output: Output) -> Result<(), Failure> {
        let Self { id, credits, paid_usd: paid, kind, expires, reason } = self;
        let grant = NewGrant { kind, credits: Credits::new(credits), paid, expires_at: expires, reason };
        let grant_id = service.grant(id, grant).await?;
        let balances = service.balances(service.customer(id).await?.key).await?;
        output.answer(
            &json!({"object": "grant", "id": grant_id, "customer": id, "kind": kind, "credits": credits, "paid_usd": dollars(paid),
                "expires_at": expires, "available": balances.available}),
            &format!(
                "{} credits are added to {id} as {grant_id}; {} are available now.",
                grouped(Credits::new(credits)),
                grouped(balances.available)
            ),
        );
        Ok(())
    }
}

impl Adjustment {
    async fn run(self, service: &Service, output: Output) -> Result<(), Failure> {
        let Self { id, credits, reason, idempotency_key } = self;
        let token = idempotency_key.unwrap_or_else(|| service.new_token());
        let change = if credits < 0 {
            CreditChange::TakeBack { credits: Credits::new(credits.saturating_neg()), reason }
        } else {
            let (paid, reason) = (Money::ZERO, Some(reason));
            CreditChange::Add(NewGrant { kind: GrantKind::Adjustment, credits: Credits::new(credits), paid, expires_at: None, reason })
        };
        let done = service.change_credits(id, change, Once { token: &token }).await?;
        let (verb, moved) = if credits < 0 { ("taken back from", credits.saturating_neg()) } else { ("added to", credits) };
        let said = format!("{} credits are {verb} {id}; {} are available now.", grouped(Credits::new(moved)), grouped(done.available));
        output.answer(
            &json!({"object": "credit_change", "customer": id, "credits": credits, "grant": done.grant, "transactions": done.transactions,
                "available": done.available, "held": done.held}),
            &said,
        );
        Ok(())
    }
}

async fn show(service: &Service, id: CustomerId, output: Output) -> Result<(), Failure> {
    let customer = service.customer(id).await?;
    let balances = service.balances(customer.key).await?;
    let grants = service.grants(customer.key).await?;
    let mut answer = customer_json(&customer);
    answer["credits"] = json!({"available": balances.available, "held": balances.held});
    answer["grants"] = grants.iter().map(grant_json).collect();
    output.answer(&answer, &show_text(&customer, balances, &grants));
    Ok(())
}

fn customer_json(customer: &Record) -> Value {
    json!({"object": "customer", "id": customer.id, "name": customer.name, "email": customer.email, "created_at": customer.created_at})
}

fn grant_json(grant: &Grant) -> Value {
    json!({"id": grant.id, "kind": grant.kind, "credits": grant.credits, "paid_usd": dollars(grant.paid), "available": grant.available,
        "held": grant.held, "charged": grant.captured, "expired": grant.expired, "expires_at": grant.expires_at, "created_at": grant.created_at})
}

fn show_text(customer: &Record, balances: Balances, grants: &[Grant]) -> String {
    let mut lines = vec![
        format!("{}  {}  <{}>  since {}", customer.id, customer.name, customer.email, customer.created_at),
        format!("{} credits available, {} held by open batches.", grouped(balances.available), grouped(balances.held)),
    ];
    if grants.is_empty() {
        lines.push(format!("No grants yet. Add credits with: batchbook customer grant {} --credits 10000 --paid-usd 100", customer.id));
    } else {
        lines.push("Grants, in the order in which they are spent:".to_owned());
    }
    for grant in grants {
        let expiry = grant.expires_at.map_or("never expires".to_owned(), |at| format!("expires {at}"));
        lines.push(format!(
            "  {}  {:10}  {:>12} credits, {:>12} left  paid {}  {expiry}",
            grant.id,
            grant.kind,
            grouped(grant.credits),
            grouped(grant.available),
            grant.paid
        ));
    }
    lines.join("\n")
}

fn grouped(credits: Credits) -> String {
    group_thousands(u64::try_from(credits.get()).unwrap_or_default())
}

/// Exact: six decimals, without the zeros at the end.
fn dollars(money: Money) -> String {
    let micros = money.micros();
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn moment(text: &str) -> Result<Time, String> {
    let as_day = || format!("{text}T00:00:00Z").parse();
    text.parse().or_else(|_| as_day()).map_err(|_| "write a day (2026-12-31) or a moment (2026-12-31T12:00:00Z)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_first_moment_in_utc() {
        assert_eq!(moment("2026-12-31"), moment("2026-12-31T00:00:00Z"));
        assert!(moment("tomorrow").is_err());
    }

    #[test]
    fn dollars_are_exact() {
        assert_eq!(
            [2_000_000_000, 49_900_000, 117_600, 0].map(|micros| dollars(Money::from_micros(micros))),
            ["2000", "49.9", "0.1176", "0"]
        );
    }
}
