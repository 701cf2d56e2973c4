//! Reading deliveries and their attempts.

use crate::domain::id::{BatchKey, CustomerKey, DeliveryId, DeliveryKey, EndpointKey};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{Delivery, DeliveryAttempt, DeliveryState, DeliveryStatus};

use crate::store::{StoreError, StoreResult, Tx, on};

/// Which deliveries are asked for. `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub customer: Option<CustomerKey>,
    pub endpoint: Option<EndpointKey>,
    pub batch: Option<BatchKey>,
    pub state: Option<DeliveryState>,
    /// Exhausted or canceled.
    pub undelivered: bool,
    /// Made at or after this moment.
    pub since: Option<Time>,
    /// Made before this moment.
    pub until: Option<Time>,
}

#[derive(sqlx::FromRow)]
pub(super) struct DeliveryRow {
    id: i64,
    public_id: String,
    endpoint_public_id: String,
    url: String,
    event_public_id: String,
    kind: String,
    batch_public_id: Option<String>,
    state: String,
    canceled_because: Option<String>,
    attempts: i32,
    failures: i32,
    next_attempt_at_us: Option<i64>,
    sender: Option<i64>,
    created_at_us: i64,
    finished_at_us: Option<i64>,
    last_class: Option<String>,
    trigger_kind: String,
    actor: Option<String>,
}

pub(super) fn read(row: DeliveryRow) -> StoreResult<Delivery> {
    let state: DeliveryState = row.state.parse()?;
    let missing = || StoreError::inconsistent("deliveries", format!("a {state} delivery without its time or reason"));
    let finished = row.finished_at_us.map(Time::from_micros);
    let status = match state {
        DeliveryState::Pending => {
            let next_attempt_at = row.next_attempt_at_us.map(Time::from_micros).ok_or_else(missing)?;
            DeliveryStatus::Pending { next_attempt_at, sending: row.sender.is_some() }
        }
        DeliveryState::Succeeded => DeliveryStatus::Succeeded { at: finished.ok_or_else(missing)? },
        DeliveryState::Exhausted => DeliveryStatus::Exhausted { at: finished.ok_or_else(missing)? },
        DeliveryState::Canceled => {
            let because = row.canceled_because.ok_or_else(missing)?.parse()?;
            DeliveryStatus::Canceled { at: finished.ok_or_else(missing)?, because }
        }
    };
    Ok(Delivery {
        key: DeliveryKey(row.id),
        id: row.public_id.parse()?,
        endpoint: row.endpoint_public_id.parse()?,
        url: row.url,
        event: row.event_public_id.parse()?,
        kind: row.kind.parse()?,
        batch: row.batch_public_id.map(|id| id.parse()).transpose()?,
        status,
        attempts: row.attempts,
        failures: row.failures,
        created_at: Time::from_micros(row.created_at_us),
        last_class: row.last_class.map(|class| class.parse()).transpose()?,
        trigger: row.trigger_kind.parse()?,
        actor: row.actor,
    })
}

macro_rules! columns {
    () => {
        "d.id, d.public_id, e.public_id AS endpoint_public_id, e.url, v.public_id AS event_public_id, v.type AS kind,
            b.public_id AS batch_public_id, d.state, d.canceled_because, d.attempts, d.failures, d.next_attempt_at_us, d.sender,
            d.created_at_us, d.finished_at_us, d.last_class, d.trigger_kind, d.actor"
    };
}
pub(super) use columns;

macro_rules! joins {
    () => {
        " JOIN endpoints AS e ON e.id = d.endpoint_id JOIN events AS v ON v.id = d.event_id LEFT JOIN batches AS b ON b.id = d.batch_id "
    };
}
pub(super) use joins;

macro_rules! select_deliveries {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM deliveries AS d", joins!(), $rest)
    };
}

/// What every list ends with; each begins with the key whose index it uses.
macro_rules! list_of {
    ($key:literal) => {
        concat!(
            select_deliveries!($key),
            " AND d.id < COALESCE((SELECT p.id FROM deliveries AS p WHERE p.public_id = $2), 9223372036854775807)
            AND ($3 IS NULL OR d.state = $3) AND ($4 IS NULL OR d.created_at_us >= $4) AND ($5 IS NULL OR d.created_at_us < $5)
            AND ($6 IS NULL OR d.customer_id = $6) AND ($7 = 0 OR d.state IN ('exhausted', 'canceled')) ORDER BY d.id DESC LIMIT $8"
        )
    };
}

