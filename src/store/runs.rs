//! Runs: neighbouring tasks of one batch that are written alike. Tasks are claimed side by side and mostly end side by side, so
//! a group of 500 is a handful of runs: one look into the index each, and a row of parameters each, instead of one per task.

use crate::domain::id::{BatchKey, TaskKey};

use super::Tx;
use super::dialect::Column;

/// Tasks `first..=last` of a batch, and what they have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<T> {
    pub batch: BatchKey,
    pub first: i32,
    pub last: i32,
    pub common: T,
}

impl<T> Run<T> {
    /// How many tasks.
    pub fn count(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }
}

/// Joins neighbours that have the same in common.
pub fn runs<T: Copy + PartialEq>(tasks: impl IntoIterator<Item = (TaskKey, T)>) -> Vec<Run<T>> {
    let mut tasks: Vec<(TaskKey, T)> = tasks.into_iter().collect();
    tasks.sort_by_key(|(task, _)| *task);
    let mut runs: Vec<Run<T>> = Vec::new();
    for (task, common) in tasks {
        match runs.last_mut() {
            Some(run) if run.batch == task.batch && run.last + 1 == task.number && run.common == common => run.last = task.number,
            _ => runs.push(Run { batch: task.batch, first: task.number, last: task.number, common }),
        }
    }
    runs
}

/// The columns `b bigint, first integer, last integer` of runs.
pub(super) fn columns<T>(runs: &[Run<T>]) -> Vec<Column> {
    vec![
        Column::I64(runs.iter().map(|run| run.batch.0).collect()),
        Column::I32(runs.iter().map(|run| run.first).collect()),
        Column::I32(runs.iter().map(|run| run.last).collect()),
    ]
}

/// The same of tasks that bring values of their own, in their order: what each brings is found by its place, or where the database
/// reads it row by row, in a row of its own ([`SetStatement::on_runs`](super::dialect::SetStatement::on_runs)).
pub(super) fn with_own<T: Copy + PartialEq>(tx: &Tx, tasks: impl Iterator<Item = (TaskKey, T)>) -> Vec<Run<T>> {
    match tx {
        Tx::Postgres(_) => runs(tasks),
        Tx::Sqlite(_) => tasks.map(|(task, common)| Run { batch: task.batch, first: task.number, last: task.number, common }).collect(),
    }
}

/// The columns of runs, and `place integer`: that of their first task among all of them, from 1.
pub(super) fn columns_and_places<T>(runs: &[Run<T>]) -> Vec<Column> {
    let mut columns = columns(runs);
    let places = runs.iter().scan(1, |next, run| {
        let place = *next;
        *next += run.last - run.first + 1;
        Some(place)
    });
    columns.push(Column::I32(places.collect()));
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(batch: i64, first: i32, last: i32, common: char) -> Run<char> {
        Run { batch: BatchKey(batch), first, last, common }
    }

    #[test]
    fn neighbours_that_are_alike_make_one_run() {
        let tasks = [(1, 3, 'a'), (1, 1, 'a'), (1, 2, 'a'), (1, 4, 'b'), (1, 6, 'b'), (2, 7, 'b'), (2, 7, 'b')];
        let tasks = tasks.map(|(batch, number, common)| (TaskKey { batch: BatchKey(batch), number }, common));
        assert_eq!(runs(tasks), [run(1, 1, 3, 'a'), run(1, 4, 4, 'b'), run(1, 6, 6, 'b'), run(2, 7, 7, 'b'), run(2, 7, 7, 'b')]);
        assert_eq!(runs::<char>([]), []);
    }
}
