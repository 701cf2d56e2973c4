//! Giving the credits of charged tasks back: what it would do, shown before it is done; and doing it, once.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{lead_to, not_found, refuse};
use crate::console::query::{BatchQuery, BillingQuery, Place};
use crate::domain::credits::Credits;
use crate::domain::id::BatchId;
use crate::domain::numbers::{NotNumbers, TaskNumbers};
use crate::domain::time::Time;
use crate::service::adjustments::Once;
use crate::service::refunds::{NotRefundable, named};
use crate::service::{Reader, Service, ServiceError};

/// What a refund starts from, and what it would do as far as tasks were named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOffer {
    pub id: BatchId,
    /// What of the batch is charged now.
    pub charged: Credits,
    pub succeeded: i64,
    /// `None` while no task is named.
    pub outcome: Option<Result<ReadyRefund, RefundProblem>>,
    pub now: Time,
}

/// A refund that only lacks its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyRefund {
    /// Makes a form that is sent twice one refund.
    pub token: String,
    /// In the shortest form: `3,7-9`.
    pub tasks: String,
    pub count: i64,
    pub credits: Credits,
    pub available_before: Credits,
    pub available_after: Credits,
}

/// Why these tasks cannot be refunded. The texts name the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundProblem {
    Unreadable,
    TooMany,
    NotCharged(String),
    AlreadyRefunded(String),
}

/// `tasks` is taken as it was typed.
pub async fn read_refund_offer(id: String, tasks: String) -> Result<RefundOffer, ConsoleError> {
    let service = expect_context::<Service>();
    let id: BatchId = id.parse().map_err(|_| not_found())?;
    let batch = service.batch(Reader::Operator, id).await.map_err(refuse)?;
    let outcome = match tasks.parse::<TaskNumbers>() {
        _ if tasks.is_empty() => None,
        Err(NotNumbers::Unreadable) => Some(Err(RefundProblem::Unreadable)),
        Err(NotNumbers::TooMany) => Some(Err(RefundProblem::TooMany)),
        Ok(numbers) => Some(match service.preview_refund(id, &numbers).await {
            Ok(refund) => Ok(ReadyRefund {
                token: service.new_token(),
                tasks: refund.tasks,
                count: refund.count,
                credits: refund.credits,
                available_before: refund.available_before,
                available_after: refund.available_after,
            }),
            Err(ServiceError::NotRefundable(NotRefundable::NotCharged(tasks))) => Err(RefundProblem::NotCharged(named(&tasks))),
            Err(ServiceError::NotRefundable(NotRefundable::AlreadyRefunded(tasks))) => Err(RefundProblem::AlreadyRefunded(named(&tasks))),
            Err(error) => return Err(refuse(error)),
        }),
    };
    Ok(RefundOffer { id, charged: batch.credits.charged, succeeded: batch.counts.succeeded, outcome, now: service.now() })
}

/// Leads to the reversing transaction when it is done; back to the dialog, which then says why not, when it cannot be done.
#[server(prefix = "/admin/data", endpoint = "batch_refund")]
pub async fn refund_batch(id: String, tasks: String, reason: String, token: String, lang: Option<String>) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id: BatchId = id.parse().map_err(|_| not_found())?;
    let lang = lang.as_deref();
    let again = BatchQuery::default().refunding(&tasks).to_href(id);
    let Ok(numbers) = tasks.parse() else {
        lead_to(&again, lang);
        return Ok(());
    };
    match service.refund_tasks(id, &numbers, reason.trim(), Once { token: &token }).await {
        Ok(done) => {
            let place = done.transactions.first().map_or(Place::First, |transaction| Place::At(*transaction));
            lead_to(&BillingQuery { place, ..BillingQuery::default() }.to_href(id), lang);
        }
        Err(ServiceError::Invalid { .. } | ServiceError::NotRefundable(_)) => lead_to(&again, lang),
        Err(error) => return Err(refuse(error)),
    }
    Ok(())
}
