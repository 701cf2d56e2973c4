//! What happened to a batch, in one order: rows of four tables, each read along an index by time and merged. Never more rows
//! than a page from each.

use crate::domain::batch::BatchStatus;
use crate::domain::credits::Credits;
use crate::domain::id::BatchKey;
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::timeline::{Happening, Mark, Side, What, rank};

use super::{StoreError, StoreResult, Tx, on};

/// Which part of the order is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    First,
    After(Mark),
    Before(Mark),
}

/// A page, whether there is something before it, and whether there is something after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<Happening>,
    pub has_before: bool,
    pub has_after: bool,
}

/// In the order of [`Mark`], all or what one side did.
pub async fn page(tx: &mut Tx, batch: BatchKey, by: Option<Side>, seek: Seek, size: PageSize) -> StoreResult<Page> {
    let is_backward = matches!(seek, Seek::Before(_));
    let max = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let mut rows = milestones(tx, batch, seek).await?;
    let wants = |of: &[Side]| by.is_none_or(|side| of.contains(&side));
    if wants(&[Side::Customer, Side::Platform, Side::Operator]) {
        rows.extend(booked(tx, batch, by, seek, size).await?);
    }
    if wants(&[Side::Webhook]) {
        rows.extend(announced(tx, batch, seek, size).await?);
    }
    if wants(&[Side::Provider]) {
        rows.extend(late_results(tx, batch, seek, size).await?);
    }
    rows.retain(|row| wants(&[row.side]));
    rows.sort_by_key(|row| row.mark);
    let more = rows.len() > max;
    if is_backward {
        rows.drain(..rows.len().saturating_sub(max));
    } else {
        rows.truncate(max);
    }
    let (has_before, has_after) = match seek {
        Seek::First => (false, more),
        Seek::After(_) => (true, more),
        Seek::Before(_) => (more, true),
    };
    Ok(Page { rows, has_before, has_after })
}

/// The edge of rows of one rank: of two in the same microsecond, the lower rank comes first.
fn edge(seek: Seek, own: u8) -> (i64, i64, bool) {
    match seek {
        Seek::First => (i64::MIN, i64::MIN, false),
        Seek::After(mark) => (mark.at.micros(), beside(mark, own), false),
        Seek::Before(mark) => (mark.at.micros(), beside(mark, own), true),
    }
}

const fn beside(mark: Mark, own: u8) -> i64 {
    if own == mark.rank {
        mark.id
    } else if own > mark.rank {
        i64::MIN
    } else {
        i64::MAX
    }
}

/// Moments that the batch itself keeps: four at most.
async fn milestones(tx: &mut Tx, batch: BatchKey, seek: Seek) -> StoreResult<Vec<Happening>> {
    const MOMENTS: &str = "SELECT b.total, k.prefix, b.status, b.cancel_actor, b.cancel_reason, b.created_at_us, b.started_at_us,
            b.cancel_requested_at_us, b.finished_at_us
        FROM batches AS b LEFT JOIN api_keys AS k ON k.id = b.api_key_id WHERE b.id = $1";
    let row: MomentsRow = on!(tx, c => sqlx::query_as(MOMENTS).bind(batch.0).fetch_one(c).await)?;
    let at = |micros, rank| Mark { at: Time::from_micros(micros), rank, id: 0 };
    let mut moments = vec![Happening {
        mark: at(row.created_at_us, rank::SUBMITTED),
        side: Side::Customer,
        actor: row.prefix,
        what: What::Submitted { tasks: row.total },
    }];
    if let Some(micros) = row.started_at_us {
        moments.push(Happening { mark: at(micros, rank::STARTED), side: Side::Platform, actor: None, what: What::Started });
    }
    if let Some(micros) = row.cancel_requested_at_us {
        let side = row.cancel_actor.as_deref().map_or(Side::Customer, Side::of_actor);
        let what = What::CancelRequested { reason: row.cancel_reason };
        moments.push(Happening { mark: at(micros, rank::CANCEL_REQUESTED), side, actor: row.cancel_actor, what });
    }
    if let Some(micros) = row.finished_at_us {
        let what = What::Finished { status: row.status.parse::<BatchStatus>()? };
        moments.push(Happening { mark: at(micros, rank::FINISHED), side: Side::Platform, actor: None, what });
    }
    moments.retain(|row| match seek {
        Seek::First => true,
        Seek::After(mark) => row.mark > mark,
        Seek::Before(mark) => row.mark < mark,
    });
    Ok(moments)
}

