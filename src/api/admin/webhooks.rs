//! What a batch announced. Deliveries and their attempts join each event when webhooks are delivered.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::door::Signed;
use crate::api::parameters::batch_id;
use crate::api::problem::Problem;
use crate::api::v1::batches::stored_json;
use crate::domain::time::Time;
use crate::service::Reader;
use crate::service::events::Event;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct WebhooksView {
    object: &'static str,
    batch_id: String,
    webhook_url: Option<String>,
    events: Vec<EventView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
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

pub(super) async fn show(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<WebhooksView>, Problem> {
    let id = batch_id(&id)?;
    let batch = api.service.batch(Reader::Operator, id).await?;
    let events = api.service.events(id).await?.into_iter().map(EventView::from).collect();
    Ok(Json(WebhooksView { object: "batch_webhooks", batch_id: id.to_string(), webhook_url: batch.webhook_url, events }))
}
