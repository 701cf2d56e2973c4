//! Holds: which grants a batch drew on. Whoever moves money of a batch has its hold locked, so that one comes after the other;
//! the batch's own row, which claims write too, is not held meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::credits::Credits;
use crate::domain::grant::GrantKind;
use crate::domain::hold::Draw;
use crate::domain::id::{BatchKey, GrantId, GrantKey};
use crate::domain::money::Money;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreError, StoreResult, Tx, on};

/// A draw with the grant's public name, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnGrant {
    pub grant: GrantId,
    pub kind: GrantKind,
    /// Drawn for the batch.
    pub credits: Credits,
    pub captured: Credits,
    pub released: Credits,
    /// All credits of the grant, and what was paid for all of them.
    pub granted: Credits,
    pub paid: Money,
    pub expires_at: Option<Time>,
}

pub async fn insert(tx: &mut Tx, batch: BatchKey, draws: &[Draw]) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO hold_draws (batch_id, seq, grant_id, credits, captured, released)
        SELECT $1, u.seq, u.grant_key, u.credits, 0, 0 FROM {rows}",
        1,
        &[("seq", "integer"), ("grant_key", "bigint"), ("credits", "bigint")],
    );
    let columns = vec![
        Column::I32((1..).take(draws.len()).collect()),
        Column::I64(draws.iter().map(|draw| draw.grant.0).collect()),
        Column::I64(draws.iter().map(|draw| draw.credits.get()).collect()),
    ];
    ensure_rows("inserting draws", INSERT.execute(tx, &[batch.0], columns).await?, draws.len())
}

/// The draws of batches whose holds this transaction has locked, in order of drawing. Only [`lock`] makes them.
#[derive(Debug)]
pub struct Holds(BTreeMap<BatchKey, Vec<Draw>>);

/// Locks the holds of batches, in order of their keys, before grants and accounts.
pub async fn lock(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<Holds> {
    static LOCK: SetStatement = SetStatement::new(
        "SELECT batch_id, grant_id, credits, captured, released FROM hold_draws
        WHERE batch_id IN (SELECT u.batch FROM {rows}) ORDER BY batch_id, seq {hold}",
        0,
        &[("batch", "bigint")],
    );
    let rows: Vec<(i64, i64, i64, i64, i64)> =
        LOCK.fetch(tx, &[], vec![Column::I64(batches.iter().map(|batch| batch.0).collect())]).await?;
    let mut draws: BTreeMap<BatchKey, Vec<Draw>> = BTreeMap::new();
    for (batch, grant, credits, captured, released) in rows {
        draws.entry(BatchKey(batch)).or_default().push(Draw {
            grant: GrantKey(grant),
            credits: Credits::new(credits),
            captured: Credits::new(captured),
            released: Credits::new(released),
        });
    }
    Ok(Holds(draws))
}

impl Holds {
    /// The batches whose holds these are.
    pub fn batches(&self) -> Vec<BatchKey> {
        self.0.keys().copied().collect()
    }

    pub fn of(&mut self, batch: BatchKey) -> StoreResult<&mut [Draw]> {
        let draws = self.0.get_mut(&batch).ok_or_else(|| StoreError::inconsistent("hold_draws", format!("none of {batch:?}")))?;
        Ok(draws)
    }

    /// The grants that credits are still held of, in order of their keys.
    pub fn open_grants(&self) -> Vec<GrantKey> {
        let open: BTreeSet<GrantKey> = self.0.values().flatten().filter(|draw| !draw.open().is_zero()).map(|draw| draw.grant).collect();
        open.into_iter().collect()
    }

    pub async fn save(&self, tx: &mut Tx) -> StoreResult<()> {
        static SAVE: SetStatement = SetStatement::new(
            "UPDATE hold_draws AS d SET captured = u.c, released = u.r FROM {rows} WHERE d.batch_id = u.b AND d.seq = u.s",
            0,
            &[("b", "bigint"), ("s", "integer"), ("c", "bigint"), ("r", "bigint")],
        );
        let rows: Vec<(i64, i32, &Draw)> =
            self.0.iter().flat_map(|(batch, draws)| draws.iter().zip(1..).map(|(draw, seq)| (batch.0, seq, draw))).collect();
        let columns = vec![
            Column::I64(rows.iter().map(|row| row.0).collect()),
            Column::I32(rows.iter().map(|row| row.1).collect()),
            Column::I64(rows.iter().map(|row| row.2.captured.get()).collect()),
            Column::I64(rows.iter().map(|row| row.2.released.get()).collect()),
        ];
        ensure_rows("saving draws", SAVE.execute(tx, &[], columns).await?, rows.len())
    }
}

#[derive(sqlx::FromRow)]
struct DrawnRow {
    public_id: String,
    kind: String,
    credits: i64,
    captured: i64,
    released: i64,
    granted: i64,
    paid_microusd: i64,
    expires_at_us: Option<i64>,
}

/// The grants that a batch drew on, in order of drawing.
pub async fn drawn_grants(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<DrawnGrant>> {
    const DRAWN: &str =
        "SELECT g.public_id, g.kind, d.credits, d.captured, d.released, g.credits AS granted, g.paid_microusd, g.expires_at_us
        FROM hold_draws AS d JOIN grants AS g ON g.id = d.grant_id WHERE d.batch_id = $1 ORDER BY d.seq";
    let rows: Vec<DrawnRow> = on!(tx, c => sqlx::query_as(DRAWN).bind(batch.0).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            Ok(DrawnGrant {
                grant: row.public_id.parse()?,
                kind: row.kind.parse()?,
                credits: Credits::new(row.credits),
                captured: Credits::new(row.captured),
                released: Credits::new(row.released),
                granted: Credits::new(row.granted),
                paid: Money::from_micros(row.paid_microusd),
                expires_at: row.expires_at_us.map(Time::from_micros),
            })
        })
        .collect()
}
