//! What happened to a batch, a page at a time.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::console::query::TimelineQuery;
use crate::domain::id::BatchId;
use crate::domain::page::PageSize;
use crate::domain::timeline::Happening;
use crate::service::Service;
use crate::service::timeline::Seek;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelinePage {
    /// Oldest first.
    pub rows: Vec<Happening>,
    pub has_before: bool,
    pub has_after: bool,
}

pub async fn read_timeline(id: BatchId, query: TimelineQuery) -> Result<TimelinePage, ConsoleError> {
    let service = expect_context::<Service>();
    let seek = query.after.map(Seek::After).or(query.before.map(Seek::Before)).unwrap_or(Seek::First);
    let page = service.timeline(id, query.side, seek, PageSize::default()).await.map_err(refuse)?;
    Ok(TimelinePage { rows: page.rows, has_before: page.has_before, has_after: page.has_after })
}
