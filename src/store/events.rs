//! The outbox: events are written in the transaction of what they report.

use crate::domain::id::{BatchKey, CustomerKey, EventId, EventKey};
use crate::domain::time::Time;
use crate::domain::webhook::Unsent;

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

#[derive(Clone, Debug)]
pub struct NewEvent {
    pub id: EventId,
    /// `batch.created`, …
    pub kind: &'static str,
    pub customer: CustomerKey,
    pub batch: BatchKey,
    /// JSON.
    pub payload: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub kind: String,
    pub payload: String,
    pub created_at: Time,
}

pub async fn insert(tx: &mut Tx, events: &[NewEvent], now: Time) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO events (public_id, type, customer_id, batch_id, payload, created_at_us) SELECT u.i, u.k, u.c, u.b, u.p, $1 FROM {rows}",
        1,
        &[("i", "text"), ("k", "text"), ("c", "bigint"), ("b", "bigint"), ("p", "text")],
    );
    if events.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::Text(events.iter().map(|event| event.id.to_string()).collect()),
        Column::Word(events.iter().map(|event| event.kind).collect()),
        Column::I64(events.iter().map(|event| event.customer.0).collect()),
        Column::I64(events.iter().map(|event| event.batch.0).collect()),
        Column::Text(events.iter().map(|event| event.payload.clone()).collect()),
    ];
    ensure_rows("inserting events", INSERT.execute(tx, &[now.micros()], columns).await?, events.len())
}

/// An event that is about no batch.
pub async fn insert_one(
    tx: &mut Tx,
    id: EventId,
    kind: &'static str,
    customer: CustomerKey,
    payload: &str,
    now: Time,
) -> StoreResult<EventKey> {
    const INSERT: &str =
        "INSERT INTO events (public_id, type, customer_id, payload, created_at_us) VALUES ($1, $2, $3, $4, $5) RETURNING id";
    let key: i64 = on!(tx, c => sqlx::query_scalar(INSERT).bind(id.to_string()).bind(kind).bind(customer.0).bind(payload).bind(now.micros())
        .fetch_one(c).await)?;
    Ok(EventKey(key))
}

/// The latest 200 events of a batch, oldest first.
pub async fn of_batch(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<Event>> {
    const OF_BATCH: &str = "SELECT public_id, type, payload, created_at_us FROM events WHERE batch_id = $1 ORDER BY id DESC LIMIT 200";
    let rows: Vec<(String, String, String, i64)> = on!(tx, c => sqlx::query_as(OF_BATCH).bind(batch.0).fetch_all(c).await)?;
    rows.into_iter()
        .rev()
        .map(|(id, kind, payload, created)| Ok(Event { id: id.parse()?, kind, payload, created_at: Time::from_micros(created) }))
        .collect()
}

/// Of the latest 500 events of a batch those that have no delivery, newest first.
pub async fn unsent(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<Unsent>> {
    const UNSENT: &str = "SELECT v.public_id, v.type, v.created_at_us, CAST(CASE WHEN q.event_id IS NULL THEN 0 ELSE 1 END AS BIGINT)
        FROM (SELECT id, public_id, type, created_at_us FROM events WHERE batch_id = $1 ORDER BY id DESC LIMIT 500) AS v
        LEFT JOIN event_queue AS q ON q.event_id = v.id
        WHERE NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.event_id = v.id) ORDER BY v.id DESC";
    let rows: Vec<(String, String, i64, i64)> = on!(tx, c => sqlx::query_as(UNSENT).bind(batch.0).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(id, kind, created, queued)| {
            Ok(Unsent { id: id.parse()?, kind, created_at: Time::from_micros(created), is_queued: queued == 1 })
        })
        .collect()
}
