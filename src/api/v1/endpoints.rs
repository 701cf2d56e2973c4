//! `…/webhook-endpoints`: where a customer wants to be told what happened.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::MayWebhooks;
use super::page::{List, PageParameters};
use crate::api::Api;
use crate::api::body::{JsonText, unparsed};
use crate::api::code::Code;
use crate::api::openapi::word_list;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::domain::id::EndpointId;
use crate::domain::time::Time;
use crate::domain::webhook::{
    DisabledBecause, Endpoint, EndpointSource, EndpointState, EndpointStatus, EventType, Subscription, TIMEOUT_MS,
};
use crate::service::Reader;
use crate::service::endpoints::EndpointFields;

/// Where you are told what happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(crate) struct EndpointView {
    /// Always `webhook_endpoint`.
    #[schema(example = "webhook_endpoint")]
    object: &'static str,
    id: String,
    url: String,
    description: String,
    /// What it is told. Empty: everything but `task.succeeded` and `task.failed`.
    #[schema(value_type = Vec<String>)]
    event_types: Vec<EventType>,
    /// How long an attempt may take, the whole answer included.
    timeout_ms: i32,
    /// `registered` by you, for all batches; or named by a `batch`, for those that name it.
    #[schema(schema_with = sources)]
    source: EndpointSource,
    #[schema(schema_with = states)]
    status: EndpointState,
    /// Why nothing is sent.
    #[schema(value_type = Option<String>)]
    disabled_because: Option<DisabledBecause>,
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Time>,
    /// Every attempt since then failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// An endpoint with its signing secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpointWithSecret)]
pub(crate) struct SecretView {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// `whsec_` and base64. Verify signatures with it, as Standard Webhooks has it.
    secret: String,
}

/// A delivery that was just made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub(crate) struct TestView {
    /// Always `webhook_test`.
    #[schema(example = "webhook_test")]
    object: &'static str,
    /// The delivery, to be looked at under `/webhook-deliveries`.
    delivery_id: String,
}

/// An endpoint that is no more.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeletedWebhookEndpoint)]
pub(crate) struct DeletedView {
    /// Always `webhook_endpoint`.
    #[schema(example = "webhook_endpoint")]
    object: &'static str,
    id: String,
    /// Always true.
    deleted: bool,
}

/// What you say of an endpoint. In a change, what is left out stays as it was.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = NewWebhookEndpoint)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EndpointBody {
    /// An http or https address on the public internet. Required for a new endpoint.
    url: Option<String>,
    /// Your own words, at most 200 characters.
    description: Option<String>,
    /// What it is to be told. Empty: everything but `task.succeeded` and `task.failed`.
    #[schema(schema_with = event_types)]
    event_types: Option<Vec<EventType>>,
    /// 1,000 to 30,000; 15,000 unless you say otherwise.
    timeout_ms: Option<i32>,
}

impl From<&Endpoint> for EndpointView {
    fn from(endpoint: &Endpoint) -> Self {
        let (disabled_because, disabled_at) = match endpoint.status {
            EndpointStatus::Enabled => (None, None),
            EndpointStatus::Disabled { because, at } => (Some(because), Some(at)),
        };
        Self {
            object: "webhook_endpoint",
            id: endpoint.id.to_string(),
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            event_types: endpoint.subscription.types().to_vec(),
            timeout_ms: endpoint.timeout_ms,
            source: endpoint.source,
            status: endpoint.status.state(),
            disabled_because,
            disabled_at,
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
        }
    }
}

impl EndpointBody {
    fn read(text: &JsonText) -> Result<Self, Problem> {
        serde_json::from_str(text.as_str()?).map_err(|error| unparsed(&error))
    }

    /// What is not said stays as `before` has it.
    fn over(self, before: EndpointFields) -> EndpointFields {
        EndpointFields {
            url: self.url.unwrap_or(before.url),
            description: self.description.unwrap_or(before.description),
            subscription: self.event_types.map_or(before.subscription, |types| Subscription::new(&types)),
            timeout_ms: self.timeout_ms.unwrap_or(before.timeout_ms),
        }
    }
}

pub(crate) fn endpoint_id(text: &str) -> Result<EndpointId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such endpoint. Its id starts with whe_ and has 30 characters."))
}

/// Register an endpoint
///
/// The answer holds the signing secret, this once. Verify every webhook with it.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints", tag = "Webhooks", operation_id = "create_webhook_endpoint",
    request_body = EndpointBody,
    responses((status = 201, description = "The endpoint and its secret.", body = SecretView)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    text: JsonText,
) -> Result<(StatusCode, Json<SecretView>), Problem> {
    let body = EndpointBody::read(&text)?;
    if body.url.is_none() {
        return Err(Problem::new(Code::InvalidEndpoint, "An endpoint has a url: an http or https address."));
    }
    let none =
        EndpointFields { url: String::new(), description: String::new(), subscription: Subscription::default(), timeout_ms: TIMEOUT_MS };
    let (endpoint, secret) = api.service.add_endpoint(caller.customer, body.over(none)).await?;
    let view = SecretView { endpoint: EndpointView::from(&endpoint), secret: secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(view)))
}

