//! Where customers want to be told, with which secrets, and how well that goes.

use crate::domain::id::{BatchKey, CustomerKey, EndpointId, EndpointKey};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{DisabledBecause, Endpoint, EndpointSource, EndpointStatus, Health, Subscription, WebhookSecret};

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

mod find;
mod secrets;

pub use find::{EndpointsAsked, find, key_of};
pub use secrets::{SecretLife, add_reveal, reveal, rotate_secret, secret_lives, secrets};

use secrets::add_secret;

/// What a customer says of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointFields {
    pub url: String,
    pub description: String,
    pub subscription: Subscription,
    pub timeout_ms: i32,
}

#[derive(sqlx::FromRow)]
struct EndpointRow {
    id: i64,
    public_id: String,
    customer_id: i64,
    source: String,
    url: String,
    description: String,
    event_types: String,
    timeout_ms: i32,
    disabled_because: Option<String>,
    disabled_at_us: Option<i64>,
    failing_since_us: Option<i64>,
    warned_at_us: Option<i64>,
    announced_at_us: Option<i64>,
    created_at_us: i64,
}

fn read(row: EndpointRow) -> StoreResult<Endpoint> {
    let status = match (row.disabled_because, row.disabled_at_us) {
        (Some(because), Some(at)) => EndpointStatus::Disabled { because: because.parse()?, at: Time::from_micros(at) },
        _ => EndpointStatus::Enabled,
    };
    Ok(Endpoint {
        key: EndpointKey(row.id),
        id: row.public_id.parse()?,
        customer: CustomerKey(row.customer_id),
        source: row.source.parse()?,
        url: row.url,
        description: row.description,
        subscription: Subscription::of_text(&row.event_types),
        timeout_ms: row.timeout_ms,
        status,
        failing_since: row.failing_since_us.map(Time::from_micros),
        warned_at: row.warned_at_us.map(Time::from_micros),
        announced_at: row.announced_at_us.map(Time::from_micros),
        created_at: Time::from_micros(row.created_at_us),
    })
}

macro_rules! select_endpoints {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.public_id, e.customer_id, e.source, e.url, e.description, e.event_types, e.timeout_ms, e.disabled_because,
                e.disabled_at_us, e.failing_since_us, e.warned_at_us, e.announced_at_us, e.created_at_us FROM endpoints AS e ",
            $rest
        )
    };
}

use select_endpoints;

/// Adds an endpoint and its first secret.
pub async fn insert(
    tx: &mut Tx,
    id: EndpointId,
    customer: CustomerKey,
    source: EndpointSource,
    fields: &EndpointFields,
    secret: &WebhookSecret,
    now: Time,
) -> StoreResult<EndpointKey> {
    const INSERT: &str =
        "INSERT INTO endpoints (public_id, customer_id, source, url, description, event_types, tells_tasks, timeout_ms, state, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'enabled', $9) RETURNING id";
    let key: i64 = on!(&mut *tx, c => sqlx::query_scalar(INSERT).bind(id.to_string()).bind(customer.0).bind(source.as_str())
        .bind(&fields.url).bind(&fields.description).bind(fields.subscription.to_text())
        .bind(i32::from(fields.subscription.tells_tasks())).bind(fields.timeout_ms).bind(now.micros()).fetch_one(c).await)?;
    add_secret(tx, EndpointKey(key), secret, now).await?;
    Ok(EndpointKey(key))
}

