//! Deliveries: making them from events, taking them to be sent, and recording what came of it.
//!
//! A delivery is taken by setting its `sender` and moving `next_attempt_at_us` to the moment when it counts as lost; whoever
//! takes it after that moment closes the attempt of before as interrupted. Only the sender may record, and only the attempt
//! that it made: so what is recorded twice is recorded once.

use crate::domain::id::{BatchId, BatchKey, CustomerKey, DeliveryId, DeliveryKey, EndpointKey, EventId, EventKey};
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptClass, CanceledBecause, DeliveryState, EventType, Trigger};

use super::dialect::{self, Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

mod find;
mod of_batch;
mod read;

pub use find::{Asked, Found, find, named};
pub use of_batch::{attempts_of, endpoints_of, strips_of};
pub use read::{Filter, attempts, by_id, list, payload};

/// An event whose deliveries are not made yet.
#[derive(Clone, Debug)]
pub struct QueuedEvent {
    pub event: EventKey,
    /// `None`: a type of a newer program. Nobody can have asked for it.
    pub kind: Option<EventType>,
    pub customer: CustomerKey,
    pub batch: Option<BatchKey>,
    /// Where the batch wants to be reported to.
    pub webhook_url: Option<String>,
}

/// The oldest queued events, at most `max`. Others who look meanwhile get others.
pub async fn queued(tx: &mut Tx, max: i64) -> StoreResult<Vec<QueuedEvent>> {
    const QUEUED: &str = "SELECT q.event_id, v.type, v.customer_id, v.batch_id, b.webhook_url FROM event_queue AS q
        JOIN events AS v ON v.id = q.event_id LEFT JOIN batches AS b ON b.id = v.batch_id ORDER BY q.event_id LIMIT $1";
    const QUEUED_LOCKED: &str = "SELECT q.event_id, v.type, v.customer_id, v.batch_id, b.webhook_url FROM event_queue AS q
        JOIN events AS v ON v.id = q.event_id LEFT JOIN batches AS b ON b.id = v.batch_id ORDER BY q.event_id LIMIT $1
        FOR UPDATE OF q SKIP LOCKED";
    type Row = (i64, String, i64, Option<i64>, Option<String>);
    let sql = dialect::locking(tx, QUEUED_LOCKED, QUEUED);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(sql).bind(max).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(event, kind, customer, batch, webhook_url)| QueuedEvent {
            event: EventKey(event),
            kind: kind.parse().ok(),
            customer: CustomerKey(customer),
            batch: batch.map(BatchKey),
            webhook_url,
        })
        .collect())
}

pub async fn unqueue(tx: &mut Tx, events: &[EventKey]) -> StoreResult<()> {
    static UNQUEUE: SetStatement =
        SetStatement::new("DELETE FROM event_queue WHERE event_id IN (SELECT u.v FROM {rows})", 0, &[("v", "bigint")]);
    let done = UNQUEUE.execute(tx, &[], vec![Column::I64(events.iter().map(|event| event.0).collect())]).await?;
    ensure_rows("taking events out of the queue", done, events.len())
}

#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: DeliveryId,
    pub endpoint: EndpointKey,
    pub event: EventKey,
    pub customer: CustomerKey,
    pub batch: Option<BatchKey>,
    pub trigger: Trigger,
    /// Ended before it began.
    pub canceled: Option<CanceledBecause>,
}

pub async fn insert(tx: &mut Tx, deliveries: &[NewDelivery], due: Time, now: Time) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO deliveries (public_id, endpoint_id, event_id, customer_id, batch_id, state, canceled_because, trigger_kind, attempts,
            failures, lane, next_attempt_at_us, created_at_us, finished_at_us, failed_as, failed_at_us)
        SELECT u.i, u.e, u.v, u.c, u.b, CASE WHEN u.x IS NULL THEN 'pending' ELSE 'canceled' END, u.x, u.t, 0, 0, 0,
            CASE WHEN u.x IS NULL THEN $1 END, $2, CASE WHEN u.x IS NULL THEN NULL ELSE $2 END, CASE WHEN u.x IS NULL THEN NULL ELSE 'canceled' END,
            CASE WHEN u.x IS NULL THEN NULL ELSE $2 END
        FROM {rows}",
        2,
        &[("i", "text"), ("e", "bigint"), ("v", "bigint"), ("c", "bigint"), ("b", "bigint"), ("t", "text"), ("x", "text")],
    );
    if deliveries.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::Text(deliveries.iter().map(|row| row.id.to_string()).collect()),
        Column::I64(deliveries.iter().map(|row| row.endpoint.0).collect()),
        Column::I64(deliveries.iter().map(|row| row.event.0).collect()),
        Column::I64(deliveries.iter().map(|row| row.customer.0).collect()),
        Column::I64Null(deliveries.iter().map(|row| row.batch.map(|key| key.0)).collect()),
        Column::Word(deliveries.iter().map(|row| row.trigger.as_str()).collect()),
        Column::WordNull(deliveries.iter().map(|row| row.canceled.map(CanceledBecause::as_str)).collect()),
    ];
    ensure_rows("inserting deliveries", INSERT.execute(tx, &[due.micros(), now.micros()], columns).await?, deliveries.len())
}

