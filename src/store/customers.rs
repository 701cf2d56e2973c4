//! Customers.

use crate::domain::id::{CustomerId, CustomerKey};
use crate::domain::time::Time;

use super::{StoreResult, Tx, on};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub key: CustomerKey,
    pub id: CustomerId,
    pub name: String,
    pub email: String,
    pub created_at: Time,
}

/// Customers in one list at most.
const LIST_MAX: i64 = 200;

type Row = (i64, String, String, String, i64);

fn read((key, id, name, email, created_at_us): Row) -> StoreResult<Customer> {
    Ok(Customer { key: CustomerKey(key), id: id.parse()?, name, email, created_at: Time::from_micros(created_at_us) })
}

/// Adds a customer and its two accounts. [`super::StoreError::Exists`] when the e-mail address is taken.
pub async fn insert(tx: &mut Tx, id: CustomerId, name: &str, email: &str, now: Time) -> StoreResult<CustomerKey> {
    const INSERT: &str = "INSERT INTO customers (public_id, name, email, created_at_us) VALUES ($1, $2, $3, $4) RETURNING id";
    const ACCOUNTS: &str = "INSERT INTO ledger_accounts (customer_id, kind, balance) VALUES ($1, 'available', 0), ($1, 'held', 0)";
    let key: i64 = on!(&mut *tx, c => sqlx::query_scalar(INSERT)
        .bind(id.to_string()).bind(name).bind(email).bind(now.micros()).fetch_one(c).await)?;
    on!(tx, c => sqlx::query(ACCOUNTS).bind(key).execute(c).await.map(|_| ()))?;
    Ok(CustomerKey(key))
}

pub async fn by_id(tx: &mut Tx, id: CustomerId) -> StoreResult<Option<Customer>> {
    const BY_ID: &str = "SELECT id, public_id, name, email, created_at_us FROM customers WHERE public_id = $1";
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(read).transpose()
}

pub async fn list(tx: &mut Tx) -> StoreResult<Vec<Customer>> {
    const LIST: &str = "SELECT id, public_id, name, email, created_at_us FROM customers ORDER BY id LIMIT $1";
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(LIST).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}
