//! Settlement: finished tasks become captures and releases, in groups, in one transaction with their task rows, attempts,
//! hold, counters and events. `UNIQUE (batch, task, step)` on the lines makes it exactly once; the fence on the task's row
//! makes a worker that lost its lease write nothing.
//!
//! What only its worker may write, the tasks' rows and attempts, is written first; then the holds of their batches are locked,
//! for the money; the batches' rows are written last, so that claims do not wait for settlements.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::attempt::{BillingRule, Ending, Fault, Output, Retry, retry_backoff_ms};
use crate::domain::batch::{BatchHead, BatchStatus};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchKey, CustomerKey, TaskKey, WorkerKey};
use crate::domain::money::Money;
use crate::domain::task::{AfterFault, TaskStatus, after_fault};
use crate::domain::time::Time;
use crate::domain::webhook::{EventType, Subscription};
use crate::store::attempts::Closed;
use crate::store::batches::{Acquired, FailureAdded};
use crate::store::events::NewEvent;
use crate::store::holds::Holds;
use crate::store::tasks::{Step, Stepped};
use crate::store::{StoreError, StoreResult, Tx, attempts, batches, endpoints, events, holds, tallies, tasks};

use super::events::{end_event, refunds_of};
use super::{Service, ServiceResult};

mod money;
mod told;

use money::Finished;
use told::refunds_of_group;

/// Tasks that one settlement takes at most.
pub const SETTLE_MAX: usize = 500;
/// Overdue tasks that one call fails at most.
const OVERDUE_MAX: i64 = 500;

/// What came of an attempt, ready to be settled.
#[derive(Clone, Debug)]
pub struct Ended {
    pub task: TaskKey,
    pub attempt: i32,
    pub unit_cost: Money,
    pub billing: BillingRule,
    /// When it was known; settling comes a little later.
    pub at: Time,
    pub outcome: Outcome,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    Succeeded(Output),
    /// Tried again or failed, as `domain/task.rs` decides.
    Failed(Fault),
    /// Nothing was taken in: the task waits until `due`, and it cost no attempt.
    PutBack {
        due: Time,
    },
}

/// What a settlement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub succeeded: usize,
    pub failed: usize,
    /// Waiting for another attempt, or put back.
    pub waiting: usize,
    /// No longer this worker's: nothing was written for them.
    pub fenced: usize,
    pub batches_finished: usize,
}

/// What is to be done with one ended attempt, after looking at its batch.
struct Decision<'e> {
    ended: &'e Ended,
    to: TaskStatus,
    /// How the attempt ended; `None` when it was none.
    ending: Option<Ending>,
    /// When a waiting task is due.
    due: Option<Time>,
}

impl Service {
    /// Settles a group of at most [`SETTLE_MAX`].
    pub async fn settle<E: Borrow<Ended> + Sync>(&self, worker: WorkerKey, ended: &[E]) -> ServiceResult<Settled> {
        let ended: Vec<&Ended> = ended.iter().map(Borrow::borrow).collect();
        let now = self.now();
        let mut tx = self.db().write().await?;
        let batches: BTreeSet<BatchKey> = ended.iter().map(|row| row.task.batch).collect();
        let batches: Vec<BatchKey> = batches.into_iter().collect();
        let stepped = step(&mut tx, worker, &ended, &batches, now).await?;
        let mut group = Group::lock(self, &mut tx, &batches, now).await?;
        group.settled.fenced = ended.len() - stepped.len();
        group.run(&mut tx, &stepped).await?;
        let settled = group.settled;
        tx.commit().await?;
        if settled.waiting > 0 {
            self.announce_work();
        }
        Ok(settled)
    }

    /// Fails and refunds tasks that wait for another attempt past their deadline: a route that stays down or full keeps nobody's
    /// credits. That is nobody's fault but ours. Returns how many; call again until none.
    pub async fn fail_overdue(&self) -> ServiceResult<usize> {
        let now = self.now();
        let mut tx = self.db().read().await?;
        let overdue = tasks::overdue(&mut tx, now, OVERDUE_MAX).await?;
        drop(tx);
        if overdue.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db().write().await?;
        let batches: BTreeSet<BatchKey> = overdue.iter().map(|task| task.batch).collect();
        let batches: Vec<BatchKey> = batches.into_iter().collect();
        batches::lock_queues(&mut tx, &batches).await?;
        let mut group = Group::lock(self, &mut tx, &batches, now).await?;
        group.fail_waiting(&mut tx, &overdue).await?;
        let failed = group.settled.failed;
        tx.commit().await?;
        Ok(failed)
    }

