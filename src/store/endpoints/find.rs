//! Endpoints by what operators ask for.

use crate::domain::id::{CustomerKey, EndpointId, EndpointKey};
use crate::domain::page::PageSize;
use crate::domain::webhook::{Endpoint, EndpointState};
use crate::store::composed::{Composed, Value};
use crate::store::{StoreResult, Tx, on};

use super::{EndpointRow, read, select_endpoints};

/// `None` is any. Deleted ones are never found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointsAsked {
    pub customer: Option<CustomerKey>,
    pub state: Option<EndpointState>,
    pub failing: bool,
}

/// Newest first. One more than `size`, if there are more.
pub async fn find(tx: &mut Tx, asked: &EndpointsAsked, before: Option<EndpointId>, size: PageSize) -> StoreResult<Vec<Endpoint>> {
    let mut statement = Composed::default();
    statement.push(select_endpoints!("WHERE e.deleted_at_us IS NULL"), []);
    if let Some(customer) = asked.customer {
        statement.push(" AND e.customer_id = ?", [Value::I64(customer.0)]);
    }
    if let Some(state) = asked.state {
        statement.push(" AND e.state = ?", [Value::Text(state.to_string())]);
    }
    if asked.failing {
        statement.push(" AND e.state = 'enabled' AND e.failing_since_us IS NOT NULL", []);
    }
    if let Some(before) = before {
        statement.push(
            " AND e.id < COALESCE((SELECT p.id FROM endpoints AS p WHERE p.public_id = ?), 9223372036854775807)",
            [Value::Text(before.to_string())],
        );
    }
    statement.push(" ORDER BY e.id DESC LIMIT ?", [Value::I64(size.get() + 1)]);
    let rows: Vec<EndpointRow> = statement.fetch(tx).await?;
    rows.into_iter().map(read).collect()
}

/// Of a deleted endpoint too: its deliveries are still there.
pub async fn key_of(tx: &mut Tx, id: EndpointId) -> StoreResult<Option<EndpointKey>> {
    const KEY: &str = "SELECT id FROM endpoints WHERE public_id = $1";
    let key: Option<i64> = on!(tx, c => sqlx::query_scalar(KEY).bind(id.to_string()).fetch_optional(c).await)?;
    Ok(key.map(EndpointKey))
}
