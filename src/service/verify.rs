//! `batchbook verify`: do the books close?

use crate::domain::access::Action;
use crate::store::verify;

pub use crate::store::verify::{Check, Verified};

use super::{Service, ServiceResult};

impl Service {
    /// Recomputes everything from the rows, in one snapshot of a database that may be running.
    pub async fn verify(&self) -> ServiceResult<Vec<Check>> {
        Ok(self.verify_whole().await?.checks)
    }

    /// The same, and how far the hash chain reaches.
    pub async fn verify_whole(&self) -> ServiceResult<Verified> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(verify::run(&mut tx).await?)
    }
}
