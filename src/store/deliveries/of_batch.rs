//! What a batch's page shows of its deliveries: sums and last results of each endpoint, and attempts without what was said in them.

use crate::domain::id::{BatchKey, DeliveryId, DeliveryKey, EndpointId};
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptMark, BatchEndpoint};
use crate::store::dialect::{Column, SetStatement};
use crate::store::{StoreResult, Tx, on};

#[derive(sqlx::FromRow)]
struct EndpointRow {
    public_id: String,
    url: String,
    is_disabled: i64,
    is_deleted: i64,
    deliveries: i64,
    delivered: i64,
    waiting: i64,
    exhausted: i64,
    canceled: i64,
    attempts: i64,
    next_attempt_at_us: Option<i64>,
}

/// The endpoints of the latest `max` deliveries of a batch, the one with most of them first; without their strips.
pub async fn endpoints_of(tx: &mut Tx, batch: BatchKey, max: i64) -> StoreResult<Vec<BatchEndpoint>> {
    const ENDPOINTS: &str = "SELECT e.public_id, e.url, CAST(CASE e.state WHEN 'disabled' THEN 1 ELSE 0 END AS BIGINT) AS is_disabled,
            CAST(CASE WHEN e.deleted_at_us IS NULL THEN 0 ELSE 1 END AS BIGINT) AS is_deleted, s.deliveries, s.delivered, s.waiting,
            s.exhausted, s.canceled, s.attempts, s.next_attempt_at_us
        FROM (SELECT d.endpoint_id, COUNT(*) AS deliveries,
                CAST(SUM(CASE d.state WHEN 'succeeded' THEN 1 ELSE 0 END) AS BIGINT) AS delivered,
                CAST(SUM(CASE d.state WHEN 'pending' THEN 1 ELSE 0 END) AS BIGINT) AS waiting,
                CAST(SUM(CASE d.state WHEN 'exhausted' THEN 1 ELSE 0 END) AS BIGINT) AS exhausted,
                CAST(SUM(CASE d.state WHEN 'canceled' THEN 1 ELSE 0 END) AS BIGINT) AS canceled,
                CAST(SUM(d.attempts) AS BIGINT) AS attempts,
                MIN(CASE WHEN d.sender IS NULL THEN d.next_attempt_at_us END) AS next_attempt_at_us
            FROM (SELECT * FROM deliveries WHERE batch_id = $1 ORDER BY id DESC LIMIT $2) AS d GROUP BY d.endpoint_id) AS s
        JOIN endpoints AS e ON e.id = s.endpoint_id ORDER BY s.deliveries DESC, e.id";
    let rows: Vec<EndpointRow> = on!(tx, c => sqlx::query_as(ENDPOINTS).bind(batch.0).bind(max).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            Ok(BatchEndpoint {
                id: row.public_id.parse()?,
                url: row.url,
                is_disabled: row.is_disabled == 1,
                is_deleted: row.is_deleted == 1,
                deliveries: row.deliveries,
                delivered: row.delivered,
                waiting: row.waiting,
                exhausted: row.exhausted,
                canceled: row.canceled,
                attempts: row.attempts,
                next_attempt_at: row.next_attempt_at_us.map(Time::from_micros),
                strip: Vec::new(),
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct MarkRow {
    delivery_id: i64,
    attempt_no: i32,
    trigger_kind: String,
    actor: Option<String>,
    started_at_us: i64,
    finished_at_us: Option<i64>,
    class: Option<String>,
    http_status: Option<i32>,
}

fn mark(row: MarkRow) -> StoreResult<AttemptMark> {
    let outcome = match (row.class, row.finished_at_us) {
        (Some(class), Some(at)) => Some((class.parse()?, Time::from_micros(at))),
        _ => None,
    };
    Ok(AttemptMark {
        number: row.attempt_no,
        trigger: row.trigger_kind.parse()?,
        actor: row.actor,
        started_at: Time::from_micros(row.started_at_us),
        outcome,
        http_status: row.http_status,
    })
}

/// The last `each` attempts at each endpoint of the latest `max` deliveries of a batch, oldest first.
pub async fn strips_of(tx: &mut Tx, batch: BatchKey, max: i64, each: i64) -> StoreResult<Vec<(EndpointId, DeliveryId, AttemptMark)>> {
    const STRIPS: &str = "SELECT e.public_id AS endpoint, r.public_id AS delivery, r.delivery_id, r.attempt_no, r.trigger_kind, r.actor,
            r.started_at_us, r.finished_at_us, r.class, r.http_status
        FROM (SELECT d.endpoint_id, d.public_id, a.delivery_id, a.attempt_no, a.trigger_kind, a.actor, a.started_at_us, a.finished_at_us,
                a.class, a.http_status, ROW_NUMBER() OVER (PARTITION BY d.endpoint_id
                    ORDER BY a.started_at_us DESC, a.delivery_id DESC, a.attempt_no DESC) AS place
            FROM (SELECT * FROM deliveries WHERE batch_id = $1 ORDER BY id DESC LIMIT $2) AS d
            JOIN delivery_attempts AS a ON a.delivery_id = d.id) AS r
        JOIN endpoints AS e ON e.id = r.endpoint_id WHERE r.place <= $3 ORDER BY r.endpoint_id, r.place DESC";
    #[derive(sqlx::FromRow)]
    struct StripRow {
        endpoint: String,
        delivery: String,
        #[sqlx(flatten)]
        mark: MarkRow,
    }
    let rows: Vec<StripRow> = on!(tx, c => sqlx::query_as(STRIPS).bind(batch.0).bind(max).bind(each).fetch_all(c).await)?;
    rows.into_iter().map(|row| Ok((row.endpoint.parse()?, row.delivery.parse()?, mark(row.mark)?))).collect()
}

/// The last `each` attempts at each of these deliveries, newest first.
pub async fn attempts_of(tx: &mut Tx, deliveries: &[DeliveryKey], each: i64) -> StoreResult<Vec<(DeliveryKey, AttemptMark)>> {
    static ATTEMPTS: SetStatement = SetStatement::new(
        "SELECT a.delivery_id, a.attempt_no, a.trigger_kind, a.actor, a.started_at_us, a.finished_at_us, a.class, a.http_status
        FROM {rows} JOIN deliveries AS d ON d.id = u.id JOIN delivery_attempts AS a ON a.delivery_id = d.id AND a.attempt_no > d.attempts - $1
        ORDER BY a.delivery_id, a.attempt_no DESC",
        1,
        &[("id", "bigint")],
    );
    let rows: Vec<MarkRow> = ATTEMPTS.fetch(tx, &[each], vec![Column::I64(deliveries.iter().map(|key| key.0).collect())]).await?;
    rows.into_iter().map(|row| Ok((DeliveryKey(row.delivery_id), mark(row)?))).collect()
}
