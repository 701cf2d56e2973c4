//! The catalogue: models with the price in force, routes, packages.

use crate::domain::attempt::BillingRule;
use crate::domain::credits::Credits;
use crate::domain::id::{BatchKey, ModelKey, PriceKey, RouteKey};
use crate::domain::money::Money;
use crate::domain::price::{Model, Package, Price, Route};
use crate::domain::submission::ModelShare;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::{StoreResult, Tx, on};

/// Packages on sale at once at most.
const PACKAGES_MAX: i64 = 12;

#[derive(sqlx::FromRow)]
struct ModelRow {
    id: i64,
    name: String,
    batch_min: i32,
    target_p95_s: i64,
    deadline_s: i64,
    available_from_us: i64,
    retires_at_us: Option<i64>,
    successor: Option<String>,
    price_id: i64,
    credits: i64,
}

/// Every model that has a price in force at `now`, retired ones included: their refusal names the successor.
pub async fn models(tx: &mut Tx, now: Time) -> StoreResult<Vec<Model>> {
    const MODELS: &str = "SELECT m.id, m.name, m.batch_min, m.target_p95_s, m.deadline_s, m.available_from_us, m.retires_at_us,
            s.name AS successor, p.id AS price_id, p.credits
        FROM models AS m
        JOIN prices AS p ON p.model_id = m.id AND p.effective_from_us = (
            SELECT MAX(q.effective_from_us) FROM prices AS q WHERE q.model_id = m.id AND q.effective_from_us <= $1)
        LEFT JOIN models AS s ON s.id = m.successor_id
        ORDER BY m.id";
    let rows: Vec<ModelRow> = on!(tx, c => sqlx::query_as(MODELS).bind(now.micros()).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|row| Model {
            key: ModelKey(row.id),
            name: row.name,
            batch_min: row.batch_min,
            target_p95_s: row.target_p95_s,
            deadline_s: row.deadline_s,
            available_from: Time::from_micros(row.available_from_us),
            retires_at: row.retires_at_us.map(Time::from_micros),
            successor: row.successor,
            price: Price { key: PriceKey(row.price_id), credits: Credits::new(row.credits) },
        })
        .collect())
}

#[derive(sqlx::FromRow)]
struct RouteRow {
    id: i64,
    model_id: i64,
    deadline_s: i64,
    provider: String,
    upstream_model: String,
    unit_cost_microusd: i64,
    billed_failed: String,
    billed_content_input: String,
    billed_content_output: String,
    billed_timeout: String,
    concurrency_max: i32,
    submits_per_min_max: i32,
    paused_until_us: Option<i64>,
}

/// Routes in use at `now`, paused ones included, with the deadline of their model in seconds.
pub async fn routes(tx: &mut Tx, now: Time) -> StoreResult<Vec<(Route, i64)>> {
    const ROUTES: &str = "SELECT r.id, r.model_id, m.deadline_s, r.provider, r.upstream_model, r.unit_cost_microusd, r.billed_failed,
            r.billed_content_input, r.billed_content_output, r.billed_timeout, r.concurrency_max, r.submits_per_min_max, r.paused_until_us
        FROM routes AS r JOIN models AS m ON m.id = r.model_id
        WHERE r.effective_from_us <= $1 AND (r.effective_to_us IS NULL OR r.effective_to_us > $1)
        ORDER BY r.id";
    let rows: Vec<RouteRow> = on!(tx, c => sqlx::query_as(ROUTES).bind(now.micros()).fetch_all(c).await)?;
    read_routes(rows)
}

/// Every route there is or was: what was sent by one that is out of use is still to be brought to its end.
pub async fn all_routes(tx: &mut Tx) -> StoreResult<Vec<(Route, i64)>> {
    const ROUTES: &str = "SELECT r.id, r.model_id, m.deadline_s, r.provider, r.upstream_model, r.unit_cost_microusd, r.billed_failed,
            r.billed_content_input, r.billed_content_output, r.billed_timeout, r.concurrency_max, r.submits_per_min_max, r.paused_until_us
        FROM routes AS r JOIN models AS m ON m.id = r.model_id ORDER BY r.id";
    let rows: Vec<RouteRow> = on!(tx, c => sqlx::query_as(ROUTES).fetch_all(c).await)?;
    read_routes(rows)
}

fn read_routes(rows: Vec<RouteRow>) -> StoreResult<Vec<(Route, i64)>> {
    rows.into_iter()
        .map(|row| {
            let billing = BillingRule {
                failed: row.billed_failed.parse()?,
                content_input: row.billed_content_input.parse()?,
                content_output: row.billed_content_output.parse()?,
                timeout: row.billed_timeout.parse()?,
            };
            let route = Route {
                key: RouteKey(row.id),
                model: ModelKey(row.model_id),
                provider: row.provider,
                upstream_model: row.upstream_model,
                unit_cost: Money::from_micros(row.unit_cost_microusd),
                billing,
                concurrency_max: row.concurrency_max,
                submits_per_minute_max: row.submits_per_min_max,
                paused_until: row.paused_until_us.map(Time::from_micros),
            };
            Ok((route, row.deadline_s))
        })
        .collect()
}

/// Packages on sale at `now`, smallest first.
pub async fn packages(tx: &mut Tx, now: Time) -> StoreResult<Vec<Package>> {
    const PACKAGES: &str = "SELECT name, paid_microusd, credits FROM packages
        WHERE effective_from_us <= $1 AND (effective_to_us IS NULL OR effective_to_us > $1)
        ORDER BY credits, id LIMIT $2";
    let rows: Vec<(String, i64, i64)> = on!(tx, c => sqlx::query_as(PACKAGES).bind(now.micros()).bind(PACKAGES_MAX).fetch_all(c).await)?;
    let package = |(name, paid, credits)| Package { name, paid: Money::from_micros(paid), credits: Credits::new(credits) };
    Ok(rows.into_iter().map(package).collect())
}

/// Sends nothing by this route before `until`.
pub async fn pause_route(tx: &mut Tx, route: RouteKey, until: Time, reason: &str) -> StoreResult<()> {
    const PAUSE: &str = "UPDATE routes SET paused_until_us = $2, paused_reason = $3 WHERE id = $1";
    on!(tx, c => sqlx::query(PAUSE).bind(route.0).bind(until.micros()).bind(reason).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Pins what a batch was priced with.
pub async fn insert_batch_models(tx: &mut Tx, batch: BatchKey, shares: &[ModelShare]) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO batch_models (batch_id, model_id, price_id, credits, tasks) SELECT $1, u.model, u.price, u.credits, u.tasks FROM {rows}",
        1,
        &[("model", "bigint"), ("price", "bigint"), ("credits", "bigint"), ("tasks", "bigint")],
    );
    let column = |value: fn(&ModelShare) -> i64| Column::I64(shares.iter().map(value).collect());
    let columns = vec![
        column(|share| share.model.0),
        column(|share| share.price.0),
        column(|share| share.credits.get()),
        column(|share| share.tasks),
    ];
    INSERT.execute(tx, &[batch.0], columns).await?;
    Ok(())
}
