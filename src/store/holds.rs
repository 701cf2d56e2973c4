//! Holds: which grants a batch drew on. Guarded by the lock on the batch's row.

use std::collections::BTreeMap;

use crate::domain::credits::Credits;
use crate::domain::grant::GrantKind;
use crate::domain::hold::Draw;
use crate::domain::id::{BatchKey, GrantId, GrantKey};

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreResult, Tx, on};

/// A draw with the grant's public name, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnGrant {
    pub grant: GrantId,
    pub kind: GrantKind,
    pub credits: Credits,
    pub captured: Credits,
    pub released: Credits,
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

/// The draws of batches that this transaction has locked, in order of drawing.
pub async fn of(tx: &mut Tx, batches: &[BatchKey]) -> StoreResult<BTreeMap<BatchKey, Vec<Draw>>> {
    static OF: SetStatement = SetStatement::new(
        "SELECT batch_id, grant_id, credits, captured, released FROM hold_draws
        WHERE batch_id IN (SELECT u.batch FROM {rows}) ORDER BY batch_id, seq",
        0,
        &[("batch", "bigint")],
    );
    let rows: Vec<(i64, i64, i64, i64, i64)> = OF.fetch(tx, &[], vec![Column::I64(batches.iter().map(|batch| batch.0).collect())]).await?;
    let mut draws: BTreeMap<BatchKey, Vec<Draw>> = BTreeMap::new();
    for (batch, grant, credits, captured, released) in rows {
        draws.entry(BatchKey(batch)).or_default().push(Draw {
            grant: GrantKey(grant),
            credits: Credits::new(credits),
            captured: Credits::new(captured),
            released: Credits::new(released),
        });
    }
    Ok(draws)
}

pub async fn save(tx: &mut Tx, draws: &BTreeMap<BatchKey, Vec<Draw>>) -> StoreResult<()> {
    static SAVE: SetStatement = SetStatement::new(
        "UPDATE hold_draws AS d SET captured = u.c, released = u.r FROM {rows} WHERE d.batch_id = u.b AND d.seq = u.s",
        0,
        &[("b", "bigint"), ("s", "integer"), ("c", "bigint"), ("r", "bigint")],
    );
    let rows: Vec<(i64, i32, &Draw)> =
        draws.iter().flat_map(|(batch, draws)| draws.iter().zip(1..).map(|(draw, seq)| (batch.0, seq, draw))).collect();
    let columns = vec![
        Column::I64(rows.iter().map(|row| row.0).collect()),
        Column::I32(rows.iter().map(|row| row.1).collect()),
        Column::I64(rows.iter().map(|row| row.2.captured.get()).collect()),
        Column::I64(rows.iter().map(|row| row.2.released.get()).collect()),
    ];
    ensure_rows("saving draws", SAVE.execute(tx, &[], columns).await?, rows.len())
}

/// The grants that a batch drew on, in order of drawing.
pub async fn drawn_grants(tx: &mut Tx, batch: BatchKey) -> StoreResult<Vec<DrawnGrant>> {
    const DRAWN: &str = "SELECT g.public_id, g.kind, d.credits, d.captured, d.released
        FROM hold_draws AS d JOIN grants AS g ON g.id = d.grant_id WHERE d.batch_id = $1 ORDER BY d.seq";
    let rows: Vec<(String, String, i64, i64, i64)> = on!(tx, c => sqlx::query_as(DRAWN).bind(batch.0).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(grant, kind, credits, captured, released)| {
            Ok(DrawnGrant {
                grant: grant.parse()?,
                kind: kind.parse()?,
                credits: Credits::new(credits),
                captured: Credits::new(captured),
                released: Credits::new(released),
            })
        })
        .collect()
}
