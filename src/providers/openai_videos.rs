//! The OpenAI videos API, as OpenAI had it and as many gateways still speak it (PROVIDERS §1, §2).
//!
//! The protocol: `POST /videos` makes a job, `GET /videos/{id}` tells its status until it is completed or failed. There is no
//! way to cancel, and no way to tell a repeated submission from a new one: so one call of [`Provider::submit`] is at most one
//! POST that reaches the upstream, and what is not certainly refused is [`Submitted::Unanswered`].
//!
//! The body may be read in full before anything is decided, never more than [`ANSWER_MAX_BYTES`] of it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Url, redirect};
use serde_json::{Value, json};

use self::answer::{Answer, ResultUrl};
use super::Provider;
use super::classify::{self, JobStatus, Signal};
use super::download::{self, Download, NoDownload};
use crate::domain::attempt::{CancelAnswer, Order, Output, Polled, Submitted};
use crate::domain::webhook::target::Subnets;

mod answer;
#[cfg(test)]
mod tests;

/// The longest answer that is read. A video object is under 40 kB even with the longest prompt.
pub const ANSWER_MAX_BYTES: usize = 1 << 20;

/// A connection that was idle longer is not used again: an upstream that closes it while a POST is on its way leaves an order
/// unanswered.
const POOL_IDLE_MS: u64 = 15_000;

/// Shorter keys open no account.
const KEY_MIN_LEN: usize = 8;

const USER_AGENT: &str = concat!("batchbook/", env!("CARGO_PKG_VERSION"));

/// A secret that no log and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one header that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where an upstream is, and how long it is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAiVideosConfig {
    /// With the version, like `https://api.openai.com/v1`.
    pub base_url: String,
    pub api_key: Secret,
    pub connect_timeout_ms: u64,
    /// From the first byte out to the last byte in. When it passes after sending, the order is unanswered, so it is long.
    pub submit_timeout_ms: u64,
    pub poll_timeout_ms: u64,
    /// Subnets that results may lie in although they are not public.
    pub subnets: Subnets,
}

impl OpenAiVideosConfig {
    /// An upstream with the usual timeouts: 5 s to connect, 60 s to submit, 20 s to poll.
    pub fn new(base_url: impl Into<String>, api_key: Secret) -> Self {
        Self {
            base_url: base_url.into(),
            api_key,
            connect_timeout_ms: 5_000,
            submit_timeout_ms: 60_000,
            poll_timeout_ms: 20_000,
            subnets: Subnets::default(),
        }
    }
}

/// The configuration of an upstream cannot work. Said at start, not once per order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    #[error("the provider's base URL {0:?} is not an http or https address")]
    BaseUrl(String),
    #[error("the provider's key holds a character that no HTTP header may hold")]
    ApiKey,
    #[error("no HTTP client could be made for the provider: {0}")]
    Client(String),
}

/// One account at an upstream that speaks the OpenAI videos API.
#[derive(Clone, Debug)]
pub struct OpenAiVideos {
    client: Client,
    /// For finished videos, which take longer than answers.
    downloads: Client,
    videos_url: Url,
    config: OpenAiVideosConfig,
}

/// Why there is no [`Answer`].
enum NoAnswer {
    /// No byte of the request can have been sent.
    NotSent(Signal),
    /// The request was sent, or may have been.
    Lost(Signal),
}

impl OpenAiVideos {
    pub fn new(config: OpenAiVideosConfig) -> Result<Self, BadConfig> {
        let bad_url = || BadConfig::BaseUrl(config.base_url.clone());
        let mut videos_url =
            Url::parse(&config.base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(bad_url)?;
        videos_url.path_segments_mut().map_err(|()| bad_url())?.pop_if_empty().push("videos");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", config.api_key.expose())).map_err(|_| BadConfig::ApiKey)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        let downloads = download::client(headers.clone()).map_err(|error| BadConfig::Client(error.to_string()))?;
        let client = Client::builder()
            .default_headers(headers)
            .user_agent(USER_AGENT)
            // A redirect would turn a POST into a GET, or carry the key to another host.
            .redirect(redirect::Policy::none())
            // The client would repeat a request whose HTTP/2 connection is being closed, also where the upstream had read it.
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            .pool_idle_timeout(Duration::from_millis(POOL_IDLE_MS))
            .build()
            .map_err(|error| BadConfig::Client(error.to_string()))?;
        Ok(Self { client, downloads, videos_url, config })
    }

    fn job_url(&self, provider_job: &str, last: Option<&str>) -> Url {
        let mut url = self.videos_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(provider_job).extend(last);
        }
        url
    }

