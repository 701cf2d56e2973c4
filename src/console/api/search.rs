//! Finding one thing by an id or a text.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ConsoleError, Wire};
use crate::domain::search::Hit;

/// What was found, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// There are more than are listed.
    pub has_more: bool,
}

impl Found {
    /// The one thing that was meant: there is no need to choose.
    pub fn only(&self) -> Option<&Hit> {
        match self.hits.as_slice() {
            [hit] if hit.exact => Some(hit),
            _ => None,
        }
    }
}

#[server(prefix = "/admin/data", endpoint = "search", protocol = Wire)]
pub async fn search(text: String, rows_max: u32) -> Result<Found, ConsoleError> {
    use crate::refusal::refuse;
    use crate::service::Service;

    let service = expect_context::<Service>();
    let found = service.search(&text, usize::try_from(rows_max).unwrap_or_default()).await.map_err(refuse)?;
    Ok(Found { hits: found.rows, has_more: found.has_more })
}
