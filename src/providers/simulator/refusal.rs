//! Refusals: answers with a bad status, in OpenAI's error body `{"error":{message,type,param,code}}`.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    /// `error.type`.
    pub kind: &'static str,
    pub param: Option<&'static str>,
    pub message: Cow<'static, str>,
    /// Sent as `retry-after-ms`, and rounded up as `retry-after`.
    pub retry_after_ms: Option<u64>,
}

/// How long a throttled client is asked to wait: longer than a tick of a worker, shorter than patience.
const RETRY_AFTER_MS: u64 = 1_000;

pub const SENTINEL_BLOCK: Refusal =
    refusal(400, "sentinel_block", "invalid_request_error", Some("prompt"), "This prompt was refused before generation.");
pub const INVALID_VALUE: Refusal =
    refusal(400, "invalid_value", "invalid_request_error", Some("seconds"), "Invalid value for 'seconds': expected one of 4, 8 or 12.");
pub const MISSING_PROMPT: Refusal =
    refusal(400, "missing_required_parameter", "invalid_request_error", Some("prompt"), "Missing required parameter: 'prompt'.");
pub const LONG_PROMPT: Refusal =
    refusal(400, "string_above_max_length", "invalid_request_error", Some("prompt"), "The prompt may have 32000 characters at most.");
pub const INVALID_JSON: Refusal = refusal(400, "invalid_json", "invalid_request_error", None, "The body is not a JSON object.");
pub const UNAUTHORIZED: Refusal = refusal(401, "invalid_api_key", "invalid_request_error", None, "The API key is missing or wrong.");
pub const NO_SUCH_VIDEO: Refusal = refusal(404, "video_not_found", "invalid_request_error", Some("id"), "No video has this id.");
pub const NO_CONTENT: Refusal =
    refusal(404, "content_not_found", "invalid_request_error", None, "This video has no content, or it has expired.");
pub const NOT_READY: Refusal = refusal(400, "video_not_ready", "invalid_request_error", None, "This video is not completed.");
pub const NO_SUCH_ROUTE: Refusal = refusal(404, "unknown_url", "invalid_request_error", None, "No such address.");
pub const MODEL_GONE: Refusal =
    refusal(404, "model_not_found", "invalid_request_error", Some("model"), "This model is no longer available.");
pub const EARLY: Refusal = refusal(408, "request_timeout", "timeout", None, "The request took too long to arrive.");
pub const RATE_LIMITED: Refusal = throttling("rate_limit_exceeded", "Too many requests. Slow down.");
pub const TOO_MANY_JOBS: Refusal = throttling("concurrent_requests_limit", "Too many videos are being made at once.");
pub const NO_QUOTA: Refusal =
    refusal(429, "insufficient_quota", "insufficient_quota", None, "You exceeded your current quota. Check your plan and billing details.");
pub const NO_CAPACITY: Refusal = refusal(503, "service_unavailable", "server_error", None, "The model is overloaded. Try again later.");

const fn refusal(status: u16, code: &'static str, kind: &'static str, param: Option<&'static str>, message: &'static str) -> Refusal {
    Refusal { status, code, kind, param, message: Cow::Borrowed(message), retry_after_ms: None }
}

const fn throttling(code: &'static str, message: &'static str) -> Refusal {
    let message = Cow::Borrowed(message);
    Refusal { status: 429, code, kind: "requests", param: None, message, retry_after_ms: Some(RETRY_AFTER_MS) }
}

impl Refusal {
    /// A bare status, as a directive asks for it: its code says nothing, so that the status must decide. A 429 asks to wait.
    pub fn of_status(status: u16) -> Self {
        let message = Cow::Owned(format!("The simulated provider was asked to answer {status}."));
        let retry_after_ms = (status == 429).then_some(RETRY_AFTER_MS);
        Self { status, code: "simulated_status", kind: "simulated", param: None, message, retry_after_ms }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}});
        let mut response = (status, Json(body)).into_response();
        if let Some(ms) = self.retry_after_ms {
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static("retry-after-ms"), HeaderValue::from(ms));
            headers.insert(HeaderName::from_static("retry-after"), HeaderValue::from(ms.div_ceil(1_000)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn speaks_the_error_body_of_openai() {
        let response = SENTINEL_BLOCK.into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "sentinel_block");
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert_eq!(body["error"]["param"], "prompt");
        assert!(body["error"]["message"].is_string());
    }

    #[test]
    fn a_throttled_client_is_told_how_long_to_wait() {
        for refusal in [RATE_LIMITED, Refusal::of_status(429)] {
            let headers = refusal.into_response().headers().clone();
            assert_eq!((&headers["retry-after-ms"], &headers["retry-after"]), (&HeaderValue::from(1_000), &HeaderValue::from(1)));
        }
    }
}
