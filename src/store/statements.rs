//! The ledger of one customer, summed over a stretch of time.

use crate::domain::credits::Credits;
use crate::domain::id::CustomerKey;
use crate::domain::ledger::{AccountKind, Balances};
use crate::domain::money::Money;
use crate::domain::statement::{BatchMovement, Movement};
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

/// The balances at a moment, from the entries before it.
pub async fn balances_at(tx: &mut Tx, customer: CustomerKey, at: Time) -> StoreResult<Balances> {
    const BEFORE: &str = "SELECT a.kind, CAST(SUM(e.credits) AS BIGINT)
        FROM ledger_transactions AS t
        JOIN ledger_entries AS e ON e.transaction_id = t.id
        JOIN ledger_accounts AS a ON a.id = e.account_id AND a.customer_id = t.customer_id
        WHERE t.customer_id = $1 AND t.created_at_us < $2 GROUP BY a.kind";
    let rows: Vec<(String, i64)> = on!(tx, c => sqlx::query_as(BEFORE).bind(customer.0).bind(at.micros()).fetch_all(c).await)?;
    let mut balances = Balances::default();
    for (kind, credits) in rows {
        match kind.parse()? {
            AccountKind::Held => balances.held = Credits::new(credits),
            _ => balances.available = Credits::new(credits),
        }
    }
    Ok(balances)
}

/// What each kind of transaction did, in the order of their first.
pub async fn movements(tx: &mut Tx, customer: CustomerKey, from: Time, to: Time) -> StoreResult<Vec<Movement>> {
    const BETWEEN: &str = "SELECT t.kind, COUNT(DISTINCT t.id),
            CAST(SUM(CASE WHEN a.kind = 'available' THEN e.credits ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN a.kind = 'held' THEN e.credits ELSE 0 END) AS BIGINT)
        FROM ledger_transactions AS t
        JOIN ledger_entries AS e ON e.transaction_id = t.id
        JOIN ledger_accounts AS a ON a.id = e.account_id AND a.customer_id = t.customer_id
        WHERE t.customer_id = $1 AND t.created_at_us >= $2 AND t.created_at_us < $3
        GROUP BY t.kind ORDER BY MIN(t.id)";
    let rows: Vec<(String, i64, i64, i64)> =
        on!(tx, c => sqlx::query_as(BETWEEN).bind(customer.0).bind(from.micros()).bind(to.micros()).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(kind, transactions, available, held)| {
            Ok(Movement { kind: kind.parse()?, transactions, available: Credits::new(available), held: Credits::new(held) })
        })
        .collect()
}

/// What was done for each batch, oldest first; `limit` of them.
pub async fn batches(tx: &mut Tx, customer: CustomerKey, from: Time, to: Time, limit: i64) -> StoreResult<Vec<BatchMovement>> {
    const BATCHES: &str = "SELECT b.public_id,
            CAST(SUM(CASE WHEN t.kind = 'hold' THEN t.credits ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN t.kind = 'capture' THEN t.credits WHEN t.kind = 'reversal' THEN -t.credits ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN t.kind IN ('release', 'reversal') THEN t.credits ELSE 0 END) AS BIGINT)
        FROM ledger_transactions AS t JOIN batches AS b ON b.id = t.batch_id
        WHERE t.customer_id = $1 AND t.created_at_us >= $2 AND t.created_at_us < $3
        GROUP BY b.id, b.public_id ORDER BY b.id LIMIT $4";
    let rows: Vec<(String, i64, i64, i64)> = on!(tx, c => sqlx::query_as(BATCHES)
        .bind(customer.0).bind(from.micros()).bind(to.micros()).bind(limit).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(batch, held, charged, refunded)| {
            let [held, charged, refunded] = [held, charged, refunded].map(Credits::new);
            Ok(BatchMovement { batch: batch.parse()?, held, charged, refunded })
        })
        .collect()
}

/// What was paid for the credits granted between the two moments.
pub async fn paid(tx: &mut Tx, customer: CustomerKey, from: Time, to: Time) -> StoreResult<Money> {
    const PAID: &str = "SELECT CAST(COALESCE(SUM(paid_microusd), 0) AS BIGINT) FROM grants
        WHERE customer_id = $1 AND created_at_us >= $2 AND created_at_us < $3";
    let micros: i64 = on!(tx, c => sqlx::query_scalar(PAID).bind(customer.0).bind(from.micros()).bind(to.micros()).fetch_one(c).await)?;
    Ok(Money::from_micros(micros))
}
