//! Finding tasks of a batch by what they are. Every page costs about the same: what ended is found by tallies, what waits by
//! where it waits, and everything else (a text, a state that changes all the time) by reading a bounded number of tasks, going
//! on from where the last search stopped.

use crate::domain::access::Action;
use crate::domain::id::{BatchId, BatchKey, ModelKey};
use crate::domain::page::{PageSize, numbers_of, pages_of};
use crate::domain::task::{Task, TaskFilter, TaskRow, TaskState};
use crate::store::Tx;
use crate::store::tallies::{self, Tallied, TallyFilter, block_of, numbers_of_block};
use crate::store::tasks::{self, Extent, Slice, Wanted};

use crate::service::{Reader, Service, ServiceError, ServiceResult};

/// Blocks of 500 tasks that one search reads at most.
pub const SEARCH_BLOCKS_MAX: usize = 40;

/// The part of a batch that a search has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    pub from: i32,
    pub to: i32,
    /// Tasks of the whole batch.
    pub of: i64,
}

/// A page of the tasks that a filter asks for, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTasks<T> {
    pub rows: Vec<T>,
    /// The page that this is: the last one, when a later one was asked for.
    pub page: i64,
    pub pages: i64,
    /// Exact: in the whole batch, or in the part that was searched.
    pub total: i64,
    /// Given when only a part of the batch was searched.
    pub searched: Option<Searched>,
}

/// Where to look for tasks.
enum Plan {
    Nowhere,
    Everywhere,
    Tallied(TallyFilter),
    /// In line, and not yet claimed.
    Waiting,
    Search,
}

/// Which tasks are on a page.
struct Chosen {
    numbers: Vec<i32>,
    page: i64,
    total: i64,
    searched: Option<Searched>,
}

impl Chosen {
    fn found<T>(self, rows: Vec<T>, size: PageSize) -> FoundTasks<T> {
        FoundTasks { rows, page: self.page, pages: pages_of(self.total, size), total: self.total, searched: self.searched }
    }
}

impl Service {
    /// The page `page` (from 1) of the tasks that a filter asks for; a search begins at task `from`.
    pub async fn find_tasks(
        &self,
        reader: Reader,
        id: BatchId,
        filter: &TaskFilter,
        from: i32,
        (page, size): (i64, PageSize),
    ) -> ServiceResult<FoundTasks<Task>> {
        self.may_find(reader, filter)?;
        let mut tx = self.db().read().await?;
        let (batch, chosen) = choose(&mut tx, reader, id, filter, from, (page, size)).await?;
        let rows = self.masked(reader, read(&mut tx, batch, &chosen.numbers).await?);
        Ok(chosen.found(rows, size))
    }

    /// The same, of each task only what a list shows.
    pub async fn find_task_rows(
        &self,
        reader: Reader,
        id: BatchId,
        filter: &TaskFilter,
        from: i32,
        (page, size): (i64, PageSize),
    ) -> ServiceResult<FoundTasks<TaskRow>> {
        self.may_find(reader, filter)?;
        // Which tasks a page of all of them has is the same at every moment.
        let mut tx = if filter.is_all() { self.db().glance().await? } else { self.db().read().await? };
        let (batch, chosen) = choose(&mut tx, reader, id, filter, from, (page, size)).await?;
        let rows = match range_of(&chosen.numbers) {
            Some((after, size)) => tasks::rows(&mut tx, batch, after, size).await?,
            None => tasks::numbered_rows(&mut tx, batch, &chosen.numbers).await?,
        };
        Ok(chosen.found(self.masked_rows(reader, rows), size))
    }

