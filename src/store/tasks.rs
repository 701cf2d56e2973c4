//! Tasks. What changes is in `tasks`, what never changes in `task_inputs`.
//!
//! Tasks that were never claimed are those from `batches.next_task_no` on; tasks that wait for another attempt are in
//! `retries`. So claiming needs no index over states, and no update of a task touches an index.

mod read;

pub use self::read::{Extent, Slice, Wanted, extent, list, matching, numbered, numbered_rows, ordered_model, retrying, rows};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchKey, ModelKey, RouteKey, TaskKey, WorkerKey};
use crate::domain::submission::{NewTask, Priced};
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::runs::{self, Run};
use super::{StoreResult, Tx, on};

/// Stores all tasks of a new batch.
pub async fn insert(tx: &mut Tx, batch: BatchKey, items: Vec<NewTask>, priced: &Priced) -> StoreResult<()> {
    static TASKS: SetStatement = SetStatement::new(
        "INSERT INTO tasks (batch_id, price, model_id, task_no, attempts, status) SELECT $1, u.price, u.model, u.n, 0, 'pending' FROM {rows}",
        1,
        &[("price", "bigint"), ("model", "bigint"), ("n", "integer")],
    );
    static INPUTS: SetStatement = SetStatement::new(
        "INSERT INTO task_inputs (batch_id, task_no, duration_s, prompt, custom_id, reference_url, aspect_ratio, metadata)
        SELECT $1, u.n, u.duration_s, u.prompt, u.custom_id, u.reference_url, u.aspect_ratio, u.metadata FROM {rows}",
        1,
        &[
            ("n", "integer"),
            ("duration_s", "integer"),
            ("prompt", "text"),
            ("custom_id", "text"),
            ("reference_url", "text"),
            ("aspect_ratio", "text"),
            ("metadata", "text"),
        ],
    );
    let count = items.len();
    let numbers: Vec<i32> = (1..).take(count).collect();
    let columns = vec![
        Column::I64(priced.item_models.iter().map(|model| priced.models[*model].credits.get()).collect()),
        Column::I64(priced.item_models.iter().map(|model| priced.models[*model].model.0).collect()),
        Column::I32(numbers.clone()),
    ];
    ensure_rows("inserting tasks", TASKS.execute(tx, &[batch.0], columns).await?, count)?;
    let (mut durations, mut prompts, mut custom_ids) = (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut references, mut ratios, mut metadata) = (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
    for item in items {
        durations.push(item.duration_s);
        prompts.push(item.prompt);
        custom_ids.push(item.custom_id);
        references.push(item.reference_url);
        ratios.push(item.aspect_ratio);
        metadata.push(item.metadata);
    }
    let columns = vec![
        Column::I32(numbers),
        Column::I32Null(durations),
        Column::Text(prompts),
        Column::TextNull(custom_ids),
        Column::TextNull(references),
        Column::TextNull(ratios),
        Column::TextNull(metadata),
    ];
    ensure_rows("inserting task inputs", INPUTS.execute(tx, &[batch.0], columns).await?, count)
}

/// What a claim knows of a task: by which route its order goes, as which attempt, from 1, and when the first was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    pub route: RouteKey,
    pub attempt: i32,
    /// The task's deadline counts from there.
    pub started_at: Time,
}

/// Takes tasks for a worker: `pending → submitting`, or fails, also where a task had another number of attempts.
pub async fn claim(tx: &mut Tx, worker: WorkerKey, runs: &[Run<Departure>]) -> StoreResult<()> {
    static CLAIM: SetStatement = SetStatement::new(
        "UPDATE tasks AS t SET status = 'submitting', lease_owner = $1, attempts = u.a, started_at_us = u.s
        FROM {rows} WHERE t.batch_id = u.b AND t.task_no BETWEEN u.first AND u.last AND t.status = 'pending' AND t.attempts = u.a - 1",
        1,
        &[("b", "bigint"), ("first", "integer"), ("last", "integer"), ("a", "integer"), ("s", "bigint")],
    );
    let mut columns = runs::columns(runs);
    columns.extend([
        Column::I32(runs.iter().map(|run| run.common.attempt).collect()),
        Column::I64(runs.iter().map(|run| run.common.started_at.micros()).collect()),
    ]);
    ensure_rows("claiming tasks", CLAIM.execute(tx, &[worker.0], columns).await?, runs.iter().map(Run::count).sum())
}

