//! What changes about batches while they run, and who may change it.

use std::ops::{Deref, DerefMut};

use crate::domain::batch::{BatchCredits, BatchEnd, BatchHead, BatchState, BatchStatus, Counts};
use crate::domain::credits::Credits;
use crate::domain::id::{BatchKey, CustomerKey};
use crate::domain::money::Money;
use crate::domain::time::Time;
use crate::store::dialect::{self, Column, SetStatement};
use crate::store::error::ensure_rows;
use crate::store::holds::Holds;
use crate::store::{StoreError, StoreResult, Tx};

use super::ids;

/// A batch whose hold this transaction has locked. Only [`acquire`] makes one, and only one can be saved. Claims move tasks from
/// `pending` to `processing` meanwhile: those two are saved as what was added to them.
#[derive(Debug)]
pub struct Acquired {
    head: BatchHead,
    read: Counts,
}

impl Deref for Acquired {
    type Target = BatchHead;

    fn deref(&self) -> &BatchHead {
        &self.head
    }
}

impl DerefMut for Acquired {
    fn deref_mut(&mut self) -> &mut BatchHead {
        &mut self.head
    }
}

#[derive(sqlx::FromRow)]
pub struct HeadRow {
    id: i64,
    public_id: String,
    customer_id: i64,
    status: String,
    total: i64,
    pending: i64,
    processing: i64,
    succeeded: i64,
    failed: i64,
    canceled: i64,
    next_task_no: i32,
    credits_held: i64,
    credits_charged: i64,
    credits_refunded: i64,
    revenue_microusd: i64,
    cost_succeeded_microusd: i64,
    cost_failed_microusd: i64,
    started_at_us: Option<i64>,
    cancel_requested_at_us: Option<i64>,
    finished_at_us: Option<i64>,
}

pub fn read_head(row: HeadRow) -> StoreResult<BatchHead> {
    let [held, charged, refunded] = [row.credits_held, row.credits_charged, row.credits_refunded].map(Credits::new);
    let credits = BatchCredits::new(held, charged, refunded);
    let state = read_state(&row.status, row.started_at_us, row.cancel_requested_at_us, row.finished_at_us)?;
    Ok(BatchHead {
        key: BatchKey(row.id),
        id: row.public_id.parse()?,
        customer: CustomerKey(row.customer_id),
        state,
        counts: Counts {
            total: row.total,
            pending: row.pending,
            processing: row.processing,
            succeeded: row.succeeded,
            failed: row.failed,
            canceled: row.canceled,
        },
        credits: credits.ok_or_else(|| StoreError::inconsistent("batches", format!("credits of {}", row.public_id)))?,
        next_task_number: row.next_task_no,
        revenue: Money::from_micros(row.revenue_microusd),
        cost_succeeded: Money::from_micros(row.cost_succeeded_microusd),
        cost_failed: Money::from_micros(row.cost_failed_microusd),
    })
}

fn read_state(status: &str, started: Option<i64>, cancel_requested: Option<i64>, finished: Option<i64>) -> StoreResult<BatchState> {
    let started_at = started.map(Time::from_micros);
    let missing = || StoreError::inconsistent("batches", format!("a {status} batch without its time"));
    let end = |end| Ok(BatchState::Finished { started_at, finished_at: finished.map(Time::from_micros).ok_or_else(missing)?, end });
    match status.parse::<BatchStatus>()? {
        BatchStatus::Queued => Ok(BatchState::Queued),
        BatchStatus::Processing => Ok(BatchState::Processing { started_at: started_at.ok_or_else(missing)? }),
        BatchStatus::Canceling => {
            Ok(BatchState::Canceling { started_at, requested_at: cancel_requested.map(Time::from_micros).ok_or_else(missing)? })
        }
        BatchStatus::Completed => end(BatchEnd::Completed),
        BatchStatus::Partial => end(BatchEnd::Partial),
        BatchStatus::Failed => end(BatchEnd::Failed),
        BatchStatus::Canceled => end(BatchEnd::Canceled),
    }
}

/// Waits for the queues of batches and keeps them until this transaction ends: nobody else takes tasks out of what waits there.
/// Before the batches' rows where both are locked.
pub async fn lock_queues(tx: &mut Tx, keys: &[BatchKey]) -> StoreResult<()> {
    dialect::lock_queues(tx, keys.iter().map(|key| key.0)).await
}

/// Batches as they are now, in order of their keys. While this transaction has their queues, only what runs can end or come back.
pub async fn heads(tx: &mut Tx, keys: &[BatchKey]) -> StoreResult<Vec<BatchHead>> {
    static HEADS: SetStatement = SetStatement::new(
        "SELECT id, public_id, customer_id, status, total, pending, processing, succeeded, failed, canceled, next_task_no, credits_held,
            credits_charged, credits_refunded, revenue_microusd, cost_succeeded_microusd, cost_failed_microusd, started_at_us,
            cancel_requested_at_us, finished_at_us
        FROM batches WHERE id IN (SELECT u.id FROM {rows}) ORDER BY id",
        0,
        &[("id", "bigint")],
    );
    let rows: Vec<HeadRow> = HEADS.fetch(tx, &[], ids(keys)).await?;
    rows.into_iter().map(read_head).collect()
}

