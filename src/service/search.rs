//! Finding one thing among all: for operators.

use crate::domain::access::Action;
use crate::domain::key::PREFIX_CHARS;
use crate::domain::search::{Hit, Needle};
use crate::store::search;

use super::{Listed, Service, ServiceResult};

/// Things in one answer at most.
pub const HITS_MAX: usize = 20;
const API_KEY_START: &str = "bb_";

impl Service {
    /// What has this id, or is known by this text: batches by their idempotency key, API keys by how they begin, customers by a
    /// part of their name or e-mail address; what was meant exactly comes first. At most `rows_max` of each.
    pub async fn search(&self, text: &str, rows_max: usize) -> ServiceResult<Listed<Hit>> {
        self.may(Action::Read)?;
        let rows_max = rows_max.min(HITS_MAX);
        let Some(needle) = Needle::of(text) else { return Ok(Listed { rows: Vec::new(), has_more: false }) };
        let mut tx = self.db().read().await?;
        let Needle::Text(text) = &needle else {
            let rows = search::by_id(&mut tx, &needle).await?.into_iter().collect();
            return Ok(Listed { rows, has_more: false });
        };
        // One more than is shown tells whether there are more.
        let rows = i64::try_from(rows_max + 1).unwrap_or(i64::MAX);
        let mut hits = search::by_idempotency_key(&mut tx, text, rows).await?;
        // Of a whole key that somebody pasted only the beginning is looked at.
        if let Some(prefix) = text.get(..PREFIX_CHARS).filter(|_| text.starts_with(API_KEY_START)) {
            hits.extend(search::by_key_prefix(&mut tx, prefix, rows).await?);
        }
        hits.extend(search::customers(&mut tx, text, rows).await?);
        hits.sort_by_key(|hit| !hit.exact);
        let has_more = hits.len() > rows_max;
        hits.truncate(rows_max);
        Ok(Listed { rows: hits, has_more })
    }
}
