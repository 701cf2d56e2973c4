//! What the tab of tasks shows: a page of the tasks that a filter asks for, and one open task with the proof of what became of
//! its credits.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::domain::attempt::{Attempt, AttemptState, Billed, Evidence};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::grant::GrantKind;
use crate::domain::id::{BatchId, GrantId, TransactionId};
use crate::domain::ledger::{AccountKind, LineKind, Transaction};
use crate::domain::money::Money;
use crate::domain::page::{PAGE_MAX, PageSize};
use crate::domain::task::{Task, TaskFilter, TaskRow};
use crate::domain::time::Time;
use crate::service::tasks::TaskFile;
use crate::service::{Reader, Service, ServiceError};

/// A page of tasks, and what there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TasksPage {
    pub rows: Vec<TaskRow>,
    /// The page that this is: the last one, when a later one was asked for.
    pub page: i64,
    pub pages: i64,
    /// Exact: in the whole batch, or in the part that was searched.
    pub total: i64,
    /// First and last task of the part that was searched, when it was a part.
    pub searched: Option<(i32, i32)>,
    /// Rows that would stand here now, and do not yet, and rows that would not any more: what is looked at stays in place.
    pub changed: i64,
    pub now: Time,
}

/// An open task: everything about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDetail {
    pub row: TaskRow,
    pub created_at: Time,
    /// Whole.
    pub prompt: String,
    pub custom_id: Option<String>,
    pub reference_url: Option<String>,
    pub aspect_ratio: Option<String>,
    pub duration_s: Option<i32>,
    pub metadata: Option<String>,
    pub output_expires_at: Option<Time>,
    pub attempts: Vec<AttemptRow>,
    pub proof: Proof,
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    pub number: i32,
    pub provider: String,
    pub upstream_model: String,
    pub provider_job: Option<String>,
    pub state: AttemptState,
    pub failure: Option<(FailureType, Party)>,
    pub billed: Option<Billed>,
    pub cost: Money,
    pub evidence: Evidence,
    pub sent_at: Time,
    pub accepted_at: Option<Time>,
    pub finished_at: Option<Time>,
    pub late_result: Option<String>,
}

/// What became of a task's credits: where they were held, and every line of the ledger about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub hold: Option<ProofStep>,
    /// Grants that the hold drew on, in order; at most [`Proof::DRAWS_MAX`].
    pub draws: Vec<DrawnFrom>,
    /// The capture or release, and the reversal of a capture.
    pub steps: Vec<ProofStep>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnFrom {
    pub grant: GrantId,
    pub kind: GrantKind,
    pub credits: Credits,
}

/// One line of the ledger about a task, and the transaction that it is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStep {
    pub transaction: TransactionId,
    /// `None` for the hold.
    pub kind: Option<LineKind>,
    /// Of this task.
    pub credits: Credits,
    pub revenue: Money,
    /// Of the whole transaction.
    pub together: Credits,
    pub tasks: i64,
    /// What the customer could spend after it.
    pub available: Option<Credits>,
    pub at: Time,
}

/// `shown` are the numbers of the rows that are looked at: they stay, and what else would stand there is counted.
pub async fn read_tasks(
    id: BatchId,
    filter: TaskFilter,
    from: i32,
    page: i64,
    size: PageSize,
    shown: Vec<i32>,
) -> Result<TasksPage, ConsoleError> {
    let service = expect_context::<Service>();
    let found = service.find_task_rows(Reader::Operator, id, &filter, from, (page, size)).await.map_err(refuse)?;
    let fresh: Vec<i32> = found.rows.iter().map(|task| task.number).collect();
    let keeps = !shown.is_empty() && shown != fresh && i64::try_from(shown.len()).is_ok_and(|rows| rows <= PAGE_MAX);
    let changed = if keeps { TasksPage::changes(&fresh, &shown) } else { 0 };
    let rows = if keeps { service.numbered_task_rows(Reader::Operator, id, &shown).await.map_err(refuse)? } else { found.rows };
    Ok(TasksPage {
        rows,
        page: found.page,
        pages: found.pages,
        total: found.total,
        searched: found.searched.map(|searched| (searched.from, searched.to)),
        changed,
        now: service.now(),
    })
}