/// Endpoints with something to send now, and whether every attempt failed lately. At most `max`.
pub async fn due_endpoints(tx: &mut Tx, now: Time, max: i64) -> StoreResult<Vec<(EndpointKey, bool)>> {
    const DUE: &str = "SELECT e.id, e.failing_since_us FROM endpoints AS e WHERE
            EXISTS (SELECT 1 FROM deliveries AS d WHERE d.endpoint_id = e.id AND d.lane = 0 AND d.state = 'pending' AND d.next_attempt_at_us <= $1)
            OR EXISTS (SELECT 1 FROM deliveries AS d WHERE d.endpoint_id = e.id AND d.lane = 1 AND d.state = 'pending' AND d.next_attempt_at_us <= $1)
        ORDER BY e.id LIMIT $2";
    let rows: Vec<(i64, Option<i64>)> = on!(tx, c => sqlx::query_as(DUE).bind(now.micros()).bind(max).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(key, failing_since)| (EndpointKey(key), failing_since.is_some())).collect())
}

/// A delivery that is due.
#[derive(Clone, Copy, Debug)]
pub struct DueRow {
    pub delivery: DeliveryKey,
    pub endpoint: EndpointKey,
    pub is_retry: bool,
    /// Somebody took it before, and was never heard of again.
    pub was_taken: bool,
}

/// Of each endpoint the first few that are due in each lane, `each` at most. Locked, on PostgreSQL, against others who look.
pub async fn due(tx: &mut Tx, endpoints: &[EndpointKey], now: Time, each: i64) -> StoreResult<Vec<DueRow>> {
    let rows = dialect::due_deliveries(tx, endpoints.iter().map(|key| key.0).collect(), now.micros(), each).await?;
    Ok(rows
        .into_iter()
        .map(|(delivery, endpoint, lane, sender)| DueRow {
            delivery: DeliveryKey(delivery),
            endpoint: EndpointKey(endpoint),
            is_retry: lane == 1,
            was_taken: sender.is_some(),
        })
        .collect())
}

/// Everything that is needed to send.
#[derive(Clone, Debug)]
pub struct Letter {
    pub delivery: DeliveryKey,
    pub id: DeliveryId,
    pub endpoint: EndpointKey,
    /// Number of this attempt.
    pub attempt: i32,
    /// Failures before it that count.
    pub failures: i32,
    pub trigger: Trigger,
    /// A replay asked for this attempt.
    pub in_replay: bool,
    pub url: String,
    pub timeout_ms: i32,
    pub event: EventId,
    pub kind: String,
    /// JSON: an object that is not empty.
    pub payload: String,
    pub happened_at: Time,
    /// With the customer's own name for it.
    pub batch: Option<(BatchId, String)>,
}

