//! What the loops of one worker share: who it is, what it has in flight, and where it writes.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::id::{BatchKey, RouteKey, TaskKey, WorkerKey};
use crate::providers::registry::Registry;
use crate::service::Service;
use crate::service::dispatch::Accepted;
use crate::service::settle::{Ended, SETTLE_MAX};

use super::services::Services;
use super::{WorkerConfig, group};

#[derive(Debug)]
pub struct Desk {
    pub service: Service,
    /// The same, to claim with.
    pub claims: Service,
    pub providers: Registry,
    pub config: WorkerConfig,
    pub worker: WorkerKey,
    /// Stop claiming.
    pub stop: CancellationToken,
    /// Stop everything at once: the lease is lost, or the drain took too long.
    pub abandon: CancellationToken,
    lost: AtomicBool,
    pub accepts: group::Sender<Accepted, bool>,
    pub ends: group::Sender<Arc<Ended>, ()>,
    /// Tasks on their way.
    pub flights: TaskTracker,
    /// A place became free: at a provider, or among the ends that wait to be written.
    pub place_freed: Notify,
    /// Held from taking tasks until they are counted as departed.
    pub taking: tokio::sync::Mutex<()>,
    /// The answer to a claim or a rescue got lost: tasks may be ours without our knowing.
    pub unsure: AtomicBool,
    traffic: Mutex<Traffic>,
}

#[derive(Debug, Default)]
struct Traffic {
    routes: HashMap<RouteKey, RouteTraffic>,
    canceling: HashSet<BatchKey>,
    batches: HashMap<BatchKey, usize>,
    /// Departed, and not known to have ended.
    tasks: HashSet<TaskKey>,
}

#[derive(Debug)]
struct RouteTraffic {
    in_flight: i64,
    /// Submissions that may be made now, in parts of a thousand.
    tokens_milli: i64,
    refilled_at: Instant,
    slow_until: Option<Instant>,
    /// Something went wrong with the route itself and nothing has gone right since.
    suspect: bool,
}

/// When so many ends wait to be written, no more is claimed: providers that answer at once would fill the memory with what the
/// database cannot take as fast. What is on its way may still come on top.
const UNWRITTEN_MAX: usize = 8 * SETTLE_MAX;
/// A suspect route is tried with so many tasks at once.
const SUSPECT_PLACES: i64 = 5;

impl Desk {
    pub fn new(services: Services, providers: Registry, config: WorkerConfig, worker: WorkerKey, stop: &CancellationToken) -> Arc<Self> {
        let abandon = CancellationToken::new();
        let accepts = {
            let service = services.accepts;
            group::spawn(SETTLE_MAX, config.gather / 2, abandon.clone(), move |rows: Vec<Accepted>| {
                let service = service.clone();
                async move {
                    let taken: HashSet<TaskKey> = service.accept(worker, &rows).await?.into_iter().collect();
                    Ok(rows.iter().map(|row| taken.contains(&row.task)).collect())
                }
            })
        };
        let ends = {
            let (service, hold_at) = (services.ends, config.hold_at);
            group::spawn(SETTLE_MAX, config.gather, abandon.clone(), move |rows: Vec<Arc<Ended>>| {
                let service = service.clone();
                async move {
                    let settled = service.settle(worker, &rows).await?;
                    super::step::reached(super::Step::Settled, hold_at).await;
                    tracing::debug!(?settled, "settled");
                    Ok(vec![(); rows.len()])
                }
            })
        };
        Arc::new(Self {
            service: services.service,
            claims: services.claims,
            providers,
            config,
            worker,
            stop: stop.child_token(),
            abandon,
            lost: AtomicBool::new(false),
            accepts,
            ends,
            flights: TaskTracker::new(),
            place_freed: Notify::new(),
            taking: tokio::sync::Mutex::default(),
            unsure: AtomicBool::new(false),
            traffic: Mutex::default(),
        })
    }

    /// Everything this worker has is somebody else's.
    pub fn lose_lease(&self) {
        self.lost.store(true, Ordering::SeqCst);
        self.stop.cancel();
        self.abandon.cancel();
    }

    pub fn lease_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Waits for what is being sent and settled; gives the rest up after `drain_max`.
    pub async fn drain(&self) {
        self.flights.close();
        if tokio::time::timeout(self.config.drain_max, self.flights.wait()).await.is_err() {
            tracing::warn!(left = self.flights.len(), "not everything ended in time; the rest is left to other workers");
        }
        self.abandon.cancel();
    }

