//! Whether the process lives (`/livez`), and whether it can do its work (`/healthz`).

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;

use crate::api::route::get;
use crate::store::Db;

/// A database that answers later than this counts as away.
const ANSWER_MAX: Duration = Duration::from_secs(3);

pub fn router(db: Db) -> Router {
    Router::new().route("/livez", get(async || Json(json!({"status": "ok"})))).route("/healthz", get(healthz)).with_state(db)
}

async fn healthz(State(db): State<Db>) -> Response {
    match tokio::time::timeout(ANSWER_MAX, db.ping()).await {
        Ok(Ok(())) => Json(json!({"status": "ok", "database": db.kind()})).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "healthz: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "database_unavailable"}))).into_response()
        }
        Err(_) => {
            tracing::warn!("healthz: the database did not answer within {} s", ANSWER_MAX.as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "database_unavailable"}))).into_response()
        }
    }
}
