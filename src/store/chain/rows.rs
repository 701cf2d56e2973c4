//! Rows as the chain hashes them: every column, in an encoding that reads one way only. It must never change: what was sealed
//! is compared with it for ever. A new column is hashed by a new kind of link.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};

use crate::domain::chain::{ChainKind, Link};
use crate::store::{StoreResult, Tx, on};

/// Takes fields one after the other. Each begins with what it is; texts say their length. So two different rows, or the same
/// fields parted otherwise, never hash alike.
pub(super) struct Seal {
    hash: Sha256,
    /// Transactions, or rows of audit, that were taken.
    rows: i64,
}

impl Seal {
    fn new(link: &Link) -> Self {
        let mut seal = Self { hash: Sha256::new(), rows: 0 };
        seal.text(&link.previous_hash);
        seal.text(link.kind.as_str());
        seal.number(link.seq);
        seal.number(link.last);
        seal.number(link.rows);
        seal.number(link.sealed_at.micros());
        seal
    }

    fn number(&mut self, number: i64) {
        self.hash.update(b"i");
        self.hash.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.hash.update(b"t");
        self.hash.update((text.len() as u64).to_be_bytes());
        self.hash.update(text);
    }

    fn number_or_none(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.number(number),
            None => self.hash.update(b"n"),
        }
    }

    fn text_or_none(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.hash.update(b"n"),
        }
    }

    /// Hex.
    fn finish(self) -> String {
        data_encoding::HEXLOWER.encode(&self.hash.finalize())
    }
}

/// What a link over the rows after `after` would have as its hash, and how many rows there are.
pub(super) async fn hash(tx: &mut Tx, link: &Link, after: i64) -> StoreResult<(String, i64)> {
    let mut seal = Seal::new(link);
    match link.kind {
        ChainKind::Ledger => {
            transactions(tx, &mut seal, after, link.last).await?;
            entries(tx, &mut seal, after, link.last).await?;
            lines(tx, &mut seal, after, link.last).await?;
        }
        ChainKind::Audit => audit(tx, &mut seal, after, link.last).await?,
    }
    let rows = seal.rows;
    Ok((seal.finish(), rows))
}

#[derive(sqlx::FromRow)]
struct TransactionRow {
    id: i64,
    public_id: String,
    kind: String,
    customer_id: i64,
    batch_id: Option<i64>,
    grant_id: Option<i64>,
    reverses_id: Option<i64>,
    credits: i64,
    revenue_microusd: i64,
    tasks: i64,
    actor: String,
    reason: Option<String>,
    created_at_us: i64,
}

/// Hashes the rows of a statement as they come: a link of any size needs no more memory than a row.
macro_rules! stream {
    ($tx:expr, $row:ty, $sql:ident, $after:expr, $last:expr, $each:expr) => {
        on!($tx, c => {
            let mut rows = sqlx::query_as::<_, $row>($sql).bind($after).bind($last).fetch(c);
            while let Some(row) = rows.try_next().await? {
                $each(row);
            }
        })
    };
}

async fn transactions(tx: &mut Tx, seal: &mut Seal, after: i64, last: i64) -> StoreResult<()> {
    const TRANSACTIONS: &str = "SELECT id, public_id, kind, customer_id, batch_id, grant_id, reverses_id, credits, revenue_microusd, tasks,
            actor, reason, created_at_us
        FROM ledger_transactions WHERE id > $1 AND id <= $2 ORDER BY id";
    let mut each = |row: TransactionRow| {
        seal.rows += 1;
        seal.text("transaction");
        seal.number(row.id);
        seal.text(&row.public_id);
        seal.text(&row.kind);
        seal.number(row.customer_id);
        seal.number_or_none(row.batch_id);
        seal.number_or_none(row.grant_id);
        seal.number_or_none(row.reverses_id);
        seal.number(row.credits);
        seal.number(row.revenue_microusd);
        seal.number(row.tasks);
        seal.text(&row.actor);
        seal.text_or_none(row.reason.as_deref());
        seal.number(row.created_at_us);
    };
    stream!(tx, TransactionRow, TRANSACTIONS, after, last, each);
    Ok(())
}

async fn entries(tx: &mut Tx, seal: &mut Seal, after: i64, last: i64) -> StoreResult<()> {
    const ENTRIES: &str = "SELECT transaction_id, account_id, credits, balance_after FROM ledger_entries
        WHERE transaction_id > $1 AND transaction_id <= $2 ORDER BY transaction_id, account_id";
    let mut each = |(transaction, account, credits, balance_after): (i64, i64, i64, Option<i64>)| {
        seal.text("entry");
        seal.number(transaction);
        seal.number(account);
        seal.number(credits);
        seal.number_or_none(balance_after);
    };
    stream!(tx, (i64, i64, i64, Option<i64>), ENTRIES, after, last, each);
    Ok(())
}

