//! Batches and their counters. Whoever takes tasks out of what waits in a batch has its queue, and whoever moves its money has
//! its hold (`holds.rs`), so that its row, which both write, is held for one statement at the end of a transaction.

mod head;

pub use self::head::{Acquired, Taken, acquire, heads, lock_queues, save, take};
use self::head::{HeadRow, read_head};
use crate::domain::batch::{Batch, FailureSum, PricedModel};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{ApiKeyKey, BatchId, BatchKey, CustomerKey, ModelKey};
use crate::domain::money::Money;
use crate::domain::page::PageSize;
use crate::domain::share::Waiting;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::{StoreResult, Tx, on};

/// A batch to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewBatchRow<'b> {
    pub id: BatchId,
    pub customer: CustomerKey,
    pub api_key: ApiKeyKey,
    pub idempotency_key: &'b str,
    pub model: Option<&'b str>,
    pub webhook_url: Option<&'b str>,
    pub metadata: &'b str,
    pub tasks: i64,
    pub held: Credits,
}

pub async fn insert(tx: &mut Tx, batch: &NewBatchRow<'_>, now: Time) -> StoreResult<BatchKey> {
    const INSERT: &str = "INSERT INTO batches
            (public_id, customer_id, api_key_id, idempotency_key, model, webhook_url, metadata, status, total, pending, processing,
            succeeded, failed, canceled, next_task_no, credits_held, credits_charged, credits_refunded, revenue_microusd,
            cost_succeeded_microusd, cost_failed_microusd, created_at_us, claimed_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $8, 0, 0, 0, 0, 1, $9, 0, 0, 0, 0, 0, $10, 0) RETURNING id";
    let key: i64 = on!(tx, c => sqlx::query_scalar(INSERT).bind(batch.id.to_string()).bind(batch.customer.0).bind(batch.api_key.0)
        .bind(batch.idempotency_key).bind(batch.model).bind(batch.webhook_url).bind(batch.metadata).bind(batch.tasks)
        .bind(batch.held.get()).bind(now.micros()).fetch_one(c).await)?;
    Ok(BatchKey(key))
}

/// The one column of a statement on these batches.
pub(super) fn ids(keys: &[BatchKey]) -> Vec<Column> {
    vec![Column::I64(keys.iter().map(|key| key.0).collect())]
}

/// Open batches with waiting tasks that make something with one of these models, longest without a turn first, and the models of
/// each. Bounded: whoever is left out is next. `tasks` counts those that were never claimed; retries come on top.
///
/// Without the pluses SQLite would group along the index of customers, past every batch there ever was, and without CROSS it would
/// begin with the models of them all.
pub async fn waiting(tx: &mut Tx, models: &[ModelKey], max: i64) -> StoreResult<(Vec<Waiting>, Vec<(BatchKey, ModelKey)>)> {
    static WAITING: SetStatement = SetStatement::new(
        "SELECT w.customer_id, w.id, w.tasks, w.in_flight, m.model_id
        FROM (
            SELECT b.customer_id, b.id, CAST(b.total - b.next_task_no + 1 AS BIGINT) AS tasks, COALESCE(f.in_flight, 0) AS in_flight,
                b.claimed_at_us
            FROM batches AS b
            LEFT JOIN (
                SELECT +customer_id AS customer_id, CAST(SUM(processing) AS BIGINT) AS in_flight FROM batches
                WHERE finished_at_us IS NULL AND processing > 0 GROUP BY +customer_id
            ) AS f ON f.customer_id = b.customer_id
            WHERE b.finished_at_us IS NULL AND b.status IN ('queued', 'processing') AND b.pending > 0
                AND EXISTS (SELECT 1 FROM batch_models AS o WHERE o.batch_id = b.id AND o.model_id IN (SELECT u.m FROM {rows}))
            ORDER BY b.claimed_at_us, b.id LIMIT $1
        ) AS w
        CROSS JOIN batch_models AS m WHERE m.batch_id = w.id
        ORDER BY w.claimed_at_us, w.id",
        1,
        &[("m", "bigint")],
    );
    let columns = vec![Column::I64(models.iter().map(|model| model.0).collect())];
    let rows: Vec<(i64, i64, i64, i64, i64)> = WAITING.fetch(tx, &[max], columns).await?;
    let models = rows.iter().map(|row| (BatchKey(row.1), ModelKey(row.4))).collect();
    let mut waiting: Vec<Waiting> = rows
        .into_iter()
        .map(|(customer, batch, tasks, in_flight, _)| Waiting { customer: CustomerKey(customer), batch: BatchKey(batch), tasks, in_flight })
        .collect();
    waiting.dedup();
    Ok((waiting, models))
}

