//! How attempts at endpoints ended, by hour: counters that are kept, so that no page counts attempts.

use crate::domain::id::{CustomerKey, EndpointKey};
use crate::domain::time::Time;
use crate::domain::webhook::outcome::{Count, Outcome};

use super::dialect::{Column, SetStatement};
use super::{StoreResult, Tx, on};

/// Attempts that ended alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    pub endpoint: EndpointKey,
    /// When the hour began.
    pub hour: Time,
    pub outcome: Outcome,
    /// They took at most so long.
    pub took_ms: i32,
    pub attempts: i64,
}

/// Adds to the counters. The counts come in the order of their keys: who adds at the same time waits, and never for each other.
pub async fn count(tx: &mut Tx, counts: &[HourCount]) -> StoreResult<()> {
    static ADD: SetStatement = SetStatement::new(
        "INSERT INTO outcome_hours (endpoint_id, hour_us, outcome, took_ms, attempts) SELECT u.e, u.h, u.o, u.t, u.n FROM {rows} WHERE true
        ON CONFLICT (endpoint_id, hour_us, outcome, took_ms) DO UPDATE SET attempts = outcome_hours.attempts + excluded.attempts",
        0,
        &[("e", "bigint"), ("h", "bigint"), ("o", "text"), ("t", "integer"), ("n", "bigint")],
    );
    if counts.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::I64(counts.iter().map(|count| count.endpoint.0).collect()),
        Column::I64(counts.iter().map(|count| count.hour.micros()).collect()),
        Column::Word(counts.iter().map(|count| count.outcome.as_str()).collect()),
        Column::I32(counts.iter().map(|count| count.took_ms).collect()),
        Column::I64(counts.iter().map(|count| count.attempts).collect()),
    ];
    ADD.execute(tx, &[], columns).await?;
    Ok(())
}

/// What came of the attempts at these endpoints in hours that began at or after `since`.
pub async fn of_endpoints(tx: &mut Tx, endpoints: &[EndpointKey], since: Time) -> StoreResult<Vec<(EndpointKey, Count)>> {
    static OF: SetStatement = SetStatement::new(
        "SELECT h.endpoint_id, h.outcome, h.took_ms, CAST(SUM(h.attempts) AS BIGINT) FROM {rows}
        JOIN outcome_hours AS h ON h.endpoint_id = u.e AND h.hour_us >= $1 GROUP BY h.endpoint_id, h.outcome, h.took_ms",
        1,
        &[("e", "bigint")],
    );
    let keys = Column::I64(endpoints.iter().map(|key| key.0).collect());
    let rows: Vec<(i64, String, i32, i64)> = OF.fetch(tx, &[since.micros()], vec![keys]).await?;
    rows.into_iter()
        .map(|(key, outcome, took_ms, attempts)| Ok((EndpointKey(key), Count { outcome: outcome.parse()?, took_ms, attempts })))
        .collect()
}

/// Whose attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    All,
    Customer(CustomerKey),
    Endpoint(EndpointKey),
}

/// What came of attempts by steps of so many microseconds, which begin at multiples of that.
pub async fn over_time(tx: &mut Tx, of: Of, from: Time, step_us: i64) -> StoreResult<Vec<(Time, Outcome, i64)>> {
    const OF_ALL: &str = "SELECT h.hour_us / $2 * $2 AS at, h.outcome, CAST(SUM(h.attempts) AS BIGINT) FROM outcome_hours AS h
        WHERE h.hour_us >= $1 AND $3 IS NULL GROUP BY 1, 2";
    const OF_CUSTOMER: &str = "SELECT h.hour_us / $2 * $2 AS at, h.outcome, CAST(SUM(h.attempts) AS BIGINT) FROM endpoints AS e
        JOIN outcome_hours AS h ON h.endpoint_id = e.id AND h.hour_us >= $1 WHERE e.customer_id = $3 GROUP BY 1, 2";
    const OF_ENDPOINT: &str = "SELECT h.hour_us / $2 * $2 AS at, h.outcome, CAST(SUM(h.attempts) AS BIGINT) FROM outcome_hours AS h
        WHERE h.hour_us >= $1 AND h.endpoint_id = $3 GROUP BY 1, 2";
    let (sql, key) = match of {
        Of::All => (OF_ALL, None),
        Of::Customer(key) => (OF_CUSTOMER, Some(key.0)),
        Of::Endpoint(key) => (OF_ENDPOINT, Some(key.0)),
    };
    let rows: Vec<(i64, String, i64)> = on!(tx, c => sqlx::query_as(sql).bind(from.micros()).bind(step_us).bind(key).fetch_all(c).await)?;
    rows.into_iter().map(|(at, outcome, attempts)| Ok((Time::from_micros(at), outcome.parse()?, attempts))).collect()
}
