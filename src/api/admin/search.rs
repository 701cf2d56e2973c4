//! Finding one thing by an id or a text.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::domain::search::Hit;
use crate::service::search::HITS_MAX;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FindParameters {
    /// An id (`bat_…`, `bat_…/tasks/17`, `cus_…`, `txn_…`, `grt_…`, `key_…`, `evt_…`), an idempotency key, the beginning of an API
    /// key, or a part of a customer's name or e-mail address.
    q: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Search)]
pub(super) struct SearchView {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<HitView>,
    /// Only the first 20 are listed.
    has_more: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
struct HitView {
    /// `batch`, `task`, `customer`, `transaction`, `grant`, `key` or `event`.
    object: &'static str,
    id: String,
    /// Of a task.
    number: Option<i32>,
    batch_id: Option<String>,
    customer_id: String,
    customer_name: String,
    /// A state, a kind, an e-mail address or the beginning of a key.
    note: String,
    /// Whether it is what was asked for, and not only a part of it.
    exact: bool,
}

impl From<Hit> for HitView {
    fn from(hit: Hit) -> Self {
        Self {
            object: hit.kind.as_str(),
            id: hit.id,
            number: hit.task,
            batch_id: hit.batch.map(|id| id.to_string()),
            customer_id: hit.customer.to_string(),
            customer_name: hit.customer_name,
            note: hit.note,
            exact: hit.exact,
        }
    }
}

/// Find one thing
///
/// By any id, or by a text that it is known by; what was meant exactly comes first.
#[utoipa::path(
    get, path = "/api/admin/search", tag = "Search", operation_id = "search", params(FindParameters),
    responses((status = 200, description = "What was found.", body = SearchView)),
)]
pub(super) async fn find(Signed(api): Signed, Parameters(asked): Parameters<FindParameters>) -> Result<Json<SearchView>, Problem> {
    let found = api.service.search(&asked.q, HITS_MAX).await?;
    Ok(Json(SearchView { object: "list", data: found.rows.into_iter().map(HitView::from).collect(), has_more: found.has_more }))
}
