//! `batchbook customer statement`: a month of a customer's ledger, as sent to the customer. The text is for people; `--json` has
//! every batch as well, and `--csv` has them for a spreadsheet.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::output::Output;
use crate::domain::credits::Credits;
use crate::domain::id::CustomerId;
use crate::domain::ledger::{Balances, TransactionKind};
use crate::domain::money::group_thousands;
use crate::domain::statement::{Month, Statement};
use crate::service::Service;
use crate::service::customers::Customer;

#[derive(Debug, Args)]
pub struct StatementOf {
    /// The customer's id (cus_…).
    id: CustomerId,
    /// Which month, in UTC: 2026-10.
    #[arg(long)]
    month: Month,
    /// Print the batches of the month as CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl StatementOf {
    pub async fn run(self, service: &Service, output: Output) -> Result<(), Failure> {
        let customer = service.customer(self.id).await?;
        let statement = service.statement(self.id, self.month).await?;
        let text = if self.csv { as_csv(&statement) } else { as_text(&customer, &statement) };
        output.answer(&as_json(&customer, &statement), &text);
        Ok(())
    }
}

fn as_json(customer: &Customer, statement: &Statement) -> Value {
    let balances = |balances: Balances| json!({"available": balances.available, "held": balances.held});
    json!({"object": "statement", "customer": customer.id, "name": customer.name, "month": statement.month.to_string(),
        "opening": balances(statement.opening), "movements": statement.movements, "closing": balances(statement.closing),
        "paid_microusd": statement.paid, "batches": statement.batches, "has_more_batches": statement.has_more_batches})
}

fn as_csv(statement: &Statement) -> String {
    let mut text = "batch,held,charged,refunded\n".to_owned();
    for batch in &statement.batches {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{},{},{},{}", batch.batch, batch.held, batch.charged, batch.refunded);
    }
    text
}

fn as_text(customer: &Customer, statement: &Statement) -> String {
    let row = |name: &str, count: &str, available: &str, held: &str| format!("{name:<28}{count:>8}{available:>16}{held:>16}");
    let balances = |name: &str, balances: Balances| row(name, "", &plain(balances.available), &plain(balances.held));
    let mut lines = vec![
        format!("Statement of {} for {} ({})", statement.month, customer.name, customer.id),
        "Credits, by the ledger; days in UTC.".to_owned(),
        String::new(),
        row("", "entries", "available", "held"),
        balances("Opening balance", statement.opening),
    ];
    for movement in &statement.movements {
        let (available, held) = (signed(movement.available), signed(movement.held));
        lines.push(row(name_of(movement.kind), &movement.transactions.to_string(), &available, &held));
    }
    lines.push(balances("Closing balance", statement.closing));
    lines.push(String::new());
    let more = if statement.has_more_batches { "more than " } else { "" };
    lines.push(format!("Paid for credits in this month: {}. Batches: {more}{}.", statement.paid, statement.batches.len()));
    lines.join("\n")
}

const fn name_of(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Purchase => "Credits bought",
        TransactionKind::Promo => "Gifts",
        TransactionKind::Adjustment => "Adjustments",
        TransactionKind::Hold => "Held for batches",
        TransactionKind::Capture => "Charged for videos",
        TransactionKind::Release => "Refunded",
        TransactionKind::Expiry => "Gifts that expired",
        TransactionKind::Reversal => "Refunded after charge",
    }
}

fn plain(credits: Credits) -> String {
    let sign = if credits.is_negative() { "-" } else { "" };
    format!("{sign}{}", group_thousands(credits.get().unsigned_abs()))
}

fn signed(credits: Credits) -> String {
    let plus = if credits > Credits::ZERO { "+" } else { "" };
    format!("{plus}{}", plain(credits))
}