fn keys(tasks: &[TaskKey]) -> Vec<Column> {
    vec![Column::I64(tasks.iter().map(|task| task.batch.0).collect()), Column::I32(tasks.iter().map(|task| task.number).collect())]
}

/// A task that may be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Claimable {
    pub model: ModelKey,
    /// Attempts so far.
    pub attempts: i32,
    /// When the first of them was claimed.
    pub started_at: Option<Time>,
}

/// What a claim wants to know of tasks. Whoever asks has the queues of their batches.
pub async fn claimable(tx: &mut Tx, tasks: &[TaskKey]) -> StoreResult<Vec<(TaskKey, Claimable)>> {
    static CLAIMABLE: SetStatement = SetStatement::new(
        "SELECT t.batch_id, t.task_no, t.model_id, t.attempts, t.started_at_us
        FROM {rows} JOIN tasks AS t ON t.batch_id = u.b AND t.task_no = u.n",
        0,
        &[("b", "bigint"), ("n", "integer")],
    );
    let rows: Vec<(i64, i32, i64, i32, Option<i64>)> = CLAIMABLE.fetch(tx, &[], keys(tasks)).await?;
    let read = |(batch, number, model, attempts, started): (i64, i32, i64, i32, Option<i64>)| {
        let task = TaskKey { batch: BatchKey(batch), number };
        (task, Claimable { model: ModelKey(model), attempts, started_at: started.map(Time::from_micros) })
    };
    Ok(rows.into_iter().map(read).collect())
}

/// What a provider is told of a claimed task.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// Which of the runs that were asked for it is in, from 0.
    pub run: i32,
    pub task_no: i32,
    pub prompt: String,
    pub reference_url: Option<String>,
    pub aspect_ratio: Option<String>,
    pub duration_s: Option<i32>,
}

/// Read by their places: columns are not looked up by name, row by row.
type OrderColumns = (i32, i32, String, Option<String>, Option<String>, Option<i32>);

fn order((run, task_no, prompt, reference_url, aspect_ratio, duration_s): OrderColumns) -> OrderRow {
    OrderRow { run, task_no, prompt, reference_url, aspect_ratio, duration_s }
}

/// The orders of tasks that a worker has claimed; none if it was given up since, because they are others' then.
pub async fn orders(tx: &mut Tx, worker: WorkerKey, runs: &[Run<Departure>]) -> StoreResult<Vec<OrderRow>> {
    static ORDERS: SetStatement = SetStatement::new(
        "SELECT u.run, i.task_no, i.prompt, i.reference_url, i.aspect_ratio, i.duration_s
        FROM {rows} JOIN task_inputs AS i ON i.batch_id = u.b AND i.task_no BETWEEN u.first AND u.last
        WHERE EXISTS (SELECT 1 FROM workers AS w WHERE w.id = $1 AND w.stopped_at_us IS NULL)",
        1,
        &[("b", "bigint"), ("first", "integer"), ("last", "integer"), ("run", "integer")],
    );
    let mut columns = runs::columns(runs);
    columns.push(Column::I32((0..).take(runs.len()).collect()));
    let rows: Vec<OrderColumns> = ORDERS.fetch(tx, &[worker.0], columns).await?;
    Ok(rows.into_iter().map(order).collect())
}

/// A step of a task that its worker takes. Every step is fenced: it changes nothing unless the task is still this worker's, in
/// this attempt.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub task: TaskKey,
    pub attempt: i32,
    pub to: TaskStatus,
    pub failure: Option<(FailureType, Party)>,
}

