//! Attempts of a batch: what was sent to providers, what came of it, and what it cost. For operators: attempts name providers.

use crate::domain::access::Action;
use crate::domain::attempt::{Attempt, AttemptFilter, AttemptPlace, AttemptState};
use crate::domain::id::BatchId;
use crate::domain::money::Money;
use crate::domain::page::PageSize;
use crate::store::tallies::BLOCK_TASKS;
use crate::store::{StoreError, attempts, batches};

use super::tasks::SEARCH_BLOCKS_MAX;
use super::{Reader, Service, ServiceError, ServiceResult};

/// A page of a batch's attempts, in the order of tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAttempts {
    pub rows: Vec<Attempt>,
    /// Where to go on; `None` after the last. A page may be short, because one look reads a bounded number of tasks.
    pub next: Option<AttemptPlace>,
    /// Provider cost of all attempts that the filter asks for, on whichever page, as it was kept when each ended.
    pub cost: Money,
}

impl Service {
    /// The attempts of a task, first to last.
    pub async fn attempts(&self, id: BatchId, number: i32) -> ServiceResult<Vec<Attempt>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        let rows = attempts::of_task(&mut tx, key, number).await?;
        Ok(self.masked_attempts(rows))
    }

    pub async fn find_attempts(
        &self,
        id: BatchId,
        filter: AttemptFilter,
        after: AttemptPlace,
        size: PageSize,
    ) -> ServiceResult<FoundAttempts> {
        self.may(Action::Read)?;
        let reach = i32::try_from(SEARCH_BLOCKS_MAX).unwrap_or(i32::MAX).saturating_mul(BLOCK_TASKS);
        let mut tx = self.db().read().await?;
        let batch = batches::by_id(&mut tx, None, id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let last = after.task.saturating_add(reach);
        let mut rows = attempts::matching(&mut tx, batch.key, filter, (after, last), size.get() + 1).await?;
        let max = usize::try_from(size.get()).unwrap_or(usize::MAX);
        let next = if rows.len() > max {
            rows.truncate(max);
            rows.last().map(|attempt| AttemptPlace { task: attempt.task_number, attempt: attempt.number })
        } else {
            (i64::from(last) < batch.counts.total).then(|| AttemptPlace { task: last + 1, attempt: 0 })
        };
        let failed = if filter.asks_for_failures() {
            let sums = batches::failures(&mut tx, batch.key).await?;
            let asked = sums.iter().filter(|sum| filter.failure.is_none_or(|failure| failure == sum.failure));
            let asked = asked.filter(|sum| filter.party.is_none_or(|party| party == sum.party));
            asked.map(|sum| sum.cost).try_fold(Money::ZERO, Money::checked_add).map_err(StoreError::from)?
        } else {
            batch.cost_failed
        };
        let cost = match filter.state {
            Some(AttemptState::Open) => Money::ZERO,
            Some(AttemptState::Succeeded) if filter.asks_for_failures() => Money::ZERO,
            Some(AttemptState::Succeeded) => batch.cost_succeeded,
            None if !filter.asks_for_failures() => failed.checked_add(batch.cost_succeeded).map_err(StoreError::from)?,
            Some(AttemptState::Failed) | None => failed,
        };
        Ok(FoundAttempts { rows: self.masked_attempts(rows), next, cost })
    }

    /// What was made of what customers wrote is hidden from operators whose role may not read it.
    pub(super) fn masked_attempts(&self, rows: Vec<Attempt>) -> Vec<Attempt> {
        let masks = self.may(Action::ReadPrompts).is_err();
        rows.into_iter().map(|attempt| if masks { attempt.masked() } else { attempt }).collect()
    }
}
