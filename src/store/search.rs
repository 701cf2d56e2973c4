//! Finding one thing by its id, or a few by a text. Every statement is bounded: an id is found by its index; an idempotency key,
//! a name or an address costs one look per customer, never one per batch or task.

use crate::domain::id::{BatchId, CustomerId};
use crate::domain::search::{Hit, HitKind, Needle};

use super::{StoreResult, Tx, on};

/// Public id, id and name of the customer, batch, and what else tells it apart.
type Row = (String, String, String, Option<String>, String);

fn read(kind: HitKind, (id, customer, customer_name, batch, note): Row, exact: bool) -> StoreResult<Hit> {
    let customer: CustomerId = customer.parse()?;
    let batch: Option<BatchId> = batch.map(|id| id.parse()).transpose()?;
    Ok(Hit { kind, id, customer, customer_name, batch, task: None, note, exact })
}

/// The one thing that has this id.
pub async fn by_id(tx: &mut Tx, needle: &Needle) -> StoreResult<Option<Hit>> {
    const BATCH: &str = "SELECT b.public_id, c.public_id, c.name, b.public_id, b.status
        FROM batches AS b JOIN customers AS c ON c.id = b.customer_id WHERE b.public_id = $1";
    const TASK: &str = "SELECT b.public_id, c.public_id, c.name, b.public_id, t.status
        FROM batches AS b JOIN customers AS c ON c.id = b.customer_id JOIN tasks AS t ON t.batch_id = b.id
        WHERE b.public_id = $1 AND t.task_no = $2";
    const CUSTOMER: &str = "SELECT c.public_id, c.public_id, c.name, NULL, c.email FROM customers AS c WHERE c.public_id = $1";
    const TRANSACTION: &str = "SELECT t.public_id, c.public_id, c.name, b.public_id, t.kind
        FROM ledger_transactions AS t JOIN customers AS c ON c.id = t.customer_id LEFT JOIN batches AS b ON b.id = t.batch_id
        WHERE t.public_id = $1";
    const GRANT: &str = "SELECT g.public_id, c.public_id, c.name, NULL, g.kind
        FROM grants AS g JOIN customers AS c ON c.id = g.customer_id WHERE g.public_id = $1";
    const KEY: &str = "SELECT k.public_id, c.public_id, c.name, NULL, k.prefix
        FROM api_keys AS k JOIN customers AS c ON c.id = k.customer_id WHERE k.public_id = $1";
    const EVENT: &str = "SELECT e.public_id, c.public_id, c.name, b.public_id, e.type
        FROM events AS e JOIN customers AS c ON c.id = e.customer_id LEFT JOIN batches AS b ON b.id = e.batch_id
        WHERE e.public_id = $1";
    let (kind, sql, id) = match needle {
        Needle::Text(_) => return Ok(None),
        Needle::Task(batch, number) => {
            let row: Option<Row> = on!(tx, c => sqlx::query_as(TASK).bind(batch.to_string()).bind(*number).fetch_optional(c).await)?;
            let hit = row.map(|row| read(HitKind::Task, row, true)).transpose()?;
            return Ok(hit.map(|hit| Hit { task: Some(*number), ..hit }));
        }
        Needle::Batch(id) => (HitKind::Batch, BATCH, id.to_string()),
        Needle::Customer(id) => (HitKind::Customer, CUSTOMER, id.to_string()),
        Needle::Transaction(id) => (HitKind::Transaction, TRANSACTION, id.to_string()),
        Needle::Grant(id) => (HitKind::Grant, GRANT, id.to_string()),
        Needle::Key(id) => (HitKind::Key, KEY, id.to_string()),
        Needle::Event(id) => (HitKind::Event, EVENT, id.to_string()),
    };
    let row: Option<Row> = on!(tx, c => sqlx::query_as(sql).bind(id).fetch_optional(c).await)?;
    row.map(|row| read(kind, row, true)).transpose()
}

