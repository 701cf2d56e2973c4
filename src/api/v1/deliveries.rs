//! `…/webhook-deliveries`: what was sent, what came of it, and sending it again.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::auth::MayWebhooks;
use super::page::{List, PageParameters};
use crate::api::Api;
use crate::api::code::Code;
use crate::api::openapi::word_list;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::batches::stored_json;
use crate::domain::id::DeliveryId;
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptClass, Delivery, DeliveryAttempt, DeliveryState, DeliveryStatus, EventType, Trigger};
use crate::service::Reader;
use crate::service::deliveries::{DeliveryDetail, DeliveryFilter};

/// One event for one endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryView {
    /// Always `webhook_delivery`.
    #[schema(example = "webhook_delivery")]
    object: &'static str,
    /// The `webhook-id` of every attempt.
    id: String,
    endpoint_id: String,
    url: String,
    event_id: String,
    #[schema(value_type = String)]
    event_type: EventType,
    batch_id: Option<String>,
    #[schema(schema_with = states)]
    status: DeliveryState,
    /// Why it was canceled.
    canceled_because: Option<&'static str>,
    /// Attempts begun.
    attempts: i32,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
}

/// A delivery with what was sent and every attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryDetail)]
pub(crate) struct DeliveryDetailView {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// What happened: the core of what is sent as `data`.
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// Newest first, the latest 100.
    attempts_made: Vec<AttemptView>,
}

/// One HTTP try.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub(crate) struct AttemptView {
    number: i32,
    #[schema(value_type = String)]
    trigger: Trigger,
    /// The replay that asked for it.
    replay_id: Option<String>,
    url: String,
    #[schema(value_type = String, format = DateTime)]
    started_at: Time,
    /// When the request was sent: its `webhook-timestamp`.
    #[schema(value_type = Option<String>, format = DateTime)]
    requested_at: Option<Time>,
    /// When the answer began to arrive.
    #[schema(value_type = Option<String>, format = DateTime)]
    responded_at: Option<Time>,
    /// When the whole answer, or its absence, was known.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// What came of it; `null` while it is on its way.
    #[schema(value_type = Option<String>)]
    class: Option<AttemptClass>,
    http_status: Option<i32>,
    /// The pause that a 429 or 503 asked for.
    retry_after_s: Option<i64>,
    /// `webhook-signature` as it was sent.
    signature: Option<String>,
    /// A line each; headers that may hold secrets are masked.
    response_headers: Option<String>,
    /// The first 8 kB.
    response_body: Option<String>,
    error: Option<String>,
}

/// Which deliveries are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryParameters {
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only to this endpoint.
    endpoint_id: Option<String>,
    /// Only about this batch.
    batch_id: Option<String>,
    /// Only in this state.
    #[param(value_type = Option<String>)]
    status: Option<DeliveryState>,
    /// Only those that never arrived, and are not tried any more: `exhausted` and `canceled`.
    #[serde(default)]
    undelivered: bool,
    /// Only made at or after this moment.
    since: Option<String>,
    /// Only made before this moment.
    until: Option<String>,
}

impl DeliveryParameters {
    fn filter(&self) -> Result<DeliveryFilter, Problem> {
        Ok(DeliveryFilter {
            endpoint: read("endpoint_id", self.endpoint_id.as_deref())?,
            batch: read("batch_id", self.batch_id.as_deref())?,
            state: self.status,
            undelivered: self.undelivered,
            since: read("since", self.since.as_deref())?,
            until: read("until", self.until.as_deref())?,
        })
    }

