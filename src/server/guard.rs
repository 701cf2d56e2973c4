//! What guards every answer and the console: headers that browsers heed, and a refusal of foreign host names.
//!
//! There is no sign-in yet: whoever reaches the console reads it. It listens on loopback only, and a web page elsewhere must
//! not reach it by a name of its own that resolves to loopback (DNS rebinding): so the console answers only when it is
//! addressed as loopback. The customer API asks for a key and may stand behind any name.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::api;
use crate::domain::id::Random;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

static HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'"),
    ),
];
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Adds the headers to every answer. What does not say how long it may be kept may not be kept: pages and answers show books.
pub async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
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

/// Refuses what would change something and was sent by a page of another site: there is no sign-in yet that it would lack, and
/// a form needs no permission to be sent anywhere. Programs that are no browsers say nothing, and may.
pub async fn only_own_pages(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_from_own_page(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This was sent by a page of another site, so nothing was done.\n").into_response()
}

fn is_from_own_page(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(&SEC_FETCH_SITE), text(&header::ORIGIN), text(&header::HOST)) {
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        // Browsers of before 2023 say only where the page is from.
        (None, Some(origin), host) => origin.split_once("://").map(|(_, authority)| authority) == host,
        (None, None, _) => true,
    }
}

/// Refuses requests to the console that name another host than loopback.
pub async fn only_loopback_names(request: Request, next: Next) -> Response {
    if names_loopback(request.uri(), request.headers().get(header::HOST)) {
        return next.run(request).await;
    }
    let text = "The console has no sign-in yet, so it answers only at loopback addresses: http://127.0.0.1 or http://localhost.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

fn names_loopback(uri: &Uri, host: Option<&HeaderValue>) -> bool {
    let host = match host {
        Some(host) => host.to_str().ok(),
        None => uri.authority().map(axum::http::uri::Authority::as_str),
    };
    host.is_none_or(is_loopback)
}

/// `localhost`, `127.0.0.1:3000`, `[::1]:3000`.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_loopback_by_its_names() {
        for good in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "[::1]:3000"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in ["", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "[fe80::1]:80"] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[test]
    fn only_own_pages_change_something() {
        let from = |headers: &[(&'static str, &'static str)]| {
            let pairs = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_from_own_page(&pairs.collect())
        };
        assert!(from(&[]));
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(!from(&[("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(!from(&[("origin", "https://evil.example"), ("host", "127.0.0.1:3000")]));
        assert!(!from(&[("origin", "null"), ("host", "127.0.0.1:3000")]));
    }

    #[tokio::test]
    async fn an_answer_that_says_nothing_is_not_kept() {
        let cached = |response: Response| async { with_headers(response).await.headers()[header::CACHE_CONTROL].clone() };
        assert_eq!(cached("page".into_response()).await, "no-store");
        assert_eq!(cached(([(header::CACHE_CONTROL, "no-cache")], "file").into_response()).await, "no-cache");
    }
}
