//! `POST /batches/{id}/cancel`: an operator cancels a batch, and says why. `GET` says first what that would do.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::JsonText;
use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::batch_id;
use crate::api::problem::Problem;
use crate::api::v1::cancellation::CancellationView;
use crate::domain::batch::{BatchStatus, CANCEL_REASON_MAX_CHARS};
use crate::service::Reader;
use crate::service::cancel::CancelPreview;

/// Why the batch is canceled.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelRequest {
    /// Kept with the cancellation and on its ledger transaction; 1 to 500 characters.
    reason: String,
}

/// What a cancellation would do now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct CancelPreviewView {
    object: &'static str,
    #[schema(value_type = String)]
    status: BatchStatus,
    /// Tasks that would never run.
    would_cancel: i64,
    /// Credits that would be given back at once.
    would_refund: i64,
    /// Tasks that are being made. They would end on their own.
    still_running: i64,
    /// Credits that would stay reserved for them.
    still_held: i64,
    /// Credits that are charged already, and would stay so.
    charged: i64,
}

impl From<CancelPreview> for CancelPreviewView {
    fn from(preview: CancelPreview) -> Self {
        Self {
            object: "cancellation_preview",
            status: preview.status,
            would_cancel: preview.pending,
            would_refund: preview.releases.get(),
            still_running: preview.running,
            still_held: preview.still_held.get(),
            charged: preview.charged.get(),
        }
    }
}

/// What canceling a batch would do
#[utoipa::path(
    get, path = "/api/admin/batches/{id}/cancel", tag = "Batches", operation_id = "preview_cancel",
    params(("id" = String, Path, description = "Id of the batch.")),
    responses((status = 200, description = "What would be given back now, what still runs, and what is kept.", body = CancelPreviewView)),
)]
pub(super) async fn preview(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<CancelPreviewView>, Problem> {
    Ok(Json(api.service.preview_cancel(batch_id(&id)?).await?.into()))
}

/// Cancel a batch
///
/// Tasks that have not started are canceled and their credits given back at once; who did it and why is kept with the batch and
/// on the ledger transaction. Tasks that are being made end on their own.
#[utoipa::path(
    post, path = "/api/admin/batches/{id}/cancel", tag = "Batches", operation_id = "operator_cancel_batch",
    params(("id" = String, Path, description = "Id of the batch.")), request_body = CancelRequest,
    responses((status = 200, description = "What was canceled, and what still runs.", body = CancellationView)),
)]
pub(super) async fn cancel(Signed(api): Signed, Path(id): Path<String>, body: JsonText) -> Result<Json<CancellationView>, Problem> {
    let request: CancelRequest = serde_json::from_str(body.as_str()?)
        .map_err(|error| Problem::new(Code::MalformedJson, format!("The body is not as described: {error}.")))?;
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > CANCEL_REASON_MAX_CHARS {
        let detail = format!("`reason` says why the batch is canceled, in 1 to {CANCEL_REASON_MAX_CHARS} characters.");
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    let canceled = api.service.cancel(Reader::Operator, batch_id(&id)?, Some(reason)).await?;
    Ok(Json(canceled.into()))
}