    fn traffic<T>(&self, f: impl FnOnce(&mut Traffic) -> T) -> T {
        // The lock is held for a few lines that cannot panic; a poisoned one is as good as any.
        f(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many more tasks may be sent by a route now. `concurrency_max` and `per_minute_max` are this worker's share.
    pub fn free_places(&self, route: RouteKey, concurrency_max: i64, per_minute_max: i64) -> i64 {
        self.traffic(|traffic| {
            let now = Instant::now();
            let route = traffic.routes.entry(route).or_insert_with(|| RouteTraffic::new(now, per_minute_max));
            route.refill(now, per_minute_max);
            if route.slow_until.is_some_and(|until| until > now) {
                return 0;
            }
            let free = (concurrency_max - route.in_flight).min(route.tokens_milli / 1_000);
            if route.suspect { free.min(SUSPECT_PLACES - route.in_flight) } else { free }
        })
    }

    pub fn in_flight(&self, route: RouteKey) -> i64 {
        self.traffic(|traffic| traffic.routes.get(&route).map_or(0, |route| route.in_flight))
    }

    /// Each task goes by a route. `sends`: its order is still to be sent.
    pub fn departs(&self, tasks: impl IntoIterator<Item = (TaskKey, RouteKey)>, sends: bool) {
        self.traffic(|traffic| {
            for (task, route) in tasks {
                traffic.tasks.insert(task);
                *traffic.batches.entry(task.batch).or_default() += 1;
                let route = traffic.routes.entry(route).or_insert_with(|| RouteTraffic::new(Instant::now(), 0));
                route.in_flight += 1;
                if sends {
                    route.tokens_milli -= 1_000;
                }
            }
        });
    }

    pub fn arrives(&self, route: RouteKey, batch: BatchKey) {
        self.traffic(|traffic| {
            if let Some(count) = traffic.batches.get_mut(&batch) {
                *count -= 1;
                if *count == 0 {
                    traffic.batches.remove(&batch);
                    traffic.canceling.remove(&batch);
                }
            }
            if let Some(route) = traffic.routes.get_mut(&route) {
                route.in_flight -= 1;
            }
        });
        self.place_freed.notify_one();
    }

    /// Its end is written.
    pub fn forget(&self, task: TaskKey) {
        let was_behind = self.traffic(|traffic| {
            let was_behind = traffic.is_behind();
            traffic.tasks.remove(&task);
            was_behind
        });
        if was_behind {
            self.place_freed.notify_one();
        }
    }

    /// Whether so many tasks wait for their end to be written that no more should be claimed.
    pub fn is_behind(&self) -> bool {
        self.traffic(|traffic| traffic.is_behind())
    }

    pub fn known_tasks(&self) -> HashSet<TaskKey> {
        self.traffic(|traffic| traffic.tasks.clone())
    }

    /// The provider asked for less.
    pub fn slow_down(&self, route: RouteKey, for_ms: i64) {
        let until = Instant::now() + std::time::Duration::from_millis(u64::try_from(for_ms).unwrap_or(0));
        self.traffic(|traffic| {
            if let Some(route) = traffic.routes.get_mut(&route) {
                route.slow_until = route.slow_until.max(Some(until));
            }
        });
    }

    pub fn suspect(&self, route: RouteKey, suspect: bool) {
        self.traffic(|traffic| {
            if let Some(route) = traffic.routes.get_mut(&route) {
                route.suspect = suspect;
            }
        });
    }

    pub fn batches_in_flight(&self) -> Vec<BatchKey> {
        self.traffic(|traffic| traffic.batches.keys().copied().collect())
    }

    pub fn set_canceling(&self, batches: Vec<BatchKey>) {
        self.traffic(|traffic| traffic.canceling.extend(batches));
    }

    pub fn is_canceling(&self, batch: BatchKey) -> bool {
        self.traffic(|traffic| traffic.canceling.contains(&batch))
    }
}

impl Traffic {
    fn is_behind(&self) -> bool {
        let on_their_way: i64 = self.routes.values().map(|route| route.in_flight).sum();
        self.tasks.len() >= UNWRITTEN_MAX.saturating_add(usize::try_from(on_their_way).unwrap_or(0))
    }
}

impl RouteTraffic {
    const fn new(now: Instant, per_minute_max: i64) -> Self {
        // A minute's worth may go at once, as providers count.
        Self { in_flight: 0, tokens_milli: per_minute_max * 1_000, refilled_at: now, slow_until: None, suspect: false }
    }

    fn refill(&mut self, now: Instant, per_minute_max: i64) {
        let passed_ms = i64::try_from(now.duration_since(self.refilled_at).as_millis()).unwrap_or(i64::MAX);
        let earned = passed_ms.saturating_mul(per_minute_max) / 60;
        if earned > 0 {
            self.tokens_milli = self.tokens_milli.saturating_add(earned).min(per_minute_max * 1_000);
            self.refilled_at = now;
        }
    }
}
