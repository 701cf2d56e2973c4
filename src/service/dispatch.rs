//! Claiming tasks for a worker, and recording that a provider took them.
//!
//! A claim is one transaction: tasks go from `pending` to `submitting`, each gets an attempt, their batches' counters move.
//! Only then may a provider be called. What a crash leaves behind is adopted by another worker (`workers.rs`).
//!
//! Claims of a batch wait for each other in its queue, which settlements have nothing to do with.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::attempt::{Order, reference};
use crate::domain::batch::{BatchHead, BatchStatus};
use crate::domain::id::{BatchId, BatchKey, ModelKey, RouteKey, TaskKey, WorkerKey};
use crate::domain::price::Route;
use crate::domain::share::{Portion, Waiting, divide};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;
use crate::domain::webhook::EventType;
use crate::store::batches::Taken;
use crate::store::events::NewEvent;
use crate::store::runs::{Run, runs};
use crate::store::tasks::{Claimable, Departure, OrderRow, Step};
use crate::store::{StoreError, StoreResult, Tx, attempts, batches, catalogue, events, tasks, workers};

use super::{Service, ServiceError, ServiceResult};

/// Tasks that one claim takes at most.
pub const CLAIM_MAX: i64 = 500;
/// Open batches that one claim looks at. Those left out have had a turn more lately than all of these.
const CANDIDATES_MAX: i64 = 1_000;

/// A route, the deadline of what it makes, and how many more tasks may be sent by it now.
#[derive(Clone, Debug)]
pub struct Places {
    pub route: Route,
    pub deadline_s: i64,
    pub free: i64,
}

/// A task that is this worker's, and the order to send for it.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub task: TaskKey,
    pub batch_id: BatchId,
    pub attempt: i32,
    pub route: RouteKey,
    /// When its first attempt was claimed: its deadline counts from there.
    pub started_at: Time,
    pub order: Order,
}

/// Tasks that became a worker's, whose orders are still to be read.
#[derive(Debug, Default)]
pub struct Claim {
    batches: BTreeMap<BatchKey, BatchId>,
    runs: Vec<Run<Departure>>,
}

impl Claim {
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Each task, and the route that it goes by.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskKey, RouteKey)> {
        self.runs.iter().flat_map(|run| (run.first..=run.last).map(|number| (TaskKey { batch: run.batch, number }, run.common.route)))
    }

    /// Whether no claim could take more: there is more to do, most likely.
    pub fn is_full(&self) -> bool {
        i64::try_from(self.runs.iter().map(Run::count).sum::<usize>()) == Ok(CLAIM_MAX)
    }
}

/// What waits to be claimed, as it was a moment ago. Whoever takes of it looks again under the lock of the batches' queues, so that
/// it is good for several claims.
#[derive(Debug)]
pub struct WaitingList {
    waiting: Vec<Waiting>,
    /// Of every batch that waits, what it makes.
    models: Vec<(BatchKey, ModelKey)>,
    /// Retries that are due.
    retries: BTreeMap<BatchKey, Vec<TaskKey>>,
}

impl WaitingList {
    fn retries_of(&self, batch: BatchKey) -> &[TaskKey] {
        self.retries.get(&batch).map_or(&[], Vec::as_slice)
    }

    /// Forgets what was taken.
    fn take(&mut self, portions: &[Portion]) {
        for portion in portions {
            if let Some(retries) = self.retries.get_mut(&portion.batch) {
                retries.drain(..retries.len().min(usize::try_from(portion.tasks).unwrap_or(0)));
            }
            let Some(index) = self.waiting.iter().position(|batch| batch.batch == portion.batch) else { continue };
            self.waiting[index].tasks -= portion.tasks;
            let customer = self.waiting[index].customer;
            for batch in self.waiting.iter_mut().filter(|batch| batch.customer == customer) {
                batch.in_flight += portion.tasks;
            }
        }
    }
}

/// A provider's answer to an order: what it calls it, or nothing, when the request was sent and never answered.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub task: TaskKey,
    pub attempt: i32,
    pub provider_job: Option<String>,
}

impl Service {
    /// Routes in use, with the deadline in seconds of what they make.
    pub async fn routes(&self) -> ServiceResult<Vec<(Route, i64)>> {
        let mut tx = self.db().glance().await?;
        Ok(catalogue::routes(&mut tx, self.now()).await?)
    }