#[derive(sqlx::FromRow)]
struct MomentsRow {
    total: i64,
    prefix: Option<String>,
    status: String,
    cancel_actor: Option<String>,
    cancel_reason: Option<String>,
    created_at_us: i64,
    started_at_us: Option<i64>,
    cancel_requested_at_us: Option<i64>,
    finished_at_us: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct BookedRow {
    id: i64,
    public_id: String,
    kind: String,
    credits: i64,
    tasks: i64,
    actor: String,
    reason: Option<String>,
    created_at_us: i64,
}

async fn booked(tx: &mut Tx, batch: BatchKey, by: Option<Side>, seek: Seek, size: PageSize) -> StoreResult<Vec<Happening>> {
    // The same reading of signatures as `Side::of_actor`.
    const FORWARD: &str = "SELECT id, public_id, kind, credits, tasks, actor, reason, created_at_us FROM ledger_transactions
        WHERE batch_id = $1 AND (created_at_us, id) > ($2, $3) AND ($4 = ''
            OR $4 = CASE WHEN actor = 'settlement' THEN 'platform' WHEN substr(actor, 1, 3) = 'bb_' THEN 'customer' ELSE 'operator' END)
        ORDER BY created_at_us, id LIMIT $5";
    const BACKWARD: &str = "SELECT id, public_id, kind, credits, tasks, actor, reason, created_at_us FROM ledger_transactions
        WHERE batch_id = $1 AND (created_at_us, id) < ($2, $3) AND ($4 = ''
            OR $4 = CASE WHEN actor = 'settlement' THEN 'platform' WHEN substr(actor, 1, 3) = 'bb_' THEN 'customer' ELSE 'operator' END)
        ORDER BY created_at_us DESC, id DESC LIMIT $5";
    let (at, id, is_backward) = edge(seek, rank::BOOKED);
    let sql = if is_backward { BACKWARD } else { FORWARD };
    let wanted = by.map_or("", Side::as_str);
    let rows: Vec<BookedRow> =
        on!(tx, c => sqlx::query_as(sql).bind(batch.0).bind(at).bind(id).bind(wanted).bind(size.get() + 1).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            let (id, kind) = (row.public_id.parse()?, row.kind.parse()?);
            Ok(Happening {
                mark: Mark { at: Time::from_micros(row.created_at_us), rank: rank::BOOKED, id: row.id },
                side: Side::of_actor(&row.actor),
                actor: Some(row.actor),
                what: What::Booked { id, kind, credits: Credits::new(row.credits), tasks: row.tasks, reason: row.reason },
            })
        })
        .collect::<Result<_, StoreError>>()
}

async fn announced(tx: &mut Tx, batch: BatchKey, seek: Seek, size: PageSize) -> StoreResult<Vec<Happening>> {
    const FORWARD: &str = "SELECT id, public_id, type, created_at_us FROM events
        WHERE batch_id = $1 AND (created_at_us, id) > ($2, $3) ORDER BY created_at_us, id LIMIT $4";
    const BACKWARD: &str = "SELECT id, public_id, type, created_at_us FROM events
        WHERE batch_id = $1 AND (created_at_us, id) < ($2, $3) ORDER BY created_at_us DESC, id DESC LIMIT $4";
    let (at, id, is_backward) = edge(seek, rank::ANNOUNCED);
    let sql = if is_backward { BACKWARD } else { FORWARD };
    let rows: Vec<(i64, String, String, i64)> =
        on!(tx, c => sqlx::query_as(sql).bind(batch.0).bind(at).bind(id).bind(size.get() + 1).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(key, id, event, at)| {
            let mark = Mark { at: Time::from_micros(at), rank: rank::ANNOUNCED, id: key };
            Ok(Happening { mark, side: Side::Webhook, actor: None, what: What::Announced { id: id.parse()?, event } })
        })
        .collect::<Result<_, StoreError>>()
}

/// Late results are rare: they have an index of their own.
async fn late_results(tx: &mut Tx, batch: BatchKey, seek: Seek, size: PageSize) -> StoreResult<Vec<Happening>> {
    const FORWARD: &str =
        "SELECT a.late_at_us, a.task_no, a.late_result, r.provider FROM attempts AS a JOIN routes AS r ON r.id = a.route_id
        WHERE a.batch_id = $1 AND a.late_at_us IS NOT NULL AND (a.late_at_us > $2 OR (a.late_at_us = $2 AND a.task_no > $3))
        ORDER BY a.late_at_us, a.task_no LIMIT $4";
    const BACKWARD: &str =
        "SELECT a.late_at_us, a.task_no, a.late_result, r.provider FROM attempts AS a JOIN routes AS r ON r.id = a.route_id
        WHERE a.batch_id = $1 AND a.late_at_us IS NOT NULL AND (a.late_at_us < $2 OR (a.late_at_us = $2 AND a.task_no < $3))
        ORDER BY a.late_at_us DESC, a.task_no DESC LIMIT $4";
    let (at, task, is_backward) = edge(seek, rank::LATE_RESULT);
    let sql = if is_backward { BACKWARD } else { FORWARD };
    let rows: Vec<(i64, i32, Option<String>, String)> =
        on!(tx, c => sqlx::query_as(sql).bind(batch.0).bind(at).bind(task).bind(size.get() + 1).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(at, task, said, provider)| Happening {
            mark: Mark { at: Time::from_micros(at), rank: rank::LATE_RESULT, id: task.into() },
            side: Side::Provider,
            actor: Some(provider),
            what: What::LateResult { task, said: said.unwrap_or_default() },
        })
        .collect())
}
