//! Finding one thing by an id or a text.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::domain::search::Found;
use crate::service::Service;

pub async fn search(text: &str, rows_max: u32) -> Result<Found, ConsoleError> {
    let service = expect_context::<Service>();
    let found = service.search(text, usize::try_from(rows_max).unwrap_or_default()).await.map_err(refuse)?;
    Ok(Found { hits: found.rows, has_more: found.has_more })
}
