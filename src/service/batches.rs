//! Reading batches. How they are made is in `submit.rs`, how they are canceled in `cancel.rs`.

use crate::domain::access::Action;
use crate::domain::batch::{Batch, FailureSum, PricedModel};
use crate::domain::id::{BatchId, BatchKey};
use crate::domain::page::PageSize;
use crate::store::{Tx, batches};

pub use super::submit::{Quote, Submission, Submitted};
use super::{Listed, Reader, Service, ServiceError, ServiceResult};

impl Service {
    pub async fn batch(&self, reader: Reader, id: BatchId) -> ServiceResult<Batch> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().glance().await?;
        batches::by_id(&mut tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "batch" })
    }

    /// Newest first.
    pub async fn batches(&self, reader: Reader, before: Option<BatchId>, size: PageSize) -> ServiceResult<Listed<Batch>> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(Listed::of(batches::list(&mut tx, reader.customer(), before, size).await?, size))
    }

    /// Failures by type and responsible party. For operators.
    pub async fn failures(&self, id: BatchId) -> ServiceResult<Vec<FailureSum>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(batches::failures(&mut tx, key).await?)
    }

    /// What the batch was priced with. For operators.
    pub async fn priced_models(&self, id: BatchId) -> ServiceResult<Vec<PricedModel>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(batches::priced_models(&mut tx, key).await?)
    }

    /// Names of the models of many batches. For operators.
    pub async fn model_names(&self, keys: &[BatchKey]) -> ServiceResult<Vec<(BatchKey, String)>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(batches::model_names(&mut tx, keys).await?)
    }

    pub(super) async fn batch_key(&self, tx: &mut Tx, reader: Reader, id: BatchId) -> ServiceResult<BatchKey> {
        batches::key_of(tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "batch" })
    }
}
