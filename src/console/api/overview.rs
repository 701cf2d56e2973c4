//! What the first page shows.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::domain::overview::{Now, Report, Window};
use crate::domain::time::Time;
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    pub report: Report,
    pub state: Now,
    /// When this was true, by the server's clock: the browser's is never asked.
    pub now: Time,
}

pub async fn read_overview(window: Window) -> Result<Overview, ConsoleError> {
    let service = expect_context::<Service>();
    let report = service.report(window).await.map_err(refuse)?;
    let state = service.state_of_things().await.map_err(refuse)?;
    Ok(Overview { report: Report::clone(&report), state, now: service.now() })
}
