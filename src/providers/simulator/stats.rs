//! `/simulator/…`: what was counted. Not part of any provider's API, and open to every caller: it tells no prompts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::SimulatorState;

/// References on one answer.
const REFERENCES_MAX: usize = 1_000;
const REFERENCES_USUAL: usize = 100;

#[derive(Debug, Deserialize)]
pub struct Limit {
    limit: Option<usize>,
}

/// `GET /simulator/stats`: `{"submissions","distinct_references","duplicate_references","jobs","by_status":{…},
/// "content_downloads"}`. `by_status` is of the jobs that are kept; the other numbers are of all since the start.
pub async fn stats(State(state): State<Arc<SimulatorState>>) -> Json<Value> {
    let jobs = state.jobs();
    let mut told = json!(jobs.totals());
    told["by_status"] = json!(jobs.by_status(state.clock.now_ms()));
    Json(told)
}

/// `GET /simulator/references?limit=`: the references that made a video twice, latest first.
pub async fn references(State(state): State<Arc<SimulatorState>>, Query(Limit { limit }): Query<Limit>) -> Json<Value> {
    let limit = limit.unwrap_or(REFERENCES_USUAL).min(REFERENCES_MAX);
    let jobs = state.jobs();
    let duplicates = jobs.duplicates().take(limit);
    let data: Vec<Value> = duplicates
        .map(|(reference, count)| json!({"reference": reference, "submissions": count.submissions, "taken": count.taken}))
        .collect();
    Json(json!({"object": "list", "data": data}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::simulator::SimulatorConfig;

    #[tokio::test]
    async fn tells_what_was_counted() {
        let state = Arc::new(SimulatorState::new(SimulatorConfig::default()));
        for _ in 0..2 {
            state.jobs().count_submission(Some("b/1/1"));
            state.jobs().count_taken(Some("b/1/1"), "video_1");
        }
        let Json(told) = stats(State(Arc::clone(&state))).await;
        let by_status = json!({"queued": 0, "in_progress": 0, "completed": 0, "failed": 0});
        let wanted = json!({
            "submissions": 2, "distinct_references": 1, "duplicate_references": 1, "jobs": 0, "content_downloads": 0, "by_status": by_status,
        });
        assert_eq!(told, wanted);
        let Json(told) = references(State(state), Query(Limit { limit: Some(5) })).await;
        assert_eq!(told["data"], json!([{"reference": "b/1/1", "submissions": 2, "taken": 2}]));
    }
}
