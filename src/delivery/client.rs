//! One HTTP try: at most one POST, no redirect followed, no proxy, no more read than is kept for support.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect;

use super::guard::{Blocked, Guard, NoSuchName};
use super::signature::sign;
use crate::domain::time::Time;
use crate::domain::webhook::target::Subnets;
use crate::domain::webhook::{AttemptClass, WebhookSecret};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// More of an answer is not read.
const READ_MAX_BYTES: usize = 64 << 10;
/// More of an answer is not kept.
const KEPT_MAX_BYTES: usize = 8 << 10;
const HEADERS_MAX_BYTES: usize = 8 << 10;
const POOL_IDLE: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("Batchbook-Webhooks/", env!("CARGO_PKG_VERSION"));
/// A header whose name holds one of these is not shown.
const SECRET_NAMES: [&str; 9] = ["auth", "cookie", "credential", "key", "pass", "secret", "session", "sign", "token"];

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    pub url: &'r str,
    /// `webhook-id`: the same through all attempts.
    pub id: &'r str,
    /// When this attempt is made.
    pub now: Time,
    pub body: &'r str,
    pub secrets: &'r [WebhookSecret],
    pub timeout_ms: i32,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub class: AttemptClass,
    pub http_status: Option<u16>,
    /// What the answer asked for, where it did so in a way that can be read.
    pub retry_after_s: Option<i64>,
    /// A line each; secrets are masked.
    pub headers: Option<String>,
    /// The first 8 kB.
    pub body: Option<String>,
    pub error: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be made for webhooks: {0}")]
pub struct BadClient(#[from] reqwest::Error);

#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    subnets: Subnets,
}

impl Client {
    pub fn new(subnets: Subnets) -> Result<Self, BadClient> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(std::sync::Arc::new(Guard(subnets)))
            .no_proxy()
            .referer(false)
            .redirect(redirect::Policy::none())
            // What is sent again is decided, and recorded, elsewhere.
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .build()?;
        Ok(Self { http, subnets })
    }

    pub async fn send(&self, request: &Request<'_>) -> Reply {
        let url = match self.subnets.check(request.url) {
            Ok(url) => url,
            Err(refusal) => return Reply::failed(AttemptClass::Blocked, format!("the address {refusal}")),
        };
        let timestamp_s = request.now.micros() / 1_000_000;
        let sent = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", request.id)
            .header("webhook-timestamp", timestamp_s.to_string())
            .header("webhook-signature", sign(request.secrets, request.id, timestamp_s, request.body))
            .timeout(Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0)))
            .body(request.body.to_owned())
            .send()
            .await;
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Reply::failed(class_of(&error), causes(&error.without_url())),
        };
        let status = response.status().as_u16();
        let mut reply = Reply {
            class: AttemptClass::of_status(status),
            http_status: Some(status),
            retry_after_s: retry_after_s(response.headers(), request.now),
            headers: Some(shown(response.headers())),
            body: None,
            error: None,
        };
        let mut body = Vec::new();
        while body.len() < READ_MAX_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => {
                    // What the status says is not sure before the answer is whole.
                    reply.class = if error.is_timeout() { AttemptClass::Timeout } else { AttemptClass::Connection };
                    reply.error = Some(format!("the answer broke off after {} bytes: {}", body.len(), causes(&error.without_url())));
                    break;
                }
            }
        }
        body.truncate(KEPT_MAX_BYTES);
        reply.body = Some(text_of(&body));
        reply
    }
}

impl Reply {
    fn failed(class: AttemptClass, error: String) -> Self {
        Self { class, http_status: None, retry_after_s: None, headers: None, body: None, error: Some(error) }
    }
}

fn class_of(error: &reqwest::Error) -> AttemptClass {
    if cause::<Blocked>(error) {
        AttemptClass::Blocked
    } else if cause::<NoSuchName>(error) {
        AttemptClass::Dns
    } else if error.is_builder() {
        AttemptClass::Internal
    } else if error.is_timeout() {
        if error.is_connect() { AttemptClass::ConnectTimeout } else { AttemptClass::Timeout }
    } else if is_tls(error) {
        AttemptClass::Tls
    } else {
        AttemptClass::Connection
    }
}

fn chain<'e>(error: &'e reqwest::Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error: &&'e (dyn Error + 'static)| (*error).source())
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> bool {
    chain(error).any(<dyn Error>::is::<E>)
}

/// The TLS library's errors come wrapped as I/O errors, whose inner error is not among the sources.
fn is_tls(error: &reqwest::Error) -> bool {
    chain(error)
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::InvalidData || error.to_string().contains("certificate"))
}

/// An error with what caused it: the outermost one names only the step.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    for cause in chain(error).skip(1) {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {cause}");
    }
    text
}

/// Seconds, or a date.
fn retry_after_s(headers: &HeaderMap, now: Time) -> Option<i64> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<i64>() {
        return (seconds >= 0).then_some(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let at_s = i64::try_from(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()?;
    Some((at_s - now.micros() / 1_000_000).max(0))
}

fn shown(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let is_secret = SECRET_NAMES.iter().any(|part| name.as_str().contains(part));
        let value = if is_secret { "…".to_owned() } else { text_of(value.as_bytes()) };
        if text.len() + name.as_str().len() + value.len() > HEADERS_MAX_BYTES {
            break;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    text
}

/// Text that a database takes.
fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn reads_retry_after_as_seconds_or_as_a_date() {
        let now = Time::from_micros(1_795_000_000_000_000);
        let read = |value| retry_after_s(&headers(&[("retry-after", value)]), now);
        assert_eq!((read("120"), read(" 0 "), read("-1"), read("soon"), read("")), (Some(120), Some(0), None, None, None));
        assert_eq!(read("Wed, 18 Nov 2026 11:07:40 GMT"), Some(60));
        assert_eq!(read("Wed, 18 Nov 2020 11:07:40 GMT"), Some(0), "past");
        assert_eq!(retry_after_s(&headers(&[]), now), None);
    }

    #[test]
    fn masks_headers_that_may_hold_secrets() {
        let text = shown(&headers(&[("content-type", "text/plain"), ("set-cookie", "sid=1"), ("x-api-key", "2"), ("authorization", "3")]));
        assert!(text.contains("content-type: text/plain\n") && text.contains("set-cookie: …\n"), "{text}");
        assert!(!text.contains("sid=1") && !text.contains(": 2") && !text.contains(": 3"), "{text}");
    }
}