    fn page(&self) -> PageParameters {
        PageParameters { limit: self.limit, cursor: self.cursor.clone() }
    }
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    let unread = |error: T::Err| Problem::new(Code::InvalidParameter, format!("The parameter {name} cannot be used: {error}."));
    text.map(|text| text.parse().map_err(unread)).transpose()
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        let (next_attempt_at, canceled_because) = match delivery.status {
            DeliveryStatus::Pending { next_attempt_at, .. } => (Some(next_attempt_at), None),
            DeliveryStatus::Canceled { because, .. } => (None, Some(because.as_str())),
            DeliveryStatus::Succeeded { .. } | DeliveryStatus::Exhausted { .. } => (None, None),
        };
        Self {
            object: "webhook_delivery",
            id: delivery.id.to_string(),
            endpoint_id: delivery.endpoint.to_string(),
            url: delivery.url.clone(),
            event_id: delivery.event.to_string(),
            event_type: delivery.kind,
            batch_id: delivery.batch.map(|id| id.to_string()),
            status: delivery.status.state(),
            canceled_because,
            attempts: delivery.attempts,
            next_attempt_at,
            created_at: delivery.created_at,
            finished_at: delivery.status.finished_at(),
        }
    }
}

impl From<DeliveryAttempt> for AttemptView {
    fn from(attempt: DeliveryAttempt) -> Self {
        Self {
            number: attempt.number,
            trigger: attempt.trigger,
            replay_id: attempt.replay.map(|id| id.to_string()),
            url: attempt.url,
            started_at: attempt.started_at,
            requested_at: attempt.requested_at,
            responded_at: attempt.responded_at,
            finished_at: attempt.outcome.map(|(_, at)| at),
            class: attempt.outcome.map(|(class, _)| class),
            http_status: attempt.http_status,
            retry_after_s: attempt.retry_after_s,
            signature: attempt.signature,
            response_headers: attempt.response_headers,
            response_body: attempt.response_body,
            error: attempt.error,
        }
    }
}

impl From<DeliveryDetail> for DeliveryDetailView {
    fn from(detail: DeliveryDetail) -> Self {
        Self {
            delivery: DeliveryView::from(&detail.delivery),
            payload: stored_json(&detail.payload),
            attempts_made: detail.attempts.into_iter().map(AttemptView::from).collect(),
        }
    }
}

pub(crate) fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such delivery. Its id starts with dlv_ and has 30 characters."))
}

/// List deliveries
///
/// With `undelivered=true` it lists what never arrived, so that you can catch up by yourself, or replay it.
#[utoipa::path(
    get, path = "/api/v1/webhook-deliveries", tag = "Webhooks", operation_id = "list_webhook_deliveries", params(DeliveryParameters),
    responses((status = 200, description = "Deliveries, newest first.", body = List<DeliveryView>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Parameters(asked): Parameters<DeliveryParameters>,
) -> Result<Json<List<DeliveryView>>, Problem> {
    let page = asked.page();
    let listed = api.service.deliveries(Reader::from(&caller), asked.filter()?, page.cursor()?, page.size()?).await?;
    Ok(Json(List::of(listed, |delivery| delivery.id.to_string())))
}

/// Get a delivery
#[utoipa::path(
    get, path = "/api/v1/webhook-deliveries/{id}", tag = "Webhooks", operation_id = "get_webhook_delivery",
    params(("id" = String, Path, description = "Id of the delivery.")),
    responses((status = 200, description = "The delivery with every attempt.", body = DeliveryDetailView)),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<DeliveryDetailView>, Problem> {
    Ok(Json(api.service.delivery(Reader::from(&caller), delivery_id(&id)?).await?.into()))
}

/// Send a delivery again
///
/// Whatever became of it; its schedule begins anew. You see the same `webhook-id`.
#[utoipa::path(
    post, path = "/api/v1/webhook-deliveries/{id}/resend", tag = "Webhooks", operation_id = "resend_webhook_delivery",
    params(("id" = String, Path, description = "Id of the delivery.")),
    responses((status = 200, description = "The delivery as it is now.", body = DeliveryView)),
)]
pub(crate) async fn resend(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<DeliveryView>, Problem> {
    let resent = api.service.resend(Reader::from(&caller), delivery_id(&id)?).await?;
    Ok(Json(DeliveryView::from(&resent)))
}

fn states() -> utoipa::openapi::Object {
    word_list(DeliveryState::ALL.iter().map(|state| state.as_str()))
}