/// The batches whose holds this transaction has locked, in order of their keys.
pub async fn acquire(tx: &mut Tx, holds: &Holds) -> StoreResult<Vec<Acquired>> {
    let heads = heads(tx, &holds.batches()).await?;
    Ok(heads.into_iter().map(|head| Acquired { read: head.counts, head }).collect())
}

/// What a claim took of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub batch: BatchKey,
    pub tasks: i64,
    /// Tasks from this number on are still unclaimed.
    pub next_task_number: i32,
}

/// Counts what a claim took out of the queues that this transaction has, and starts batches that were queued. The last that a
/// claim writes, so that nobody waits long for the batches' rows.
pub async fn take(tx: &mut Tx, taken: &[Taken], now: Time) -> StoreResult<()> {
    static TAKE: SetStatement = SetStatement::new(
        "UPDATE batches AS b SET status = 'processing', started_at_us = COALESCE(b.started_at_us, $1), pending = b.pending - u.tasks,
            processing = b.processing + u.tasks, next_task_no = u.next_no, claimed_at_us = $1
        FROM {rows} WHERE b.id = u.id AND b.status IN ('queued', 'processing')",
        1,
        &[("id", "bigint"), ("tasks", "bigint"), ("next_no", "integer")],
    );
    let columns = vec![
        Column::I64(taken.iter().map(|row| row.batch.0).collect()),
        Column::I64(taken.iter().map(|row| row.tasks).collect()),
        Column::I32(taken.iter().map(|row| row.next_task_number).collect()),
    ];
    ensure_rows("counting what was claimed", TAKE.execute(tx, &[now.micros()], columns).await?, taken.len())
}

/// Writes what changed of batches. The last that a transaction writes, so that nobody waits long for their rows.
pub async fn save(tx: &mut Tx, heads: &[Acquired]) -> StoreResult<()> {
    static SAVE: SetStatement = SetStatement::new(
        "UPDATE batches AS b SET status = u.status, pending = b.pending + u.pending, processing = b.processing + u.processing,
            succeeded = u.succeeded, failed = u.failed, canceled = u.canceled, credits_charged = u.charged, credits_refunded = u.refunded,
            revenue_microusd = u.revenue, cost_succeeded_microusd = u.cost_ok, cost_failed_microusd = u.cost_bad,
            started_at_us = u.started, cancel_requested_at_us = COALESCE(u.requested, b.cancel_requested_at_us), finished_at_us = u.finished
        FROM {rows} WHERE b.id = u.id",
        0,
        &[
            ("id", "bigint"),
            ("status", "text"),
            ("pending", "bigint"),
            ("processing", "bigint"),
            ("succeeded", "bigint"),
            ("failed", "bigint"),
            ("canceled", "bigint"),
            ("charged", "bigint"),
            ("refunded", "bigint"),
            ("revenue", "bigint"),
            ("cost_ok", "bigint"),
            ("cost_bad", "bigint"),
            ("started", "bigint"),
            ("requested", "bigint"),
            ("finished", "bigint"),
        ],
    );
    if let Some(wrong) = heads.iter().find(|head| !head.counts.is_consistent()) {
        return Err(StoreError::inconsistent("batches", format!("{} would have {:?}", wrong.id, wrong.counts)));
    }
    let column = |value: fn(&BatchHead) -> i64| Column::I64(heads.iter().map(|head| value(head)).collect());
    let added = |count: fn(Counts) -> i64| Column::I64(heads.iter().map(|head| count(head.counts) - count(head.read)).collect());
    let time = |value: fn(&BatchHead) -> Option<Time>| Column::I64Null(heads.iter().map(|head| value(head).map(Time::micros)).collect());
    let columns = vec![
        column(|head| head.key.0),
        Column::Word(heads.iter().map(|head| head.state.status().as_str()).collect()),
        added(|counts| counts.pending),
        added(|counts| counts.processing),
        column(|head| head.counts.succeeded),
        column(|head| head.counts.failed),
        column(|head| head.counts.canceled),
        column(|head| head.credits.charged.get()),
        column(|head| head.credits.refunded.get()),
        column(|head| head.revenue.micros()),
        column(|head| head.cost_succeeded.micros()),
        column(|head| head.cost_failed.micros()),
        time(|head| head.state.started_at()),
        time(|head| head.state.cancel_requested_at()),
        time(|head| head.state.finished_at()),
    ];
    ensure_rows("saving batches", SAVE.execute(tx, &[], columns).await?, heads.len())
}
