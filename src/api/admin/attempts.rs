//! What was sent to providers for a batch, what came of it, and what it cost: the rows behind the batch's provider costs.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::tasks::AttemptView;
use crate::api::door::Signed;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::api::v1::page::PageParameters;
use crate::domain::attempt::{Attempt, AttemptFilter, AttemptPlace, AttemptState};
use crate::domain::failure::{FailureType, Party};

/// Which attempts, and which page of them. Every condition that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AttemptsParameters {
    /// `open`, `succeeded` or `failed`.
    #[param(value_type = Option<String>)]
    state: Option<AttemptState>,
    /// Why it failed.
    #[param(value_type = Option<String>)]
    failure: Option<FailureType>,
    /// Who bears it.
    #[param(value_type = Option<String>)]
    party: Option<Party>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct BatchAttemptView {
    /// Number of its task.
    task: i32,
    #[serde(flatten)]
    attempt: AttemptView,
}

impl From<Attempt> for BatchAttemptView {
    fn from(attempt: Attempt) -> Self {
        Self { task: attempt.task_number, attempt: AttemptView::from(attempt) }
    }
}

/// A page of a batch's attempts, in the order of tasks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct AttemptsView {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<BatchAttemptView>,
    has_more: bool,
    /// Send it as `cursor` to get the next page; `null` on the last. A page may be short before the last one, because one look
    /// reads a bounded number of tasks.
    next_cursor: Option<String>,
    /// Provider cost of all attempts that were asked for, on whichever page.
    cost_microusd: i64,
}

/// List the attempts of a batch
///
/// The rows behind its provider costs: each with what it cost, and who bears it where it failed.
#[utoipa::path(
    get, path = "/api/admin/batches/{id}/attempts", tag = "Tasks", operation_id = "list_batch_attempts",
    params(("id" = String, Path, description = "Id of the batch."), AttemptsParameters),
    responses((status = 200, description = "A page of attempts.", body = AttemptsView)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(asked): Parameters<AttemptsParameters>,
) -> Result<Json<AttemptsView>, Problem> {
    let rows = PageParameters { limit: asked.limit, cursor: asked.cursor };
    let after = rows.cursor::<AttemptPlace>()?.unwrap_or_default();
    let filter = AttemptFilter { state: asked.state, failure: asked.failure, party: asked.party };
    let found = api.service.find_attempts(batch_id(&id)?, filter, after, rows.size()?).await?;
    Ok(Json(AttemptsView {
        object: "list",
        data: found.rows.into_iter().map(BatchAttemptView::from).collect(),
        has_more: found.next.is_some(),
        next_cursor: found.next.map(|place| place.to_string()),
        cost_microusd: found.cost.micros(),
    }))
}
