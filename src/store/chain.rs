//! The hash chain over the ledger and over the record of who did what.
//!
//! A link covers up to [`GROUP_MAX`] rows of one kind and the hash of the link before it. It is made in two steps, so that nobody
//! waits: rows are read and hashed in a transaction that only reads, then one row is appended. Two processes that make the same
//! link meet at its number: the second one is refused, and nothing of it is stored.
//!
//! The chain finds a row that was changed, taken out or put in after it was sealed. It cannot tell a chain that somebody made
//! anew from the first changed link to the end: for that, a hash that was kept elsewhere must still be found in it.

mod rows;

use crate::domain::chain::{ChainKind, ChainState, GENESIS, Link};
use crate::domain::money::group_thousands;
use crate::domain::time::Time;

use super::dialect::horizon::Mark;
use super::verify::Check;
use super::{StoreError, StoreResult, Tx, on};

/// Rows that one link covers at most.
const GROUP_MAX: i64 = 1_000;
/// Links that are read at once when all are checked.
const PAGE: i64 = 500;
/// Broken links that are named at most.
const NAMED_MAX: usize = 5;
/// The first link covers everything from here on, wherever its rows begin.
const BEFORE_ALL: i64 = i64::MIN;

/// Rows of a kind after a key.
const fn count_after(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::Ledger => "SELECT COUNT(*) FROM ledger_transactions WHERE id > $1",
        ChainKind::Audit => "SELECT COUNT(*) FROM audit WHERE id > $1",
    }
}

/// Whether there are rows that no link covers.
pub async fn is_behind(tx: &mut Tx) -> StoreResult<bool> {
    const BEHIND: &str = "SELECT CASE WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id > $1)
        OR EXISTS (SELECT 1 FROM audit WHERE id > $2) THEN 1 ELSE 0 END";
    let (transactions, audit) = (covered(tx, ChainKind::Ledger).await?, covered(tx, ChainKind::Audit).await?);
    let behind: i32 = on!(tx, c => sqlx::query_scalar(BEHIND).bind(transactions).bind(audit).fetch_one(c).await)?;
    Ok(behind == 1)
}

/// The last row of a kind that a link covers.
async fn covered(tx: &mut Tx, kind: ChainKind) -> StoreResult<i64> {
    const COVERED: &str = "SELECT MAX(last_id) FROM chain_links WHERE kind = $1";
    let last: Option<i64> = on!(tx, c => sqlx::query_scalar(COVERED).bind(kind.as_str()).fetch_one(c).await)?;
    Ok(last.unwrap_or(BEFORE_ALL))
}

/// The link that comes next, over rows of this kind up to the mark; none when they are all covered. Nothing is stored.
pub async fn next_link(tx: &mut Tx, kind: ChainKind, mark: &Mark, now: Time) -> StoreResult<Option<Link>> {
    const HEAD: &str = "SELECT seq, hash FROM chain_links ORDER BY seq DESC LIMIT 1";
    const TRANSACTIONS: &str =
        "SELECT MAX(id), COUNT(*) FROM (SELECT id FROM ledger_transactions WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS g";
    const AUDIT: &str = "SELECT MAX(id), COUNT(*) FROM (SELECT id FROM audit WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS g";
    let (group, up_to) = match kind {
        ChainKind::Ledger => (TRANSACTIONS, mark.transactions),
        ChainKind::Audit => (AUDIT, mark.audit),
    };
    let after = covered(tx, kind).await?;
    let (last, count): (Option<i64>, i64) =
        on!(&mut *tx, c => sqlx::query_as(group).bind(after).bind(up_to).bind(GROUP_MAX).fetch_one(c).await)?;
    let Some(last) = last else { return Ok(None) };
    let head: Option<(i64, String)> = on!(&mut *tx, c => sqlx::query_as(HEAD).fetch_optional(c).await)?;
    let (seq, previous_hash) = head.unwrap_or_else(|| (0, GENESIS.to_owned()));
    let mut link = Link { seq: seq + 1, kind, last, rows: count, previous_hash, hash: String::new(), sealed_at: now };
    (link.hash, _) = rows::hash(tx, &link, after).await?;
    Ok(Some(link))
}

