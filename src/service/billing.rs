//! Reading the ledger of one batch: pages of transactions with where the batch then stood, their lines, and sums. For operators.

use crate::domain::access::Action;
use crate::domain::billing::{BatchPosition, Booking, KindSum};
use crate::domain::id::{BatchId, TransactionId};
use crate::domain::ledger::{Line, Transaction};
use crate::domain::page::PageSize;
use crate::store::{StoreError, billing};

pub use crate::store::billing::From;

use super::{Listed, Reader, Service, ServiceResult};

/// A page of a batch's transactions, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Each with where the batch stood after it; without, where others stand between them.
    pub rows: Vec<(Transaction, Option<BatchPosition>)>,
    pub has_before: bool,
    pub has_after: bool,
    /// Over all transactions of the batch, whichever are shown.
    pub sums: Vec<KindSum>,
}

impl Service {
    /// Every transaction of the batch, or those of one booking.
    pub async fn billing(&self, id: BatchId, booking: Option<Booking>, from: From, size: PageSize) -> ServiceResult<Billing> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        let page = billing::transactions(&mut tx, key, booking, from, size).await?;
        let sums = billing::sums(&mut tx, key).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        let mut position = match page.rows.first() {
            Some(first) if booking.is_none() => Some(billing::position_before(&mut tx, key, first.key).await?),
            _ => None,
        };
        for transaction in page.rows {
            position = match position {
                Some(before) => Some(before.then(transaction.kind, transaction.credits).map_err(StoreError::from)?),
                None => None,
            };
            rows.push((transaction, position));
        }
        Ok(Billing { rows, has_before: page.has_before, has_after: page.has_after, sums })
    }

    /// The lines of one transaction of the batch, by task, after a task.
    pub async fn transaction_lines(
        &self,
        id: BatchId,
        transaction: TransactionId,
        after: i32,
        size: PageSize,
    ) -> ServiceResult<Listed<Line>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(Listed::of(billing::lines(&mut tx, key, transaction, after, size).await?, size))
    }
}
