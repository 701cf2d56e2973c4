//! `batchbook batch refund`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::open;
use super::output::Output;
use crate::domain::id::BatchId;
use crate::domain::numbers::TaskNumbers;
use crate::server::config::Config;
use crate::service::Service;
use crate::service::adjustments::Once;

#[derive(Debug, Subcommand)]
pub enum Batch {
    /// Give the credits of charged tasks back, once per task.
    Refund(Refund),
}

#[derive(Debug, Args)]
pub struct Refund {
    /// The batch's id (bat_…).
    id: BatchId,
    /// Numbers of the tasks, like 3,7-9.
    #[arg(long)]
    tasks: TaskNumbers,
    /// Why: kept in the books.
    #[arg(long)]
    reason: String,
    /// Repeating the command with the same key changes nothing more.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Say what would be refunded, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Batch {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let state = open::existing(&config).await?;
        let Self::Refund(refund) = self;
        refund.run(&state.service, output).await?;
        state.db.close().await;
        Ok(())
    }
}

impl Refund {
    async fn run(self, service: &Service, output: Output) -> Result<(), Failure> {
        let Self { id, tasks, reason, idempotency_key, dry_run } = self;
        let done = if dry_run {
            service.preview_refund(id, &tasks).await?
        } else {
            let token = idempotency_key.unwrap_or_else(|| service.new_token());
            service.refund_tasks(id, &tasks, &reason, Once { token: &token }).await?
        };
        let are = if dry_run { "would be" } else { "are" };
        let said = format!(
            "{} credits of {} tasks of {id} {are} given back; {} {are} available then.",
            done.credits, done.count, done.available_after
        );
        output.answer(
            &json!({"object": "refund", "dry_run": dry_run, "batch": id, "tasks": done.tasks, "count": done.count, "credits": done.credits,
                "available": done.available_after, "transactions": done.transactions}),
            &said,
        );
        Ok(())
    }
}
