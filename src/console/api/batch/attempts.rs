//! What the tab of attempts shows: a page of what was sent to providers, and what all that was asked for cost.

use leptos::prelude::*;

use super::AttemptRow;
use crate::console::api::ConsoleError;
use crate::console::api::refusal::{not_found, refuse};
use crate::domain::attempt::{AttemptFilter, AttemptPlace};
use crate::domain::money::Money;
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::service::{Reader, Service};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptsPage {
    /// Each with the number of its task.
    pub rows: Vec<(i32, AttemptRow)>,
    pub next: Option<AttemptPlace>,
    /// Of all that were asked for.
    pub cost: Money,
    /// Of the whole batch: of attempts that succeeded, and that failed.
    pub costs: (Money, Money),
    pub now: Time,
}

pub async fn read_attempts(id: String, filter: AttemptFilter, after: AttemptPlace) -> Result<AttemptsPage, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let batch = service.batch(Reader::Operator, id).await.map_err(refuse)?;
    let found = service.find_attempts(id, filter, after, PageSize::default()).await.map_err(refuse)?;
    Ok(AttemptsPage {
        rows: found.rows.into_iter().map(|attempt| (attempt.task_number, AttemptRow::from(attempt))).collect(),
        next: found.next,
        cost: found.cost,
        costs: (batch.cost_succeeded, batch.cost_failed),
        now: service.now(),
    })
}
