//! What goes around every answer: the request's name, the rate limit's state, and a problem document for every failure.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE32_NOPAD;
use tracing::Instrument;

use super::code::Code;
use super::problem::Problem;
use crate::domain::id::Random;
use crate::service::Service;
use crate::service::keys::{Admission, Caller};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One request and its answer: what is known of it from its start to its end.
#[derive(Clone, Debug)]
pub(crate) struct Exchange(Arc<Known>);

#[derive(Debug)]
struct Known {
    request_id: String,
    admission: OnceLock<Admission>,
}

impl Exchange {
    fn new(random: &dyn Random) -> Self {
        Self(Arc::new(Known { request_id: request_id(random), admission: OnceLock::new() }))
    }

    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Counts the request against the caller's limit; the answer will say what is left of it.
    pub async fn admit(&self, service: &Service, caller: &Caller) -> Result<(), Problem> {
        let admission = service.admit(caller).await?;
        // Asked once per request; a second answer would only be newer.
        let _ = self.0.admission.set(admission);
        Ok(())
    }
}

/// `req_` and 26 characters: 128 random bits, so that no two requests ever share a name and nobody can guess one.
pub fn request_id(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    format!("req_{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// The outermost layer.
pub(crate) async fn envelope(State(random): State<Arc<dyn Random>>, mut request: Request, next: Next) -> Response {
    let exchange = Exchange::new(&*random);
    request.extensions_mut().insert(exchange.clone());
    let request_id = exchange.request_id();
    let span = tracing::info_span!("api", request_id, method = %request.method(), path = request.uri().path());
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = span.in_scope(|| finished(response, request_id));
    if let Ok(name) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(X_REQUEST_ID, name);
    }
    if let Some(admission) = exchange.0.admission.get() {
        put_rate_limit(response.headers_mut(), admission.limit_per_min, admission.remaining, admission.reset_ms);
    }
    response
}

/// Writes a failure out as a problem document, whoever made it.
fn finished(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    let problem = response.extensions_mut().remove::<Problem>();
    if problem.is_none() && !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = problem.unwrap_or_else(|| unnamed(&response));
    if let Some(log) = problem.log() {
        tracing::error!(code = %problem.code(), "{log}");
    } else {
        tracing::debug!(code = %problem.code(), "{}", problem.detail());
    }
    let limit_per_min = problem.limit_per_min();
    let retry_after_s = problem.retry_after_s().unwrap_or(0);
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut headers = problem.clone().into_response().headers().clone();
    headers.extend(allow.map(|methods| (header::ALLOW, methods)));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(limit) = limit_per_min {
        put_rate_limit(&mut headers, limit, 0, retry_after_s.saturating_mul(1_000));
    }
    let mut written = (problem.code().status(), Json(problem.into_body(request_id))).into_response();
    written.headers_mut().extend(headers);
    written
}

/// A failure that routing, an extractor or a layer answered by itself.
fn unnamed(response: &Response) -> Problem {
    let code = Code::of_status(response.status());
    let (_, title, advice) = code.about();
    let problem = Problem::new(code, format!("{title}. {advice}"));
    match code {
        Code::Unavailable => problem.retry_after_ms(1_000),
        Code::Internal => Problem::internal(format!("answered {} without saying why", response.status())),
        _ => problem,
    }
}

/// The draft of the IETF (draft-ietf-httpapi-ratelimit-headers): quota and window, what remains and seconds until it is whole.
fn put_rate_limit(headers: &mut HeaderMap, limit_per_min: i64, remaining: i64, reset_ms: i64) {
    let seconds = reset_ms.max(0).saturating_add(999) / 1_000;
    let policy = format!("\"default\";q={limit_per_min};w=60");
    let state = format!("\"default\";r={};t={seconds}", remaining.max(0));
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// A handler that panicked. Its transaction was rolled back when it was dropped.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> axum::http::Response<Body> {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format!("a handler panicked: {}", said.unwrap_or("(no message)"))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[derive(Debug)]
    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn panics() -> &'static str {
        panic!("secret")
    }

    async fn ask(method: &str, path: &str) -> (StatusCode, HeaderMap, serde_json::Value) {
        let random: Arc<dyn Random> = Arc::new(Fixed);
        let router = Router::new()
            .route("/panics", get(|| async { panics() }))
            .route("/fails", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .route("/fine", get(|| async { "fine" }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(random, envelope));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, headers, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn every_failure_is_a_problem_document_with_the_requests_name() {
        for (method, path, status, code) in [
            ("GET", "/panics", 500, "internal_error"),
            ("GET", "/fails", 500, "internal_error"),
            ("GET", "/nowhere", 404, "unknown_route"),
            ("POST", "/fine", 405, "method_not_allowed"),
        ] {
            let (answered, headers, body) = ask(method, path).await;
            assert_eq!((answered.as_u16(), body["code"].as_str()), (status, Some(code)), "{path}");
            assert_eq!(headers[header::CONTENT_TYPE], PROBLEM_JSON);
            assert_eq!(headers[X_REQUEST_ID], body["request_id"].as_str().unwrap());
            assert!(!body.to_string().contains("secret"));
            assert_eq!(headers.get(header::ALLOW).is_some(), status == 405);
        }
    }

    #[tokio::test]
    async fn every_answer_names_the_request() {
        let (status, headers, _) = ask("GET", "/fine").await;
        assert_eq!((status, headers[X_REQUEST_ID].len()), (StatusCode::OK, 30));
    }
}