/// Appends a link; false when another process was quicker. The transaction is of no use then.
pub async fn append(tx: &mut Tx, link: &Link) -> StoreResult<bool> {
    const APPEND: &str = "INSERT INTO chain_links (seq, kind, last_id, rows_sealed, previous_hash, hash, sealed_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let appended = on!(tx, c => sqlx::query(APPEND).bind(link.seq).bind(link.kind.as_str()).bind(link.last).bind(link.rows)
        .bind(&link.previous_hash).bind(&link.hash).bind(link.sealed_at.micros()).execute(c).await.map(|_| ()));
    match appended.map_err(StoreError::from) {
        Ok(()) => Ok(true),
        Err(StoreError::Exists(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes every link anew from the rows and compares. Needs the memory of one page of links.
pub(super) async fn check(tx: &mut Tx) -> StoreResult<(Check, ChainState)> {
    let mut walk = Walk { seq: 0, hash: GENESIS.to_owned(), covered: [BEFORE_ALL; 2], broken: Vec::new() };
    loop {
        let links = page(tx, walk.seq).await?;
        let is_last = i64::try_from(links.len()).is_ok_and(|read| read < PAGE);
        for link in links {
            walk.step(tx, link).await?;
        }
        if is_last {
            break;
        }
    }
    let mut unsealed = [0; 2];
    for kind in ChainKind::ALL {
        let after = walk.covered[*kind as usize];
        unsealed[*kind as usize] = on!(&mut *tx, c => sqlx::query_scalar(count_after(*kind)).bind(after).fetch_one(c).await)?;
    }
    let [unsealed_transactions, unsealed_audit] = unsealed;
    let state = ChainState { links: walk.seq, head: walk.hash, unsealed_transactions, unsealed_audit };
    let name = "sealed transactions and records of actions are as they were sealed";
    Ok((Check { name, rows: state.links, offending: walk.broken }, state))
}

/// Whether a link has the hash that was kept elsewhere. A chain that was made anew after it has not.
pub(super) async fn check_kept(tx: &mut Tx, kept: &str) -> StoreResult<Check> {
    const KEPT: &str = "SELECT COUNT(*) FROM chain_links WHERE hash = $1";
    let rows: i64 = on!(tx, c => sqlx::query_scalar(KEPT).bind(kept.trim()).fetch_one(c).await)?;
    let offending = if rows == 0 { vec![format!("no link has the hash {kept}")] } else { Vec::new() };
    Ok(Check { name: "the hash that was kept elsewhere is in the chain", rows, offending })
}

async fn page(tx: &mut Tx, after: i64) -> StoreResult<Vec<Link>> {
    const LINKS: &str = "SELECT seq, kind, last_id, rows_sealed, previous_hash, hash, sealed_at_us FROM chain_links
        WHERE seq > $1 ORDER BY seq LIMIT $2";
    let rows: Vec<(i64, String, i64, i64, String, String, i64)> =
        on!(tx, c => sqlx::query_as(LINKS).bind(after).bind(PAGE).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(seq, kind, last, rows, previous_hash, hash, sealed_at_us)| {
            Ok(Link { seq, kind: kind.parse()?, last, rows, previous_hash, hash, sealed_at: Time::from_micros(sealed_at_us) })
        })
        .collect()
}

/// The chain, walked from its first link on.
struct Walk {
    seq: i64,
    hash: String,
    /// The last row of each kind that a link covers.
    covered: [i64; 2],
    broken: Vec<String>,
}

impl Walk {
    async fn step(&mut self, tx: &mut Tx, link: Link) -> StoreResult<()> {
        let after = std::mem::replace(&mut self.covered[link.kind as usize], link.last);
        let expected = self.seq + 1;
        self.seq = link.seq;
        let previous = std::mem::replace(&mut self.hash, link.hash.clone());
        if self.broken.len() == NAMED_MAX {
            return Ok(());
        }
        if link.seq != expected {
            self.broken.push(format!("link {expected} is missing: the next one is link {}", link.seq));
        } else if link.previous_hash != previous {
            self.broken.push(format!("link {} does not follow from the link before it", link.seq));
        } else {
            let (hash, found) = rows::hash(tx, &link, after).await?;
            if hash != link.hash {
                let name = name(tx, &link, after).await?;
                let thousands = |rows: i64| group_thousands(u64::try_from(rows).unwrap_or_default());
                self.broken.push(if found == link.rows {
                    format!("{name}: what is there is not what was sealed")
                } else {
                    format!("{name}: {} rows were sealed, and {} are there", thousands(link.rows), thousands(found))
                });
            }
        }
        Ok(())
    }
}

/// A link and the rows that it covers, for people.
async fn name(tx: &mut Tx, link: &Link, after: i64) -> StoreResult<String> {
    const TRANSACTIONS: &str = "SELECT public_id FROM ledger_transactions WHERE id IN
        ((SELECT MIN(id) FROM ledger_transactions WHERE id > $1 AND id <= $2), (SELECT MAX(id) FROM ledger_transactions WHERE id > $1 AND id <= $2))
        ORDER BY id";
    const AUDIT: &str = "SELECT CAST(id AS TEXT) FROM audit WHERE id IN
        ((SELECT MIN(id) FROM audit WHERE id > $1 AND id <= $2), (SELECT MAX(id) FROM audit WHERE id > $1 AND id <= $2)) ORDER BY id";
    let (what, sql) = match link.kind {
        ChainKind::Ledger => ("ledger transactions", TRANSACTIONS),
        ChainKind::Audit => ("rows of audit", AUDIT),
    };
    let ends: Vec<String> = on!(tx, c => sqlx::query_scalar(sql).bind(after).bind(link.last).fetch_all(c).await)?;
    let rows = if ends.is_empty() { "none is there".to_owned() } else { ends.join(" to ") };
    Ok(format!("link {} of {} ({what}: {rows})", link.seq, link.sealed_at))
}