    /// Every route there is or was, for tasks that are still on their way by one that is out of use.
    pub async fn all_routes(&self) -> ServiceResult<Vec<(Route, i64)>> {
        let mut tx = self.db().read().await?;
        Ok(catalogue::all_routes(&mut tx).await?)
    }

    /// Sends nothing by this route for a while.
    pub async fn pause_route(&self, route: RouteKey, until: Time, reason: &str) -> ServiceResult<()> {
        let mut tx = self.db().write().await?;
        catalogue::pause_route(&mut tx, route, until, reason).await?;
        Ok(tx.commit().await?)
    }

    /// Takes tasks for a worker and reads their orders.
    pub async fn claim(&self, worker: WorkerKey, places: &[Places]) -> ServiceResult<Vec<Claimed>> {
        let mut list = self.waiting_list(places).await?;
        let claim = self.take(worker, places, &mut list).await?;
        self.orders(worker, &claim, places).await
    }

    /// What waits for the models that have free places.
    pub async fn waiting_list(&self, places: &[Places]) -> ServiceResult<WaitingList> {
        let models: Vec<ModelKey> = free_by_model(places).into_keys().collect();
        let mut tx = self.db().glance().await?;
        let mut retries: BTreeMap<BatchKey, Vec<TaskKey>> = BTreeMap::new();
        for task in tasks::due_retries(&mut tx, self.now(), &models, CANDIDATES_MAX).await? {
            retries.entry(task.batch).or_default().push(task);
        }
        let (mut waiting, models) = batches::waiting(&mut tx, &models, CANDIDATES_MAX).await?;
        for batch in &mut waiting {
            batch.tasks += retries.get(&batch.batch).map_or(0, |tasks| i64::try_from(tasks.len()).unwrap_or(0));
        }
        Ok(WaitingList { waiting, models, retries })
    }

    /// Takes tasks of a list for a worker, fairly shared between customers, no more than there are free places.
    pub async fn take(&self, worker: WorkerKey, places: &[Places], list: &mut WaitingList) -> ServiceResult<Claim> {
        let portions = limited(divide_by_model(&list.waiting, &list.models, free_by_model(places)));
        if portions.is_empty() {
            return Ok(Claim::default());
        }
        let now = self.now();
        let mut tx = self.db().write().await?;
        if !workers::lock_alive(&mut tx, worker).await? {
            return Err(ServiceError::Invalid { code: "lease_lost", message: "This worker was given up.".to_owned() });
        }
        let (heads, starting, runs) = claim_portions(&mut tx, worker, &portions, list, places, now).await?;
        let started = heads.iter().filter(|head| starting.contains(&head.key));
        let told: Vec<NewEvent> = started.map(|head| self.batch_event(EventType::BatchProcessing, head, Vec::new())).collect();
        events::insert(&mut tx, &told, now).await?;
        tx.commit().await?;
        list.take(&portions);
        Ok(Claim { batches: heads.iter().map(|head| (head.key, head.id)).collect(), runs })
    }

    /// Reads what is to be sent for the tasks of a claim that are still this worker's: apart from it, so that the next claim need not
    /// wait. When it fails, the claim was in vain: see `strays`.
    pub async fn orders(&self, worker: WorkerKey, claim: &Claim, places: &[Places]) -> ServiceResult<Vec<Claimed>> {
        if claim.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db().look_up().await?;
        let rows = tasks::orders(&mut tx, worker, &claim.runs).await?;
        Ok(orders(rows, claim, places))
    }

    /// Records what providers call the orders that they took. Returns those that are still this worker's.
    pub async fn accept(&self, worker: WorkerKey, accepted: &[Accepted]) -> ServiceResult<Vec<TaskKey>> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        let steps: Vec<Step> =
            accepted.iter().map(|row| Step { task: row.task, attempt: row.attempt, to: TaskStatus::Processing, failure: None }).collect();
        let stepped: BTreeSet<TaskKey> = tasks::step(&mut tx, worker, &steps, now).await?.into_iter().map(|row| row.task).collect();
        let named: Vec<_> = accepted
            .iter()
            .filter(|row| stepped.contains(&row.task))
            .filter_map(|row| Some(((row.task, row.attempt), row.provider_job.as_deref()?)))
            .collect();
        attempts::accept(&mut tx, &named, now).await?;
        tx.commit().await?;
        Ok(stepped.into_iter().collect())
    }
}

