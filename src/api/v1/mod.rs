//! The customers' API. One noun per file; DESIGN §4 is the contract, and `/api/openapi.json` says it in full.

pub(crate) mod auth;
pub(crate) mod batches;
pub(crate) mod cancellation;
pub mod content;
pub(crate) mod credits;
pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod idempotency;
mod items;
pub(crate) mod ledger;
pub(crate) mod page;
pub(crate) mod quote;
pub(crate) mod replays;
pub(crate) mod results;
pub(crate) mod submission;
pub(crate) mod tasks;

use axum::Router;

use super::Api;
use super::route::{delete, get, patch, post};

pub use batches::render_batch;

/// Everything below `/api/v1`.
pub(crate) fn router() -> Router<Api> {
    Router::new()
        .route("/batches", get(batches::list).merge(post(submission::submit)))
        .route("/batches/{id}", get(batches::show))
        .route("/batches/{id}/tasks", get(tasks::list))
        .route("/batches/{id}/tasks/{number}", get(tasks::show))
        .route("/batches/{id}/tasks/{number}/content", get(content::show))
        .route("/batches/{id}/results", get(results::stream))
        .route("/batches/{id}/cancel", post(cancellation::cancel))
        .route("/credits", get(credits::show))
        .route("/ledger", get(ledger::list))
        .route("/webhook-endpoints", get(endpoints::list).merge(post(endpoints::create)))
        .route("/webhook-endpoints/{id}", get(endpoints::show).merge(patch(endpoints::change)).merge(delete(endpoints::delete)))
        .route("/webhook-endpoints/{id}/enable", post(endpoints::enable))
        .route("/webhook-endpoints/{id}/disable", post(endpoints::disable))
        .route("/webhook-endpoints/{id}/rotate-secret", post(endpoints::rotate))
        .route("/webhook-endpoints/{id}/test", post(endpoints::test))
        .route("/webhook-deliveries", get(deliveries::list))
        .route("/webhook-deliveries/{id}", get(deliveries::show))
        .route("/webhook-deliveries/{id}/resend", post(deliveries::resend))
        .route("/webhook-replays", get(replays::list).merge(post(replays::start)))
        .route("/webhook-replays/preview", post(replays::preview))
        .route("/webhook-replays/{id}", get(replays::show))
        .route("/webhook-replays/{id}/abort", post(replays::abort))
}
