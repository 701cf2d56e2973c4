//! Seals the ledger and the record of actions, some seconds behind those who write them.

use crate::domain::chain::ChainKind;
use crate::store::chain;
use crate::store::dialect::horizon;

pub use crate::store::dialect::horizon::Mark;

use super::{Service, ServiceResult};

/// Links that one call makes at most.
const LINKS_MAX: usize = 100;

impl Service {
    /// Seals what was there when `mark` was set, once nobody can add to it any more; sets the next mark when there is none.
    /// Returns how many links were made; call again until none. Safe in several processes at once.
    pub async fn seal(&self, mark: &mut Option<Mark>) -> ServiceResult<usize> {
        let Some(set) = *mark else {
            let mut tx = self.db().read().await?;
            if chain::is_behind(&mut tx).await? {
                drop(tx);
                *mark = Some(horizon::mark(self.db()).await?);
            }
            return Ok(0);
        };
        for made in 0..LINKS_MAX {
            let mut tx = self.db().read().await?;
            if !horizon::is_complete(&mut tx, &set).await? {
                return Ok(made);
            }
            let mut link = None;
            for kind in ChainKind::ALL {
                if link.is_none() {
                    link = chain::next_link(&mut tx, *kind, &set, self.now()).await?;
                }
            }
            drop(tx);
            let Some(link) = link else {
                *mark = None;
                return Ok(made);
            };
            let mut tx = self.db().write().await?;
            if !chain::append(&mut tx, &link).await? {
                // Another process seals just now.
                return Ok(made);
            }
            tx.commit().await?;
        }
        Ok(LINKS_MAX)
    }
}
