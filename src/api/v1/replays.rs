//! `…/webhook-replays`: everything that failed to arrive at an endpoint within a window, sent again. First a preview, then what
//! it showed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::MayWebhooks;
use super::endpoints::endpoint_id;
use super::page::{List, PageParameters};
use crate::api::Api;
use crate::api::body::{JsonText, unparsed};
use crate::api::code::Code;
use crate::api::openapi::word_list;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::domain::id::{EndpointId, ReplayId};
use crate::domain::time::Time;
use crate::domain::webhook::{AbortedBecause, EventType, FailedAs, Replay, ReplayPreview, ReplayState, ReplayStatus, ReplayWindow};
use crate::service::Reader;

/// Which deliveries are to be sent again. There is no window of everything.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = NewWebhookReplayPreview)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowBody {
    /// To this endpoint.
    endpoint_id: String,
    /// Made at or after this moment,
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    /// and before this moment; until now, unless you say otherwise. A window has at most 30 days.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    /// Only events of this type.
    #[schema(value_type = Option<String>)]
    event_type: Option<EventType>,
    /// Only what ended so: `exhausted` or `canceled`.
    #[schema(value_type = Option<String>)]
    delivery_status: Option<FailedAs>,
}

/// What a replay would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookReplayPreview)]
pub(crate) struct PreviewView {
    /// Always `webhook_replay_preview`.
    #[schema(example = "webhook_replay_preview")]
    object: &'static str,
    endpoint_id: String,
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    #[schema(value_type = String, format = DateTime)]
    until: Time,
    /// Deliveries that failed within the window, at most 50,000.
    total: i64,
    /// Of those, delivered since: skipped.
    delivered_since: i64,
    /// Of those, on their way again: skipped.
    on_way: i64,
    /// All others: sent again.
    to_send: i64,
    /// Starts exactly this, once, within an hour. What fails later is not in it.
    token: String,
}

/// What is to be started.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = NewWebhookReplay)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    /// Of a preview.
    pub token: String,
    /// Why: it is kept.
    pub reason: String,
}

/// Deliveries of a replay: `total` = `skipped` + `delivered` + `failed` + `waiting`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = WebhookReplayCounts)]
struct CountsView {
    total: i64,
    /// Delivered since they failed, or on their way by themselves.
    skipped: i64,
    /// Answered with 2xx at once.
    delivered: i64,
    /// Not; they follow the schedule of retries from there.
    failed: i64,
    /// Not sent yet; of an aborted replay, never.
    waiting: i64,
}

/// Deliveries that are sent again together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookReplay)]
pub(crate) struct ReplayView {
    /// Always `webhook_replay`.
    #[schema(example = "webhook_replay")]
    object: &'static str,
    id: String,
    #[schema(schema_with = states)]
    status: ReplayState,
    endpoint_id: String,
    url: String,
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    #[schema(value_type = String, format = DateTime)]
    until: Time,
    #[schema(value_type = Option<String>)]
    event_type: Option<EventType>,
    #[schema(value_type = Option<String>)]
    delivery_status: Option<FailedAs>,
    counts: CountsView,
    reason: String,
    /// Why it was stopped: `asked`, `endpoint_disabled` or `endpoint_deleted`.
    #[schema(value_type = Option<String>)]
    aborted_because: Option<AbortedBecause>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
}

/// Which replays are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayParameters {
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only to this endpoint.
    endpoint_id: Option<String>,
}

impl ReplayParameters {
    pub fn endpoint(&self) -> Result<Option<EndpointId>, Problem> {
        self.endpoint_id.as_deref().map(endpoint_id).transpose()
    }

    pub fn page(&self) -> PageParameters {
        PageParameters { limit: self.limit, cursor: self.cursor.clone() }
    }
}

impl WindowBody {
    pub fn read(text: &JsonText, now: Time) -> Result<ReplayWindow, Problem> {
        let body: Self = serde_json::from_str(text.as_str()?).map_err(|error| unparsed(&error))?;
        Ok(ReplayWindow {
            endpoint: endpoint_id(&body.endpoint_id)?,
            since: body.since,
            until: body.until.unwrap_or(now),
            kind: body.event_type,
            failed_as: body.delivery_status,
        })
    }
}

impl StartBody {
    pub fn read(text: &JsonText) -> Result<Self, Problem> {
        serde_json::from_str(text.as_str()?).map_err(|error| unparsed(&error))
    }
}

impl From<ReplayPreview> for PreviewView {
    fn from(preview: ReplayPreview) -> Self {
        Self {
            object: "webhook_replay_preview",
            endpoint_id: preview.window.endpoint.to_string(),
            since: preview.window.since,
            until: preview.window.until,
            total: preview.total,
            delivered_since: preview.delivered_since,
            on_way: preview.on_way,
            to_send: preview.to_send(),
            token: preview.token,
        }
    }
}