/// Takes deliveries that are due, and records an attempt for each. `lost_at` is when somebody else may take them.
pub async fn take(tx: &mut Tx, sender: i64, due: &[DueRow], lost_at: Time, now: Time) -> StoreResult<Vec<Letter>> {
    static TAKE: SetStatement = SetStatement::new(
        "UPDATE deliveries AS d SET sender = $1, next_attempt_at_us = $2, attempts = d.attempts + 1
        FROM {rows} WHERE d.id = u.id AND d.state = 'pending'",
        2,
        &[("id", "bigint")],
    );
    static BEGIN: SetStatement = SetStatement::new(
        "INSERT INTO delivery_attempts (delivery_id, attempt_no, trigger_kind, actor, replay_id, url, started_at_us)
        SELECT d.id, d.attempts, d.trigger_kind, d.actor, d.replay_id, e.url, $1
        FROM {rows} JOIN deliveries AS d ON d.id = u.id JOIN endpoints AS e ON e.id = d.endpoint_id",
        1,
        &[("id", "bigint")],
    );
    static LETTERS: SetStatement = SetStatement::new(
        "SELECT d.id, d.public_id, d.endpoint_id, d.attempts, d.failures, d.trigger_kind, d.replay_id, e.url, e.timeout_ms, v.public_id AS event_id,
            v.type AS kind, v.payload, v.created_at_us, b.public_id AS batch_id,
            b.idempotency_key
        FROM {rows} JOIN deliveries AS d ON d.id = u.id JOIN endpoints AS e ON e.id = d.endpoint_id JOIN events AS v ON v.id = d.event_id
            LEFT JOIN batches AS b ON b.id = d.batch_id",
        0,
        &[("id", "bigint")],
    );
    close_lost(tx, due, now).await?;
    let keys = || vec![Column::I64(due.iter().map(|row| row.delivery.0).collect())];
    ensure_rows("taking deliveries", TAKE.execute(tx, &[sender, lost_at.micros()], keys()).await?, due.len())?;
    ensure_rows("beginning attempts", BEGIN.execute(tx, &[now.micros()], keys()).await?, due.len())?;
    let rows: Vec<LetterRow> = LETTERS.fetch(tx, &[], keys()).await?;
    rows.into_iter().map(letter).collect()
}

