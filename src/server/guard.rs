//! What guards every answer and the console: headers that browsers heed, a name for each request, and nobody who has not signed in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use leptos::server_fn::error::FromServerFnError;
use tracing::Instrument;

use crate::api;
use crate::api::door::by_of;
use crate::console::api::ConsoleError;
use crate::console::query::LoginQuery;
use crate::domain::access::Who;
use crate::domain::id::Random;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    // For what is no page of the console: nothing runs there.
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ),
    ),
];
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Two years, as browsers' lists ask for.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Below it pages ask for their data.
const DATA: &str = "/admin/data/";

/// What a page of the console may do: run the scripts that carry this answer's nonce, WASM, and what those load from here.
pub fn page_policy(nonce: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    HeaderValue::from_str(&policy).ok()
}

/// Adds the headers to every answer. What does not say how long it may be kept may not be kept: pages and answers show books.
pub async fn with_headers(State(https): State<bool>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    if https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HTTPS_ONLY);
    }
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// Names the request to the console, so that an error on a page can be found in the log. The name is ours: one that came along
/// could be anything.
pub async fn named(State(random): State<Arc<dyn Random>>, mut request: Request, next: Next) -> Response {
    let name = api::request_id(&*random);
    let Ok(value) = HeaderValue::from_str(&name) else { return next.run(request).await };
    request.headers_mut().insert(X_REQUEST_ID, value.clone());
    let span = tracing::info_span!("console", request_id = name, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(X_REQUEST_ID, value);
    response
}

/// Lets nobody through who has not signed in, but to the pages where that is done.
pub async fn signed_in_only(request: Request, next: Next) -> Response {
    if LoginQuery::is_public(request.uri().path()) {
        return next.run(request).await;
    }
    match turned_away(&request) {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

/// What is answered to whoever has not signed in: people are led to the sign-in and back, programs are told.
pub fn turned_away(request: &Request) -> Option<Response> {
    if by_of(request.extensions()).who != Who::Nobody {
        return None;
    }
    let accepts = request.headers().get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if request.uri().path().starts_with(DATA) && (is_read || !accepts.contains("text/html")) {
        return Some((StatusCode::UNAUTHORIZED, ConsoleError::SignedOut.ser()).into_response());
    }
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    // A form that was sent too late is not sent again.
    let next = if is_read { address } else { "" };
    Some(Redirect::to(&LoginQuery::going_to(next).to_href()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_says_nothing_is_not_kept() {
        let cached = |response: Response| async { with_headers(State(false), response).await.headers()[header::CACHE_CONTROL].clone() };
        assert_eq!(cached("page".into_response()).await, "no-store");
        assert_eq!(cached(([(header::CACHE_CONTROL, "no-cache")], "file").into_response()).await, "no-cache");
    }
}
