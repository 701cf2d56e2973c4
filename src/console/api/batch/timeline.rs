//! What happened to a batch, a page at a time.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{not_found, refuse};
use crate::domain::page::PageSize;
use crate::domain::timeline::{Happening, Mark, Side};
use crate::service::Service;
use crate::service::timeline::Seek;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelinePage {
    /// Oldest first.
    pub rows: Vec<Happening>,
    pub has_before: bool,
    pub has_after: bool,
}

/// `after` or `before`: at most one of them is given.
pub async fn read_timeline(
    id: String,
    side: Option<Side>,
    after: Option<Mark>,
    before: Option<Mark>,
) -> Result<TimelinePage, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let seek = after.map(Seek::After).or(before.map(Seek::Before)).unwrap_or(Seek::First);
    let page = service.timeline(id, side, seek, PageSize::default()).await.map_err(refuse)?;
    Ok(TimelinePage { rows: page.rows, has_before: page.has_before, has_after: page.has_after })
}
