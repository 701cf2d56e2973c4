//! Replays as operators see them: of all customers, with who started and who stopped them.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::JsonText;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::page::List;
use crate::api::v1::replays::{PreviewView, ReplayParameters, ReplayView, StartBody, WindowBody, replay_id};
use crate::domain::webhook::{Replay, ReplayStatus};
use crate::service::Reader;

/// A replay, and who did what.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OperatorWebhookReplay)]
pub(super) struct OperatorReplayView {
    #[serde(flatten)]
    replay: ReplayView,
    started_by: String,
    aborted_by: Option<String>,
}

impl From<&Replay> for OperatorReplayView {
    fn from(replay: &Replay) -> Self {
        let aborted_by = match &replay.status {
            ReplayStatus::Aborted { by, .. } => by.clone(),
            ReplayStatus::Running | ReplayStatus::Completed { .. } => None,
        };
        Self { replay: ReplayView::from(replay), started_by: replay.actor.clone(), aborted_by }
    }
}

/// Preview a replay
///
/// Says how many deliveries to one endpoint failed within a window, and how many of them would be sent again. Stores nothing.
#[utoipa::path(
    post, path = "/api/admin/webhook-replays/preview", tag = "Webhooks", operation_id = "preview_webhook_replay", request_body = WindowBody,
    responses((status = 200, description = "What would be sent, and the token that starts it.", body = PreviewView)),
)]
pub(super) async fn preview(Signed(api): Signed, text: JsonText) -> Result<Json<PreviewView>, Problem> {
    let window = WindowBody::read(&text, api.service.now())?;
    Ok(Json(api.service.preview_replay(Reader::Operator, window).await?.into()))
}

/// Start a replay
///
/// Sends again what the preview showed, oldest first, and no more. The same token again answers with the same replay.
#[utoipa::path(
    post, path = "/api/admin/webhook-replays", tag = "Webhooks", operation_id = "start_webhook_replay", request_body = StartBody,
    responses((status = 201, description = "It is running.", body = OperatorReplayView)),
)]
pub(super) async fn start(Signed(api): Signed, text: JsonText) -> Result<(StatusCode, Json<OperatorReplayView>), Problem> {
    let StartBody { token, reason } = StartBody::read(&text)?;
    let replay = api.service.start_replay(Reader::Operator, &token, &reason).await?;
    Ok((StatusCode::CREATED, Json(OperatorReplayView::from(&replay))))
}

/// List replays
#[utoipa::path(
    get, path = "/api/admin/webhook-replays", tag = "Webhooks", operation_id = "list_webhook_replays", params(ReplayParameters),
    responses((status = 200, description = "Replays, newest first.", body = List<OperatorReplayView>)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Parameters(asked): Parameters<ReplayParameters>,
) -> Result<Json<List<OperatorReplayView>>, Problem> {
    let page = asked.page();
    let listed = api.service.replays(Reader::Operator, asked.endpoint()?, page.cursor()?, page.size()?).await?;
    Ok(Json(List::of(listed, |replay| replay.id.to_string())))
}

/// Get a replay
#[utoipa::path(
    get, path = "/api/admin/webhook-replays/{id}", tag = "Webhooks", operation_id = "get_webhook_replay",
    params(("id" = String, Path, description = "Id of the replay.")),
    responses((status = 200, description = "The replay and how far it is.", body = OperatorReplayView)),
)]
pub(super) async fn show(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<OperatorReplayView>, Problem> {
    Ok(Json(OperatorReplayView::from(&api.service.replay(Reader::Operator, replay_id(&id)?).await?)))
}

/// Stop a replay
///
/// What was sent stays sent; what was in line ends as canceled, and can be replayed again.
#[utoipa::path(
    post, path = "/api/admin/webhook-replays/{id}/abort", tag = "Webhooks", operation_id = "abort_webhook_replay",
    params(("id" = String, Path, description = "Id of the replay.")),
    responses((status = 200, description = "The replay as it ended.", body = OperatorReplayView)),
)]
pub(super) async fn abort(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<OperatorReplayView>, Problem> {
    Ok(Json(OperatorReplayView::from(&api.service.abort_replay(Reader::Operator, replay_id(&id)?).await?)))
}
