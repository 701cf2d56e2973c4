//! Sums over the batches of a window of days. They read one row per batch, model, kind of failure or tally, never a task; what
//! they cost is bounded by caching them (`service/overview.rs`).

use crate::domain::batch_list::Day;
use crate::domain::overview::{Backlog, DayFailures, DaySums, ModelFailures, PausedRoute, RetiringModel, Sums, WorkerSeen};
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

/// `$1` and `$2` are the moments from and until which batches were submitted. Keys follow those moments within an hour, so a
/// range of keys is read, and the moment is checked.
macro_rules! keys {
    ($key:literal) => {
        concat!(
            $key,
            " >= COALESCE((SELECT d.id FROM batches AS d WHERE d.created_at_us >= $1 - 3600000000 ORDER BY d.created_at_us, d.id LIMIT 1),
                9223372036854775807) AND ",
            $key,
            " <= COALESCE((SELECT d.id FROM batches AS d WHERE d.created_at_us < $2 + 3600000000
                ORDER BY d.created_at_us DESC, d.id DESC LIMIT 1), 0)"
        )
    };
}

#[derive(sqlx::FromRow)]
struct SumsRow {
    day: i64,
    status: String,
    batches: i64,
    tasks: i64,
    pending: i64,
    processing: i64,
    succeeded: i64,
    failed: i64,
    canceled: i64,
    held: i64,
    charged: i64,
    refunded: i64,
    revenue: i64,
    cost: i64,
}

/// By day and state.
pub async fn days(tx: &mut Tx, from: Time, until: Time) -> StoreResult<Vec<DaySums>> {
    const DAYS: &str = concat!(
        "SELECT created_at_us / 86400000000 AS day, status, COUNT(*) AS batches, CAST(SUM(total) AS BIGINT) AS tasks,
            CAST(0 AS BIGINT) AS pending, CAST(0 AS BIGINT) AS processing, CAST(SUM(succeeded) AS BIGINT) AS succeeded,
            CAST(SUM(failed) AS BIGINT) AS failed, CAST(SUM(canceled) AS BIGINT) AS canceled,
            CAST(SUM(credits_charged + credits_refunded) AS BIGINT) AS held, CAST(SUM(credits_charged) AS BIGINT) AS charged,
            CAST(SUM(credits_refunded) AS BIGINT) AS refunded, CAST(SUM(revenue_microusd) AS BIGINT) AS revenue,
            CAST(SUM(cost_microusd) AS BIGINT) AS cost
        FROM finished_batches WHERE created_at_us >= $1 AND created_at_us < $2 AND ",
        keys!("batch_id"),
        " GROUP BY 1, 2 UNION ALL
        SELECT created_at_us / 86400000000, status, COUNT(*), CAST(SUM(total) AS BIGINT), CAST(SUM(pending) AS BIGINT),
            CAST(SUM(processing) AS BIGINT), CAST(SUM(succeeded) AS BIGINT), CAST(SUM(failed) AS BIGINT),
            CAST(SUM(canceled) AS BIGINT), CAST(SUM(credits_held) AS BIGINT), CAST(SUM(credits_charged) AS BIGINT),
            CAST(SUM(credits_refunded) AS BIGINT), CAST(SUM(revenue_microusd) AS BIGINT),
            CAST(SUM(cost_succeeded_microusd + cost_failed_microusd) AS BIGINT)
        FROM batches WHERE finished_at_us IS NULL AND created_at_us >= $1 AND created_at_us < $2 GROUP BY 1, 2"
    );
    let rows: Vec<SumsRow> = on!(tx, c => sqlx::query_as(DAYS).bind(from.micros()).bind(until.micros()).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            let sums = Sums {
                batches: row.batches,
                tasks: row.tasks,
                pending: row.pending,
                processing: row.processing,
                succeeded: row.succeeded,
                failed: row.failed,
                canceled: row.canceled,
                credits_held: row.held,
                credits_charged: row.charged,
                credits_refunded: row.refunded,
                revenue_microusd: row.revenue,
                cost_microusd: row.cost,
            };
            Ok(DaySums { day: Day::from_number(row.day), status: row.status.parse()?, sums })
        })
        .collect()
}

/// By day and responsible party.
pub async fn failures(tx: &mut Tx, from: Time, until: Time) -> StoreResult<Vec<DayFailures>> {
    const FAILURES: &str = concat!(
        "SELECT b.created_at_us / 86400000000, f.party, CAST(SUM(f.tasks) AS BIGINT), CAST(SUM(f.credits) AS BIGINT),
            CAST(SUM(f.cost_microusd) AS BIGINT)
        FROM batch_failures AS f JOIN batches AS b ON b.id = f.batch_id
        WHERE b.created_at_us >= $1 AND b.created_at_us < $2 AND ",
        keys!("f.batch_id"),
        " GROUP BY 1, 2"
    );
    let rows: Vec<(i64, String, i64, i64, i64)> =
        on!(tx, c => sqlx::query_as(FAILURES).bind(from.micros()).bind(until.micros()).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(day, party, tasks, credits_refunded, cost_microusd)| {
            Ok(DayFailures { day: Day::from_number(day), party: party.parse()?, tasks, credits_refunded, cost_microusd })
        })
        .collect()
}