/// The open batches among these that are being canceled.
pub async fn canceling(tx: &mut Tx, keys: &[BatchKey]) -> StoreResult<Vec<BatchKey>> {
    static CANCELING: SetStatement =
        SetStatement::new("SELECT id FROM batches WHERE status = 'canceling' AND id IN (SELECT u.id FROM {rows})", 0, &[("id", "bigint")]);
    let rows: Vec<(i64,)> = CANCELING.fetch(tx, &[], ids(keys)).await?;
    Ok(rows.into_iter().map(|(key,)| BatchKey(key)).collect())
}

#[derive(sqlx::FromRow)]
pub(super) struct BatchRow {
    #[sqlx(flatten)]
    head: HeadRow,
    customer_public_id: String,
    customer_name: String,
    api_key_prefix: Option<String>,
    idempotency_key: String,
    model: Option<String>,
    webhook_url: Option<String>,
    metadata: String,
    created_at_us: i64,
}

pub(super) fn read(row: BatchRow) -> StoreResult<Batch> {
    let head = read_head(row.head)?;
    Ok(Batch {
        key: head.key,
        id: head.id,
        customer: head.customer,
        customer_id: row.customer_public_id.parse()?,
        customer_name: row.customer_name,
        api_key_prefix: row.api_key_prefix,
        idempotency_key: row.idempotency_key,
        model: row.model,
        webhook_url: row.webhook_url,
        metadata: row.metadata,
        state: head.state,
        counts: head.counts,
        credits: head.credits,
        revenue: head.revenue,
        cost_succeeded: head.cost_succeeded,
        cost_failed: head.cost_failed,
        created_at: Time::from_micros(row.created_at_us),
    })
}

/// What all readers select; each adds its own WHERE and ORDER BY.
macro_rules! select_batches {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.public_id, b.customer_id, b.status, b.total, b.pending, b.processing, b.succeeded, b.failed, b.canceled,
                b.next_task_no, b.credits_held, b.credits_charged, b.credits_refunded, b.revenue_microusd, b.cost_succeeded_microusd,
                b.cost_failed_microusd, b.started_at_us, b.cancel_requested_at_us, b.finished_at_us, c.public_id AS customer_public_id,
                c.name AS customer_name, k.prefix AS api_key_prefix, b.idempotency_key, b.model, b.webhook_url, b.metadata, b.created_at_us
            FROM batches AS b JOIN customers AS c ON c.id = b.customer_id LEFT JOIN api_keys AS k ON k.id = b.api_key_id ",
            $rest
        )
    };
}
pub(super) use select_batches;

/// A batch; with a customer only if it is that customer's.
pub async fn by_id(tx: &mut Tx, customer: Option<CustomerKey>, id: BatchId) -> StoreResult<Option<Batch>> {
    const BY_ID: &str = select_batches!("WHERE b.public_id = $1 AND ($2 IS NULL OR b.customer_id = $2)");
    let customer = customer.map(|key| key.0);
    let row: Option<BatchRow> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).bind(customer).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// Key of a batch; with a customer only if it is that customer's.
pub async fn key_of(tx: &mut Tx, customer: Option<CustomerKey>, id: BatchId) -> StoreResult<Option<BatchKey>> {
    const KEY: &str = "SELECT id FROM batches WHERE public_id = $1 AND ($2 IS NULL OR customer_id = $2)";
    let customer = customer.map(|key| key.0);
    let key: Option<i64> = on!(tx, c => sqlx::query_scalar(KEY).bind(id.to_string()).bind(customer).fetch_optional(c).await)?;
    Ok(key.map(BatchKey))
}

/// Batches before `before`, newest first. One more than `size`, if there are more.
pub async fn list(tx: &mut Tx, customer: Option<CustomerKey>, before: Option<BatchId>, size: PageSize) -> StoreResult<Vec<Batch>> {
    const OF_ALL: &str = select_batches!(
        "WHERE b.id < COALESCE((SELECT p.id FROM batches AS p WHERE p.public_id = $1), 9223372036854775807) ORDER BY b.id DESC LIMIT $2"
    );
    const OF_CUSTOMER: &str = select_batches!(
        "WHERE b.id < COALESCE((SELECT p.id FROM batches AS p WHERE p.public_id = $1), 9223372036854775807) AND b.customer_id = $3
        ORDER BY b.id DESC LIMIT $2"
    );
    let before = before.map(|id| id.to_string());
    let rows: Vec<BatchRow> = match customer {
        None => on!(tx, c => sqlx::query_as(OF_ALL).bind(before).bind(size.get() + 1).fetch_all(c).await)?,
        Some(customer) => on!(tx, c => sqlx::query_as(OF_CUSTOMER).bind(before).bind(size.get() + 1).bind(customer.0).fetch_all(c).await)?,
    };
    rows.into_iter().map(read).collect()
}

