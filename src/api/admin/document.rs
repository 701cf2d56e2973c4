//! The operators' API as an OpenAPI 3.1 document of its own: customers never see it.

use std::sync::LazyLock;

use axum::Json;
use utoipa::OpenApi;

use super::{
    adjustments, attempts, audit, batch_list, cancellation, credit_requests, customers, deliveries, grants, keys, ledger, overview,
    refunds, replays, search, tasks, tasks_csv, timeline, webhooks,
};
use crate::api::problem::{ItemProblem, ProblemBody};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Batchbook for operators",
        version = "1",
        description = "What the console shows and does, as JSON. Every failure is a problem document (RFC 9457) with a stable `code`."
    ),
    paths(
        overview::show,
        batch_list::list,
        batch_list::csv,
        cancellation::preview,
        cancellation::cancel,
        timeline::show,
        webhooks::show,
        customers::list,
        customers::show,
        keys::list,
        keys::add,
        keys::usage,
        keys::revoke,
        audit::list,
        audit::csv,
        ledger::list,
        grants::list,
        adjustments::grant,
        adjustments::adjust,
        refunds::refund,
        credit_requests::list,
        credit_requests::approve,
        credit_requests::refuse,
        search::find,
        tasks::list,
        attempts::list,
        tasks_csv::export,
        deliveries::list,
        deliveries::show,
        deliveries::endpoints,
        deliveries::outcomes,
        replays::preview,
        replays::start,
        replays::list,
        replays::show,
        replays::abort,
    ),
    components(schemas(ProblemBody, ItemProblem)),
    tags(
        (name = "Overview", description = "How the last days went, and whether anything is stuck."),
        (name = "Batches", description = "What every order made, what was given back, and whose fault it was."),
        (name = "Customers", description = "Who buys, what they can spend, and everything that changed it."),
        (name = "Audit", description = "Who did what, when, and why."),
        (name = "Search", description = "One thing among all."),
        (name = "Tasks", description = "The tasks of a batch, by what they are."),
        (name = "Webhooks", description = "What customers were told, and telling it again."),
        (name = "Refunds", description = "Giving the credits of charged tasks back."),
    ),
)]
struct OperatorApi;

static DOCUMENT: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::to_value(OperatorApi::openapi()).expect("an OpenAPI document is always JSON"));

/// `GET /api/admin/openapi.json`.
pub(super) async fn show() -> Json<&'static serde_json::Value> {
    Json(&DOCUMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let text = DOCUMENT.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(DOCUMENT["components"]["schemas"].get(reference).is_some(), "{reference}");
        }
        assert_eq!(DOCUMENT["openapi"], "3.1.0");
        assert!(DOCUMENT["paths"].get("/api/admin/customers/{id}/ledger").is_some());
    }
}
