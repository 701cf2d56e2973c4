//! What a batch announced, and who was told of it: the page's tab of webhooks as JSON.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::door::Signed;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::api::v1::batches::stored_json;
use crate::api::v1::deliveries::DeliveryView;
use crate::api::v1::page::PageParameters;
use crate::domain::id::DeliveryId;
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptClass, AttemptMark, BatchEndpoint, Delivery, Trigger};
use crate::service::events::Event;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BatchWebhooks)]
pub(super) struct WebhooksView {
    /// Always `batch_webhooks`.
    object: &'static str,
    batch_id: String,
    /// What the batch named.
    webhook_url: Option<String>,
    /// Each endpoint with sums over the latest 500 deliveries.
    endpoints: Vec<EndpointSums>,
    /// A page of deliveries, newest first, each with its last attempts.
    deliveries: DeliveriesView,
    /// Ids of the latest events that have no delivery: nobody wanted them, or their deliveries are about to be made.
    unsent_event_ids: Vec<String>,
    /// The latest 200, oldest first.
    events: Vec<EventView>,
}

/// An endpoint of a batch.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BatchWebhookEndpoint)]
struct EndpointSums {
    endpoint_id: String,
    url: String,
    /// `enabled`, `disabled` or `deleted`.
    status: &'static str,
    deliveries: i64,
    delivered: i64,
    waiting: i64,
    exhausted: i64,
    canceled: i64,
    attempts: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Time>,
    /// Oldest first, at most 30.
    last_attempts: Vec<MarkView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BatchWebhookDeliveries)]
struct DeliveriesView {
    data: Vec<DeliveryWithAttempts>,
    has_more: bool,
    /// Send it as `cursor` to get the next page; `null` on the last.
    next_cursor: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BatchWebhookDelivery)]
struct DeliveryWithAttempts {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Newest first, at most 20.
    attempts_made: Vec<MarkView>,
}

/// One HTTP try.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BatchWebhookAttempt)]
struct MarkView {
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<String>,
    number: i32,
    #[schema(value_type = String)]
    trigger: Trigger,
    /// Who asked for it, where somebody did.
    actor: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    started_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// What came of it; `null` while it is on its way.
    #[schema(value_type = Option<String>)]
    class: Option<AttemptClass>,
    http_status: Option<i32>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BatchEvent)]
struct EventView {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self { id: event.id.to_string(), kind: event.kind, payload: stored_json(&event.payload), created_at: event.created_at }
    }
}

impl From<AttemptMark> for MarkView {
    fn from(mark: AttemptMark) -> Self {
        Self {
            delivery_id: None,
            number: mark.number,
            trigger: mark.trigger,
            actor: mark.actor,
            started_at: mark.started_at,
            finished_at: mark.outcome.map(|(_, at)| at),
            class: mark.outcome.map(|(class, _)| class),
            http_status: mark.http_status,
        }
    }
}

impl From<BatchEndpoint> for EndpointSums {
    fn from(endpoint: BatchEndpoint) -> Self {
        let mark =
            |(delivery, mark): (DeliveryId, AttemptMark)| MarkView { delivery_id: Some(delivery.to_string()), ..MarkView::from(mark) };
        Self {
            endpoint_id: endpoint.id.to_string(),
            url: endpoint.url,
            status: match (endpoint.is_deleted, endpoint.is_disabled) {
                (true, _) => "deleted",
                (false, true) => "disabled",
                (false, false) => "enabled",
            },
            deliveries: endpoint.deliveries,
            delivered: endpoint.delivered,
            waiting: endpoint.waiting,
            exhausted: endpoint.exhausted,
            canceled: endpoint.canceled,
            attempts: endpoint.attempts,
            next_attempt_at: endpoint.next_attempt_at,
            last_attempts: endpoint.strip.into_iter().map(mark).collect(),
        }
    }
}

/// Get what a batch announced
///
/// Its events, each endpoint that was told of them with the sums and the last attempts, and every delivery with its attempts.
#[utoipa::path(
    get, path = "/api/admin/batches/{id}/webhooks", tag = "Batches", operation_id = "get_batch_webhooks",
    params(("id" = String, Path, description = "Id of the batch."), PageParameters),
    responses((status = 200, description = "Endpoints, a page of deliveries, and events.", body = WebhooksView)),
)]
pub(super) async fn show(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<WebhooksView>, Problem> {
    let id = batch_id(&id)?;
    let found = api.service.batch_deliveries(id, page.cursor()?, page.size()?).await?;
    let events = api.service.events(id).await?.into_iter().map(EventView::from).collect();
    let next_cursor = found.page.rows.last().filter(|_| found.page.has_more).map(|(delivery, _)| delivery.id.to_string());
    let with_attempts = |(delivery, marks): (Delivery, Vec<AttemptMark>)| DeliveryWithAttempts {
        delivery: DeliveryView::from(&delivery),
        attempts_made: marks.into_iter().map(MarkView::from).collect(),
    };
    Ok(Json(WebhooksView {
        object: "batch_webhooks",
        batch_id: id.to_string(),
        webhook_url: found.webhook_url,
        endpoints: found.endpoints.into_iter().map(EndpointSums::from).collect(),
        deliveries: DeliveriesView {
            data: found.page.rows.into_iter().map(with_attempts).collect(),
            has_more: found.page.has_more,
            next_cursor,
        },
        unsent_event_ids: found.unsent.into_iter().map(|event| event.id.to_string()).collect(),
        events,
    }))
}
