//! What the page of a batch shows: one function per part that is loaded on its own.

mod rows;
mod tasks;

use leptos::prelude::*;

pub use self::rows::{
    BatchSummary, BillingPage, DrawRow, DrawnCredits, EntryRow, EventRow, FailureRow, OrderedModel, TransactionRow, WebhooksPage,
};
pub use self::tasks::{AttemptRow, DrawnFrom, Proof, ProofStep, ReadTask, ReadTasks, TaskDetail, TaskRow, TasksPage};
use super::{ConsoleError, Wire};

/// The id is taken as text: whatever stands in the address is either a batch or not found.
#[server(prefix = "/admin/data", endpoint = "batch", protocol = Wire)]
pub async fn read_batch(id: String) -> Result<BatchSummary, ConsoleError> {
    use crate::domain::credits::Credits;
    use crate::refusal::{not_found, refuse};
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let batch = service.batch(Reader::Operator, id).await.map_err(refuse)?;
    let models = service.priced_models(id).await.map_err(refuse)?;
    let failures = service.failures(id).await.map_err(refuse)?;
    let grants = service.draws(id).await.map_err(refuse)?;
    let sum = |of: fn(&_) -> Credits| Credits::checked_sum(grants.iter().map(of)).unwrap_or_default();
    let drawn = DrawnCredits { held: sum(|draw| draw.credits), captured: sum(|draw| draw.captured), released: sum(|draw| draw.released) };
    let mut summary = BatchSummary::new(batch, drawn, service.now());
    summary.models = models.into_iter().map(|m| OrderedModel { model: m.model, tasks: m.tasks, credits: m.credits }).collect();
    summary.failures = failures
        .into_iter()
        .map(|f| FailureRow { failure: f.failure, party: f.party, tasks: f.tasks, refunded: f.refunded, cost: f.cost })
        .collect();
    Ok(summary)
}

#[server(prefix = "/admin/data", endpoint = "batch_billing", protocol = Wire)]
pub async fn read_billing(id: String) -> Result<BillingPage, ConsoleError> {
    use crate::domain::page::{PAGE_MAX, PageSize};
    use crate::refusal::{not_found, refuse};
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let batch = service.batch(Reader::Operator, id).await.map_err(refuse)?;
    let size = PageSize::new(PAGE_MAX).unwrap_or_default();
    let listed = service.batch_transactions(id, size).await.map_err(refuse)?;
    let draws = service.draws(id).await.map_err(refuse)?;
    Ok(BillingPage {
        credits: batch.credits,
        revenue: batch.revenue,
        transactions: listed.rows.into_iter().map(TransactionRow::from).collect(),
        has_more: listed.has_more,
        draws: draws
            .into_iter()
            .map(|d| DrawRow { grant: d.grant, kind: d.kind, credits: d.credits, captured: d.captured, released: d.released })
            .collect(),
    })
}

#[server(prefix = "/admin/data", endpoint = "batch_webhooks", protocol = Wire)]
pub async fn read_webhooks(id: String) -> Result<WebhooksPage, ConsoleError> {
    use crate::refusal::{not_found, refuse};
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let url = service.batch(Reader::Operator, id).await.map_err(refuse)?.webhook_url;
    let events = service.events(id).await.map_err(refuse)?;
    let events = events.into_iter().map(|e| EventRow { id: e.id, kind: e.kind, payload: e.payload, created_at: e.created_at }).collect();
    Ok(WebhooksPage { url, events })
}