    /// The tasks with these numbers, as they are now; at most a page of them.
    pub async fn numbered_task_rows(&self, reader: Reader, id: BatchId, numbers: &[i32]) -> ServiceResult<Vec<TaskRow>> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, reader, id).await?;
        let rows = tasks::numbered_rows(&mut tx, key, numbers).await?;
        Ok(self.masked_rows(reader, rows))
    }

    fn masked_rows(&self, reader: Reader, rows: Vec<TaskRow>) -> Vec<TaskRow> {
        if reader.may(self, Action::ReadPrompts).is_ok() { rows } else { rows.into_iter().map(TaskRow::masked).collect() }
    }

    /// Whoever may not read prompts may not look for words in them either.
    fn may_find(&self, reader: Reader, filter: &TaskFilter) -> ServiceResult<()> {
        reader.may(self, if filter.text.is_some() { Action::ReadPrompts } else { Action::Read })
    }
}

/// The tasks with these numbers. Numbers that follow each other are a range.
async fn read(tx: &mut Tx, batch: BatchKey, numbers: &[i32]) -> ServiceResult<Vec<Task>> {
    match range_of(numbers) {
        Some((after, size)) => {
            let mut rows = tasks::list(tx, batch, after, size).await?;
            rows.truncate(numbers.len());
            Ok(rows)
        }
        None => Ok(tasks::numbered(tx, batch, numbers).await?),
    }
}

/// After which number, and how many, when they follow each other and are a page at most.
fn range_of(numbers: &[i32]) -> Option<(i32, PageSize)> {
    let (first, last) = (numbers.first()?, numbers.last()?);
    let is_range = usize::try_from(last - first).is_ok_and(|more| more + 1 == numbers.len());
    let size = PageSize::new(i64::from(last - first) + 1).ok()?;
    is_range.then_some((first - 1, size))
}

/// The tasks on a page, and of which batch they are.
async fn choose(
    tx: &mut Tx,
    reader: Reader,
    id: BatchId,
    filter: &TaskFilter,
    from: i32,
    (page, size): (i64, PageSize),
) -> ServiceResult<(BatchKey, Chosen)> {
    let extent = tasks::extent(tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
    let finder = Finder::new(tx, extent, filter, page.max(1), size).await?;
    let chosen = match finder.plan() {
        Plan::Nowhere => Chosen { numbers: Vec::new(), page: 1, total: 0, searched: None },
        Plan::Everywhere => finder.everywhere(),
        Plan::Tallied(tally) => finder.tallied(tx, tally).await?,
        Plan::Waiting => finder.waiting(tx).await?,
        Plan::Search => finder.search(tx, from.max(1)).await?,
    };
    Ok((finder.batch, chosen))
}

struct Finder<'f> {
    batch: BatchKey,
    extent: Extent,
    /// `None` when the batch has no such model.
    wanted: Option<Wanted<'f>>,
    page: i64,
    size: PageSize,
}

impl<'f> Finder<'f> {
    async fn new(tx: &mut Tx, extent: Extent, filter: &'f TaskFilter, page: i64, size: PageSize) -> ServiceResult<Self> {
        let batch = BatchKey(extent.id);
        let model: Option<Option<ModelKey>> = match &filter.model {
            None => Some(None),
            // A model that the whole batch is of is no condition.
            Some(name) => {
                tasks::ordered_model(tx, batch, name).await?.map(|(model, tasks)| if tasks == extent.total { None } else { Some(model) })
            }
        };
        let wanted = model.map(|model| Wanted {
            state: filter.state,
            failure: filter.failure,
            party: filter.party,
            model,
            text: filter.text.as_deref(),
        });
        Ok(Self { batch, extent, wanted, page, size })
    }

    fn plan(&self) -> Plan {
        let Some(wanted) = self.wanted else { return Plan::Nowhere };
        let asks_for_failures = wanted.failure.is_some() || wanted.party.is_some();
        if asks_for_failures && wanted.state.is_some_and(|state| state != TaskState::Failed) {
            return Plan::Nowhere;
        }
        match (wanted.text, self.tally(), wanted.state) {
            (None, Some(tally), _) => Plan::Tallied(tally),
            (None, None, None) => Plan::Everywhere,
            (None, None, Some(TaskState::Pending)) if wanted.model.is_none() => Plan::Waiting,
            (Some(_), ..) | (None, None, Some(_)) => Plan::Search,
        }
    }