async fn lines(tx: &mut Tx, seal: &mut Seal, after: i64, last: i64) -> StoreResult<()> {
    const LINES: &str = "SELECT transaction_id, task_no, CAST(step AS INTEGER), batch_id, kind, credits, revenue_microusd FROM ledger_lines
        WHERE transaction_id > $1 AND transaction_id <= $2 ORDER BY transaction_id, task_no, batch_id, step";
    let mut each = |(transaction, task, step, batch, kind, credits, revenue): (i64, i32, i32, i64, String, i64, i64)| {
        seal.text("line");
        seal.number(transaction);
        seal.number(task.into());
        seal.number(step.into());
        seal.number(batch);
        seal.text(&kind);
        seal.number(credits);
        seal.number(revenue);
    };
    stream!(tx, (i64, i32, i32, i64, String, i64, i64), LINES, after, last, each);
    Ok(())
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: i64,
    created_at_us: i64,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: String,
    action: String,
    object_kind: String,
    object_id: Option<String>,
    customer_id: Option<i64>,
    before: Option<String>,
    after: Option<String>,
    reason: Option<String>,
    request_id: Option<String>,
    address: Option<String>,
}

async fn audit(tx: &mut Tx, seal: &mut Seal, after: i64, last: i64) -> StoreResult<()> {
    const AUDIT: &str = "SELECT id, created_at_us, actor_kind, actor_id, actor_name, action, object_kind, object_id, customer_id, before,
            after, reason, request_id, address
        FROM audit WHERE id > $1 AND id <= $2 ORDER BY id";
    let mut each = |row: AuditRow| {
        seal.rows += 1;
        seal.text("audit");
        seal.number(row.id);
        seal.number(row.created_at_us);
        seal.text(&row.actor_kind);
        seal.text_or_none(row.actor_id.as_deref());
        seal.text(&row.actor_name);
        seal.text(&row.action);
        seal.text(&row.object_kind);
        seal.text_or_none(row.object_id.as_deref());
        seal.number_or_none(row.customer_id);
        seal.text_or_none(row.before.as_deref());
        seal.text_or_none(row.after.as_deref());
        seal.text_or_none(row.reason.as_deref());
        seal.text_or_none(row.request_id.as_deref());
        seal.text_or_none(row.address.as_deref());
    };
    stream!(tx, AuditRow, AUDIT, after, last, each);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chain::GENESIS;
    use crate::domain::time::Time;

    fn hash_of(fields: impl Fn(&mut Seal)) -> String {
        let (kind, previous_hash) = (ChainKind::Ledger, GENESIS.to_owned());
        let link = Link { seq: 1, kind, last: 2, rows: 2, previous_hash, hash: String::new(), sealed_at: Time::from_micros(3) };
        let mut seal = Seal::new(&link);
        fields(&mut seal);
        seal.finish()
    }

    /// What was sealed by an older program must be found whole by a newer one.
    #[test]
    fn the_encoding_never_changes() {
        let hash = hash_of(|seal| {
            seal.text("transaction");
            seal.number(-1);
            seal.number_or_none(None);
        });
        let mut bytes = Vec::new();
        for text in [GENESIS, "ledger"] {
            bytes.extend_from_slice(b"t\0\0\0\0\0\0\0");
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend_from_slice(text.as_bytes());
        }
        for number in [1, 2, 2, 3] {
            bytes.extend_from_slice(&[b'i', 0, 0, 0, 0, 0, 0, 0, number]);
        }
        bytes.extend_from_slice(b"t\0\0\0\0\0\0\0\x0btransactioni\xff\xff\xff\xff\xff\xff\xff\xffn");
        assert_eq!(hash, data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)));
    }

    #[test]
    fn fields_that_are_parted_otherwise_hash_otherwise() {
        let hashes = [
            hash_of(|seal| ["ab", "c"].into_iter().for_each(|text| seal.text(text))),
            hash_of(|seal| ["a", "bc"].into_iter().for_each(|text| seal.text(text))),
            hash_of(|seal| ["abc", ""].into_iter().for_each(|text| seal.text(text))),
            hash_of(|seal| [Some("abc"), None].into_iter().for_each(|text| seal.text_or_none(text))),
            hash_of(|seal| seal.text("abc")),
        ];
        for (index, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..index].contains(hash), "{index}");
        }
    }
}