    /// Notes what a provider said about a task that was settled without it. Moves no money.
    pub async fn note_late_result(&self, task: TaskKey, attempt: i32, what: &str) -> ServiceResult<()> {
        let mut tx = self.db().write().await?;
        attempts::note_late_result(&mut tx, (task, attempt), what, self.now()).await?;
        Ok(tx.commit().await?)
    }
}

/// Takes every task that is still this worker's to where it goes now, and closes its attempt. Returns what was decided of
/// those, with their prices and models.
async fn step<'e>(
    tx: &mut Tx,
    worker: WorkerKey,
    ended: &[&'e Ended],
    batches: &[BatchKey],
    now: Time,
) -> StoreResult<Vec<(Decision<'e>, Stepped)>> {
    // Not locked: what comes back to a batch that is canceled in this moment is canceled with it, see `cancel_what_waits`.
    let retries = ended.iter().any(|row| matches!(&row.outcome, Outcome::Failed(fault) if fault.retry != Retry::Never));
    let canceling: BTreeSet<BatchKey> =
        if retries { batches::canceling(tx, batches).await?.into_iter().collect() } else { BTreeSet::new() };
    let decisions: Vec<Decision<'_>> = ended.iter().map(|row| decide(row, canceling.contains(&row.task.batch), now)).collect();
    let steps: Vec<Step> = decisions
        .iter()
        .map(|decision| Step {
            task: decision.ended.task,
            attempt: decision.ended.attempt,
            to: decision.to,
            failure: if decision.to == TaskStatus::Failed { decision.ending.as_ref().and_then(Ending::failure) } else { None },
        })
        .collect();
    let mut taken = tasks::step(tx, worker, &steps, now).await?;
    taken.sort_unstable_by_key(|row| row.task);
    let stepped: Vec<(Decision<'_>, Stepped)> = decisions
        .into_iter()
        .filter_map(|decision| {
            let row = taken.binary_search_by_key(&decision.ended.task, |row| row.task).ok()?;
            Some((decision, taken[row]))
        })
        .collect();
    close_attempts(tx, &stepped, now).await?;
    let retries: Vec<_> = stepped.iter().filter_map(|(decision, _)| Some((decision.ended.task, decision.due?))).collect();
    if !retries.is_empty() {
        tasks::insert_retries(tx, &retries).await?;
    }
    Ok(stepped)
}

fn decide(ended: &Ended, canceling: bool, now: Time) -> Decision<'_> {
    match &ended.outcome {
        Outcome::Succeeded(output) => {
            Decision { ended, to: TaskStatus::Succeeded, ending: Some(Ending::Succeeded(output.clone())), due: None }
        }
        Outcome::Failed(fault) => {
            let ending = Ending::Failed { failure: fault.failure, party: fault.party, evidence: fault.evidence.clone() };
            let (to, due) = match after_fault(fault, ended.attempt, canceling) {
                AfterFault::Fail => (TaskStatus::Failed, None),
                AfterFault::Retry => {
                    let pause_ms = retry_backoff_ms(ended.attempt + 1);
                    (TaskStatus::Pending, Some(now.plus_ms(pause_ms)))
                }
            };
            Decision { ended, to, ending: Some(ending), due }
        }
        Outcome::PutBack { due } => Decision { ended, to: TaskStatus::Pending, ending: None, due: Some(*due) },
    }
}

