//! What waits for a second operator.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::domain::access::Decision;
use crate::domain::credits::Credits;
use crate::domain::grant::GrantKind;
use crate::domain::id::{CreditRequestId, CustomerId};
use crate::domain::time::Time;
use crate::service::Service;
use crate::service::credit_requests::what_is_asked;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    pub id: CreditRequestId,
    pub customer: CustomerId,
    pub customer_name: String,
    /// What kind of grant; none where credits are taken back.
    pub kind: Option<GrantKind>,
    pub credits: Credits,
    pub reason: String,
    pub asked_by: String,
    /// Whether whoever looks at the page has asked for it: then somebody else decides.
    pub is_own: bool,
    pub asked_at: Time,
    pub decided: Option<(Decision, String, Time)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalsPage {
    pub rows: Vec<ApprovalRow>,
    pub now: Time,
}

pub async fn list_approvals() -> Result<ApprovalsPage, ConsoleError> {
    let service = expect_context::<Service>();
    let own = service.by().operator().map(|operator| operator.id);
    let rows = service.credit_requests().await.map_err(refuse)?.into_iter().map(|request| {
        let (kind, reason) = what_is_asked(&request);
        ApprovalRow {
            id: request.id,
            customer: request.customer,
            customer_name: request.customer_name,
            kind,
            credits: request.credits,
            reason,
            is_own: own == Some(request.asked_by),
            asked_by: request.asked_by_email,
            asked_at: request.asked_at,
            decided: request.decided,
        }
    });
    Ok(ApprovalsPage { rows: rows.collect(), now: service.now() })
}
