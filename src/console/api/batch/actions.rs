//! What an operator does with a batch: compare its books now, cancel it, take a summary along. The forms are plain: they work
//! without WASM, and the answer leads back to a page.

use leptos::prelude::*;

use super::{Canceled, read_batch};
use crate::console::api::ConsoleError;
use crate::console::api::refusal::{lead_to, not_found, own_origin, refuse};
use crate::console::i18n::{BatchFacts, Lang, PartyFailure, TicketFacts};
use crate::console::query::{Action, BatchQuery};
use crate::domain::batch::{BatchStatus, CANCEL_REASON_MAX_CHARS};
use crate::domain::credits::Credits;
use crate::domain::id::BatchId;
use crate::domain::time::Time;
use crate::service::{Reader, Service, ServiceError};

/// What a cancellation would do, as it was when somebody began to think about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelOffer {
    pub id: BatchId,
    pub status: BatchStatus,
    pub pending: i64,
    pub releases: Credits,
    pub running: i64,
    pub still_held: Credits,
    pub succeeded: i64,
    pub charged: Credits,
    pub refunded: Credits,
    pub canceled: Option<Canceled>,
    pub finished_at: Option<Time>,
    pub now: Time,
}

pub async fn read_cancel_offer(id: String) -> Result<CancelOffer, ConsoleError> {
    let service = expect_context::<Service>();
    let id: BatchId = id.parse().map_err(|_| not_found())?;
    let preview = service.preview_cancel(id).await.map_err(refuse)?;
    let overview = service.overview(id).await.map_err(refuse)?;
    let origin = overview.origin;
    Ok(CancelOffer {
        id,
        status: preview.status,
        pending: preview.pending,
        releases: preview.releases,
        running: preview.running,
        still_held: preview.still_held,
        succeeded: preview.succeeded,
        charged: preview.charged,
        refunded: preview.refunded,
        canceled: origin.cancel_requested_at.map(|at| Canceled { at, actor: origin.cancel_actor, reason: origin.cancel_reason }),
        finished_at: overview.batch.state.finished_at(),
        now: service.now(),
    })
}

/// Leads to the batch when it is done; back to the dialog, which then says why not, when it cannot be done.
#[server(prefix = "/admin/data", endpoint = "batch_cancel")]
pub async fn cancel_batch(id: String, reason: String, lang: Option<String>) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id: BatchId = id.parse().map_err(|_| not_found())?;
    let reason: String = reason.trim().chars().take(CANCEL_REASON_MAX_CHARS).collect();
    let done = if reason.is_empty() {
        false
    } else {
        match service.cancel(Reader::Operator, id, Some(&reason)).await {
            Ok(_) => true,
            Err(ServiceError::BatchFinished(_) | ServiceError::BatchCanceling) => false,
            Err(error) => return Err(refuse(error)),
        }
    };
    lead_to(&BatchQuery::default().action((!done).then_some(Action::Cancel)).to_href(id), lang.as_deref());
    Ok(())
}

/// Compares every task row with the ledger, and leads back to the batch.
#[server(prefix = "/admin/data", endpoint = "batch_compare")]
pub async fn compare_batch(id: String, lang: Option<String>) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id: BatchId = id.parse().map_err(|_| not_found())?;
    service.compare(id).await.map_err(refuse)?;
    lead_to(&BatchQuery::default().to_href(id), lang.as_deref());
    Ok(())
}

/// The batch in Markdown, in a language of the console, with times in UTC: what is pasted elsewhere must need no context.
pub async fn read_ticket(id: String, language: crate::console::i18n::Language) -> Result<String, ConsoleError> {
    let lang = Lang::EN.to(language);
    let summary = read_batch(id).await?;
    let failed = summary.failures.iter().filter(|row| row.tasks > 0);
    let facts = BatchFacts {
        counts: summary.counts,
        credits: summary.books.ledger,
        revenue: summary.revenue,
        profit: summary.profit,
        failures: failed.clone().map(|row| PartyFailure { party: row.party, failure: row.failure, tasks: row.tasks }).collect(),
        refunded_for_failures: summary.refunded_for_failures(),
        refunded_for_cancel: summary.refunded_for_cancel(),
        reversed: summary.books.reversed,
        last_refund: summary.last_refund,
    };
    let ordered: Vec<String> = summary.models.iter().map(|model| format!("{} × {}", lang.number(model.tasks), model.model)).collect();
    Ok(lang.ticket(&TicketFacts {
        link: format!("{}{}", own_origin(), BatchQuery::default().to_href(summary.id)),
        id: summary.id.to_string(),
        customer: summary.customer_name.clone(),
        ordered: ordered.join(", "),
        status: summary.status,
        sums: summary.books.ledger,
        verdict: summary.verdict,
        money: [summary.revenue, summary.cost_succeeded, summary.cost_failed, summary.profit],
        failures: failed.map(|row| (row.party, row.failure, row.tasks, row.refunded, row.cost)).collect(),
        times: [Some(summary.created_at), summary.started_at, summary.finished_at],
        now: summary.now,
        facts,
    }))
}
