//! Workers: registration, heartbeats, and taking over from those that are gone.

use std::collections::{BTreeMap, HashSet};

use crate::domain::id::{BatchKey, RouteKey, TaskKey, WorkerKey};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;
use crate::store::tasks::{Leased, Step};
use crate::store::{StoreResult, Tx, attempts, batches, tasks, workers};

use super::{Service, ServiceResult};

/// A worker that was not heard of for so long is given up. The usual length; each worker says its own.
pub const LEASE_MS: i64 = 30_000;
/// Tasks that one call takes over at most.
const ADOPT_MAX: i64 = 500;

/// A task taken over from a worker that is gone: a provider has it, or may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub task: TaskKey,
    pub attempt: i32,
    pub route: RouteKey,
    /// `None`: it was about to be sent and nothing is known of it. Never sent again.
    pub provider_job: Option<String>,
    pub sent_at: Time,
}

impl Service {
    pub async fn register_worker(&self, name: &str, lease_ms: i64) -> ServiceResult<WorkerKey> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        let worker = workers::register(&mut tx, name, now, now.plus_ms(lease_ms)).await?;
        tx.commit().await?;
        Ok(worker)
    }

    /// False when this worker was given up: all it has is somebody else's by now.
    pub async fn heartbeat(&self, worker: WorkerKey, lease_ms: i64) -> ServiceResult<bool> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        let alive = workers::heartbeat(&mut tx, worker, now, now.plus_ms(lease_ms)).await?;
        tx.commit().await?;
        Ok(alive)
    }

    /// The worker leaves; what it still has is for the others.
    pub async fn stop_worker(&self, worker: WorkerKey) -> ServiceResult<()> {
        let mut tx = self.db().write().await?;
        workers::stop(&mut tx, worker, self.now()).await?;
        Ok(tx.commit().await?)
    }

    pub async fn workers_alive(&self) -> ServiceResult<i64> {
        let mut tx = self.db().glance().await?;
        Ok(workers::count_alive(&mut tx, self.now()).await?)
    }

    /// The batches among these that are being canceled.
    pub async fn canceling(&self, batches: &[BatchKey]) -> ServiceResult<Vec<BatchKey>> {
        let mut tx = self.db().read().await?;
        Ok(batches::canceling(&mut tx, batches).await?)
    }

    /// Gives up workers whose lease ran out and takes over a group of their tasks. Call again until it takes none.
    pub async fn rescue(&self, worker: WorkerKey) -> ServiceResult<Vec<Adopted>> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        workers::give_up_expired(&mut tx, now).await?;
        let gone = workers::uncleared(&mut tx).await?;
        if gone.is_empty() || gone.contains(&worker) {
            tx.commit().await?;
            return Ok(Vec::new());
        }
        let (rows, all) = tasks::adopt(&mut tx, &gone, worker, ADOPT_MAX).await?;
        if all {
            workers::clear(&mut tx, &gone, now).await?;
        }
        // What was about to be sent may have been sent: from here on it counts as taken, under a name that nobody knows.
        let unknown: Vec<Step> = rows
            .iter()
            .filter(|(_, _, status)| *status == TaskStatus::Submitting)
            .map(|(task, attempt, _)| Step { task: *task, attempt: *attempt, to: TaskStatus::Processing, failure: None })
            .collect();
        if !unknown.is_empty() {
            tasks::step(&mut tx, worker, &unknown, now).await?;
        }
        let adopted = with_attempts(&mut tx, &rows).await?;
        tx.commit().await?;
        Ok(adopted)
    }

    /// What is leased to a worker and it knows nothing of, because the answer to a claim or a rescue of its own got lost. Those
    /// that were claimed are `Submitting`, and were never sent. This worker must not claim or rescue meanwhile.
    pub async fn strays(&self, worker: WorkerKey, known: &HashSet<TaskKey>) -> ServiceResult<Vec<(Adopted, TaskStatus)>> {
        let mut tx = self.db().read().await?;
        let mut rows = tasks::leased_to(&mut tx, worker).await?;
        rows.retain(|(task, ..)| !known.contains(task));
        let statuses: BTreeMap<TaskKey, TaskStatus> = rows.iter().map(|(task, _, status)| (*task, *status)).collect();
        let adopted = with_attempts(&mut tx, &rows).await?;
        Ok(adopted
            .into_iter()
            .filter_map(|row| Some((statuses.get(&row.task).copied()?, row)))
            .map(|(status, row)| (row, status))
            .collect())
    }
}

async fn with_attempts(tx: &mut Tx, rows: &[Leased]) -> StoreResult<Vec<Adopted>> {
    let keys: Vec<_> = rows.iter().map(|(task, attempt, _)| (*task, *attempt)).collect();
    let open = attempts::open(tx, &keys).await?;
    let adopted = open.into_iter().map(|row| Adopted {
        task: TaskKey { batch: BatchKey(row.batch_id), number: row.task_no },
        attempt: row.attempt_no,
        route: RouteKey(row.route_id),
        provider_job: row.provider_job,
        sent_at: Time::from_micros(row.sent_at_us),
    });
    Ok(adopted.collect())
}
