//! What the page of a batch shows: one function per part that is loaded on its own.

mod rows;

use leptos::prelude::*;

pub use self::rows::{
    AttemptRow, BatchSummary, BillingPage, DrawRow, DrawnCredits, EntryRow, EventRow, FailureRow, LineRow, OrderedModel, TaskDetail,
    TaskRow, TasksPage, TransactionRow, WebhooksPage,
};
use super::{ConsoleError, Wire};
use crate::domain::page::PageSize;

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

#[server(prefix = "/admin/data", endpoint = "batch_tasks", protocol = Wire)]
pub async fn read_tasks(id: String, page: i64, size: PageSize) -> Result<TasksPage, ConsoleError> {
    use crate::domain::page::{numbers_of, pages_of};
    use crate::refusal::{not_found, refuse};
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let total = service.batch(Reader::Operator, id).await.map_err(refuse)?.counts.total;
    let pages = pages_of(total, size);
    let page = page.clamp(1, pages);
    let after = i32::try_from(numbers_of(page, size).0 - 1).unwrap_or(i32::MAX);
    let listed = service.tasks(Reader::Operator, id, after, size).await.map_err(refuse)?;
    Ok(TasksPage { rows: listed.rows.iter().map(TaskRow::from).collect(), page, pages, total, now: service.now() })
}

/// `None` when the batch has no task with that number: the rest of the page is still right.
#[server(prefix = "/admin/data", endpoint = "batch_task", protocol = Wire)]
pub async fn read_task(id: String, number: i32) -> Result<Option<TaskDetail>, ConsoleError> {
    use crate::refusal::{not_found, refuse};
    use crate::service::{Reader, Service, ServiceError};

    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let task = match service.task(Reader::Operator, id, number).await {
        Err(ServiceError::NotFound { .. }) => return Ok(None),
        task => task.map_err(refuse)?,
    };
    let attempts = service.attempts(id, number).await.map_err(refuse)?;
    let lines = service.lines(id, number).await.map_err(refuse)?;
    Ok(Some(TaskDetail::new(task, attempts, lines, service.now())))
}

#[server(prefix = "/admin/data", endpoint = "batch_billing", protocol = Wire)]
pub async fn read_billing(id: String) -> Result<BillingPage, ConsoleError> {
    use crate::domain::page::PAGE_MAX;
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