async fn close_lost(tx: &mut Tx, due: &[DueRow], now: Time) -> StoreResult<()> {
    static CLOSE: SetStatement = SetStatement::new(
        "UPDATE delivery_attempts AS a SET class = 'interrupted', finished_at_us = $1 FROM {rows} WHERE a.delivery_id = u.id AND a.class IS NULL",
        1,
        &[("id", "bigint")],
    );
    let lost: Vec<i64> = due.iter().filter(|row| row.was_taken).map(|row| row.delivery.0).collect();
    if !lost.is_empty() {
        CLOSE.execute(tx, &[now.micros()], vec![Column::I64(lost)]).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct LetterRow {
    id: i64,
    public_id: String,
    endpoint_id: i64,
    attempts: i32,
    failures: i32,
    trigger_kind: String,
    replay_id: Option<i64>,
    url: String,
    timeout_ms: i32,
    event_id: String,
    kind: String,
    payload: String,
    created_at_us: i64,
    batch_id: Option<String>,
    idempotency_key: Option<String>,
}

fn letter(row: LetterRow) -> StoreResult<Letter> {
    Ok(Letter {
        delivery: DeliveryKey(row.id),
        id: row.public_id.parse()?,
        endpoint: EndpointKey(row.endpoint_id),
        attempt: row.attempts,
        failures: row.failures,
        trigger: row.trigger_kind.parse()?,
        in_replay: row.replay_id.is_some(),
        url: row.url,
        timeout_ms: row.timeout_ms,
        event: row.event_id.parse()?,
        kind: row.kind,
        payload: row.payload,
        happened_at: Time::from_micros(row.created_at_us),
        batch: match (row.batch_id, row.idempotency_key) {
            (Some(id), Some(key)) => Some((id.parse()?, key)),
            _ => None,
        },
    })
}

/// What came of an attempt, and what becomes of its delivery.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub delivery: DeliveryKey,
    pub attempt: i32,
    pub class: AttemptClass,
    pub requested_at: Time,
    pub responded_at: Option<Time>,
    pub signature: String,
    pub http_status: Option<i32>,
    pub retry_after_s: Option<i64>,
    pub response_headers: Option<String>,
    pub response_body: Option<String>,
    pub error: Option<String>,
    pub finished_at: Time,
    pub state: DeliveryState,
    pub failures: i32,
    pub next_attempt_at: Option<Time>,
    pub canceled: Option<CanceledBecause>,
}

/// Records what came of attempts, and moves those deliveries on that are still this sender's. An attempt is recorded even when
/// its delivery was canceled or taken over meanwhile, unless it was closed as lost.
pub async fn record(tx: &mut Tx, sender: i64, rows: &[Recorded]) -> StoreResult<()> {
    static ATTEMPTS: SetStatement = SetStatement::new(
        "UPDATE delivery_attempts AS a SET class = u.c, http_status = u.s, retry_after_s = u.r, response_headers = u.h, response_body = u.b,
            error = u.e, requested_at_us = u.q, responded_at_us = u.p, signature = u.g, finished_at_us = u.f
        FROM {rows} WHERE a.delivery_id = u.id AND a.attempt_no = u.n AND a.class IS NULL",
        0,
        &[
            ("id", "bigint"),
            ("n", "integer"),
            ("c", "text"),
            ("s", "integer"),
            ("r", "bigint"),
            ("h", "text"),
            ("b", "text"),
            ("e", "text"),
            ("q", "bigint"),
            ("p", "bigint"),
            ("g", "text"),
            ("f", "bigint"),
        ],
    );
    static DELIVERIES: SetStatement = SetStatement::new(
        "UPDATE deliveries AS d SET state = u.s, failures = u.f, lane = 1, next_attempt_at_us = u.t, sender = NULL, canceled_because = u.x,
            finished_at_us = CASE u.s WHEN 'pending' THEN NULL ELSE u.e END, trigger_kind = 'scheduled', actor = NULL, replay_id = NULL, last_class = u.c,
            failed_as = CASE WHEN u.s IN ('exhausted', 'canceled') THEN u.s ELSE d.failed_as END,
            failed_at_us = CASE WHEN u.s IN ('exhausted', 'canceled') THEN u.e ELSE d.failed_at_us END
        FROM {rows} WHERE d.id = u.id AND d.sender = $1 AND d.attempts = u.n AND d.state = 'pending'",
        1,
        &[("id", "bigint"), ("n", "integer"), ("s", "text"), ("f", "integer"), ("t", "bigint"), ("x", "text"), ("e", "bigint"), ("c", "text")],
    );
    let keys = || Column::I64(rows.iter().map(|row| row.delivery.0).collect());
    let numbers = || Column::I32(rows.iter().map(|row| row.attempt).collect());
    let text = |value: fn(&Recorded) -> &Option<String>| Column::TextNull(rows.iter().map(|row| value(row).clone()).collect());
    let finished = || Column::I64(rows.iter().map(|row| row.finished_at.micros()).collect());
    let attempts = vec![
        keys(),
        numbers(),
        Column::Word(rows.iter().map(|row| row.class.as_str()).collect()),
        Column::I32Null(rows.iter().map(|row| row.http_status).collect()),
        Column::I64Null(rows.iter().map(|row| row.retry_after_s).collect()),
        text(|row| &row.response_headers),
        text(|row| &row.response_body),
        text(|row| &row.error),
        Column::I64(rows.iter().map(|row| row.requested_at.micros()).collect()),
        Column::I64Null(rows.iter().map(|row| row.responded_at.map(Time::micros)).collect()),
        Column::Text(rows.iter().map(|row| row.signature.clone()).collect()),
        finished(),
    ];
    ATTEMPTS.execute(tx, &[], attempts).await?;
    let deliveries = vec![
        keys(),
        numbers(),
        Column::Word(rows.iter().map(|row| row.state.as_str()).collect()),
        Column::I32(rows.iter().map(|row| row.failures).collect()),
        Column::I64Null(rows.iter().map(|row| row.next_attempt_at.map(Time::micros)).collect()),
        Column::WordNull(rows.iter().map(|row| row.canceled.map(CanceledBecause::as_str)).collect()),
        finished(),
        Column::Word(rows.iter().map(|row| row.class.as_str()).collect()),
    ];
    DELIVERIES.execute(tx, &[sender], deliveries).await?;
    Ok(())
}

/// Ends everything that waits for an endpoint. Returns how much that was.
pub async fn cancel_of(tx: &mut Tx, endpoint: EndpointKey, because: CanceledBecause, now: Time) -> StoreResult<u64> {
    const CANCEL: &str = "UPDATE deliveries SET state = 'canceled', canceled_because = $2, finished_at_us = $3, next_attempt_at_us = NULL,
        sender = NULL, replay_id = NULL, failed_as = 'canceled', failed_at_us = $3 WHERE endpoint_id = $1 AND state = 'pending'";
    Ok(on!(tx, c => sqlx::query(CANCEL).bind(endpoint.0).bind(because.as_str()).bind(now.micros()).execute(c).await
        .map(|done| done.rows_affected()))?)
}

/// Begins the schedule of a delivery anew, now. `false` while it is on its way.
pub async fn reopen(tx: &mut Tx, delivery: DeliveryKey, trigger: Trigger, actor: &str, now: Time) -> StoreResult<bool> {
    const REOPEN: &str = "UPDATE deliveries SET state = 'pending', canceled_because = NULL, finished_at_us = NULL, next_attempt_at_us = $4,
        failures = 0, lane = 1, trigger_kind = $2, actor = $3 WHERE id = $1 AND sender IS NULL";
    let changed = on!(tx, c => sqlx::query(REOPEN).bind(delivery.0).bind(trigger.as_str()).bind(actor).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(changed == 1)
}