/// Models that have free places, and how many. Each by itself: one that is idle must not take the places of another away.
fn free_by_model(places: &[Places]) -> BTreeMap<ModelKey, i64> {
    let mut free: BTreeMap<ModelKey, i64> = BTreeMap::new();
    for place in places.iter().filter(|place| place.free > 0) {
        let of_model = free.entry(place.route.model).or_default();
        *of_model = of_model.saturating_add(place.free).min(CLAIM_MAX);
    }
    free
}

/// [`CLAIM_MAX`] tasks together at most; the next claim takes the others.
fn limited(mut portions: Vec<Portion>) -> Vec<Portion> {
    let mut left = CLAIM_MAX;
    for portion in &mut portions {
        portion.tasks = portion.tasks.min(left);
        left -= portion.tasks;
    }
    portions.retain(|portion| portion.tasks > 0);
    portions
}

/// Divides the free places of each model among the batches that have tasks of it, so that a full model keeps nobody from an
/// idle one and no task of a batch with one model is taken up without a place. A batch with several models may be given more
/// than it can use: which model its next task is of shows only in the task.
fn divide_by_model(waiting: &[Waiting], models: &[(BatchKey, ModelKey)], free: BTreeMap<ModelKey, i64>) -> Vec<Portion> {
    let mut portions: Vec<Portion> = Vec::new();
    for (model, places) in free {
        let makes: BTreeSet<BatchKey> = models.iter().filter(|(_, makes)| *makes == model).map(|(batch, _)| *batch).collect();
        let of_model: Vec<Waiting> = waiting.iter().filter(|batch| makes.contains(&batch.batch)).copied().collect();
        for portion in divide(&of_model, places) {
            match portions.iter_mut().find(|given| given.batch == portion.batch) {
                Some(given) => given.tasks += portion.tasks,
                None => portions.push(portion),
            }
        }
    }
    portions
}

/// Claims tasks. Returns their batches, which of these that started, and the tasks.
async fn claim_portions(
    tx: &mut Tx,
    worker: WorkerKey,
    portions: &[Portion],
    waiting_list: &WaitingList,
    places: &[Places],
    now: Time,
) -> StoreResult<(Vec<BatchHead>, BTreeSet<BatchKey>, Vec<Run<Departure>>)> {
    let keys: Vec<BatchKey> = portions.iter().map(|portion| portion.batch).collect();
    batches::lock_queues(tx, &keys).await?;
    let mut heads = batches::heads(tx, &keys).await?;
    let mut wanted = Vec::new();
    let mut due_wanted = Vec::new();
    let mut starting = BTreeSet::new();
    for head in &mut heads {
        let Ok(started) = head.state.start(now) else { continue };
        if head.state.status() == BatchStatus::Queued {
            starting.insert(head.key);
        }
        let most = portions.iter().find(|portion| portion.batch == head.key).map_or(0, |portion| portion.tasks);
        let due = waiting_list.retries_of(head.key);
        let due = &due[..due.len().min(usize::try_from(most).unwrap_or(0))];
        let fresh = most - i64::try_from(due.len()).unwrap_or(most);
        due_wanted.extend_from_slice(due);
        let last = i64::from(head.next_task_number - 1).saturating_add(fresh).min(head.counts.total);
        let last = i32::try_from(last).map_err(|_| StoreError::inconsistent("batches", format!("task numbers of {}", head.id)))?;
        wanted.extend((head.next_task_number..=last).map(|number| TaskKey { batch: head.key, number }));
        head.next_task_number = last + 1;
        head.state = started;
    }
    heads.retain(|head| head.state.status() == BatchStatus::Processing);
    let due = if due_wanted.is_empty() { Vec::new() } else { tasks::delete_retries(tx, &due_wanted).await? };
    let only_model = only_models(&waiting_list.models);
    let of_mixed = wanted.iter().filter(|task| only_model.get(&task.batch) == Some(&None));
    let unknown: Vec<TaskKey> = of_mixed.chain(&due).copied().collect();
    let known = if unknown.is_empty() { BTreeMap::new() } else { tasks::claimable(tx, &unknown).await?.into_iter().collect() };
    wanted.extend(due);
    let (to_send, set_aside) = assign_routes(&only_model, &known, wanted, places, now);
    let runs = runs(to_send);
    tasks::claim(tx, worker, &runs).await?;
    // Due at once: they are taken up when their model has a place, and their batch goes on with the next meanwhile.
    let aside: Vec<_> = set_aside.into_iter().map(|task| (task, now)).collect();
    if !aside.is_empty() {
        tasks::insert_retries(tx, &aside).await?;
    }
    attempts::insert(tx, &runs, now).await?;
    let mut taken = Vec::with_capacity(heads.len());
    for head in &mut heads {
        let claimed: usize = runs.iter().filter(|run| run.batch == head.key).map(Run::count).sum();
        let claimed = i64::try_from(claimed).unwrap_or(0);
        head.counts.pending -= claimed;
        head.counts.processing += claimed;
        taken.push(Taken { batch: head.key, tasks: claimed, next_task_number: head.next_task_number });
    }
    batches::take(tx, &taken, now).await?;
    Ok((heads, starting, runs))
}