    async fn call(&self, request: RequestBuilder, timeout_ms: u64) -> Result<Answer, NoAnswer> {
        let sent = request.timeout(Duration::from_millis(timeout_ms)).send().await;
        let mut response = sent.map_err(|error| {
            let signal = Signal { message: Some(self.without_key(&causes(&error))), ..Signal::default() };
            if error.is_connect() || error.is_builder() { NoAnswer::NotSent(signal) } else { NoAnswer::Lost(signal) }
        })?;
        let mut body = Vec::new();
        let mut whole = true;
        while whole {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_MAX_BYTES => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => whole = false,
            }
        }
        // A body that broke off says nothing, but its status was said.
        let body = if whole { serde_json::from_str(&self.without_key(&String::from_utf8_lossy(&body))).ok() } else { None };
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }

    /// Some upstreams quote the key that they refuse. A word for trying things out is left alone: it is no secret, and may be part
    /// of a code that decides who pays.
    fn without_key(&self, text: &str) -> String {
        let key = self.config.api_key.expose();
        if key.len() < KEY_MIN_LEN { text.to_owned() } else { text.replace(key, "…") }
    }

    fn finished(&self, provider_job: &str, answer: &Answer) -> Polled {
        let url = match answer.result_url() {
            ResultUrl::Given(url) => self.videos_url.join(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https")),
            ResultUrl::NotGiven => Some(self.job_url(provider_job, Some("content"))),
            ResultUrl::Empty => None,
        };
        match url {
            Some(url) => Polled::Succeeded(Output { url: url.into(), expires_at: answer.expires_at() }),
            None => classify::result_missing(answer.signal()),
        }
    }
}

/// An error with what caused it: reqwest's own text names only the outermost step.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The sizes that the API knows; any other ratio is left to the upstream's default.
fn size_of(aspect_ratio: &str) -> Option<&'static str> {
    match aspect_ratio {
        "16:9" => Some("1280x720"),
        "9:16" => Some("720x1280"),
        _ => None,
    }
}

/// The body of a create call. `seconds` is a string there; what was not asked for is left out.
fn create_body(order: &Order) -> Value {
    let mut body = json!({ "model": order.upstream_model, "prompt": order.prompt });
    if let Some(seconds) = order.duration_s {
        body["seconds"] = seconds.to_string().into();
    }
    if let Some(size) = order.aspect_ratio.as_deref().and_then(size_of) {
        body["size"] = size.into();
    }
    if let Some(url) = order.reference_url.as_deref() {
        body["input_reference"] = json!({ "image_url": url });
    }
    body
}

#[async_trait]
impl Provider for OpenAiVideos {
    async fn submit(&self, order: &Order) -> Submitted {
        let mut request = self.client.post(self.videos_url.clone()).json(&create_body(order));
        if let Ok(reference) = HeaderValue::from_str(&order.reference) {
            request = request.header("x-client-request-id", reference);
        }
        let answer = match self.call(request, self.config.submit_timeout_ms).await {
            Ok(answer) => answer,
            Err(NoAnswer::NotSent(signal)) => return classify::submit_unsent(signal),
            Err(NoAnswer::Lost(signal)) => return classify::submit_unanswered(signal, "no_answer"),
        };
        if !answer.status.is_success() {
            return classify::submit_refused(answer.signal());
        }
        match answer.job_id() {
            // A job that is failed from the start is told by the first poll, like any other.
            Some(id) => Submitted::Accepted { provider_job: id.to_owned() },
            None if answer.body.is_none() => classify::submit_unanswered(answer.signal(), "unreadable_answer"),
            None => classify::submit_without_id(answer.signal()),
        }
    }

    async fn poll(&self, provider_job: &str) -> Polled {
        let request = self.client.get(self.job_url(provider_job, None));
        let answer = match self.call(request, self.config.poll_timeout_ms).await {
            Ok(answer) => answer,
            Err(NoAnswer::NotSent(signal)) => return classify::poll_unclear(signal, "not_sent"),
            Err(NoAnswer::Lost(signal)) => return classify::poll_unclear(signal, "no_answer"),
        };
        if !answer.status.is_success() {
            return classify::poll_refused(answer.signal());
        }
        if answer.body.is_none() {
            return classify::poll_unclear(answer.signal(), "unreadable_answer");
        }
        let Some(status) = answer.job_status() else {
            return classify::poll_refused(answer.signal());
        };
        match JobStatus::read(status) {
            JobStatus::Running => Polled::Running { poll_after_ms: answer.poll_after_ms() },
            JobStatus::Succeeded => self.finished(provider_job, &answer),
            JobStatus::Failed => classify::job_failed(answer.signal()),
            JobStatus::Canceled => classify::job_canceled(answer.signal()),
            JobStatus::Expired => classify::job_expired(answer.signal()),
        }
    }

    /// The API has no call for it (PROVIDERS §1.1).
    async fn cancel(&self, _provider_job: &str) -> CancelAnswer {
        CancelAnswer::Unsupported
    }

    async fn download(&self, url: &str, range: Option<&str>) -> Result<Download, NoDownload> {
        download::fetch(&self.downloads, &self.videos_url, self.config.subnets, url, range).await
    }
}
