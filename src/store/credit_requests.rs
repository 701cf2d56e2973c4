//! Changes of credits that wait for a second operator, and what was decided.

use crate::domain::access::Decision;
use crate::domain::credits::Credits;
use crate::domain::id::{CreditRequestId, CustomerId, CustomerKey, OperatorId, OperatorKey};
use crate::domain::time::Time;

use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

/// Requests in one list at most.
const LIST_MAX: i64 = 100;

/// A request that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewRequest<'r> {
    pub id: CreditRequestId,
    pub customer: CustomerKey,
    /// JSON: what is asked for.
    pub change: &'r str,
    pub credits: Credits,
    pub asked_by: OperatorKey,
}

/// A request as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRequest {
    pub id: CreditRequestId,
    pub customer: CustomerId,
    pub customer_name: String,
    /// JSON: what is asked for.
    pub change: String,
    /// More than nothing, whether they are added or taken back.
    pub credits: Credits,
    pub asked_by: OperatorId,
    pub asked_by_email: String,
    pub asked_at: Time,
    /// What was decided, by whom and when.
    pub decided: Option<(Decision, String, Time)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    public_id: String,
    customer: String,
    customer_name: String,
    change: String,
    credits: i64,
    asked_by: String,
    asked_by_email: String,
    asked_at_us: i64,
    decision: Option<String>,
    decided_by_email: Option<String>,
    decided_at_us: Option<i64>,
}

fn read(row: Row) -> StoreResult<CreditRequest> {
    let decided = match (row.decision, row.decided_by_email, row.decided_at_us) {
        (Some(decision), Some(by), Some(at)) => Some((Decision::try_from(decision)?, by, Time::from_micros(at))),
        _ => None,
    };
    Ok(CreditRequest {
        id: row.public_id.parse()?,
        customer: row.customer.parse()?,
        customer_name: row.customer_name,
        change: row.change,
        credits: Credits::new(row.credits),
        asked_by: row.asked_by.parse()?,
        asked_by_email: row.asked_by_email,
        asked_at: Time::from_micros(row.asked_at_us),
        decided,
    })
}

pub async fn insert(tx: &mut Tx, new: NewRequest<'_>, now: Time) -> StoreResult<()> {
    const INSERT: &str = "INSERT INTO credit_requests (public_id, customer_id, change, credits, asked_by_id, asked_at_us)
        VALUES ($1, $2, $3, $4, $5, $6)";
    on!(tx, c => sqlx::query(INSERT).bind(new.id.to_string()).bind(new.customer.0).bind(new.change).bind(new.credits.get())
        .bind(new.asked_by.0).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: CreditRequestId) -> StoreResult<Option<CreditRequest>> {
    const BY_ID: &str =
        "SELECT r.public_id, c.public_id AS customer, c.name AS customer_name, r.change, r.credits, a.public_id AS asked_by,
            a.email AS asked_by_email, r.asked_at_us, r.decision, d.email AS decided_by_email, r.decided_at_us
        FROM credit_requests AS r JOIN customers AS c ON c.id = r.customer_id JOIN operators AS a ON a.id = r.asked_by_id
            LEFT JOIN operators AS d ON d.id = r.decided_by_id
        WHERE r.public_id = $1";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// Those that wait, then those that were decided; each the newest first.
pub async fn list(tx: &mut Tx) -> StoreResult<Vec<CreditRequest>> {
    const LIST: &str = "SELECT r.public_id, c.public_id AS customer, c.name AS customer_name, r.change, r.credits, a.public_id AS asked_by,
            a.email AS asked_by_email, r.asked_at_us, r.decision, d.email AS decided_by_email, r.decided_at_us
        FROM credit_requests AS r JOIN customers AS c ON c.id = r.customer_id JOIN operators AS a ON a.id = r.asked_by_id
            LEFT JOIN operators AS d ON d.id = r.decided_by_id
        ORDER BY CASE WHEN r.decision IS NULL THEN 0 ELSE 1 END, r.id DESC LIMIT $1";
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(LIST).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// Decides what nobody has decided. False when somebody has: on PostgreSQL after waiting for whoever is about to.
pub async fn decide(tx: &mut Tx, id: CreditRequestId, decision: Decision, by: OperatorKey, now: Time) -> StoreResult<bool> {
    const DECIDE: &str = "UPDATE credit_requests SET decision = $2, decided_by_id = $3, decided_at_us = $4
        WHERE public_id = $1 AND decision IS NULL";
    let changed = on!(tx, c => sqlx::query(DECIDE).bind(id.to_string()).bind(decision.as_str()).bind(by.0).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Ok(false);
    }
    ensure_rows("deciding a request", changed, 1)?;
    Ok(true)
}