pub async fn priced_models(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<PricedModel>> {
    const MODELS: &str = "SELECT m.name, p.credits, p.tasks FROM batch_models AS p JOIN models AS m ON m.id = p.model_id
        WHERE p.batch_id = $1 ORDER BY m.id";
    let rows: Vec<(String, i64, i64)> = on!(tx, c => sqlx::query_as(MODELS).bind(batch.0).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(model, credits, tasks)| PricedModel { model, credits: Credits::new(credits), tasks }).collect())
}

/// Names of the models of many batches, in one statement.
pub async fn model_names(tx: &mut Tx, keys: &[BatchKey]) -> StoreResult<Vec<(BatchKey, String)>> {
    static NAMES: SetStatement = SetStatement::new(
        "SELECT p.batch_id, m.name FROM batch_models AS p JOIN models AS m ON m.id = p.model_id
        WHERE p.batch_id IN (SELECT u.id FROM {rows}) ORDER BY p.batch_id, m.id",
        0,
        &[("id", "bigint")],
    );
    let rows: Vec<(i64, String)> = NAMES.fetch(tx, &[], ids(keys)).await?;
    Ok(rows.into_iter().map(|(batch, name)| (BatchKey(batch), name)).collect())
}

pub async fn failures(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<FailureSum>> {
    const FAILURES: &str = "SELECT failure_type, party, tasks, credits, cost_microusd FROM batch_failures WHERE batch_id = $1
        ORDER BY tasks DESC, failure_type, party";
    let rows: Vec<(String, String, i64, i64, i64)> = on!(tx, c => sqlx::query_as(FAILURES).bind(batch.0).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(failure, party, tasks, refunded, cost)| {
            Ok(FailureSum {
                failure: failure.parse()?,
                party: party.parse()?,
                tasks,
                refunded: Credits::new(refunded),
                cost: Money::from_micros(cost),
            })
        })
        .collect()
}

/// Failed tasks of these batches by type, whoever bears them, with the credits that were given back for them.
pub async fn failed_tasks(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<(BatchKey, FailureType, i64, Credits)>> {
    static FAILED: SetStatement = SetStatement::new(
        "SELECT f.batch_id, f.failure_type, CAST(SUM(f.tasks) AS BIGINT), CAST(SUM(f.credits) AS BIGINT)
        FROM {rows} JOIN batch_failures AS f ON f.batch_id = u.b WHERE f.tasks > 0
        GROUP BY f.batch_id, f.failure_type ORDER BY f.batch_id, SUM(f.tasks) DESC, f.failure_type",
        0,
        &[("b", "bigint")],
    );
    let keys = vec![Column::I64(batches.iter().map(|key| key.0).collect())];
    let rows: Vec<(i64, String, i64, i64)> = FAILED.fetch(tx, &[], keys).await?;
    rows.into_iter().map(|(batch, failure, tasks, credits)| Ok((BatchKey(batch), failure.parse()?, tasks, Credits::new(credits)))).collect()
}

/// What a group of settled tasks adds to a batch's failures.
#[derive(Clone, Copy, Debug)]
pub struct FailureAdded {
    pub batch: BatchKey,
    pub failure: FailureType,
    pub party: Party,
    pub tasks: i64,
    pub refunded: Credits,
    pub cost: Money,
}

/// Adds to the failures of locked batches. One row per batch, type and party.
pub async fn add_failures(tx: &mut Tx, added: &[FailureAdded]) -> StoreResult<()> {
    static ADD: SetStatement = SetStatement::new(
        "INSERT INTO batch_failures (batch_id, failure_type, party, tasks, credits, cost_microusd)
        SELECT u.b, u.f, u.p, u.t, u.c, u.m FROM {rows} WHERE true
        ON CONFLICT (batch_id, failure_type, party) DO UPDATE SET tasks = batch_failures.tasks + excluded.tasks,
            credits = batch_failures.credits + excluded.credits, cost_microusd = batch_failures.cost_microusd + excluded.cost_microusd",
        0,
        &[("b", "bigint"), ("f", "text"), ("p", "text"), ("t", "bigint"), ("c", "bigint"), ("m", "bigint")],
    );
    let columns = vec![
        Column::I64(added.iter().map(|row| row.batch.0).collect()),
        Column::Word(added.iter().map(|row| row.failure.as_str()).collect()),
        Column::Word(added.iter().map(|row| row.party.as_str()).collect()),
        Column::I64(added.iter().map(|row| row.tasks).collect()),
        Column::I64(added.iter().map(|row| row.refunded.get()).collect()),
        Column::I64(added.iter().map(|row| row.cost.micros()).collect()),
    ];
    ADD.execute(tx, &[], columns).await?;
    Ok(())
}