async fn close_attempts(tx: &mut Tx, stepped: &[(Decision<'_>, Stepped)], now: Time) -> StoreResult<()> {
    let closed: Vec<Closed<'_>> = stepped
        .iter()
        .filter_map(|(decision, _)| {
            let ending = decision.ending.as_ref()?;
            let billed = decision.ended.billing.billed(ending);
            let cost = billed.cost(decision.ended.unit_cost);
            // A clock may step back; an end is never later than its settlement.
            let at = decision.ended.at.min(now);
            Some(Closed { key: (decision.ended.task, decision.ended.attempt), ending, billed, cost, at })
        })
        .collect();
    attempts::close(tx, &closed).await?;
    let none: Vec<_> = stepped
        .iter()
        .filter(|(decision, _)| decision.ending.is_none())
        .map(|(decision, _)| (decision.ended.task, decision.ended.attempt))
        .collect();
    if none.is_empty() {
        return Ok(());
    }
    attempts::delete_open(tx, &none).await?;
    let keys: Vec<TaskKey> = none.into_iter().map(|(task, _)| task).collect();
    tasks::take_back_attempt(tx, &keys).await
}

struct Group<'s> {
    holds: Holds,
    heads: Vec<Acquired>,
    /// Customers who are told of single tasks, and of which.
    told: Vec<(CustomerKey, Subscription)>,
    now: Time,
    service: &'s Service,
    settled: Settled,
    lines: Vec<Finished>,
    failures: BTreeMap<(BatchKey, FailureType, Party), FailureAdded>,
    /// Tasks of batches that are being canceled, and their credits.
    canceled: BTreeMap<BatchKey, (i64, Credits)>,
}

impl<'s> Group<'s> {
    async fn lock(service: &'s Service, tx: &mut Tx, keys: &[BatchKey], now: Time) -> StoreResult<Self> {
        let told = endpoints::told_of_tasks(tx, keys).await?;
        let holds = holds::lock(tx, keys).await?;
        let heads = batches::acquire(tx, &holds).await?;
        Ok(Self {
            holds,
            heads,
            told,
            now,
            service,
            settled: Settled::default(),
            lines: Vec::new(),
            failures: BTreeMap::new(),
            canceled: BTreeMap::new(),
        })
    }

    async fn fail_waiting(&mut self, tx: &mut Tx, overdue: &[TaskKey]) -> StoreResult<()> {
        let (failure, party) = (FailureType::Timeout, Party::Platform);
        let in_line = tasks::delete_retries(tx, overdue).await?;
        for task in tasks::fail_waiting(tx, &in_line, failure, party, self.now).await? {
            let head = self.head_mut(task.task.batch)?;
            head.counts.pending -= 1;
            head.counts.failed += 1;
            self.add_failure(task.task.batch, (failure, party), Money::ZERO, Some(task.price))?;
            self.lines.push(Finished { status: TaskStatus::Failed, failure: Some((failure, party)), ..Finished::of(task) });
            self.settled.failed += 1;
        }
        self.book_and_save(tx).await
    }

    async fn run(&mut self, tx: &mut Tx, stepped: &[(Decision<'_>, Stepped)]) -> StoreResult<()> {
        for (decision, row) in stepped {
            self.count(decision, *row)?;
        }
        self.cancel_what_waits(tx).await?;
        self.book_and_save(tx).await
    }

    /// Moves the money of what ended, and writes the batches.
    async fn book_and_save(&mut self, tx: &mut Tx) -> StoreResult<()> {
        tallies::add(tx, self.lines.iter().map(Finished::end)).await?;
        let ended = self.ended_tasks(tx).await?;
        self.move_money(tx).await?;
        let failures: Vec<FailureAdded> = self.failures.values().copied().collect();
        if !failures.is_empty() {
            batches::add_failures(tx, &failures).await?;
        }
        let mut events = self.task_events(ended);
        events.extend(self.finish_batches(tx).await?);
        events::insert(tx, &events, self.now).await?;
        batches::save(tx, &self.heads).await
    }

    fn head(&self, key: BatchKey) -> Option<&BatchHead> {
        self.heads.iter().find(|head| head.key == key).map(|head| &**head)
    }

    fn head_mut(&mut self, key: BatchKey) -> StoreResult<&mut BatchHead> {
        let head = self.heads.iter_mut().find(|head| head.key == key);
        head.map(|head| &mut **head).ok_or_else(|| StoreError::inconsistent("batches", format!("no batch {key:?} for its task")))
    }

    /// Counts one decision in its batch: the task, and the cost of the attempt.
    fn count(&mut self, decision: &Decision<'_>, row: Stepped) -> StoreResult<()> {
        let task = decision.ended.task;
        let cost =
            decision.ending.as_ref().map_or(Money::ZERO, |ending| decision.ended.billing.billed(ending).cost(decision.ended.unit_cost));
        let failure = decision.ending.as_ref().and_then(Ending::failure);
        let head = self.head_mut(task.batch)?;
        head.counts.processing -= 1;
        match decision.to {
            TaskStatus::Succeeded => head.counts.succeeded += 1,
            TaskStatus::Failed => head.counts.failed += 1,
            TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing | TaskStatus::Canceled => head.counts.pending += 1,
        }
        if failure.is_some() {
            head.cost_failed = head.cost_failed.checked_add(cost)?;
        } else {
            head.cost_succeeded = head.cost_succeeded.checked_add(cost)?;
        }
        let is_final = decision.to.is_terminal();
        if let Some((failure, party)) = failure {
            self.add_failure(task.batch, (failure, party), cost, is_final.then_some(row.price))?;
        }
        if is_final {
            self.lines.push(Finished { status: decision.to, failure, ..Finished::of(row) });
        }
        match decision.to {
            TaskStatus::Succeeded => self.settled.succeeded += 1,
            TaskStatus::Failed => self.settled.failed += 1,
            _ => self.settled.waiting += 1,
        }
        Ok(())
    }

    /// Adds a failed attempt's cost and, where it was the task's last, the task and its refund.
    fn add_failure(
        &mut self,
        batch: BatchKey,
        (failure, party): (FailureType, Party),
        cost: Money,
        refunded: Option<Credits>,
    ) -> StoreResult<()> {
        let none = FailureAdded { batch, failure, party, tasks: 0, refunded: Credits::ZERO, cost: Money::ZERO };
        let sum = self.failures.entry((batch, failure, party)).or_insert(none);
        sum.cost = sum.cost.checked_add(cost)?;
        if let Some(credits) = refunded {
            sum.tasks += 1;
            sum.refunded = sum.refunded.checked_add(credits)?;
        }
        Ok(())
    }

    /// Tasks that came back to a batch that is being canceled never run again. Nobody claims them meanwhile: who cancels a
    /// batch has had its queue, and claims leave it alone from then on.
    async fn cancel_what_waits(&mut self, tx: &mut Tx) -> StoreResult<()> {
        let canceling = |head: &&mut Acquired| head.state.status() == BatchStatus::Canceling && head.counts.pending > 0;
        for head in self.heads.iter_mut().filter(canceling) {
            for canceled in tasks::cancel_pending(tx, head.key, self.now).await? {
                head.counts.pending -= 1;
                head.counts.canceled += 1;
                let (tasks, credits) = self.canceled.entry(head.key).or_default();
                *tasks += 1;
                *credits = credits.checked_add(canceled.price)?;
                self.lines.push(Finished { status: TaskStatus::Canceled, ..Finished::of(canceled) });
            }
        }
        Ok(())
    }

    /// Closes batches that have no open task. One event for the refunds of this group in each batch, and one for each end.
    async fn finish_batches(&mut self, tx: &mut Tx) -> StoreResult<Vec<NewEvent>> {
        let mut events = Vec::new();
        let mut finished = BTreeSet::new();
        for head in &mut self.heads {
            let refunds = refunds_of_group(&self.failures, &self.canceled, head.key)?;
            if !refunds.is_empty() {
                events.push(self.service.batch_event(EventType::BatchRefunded, head, refunds));
            }
            if head.counts.open() == 0 && !head.state.status().is_finished() {
                head.state = head.state.finish(head.counts, self.now).map_err(|error| StoreError::inconsistent("batches", error))?;
                self.settled.batches_finished += 1;
                finished.insert(head.key);
            }
        }
        let finished: Vec<&BatchHead> = self.heads.iter().map(|head| &**head).filter(|head| finished.contains(&head.key)).collect();
        let mut refunds = refunds_of(tx, &finished).await?;
        for head in finished {
            let of_batch = refunds.remove(&head.key).unwrap_or_default();
            events.extend(end_event(head.state.status()).map(|kind| self.service.batch_event(kind, head, of_batch)));
        }
        Ok(events)
    }
}