impl From<&Replay> for ReplayView {
    fn from(replay: &Replay) -> Self {
        let window = replay.window;
        Self {
            object: "webhook_replay",
            id: replay.id.to_string(),
            status: replay.status.state(),
            endpoint_id: window.endpoint.to_string(),
            url: replay.url.clone(),
            since: window.since,
            until: window.until,
            event_type: window.kind,
            delivery_status: window.failed_as,
            counts: CountsView {
                total: replay.total,
                skipped: replay.skipped,
                delivered: replay.delivered,
                failed: replay.failed,
                waiting: replay.total - replay.done(),
            },
            reason: replay.reason.clone(),
            aborted_because: match replay.status {
                ReplayStatus::Aborted { because, .. } => Some(because),
                ReplayStatus::Running | ReplayStatus::Completed { .. } => None,
            },
            created_at: replay.created_at,
            finished_at: replay.status.finished_at(),
        }
    }
}

pub(crate) fn replay_id(text: &str) -> Result<ReplayId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such replay. Its id starts with rpl_ and has 30 characters."))
}

/// Preview a replay
///
/// Says how many deliveries to one endpoint failed within a window, and how many of them would be sent again. Stores nothing.
#[utoipa::path(
    post, path = "/api/v1/webhook-replays/preview", tag = "Webhooks", operation_id = "preview_webhook_replay", request_body = WindowBody,
    responses((status = 200, description = "What would be sent, and the token that starts it.", body = PreviewView)),
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    text: JsonText,
) -> Result<Json<PreviewView>, Problem> {
    let window = WindowBody::read(&text, api.service.now())?;
    Ok(Json(api.service.preview_replay(Reader::from(&caller), window).await?.into()))
}

/// Start a replay
///
/// Sends again what the preview showed, oldest first, and no more. The same token again answers with the same replay.
#[utoipa::path(
    post, path = "/api/v1/webhook-replays", tag = "Webhooks", operation_id = "start_webhook_replay", request_body = StartBody,
    responses((status = 201, description = "It is running.", body = ReplayView)),
)]
pub(crate) async fn start(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    text: JsonText,
) -> Result<(StatusCode, Json<ReplayView>), Problem> {
    let StartBody { token, reason } = StartBody::read(&text)?;
    let replay = api.service.start_replay(Reader::from(&caller), &token, &reason).await?;
    Ok((StatusCode::CREATED, Json(ReplayView::from(&replay))))
}

/// List replays
#[utoipa::path(
    get, path = "/api/v1/webhook-replays", tag = "Webhooks", operation_id = "list_webhook_replays", params(ReplayParameters),
    responses((status = 200, description = "Replays, newest first.", body = List<ReplayView>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Parameters(asked): Parameters<ReplayParameters>,
) -> Result<Json<List<ReplayView>>, Problem> {
    let page = asked.page();
    let listed = api.service.replays(Reader::from(&caller), asked.endpoint()?, page.cursor()?, page.size()?).await?;
    Ok(Json(List::of(listed, |replay| replay.id.to_string())))
}

/// Get a replay
#[utoipa::path(
    get, path = "/api/v1/webhook-replays/{id}", tag = "Webhooks", operation_id = "get_webhook_replay",
    params(("id" = String, Path, description = "Id of the replay.")),
    responses((status = 200, description = "The replay and how far it is.", body = ReplayView)),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<ReplayView>, Problem> {
    Ok(Json(ReplayView::from(&api.service.replay(Reader::from(&caller), replay_id(&id)?).await?)))
}

/// Stop a replay
///
/// What was sent stays sent; what was in line ends as canceled, and can be replayed again.
#[utoipa::path(
    post, path = "/api/v1/webhook-replays/{id}/abort", tag = "Webhooks", operation_id = "abort_webhook_replay",
    params(("id" = String, Path, description = "Id of the replay.")),
    responses((status = 200, description = "The replay as it ended.", body = ReplayView)),
)]
pub(crate) async fn abort(
    State(api): State<Api>,
    MayWebhooks(caller): MayWebhooks,
    Path(id): Path<String>,
) -> Result<Json<ReplayView>, Problem> {
    let aborted = api.service.abort_replay(Reader::from(&caller), replay_id(&id)?).await?;
    Ok(Json(ReplayView::from(&aborted)))
}

fn states() -> utoipa::openapi::Object {
    word_list(ReplayState::ALL.iter().map(|state| state.as_str()))
}
