//! `batchbook verify`: do the books close?

use crate::domain::access::Action;
use crate::store::verify;

pub use crate::store::verify::{Check, Verified};

use super::{Service, ServiceResult};

impl Service {
    /// Recomputes everything from the rows, in one snapshot of a database that may be running.
    pub async fn verify(&self) -> ServiceResult<Vec<Check>> {
        Ok(self.verify_whole(None).await?.checks)
    }

    /// The same, and how far the hash chain reaches; and whether a link still has the hash that was kept elsewhere.
    pub async fn verify_whole(&self, kept: Option<&str>) -> ServiceResult<Verified> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(verify::run(&mut tx, kept).await?)
    }
}
