//! The loops that do the work: claim → act → finish. No rules of their own.
//!
//! One [`run`] is one registered worker. It claims tasks (`dispatch.rs`), lets each fly on its own (`flight.rs`: submit, wait,
//! poll, end), and writes what came of them in groups (`group.rs`). A heartbeat keeps its lease; rescue takes over from
//! workers that are gone; expiry lets promised credits go (`housekeeping.rs`). A worker whose lease was taken writes nothing
//! more and registers anew.
//!
//! The worker that sent a task polls it from memory: between acceptance and end a task costs no write.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::attempt::poll_backoff_ms;
use crate::providers::registry::Registry;
use crate::service::ServiceError;
use crate::service::workers::LEASE_MS;

mod desk;
mod dispatch;
mod flight;
mod group;
mod housekeeping;
pub mod notify;
mod services;
pub mod step;
pub mod usage;

use desk::Desk;
pub use services::Services;
pub use step::Step;

/// Flights that are set going at once, at a claim's end or a settlement's; then others have their turn. Whoever waits for the
/// database holds locks meanwhile, and must not stand behind hundreds of flights that have something to do.
const FLIGHTS_PER_TURN: usize = 32;

/// How a worker behaves.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// For operators: host and process.
    pub name: String,
    /// Requests in flight are waited for so long when stopping.
    pub drain_max: Duration,
    /// Pause before the first, the second and every later poll, where the provider asks for none.
    pub poll_pauses_ms: [i64; 3],
    /// A job that its provider does not know is believed lost after so long.
    pub not_found_grace_ms: i64,
    /// A route that refused our key, or has no money, is tried again after so long.
    pub route_pause_s: i64,
    /// Looks for work at least so often.
    pub look_every: Duration,
    /// Not heard of for so long, it is given up. Several heartbeats long.
    pub lease_ms: i64,
    /// Heartbeats and rescues so often.
    pub heartbeat_every: Duration,
    /// Gathers ended tasks for so long before it settles them.
    pub gather: Duration,
    /// Stops here for ever, so that a test can kill the process at this step.
    pub hold_at: Option<Step>,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            name: format!("worker-{}", std::process::id()),
            drain_max: Duration::from_secs(25),
            poll_pauses_ms: [poll_backoff_ms(0), poll_backoff_ms(1), poll_backoff_ms(2)],
            not_found_grace_ms: 60_000,
            route_pause_s: 60,
            look_every: Duration::from_secs(1),
            lease_ms: LEASE_MS,
            heartbeat_every: Duration::from_secs(5),
            gather: Duration::from_millis(20),
            hold_at: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("the worker cannot go on: {0}")]
    Service(#[from] ServiceError),
}

/// Works until `stop`, then drains: what is being sent is waited for, what is being made is left to others.
pub async fn run(
    services: impl Into<Services>,
    providers: Registry,
    config: WorkerConfig,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let services = services.into();
    let service = services.service.clone();
    while !stop.is_cancelled() {
        let worker = match service.register_worker(&config.name, config.lease_ms).await {
            Ok(worker) => worker,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "cannot register yet");
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(Duration::from_secs(1)) => continue,
                }
            }
            Err(error) => return Err(error.into()),
        };
        tracing::info!(worker = worker.0, name = config.name, "worker registered");
        let desk = Desk::new(services.clone(), providers.clone(), config.clone(), worker, &stop);
        work(&desk).await;
        if desk.lease_lost() {
            tracing::warn!(worker = worker.0, "the lease was lost; registering anew");
        } else {
            // On failure the lease runs out by itself.
            let _ = service.stop_worker(worker).await;
        }
    }
    Ok(())
}

/// Runs one registered worker until it stops or loses its lease.
async fn work(desk: &Arc<Desk>) {
    let loops = TaskTracker::new();
    loops.spawn(housekeeping::heartbeat(Arc::clone(desk)));
    loops.spawn(housekeeping::rescue(Arc::clone(desk)));
    loops.spawn(housekeeping::overdue(Arc::clone(desk)));
    loops.spawn(housekeeping::compare(Arc::clone(desk)));
    loops.spawn(housekeeping::expire(Arc::clone(desk)));
    loops.spawn(housekeeping::seal(Arc::clone(desk)));
    loops.spawn(housekeeping::listen(Arc::clone(desk)));
    dispatch::run(desk).await;
    desk.drain().await;
    loops.close();
    loops.wait().await;
}
