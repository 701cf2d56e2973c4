//! Operators give the credits of charged tasks back, once per task.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::adjustments::DryRun;
use crate::api::body::{JsonText, unparsed};
use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::api::v1::idempotency::key;
use crate::domain::numbers::TaskNumbers;
use crate::service::adjustments::Once;

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRefund {
    /// Numbers of the tasks.
    #[schema(example = "3,7-9")]
    tasks: String,
    /// Why: kept in the books.
    reason: String,
}

/// Credits of charged tasks that were given back, or would be.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(super) struct RefundView {
    /// Always `refund`.
    #[schema(example = "refund")]
    object: &'static str,
    batch_id: String,
    #[schema(example = "3,7-9")]
    tasks: String,
    count: i64,
    credits: i64,
    /// What the customer can spend.
    available_before: i64,
    available_after: i64,
    /// The reversing transactions, one per transaction that they reverse; none of a `dry_run`.
    transactions: Vec<String>,
}

/// Refund charged tasks
///
/// All of these tasks, or none. Each names the transaction that it reverses.
#[utoipa::path(
    post, path = "/api/admin/batches/{id}/refunds", tag = "Refunds", operation_id = "refund_tasks",
    params(("id" = String, Path, description = "Id of the batch."), DryRun), request_body = NewRefund,
    responses(
        (status = 200, description = "What would be refunded (`dry_run=true`).", body = RefundView),
        (status = 201, description = "The credits are given back.", body = RefundView),
    ),
)]
pub(super) async fn refund(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(DryRun { dry_run }): Parameters<DryRun>,
    headers: HeaderMap,
    body: JsonText,
) -> Result<Response, Problem> {
    let id = batch_id(&id)?;
    let NewRefund { tasks, reason } = serde_json::from_str(body.as_str()?).map_err(|error| unparsed(&error))?;
    let tasks: TaskNumbers = tasks.parse().map_err(|error| Problem::new(Code::InvalidRequest, format!("tasks: {error}.")))?;
    let (status, done) = if dry_run {
        (StatusCode::OK, api.service.preview_refund(id, &tasks).await?)
    } else {
        let token = key(&headers, None)?;
        (StatusCode::CREATED, api.service.refund_tasks(id, &tasks, &reason, Once { token: &token }).await?)
    };
    let view = RefundView {
        object: "refund",
        batch_id: done.batch.to_string(),
        tasks: done.tasks,
        count: done.count,
        credits: done.credits.get(),
        available_before: done.available_before.get(),
        available_after: done.available_after.get(),
        transactions: done.transactions.iter().map(ToString::to_string).collect(),
    };
    Ok((status, Json(view)).into_response())
}
