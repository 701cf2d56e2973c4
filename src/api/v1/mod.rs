//! The customers' API. One noun per file; DESIGN §4 is the contract, and `/api/openapi.json` says it in full.

pub(crate) mod auth;
pub(crate) mod batches;
pub(crate) mod cancellation;
pub(crate) mod credits;
mod idempotency;
mod items;
pub(crate) mod ledger;
pub(crate) mod page;
pub(crate) mod quote;
pub(crate) mod results;
pub(crate) mod submission;
pub(crate) mod tasks;

use axum::Router;
use axum::routing::{get, post};

use super::Api;

pub use batches::render_batch;

/// Everything below `/api/v1`.
pub(crate) fn router() -> Router<Api> {
    Router::new()
        .route("/batches", get(batches::list).post(submission::submit))
        .route("/batches/{id}", get(batches::show))
        .route("/batches/{id}/tasks", get(tasks::list))
        .route("/batches/{id}/tasks/{number}", get(tasks::show))
        .route("/batches/{id}/results", get(results::stream))
        .route("/batches/{id}/cancel", post(cancellation::cancel))
        .route("/credits", get(credits::show))
        .route("/ledger", get(ledger::list))
}
