//! Tells what a page of another site makes an operator's browser send. There is no CORS here, so other pages cannot read; this
//! keeps them from acting. Programs that are no browsers send neither header, and are let through.

use axum::http::{HeaderMap, header};

/// Fetch metadata decides where it is sent (<https://www.w3.org/TR/fetch-metadata/>), else the origin.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    text(header::ORIGIN.as_str()).is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_none() || host != text(header::HOST.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crosses(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
        is_cross_site(&headers.collect())
    }

    #[test]
    fn only_the_console_itself_and_programs_may_act() {
        let host = ("host", "127.0.0.1:3000");
        for good in [&[host][..], &[host, ("sec-fetch-site", "same-origin")], &[host, ("origin", "http://127.0.0.1:3000")]] {
            assert!(!crosses(good), "{good:?}");
        }
        for bad in [
            &[host, ("sec-fetch-site", "cross-site")][..],
            &[host, ("sec-fetch-site", "same-site")],
            &[host, ("origin", "http://evil.example")],
            &[host, ("origin", "http://127.0.0.1:4000")],
            &[host, ("origin", "null")],
        ] {
            assert!(crosses(bad), "{bad:?}");
        }
    }
}