impl TasksPage {
    /// How many rows that are shown would not be, or others would: whichever are more.
    pub fn changes(fresh: &[i32], shown: &[i32]) -> i64 {
        let only = |these: &[i32], those: &[i32]| these.iter().filter(|number| !those.contains(number)).count();
        i64::try_from(only(fresh, shown).max(only(shown, fresh))).unwrap_or(i64::MAX)
    }
}

/// `None` when the batch has no task with that number: the rest of the page is still right.
pub async fn read_task(id: BatchId, number: i32) -> Result<Option<TaskDetail>, ConsoleError> {
    let service = expect_context::<Service>();
    let TaskFile { task, attempts, transactions, lines, draws } = match service.task_file(id, number).await {
        Err(ServiceError::NotFound { .. }) => return Ok(None),
        file => file.map_err(refuse)?,
    };
    let hold = transactions.first().map(|hold| ProofStep::of(hold, None, task.price, Money::ZERO));
    let steps = lines
        .iter()
        .filter_map(|line| {
            let transaction = transactions.iter().find(|transaction| transaction.id == line.transaction)?;
            Some(ProofStep::of(transaction, Some(line.kind), line.credits, line.revenue))
        })
        .collect();
    let draws =
        draws.into_iter().take(Proof::DRAWS_MAX).map(|draw| DrawnFrom { grant: draw.grant, kind: draw.kind, credits: draw.credits });
    let proof = Proof { hold, draws: draws.collect(), steps };
    Ok(Some(TaskDetail::new(task, attempts, proof, service.now())))
}

impl Proof {
    /// Grants that a proof names; a batch may have drawn on more.
    pub const DRAWS_MAX: usize = 12;
}

impl ProofStep {
    pub fn of(transaction: &Transaction, kind: Option<LineKind>, credits: Credits, revenue: Money) -> Self {
        let available = transaction.entries.iter().find(|entry| entry.account == AccountKind::Available);
        Self {
            transaction: transaction.id,
            kind,
            credits,
            revenue,
            together: transaction.credits,
            tasks: transaction.tasks,
            available: available.and_then(|entry| entry.balance_after),
            at: transaction.created_at,
        }
    }
}

impl TaskDetail {
    pub fn new(task: Task, attempts: Vec<Attempt>, proof: Proof, now: Time) -> Self {
        let row = TaskRow::from(&task);
        Self {
            row,
            created_at: task.created_at,
            prompt: task.prompt,
            custom_id: task.custom_id,
            reference_url: task.reference_url,
            aspect_ratio: task.aspect_ratio,
            duration_s: task.duration_s,
            metadata: task.metadata,
            output_expires_at: task.output.and_then(|output| output.expires_at),
            attempts: attempts.into_iter().map(AttemptRow::from).collect(),
            proof,
            now,
        }
    }
}

impl From<Attempt> for AttemptRow {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            provider: attempt.provider,
            upstream_model: attempt.upstream_model,
            provider_job: attempt.provider_job,
            state: attempt.state,
            failure: attempt.failure,
            billed: attempt.billed,
            cost: attempt.cost,
            evidence: attempt.evidence,
            sent_at: attempt.sent_at,
            accepted_at: attempt.accepted_at,
            finished_at: attempt.finished_at,
            late_result: attempt.late_result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_what_went_is_one_change() {
        let changes = TasksPage::changes;
        assert_eq!([changes(&[1, 2, 3], &[1, 2]), changes(&[2, 3], &[1, 2]), changes(&[], &[1, 2])], [1, 1, 2]);
    }
}
