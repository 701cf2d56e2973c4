//! What happened to a batch, in one order. For operators.

use crate::domain::access::Action;
use crate::domain::id::BatchId;
use crate::domain::page::PageSize;
use crate::domain::timeline::Side;
use crate::store::timeline;

pub use crate::store::timeline::{Page, Seek};

use super::{Reader, Service, ServiceResult};

impl Service {
    pub async fn timeline(&self, id: BatchId, by: Option<Side>, seek: Seek, size: PageSize) -> ServiceResult<Page> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        Ok(timeline::page(&mut tx, key, by, seek, size).await?)
    }
}
