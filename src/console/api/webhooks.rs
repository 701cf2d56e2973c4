//! What the pages of deliveries show.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::looked_at::LookedAt;
use crate::console::api::refusal::{lead_to, not_found, refuse};
use crate::console::query::{DeliveryPlace, WebhooksQuery};
use crate::domain::id::{BatchId, DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::outcome::Outcomes;
use crate::domain::webhook::{AttemptClass, Delivery, DeliveryAttempt, DeliveryStatus, EventType, Trigger};
use crate::service::{Reader, Service, ServiceError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    pub url: String,
    pub event: EventId,
    pub kind: EventType,
    pub batch: Option<BatchId>,
    pub status: DeliveryStatus,
    pub attempts: i32,
    pub last_class: Option<AttemptClass>,
    pub created_at: Time,
}

/// A page of deliveries, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveriesPage {
    pub rows: Vec<DeliveryRow>,
    /// Deliveries of this page that are not among the rows, because others are looked at.
    pub newer: usize,
    /// Where the next page goes on.
    pub next: Option<DeliveryId>,
    /// The search stopped before the page was full.
    pub stopped: bool,
    /// Name of the customer that is asked for, if there is one.
    pub customer: Option<String>,
    /// Address of the endpoint that is asked for, if there is one.
    pub endpoint: Option<String>,
    pub outcomes: Outcomes,
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    pub number: i32,
    pub trigger: Trigger,
    pub actor: Option<String>,
    pub replay: Option<ReplayId>,
    pub url: String,
    pub started_at: Time,
    pub requested_at: Option<Time>,
    pub responded_at: Option<Time>,
    pub outcome: Option<(AttemptClass, Time)>,
    pub http_status: Option<i32>,
    pub retry_after_s: Option<i64>,
    pub signature: Option<String>,
    pub headers: Option<String>,
    pub body: Option<String>,
    pub error: Option<String>,
}

/// A delivery with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDetail {
    pub row: DeliveryRow,
    pub happened_at: Time,
    /// Why the next attempt is made, and who asked for it.
    pub trigger: Trigger,
    pub actor: Option<String>,
    /// What is sent, to the letter.
    pub body: String,
    /// Newest first.
    pub attempts: Vec<AttemptRow>,
    /// When the attempts that are left are due at the earliest, the next one first.
    pub left: Vec<Time>,
    pub now: Time,
}

impl From<Delivery> for DeliveryRow {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            endpoint: delivery.endpoint,
            url: delivery.url,
            event: delivery.event,
            kind: delivery.kind,
            batch: delivery.batch,
            status: delivery.status,
            attempts: delivery.attempts,
            last_class: delivery.last_class,
            created_at: delivery.created_at,
        }
    }
}

impl From<DeliveryAttempt> for AttemptRow {
    fn from(attempt: DeliveryAttempt) -> Self {
        Self {
            number: attempt.number,
            trigger: attempt.trigger,
            actor: attempt.actor,
            replay: attempt.replay,
            url: attempt.url,
            started_at: attempt.started_at,
            requested_at: attempt.requested_at,
            responded_at: attempt.responded_at,
            outcome: attempt.outcome,
            http_status: attempt.http_status,
            retry_after_s: attempt.retry_after_s,
            signature: attempt.signature,
            headers: attempt.response_headers,
            body: attempt.response_body,
            error: attempt.error,
        }
    }
}

/// `shown` are the deliveries that are looked at: they stay, and what else would stand there is counted.
pub async fn list_deliveries(query: &WebhooksQuery, shown: &[DeliveryId]) -> Result<DeliveriesPage, ConsoleError> {
    let service = expect_context::<Service>();
    let found = service.find_deliveries(&query.filter, query.before, PageSize::default()).await.map_err(refuse)?;
    let outcomes = service.outcomes(query.filter.endpoint, query.filter.customer, query.span).await.map_err(refuse)?;
    let customer = match query.filter.customer {
        Some(id) => service.customer(id).await.ok().map(|customer| customer.name),
        None => None,
    };
    let endpoint = match query.filter.endpoint {
        Some(id) => service.endpoint(Reader::Operator, id).await.ok().map(|endpoint| endpoint.url),
        None => None,
    };
    let fresh: Vec<DeliveryId> = found.rows.iter().map(|delivery| delivery.id).collect();
    let looked_at = LookedAt::new(shown, &fresh);
    let mut deliveries = found.rows;
    deliveries.extend(service.named_deliveries(&looked_at.others).await.map_err(refuse)?);
    let rows = looked_at.in_order(deliveries, |delivery| delivery.id);
    Ok(DeliveriesPage {
        rows: rows.into_iter().map(DeliveryRow::from).collect(),
        newer: looked_at.newer,
        next: found.next,
        stopped: found.stopped,
        customer,
        endpoint,
        outcomes,
        now: service.now(),
    })
}

/// The id is taken as text: whatever stands in the address is either a delivery or not found.
pub async fn read_delivery(id: String) -> Result<DeliveryDetail, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let detail = service.delivery(Reader::Operator, id).await.map_err(refuse)?;
    let (left, body) = (service.attempts_left(&detail.delivery), service.body_of(&detail).await.map_err(refuse)?);
    Ok(DeliveryDetail {
        happened_at: detail.happened_at,
        trigger: detail.delivery.trigger,
        actor: detail.delivery.actor.clone(),
        row: DeliveryRow::from(detail.delivery),
        body,
        attempts: detail.attempts.into_iter().map(AttemptRow::from).collect(),
        left,
        now: service.now(),
    })
}

/// For a plain form: sends a delivery again and leads back to its page.
#[server(prefix = "/admin/data", endpoint = "delivery_resend")]
pub async fn resend_delivery(id: String, lang: Option<String>) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id: DeliveryId = id.parse().map_err(|_| not_found())?;
    match service.resend(Reader::Operator, id).await {
        // The page says that it is on its way.
        Ok(_) | Err(ServiceError::Invalid { .. }) => {}
        Err(error) => return Err(refuse(error)),
    }
    lead_to(&DeliveryPlace::href(id), lang.as_deref());
    Ok(())
}