/// A step that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stepped {
    pub task: TaskKey,
    pub price: Credits,
    pub model: ModelKey,
}

/// What statements return of a task that took a step.
type SteppedRow = (i64, i32, i64, i64);

fn stepped((batch, number, price, model): SteppedRow) -> Stepped {
    Stepped { task: TaskKey { batch: BatchKey(batch), number }, price: Credits::new(price), model: ModelKey(model) }
}

/// Takes steps from `submitting` or `processing`: to `processing` (the lease stays), `succeeded`, `failed` (it ends), or back
/// to `pending`. Returns the ones that were taken; the others had lost their lease.
pub async fn step(tx: &mut Tx, worker: WorkerKey, steps: &[Step], now: Time) -> StoreResult<Vec<Stepped>> {
    static STEP: SetStatement = SetStatement::new(
        "UPDATE tasks AS t SET status = u.s, failure_type = u.f, party = u.p,
            lease_owner = CASE u.s WHEN 'processing' THEN t.lease_owner ELSE NULL END,
            finished_at_us = CASE WHEN u.s IN ('succeeded', 'failed') THEN $2 ELSE NULL END
        FROM {rows} WHERE t.batch_id = u.b AND t.task_no BETWEEN u.first AND u.last AND t.attempts = u.a AND t.lease_owner = $1
            AND t.status IN ('submitting', 'processing')
        RETURNING batch_id, task_no, price, model_id",
        2,
        &[("b", "bigint"), ("first", "integer"), ("last", "integer"), ("a", "integer"), ("s", "text"), ("f", "text"), ("p", "text")],
    );
    let runs = runs::runs(steps.iter().map(|step| (step.task, (step.attempt, step.to, step.failure))));
    let mut columns = runs::columns(&runs);
    columns.extend([
        Column::I32(runs.iter().map(|run| run.common.0).collect()),
        Column::Word(runs.iter().map(|run| run.common.1.as_str()).collect()),
        Column::WordNull(runs.iter().map(|run| run.common.2.map(|(failure, _)| failure.as_str())).collect()),
        Column::WordNull(runs.iter().map(|run| run.common.2.map(|(_, party)| party.as_str())).collect()),
    ]);
    let rows: Vec<SteppedRow> = STEP.fetch(tx, &[worker.0, now.micros()], columns).await?;
    Ok(rows.into_iter().map(stepped).collect())
}

/// What the customer calls these tasks of one batch, by their numbers; those that have no name are left out.
pub async fn custom_ids(tx: &mut Tx, tasks: &[TaskKey]) -> StoreResult<Vec<(i32, String)>> {
    static CUSTOM_IDS: SetStatement = SetStatement::new(
        "SELECT i.task_no, i.custom_id FROM {rows} JOIN task_inputs AS i ON i.batch_id = u.b AND i.task_no = u.n
        WHERE i.custom_id IS NOT NULL",
        0,
        &[("b", "bigint"), ("n", "integer")],
    );
    CUSTOM_IDS.fetch(tx, &[], keys(tasks)).await
}

/// Takes an attempt number back: what happened cost no attempt. The tasks are pending again in this transaction.
pub async fn take_back_attempt(tx: &mut Tx, tasks: &[TaskKey]) -> StoreResult<()> {
    static TAKE_BACK: SetStatement = SetStatement::new(
        "UPDATE tasks AS t SET attempts = t.attempts - 1 FROM {rows} WHERE t.batch_id = u.b AND t.task_no = u.n AND t.status = 'pending'",
        0,
        &[("b", "bigint"), ("n", "integer")],
    );
    ensure_rows("taking attempts back", TAKE_BACK.execute(tx, &[], keys(tasks)).await?, tasks.len())
}

