//! What customers are told of a group: what it gave back, and those who asked for it of single tasks, as they were settled. Of all
//! others nothing is gathered.

use std::collections::BTreeMap;

use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchKey, TaskKey};
use crate::domain::task::TaskStatus;
use crate::domain::webhook::EventType;
use crate::store::batches::FailureAdded;
use crate::store::events::NewEvent;
use crate::store::{StoreResult, Tx, tasks};

use super::Group;
use super::money::Finished;
use crate::service::events::{EVENT_TASKS_MAX, RefundNews, TaskNews, TaskNewsError, refund};

/// Tasks of one batch that one event tells of.
pub(super) struct Together {
    batch: BatchKey,
    kind: EventType,
    tasks: Vec<TaskNews>,
}

impl Group<'_> {
    /// Gathers what there is to tell of single tasks, before their money is moved.
    pub(super) async fn ended_tasks(&self, tx: &mut Tx) -> StoreResult<Vec<Together>> {
        if self.lines.is_empty() {
            return Ok(Vec::new());
        }
        let mut gathered = Vec::new();
        for head in self.heads.iter().filter(|head| self.told.iter().any(|(customer, _)| *customer == head.customer)) {
            for (kind, status) in [(EventType::TaskSucceeded, TaskStatus::Succeeded), (EventType::TaskFailed, TaskStatus::Failed)] {
                if !self.told.iter().any(|(customer, wanted)| *customer == head.customer && wanted.wants(kind)) {
                    continue;
                }
                let ended: Vec<&Finished> = self.lines.iter().filter(|line| line.task.batch == head.key && line.status == status).collect();
                for together in ended.chunks(EVENT_TASKS_MAX) {
                    gathered.push(Together { batch: head.key, kind, tasks: news_of(tx, together).await? });
                }
            }
        }
        Ok(gathered)
    }

    /// The events, when the batches are as they are after this group.
    pub(super) fn task_events(&self, gathered: Vec<Together>) -> Vec<NewEvent> {
        let event = |together: Together| {
            let head = self.head(together.batch)?;
            Some(self.service.task_event(together.kind, head, together.tasks))
        };
        gathered.into_iter().filter_map(event).collect()
    }
}

async fn news_of(tx: &mut Tx, ended: &[&Finished]) -> StoreResult<Vec<TaskNews>> {
    let keys: Vec<TaskKey> = ended.iter().map(|line| line.task).collect();
    let custom_ids = tasks::custom_ids(tx, &keys).await?;
    let news = ended.iter().map(|line| {
        let (charged, refunded) =
            if line.status == TaskStatus::Succeeded { (line.credits, Credits::ZERO) } else { (Credits::ZERO, line.credits) };
        TaskNews {
            number: line.task.number,
            custom_id: custom_ids.iter().find(|(number, _)| *number == line.task.number).map(|(_, id)| id.clone()),
            charged,
            refunded,
            error: line.failure.map(TaskNewsError::of),
        }
    });
    Ok(news.collect())
}

/// What a group gave back in one batch, by what it was for; whoever bears it.
pub(super) fn refunds_of_group(
    failures: &BTreeMap<(BatchKey, FailureType, Party), FailureAdded>,
    canceled: &BTreeMap<BatchKey, (i64, Credits)>,
    batch: BatchKey,
) -> StoreResult<Vec<RefundNews>> {
    let mut by_type: BTreeMap<FailureType, (i64, Credits)> = BTreeMap::new();
    for ((_, failure, _), sum) in failures.iter().filter(|((of, ..), sum)| *of == batch && sum.tasks > 0) {
        let (tasks, credits) = by_type.entry(*failure).or_default();
        *tasks += sum.tasks;
        *credits = credits.checked_add(sum.refunded)?;
    }
    let mut refunds: Vec<RefundNews> =
        by_type.into_iter().map(|(failure, (tasks, credits))| refund(failure.as_str(), tasks, credits)).collect();
    refunds.extend(canceled.get(&batch).map(|(tasks, credits)| RefundNews::canceled(*tasks, *credits)));
    Ok(refunds)
}