/// Batches that were submitted under this idempotency key, newest first: each customer may have one. The order of the join makes
/// SQLite look once per customer into the index of its keys, instead of reading all batches from the newest on.
pub async fn by_idempotency_key(tx: &mut Tx, key: &str, rows: i64) -> StoreResult<Vec<Hit>> {
    const BY_KEY: &str = "SELECT b.public_id, c.public_id, c.name, b.public_id, b.status
        FROM customers AS c CROSS JOIN batches AS b
        WHERE b.customer_id = c.id AND b.idempotency_key = $1 ORDER BY b.id DESC LIMIT $2";
    let found: Vec<Row> = on!(tx, c => sqlx::query_as(BY_KEY).bind(key).bind(rows).fetch_all(c).await)?;
    found.into_iter().map(|row| read(HitKind::Batch, row, true)).collect()
}

/// API keys that begin so, revoked ones too.
pub async fn by_key_prefix(tx: &mut Tx, prefix: &str, rows: i64) -> StoreResult<Vec<Hit>> {
    const BY_PREFIX: &str = "SELECT k.public_id, c.public_id, c.name, NULL, k.prefix
        FROM api_keys AS k JOIN customers AS c ON c.id = k.customer_id WHERE k.prefix = $1 ORDER BY k.id DESC LIMIT $2";
    let found: Vec<Row> = on!(tx, c => sqlx::query_as(BY_PREFIX).bind(prefix).bind(rows).fetch_all(c).await)?;
    found.into_iter().map(|row| read(HitKind::Key, row, true)).collect()
}

/// Customers with this text in their name or e-mail address.
///
/// Letters of ASCII match in both cases on both databases. SQLite folds no others, so the text is looked for as it is written,
/// in small letters, in capitals and with a capital first: whoever is called `Özgür` is found by `özgür` and `ÖZGÜR`. Only a
/// mix like `öZGÜR` is found by PostgreSQL alone.
pub async fn customers(tx: &mut Tx, text: &str, rows: i64) -> StoreResult<Vec<Hit>> {
    const CUSTOMERS: &str = r"SELECT public_id, public_id, name, NULL, email FROM customers
        WHERE lower(name) LIKE $1 ESCAPE '\' OR lower(name) LIKE $2 ESCAPE '\' OR lower(name) LIKE $3 ESCAPE '\'
            OR lower(name) LIKE $4 ESCAPE '\' OR lower(email) LIKE $1 ESCAPE '\' OR lower(email) LIKE $2 ESCAPE '\'
        ORDER BY id LIMIT $5";
    let [small, written, capitals, title] = spellings(text).map(|text| contains(&text));
    let found: Vec<Row> = on!(tx, c => sqlx::query_as(CUSTOMERS)
        .bind(&small).bind(&written).bind(&capitals).bind(&title).bind(rows).fetch_all(c).await)?;
    found
        .into_iter()
        .map(|row| {
            let exact = [&row.2, &row.4].into_iter().any(|known| known.to_lowercase() == text.to_lowercase());
            read(HitKind::Customer, row, exact)
        })
        .collect()
}

/// A text in small letters, as it is, in capitals, and with a capital at the beginning of each word; letters of ASCII are small
/// in all of them, as they are in what the database compares with.
fn spellings(text: &str) -> [String; 4] {
    let mut title = String::new();
    for (index, word) in text.split(' ').enumerate() {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        title.push_str(if index > 0 { " " } else { "" });
        title.push_str(&first);
        title.push_str(&letters.as_str().to_lowercase());
    }
    [text.to_lowercase(), text.to_owned(), text.to_uppercase(), title].map(|mut text| {
        text.make_ascii_lowercase();
        text
    })
}

/// A pattern of LIKE that matches whatever has this text in it, the text taken as it is.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_themselves() {
        assert_eq!(contains(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn a_text_is_spelt_in_all_usual_ways() {
        assert_eq!(spellings("öZGÜR Ak"), ["özgür ak", "özgÜr ak", "ÖzgÜr ak", "Özgür ak"]);
    }
}