/// Puts pending tasks in line for another attempt.
pub async fn insert_retries(tx: &mut Tx, retries: &[(TaskKey, Time)]) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO retries (batch_id, task_no, due_at_us) SELECT u.b, u.n, u.d FROM {rows}",
        0,
        &[("b", "bigint"), ("n", "integer"), ("d", "bigint")],
    );
    let columns = vec![
        Column::I64(retries.iter().map(|(task, _)| task.batch.0).collect()),
        Column::I32(retries.iter().map(|(task, _)| task.number).collect()),
        Column::I64(retries.iter().map(|(_, due)| due.micros()).collect()),
    ];
    ensure_rows("inserting retries", INSERT.execute(tx, &[], columns).await?, retries.len())
}

/// Retries of these models that are due, longest due first. At most `max`.
pub async fn due_retries(tx: &mut Tx, now: Time, models: &[ModelKey], max: i64) -> StoreResult<Vec<TaskKey>> {
    static DUE: SetStatement = SetStatement::new(
        "SELECT r.batch_id, r.task_no FROM retries AS r JOIN tasks AS t ON t.batch_id = r.batch_id AND t.task_no = r.task_no
        WHERE r.due_at_us <= $1 AND t.model_id IN (SELECT u.m FROM {rows}) ORDER BY r.due_at_us, r.batch_id, r.task_no LIMIT $2",
        2,
        &[("m", "bigint")],
    );
    let models = vec![Column::I64(models.iter().map(|model| model.0).collect())];
    let rows: Vec<(i64, i32)> = DUE.fetch(tx, &[now.micros(), max], models).await?;
    Ok(rows.into_iter().map(|(batch, number)| TaskKey { batch: BatchKey(batch), number }).collect())
}

/// Tasks that wait for another attempt past their deadline, which counts from the first. At most `max`.
pub async fn overdue(tx: &mut Tx, now: Time, max: i64) -> StoreResult<Vec<TaskKey>> {
    const OVERDUE: &str = "SELECT r.batch_id, r.task_no FROM retries AS r
        JOIN tasks AS t ON t.batch_id = r.batch_id AND t.task_no = r.task_no JOIN models AS m ON m.id = t.model_id
        WHERE t.started_at_us + m.deadline_s * 1000000 <= $1 ORDER BY r.batch_id, r.task_no LIMIT $2";
    let rows: Vec<(i64, i32)> = on!(tx, c => sqlx::query_as(OVERDUE).bind(now.micros()).bind(max).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(batch, number)| TaskKey { batch: BatchKey(batch), number }).collect())
}

/// Fails tasks of locked batches that nobody has: `pending → failed`. Returns those that were pending.
pub async fn fail_waiting(tx: &mut Tx, tasks: &[TaskKey], failure: FailureType, party: Party, now: Time) -> StoreResult<Vec<Stepped>> {
    static FAIL: SetStatement = SetStatement::new(
        "UPDATE tasks AS t SET status = 'failed', failure_type = u.f, party = u.p, finished_at_us = $1
        FROM {rows} WHERE t.batch_id = u.b AND t.task_no = u.n AND t.status = 'pending'
        RETURNING batch_id, task_no, price, model_id",
        1,
        &[("b", "bigint"), ("n", "integer"), ("f", "text"), ("p", "text")],
    );
    let mut columns = keys(tasks);
    columns.push(Column::Word(vec![failure.as_str(); tasks.len()]));
    columns.push(Column::Word(vec![party.as_str(); tasks.len()]));
    let rows: Vec<SteppedRow> = FAIL.fetch(tx, &[now.micros()], columns).await?;
    Ok(rows.into_iter().map(stepped).collect())
}

/// Takes retries out of the line; returns those that were in it. Whoever does has the queues of their batches.
pub async fn delete_retries(tx: &mut Tx, tasks: &[TaskKey]) -> StoreResult<Vec<TaskKey>> {
    static DELETE: SetStatement = SetStatement::new(
        "DELETE FROM retries WHERE (batch_id, task_no) IN (SELECT u.b, u.n FROM {rows}) RETURNING batch_id, task_no",
        0,
        &[("b", "bigint"), ("n", "integer")],
    );
    let rows: Vec<(i64, i32)> = DELETE.fetch(tx, &[], keys(tasks)).await?;
    Ok(rows.into_iter().map(|(batch, number)| TaskKey { batch: BatchKey(batch), number }).collect())
}

