//! Customers.

use crate::domain::credits::Credits;
use crate::domain::id::{CustomerId, CustomerKey};
use crate::domain::page::{PageSize, Seek, Stretch};
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
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

pub async fn by_keys(tx: &mut Tx, keys: &[CustomerKey]) -> StoreResult<Vec<Customer>> {
    static BY_KEYS: SetStatement = SetStatement::new(
        "SELECT id, public_id, name, email, created_at_us FROM customers WHERE id IN (SELECT u.id FROM {rows})",
        0,
        &[("id", "bigint")],
    );
    let rows: Vec<Row> = BY_KEYS.fetch(tx, &[], vec![Column::I64(keys.iter().map(|key| key.0).collect())]).await?;
    rows.into_iter().map(read).collect()
}

pub async fn list(tx: &mut Tx) -> StoreResult<Vec<Customer>> {
    const LIST: &str = "SELECT id, public_id, name, email, created_at_us FROM customers ORDER BY id LIMIT $1";
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(LIST).bind(LIST_MAX).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// A customer with its sums, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSums {
    pub customer: Customer,
    pub available: Credits,
    pub held: Credits,
    /// Captured and not given back.
    pub spent: Credits,
    /// Counted up to [`BATCHES_COUNTED_MAX`] plus one.
    pub batches: i64,
    pub last_batch_at: Option<Time>,
}

/// More batches of one customer than this are not counted in a list.
pub const BATCHES_COUNTED_MAX: i64 = 1_000;

#[derive(sqlx::FromRow)]
struct SumsRow {
    id: i64,
    public_id: String,
    name: String,
    email: String,
    created_at_us: i64,
    available: i64,
    held: i64,
    spent: i64,
    batches: i64,
    last_batch_at_us: Option<i64>,
}

fn read_sums(row: SumsRow) -> StoreResult<CustomerSums> {
    Ok(CustomerSums {
        customer: read((row.id, row.public_id, row.name, row.email, row.created_at_us))?,
        available: Credits::new(row.available),
        held: Credits::new(row.held),
        spent: Credits::new(row.spent),
        batches: row.batches,
        last_batch_at: row.last_batch_at_us.map(Time::from_micros),
    })
}

/// Balances are looked up, grants of a customer are few, batches are counted up to a limit: a page costs the same however much
/// its customers have done.
macro_rules! select_sums {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.public_id, c.name, c.email, c.created_at_us,
                (SELECT a.balance FROM ledger_accounts AS a WHERE a.customer_id = c.id AND a.kind = 'available') AS available,
                (SELECT a.balance FROM ledger_accounts AS a WHERE a.customer_id = c.id AND a.kind = 'held') AS held,
                (SELECT CAST(COALESCE(SUM(g.captured), 0) AS BIGINT) FROM grants AS g WHERE g.customer_id = c.id) AS spent,
                (SELECT COUNT(*) FROM (SELECT b.id FROM batches AS b WHERE b.customer_id = c.id LIMIT 1001) AS counted) AS batches,
                (SELECT b.created_at_us FROM batches AS b WHERE b.customer_id = c.id ORDER BY b.id DESC LIMIT 1) AS last_batch_at_us
            FROM customers AS c
            WHERE ($1 IS NULL OR LOWER(c.name) LIKE LOWER($1) ESCAPE '!' OR LOWER(c.email) LIKE LOWER($1) ESCAPE '!'
                OR c.public_id LIKE LOWER($1) ESCAPE '!') ",
            $rest
        )
    };
}

/// Customers whose name, e-mail address or id holds `part`, or all of them; newest first.
pub async fn search(tx: &mut Tx, part: Option<&str>, seek: Seek<CustomerId>, size: PageSize) -> StoreResult<Stretch<CustomerSums>> {
    const DOWN: &str = select_sums!("AND c.id <= $2 ORDER BY c.id DESC LIMIT $3");
    const UP: &str = select_sums!("AND c.id > $2 ORDER BY c.id LIMIT $3");
    const KEY: &str = "SELECT id FROM customers WHERE public_id = $1";
    let pattern = part.map(pattern);
    let key: Option<i64> = match seek.row() {
        Some(id) => on!(&mut *tx, c => sqlx::query_scalar(KEY).bind(id.to_string()).fetch_optional(c).await)?,
        None => None,
    };
    let (sql, from) = match (seek, key) {
        (Seek::After(_), Some(key)) => (UP, key),
        (Seek::Before(_), Some(key)) => (DOWN, key - 1),
        (Seek::At(_), Some(key)) => (DOWN, key),
        _ => (DOWN, i64::MAX),
    };
    let rows: Vec<SumsRow> = on!(tx, c => sqlx::query_as(sql).bind(pattern).bind(from).bind(size.get() + 1).fetch_all(c).await)?;
    let rows = rows.into_iter().map(read_sums).collect::<StoreResult<Vec<_>>>()?;
    Ok(if sql == UP { Stretch::upwards(rows, size) } else { Stretch::downwards(rows, size, key.is_some()) })
}

/// Of LIKE: what is asked for may stand anywhere, and means only itself.
fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// What a customer's batches say that it spent, and how many there are.
pub async fn batch_sums(tx: &mut Tx, customer: CustomerKey) -> StoreResult<(Credits, i64)> {
    const SUMS: &str = "SELECT CAST(COALESCE(SUM(credits_charged), 0) AS BIGINT), COUNT(*) FROM batches WHERE customer_id = $1";
    let (charged, batches): (i64, i64) = on!(tx, c => sqlx::query_as(SUMS).bind(customer.0).fetch_one(c).await)?;
    Ok((Credits::new(charged), batches))
}

/// What a customer's grants say of its credits, all of them together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantSums {
    pub granted: Credits,
    pub available: Credits,
    pub held: Credits,
    pub captured: Credits,
    pub expired: Credits,
    /// Taken back by operators.
    pub withdrawn: Credits,
    pub grants: i64,
}

pub async fn grant_sums(tx: &mut Tx, customer: CustomerKey) -> StoreResult<GrantSums> {
    const SUMS: &str = "SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT), CAST(COALESCE(SUM(available), 0) AS BIGINT),
            CAST(COALESCE(SUM(held), 0) AS BIGINT), CAST(COALESCE(SUM(captured), 0) AS BIGINT), CAST(COALESCE(SUM(expired - withdrawn), 0) AS BIGINT),
            CAST(COALESCE(SUM(withdrawn), 0) AS BIGINT), COUNT(*)
        FROM grants WHERE customer_id = $1";
    let (granted, available, held, captured, expired, withdrawn, grants): (i64, i64, i64, i64, i64, i64, i64) =
        on!(tx, c => sqlx::query_as(SUMS).bind(customer.0).fetch_one(c).await)?;
    let [granted, available, held] = [granted, available, held].map(Credits::new);
    let [captured, expired, withdrawn] = [captured, expired, withdrawn].map(Credits::new);
    Ok(GrantSums { granted, available, held, captured, expired, withdrawn, grants })
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_pattern_means_only_what_was_written() {
        assert_eq!(pattern("50%_off!"), "%50!%!_off!!%");
    }
}
