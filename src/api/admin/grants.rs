//! A customer's grants as operators see them: what was paid, what is left, and why each was made.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::key_of;
use crate::api::door::Signed;
use crate::api::problem::Problem;
use crate::api::v1::credits::grant_kinds;
use crate::api::v1::page::List;
use crate::domain::grant::{Grant, GrantKind};
use crate::domain::time::Time;
use crate::service::Listed;

/// Credits that were added: `credits` = `available` + `held` + `charged` + `expired` + `taken_back`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerGrant)]
pub(super) struct OperatorGrantView {
    /// Always `grant`.
    #[schema(example = "grant")]
    object: &'static str,
    id: String,
    #[schema(schema_with = grant_kinds)]
    kind: GrantKind,
    credits: i64,
    paid_microusd: i64,
    available: i64,
    held: i64,
    charged: i64,
    expired: i64,
    taken_back: i64,
    /// Paid credits never expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl From<&(Grant, Option<String>)> for OperatorGrantView {
    fn from((grant, reason): &(Grant, Option<String>)) -> Self {
        Self {
            object: "grant",
            id: grant.id.to_string(),
            kind: grant.kind,
            credits: grant.credits.get(),
            paid_microusd: grant.paid.micros(),
            available: grant.available.get(),
            held: grant.held.get(),
            charged: grant.captured.get(),
            expired: grant.expired.get(),
            taken_back: grant.withdrawn.get(),
            expires_at: grant.expires_at,
            reason: reason.clone(),
            created_at: grant.created_at,
        }
    }
}

/// List the grants of a customer
///
/// In the order in which they are spent; the newest 200.
#[utoipa::path(
    get, path = "/api/admin/customers/{id}/grants", tag = "Customers", operation_id = "list_customer_grants",
    params(("id" = String, Path, description = "Id of the customer.")),
    responses((status = 200, description = "The customer's grants.", body = List<OperatorGrantView>)),
)]
pub(super) async fn list(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<List<OperatorGrantView>>, Problem> {
    let rows = api.service.grants_with_reasons(key_of(&api.service, &id).await?).await?;
    Ok(Json(List::of(Listed { rows, has_more: false }, |(grant, _)| grant.id.to_string())))
}
