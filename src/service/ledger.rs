//! Reading the ledger.

use crate::domain::access::Action;
use crate::domain::id::{BatchId, CustomerKey, TaskKey, TransactionId};
use crate::domain::ledger::{Line, Transaction, TransactionKind};
use crate::domain::page::{PageSize, Seek, Stretch};
use crate::store::{holds, ledger};

pub use crate::store::holds::DrawnGrant;

use super::{Listed, Reader, Service, ServiceResult};

impl Service {
    /// A customer's transactions, newest first.
    pub async fn transactions(
        &self,
        customer: CustomerKey,
        before: Option<TransactionId>,
        size: PageSize,
    ) -> ServiceResult<Listed<Transaction>> {
        let mut tx = self.db().read().await?;
        Ok(Listed::of(ledger::of_customer(&mut tx, customer, before, size).await?, size))
    }

    /// A page of a customer's ledger, newest first. For operators.
    pub async fn ledger_page(
        &self,
        customer: CustomerKey,
        kind: Option<TransactionKind>,
        seek: Seek<TransactionId>,
        size: PageSize,
    ) -> ServiceResult<Stretch<Transaction>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(ledger::page_of_customer(&mut tx, customer, kind, seek, size).await?)
    }

    /// The lines of one task. For operators.
    pub async fn lines(&self, id: BatchId, number: i32) -> ServiceResult<Vec<Line>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let batch = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(ledger::lines(&mut tx, TaskKey { batch, number }).await?)
    }

    /// The grants that a batch drew on, in order. For operators.
    pub async fn draws(&self, id: BatchId) -> ServiceResult<Vec<DrawnGrant>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(holds::drawn_grants(&mut tx, key).await?)
    }
}
