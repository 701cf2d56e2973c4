//! Fetching finished videos: with the provider's key where the provider itself is asked, without it anywhere else.
//!
//! An address that a provider gives may lead anywhere, also into our own network. Only the provider's own origin is trusted;
//! every other host must be reached by https at addresses that webhooks may go to as well (`domain/webhook/target.rs`), which are
//! looked up once and then held to, and each redirect is judged anew.

use std::net::SocketAddr;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Response, StatusCode, Url, redirect};

use crate::domain::webhook::target::Subnets;

/// The longest video that is passed on.
pub const DOWNLOAD_BYTES_MAX: u64 = 2 << 30;
const REDIRECTS_MAX: usize = 3;
/// Until the answer begins.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Between two pieces of it.
const PIECE_MAX: Duration = Duration::from_secs(30);
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Pieces of a video. An error breaks the transfer off.
pub type Pieces = BoxStream<'static, Result<Vec<u8>, std::io::Error>>;

/// A video on its way.
pub struct Download {
    /// A part, and which: `bytes 0-3/1000`.
    pub content_range: Option<String>,
    pub content_type: Option<String>,
    pub length: Option<u64>,
    pub pieces: Pieces,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("content_type", &self.content_type).field("length", &self.length).finish_non_exhaustive()
    }
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDownload {
    /// The provider does not keep it any more.
    Gone,
    /// There are no such bytes in it.
    NoSuchRange,
    /// For now, or for a reason that only operators should read.
    Unavailable(String),
}

/// A client for long answers: no limit on the whole, one on each piece. Redirects are followed by [`fetch`].
pub fn client(headers: HeaderMap) -> reqwest::Result<Client> {
    builder(headers).build()
}

fn builder(headers: HeaderMap) -> reqwest::ClientBuilder {
    Client::builder()
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_MAX)
        .read_timeout(PIECE_MAX)
        // A proxy of ours might reach what a stranger must not.
        .no_proxy()
}

/// Fetches `url`: by `own`, which carries the key, as long as it is of the `home` origin.
pub async fn fetch(own: &Client, home: &Url, subnets: Subnets, url: &str, range: Option<&str>) -> Result<Download, NoDownload> {
    let mut url = Url::parse(url).map_err(|_| unavailable("the address of the result is none"))?;
    for _ in 0..=REDIRECTS_MAX {
        let response = if url.origin() == home.origin() {
            send(own, &url, range).await?
        } else {
            send(&stranger(subnets, &url).await?, &url, range).await?
        };
        if !response.status().is_redirection() {
            return read(response);
        }
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
        url = to.ok_or_else(|| unavailable("a redirect that leads nowhere"))?;
    }
    Err(unavailable("too many redirects"))
}

fn unavailable(why: impl ToString) -> NoDownload {
    NoDownload::Unavailable(why.to_string())
}

async fn send(client: &Client, url: &Url, range: Option<&str>) -> Result<Response, NoDownload> {
    let mut request = client.get(url.clone());
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    // The address may hold a signature: it stays out of the log.
    let sent = tokio::time::timeout(ANSWER_MAX, request.send()).await.map_err(|_| unavailable("the answer did not begin in time"))?;
    sent.map_err(|error| unavailable(error.without_url()))
}

/// A client without a key that reaches this host at the addresses that it has now, and nowhere else.
async fn stranger(subnets: Subnets, url: &Url) -> Result<Client, NoDownload> {
    let host = url.host_str().filter(|_| url.scheme() == "https").ok_or_else(|| unavailable("the result is not at an https address"))?;
    subnets.check(url.as_str()).map_err(|refusal| unavailable(format!("the address of the result {refusal}")))?;
    let port = url.port_or_known_default().unwrap_or(443);
    let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await.map_err(unavailable)?;
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() || !addresses.iter().all(|address| subnets.may_reach(address.ip())) {
        return Err(unavailable("the result is at an address that is not public"));
    }
    builder(HeaderMap::new()).https_only(true).resolve_to_addrs(host, &addresses).build().map_err(unavailable)
}

fn read(response: Response) -> Result<Download, NoDownload> {
    let status = response.status();
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(NoDownload::Gone),
        StatusCode::RANGE_NOT_SATISFIABLE => return Err(NoDownload::NoSuchRange),
        other => return Err(unavailable(format!("answered {other}"))),
    }
    let text = |name| response.headers().get(name).and_then(|value: &header::HeaderValue| value.to_str().ok()).map(str::to_owned);
    let content_range = text(header::CONTENT_RANGE).filter(|_| status == StatusCode::PARTIAL_CONTENT);
    let (content_type, length) = (text(header::CONTENT_TYPE), response.content_length());
    if status == StatusCode::PARTIAL_CONTENT && content_range.is_none() {
        return Err(unavailable("a part that does not say which"));
    }
    if length.is_some_and(|length| length > DOWNLOAD_BYTES_MAX) {
        return Err(unavailable("the result is too long"));
    }
    let mut left = DOWNLOAD_BYTES_MAX;
    let pieces = response.bytes_stream().map(move |piece| {
        let piece = piece.map_err(|error| std::io::Error::other(error.without_url()))?;
        left = left.checked_sub(piece.len() as u64).ok_or_else(|| std::io::Error::other("the result is too long"))?;
        Ok(piece.to_vec())
    });
    Ok(Download { content_range, content_type, length, pieces: pieces.boxed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_must_be_public_and_https() {
        for url in [
            "http://example.com/v.mp4",
            "https://127.0.0.1/v.mp4",
            "https://localhost/v.mp4",
            "https://[::1]/v.mp4",
            "https://[::ffff:10.0.0.1]/v.mp4",
            "https://user:pass@example.com/v.mp4",
            "https://example.com:22/v.mp4",
            "ftp://example.com/",
        ] {
            assert!(matches!(stranger(Subnets::default(), &Url::parse(url).unwrap()).await, Err(NoDownload::Unavailable(_))), "{url}");
        }
    }
}
