//! `POST /batches/{id}/cancel`: stops what has not started. What runs ends on its own and is charged or refunded as it ends.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::MayCancel;
use super::batches::BatchView;
use crate::api::Api;
use crate::api::parameters::batch_id;
use crate::api::problem::Problem;
use crate::domain::batch::{Batch, Cancellation};
use crate::service::Reader;

/// What a cancellation did, and what it could not stop.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Cancellation)]
pub(crate) struct CancellationView {
    /// Always `cancellation`.
    #[schema(example = "cancellation")]
    object: &'static str,
    batch: BatchView,
    /// Tasks that never ran and never will.
    canceled: i64,
    /// Credits given back now.
    refunded: i64,
    /// Tasks that are being made. They end on their own.
    still_running: i64,
    /// Credits that stay reserved for them.
    still_held: i64,
}

impl From<(Batch, Cancellation)> for CancellationView {
    fn from((batch, done): (Batch, Cancellation)) -> Self {
        Self {
            object: "cancellation",
            batch: BatchView::from(&batch),
            canceled: done.canceled,
            refunded: done.released.get(),
            still_running: done.still_running,
            still_held: done.still_held.get(),
        }
    }
}

/// Cancel a batch
///
/// Tasks that have not started are canceled and their credits given back at once. Tasks that are being made end on their own
/// and are charged or refunded as they end.
#[utoipa::path(
    post, path = "/api/v1/batches/{id}/cancel", tag = "Batches", operation_id = "cancel_batch",
    params(("id" = String, Path, description = "Id of the batch.")),
    responses((status = 200, description = "What was canceled, and what still runs.", body = CancellationView)),
)]
pub(crate) async fn cancel(
    State(api): State<Api>,
    MayCancel(caller): MayCancel,
    Path(id): Path<String>,
) -> Result<Json<CancellationView>, Problem> {
    let canceled = api.service.cancel(Reader::from(&caller), batch_id(&id)?, None).await?;
    Ok(Json(canceled.into()))
}