/// Cancels every pending task of a locked batch; returns them.
pub async fn cancel_pending(tx: &mut Tx, batch: BatchKey, now: Time) -> StoreResult<Vec<Stepped>> {
    const RETRIES: &str = "DELETE FROM retries WHERE batch_id = $1";
    const CANCEL: &str = "UPDATE tasks SET status = 'canceled', finished_at_us = $2 WHERE batch_id = $1 AND status = 'pending'
        RETURNING batch_id, task_no, price, model_id";
    on!(&mut *tx, c => sqlx::query(RETRIES).bind(batch.0).execute(c).await.map(|_| ()))?;
    let rows: Vec<SteppedRow> = on!(tx, c => sqlx::query_as(CANCEL).bind(batch.0).bind(now.micros()).fetch_all(c).await)?;
    Ok(rows.into_iter().map(stepped).collect())
}

/// A leased task, its attempt, and how far it is.
pub type Leased = (TaskKey, i32, TaskStatus);

/// Gives tasks of workers that are gone to another worker, `max` at most; only open batches can have any. Returns them, and
/// whether that was all there were.
pub async fn adopt(tx: &mut Tx, from: &[WorkerKey], to: WorkerKey, max: i64) -> StoreResult<(Vec<Leased>, bool)> {
    static ORPHANS: SetStatement = SetStatement::new(
        "SELECT t.batch_id, t.task_no, t.lease_owner FROM tasks AS t
        WHERE t.batch_id IN (SELECT id FROM batches WHERE finished_at_us IS NULL) AND t.lease_owner IN (SELECT u.w FROM {rows})
        ORDER BY t.batch_id, t.task_no LIMIT $1",
        1,
        &[("w", "bigint")],
    );
    static ADOPT: SetStatement = SetStatement::new(
        "UPDATE tasks AS t SET lease_owner = $1 FROM {rows} WHERE t.batch_id = u.b AND t.task_no = u.n AND t.lease_owner = u.w
        RETURNING batch_id, task_no, attempts, status",
        1,
        &[("b", "bigint"), ("n", "integer"), ("w", "bigint")],
    );
    let workers = from.iter().map(|worker| worker.0).collect();
    let orphans: Vec<(i64, i32, i64)> = ORPHANS.fetch(tx, &[max], vec![Column::I64(workers)]).await?;
    let all = i64::try_from(orphans.len()).unwrap_or(max) < max;
    // Another rescuer may have been faster: what it has by now is its own.
    let columns = vec![
        Column::I64(orphans.iter().map(|row| row.0).collect()),
        Column::I32(orphans.iter().map(|row| row.1).collect()),
        Column::I64(orphans.iter().map(|row| row.2).collect()),
    ];
    let rows: Vec<LeasedRow> = ADOPT.fetch(tx, &[to.0], columns).await?;
    Ok((rows.into_iter().map(leased).collect::<StoreResult<_>>()?, all))
}

/// Everything that is leased to a worker.
pub async fn leased_to(tx: &mut Tx, worker: WorkerKey) -> StoreResult<Vec<Leased>> {
    const LEASED: &str = "SELECT batch_id, task_no, attempts, status FROM tasks
        WHERE batch_id IN (SELECT id FROM batches WHERE finished_at_us IS NULL) AND lease_owner = $1 ORDER BY batch_id, task_no";
    let rows: Vec<LeasedRow> = on!(tx, c => sqlx::query_as(LEASED).bind(worker.0).fetch_all(c).await)?;
    rows.into_iter().map(leased).collect()
}

type LeasedRow = (i64, i32, i32, String);

fn leased((batch, number, attempt, status): LeasedRow) -> StoreResult<Leased> {
    Ok((TaskKey { batch: BatchKey(batch), number }, attempt, status.parse()?))
}
