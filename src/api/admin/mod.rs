//! The operators' API: everything that the console's pages show, as JSON.
//!
//! It stands behind the [`door`]: a handler takes [`door::Signed`], whose services act for whoever is signed in and refuse what
//! the role may not.

mod adjustments;
mod attempts;
mod audit;
mod batch_list;
mod batches;
mod batches_csv;
mod billing;
mod billing_csv;
mod cancellation;
mod credit_requests;
mod csv;
mod customers;
mod deliveries;
mod document;
mod grants;
mod keys;
mod ledger;
mod overview;
mod refunds;
mod replays;
mod search;
mod tasks;
mod tasks_csv;
mod timeline;
mod webhooks;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use super::Api;
use super::door::{self, Door};
use super::route::{get, post};

/// Everything below `/api/admin`.
pub(crate) fn router(door: Door) -> Router<Api> {
    Router::new()
        .route("/batches", get(batch_list::list))
        .route("/batches.csv", get(batch_list::csv))
        .route("/batches/{id}", get(batches::show))
        .route("/batches/{id}/tasks", get(tasks::list))
        .route("/batches/{id}/tasks.csv", get(tasks_csv::export))
        .route("/batches/{id}/tasks/{number}", get(tasks::show))
        .route("/batches/{id}/attempts", get(attempts::list))
        .route("/batches/{id}/billing", get(billing::show))
        .route("/batches/{id}/billing.csv", get(billing_csv::stream))
        .route("/batches/{id}/cancel", get(cancellation::preview).merge(post(cancellation::cancel)))
        .route("/batches/{id}/timeline", get(timeline::show))
        .route("/batches/{id}/webhooks", get(webhooks::show))
        .route("/customers", get(customers::list))
        .route("/customers/{id}", get(customers::show))
        .route("/customers/{id}/keys", get(keys::list).merge(post(keys::add)))
        .route("/customers/{id}/keys/{key}/usage", get(keys::usage))
        .route("/keys/{id}/revoke", post(keys::revoke))
        .route("/audit", get(audit::list))
        .route("/audit.csv", get(audit::csv))
        .route("/customers/{id}/ledger", get(ledger::list))
        .route("/search", get(search::find))
        .route("/overview", get(overview::show))
        .route("/customers/{id}/grants", get(grants::list).merge(post(adjustments::grant)))
        .route("/customers/{id}/adjustments", post(adjustments::adjust))
        .route("/batches/{id}/refunds", post(refunds::refund))
        .route("/webhook-replays", get(replays::list).merge(post(replays::start)))
        .route("/webhook-replays/preview", post(replays::preview))
        .route("/webhook-replays/{id}", get(replays::show))
        .route("/webhook-replays/{id}/abort", post(replays::abort))
        .route("/credit-requests", get(credit_requests::list))
        .route("/credit-requests/{id}/approve", post(credit_requests::approve))
        .route("/credit-requests/{id}/refuse", post(credit_requests::refuse))
        .route("/webhook-deliveries", get(deliveries::list))
        .route("/webhook-deliveries/{id}", get(deliveries::show))
        .route("/webhook-endpoints", get(deliveries::endpoints))
        .route("/webhook-outcomes", get(deliveries::outcomes))
        .route("/openapi.json", get(document::show))
        .route_layer(from_fn(door::signed_in_only))
        .layer(from_fn_with_state(door, door::enter))
}
