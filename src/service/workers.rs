//! Workers: registration, heartbeats, and taking over from those that are gone.

use std::collections::BTreeMap;

use crate::domain::id::{BatchKey, RouteKey, TaskKey, WorkerKey};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;
use crate::store::{attempts, batches, tasks, workers};

use super::dispatch::Accepted;
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
        let mut tx = self.db().read().await?;
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
        let rows = tasks::adopt(&mut tx, &gone, worker, ADOPT_MAX).await?;
        if i64::try_from(rows.len()).unwrap_or(ADOPT_MAX) < ADOPT_MAX {
            workers::clear(&mut tx, &gone, now).await?;
        }
        let keys: Vec<_> = rows.iter().map(|(task, attempt, _)| (*task, *attempt)).collect();
        let statuses: BTreeMap<TaskKey, TaskStatus> = rows.iter().map(|(task, _, status)| (*task, *status)).collect();
        let adopted: Vec<Adopted> = attempts::open(&mut tx, &keys)
            .await?
            .into_iter()
            .map(|row| Adopted {
                task: TaskKey { batch: BatchKey(row.batch_id), number: row.task_no },
                attempt: row.attempt_no,
                route: RouteKey(row.route_id),
                provider_job: row.provider_job,
                sent_at: Time::from_micros(row.sent_at_us),
            })
            .collect();
        tx.commit().await?;
        // What was about to be sent may have been sent: from here on it counts as taken, under a name that nobody knows.
        let unknown: Vec<Accepted> = adopted
            .iter()
            .filter(|row| statuses.get(&row.task) == Some(&TaskStatus::Submitting))
            .map(|row| Accepted { task: row.task, attempt: row.attempt, provider_job: None })
            .collect();
        if !unknown.is_empty() {
            self.accept(worker, &unknown).await?;
        }
        Ok(adopted)
    }
}
