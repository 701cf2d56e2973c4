//! Tallies: how many tasks of a batch ended how, by blocks of task numbers. Kept in the transaction that ends the tasks, while
//! their batch is locked; read to find a page of filtered tasks without counting them.

use std::collections::BTreeMap;

use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchKey, ModelKey, TaskKey};
use crate::domain::submission::Priced;
use crate::domain::task::TaskStatus;
use crate::domain::word::words;

use super::dialect::{Column, SetStatement};
use super::{StoreError, StoreResult, Tx, on};

/// Task numbers in a block; the migration that made the table says the same.
pub const BLOCK_TASKS: i32 = 500;

/// The block of a task number.
pub const fn block_of(number: i32) -> i32 {
    (number - 1) / BLOCK_TASKS
}

/// First and last task number of a block.
pub const fn numbers_of_block(block: i32) -> (i32, i32) {
    let first = block.saturating_mul(BLOCK_TASKS).saturating_add(1);
    (first, first.saturating_add(BLOCK_TASKS - 1))
}

words! {
    /// What is tallied.
    Tallied {
        /// Every task of a batch with more than one model.
        Ordered = "ordered",
        Succeeded = "succeeded",
        Failed = "failed",
        Canceled = "canceled",
    }
}

/// A task that ends.
#[derive(Clone, Copy, Debug)]
pub struct TaskEnd {
    pub task: TaskKey,
    pub model: ModelKey,
    pub status: TaskStatus,
    /// Given exactly when it failed.
    pub failure: Option<(FailureType, Party)>,
}

type Place = (BatchKey, Tallied, Option<(FailureType, Party)>, ModelKey, i32);

/// Adds tasks that end in this transaction. Their batches are locked.
pub async fn add(tx: &mut Tx, ends: impl IntoIterator<Item = TaskEnd>) -> StoreResult<()> {
    let mut tallies: BTreeMap<Place, i64> = BTreeMap::new();
    for end in ends {
        let outcome = match end.status {
            TaskStatus::Succeeded => Tallied::Succeeded,
            TaskStatus::Failed => Tallied::Failed,
            TaskStatus::Canceled => Tallied::Canceled,
            open => return Err(StoreError::inconsistent("tasks", format!("{open} is no end of a task"))),
        };
        *tallies.entry((end.task.batch, outcome, end.failure, end.model, block_of(end.task.number))).or_default() += 1;
    }
    save(tx, &tallies).await
}

/// Tallies what a batch with more than one model ordered; any other batch needs no tally to find its tasks by model.
pub async fn insert_ordered(tx: &mut Tx, batch: BatchKey, priced: &Priced) -> StoreResult<()> {
    if priced.models.len() < 2 {
        return Ok(());
    }
    let mut tallies: BTreeMap<Place, i64> = BTreeMap::new();
    for (number, model) in (1..).zip(&priced.item_models) {
        *tallies.entry((batch, Tallied::Ordered, None, priced.models[*model].model, block_of(number))).or_default() += 1;
    }
    save(tx, &tallies).await
}

async fn save(tx: &mut Tx, tallies: &BTreeMap<Place, i64>) -> StoreResult<()> {
    static ADD: SetStatement = SetStatement::new(
        "INSERT INTO task_tallies (batch_id, outcome, failure_type, party, model_id, block, tasks)
        SELECT u.b, u.o, u.f, u.p, u.m, u.k, u.n FROM {rows} WHERE true
        ON CONFLICT (batch_id, outcome, failure_type, party, model_id, block) DO UPDATE SET tasks = task_tallies.tasks + excluded.tasks",
        0,
        &[("b", "bigint"), ("o", "text"), ("f", "text"), ("p", "text"), ("m", "bigint"), ("k", "integer"), ("n", "bigint")],
    );
    if tallies.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::I64(tallies.keys().map(|place| place.0.0).collect()),
        Column::Word(tallies.keys().map(|place| place.1.as_str()).collect()),
        Column::Word(tallies.keys().map(|place| place.2.map_or("", |(failure, _)| failure.as_str())).collect()),
        Column::Word(tallies.keys().map(|place| place.2.map_or("", |(_, party)| party.as_str())).collect()),
        Column::I64(tallies.keys().map(|place| place.3.0).collect()),
        Column::I32(tallies.keys().map(|place| place.4).collect()),
        Column::I64(tallies.values().copied().collect()),
    ];
    ADD.execute(tx, &[], columns).await?;
    Ok(())
}

