//! What the tab of attempts shows: a page of what was sent to providers, and what all that was asked for cost.

use leptos::prelude::*;

use super::AttemptRow;
use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::domain::attempt::{AttemptFilter, AttemptPlace};
use crate::domain::id::BatchId;
use crate::domain::money::Money;
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptsPage {
    /// Each with the number of its task.
    pub rows: Vec<(i32, AttemptRow)>,
    pub next: Option<AttemptPlace>,
    /// Of all that were asked for.
    pub cost: Money,
    pub now: Time,
}

pub async fn read_attempts(id: BatchId, filter: AttemptFilter, after: AttemptPlace) -> Result<AttemptsPage, ConsoleError> {
    let service = expect_context::<Service>();
    let found = service.find_attempts(id, filter, after, PageSize::default()).await.map_err(refuse)?;
    Ok(AttemptsPage {
        rows: found.rows.into_iter().map(|attempt| (attempt.task_number, AttemptRow::from(attempt))).collect(),
        next: found.next,
        cost: found.cost,
        now: service.now(),
    })
}
