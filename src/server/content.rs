//! Finished videos for the customers' API, fetched through the providers: composes the two, which do not know each other.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use futures::StreamExt;
use tokio::sync::Semaphore;

use crate::api::{Content, ContentSource, NoContent};
use crate::providers::download::NoDownload;
use crate::providers::registry::Registry;

/// Videos that one process passes on at once.
const AT_ONCE_MAX: usize = 64;

#[derive(Debug)]
pub struct ProviderContent {
    providers: Registry,
    places: Arc<Semaphore>,
}

impl ProviderContent {
    pub fn new(providers: Registry) -> Self {
        Self { providers, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) }
    }
}

#[async_trait]
impl ContentSource for ProviderContent {
    async fn fetch(&self, provider: &str, url: &str, range: Option<&str>) -> Result<Content, NoContent> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NoContent::Busy)?;
        let provider = self.providers.get(provider).ok_or_else(|| NoContent::Unavailable("the provider is not configured".to_owned()))?;
        let download = provider.download(url, range).await.map_err(|error| match error {
            NoDownload::Gone => NoContent::Gone,
            NoDownload::NoSuchRange => NoContent::NoSuchRange,
            NoDownload::Unavailable(why) => NoContent::Unavailable(why),
        })?;
        // The place is given up with the last piece, or when the customer goes away.
        let pieces = download.pieces.map(move |piece| {
            let _held = &place;
            piece
        });
        Ok(Content {
            content_range: download.content_range,
            content_type: download.content_type,
            length: download.length,
            body: Body::from_stream(pieces),
        })
    }
}
