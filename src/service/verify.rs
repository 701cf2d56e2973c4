//! `batchbook verify`: do the books close?

use crate::domain::access::Action;
use crate::store::verify;

pub use crate::store::verify::Check;

use super::{Service, ServiceResult};

impl Service {
    /// Recomputes everything from the rows, in one snapshot of a database that may be running.
    pub async fn verify(&self) -> ServiceResult<Vec<Check>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(verify::run(&mut tx).await?)
    }
}
