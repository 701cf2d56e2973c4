//! `GET /credits`: what a customer can spend, and where it came from.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::MayRead;
use crate::api::Api;
use crate::api::openapi::word_list;
use crate::api::problem::Problem;
use crate::domain::grant::{Grant, GrantKind};
use crate::domain::time::Time;

/// A customer's credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Credits)]
pub(crate) struct CreditsView {
    /// Always `credits`.
    #[schema(example = "credits")]
    object: &'static str,
    /// There to spend.
    available: i64,
    /// Reserved for batches that are not finished.
    held: i64,
    /// What was added, in the order in which it is spent.
    grants: Vec<GrantView>,
}

/// Credits that were added: `credits` = `available` + `held` + `charged` + `expired`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub(crate) struct GrantView {
    /// Always `grant`.
    #[schema(example = "grant")]
    object: &'static str,
    id: String,
    #[schema(schema_with = grant_kinds)]
    kind: GrantKind,
    credits: i64,
    available: i64,
    held: i64,
    charged: i64,
    /// Gone unspent: expired, or taken back.
    expired: i64,
    /// Paid credits never expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl From<&Grant> for GrantView {
    fn from(grant: &Grant) -> Self {
        Self {
            object: "grant",
            id: grant.id.to_string(),
            kind: grant.kind,
            credits: grant.credits.get(),
            available: grant.available.get(),
            held: grant.held.get(),
            charged: grant.captured.get(),
            expired: grant.expired.get() + grant.withdrawn.get(),
            expires_at: grant.expires_at,
            created_at: grant.created_at,
        }
    }
}

/// Get your credits
#[utoipa::path(
    get, path = "/api/v1/credits", tag = "Credits", operation_id = "get_credits",
    responses((status = 200, description = "Your credits, and the grants they came from.", body = CreditsView)),
)]
pub(crate) async fn show(State(api): State<Api>, MayRead(caller): MayRead) -> Result<Json<CreditsView>, Problem> {
    let balances = api.service.balances(caller.customer).await?;
    let grants = api.service.grants(caller.customer).await?;
    Ok(Json(CreditsView {
        object: "credits",
        available: balances.available.get(),
        held: balances.held.get(),
        grants: grants.iter().map(GrantView::from).collect(),
    }))
}

pub(crate) fn grant_kinds() -> utoipa::openapi::Object {
    word_list(GrantKind::ALL.iter().map(|kind| kind.as_str()))
}