/// Which tallies of a batch.
#[derive(Clone, Copy, Debug)]
pub struct TallyFilter {
    pub batch: BatchKey,
    pub outcome: Tallied,
    pub failure: Option<FailureType>,
    pub party: Option<Party>,
    pub model: Option<ModelKey>,
}

/// Binds a [`TallyFilter`] as `$1…$5`; the statement has [`where_tally!`].
macro_rules! bind_tally {
    ($query:expr, $filter:expr) => {
        $query
            .bind($filter.batch.0)
            .bind($filter.outcome.as_str())
            .bind($filter.failure.map(FailureType::as_str))
            .bind($filter.party.map(Party::as_str))
            .bind($filter.model.map(|model| model.0))
    };
}

macro_rules! where_tally {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " FROM task_tallies WHERE batch_id = $1 AND outcome = $2 AND failure_type = COALESCE($3, failure_type)
                AND party = COALESCE($4, party) AND model_id = COALESCE($5, model_id) ",
            $after
        )
    };
}

/// How many tasks there are.
pub async fn total(tx: &mut Tx, filter: TallyFilter) -> StoreResult<i64> {
    const TOTAL: &str = where_tally!("SELECT CAST(COALESCE(SUM(tasks), 0) AS BIGINT)", "");
    Ok(on!(tx, c => bind_tally!(sqlx::query_scalar(TOTAL), filter).fetch_one(c).await)?)
}

/// A block and how many tasks there are in the blocks before it.
#[derive(sqlx::FromRow, Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    pub block: i32,
    pub before: i64,
}

/// The blocks that have the tasks number `skip + 1` to `skip + take`, counted among those of the filter.
pub async fn blocks(tx: &mut Tx, filter: TallyFilter, skip: i64, take: i64) -> StoreResult<Vec<BlockRow>> {
    const BLOCKS: &str = concat!(
        "SELECT block, upto - n AS before FROM (",
        where_tally!(
            "SELECT block, CAST(SUM(tasks) AS BIGINT) AS n, CAST(SUM(SUM(tasks)) OVER (ORDER BY block) AS BIGINT) AS upto",
            "GROUP BY block"
        ),
        ") AS s WHERE upto > $6 AND upto - n < $7 ORDER BY block"
    );
    Ok(on!(tx, c => bind_tally!(sqlx::query_as(BLOCKS), filter).bind(skip).bind(skip.saturating_add(take)).fetch_all(c).await)?)
}

/// The first `max` blocks from `from` on that have any.
pub async fn blocks_from(tx: &mut Tx, filter: TallyFilter, from: i32, max: i64) -> StoreResult<Vec<i32>> {
    const BLOCKS: &str = where_tally!("SELECT DISTINCT block", "AND block >= $6 ORDER BY block LIMIT $7");
    Ok(on!(tx, c => bind_tally!(sqlx::query_scalar(BLOCKS), filter).bind(from).bind(max).fetch_all(c).await)?)
}

/// Blocks from `from` on in which every task has ended. The last block of a batch is listed only when it is full.
pub async fn ended_blocks(tx: &mut Tx, batch: BatchKey, from: i32) -> StoreResult<Vec<i32>> {
    const ENDED: &str =
        "SELECT block FROM task_tallies WHERE batch_id = $1 AND outcome IN ('succeeded', 'failed', 'canceled') AND block >= $2
        GROUP BY block HAVING SUM(tasks) = $3 ORDER BY block";
    Ok(on!(tx, c => sqlx::query_scalar(ENDED).bind(batch.0).bind(from).bind(i64::from(BLOCK_TASKS)).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_block() {
        assert_eq!([1, 500, 501, 1_000, 1_001].map(block_of), [0, 0, 1, 1, 2]);
        assert_eq!([0, 1].map(numbers_of_block), [(1, 500), (501, 1_000)]);
    }
}