    /// The tally that counts what is wanted, leaving a text aside.
    fn tally(&self) -> Option<TallyFilter> {
        let wanted = self.wanted?;
        let failed = wanted.failure.is_some() || wanted.party.is_some();
        let outcome = match wanted.state {
            _ if failed => Tallied::Failed,
            Some(TaskState::Succeeded) => Tallied::Succeeded,
            Some(TaskState::Failed) => Tallied::Failed,
            Some(TaskState::Canceled) => Tallied::Canceled,
            None if wanted.model.is_some() => Tallied::Ordered,
            Some(TaskState::Pending | TaskState::Processing) | None => return None,
        };
        Some(TallyFilter { batch: self.batch, outcome, failure: wanted.failure, party: wanted.party, model: wanted.model })
    }

    /// The page that is shown of `total` rows, and how many rows come before it.
    fn clamped(&self, total: i64) -> (i64, i64) {
        let page = self.page.min(pages_of(total, self.size));
        (page, numbers_of(page, self.size).0 - 1)
    }

    fn everywhere(&self) -> Chosen {
        let total = self.extent.total;
        let (page, skip) = self.clamped(total);
        Chosen {
            numbers: (skip + 1..=total.min(skip + self.size.get())).filter_map(|n| i32::try_from(n).ok()).collect(),
            page,
            total,
            searched: None,
        }
    }

    async fn tallied(&self, tx: &mut Tx, tally: TallyFilter) -> ServiceResult<Chosen> {
        let total = tallies::total(tx, tally).await?;
        let (page, skip) = self.clamped(total);
        let blocks = tallies::blocks(tx, tally, skip, self.size.get()).await?;
        let Some(first) = blocks.first() else { return Ok(Chosen { numbers: Vec::new(), page, total, searched: None }) };
        let ranges: Vec<(i32, i32)> = blocks.iter().map(|row| numbers_of_block(row.block)).collect();
        let slice = Slice { skip: skip - first.before, take: self.size.get() };
        let numbers = tasks::matching(tx, self.batch, &ranges, self.wanted.unwrap_or_default(), slice).await?;
        Ok(Chosen { numbers, page, total, searched: None })
    }

    /// Tasks that wait for another attempt have lower numbers than those that were never claimed.
    async fn waiting(&self, tx: &mut Tx) -> ServiceResult<Chosen> {
        let total = self.extent.pending;
        let (page, skip) = self.clamped(total);
        let first_unclaimed = i64::from(self.extent.next_task_no);
        let unclaimed = if total == 0 { 0 } else { self.extent.total - first_unclaimed + 1 };
        let retrying = total - unclaimed;
        let mut numbers = if skip < retrying { tasks::retrying(tx, self.batch, skip, self.size.get()).await? } else { Vec::new() };
        let missing = (total - skip).min(self.size.get()) - i64::try_from(numbers.len()).unwrap_or(0);
        let next = first_unclaimed + (skip - retrying).max(0);
        numbers.extend((next..next + missing).filter_map(|number| i32::try_from(number).ok()));
        Ok(Chosen { numbers, page, total, searched: None })
    }