/// List your endpoints
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints", tag = "Webhooks", operation_id = "list_webhook_endpoints", params(PageParameters),
    responses((status = 200, description = "Endpoints, newest first.", body = List<EndpointView>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<List<EndpointView>>, Problem> {
    let listed = api.service.endpoints(Reader::from(&caller), page.cursor()?, page.size()?).await?;
    Ok(Json(List::of(listed, |endpoint| endpoint.id.to_string())))
}

/// Get an endpoint
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints/{id}", tag = "Webhooks", operation_id = "get_webhook_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "The endpoint.", body = EndpointView)),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<EndpointView>, Problem> {
    let endpoint = api.service.endpoint(Reader::from(&caller), endpoint_id(&id)?).await?;
    Ok(Json(EndpointView::from(&endpoint)))
}

/// Change an endpoint
#[utoipa::path(
    patch, path = "/api/v1/webhook-endpoints/{id}", tag = "Webhooks", operation_id = "change_webhook_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    request_body = EndpointBody,
    responses((status = 200, description = "The endpoint as it is now.", body = EndpointView)),
)]
pub(crate) async fn change(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
    text: JsonText,
) -> Result<Json<EndpointView>, Problem> {
    let (reader, id) = (Reader::from(&caller), endpoint_id(&id)?);
    let before = api.service.endpoint(reader, id).await?;
    let Endpoint { url, description, subscription, timeout_ms, .. } = before;
    let fields = EndpointBody::read(&text)?.over(EndpointFields { url, description, subscription, timeout_ms });
    let endpoint = api.service.change_endpoint(reader, id, fields).await?;
    Ok(Json(EndpointView::from(&endpoint)))
}

/// Delete an endpoint
///
/// Nothing more is sent to it; what waits ends as canceled.
#[utoipa::path(
    delete, path = "/api/v1/webhook-endpoints/{id}", tag = "Webhooks", operation_id = "delete_webhook_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "It is deleted.", body = DeletedView)),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<DeletedView>, Problem> {
    api.service.delete_endpoint(Reader::from(&caller), endpoint_id(&id)?).await?;
    Ok(Json(DeletedView { object: "webhook_endpoint", id, deleted: true }))
}

/// Enable an endpoint
///
/// What was canceled while it was disabled can be sent again by `resend`.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/enable", tag = "Webhooks", operation_id = "enable_webhook_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "The endpoint as it is now.", body = EndpointView)),
)]
pub(crate) async fn enable(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<EndpointView>, Problem> {
    let endpoint = api.service.enable_endpoint(Reader::from(&caller), endpoint_id(&id)?).await?;
    Ok(Json(EndpointView::from(&endpoint)))
}

/// Disable an endpoint
///
/// Nothing more is sent to it; what waits ends as canceled.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/disable", tag = "Webhooks", operation_id = "disable_webhook_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "The endpoint as it is now.", body = EndpointView)),
)]
pub(crate) async fn disable(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<EndpointView>, Problem> {
    let endpoint = api.service.disable_endpoint(Reader::from(&caller), endpoint_id(&id)?).await?;
    Ok(Json(EndpointView::from(&endpoint)))
}

/// Make a new secret
///
/// The answer holds it, this once. The old one signs beside it for 24 hours, so that nothing is lost while you change it.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/rotate-secret", tag = "Webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "The endpoint and its new secret.", body = SecretView)),
)]
pub(crate) async fn rotate(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<SecretView>, Problem> {
    let (reader, id) = (Reader::from(&caller), endpoint_id(&id)?);
    let secret = api.service.rotate_secret(reader, id).await?;
    let endpoint = EndpointView::from(&api.service.endpoint(reader, id).await?);
    Ok(Json(SecretView { endpoint, secret: secret.reveal().to_owned() }))
}

/// Send a test
///
/// A `webhook.test` event goes the way that all others take, also to a disabled endpoint.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/test", tag = "Webhooks", operation_id = "test_webhook_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 202, description = "It is on its way.", body = TestView)),
)]
pub(crate) async fn test(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<TestView>), Problem> {
    let delivery = api.service.test_endpoint(Reader::from(&caller), endpoint_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(TestView { object: "webhook_test", delivery_id: delivery.to_string() })))
}

fn sources() -> utoipa::openapi::Object {
    word_list(EndpointSource::ALL.iter().map(|source| source.as_str()))
}

fn states() -> utoipa::openapi::Object {
    word_list(EndpointState::ALL.iter().map(|state| state.as_str()))
}

fn event_types() -> utoipa::openapi::Array {
    let selectable = EventType::ALL.iter().filter(|kind| kind.is_selectable()).map(|kind| kind.as_str());
    utoipa::openapi::ArrayBuilder::new().items(word_list(selectable)).build()
}
