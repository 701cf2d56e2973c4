//! Reading tasks.

mod find;

use crate::domain::access::Action;
use crate::domain::attempt::Attempt;
use crate::domain::id::{BatchId, TaskKey};
use crate::domain::ledger::{Line, Transaction};
use crate::domain::page::PageSize;
use crate::domain::task::Task;
use crate::store::holds::DrawnGrant;
use crate::store::{attempts, holds, ledger, tasks};

pub use self::find::{FoundTasks, SEARCH_BLOCKS_MAX, Searched};
use super::{Listed, Reader, Service, ServiceError, ServiceResult};

/// What is known of a task.
#[derive(Clone, Debug)]
pub struct TaskFile {
    pub task: Task,
    /// First to last.
    pub attempts: Vec<Attempt>,
    /// The hold of the batch, and the transactions that moved the task's credits, oldest first.
    pub transactions: Vec<Transaction>,
    pub lines: Vec<Line>,
    /// The grants that the batch drew on, in order.
    pub draws: Vec<DrawnGrant>,
}

impl Service {
    /// Tasks with numbers after `after`, ascending.
    pub async fn tasks(&self, reader: Reader, id: BatchId, after: i32, size: PageSize) -> ServiceResult<Listed<Task>> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, reader, id).await?;
        let rows = tasks::list(&mut tx, key, after, size).await?;
        Ok(Listed::of(self.masked(reader, rows), size))
    }

    pub async fn task(&self, reader: Reader, id: BatchId, number: i32) -> ServiceResult<Task> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, reader, id).await?;
        let one = PageSize::new(1).map_err(ServiceError::internal)?;
        let found = tasks::list(&mut tx, key, number.saturating_sub(1), one).await?;
        self.masked(reader, found).into_iter().find(|task| task.number == number).ok_or(ServiceError::NotFound { what: "task" })
    }

    /// A task and all that became of it, as it was in one moment. For operators.
    pub async fn task_file(&self, id: BatchId, number: i32) -> ServiceResult<TaskFile> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let batch = self.batch_key(&mut tx, Reader::Operator, id).await?;
        let found = self.masked(Reader::Operator, tasks::numbered(&mut tx, batch, &[number]).await?);
        let task = found.into_iter().next().ok_or(ServiceError::NotFound { what: "task" })?;
        let key = TaskKey { batch, number };
        Ok(TaskFile {
            task,
            attempts: self.masked_attempts(attempts::of_task(&mut tx, batch, number).await?),
            transactions: ledger::of_task(&mut tx, key).await?,
            lines: ledger::lines(&mut tx, key).await?,
            draws: holds::drawn_grants(&mut tx, batch).await?,
        })
    }

    /// A task, and which provider keeps its video.
    pub async fn task_with_provider(&self, reader: Reader, id: BatchId, number: i32) -> ServiceResult<(Task, Option<String>)> {
        reader.may(self, Action::Read)?;
        let task = self.task(reader, id, number).await?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, reader, id).await?;
        let last = attempts::of_task(&mut tx, key, number).await?.pop();
        Ok((task, last.map(|attempt| attempt.provider)))
    }

    /// What customers wrote is hidden from operators whose role may not read it.
    fn masked(&self, reader: Reader, tasks: Vec<Task>) -> Vec<Task> {
        if reader.may(self, Action::ReadPrompts).is_ok() { tasks } else { tasks.into_iter().map(Task::masked).collect() }
    }
}
