//! Changes of credits that wait for a second operator: which there are, and deciding them.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::door::Signed;
use crate::api::problem::Problem;
use crate::api::v1::page::List;
use crate::domain::access::Decision;
use crate::domain::id::CreditRequestId;
use crate::domain::time::Time;
use crate::service::credit_requests::CreditRequest;
use crate::service::{Listed, ServiceError};

/// A change that one operator asked for and another one decides.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditRequest)]
pub(super) struct CreditRequestView {
    /// Always `credit_request`.
    #[schema(example = "credit_request")]
    object: &'static str,
    id: String,
    customer_id: String,
    customer_name: String,
    /// What is asked for.
    change: serde_json::Value,
    credits: i64,
    asked_by: String,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Time,
    /// `approved` or `refused`; nothing while it waits.
    #[schema(value_type = Option<String>)]
    decision: Option<Decision>,
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Time>,
}

impl From<&CreditRequest> for CreditRequestView {
    fn from(request: &CreditRequest) -> Self {
        let decided = request.decided.as_ref();
        Self {
            object: "credit_request",
            id: request.id.to_string(),
            customer_id: request.customer.to_string(),
            customer_name: request.customer_name.clone(),
            change: serde_json::from_str(&request.change).unwrap_or_default(),
            credits: request.credits.get(),
            asked_by: request.asked_by_email.clone(),
            asked_at: request.asked_at,
            decision: decided.map(|(decision, ..)| *decision),
            decided_by: decided.map(|(_, by, _)| by.clone()),
            decided_at: decided.map(|(.., at)| *at),
        }
    }
}

/// List changes of credits that ask for approval
///
/// Those that wait first, then those that were decided; the latest 100.
#[utoipa::path(
    get, path = "/api/admin/credit-requests", tag = "Customers", operation_id = "list_credit_requests",
    responses((status = 200, description = "The requests.", body = List<CreditRequestView>)),
)]
pub(super) async fn list(Signed(api): Signed) -> Result<Json<List<CreditRequestView>>, Problem> {
    let rows = api.service.credit_requests().await?;
    Ok(Json(List::of(Listed { rows, has_more: false }, |request| request.id.to_string())))
}

/// Approve a change of credits
///
/// Another operator than the one who asked. It reaches the ledger at once, if it still can be done.
#[utoipa::path(
    post, path = "/api/admin/credit-requests/{id}/approve", tag = "Customers", operation_id = "approve_credit_request",
    params(("id" = String, Path, description = "Id of the request.")),
    responses((status = 200, description = "The requests, with this one decided.", body = List<CreditRequestView>)),
)]
pub(super) async fn approve(signed: Signed, Path(id): Path<String>) -> Result<Json<List<CreditRequestView>>, Problem> {
    decide(signed, &id, Decision::Approved).await
}

/// Refuse a change of credits
#[utoipa::path(
    post, path = "/api/admin/credit-requests/{id}/refuse", tag = "Customers", operation_id = "refuse_credit_request",
    params(("id" = String, Path, description = "Id of the request.")),
    responses((status = 200, description = "The requests, with this one decided.", body = List<CreditRequestView>)),
)]
pub(super) async fn refuse(signed: Signed, Path(id): Path<String>) -> Result<Json<List<CreditRequestView>>, Problem> {
    decide(signed, &id, Decision::Refused).await
}

async fn decide(Signed(api): Signed, id: &str, decision: Decision) -> Result<Json<List<CreditRequestView>>, Problem> {
    let id: CreditRequestId = id.parse().map_err(|_| ServiceError::NotFound { what: "request" })?;
    api.service.decide_credit_request(id, decision).await?;
    list(Signed(api)).await
}
