//! Deliveries by everything that the console asks for. A page is read from an index, newest first; what no index knows is looked
//! for among so many rows of it at most, and the answer says how far that was.

use crate::domain::id::{BatchKey, CustomerKey, DeliveryId, EndpointKey};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptClass, Delivery, DeliveryState, EventType};
use crate::store::composed::{Composed, Value};
use crate::store::dialect::{Column, SetStatement};
use crate::store::{StoreResult, Tx};

use super::read::{DeliveryRow, columns, joins, read};

/// The first delivery that was made at a moment or later.
const FIRST: &str = "(SELECT p.id FROM deliveries AS p WHERE p.created_at_us >= ? ORDER BY p.created_at_us, p.id LIMIT 1)";
/// Rows that one page looks through at most.
const SEARCHED_MAX: i64 = 20_000;

/// What is asked for. `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub customer: Option<CustomerKey>,
    pub endpoint: Option<EndpointKey>,
    pub batch: Option<BatchKey>,
    pub state: Option<DeliveryState>,
    /// How the last attempt ended.
    pub class: Option<AttemptClass>,
    pub kind: Option<EventType>,
    /// Made at or after this moment.
    pub from: Option<Time>,
    /// Made before this moment.
    pub to: Option<Time>,
    pub attempts_min: Option<i32>,
}

/// A page of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub rows: Vec<Delivery>,
    /// Where the next page goes on: before this one.
    pub next: Option<DeliveryId>,
    /// The search stopped before the page was full.
    pub stopped: bool,
}

pub async fn find(tx: &mut Tx, asked: &Asked, before: Option<DeliveryId>, size: PageSize) -> StoreResult<Found> {
    let mut statement = Composed::default();
    statement.push(concat!("SELECT ", columns!(), " FROM (SELECT d.* FROM deliveries AS d WHERE true"), []);
    indexed(&mut statement, asked, before);
    statement.push(" ORDER BY d.id DESC LIMIT ?", [Value::I64(SEARCHED_MAX)]);
    statement.push(concat!(") AS d", joins!(), "WHERE true"), []);
    others(&mut statement, asked);
    statement.push(" ORDER BY d.id DESC LIMIT ?", [Value::I64(size.get() + 1)]);
    let rows: Vec<DeliveryRow> = statement.fetch(tx).await?;
    let mut rows: Vec<Delivery> = rows.into_iter().map(read).collect::<StoreResult<_>>()?;
    let max = usize::try_from(size.get()).unwrap_or(usize::MAX);
    if rows.len() > max {
        rows.truncate(max);
        let next = rows.last().map(|row| row.id);
        return Ok(Found { rows, next, stopped: false });
    }
    let next = last_searched(tx, asked, before).await?;
    Ok(Found { rows, stopped: next.is_some(), next })
}

/// Deliveries by their ids, in no order.
pub async fn named(tx: &mut Tx, ids: &[DeliveryId]) -> StoreResult<Vec<Delivery>> {
    static BY_ID: SetStatement = SetStatement::new(
        concat!("SELECT ", columns!(), " FROM deliveries AS d", joins!(), "WHERE d.public_id IN (SELECT u.id FROM {rows})"),
        0,
        &[("id", "text")],
    );
    let rows: Vec<DeliveryRow> = BY_ID.fetch(tx, &[], vec![Column::Text(ids.iter().map(DeliveryId::to_string).collect())]).await?;
    rows.into_iter().map(read).collect()
}

/// The last row that was looked through, if there were as many as a page may look through.
async fn last_searched(tx: &mut Tx, asked: &Asked, before: Option<DeliveryId>) -> StoreResult<Option<DeliveryId>> {
    let mut statement = Composed::default();
    statement.push("SELECT d.public_id FROM deliveries AS d WHERE true", []);
    indexed(&mut statement, asked, before);
    statement.push(" ORDER BY d.id DESC LIMIT 1 OFFSET ?", [Value::I64(SEARCHED_MAX - 1)]);
    let rows: Vec<(String,)> = statement.fetch(tx).await?;
    rows.into_iter().next().map(|(id,)| Ok(id.parse()?)).transpose()
}

/// What an index finds: the narrowest key that is asked for, and a range of rows, which are in the order of time.
fn indexed(statement: &mut Composed, asked: &Asked, before: Option<DeliveryId>) {
    let word = |word: &'static str| Value::Text(word.to_owned());
    let Asked { customer, endpoint, batch, state, class, .. } = *asked;
    if let Some(batch) = batch {
        statement.push(" AND d.batch_id = ?", [Value::I64(batch.0)]);
    } else if let Some(endpoint) = endpoint {
        statement.push(" AND d.endpoint_id = ?", [Value::I64(endpoint.0)]);
    } else if let Some(customer) = customer {
        statement.push(" AND d.customer_id = ?", [Value::I64(customer.0)]);
    } else if let Some(class) = class.filter(|class| !class.is_success()) {
        // Said once more, because the index holds no others.
        statement.push(" AND d.last_class = ? AND d.last_class <> 'delivered'", [word(class.as_str())]);
    } else if let Some(state) = state.filter(|state| *state != DeliveryState::Succeeded) {
        statement.push(" AND d.state = ? AND d.state <> 'succeeded'", [word(state.as_str())]);
    }
    if let Some(before) = before {
        statement.push(
            " AND d.id < COALESCE((SELECT p.id FROM deliveries AS p WHERE p.public_id = ?), 9223372036854775807)",
            [Value::Text(before.to_string())],
        );
    }
    if let Some(from) = asked.from {
        statement.push(&format!(" AND d.id >= {FIRST}"), [Value::I64(from.micros())]);
    }
    if let Some(to) = asked.to {
        statement.push(&format!(" AND d.id < COALESCE({FIRST}, 9223372036854775807)"), [Value::I64(to.micros())]);
    }
}

/// Everything that is asked for.
fn others(statement: &mut Composed, asked: &Asked) {
    let word = |word: &'static str| Value::Text(word.to_owned());
    if let Some(customer) = asked.customer {
        statement.push(" AND d.customer_id = ?", [Value::I64(customer.0)]);
    }
    if let Some(endpoint) = asked.endpoint {
        statement.push(" AND d.endpoint_id = ?", [Value::I64(endpoint.0)]);
    }
    if let Some(state) = asked.state {
        statement.push(" AND d.state = ?", [word(state.as_str())]);
    }
    if let Some(class) = asked.class {
        statement.push(" AND d.last_class = ?", [word(class.as_str())]);
    }
    if let Some(kind) = asked.kind {
        statement.push(" AND v.type = ?", [word(kind.as_str())]);
    }
    if let Some(from) = asked.from {
        statement.push(" AND d.created_at_us >= ?", [Value::I64(from.micros())]);
    }
    if let Some(to) = asked.to {
        statement.push(" AND d.created_at_us < ?", [Value::I64(to.micros())]);
    }
    if let Some(attempts) = asked.attempts_min {
        statement.push(" AND d.attempts >= ?", [Value::I64(attempts.into())]);
    }
}
