//! What guards every answer and the console: headers that browsers heed, and a refusal of foreign host names.
//!
//! There is no sign-in yet: whoever reaches the console reads it. It listens on loopback only, and a web page elsewhere must
//! not reach it by a name of its own that resolves to loopback (DNS rebinding): so the console answers only when it is
//! addressed as loopback. The customer API asks for a key and may stand behind any name.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

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

    #[tokio::test]
    async fn an_answer_that_says_nothing_is_not_kept() {
        let cached = |response: Response| async { with_headers(response).await.headers()[header::CACHE_CONTROL].clone() };
        assert_eq!(cached("page".into_response()).await, "no-store");
        assert_eq!(cached(([(header::CACHE_CONTROL, "no-cache")], "file").into_response()).await, "no-cache");
    }
}
