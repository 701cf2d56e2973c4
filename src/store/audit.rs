//! The record of who did what. Rows are only added, in the transaction of what they tell.

use crate::domain::audit::{ActorKind, AuditEntry, AuditFilter, Deed, ObjectKind};
use crate::domain::id::{CustomerId, CustomerKey};
use crate::domain::page::{PageSize, Seek, Stretch};
use crate::domain::time::Time;

use super::composed::{Composed, Value};
use super::dialect::horizon::next_audit_key;
use super::{StoreResult, Tx, on};

/// A row to be written.
#[derive(Clone, Debug)]
pub struct NewEntry<'e> {
    pub actor_kind: ActorKind,
    pub actor_id: Option<String>,
    pub actor: String,
    pub deed: Deed,
    pub object_kind: ObjectKind,
    pub object: Option<String>,
    pub customer: Option<CustomerKey>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub reason: Option<&'e str>,
    pub request_id: Option<&'e str>,
    pub address: Option<String>,
}

pub async fn insert(tx: &mut Tx, entry: &NewEntry<'_>, now: Time) -> StoreResult<()> {
    const INSERT: &str =
        "INSERT INTO audit (id, created_at_us, actor_kind, actor_id, actor_name, action, object_kind, object_id, customer_id,
            before, after, reason, request_id, address)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let key = next_audit_key(tx).await?;
    on!(tx, c => sqlx::query(INSERT).bind(key).bind(now.micros()).bind(entry.actor_kind.as_str()).bind(&entry.actor_id).bind(&entry.actor)
        .bind(entry.deed.as_str()).bind(entry.object_kind.as_str()).bind(&entry.object).bind(entry.customer.map(|key| key.0))
        .bind(&entry.before).bind(&entry.after).bind(entry.reason).bind(entry.request_id).bind(&entry.address).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    created_at_us: i64,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: String,
    action: String,
    object_kind: String,
    object_id: Option<String>,
    customer: Option<String>,
    before: Option<String>,
    after: Option<String>,
    reason: Option<String>,
    request_id: Option<String>,
    address: Option<String>,
}

const SELECT: &str = "SELECT a.id, a.created_at_us, a.actor_kind, a.actor_id, a.actor_name, a.action, a.object_kind, a.object_id,
        c.public_id AS customer, a.before, a.after, a.reason, a.request_id, a.address
    FROM audit AS a LEFT JOIN customers AS c ON c.id = a.customer_id WHERE true";

/// A page of the record, newest first.
pub async fn page(tx: &mut Tx, filter: &AuditFilter, seek: Seek<i64>, size: PageSize) -> StoreResult<Stretch<AuditEntry>> {
    let limit = size.get() + 1;
    if let Seek::After(number) = seek {
        let mut upwards = filtered(filter);
        upwards.push(" AND a.id > ? ORDER BY a.id LIMIT ?", [Value::I64(number), Value::I64(limit)]);
        return Ok(Stretch::upwards(read(upwards, tx).await?, size));
    }
    let from = match seek {
        Seek::At(number) => number,
        Seek::Before(number) => number - 1,
        Seek::Newest | Seek::After(_) => i64::MAX,
    };
    let mut downwards = filtered(filter);
    downwards.push(" AND a.id <= ? ORDER BY a.id DESC LIMIT ?", [Value::I64(from), Value::I64(limit)]);
    let rows = read(downwards, tx).await?;
    let has_newer = match seek {
        Seek::Before(_) => true,
        Seek::At(number) => {
            let mut newer = filtered(filter);
            newer.push(" AND a.id > ? ORDER BY a.id LIMIT ?", [Value::I64(number), Value::I64(1)]);
            !read(newer, tx).await?.is_empty()
        }
        Seek::Newest | Seek::After(_) => false,
    };
    Ok(Stretch::downwards(rows, size, has_newer))
}

/// What was done to a customer and to what belongs to it, newest first.
pub async fn of_customer(tx: &mut Tx, customer: CustomerKey, rows: i64) -> StoreResult<Vec<AuditEntry>> {
    let mut of_customer = Composed::default();
    of_customer.push(SELECT, []);
    of_customer.push(" AND a.customer_id = ? ORDER BY a.id DESC LIMIT ?", [Value::I64(customer.0), Value::I64(rows)]);
    read(of_customer, tx).await
}

/// What was done to one thing, newest first.
pub async fn of_object(tx: &mut Tx, object: &str, rows: i64) -> StoreResult<Vec<AuditEntry>> {
    let mut of_object = Composed::default();
    of_object.push(SELECT, []);
    of_object.push(" AND a.object_id = ? ORDER BY a.id DESC LIMIT ?", [Value::Text(object.to_owned()), Value::I64(rows)]);
    read(of_object, tx).await
}

fn filtered(filter: &AuditFilter) -> Composed {
    let mut query = Composed::default();
    query.push(SELECT, []);
    if filter.unreadable.is_some() {
        query.push(" AND false", []);
    }
    let text = |text: &String| Value::Text(text.clone());
    if !filter.who.is_empty() {
        query.push(" AND (a.actor_name = ? OR a.actor_id = ?)", [text(&filter.who), text(&filter.who)]);
    }
    if let Some(deed) = filter.deed {
        query.push(" AND a.action = ?", [Value::Text(deed.to_string())]);
    }
    if let Ok(customer) = filter.object.parse::<CustomerId>() {
        query.push(" AND a.customer_id = (SELECT f.id FROM customers AS f WHERE f.public_id = ?)", [Value::Text(customer.to_string())]);
    } else if !filter.object.is_empty() {
        query.push(" AND a.object_id = ?", [text(&filter.object)]);
    }
    if let Some(day) = filter.from {
        query.push(" AND a.created_at_us >= ?", [Value::I64(day.start().micros())]);
    }
    if let Some(day) = filter.to {
        query.push(" AND a.created_at_us < ?", [Value::I64(day.plus(1).start().micros())]);
    }
    query
}

async fn read(query: Composed, tx: &mut Tx) -> StoreResult<Vec<AuditEntry>> {
    query.fetch::<Row>(tx).await?.into_iter().map(entry).collect()
}

fn entry(row: Row) -> StoreResult<AuditEntry> {
    Ok(AuditEntry {
        number: row.id,
        at: Time::from_micros(row.created_at_us),
        actor_kind: row.actor_kind.parse()?,
        actor_id: row.actor_id,
        actor: row.actor_name,
        deed: row.action.parse()?,
        object_kind: row.object_kind.parse()?,
        object: row.object_id,
        customer: row.customer.map(|id| id.parse()).transpose()?,
        before: row.before,
        after: row.after,
        reason: row.reason,
        request_id: row.request_id,
        address: row.address,
    })
}