/// Of each batch the model of all its tasks; none where it has several.
fn only_models(models: &[(BatchKey, ModelKey)]) -> BTreeMap<BatchKey, Option<ModelKey>> {
    let mut only: BTreeMap<BatchKey, Option<ModelKey>> = BTreeMap::new();
    for (batch, model) in models {
        only.entry(*batch).and_modify(|several| *several = None).or_insert(Some(*model));
    }
    only
}

/// Gives each task a route with a free place; the others are set aside. `known`: of retries and of batches with several models;
/// the other tasks were never claimed.
fn assign_routes(
    only_model: &BTreeMap<BatchKey, Option<ModelKey>>,
    known: &BTreeMap<TaskKey, Claimable>,
    wanted: Vec<TaskKey>,
    places: &[Places],
    now: Time,
) -> (Vec<(TaskKey, Departure)>, Vec<TaskKey>) {
    let mut free: Vec<(RouteKey, ModelKey, i64)> = places.iter().map(|place| (place.route.key, place.route.model, place.free)).collect();
    let (mut to_send, mut set_aside) = (Vec::with_capacity(wanted.len()), Vec::new());
    // Batches with one model first: their portions were measured by its places, and they are never set aside.
    let (of_one, of_mixed): (Vec<TaskKey>, Vec<TaskKey>) =
        wanted.into_iter().partition(|task| matches!(only_model.get(&task.batch), Some(Some(_))));
    for task in of_one.into_iter().chain(of_mixed) {
        let of_task = known.get(&task);
        let model = only_model.get(&task.batch).copied().flatten().or_else(|| of_task.map(|task| task.model));
        match free.iter_mut().find(|(_, makes, places)| Some(*makes) == model && *places > 0) {
            Some((route, _, places)) => {
                *places -= 1;
                let attempt = of_task.map_or(0, |task| task.attempts) + 1;
                let started_at = of_task.and_then(|task| task.started_at).unwrap_or(now);
                to_send.push((task, Departure { route: *route, attempt, started_at }));
            }
            None => set_aside.push(task),
        }
    }
    (to_send, set_aside)
}

fn orders(rows: Vec<OrderRow>, claim: &Claim, places: &[Places]) -> Vec<Claimed> {
    let upstream: BTreeMap<RouteKey, &str> = places.iter().map(|place| (place.route.key, place.route.upstream_model.as_str())).collect();
    let claimed = |row: OrderRow| {
        let run = claim.runs.get(usize::try_from(row.run).ok()?)?;
        let Departure { route, attempt, started_at } = run.common;
        let (task, batch_id) = (TaskKey { batch: run.batch, number: row.task_no }, *claim.batches.get(&run.batch)?);
        let order = Order {
            reference: reference(batch_id, task.number, attempt),
            upstream_model: upstream.get(&route).copied().unwrap_or_default().to_owned(),
            prompt: row.prompt,
            aspect_ratio: row.aspect_ratio,
            duration_s: row.duration_s,
            reference_url: row.reference_url,
        };
        Some(Claimed { task, batch_id, attempt, route, started_at, order })
    };
    let mut all = Vec::with_capacity(rows.len());
    all.extend(rows.into_iter().filter_map(claimed));
    all
}
