//! One HTTP try: at most one POST, no redirect followed, no proxy, no more read than is kept for support.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect;

use super::guard::{Blocked, Guard, LookUp, NoSuchName, SystemNames};
use super::signature::sign;
use crate::domain::time::{Clock, Time};
use crate::domain::webhook::target::Subnets;
use crate::domain::webhook::{AttemptClass, WebhookSecret};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// More of an answer is not read, and a 2xx with more is none: no receiver has so much to say, but a web page has.
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
    pub clock: &'r dyn Clock,
    pub body: &'r str,
    pub secrets: &'r [WebhookSecret],
    pub timeout_ms: i32,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub class: AttemptClass,
    /// When it was sent: `webhook-timestamp`.
    pub requested_at: Time,
    /// When the answer began to arrive.
    pub responded_at: Option<Time>,
    /// `webhook-signature` as it was sent.
    pub signature: String,
    pub http_status: Option<u16>,
    /// The pause that a 429 or 503 asked for, where it did so in a way that can be read.
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
        Self::with_names(subnets, Arc::new(SystemNames))
    }

    /// With names from elsewhere than the system: tests say what a name leads to.
    pub fn with_names(subnets: Subnets, names: Arc<dyn LookUp>) -> Result<Self, BadClient> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(Guard { subnets, names }))
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
        let requested_at = request.clock.now();
        let timestamp_s = requested_at.micros() / 1_000_000;
        let mut reply = Reply {
            class: AttemptClass::Internal,
            requested_at,
            responded_at: None,
            signature: sign(request.secrets, request.id, timestamp_s, request.body),
            http_status: None,
            retry_after_s: None,
            headers: None,
            body: None,
            error: None,
        };
        let url = match self.subnets.check(request.url) {
            Ok(url) => url,
            Err(refusal) => return reply.failed(AttemptClass::BlockedAddress, format!("the address {refusal}")),
        };
        let is_secure = url.scheme() == "https";
        let sent = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", request.id)
            .header("webhook-timestamp", timestamp_s.to_string())
            .header("webhook-signature", &reply.signature)
            .timeout(Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0)))
            .body(request.body.to_owned())
            .send()
            .await;
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return reply.failed(class_of(&error, is_secure), causes(&error.without_url())),
        };
        let responded_at = request.clock.now();
        let status = response.status().as_u16();
        reply.class = AttemptClass::of_status(status);
        reply.responded_at = Some(responded_at);
        reply.http_status = Some(status);
        reply.headers = Some(shown(response.headers()));
        if matches!(status, 429 | 503) {
            reply.retry_after_s = retry_after_s(response.headers(), responded_at);
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => {
                    // What the status says is not sure before the answer is whole.
                    let class = if error.is_timeout() { AttemptClass::TimeoutResponse } else { AttemptClass::Reset };
                    let after = format!("the answer broke off after {} bytes: {}", body.len(), causes(&error.without_url()));
                    reply = reply.failed(class, after);
                    break;
                }
            }
            if body.len() > READ_MAX_BYTES {
                if reply.class.is_success() {
                    reply = reply.failed(AttemptClass::BodyTooLarge, format!("the answer is larger than {} kB", READ_MAX_BYTES >> 10));
                }
                break;
            }
        }
        body.truncate(KEPT_MAX_BYTES);
        let mut text = text_of(&body);
        // What is no text becomes longer by being shown as such.
        text.truncate(text.floor_char_boundary(KEPT_MAX_BYTES));
        reply.body = Some(text);
        reply
    }
}

impl Reply {
    fn failed(self, class: AttemptClass, error: String) -> Self {
        Self { class, error: Some(error), ..self }
    }
}

fn class_of(error: &reqwest::Error, is_secure: bool) -> AttemptClass {
    if cause::<Blocked>(error) {
        AttemptClass::BlockedAddress
    } else if cause::<NoSuchName>(error) {
        AttemptClass::Dns
    } else if error.is_builder() {
        AttemptClass::Internal
    } else if error.is_timeout() {
        if error.is_connect() { AttemptClass::TimeoutConnect } else { AttemptClass::TimeoutResponse }
    } else if is_tls(error) {
        AttemptClass::Tls
    } else if !error.is_connect() {
        AttemptClass::Reset
    } else if is_secure && !is_unreachable(error) {
        // There was a connection, and it ended before it was encrypted.
        AttemptClass::Tls
    } else {
        AttemptClass::Refused
    }
}

fn chain<'e>(error: &'e reqwest::Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error: &&'e (dyn Error + 'static)| (*error).source())
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> bool {
    chain(error).any(<dyn Error>::is::<E>)
}

fn io_errors(error: &reqwest::Error) -> impl Iterator<Item = &std::io::Error> {
    chain(error).filter_map(|error| error.downcast_ref())
}

fn is_unreachable(error: &reqwest::Error) -> bool {
    use std::io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
    io_errors(error).any(|error| matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable))
}

/// The TLS library's errors come wrapped as I/O errors, whose inner error is not among the sources.
fn is_tls(error: &reqwest::Error) -> bool {
    io_errors(error).any(|error| error.kind() == std::io::ErrorKind::InvalidData || error.to_string().contains("certificate"))
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
