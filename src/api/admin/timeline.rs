//! What happened to a batch, oldest first.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::door::Signed;
use crate::api::openapi::word_list;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::api::v1::page::PageParameters;
use crate::domain::time::Time;
use crate::domain::timeline::{Happening, Side, What};
use crate::service::timeline::Seek;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct TimelineView {
    object: &'static str,
    data: Vec<HappeningView>,
    has_more: bool,
    /// Send it as `cursor` to get what happened next; `null` at the end.
    next_cursor: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct HappeningView {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Whose doing it was.
    #[schema(schema_with = sides)]
    side: Side,
    /// A key, an operator, a worker or a provider, as far as it has a name.
    actor: Option<String>,
    /// Its name, and what belongs to it.
    #[schema(value_type = Object)]
    what: What,
}

impl From<Happening> for HappeningView {
    fn from(happening: Happening) -> Self {
        Self { at: happening.mark.at, side: happening.side, actor: happening.actor, what: happening.what }
    }
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TimelineParameters {
    /// Only what this side did.
    #[param(schema_with = sides)]
    actor: Option<Side>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What happened to a batch
///
/// API call, hold, work, captures and refunds of groups of tasks, events, late results and what operators did, oldest first.
#[utoipa::path(
    get, path = "/api/admin/batches/{id}/timeline", tag = "Batches", operation_id = "get_timeline",
    params(("id" = String, Path, description = "Id of the batch."), TimelineParameters),
    responses((status = 200, description = "A page of what happened.", body = TimelineView)),
)]
pub(super) async fn show(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(TimelineParameters { actor, limit, cursor }): Parameters<TimelineParameters>,
) -> Result<Json<TimelineView>, Problem> {
    let page = PageParameters { limit, cursor };
    let seek = page.cursor()?.map_or(Seek::First, Seek::After);
    let read = api.service.timeline(batch_id(&id)?, actor, seek, page.size()?).await?;
    let next_cursor = read.rows.last().filter(|_| read.has_after).map(|row| row.mark.to_string());
    let data = read.rows.into_iter().map(HappeningView::from).collect();
    Ok(Json(TimelineView { object: "list", data, has_more: read.has_after, next_cursor }))
}

fn sides() -> utoipa::openapi::Object {
    word_list(Side::ALL.iter().map(|side| side.as_str()))
}
