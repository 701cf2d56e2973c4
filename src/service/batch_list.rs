//! The list of batches as operators filter and sort it.

use crate::domain::access::Action;
use crate::domain::batch::Batch;
use crate::domain::batch_list::{BatchFilter, BatchSort, Cursor, Order, Part, Place, StatusCount};
use crate::domain::id::{BatchId, BatchKey, CustomerId};
use crate::domain::page::PageSize;
use crate::store::batch_list::{self, Selection};
use crate::store::{Tx, batches};

use super::{Service, ServiceResult};

/// Customers and models that a form offers at most. Others are found by their id, or from a row.
const CHOICES_MAX: i64 = 200;

/// A page of a sorted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorted {
    pub rows: Vec<Batch>,
    /// The page before this one is before this row; `None` on the first.
    pub before: Option<Cursor>,
    /// The page after this one is after this row; `None` on the last.
    pub after: Option<Cursor>,
}

/// What a form offers to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub customers: Vec<(CustomerId, String)>,
    pub models: Vec<String>,
}

impl Service {
    /// A page of the batches that a filter lets through. A place that is no longer there is the start, and so is a page before
    /// a row that is not whole: the first page is always full.
    pub async fn batch_list(
        &self,
        filter: &BatchFilter,
        (sort, order): (BatchSort, Order),
        place: Place,
        size: PageSize,
    ) -> ServiceResult<Sorted> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        if let Place::Before(cursor) = place
            && let Some(key) = batches::key_of(&mut tx, None, cursor.id).await?
        {
            let selection = Selection { filter, sort, order: order.reversed(), after: Some((cursor.value, key)) };
            let (mut rows, has_more) = first(&mut tx, &selection, size).await?;
            if has_more {
                rows.reverse();
                return Ok(Sorted::of(rows, sort, true, true));
            }
        }
        let after = match place {
            Place::After(cursor) => batches::key_of(&mut tx, None, cursor.id).await?.map(|key| (cursor.value, key)),
            Place::Start | Place::Before(_) => None,
        };
        let (rows, has_more) = first(&mut tx, &Selection { filter, sort, order, after }, size).await?;
        Ok(Sorted::of(rows, sort, after.is_some(), has_more))
    }

    /// How many batches are in each state, as far as the rest of the filter lets them, counted up to a limit.
    pub async fn batch_counts(&self, filter: &BatchFilter) -> ServiceResult<Vec<StatusCount>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(batch_list::counts(&mut tx, filter).await?)
    }

    pub async fn batch_choices(&self) -> ServiceResult<Choices> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let customers = batch_list::customer_choices(&mut tx, CHOICES_MAX).await?;
        Ok(Choices { customers, models: batch_list::model_choices(&mut tx, CHOICES_MAX).await? })
    }

    /// What of each of these batches the filter asks for, where it asks for a part of what batches are.
    pub async fn parts_of(&self, batches: &[Batch], filter: &BatchFilter) -> ServiceResult<Vec<Option<Part>>> {
        self.may(Action::Read)?;
        if !filter.asks_for_part() || batches.is_empty() {
            return Ok(vec![None; batches.len()]);
        }
        let keys: Vec<BatchKey> = batches.iter().map(|batch| batch.key).collect();
        let mut tx = self.db().read().await?;
        let parts = batch_list::parts(&mut tx, &keys, filter).await?;
        let of = |key: &BatchKey| Some(parts.iter().find(|(batch, _)| batch == key).map(|(_, part)| *part).unwrap_or_default());
        Ok(keys.iter().map(of).collect())
    }

    /// Batches by their ids, in no order; those that there are.
    pub async fn named_batches(&self, ids: &[BatchId]) -> ServiceResult<Vec<Batch>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(batch_list::named(&mut tx, ids).await?)
    }

    /// Names of the models of each of these batches.
    pub async fn models_of(&self, batches: &[Batch]) -> ServiceResult<Vec<Vec<String>>> {
        let keys: Vec<BatchKey> = batches.iter().map(|batch| batch.key).collect();
        let names = self.model_names(&keys).await?;
        let of = |key: &BatchKey| names.iter().filter(|(batch, _)| batch == key).map(|(_, name)| name.clone()).collect();
        Ok(keys.iter().map(of).collect())
    }
}

/// The first rows of a selection, and whether there are more.
async fn first(tx: &mut Tx, selection: &Selection<'_>, size: PageSize) -> ServiceResult<(Vec<Batch>, bool)> {
    let mut rows = batch_list::select(tx, selection, size.get() + 1).await?;
    let max = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let has_more = rows.len() > max;
    rows.truncate(max);
    Ok((rows, has_more))
}

impl Sorted {
    fn of(rows: Vec<Batch>, sort: BatchSort, is_after: bool, has_more: bool) -> Self {
        let cursor = |batch: &Batch| Cursor { value: sort.value(batch), id: batch.id };
        let before = if is_after { rows.first().map(cursor) } else { None };
        let after = if has_more { rows.last().map(cursor) } else { None };
        Self { rows, before, after }
    }
}