pub async fn update(tx: &mut Tx, key: EndpointKey, fields: &EndpointFields) -> StoreResult<()> {
    const UPDATE: &str = "UPDATE endpoints SET url = $2, description = $3, event_types = $4, tells_tasks = $5, timeout_ms = $6
        WHERE id = $1";
    let changed = on!(tx, c => sqlx::query(UPDATE).bind(key.0).bind(&fields.url).bind(&fields.description)
        .bind(fields.subscription.to_text()).bind(i32::from(fields.subscription.tells_tasks())).bind(fields.timeout_ms).execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("updating an endpoint", changed, 1)
}

/// An endpoint that was not deleted; with a customer only if it is that customer's.
pub async fn by_id(tx: &mut Tx, customer: Option<CustomerKey>, id: EndpointId) -> StoreResult<Option<Endpoint>> {
    const BY_ID: &str = select_endpoints!("WHERE e.public_id = $1 AND ($2 IS NULL OR e.customer_id = $2) AND e.deleted_at_us IS NULL");
    let customer = customer.map(|key| key.0);
    let row: Option<EndpointRow> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).bind(customer).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// Newest first. One more than `size`, if there are more.
pub async fn list(tx: &mut Tx, customer: Option<CustomerKey>, before: Option<EndpointId>, size: PageSize) -> StoreResult<Vec<Endpoint>> {
    const LIST: &str = select_endpoints!(
        "WHERE e.id < COALESCE((SELECT p.id FROM endpoints AS p WHERE p.public_id = $1), 9223372036854775807)
            AND ($2 IS NULL OR e.customer_id = $2) AND e.deleted_at_us IS NULL ORDER BY e.id DESC LIMIT $3"
    );
    let (before, customer) = (before.map(|id| id.to_string()), customer.map(|key| key.0));
    let rows: Vec<EndpointRow> = on!(tx, c => sqlx::query_as(LIST).bind(before).bind(customer).bind(size.get() + 1).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

pub async fn count(tx: &mut Tx, customer: CustomerKey) -> StoreResult<i64> {
    const COUNT: &str = "SELECT COUNT(*) FROM endpoints WHERE customer_id = $1 AND source = 'registered' AND deleted_at_us IS NULL";
    Ok(on!(tx, c => sqlx::query_scalar(COUNT).bind(customer.0).fetch_one(c).await)?)
}

/// Every endpoint of these customers that was not deleted.
pub async fn of_customers(tx: &mut Tx, customers: &[CustomerKey]) -> StoreResult<Vec<Endpoint>> {
    static OF: SetStatement = SetStatement::new(
        select_endpoints!("WHERE e.customer_id IN (SELECT u.c FROM {rows}) AND e.deleted_at_us IS NULL ORDER BY e.id"),
        0,
        &[("c", "bigint")],
    );
    let rows: Vec<EndpointRow> = OF.fetch(tx, &[], vec![Column::I64(customers.iter().map(|key| key.0).collect())]).await?;
    rows.into_iter().map(read).collect()
}

/// Holds endpoints whose deliveries are about to be recorded: who disables one waits, instead of meeting halfway.
pub async fn hold(tx: &mut Tx, keys: &[EndpointKey]) -> StoreResult<()> {
    static HOLD: SetStatement = SetStatement::new(
        "SELECT e.id FROM endpoints AS e WHERE e.id IN (SELECT u.e FROM {rows}) ORDER BY e.id {hold}",
        0,
        &[("e", "bigint")],
    );
    let _: Vec<(i64,)> = HOLD.fetch(tx, &[], keys_of(keys)).await?;
    Ok(())
}

/// Those whose batches these are and who asked to be told of single tasks, and of which. An index holds only their endpoints.
pub async fn told_of_tasks(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Vec<(CustomerKey, Subscription)>> {
    static TOLD: SetStatement = SetStatement::new(
        "SELECT DISTINCT e.customer_id, e.event_types
        FROM {rows} JOIN batches AS b ON b.id = u.b JOIN endpoints AS e ON e.customer_id = b.customer_id
        WHERE e.tells_tasks = 1 AND e.deleted_at_us IS NULL",
        0,
        &[("b", "bigint")],
    );
    let rows: Vec<(i64, String)> = TOLD.fetch(tx, &[], vec![Column::I64(batches.iter().map(|key| key.0).collect())]).await?;
    Ok(rows.into_iter().map(|(customer, types)| (CustomerKey(customer), Subscription::of_text(&types))).collect())
}

pub async fn enable(tx: &mut Tx, key: EndpointKey) -> StoreResult<()> {
    const ENABLE: &str = "UPDATE endpoints SET state = 'enabled', disabled_because = NULL, disabled_at_us = NULL, failing_since_us = NULL,
        warned_at_us = NULL, announced_at_us = NULL, probe_at_us = NULL WHERE id = $1";
    let changed = on!(tx, c => sqlx::query(ENABLE).bind(key.0).execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("enabling an endpoint", changed, 1)
}

/// Keeps the first reason when it is disabled already. `probe_at` is when to look whether it is well again.
pub async fn disable(tx: &mut Tx, key: EndpointKey, because: DisabledBecause, probe_at: Option<Time>, now: Time) -> StoreResult<bool> {
    const DISABLE: &str = "UPDATE endpoints SET state = 'disabled', disabled_because = $2, disabled_at_us = $3, probe_at_us = $4
        WHERE id = $1 AND state = 'enabled'";
    let probe_at = probe_at.map(Time::micros);
    let changed = on!(tx, c => sqlx::query(DISABLE).bind(key.0).bind(because.as_str()).bind(now.micros()).bind(probe_at)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(changed == 1)
}

pub async fn delete(tx: &mut Tx, key: EndpointKey, now: Time) -> StoreResult<()> {
    const DELETE: &str = "UPDATE endpoints SET deleted_at_us = $2, probe_at_us = NULL WHERE id = $1 AND deleted_at_us IS NULL";
    let changed = on!(tx, c => sqlx::query(DELETE).bind(key.0).bind(now.micros()).execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("deleting an endpoint", changed, 1)
}

fn keys_of(keys: &[EndpointKey]) -> Vec<Column> {
    vec![Column::I64(keys.iter().map(|key| key.0).collect())]
}

/// What a group of attempts says of one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    pub endpoint: EndpointKey,
    pub succeeded: i64,
    pub failed: i64,
    /// Of `failed`, first tries.
    pub first_failed: i64,
    /// The first failure after the last success of the group; `None` when it ended with a success.
    pub failing_since: Option<Time>,
    pub any_success: bool,
}

/// Adds to the hour's counters, and notes since when everything fails.
pub async fn tally(tx: &mut Tx, tallies: &[Tally], hour: Time) -> StoreResult<()> {
    static HOURS: SetStatement = SetStatement::new(
        "INSERT INTO endpoint_hours (endpoint_id, hour_us, succeeded, failed, first_failed) SELECT u.e, $1, u.s, u.f, u.o FROM {rows} WHERE true
        ON CONFLICT (endpoint_id, hour_us) DO UPDATE SET succeeded = endpoint_hours.succeeded + excluded.succeeded,
            failed = endpoint_hours.failed + excluded.failed, first_failed = endpoint_hours.first_failed + excluded.first_failed",
        1,
        &[("e", "bigint"), ("s", "bigint"), ("f", "bigint"), ("o", "bigint")],
    );
    static SINCE: SetStatement = SetStatement::new(
        "UPDATE endpoints AS e SET failing_since_us = CASE WHEN u.ok = 1 THEN u.since ELSE COALESCE(e.failing_since_us, u.since) END,
            warned_at_us = CASE WHEN u.ok = 1 THEN NULL ELSE e.warned_at_us END,
            announced_at_us = CASE WHEN u.ok = 1 THEN NULL ELSE e.announced_at_us END
        FROM {rows} WHERE e.id = u.e
            AND (u.ok = 0 AND e.failing_since_us IS NULL OR u.ok = 1 AND (e.failing_since_us IS NOT NULL OR u.since IS NOT NULL))",
        0,
        &[("e", "bigint"), ("ok", "bigint"), ("since", "bigint")],
    );
    let column = |value: fn(&Tally) -> i64| Column::I64(tallies.iter().map(value).collect());
    let counted = vec![column(|row| row.endpoint.0), column(|row| row.succeeded), column(|row| row.failed), column(|row| row.first_failed)];
    HOURS.execute(tx, &[hour.micros()], counted).await?;
    let since = Column::I64Null(tallies.iter().map(|row| row.failing_since.map(Time::micros)).collect());
    SINCE.execute(tx, &[], vec![column(|row| row.endpoint.0), column(|row| i64::from(row.any_success)), since]).await?;
    Ok(())
}

/// Enabled endpoints at which everything fails, with what is known of their health. At most `max`.
pub async fn failing(tx: &mut Tx, day_ago: Time, max: i64) -> StoreResult<Vec<(EndpointKey, String, Health)>> {
    const FAILING: &str = "SELECT e.id, e.url, e.failing_since_us, e.warned_at_us, e.announced_at_us,
            CAST(COALESCE((SELECT SUM(h.first_failed) FROM endpoint_hours AS h WHERE h.endpoint_id = e.id AND h.hour_us > $1), 0) AS BIGINT)
        FROM endpoints AS e WHERE e.state = 'enabled' AND e.failing_since_us IS NOT NULL AND e.deleted_at_us IS NULL
        ORDER BY e.failing_since_us LIMIT $2";
    type Row = (i64, String, Option<i64>, Option<i64>, Option<i64>, i64);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(FAILING).bind(day_ago.micros()).bind(max).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(key, url, since, warned, announced, first_failures)| {
            let time = |us: Option<i64>| us.map(Time::from_micros);
            let health = Health { failing_since: time(since), first_failures, warned_at: time(warned), announced_at: time(announced) };
            (EndpointKey(key), url, health)
        })
        .collect())
}

/// Of endpoints that answered: those that operators were warned about, or that are disabled because they failed. With their
/// address, and whether they are disabled.
pub async fn recovering(tx: &mut Tx, keys: &[EndpointKey]) -> StoreResult<Vec<(EndpointKey, String, bool)>> {
    static RECOVERING: SetStatement = SetStatement::new(
        "SELECT e.id, e.url, CAST(CASE e.state WHEN 'disabled' THEN 1 ELSE 0 END AS BIGINT) FROM endpoints AS e
        WHERE e.id IN (SELECT u.e FROM {rows}) AND (e.disabled_because = 'failing' OR e.state = 'enabled' AND e.warned_at_us IS NOT NULL)",
        0,
        &[("e", "bigint")],
    );
    let rows: Vec<(i64, String, i64)> = RECOVERING.fetch(tx, &[], keys_of(keys)).await?;
    Ok(rows.into_iter().map(|(key, url, disabled)| (EndpointKey(key), url, disabled == 1)).collect())
}

/// Notes that operators were warned, or that disabling was announced.
pub async fn note(tx: &mut Tx, key: EndpointKey, warned: Option<Time>, announced: Option<Time>) -> StoreResult<()> {
    const NOTE: &str = "UPDATE endpoints SET warned_at_us = COALESCE($2, warned_at_us), announced_at_us = COALESCE($3, announced_at_us)
        WHERE id = $1";
    let (warned, announced) = (warned.map(Time::micros), announced.map(Time::micros));
    on!(tx, c => sqlx::query(NOTE).bind(key.0).bind(warned).bind(announced).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Disabled endpoints that are to be looked after now; the next look is set to `again_at`. At most `max`.
pub async fn take_probes(tx: &mut Tx, now: Time, again_at: Time, max: i64) -> StoreResult<Vec<(EndpointKey, CustomerKey)>> {
    const TAKE: &str = "UPDATE endpoints SET probe_at_us = $2 WHERE id IN (SELECT id FROM endpoints
            WHERE probe_at_us <= $1 AND state = 'disabled' AND deleted_at_us IS NULL ORDER BY probe_at_us LIMIT $3)
        RETURNING id, customer_id";
    let rows: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(TAKE).bind(now.micros()).bind(again_at.micros()).bind(max).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(key, customer)| (EndpointKey(key), CustomerKey(customer))).collect())
}

/// Tells operators.
pub async fn tell(tx: &mut Tx, kind: &'static str, endpoint: EndpointKey, text: &str, now: Time) -> StoreResult<()> {
    const TELL: &str = "INSERT INTO operator_events (type, endpoint_id, text, created_at_us) VALUES ($1, $2, $3, $4)";
    on!(tx, c => sqlx::query(TELL).bind(kind).bind(endpoint.0).bind(text).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What operators were told of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorEvent {
    /// `endpoint.warned`, …
    pub kind: String,
    pub endpoint: EndpointId,
    pub text: String,
    pub created_at: Time,
}

/// What operators were told, newest first; of one endpoint, or of all. At most `max`.
pub async fn told(tx: &mut Tx, endpoint: Option<EndpointKey>, max: i64) -> StoreResult<Vec<OperatorEvent>> {
    const OF_ONE: &str = "SELECT o.type, e.public_id, o.text, o.created_at_us FROM operator_events AS o
        JOIN endpoints AS e ON e.id = o.endpoint_id WHERE o.endpoint_id = $1 ORDER BY o.id DESC LIMIT $2";
    const OF_ALL: &str = "SELECT o.type, e.public_id, o.text, o.created_at_us FROM operator_events AS o
        JOIN endpoints AS e ON e.id = o.endpoint_id WHERE $1 IS NULL ORDER BY o.id DESC LIMIT $2";
    let sql = if endpoint.is_some() { OF_ONE } else { OF_ALL };
    let rows: Vec<(String, String, String, i64)> =
        on!(tx, c => sqlx::query_as(sql).bind(endpoint.map(|key| key.0)).bind(max).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(kind, id, text, at)| Ok(OperatorEvent { kind, endpoint: id.parse()?, text, created_at: Time::from_micros(at) }))
        .collect()
}
