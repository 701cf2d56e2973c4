//! Finding one thing by an id or a text: what the search of the frame asks the server.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

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

#[server(prefix = "/admin/data", endpoint = "search", input = GetUrl)]
pub async fn find(text: String, rows_max: u32) -> Result<Found, ServerFnError> {
    use crate::console::api::search;

    search::search(&text, rows_max).await.map_err(ServerFnError::new)
}