/// Newest first. One more than `size`, if there are more.
pub async fn list(tx: &mut Tx, filter: &Filter, before: Option<DeliveryId>, size: PageSize) -> StoreResult<Vec<Delivery>> {
    const OF_BATCH: &str = list_of!("WHERE d.batch_id = $1");
    const OF_ENDPOINT: &str = list_of!("WHERE d.endpoint_id = $1");
    const OF_CUSTOMER: &str = list_of!("WHERE d.customer_id = $1");
    const NEVER_ARRIVED: &str = list_of!("WHERE d.customer_id = $1 AND d.state IN ('exhausted', 'canceled')");
    const OF_ALL: &str = list_of!("WHERE $1 IS NULL");
    let (sql, key) = match (filter.batch, filter.endpoint, filter.customer) {
        (Some(batch), ..) => (OF_BATCH, Some(batch.0)),
        (None, Some(endpoint), _) => (OF_ENDPOINT, Some(endpoint.0)),
        (None, None, Some(customer)) if filter.undelivered => (NEVER_ARRIVED, Some(customer.0)),
        (None, None, Some(customer)) => (OF_CUSTOMER, Some(customer.0)),
        (None, None, None) => (OF_ALL, None),
    };
    let rows: Vec<DeliveryRow> = on!(tx, c => sqlx::query_as(sql).bind(key).bind(before.map(|id| id.to_string()))
        .bind(filter.state.map(DeliveryState::as_str)).bind(filter.since.map(Time::micros)).bind(filter.until.map(Time::micros))
        .bind(filter.customer.map(|key| key.0)).bind(i32::from(filter.undelivered)).bind(size.get() + 1).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// With a customer only if it is that customer's.
pub async fn by_id(tx: &mut Tx, customer: Option<CustomerKey>, id: DeliveryId) -> StoreResult<Option<Delivery>> {
    const BY_ID: &str = select_deliveries!("WHERE d.public_id = $1 AND ($2 IS NULL OR d.customer_id = $2)");
    let customer = customer.map(|key| key.0);
    let row: Option<DeliveryRow> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).bind(customer).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// What was sent, as JSON.
pub async fn payload(tx: &mut Tx, delivery: DeliveryKey) -> StoreResult<(String, Time)> {
    const PAYLOAD: &str = "SELECT v.payload, v.created_at_us FROM deliveries AS d JOIN events AS v ON v.id = d.event_id WHERE d.id = $1";
    let (payload, at): (String, i64) = on!(tx, c => sqlx::query_as(PAYLOAD).bind(delivery.0).fetch_one(c).await)?;
    Ok((payload, Time::from_micros(at)))
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    attempt_no: i32,
    trigger_kind: String,
    actor: Option<String>,
    replay: Option<String>,
    url: String,
    started_at_us: i64,
    requested_at_us: Option<i64>,
    responded_at_us: Option<i64>,
    finished_at_us: Option<i64>,
    class: Option<String>,
    http_status: Option<i32>,
    retry_after_s: Option<i64>,
    signature: Option<String>,
    response_headers: Option<String>,
    response_body: Option<String>,
    error: Option<String>,
}

/// The latest attempts of a delivery, newest first. At most `max`.
pub async fn attempts(tx: &mut Tx, delivery: DeliveryKey, max: i64) -> StoreResult<Vec<DeliveryAttempt>> {
    const ATTEMPTS: &str = "SELECT a.attempt_no, a.trigger_kind, a.actor, r.public_id AS replay, a.url, a.started_at_us,
            a.requested_at_us, a.responded_at_us, a.finished_at_us, a.class, a.http_status, a.retry_after_s, a.signature,
            a.response_headers, a.response_body, a.error
        FROM delivery_attempts AS a LEFT JOIN replays AS r ON r.id = a.replay_id
        WHERE a.delivery_id = $1 ORDER BY a.attempt_no DESC LIMIT $2";
    let rows: Vec<AttemptRow> = on!(tx, c => sqlx::query_as(ATTEMPTS).bind(delivery.0).bind(max).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            let outcome = match (row.class, row.finished_at_us) {
                (Some(class), Some(at)) => Some((class.parse()?, Time::from_micros(at))),
                _ => None,
            };
            Ok(DeliveryAttempt {
                number: row.attempt_no,
                trigger: row.trigger_kind.parse()?,
                actor: row.actor,
                replay: row.replay.map(|id| id.parse()).transpose()?,
                url: row.url,
                started_at: Time::from_micros(row.started_at_us),
                requested_at: row.requested_at_us.map(Time::from_micros),
                responded_at: row.responded_at_us.map(Time::from_micros),
                outcome,
                http_status: row.http_status,
                retry_after_s: row.retry_after_s,
                signature: row.signature,
                response_headers: row.response_headers,
                response_body: row.response_body,
                error: row.error,
            })
        })
        .collect()
}