    async fn search(&self, tx: &mut Tx, from: i32) -> ServiceResult<Chosen> {
        let total = i32::try_from(self.extent.total).unwrap_or(i32::MAX);
        let from = from.min(total);
        let (blocks, is_last) = self.candidates(tx, from, total).await?;
        let to = if is_last { total } else { blocks.last().map_or(total, |block| numbers_of_block(*block).1) };
        let ranges: Vec<(i32, i32)> = joined(&blocks).into_iter().map(|(first, last)| (first.max(from), last.min(total))).collect();
        let found = if ranges.is_empty() {
            Vec::new()
        } else {
            tasks::matching(tx, self.batch, &ranges, self.wanted.unwrap_or_default(), Slice::ALL).await?
        };
        let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let (page, skip) = self.clamped(count);
        let numbers = found.into_iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)).take(self.rows()).collect();
        let searched = (from > 1 || !is_last).then_some(Searched { from, to, of: self.extent.total });
        Ok(Chosen { numbers, page, total: count, searched })
    }

    /// Blocks from that of `from` on that may have what is wanted, and whether these are all.
    async fn candidates(&self, tx: &mut Tx, from: i32, total: i32) -> ServiceResult<(Vec<i32>, bool)> {
        let first = block_of(from);
        let max = SEARCH_BLOCKS_MAX;
        let mut blocks: Vec<i32> = match (self.tally(), self.wanted.and_then(|wanted| wanted.state)) {
            (Some(tally), _) => tallies::blocks_from(tx, tally, first, i64::try_from(max + 1).unwrap_or(0)).await?,
            (None, None) => (first..=block_of(total)).take(max + 1).collect(),
            // Waiting or running: not where every task has ended, and nothing runs beyond what was claimed.
            (None, Some(state)) => {
                let last = if state == TaskState::Processing { block_of(self.extent.next_task_no.min(total)) } else { block_of(total) };
                let ended = tallies::ended_blocks(tx, self.batch, first).await?;
                (first..=last).filter(|block| ended.binary_search(block).is_err()).take(max + 1).collect()
            }
        };
        let is_last = blocks.len() <= max;
        blocks.truncate(max);
        Ok((blocks, is_last))
    }

    fn rows(&self) -> usize {
        usize::try_from(self.size.get()).unwrap_or(usize::MAX)
    }
}

impl Service {
    /// Some of the tasks that a filter asks for with numbers after `after`, and after which to go on; `None` after the last.
    /// Reads one block of the batch at a time, so that a file of all of them never stands in memory.
    pub async fn tasks_after(
        &self,
        reader: Reader,
        id: BatchId,
        filter: &TaskFilter,
        after: i32,
    ) -> ServiceResult<(Vec<Task>, Option<i32>)> {
        self.may_find(reader, filter)?;
        let mut tx = self.db().read().await?;
        let extent = tasks::extent(&mut tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let finder = Finder::new(&mut tx, extent, filter, 1, PageSize::default()).await?;
        let total = i32::try_from(extent.total).unwrap_or(i32::MAX);
        if after >= total || matches!(finder.plan(), Plan::Nowhere) {
            return Ok((Vec::new(), None));
        }
        let (blocks, _) = finder.candidates(&mut tx, after + 1, total).await?;
        let Some(block) = blocks.first() else { return Ok((Vec::new(), None)) };
        let (first, last) = numbers_of_block(*block);
        let range = (first.max(after + 1), last.min(total));
        let numbers = tasks::matching(&mut tx, finder.batch, &[range], finder.wanted.unwrap_or_default(), Slice::ALL).await?;
        let rows = self.masked(reader, read(&mut tx, finder.batch, &numbers).await?);
        Ok((rows, (range.1 < total).then_some(range.1)))
    }
}

/// The numbers of blocks as ranges; blocks that follow each other are one.
fn joined(blocks: &[i32]) -> Vec<(i32, i32)> {
    let mut ranges: Vec<(i32, i32)> = Vec::new();
    for block in blocks {
        let (first, last) = numbers_of_block(*block);
        match ranges.last_mut() {
            Some(range) if range.1 + 1 == first => range.1 = last,
            _ => ranges.push((first, last)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_follow_each_other_are_one_range() {
        assert_eq!(joined(&[0, 1, 3]), [(1, 1_000), (1_501, 2_000)]);
        assert_eq!(joined(&[]), []);
    }
}
