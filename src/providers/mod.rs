//! The upstreams that make the videos, each behind [`Provider`]. One file per upstream; `classify.rs` decides what an answer
//! means; `simulator/` is a real HTTP server that speaks an upstream's API. Nothing outside this folder knows one upstream
//! from another.

use async_trait::async_trait;

use self::download::{Download, NoDownload};
use crate::domain::attempt::{CancelAnswer, Order, Polled, Submitted};

pub mod classify;
pub mod download;
pub mod identity;
pub mod openai_videos;
pub mod registry;
pub mod simulator;

/// One upstream account. Calls never touch the database and may be abandoned at any point: what an abandoned call means is
/// decided by whoever recorded that it was about to be made.
///
/// No call returns an error: everything that can happen is one of the answers, decided by the rules in `classify.rs`.
#[async_trait]
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// Sends an order. Not idempotent upstream: the same order sent twice is made, and billed, twice.
    async fn submit(&self, order: &Order) -> Submitted;

    /// Asks after an order. May be called any number of times.
    async fn poll(&self, provider_job: &str) -> Polled;

    /// Asks the provider to stop. Most cannot.
    async fn cancel(&self, provider_job: &str) -> CancelAnswer;

    /// Fetches a finished video, or a part of it, from the address that the provider gave. `range` is one range of bytes, as HTTP
    /// writes it.
    async fn download(&self, _url: &str, _range: Option<&str>) -> Result<Download, NoDownload> {
        Err(NoDownload::Unavailable("this provider's results cannot be fetched".to_owned()))
    }
}
