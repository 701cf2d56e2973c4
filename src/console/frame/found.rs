//! Finding one thing by an id or a text: what the search of the frame asks the server.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::domain::search::Found;

#[server(prefix = "/admin/data", endpoint = "search", input = GetUrl)]
pub async fn find(text: String, rows_max: u32) -> Result<Found, ServerFnError> {
    use crate::console::api::search;

    search::search(&text, rows_max).await.map_err(ServerFnError::new)
}
