//! What the page of a batch shows: one function per part that is loaded on its own.

mod actions;
mod attempts;
mod billing;
mod overview;
mod refund;
mod rows;
mod tasks;
mod timeline;

use leptos::prelude::*;

pub use self::actions::{CancelOffer, ReadCancelOffer, ReadTicket, cancel_batch, compare_batch};
pub use self::attempts::{AttemptsPage, ReadAttempts};
pub use self::billing::{BillingPage, DrawRow, EntryRow, LinesPage, ReadBilling, TransactionRow};
pub use self::overview::{BatchSummary, Canceled, FailureRow, OrderedModel, ReadBatch, Source, read_batch};
pub use self::refund::{ReadRefundOffer, ReadyRefund, RefundOffer, RefundProblem, refund_batch};
pub use self::rows::{EventRow, WebhooksPage};
pub use self::tasks::{AttemptRow, DrawnFrom, Proof, ProofStep, ReadTask, ReadTasks, TaskDetail, TaskRow, TasksPage};
pub use self::timeline::{ReadTimeline, TimelinePage};
use super::{ConsoleError, Wire};

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
