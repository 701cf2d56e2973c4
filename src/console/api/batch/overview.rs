//! Everything above the tabs of a batch, in one answer and from one moment. Reads no tasks.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{not_found, refuse};
use crate::domain::batch::{BatchStatus, Counts};
use crate::domain::books::{Books, Verdict};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchId, CustomerId};
use crate::domain::money::Money;
use crate::domain::time::Time;
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSummary {
    pub id: BatchId,
    pub status: BatchStatus,
    pub customer_id: CustomerId,
    pub customer_name: String,
    /// The API key that submitted it; none when it was not submitted through the API.
    pub source: Option<Source>,
    pub idempotency_key: String,
    pub metadata: Option<String>,
    pub models: Vec<OrderedModel>,
    pub counts: Counts,
    pub books: Books,
    pub verdict: Verdict,
    pub revenue: Money,
    pub cost_succeeded: Money,
    pub cost_failed: Money,
    pub profit: Money,
    /// Most failed tasks first.
    pub failures: Vec<FailureRow>,
    /// The refund that was booked last: of which task, and how many microseconds after its failure was known.
    pub last_refund: Option<(i32, i64)>,
    pub canceled: Option<Canceled>,
    pub created_at: Time,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
    /// When this was true, by the server's clock.
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that the customer gave the key.
    pub name: String,
    /// The first characters of its secret.
    pub prefix: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedModel {
    pub model: String,
    pub tasks: i64,
    pub credits: Credits,
}

/// Failures of one type and party. No tasks where only attempts that were repeated ended so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRow {
    pub failure: FailureType,
    pub party: Party,
    pub tasks: i64,
    pub refunded: Credits,
    pub cost: Money,
}

/// A cancellation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canceled {
    pub at: Time,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

impl BatchSummary {
    /// Credits given back for failures.
    pub fn refunded_for_failures(&self) -> Credits {
        Credits::checked_sum(self.failures.iter().map(|row| row.refunded)).unwrap_or_default()
    }

    /// Credits given back for tasks that were canceled: all that was not given back for another reason.
    pub fn refunded_for_cancel(&self) -> Credits {
        let rest = self.books.ledger.refunded.get() - self.refunded_for_failures().get() - self.books.reversed.get();
        Credits::new(rest.max(0))
    }
}

/// The id is taken as text: whatever stands in the address is either a batch or not found.
pub async fn read_batch(id: String) -> Result<BatchSummary, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let overview = service.overview(id).await.map_err(refuse)?;
    let (batch, origin) = (overview.batch, overview.origin);
    let source = origin.key.zip(batch.api_key_prefix.clone()).map(|((_, name), prefix)| Source { name, prefix });
    let canceled = origin.cancel_requested_at.map(|at| Canceled { at, actor: origin.cancel_actor, reason: origin.cancel_reason });
    Ok(BatchSummary {
        id: batch.id,
        status: batch.status(),
        customer_id: batch.customer_id,
        counts: batch.counts,
        verdict: overview.books.verdict(batch.status().is_finished()),
        books: overview.books,
        revenue: batch.revenue,
        cost_succeeded: batch.cost_succeeded,
        cost_failed: batch.cost_failed,
        profit: batch.profit(),
        created_at: batch.created_at,
        started_at: batch.state.started_at(),
        finished_at: batch.state.finished_at(),
        now: service.now(),
        models: overview.models.into_iter().map(|m| OrderedModel { model: m.model, tasks: m.tasks, credits: m.credits }).collect(),
        failures: overview
            .failures
            .into_iter()
            .map(|f| FailureRow { failure: f.failure, party: f.party, tasks: f.tasks, refunded: f.refunded, cost: f.cost })
            .collect(),
        last_refund: overview.last_refund.map(|last| (last.task, last.refunded_at.micros_since(last.failed_at).max(0))),
        metadata: (batch.metadata.trim() != "{}").then_some(batch.metadata),
        customer_name: batch.customer_name,
        idempotency_key: batch.idempotency_key,
        source,
        canceled,
    })
}