/// By model. A batch of several models counts with the tasks of each.
pub async fn models(tx: &mut Tx, from: Time, until: Time) -> StoreResult<Vec<ModelFailures>> {
    const ORDERED: &str = concat!(
        "SELECT m.name, s.tasks FROM (
            SELECT p.model_id, CAST(SUM(p.tasks) AS BIGINT) AS tasks FROM batch_models AS p JOIN batches AS b ON b.id = p.batch_id
            WHERE b.created_at_us >= $1 AND b.created_at_us < $2 AND ",
        keys!("p.batch_id"),
        " GROUP BY p.model_id) AS s JOIN models AS m ON m.id = s.model_id ORDER BY m.id"
    );
    const FAILED: &str = concat!(
        "SELECT m.name, s.tasks FROM (
            SELECT t.model_id, CAST(SUM(t.tasks) AS BIGINT) AS tasks FROM task_tallies AS t JOIN batches AS b ON b.id = t.batch_id
            WHERE t.outcome = 'failed' AND b.created_at_us >= $1 AND b.created_at_us < $2 AND ",
        keys!("t.batch_id"),
        " GROUP BY t.model_id) AS s JOIN models AS m ON m.id = s.model_id"
    );
    let ordered: Vec<(String, i64)> =
        on!(&mut *tx, c => sqlx::query_as(ORDERED).bind(from.micros()).bind(until.micros()).fetch_all(c).await)?;
    let failed: Vec<(String, i64)> = on!(tx, c => sqlx::query_as(FAILED).bind(from.micros()).bind(until.micros()).fetch_all(c).await)?;
    let failed_of = |name: &String| failed.iter().find(|(model, _)| model == name).map_or(0, |(_, tasks)| *tasks);
    Ok(ordered.into_iter().map(|(model, ordered)| ModelFailures { failed: failed_of(&model), model, ordered }).collect())
}

/// Over all open batches.
pub async fn backlog(tx: &mut Tx) -> StoreResult<Backlog> {
    const BACKLOG: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN pending > 0 THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(pending), 0) AS BIGINT), CAST(COALESCE(SUM(processing), 0) AS BIGINT), MAX(claimed_at_us), MIN(created_at_us)
        FROM batches WHERE finished_at_us IS NULL";
    let (batches, waiting_batches, pending, processing, claimed, oldest): (i64, i64, i64, i64, Option<i64>, Option<i64>) =
        on!(tx, c => sqlx::query_as(BACKLOG).fetch_one(c).await)?;
    let claimed_at = claimed.filter(|at| *at > 0).map(Time::from_micros);
    Ok(Backlog { batches, waiting_batches, pending, processing, claimed_at, oldest_at: oldest.map(Time::from_micros) })
}

/// Workers whose lease stands, the newest first.
pub async fn workers(tx: &mut Tx, now: Time, limit: i64) -> StoreResult<Vec<WorkerSeen>> {
    const ALIVE: &str = "SELECT name, started_at_us, heartbeat_at_us FROM workers
        WHERE cleared_at_us IS NULL AND stopped_at_us IS NULL AND leased_until_us > $1 ORDER BY id DESC LIMIT $2";
    let rows: Vec<(String, i64, i64)> = on!(tx, c => sqlx::query_as(ALIVE).bind(now.micros()).bind(limit).fetch_all(c).await)?;
    let seen = |(name, started, heartbeat)| WorkerSeen {
        name,
        started_at: Time::from_micros(started),
        heartbeat_at: Time::from_micros(heartbeat),
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// Routes in use by which nothing is sent now.
pub async fn paused_routes(tx: &mut Tx, now: Time, limit: i64) -> StoreResult<Vec<PausedRoute>> {
    const PAUSED: &str = "SELECT m.name, r.provider, r.paused_until_us, r.paused_reason FROM routes AS r
        JOIN models AS m ON m.id = r.model_id
        WHERE r.paused_until_us > $1 AND (r.effective_to_us IS NULL OR r.effective_to_us > $1) ORDER BY r.paused_until_us, r.id LIMIT $2";
    let rows: Vec<(String, String, i64, Option<String>)> =
        on!(tx, c => sqlx::query_as(PAUSED).bind(now.micros()).bind(limit).fetch_all(c).await)?;
    let paused = |(model, provider, until, reason)| PausedRoute { model, provider, until: Time::from_micros(until), reason };
    Ok(rows.into_iter().map(paused).collect())
}

/// Models that retire before `until`, or did so after `from`.
pub async fn retiring(tx: &mut Tx, from: Time, until: Time, limit: i64) -> StoreResult<Vec<RetiringModel>> {
    const RETIRING: &str = "SELECT m.name, m.retires_at_us, s.name FROM models AS m LEFT JOIN models AS s ON s.id = m.successor_id
        WHERE m.retires_at_us >= $1 AND m.retires_at_us < $2 ORDER BY m.retires_at_us, m.id LIMIT $3";
    let rows: Vec<(String, i64, Option<String>)> =
        on!(tx, c => sqlx::query_as(RETIRING).bind(from.micros()).bind(until.micros()).bind(limit).fetch_all(c).await)?;
    let retiring = |(model, at, successor)| RetiringModel { model, retires_at: Time::from_micros(at), successor };
    Ok(rows.into_iter().map(retiring).collect())
}
