//! What the pages of webhooks show.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ConsoleError, Wire};
use crate::domain::id::{BatchId, CustomerId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Time;
use crate::domain::webhook::{
    AttemptClass, Delivery, DeliveryAttempt, DeliveryState, DeliveryStatus, Endpoint, EndpointSource, EndpointStatus, EventType, Trigger,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    pub url: String,
    pub event: EventId,
    pub kind: EventType,
    pub batch: Option<BatchId>,
    pub status: DeliveryStatus,
    pub attempts: i32,
    pub created_at: Time,
}

/// A page of deliveries, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveriesPage {
    pub rows: Vec<DeliveryRow>,
    pub has_more: bool,
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointRow {
    pub id: EndpointId,
    pub customer: CustomerId,
    pub customer_name: String,
    pub url: String,
    pub description: String,
    /// Empty: all but those of tasks.
    pub types: Vec<EventType>,
    pub source: EndpointSource,
    pub status: EndpointStatus,
    pub failing_since: Option<Time>,
    pub created_at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointsPage {
    pub rows: Vec<EndpointRow>,
    pub has_more: bool,
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    pub number: i32,
    pub trigger: Trigger,
    pub actor: Option<String>,
    pub url: String,
    pub started_at: Time,
    pub outcome: Option<(AttemptClass, Time)>,
    pub http_status: Option<i32>,
    pub headers: Option<String>,
    pub body: Option<String>,
    pub error: Option<String>,
}

/// A delivery with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDetail {
    pub row: DeliveryRow,
    /// JSON, in lines.
    pub payload: String,
    /// Newest first.
    pub attempts: Vec<AttemptRow>,
    pub now: Time,
}

// Compiled on both sides, used by the server.
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
            url: attempt.url,
            started_at: attempt.started_at,
            outcome: attempt.outcome,
            http_status: attempt.http_status,
            headers: attempt.response_headers,
            body: attempt.response_body,
            error: attempt.error,
        }
    }
}

impl EndpointRow {
    pub fn new(endpoint: Endpoint, customer: CustomerId, customer_name: String) -> Self {
        Self {
            id: endpoint.id,
            customer,
            customer_name,
            url: endpoint.url,
            description: endpoint.description,
            types: endpoint.subscription.types().to_vec(),
            source: endpoint.source,
            status: endpoint.status,
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
        }
    }
}

#[server(prefix = "/admin/data", endpoint = "deliveries", protocol = Wire)]
pub async fn list_deliveries(
    batch: Option<BatchId>,
    endpoint: Option<EndpointId>,
    state: Option<DeliveryState>,
    before: Option<DeliveryId>,
) -> Result<DeliveriesPage, ConsoleError> {
    use crate::domain::page::PageSize;
    use crate::refusal::refuse;
    use crate::service::deliveries::DeliveryFilter;
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let filter = DeliveryFilter { endpoint, batch, state, ..DeliveryFilter::default() };
    let listed = service.deliveries(Reader::Operator, filter, before, PageSize::default()).await.map_err(refuse)?;
    Ok(DeliveriesPage { rows: listed.rows.into_iter().map(DeliveryRow::from).collect(), has_more: listed.has_more, now: service.now() })
}

/// The newest 200.
#[server(prefix = "/admin/data", endpoint = "endpoints", protocol = Wire)]
pub async fn list_endpoints() -> Result<EndpointsPage, ConsoleError> {
    use crate::refusal::refuse;
    use crate::service::Service;

    let service = expect_context::<Service>();
    let listed = service.endpoints_with_customers().await.map_err(refuse)?;
    let rows = listed.rows.into_iter().map(|(endpoint, customer)| EndpointRow::new(endpoint, customer.id, customer.name));
    Ok(EndpointsPage { rows: rows.collect(), has_more: listed.has_more, now: service.now() })
}

/// The id is taken as text: whatever stands in the address is either a delivery or not found.
#[server(prefix = "/admin/data", endpoint = "delivery", protocol = Wire)]
pub async fn read_delivery(id: String) -> Result<DeliveryDetail, ConsoleError> {
    use crate::refusal::{not_found, refuse};
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let detail = service.delivery(Reader::Operator, id).await.map_err(refuse)?;
    let value: Result<serde_json::Value, _> = serde_json::from_str(&detail.payload);
    let payload = value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(detail.payload);
    Ok(DeliveryDetail {
        row: DeliveryRow::from(detail.delivery),
        payload,
        attempts: detail.attempts.into_iter().map(AttemptRow::from).collect(),
        now: service.now(),
    })
}

/// For a plain form: sends a delivery again and leads back to its page.
#[server(prefix = "/admin/data", endpoint = "delivery_resend")]
pub async fn resend_delivery(id: String, lang: Option<String>) -> Result<(), ConsoleError> {
    use crate::console::query::DeliveryPlace;
    use crate::domain::id::DeliveryId;
    use crate::refusal::{lead_to, not_found, refuse};
    use crate::service::{Reader, Service, ServiceError};

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
