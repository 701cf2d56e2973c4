//! What a batch's customer was told.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::console::api::webhooks::DeliveryRow;
use crate::domain::id::{BatchId, DeliveryId};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptMark, BatchEndpoint, Unsent};
use crate::service::Service;
use crate::service::deliveries::SUMMED_MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchWebhooks {
    /// What the batch named.
    pub url: Option<String>,
    pub endpoints: Vec<BatchEndpoint>,
    /// The sums are of so many of the latest deliveries: there are more.
    pub cut_at: Option<i64>,
    /// A page of deliveries, newest first, each with its last attempts, newest first.
    pub rows: Vec<(DeliveryRow, Vec<AttemptMark>)>,
    pub has_more: bool,
    /// Events without a delivery, newest first.
    pub unsent: Vec<Unsent>,
    pub now: Time,
}

pub async fn read_webhooks(id: BatchId, before: Option<DeliveryId>) -> Result<BatchWebhooks, ConsoleError> {
    let service = expect_context::<Service>();
    let found = service.batch_deliveries(id, before, PageSize::default()).await.map_err(refuse)?;
    Ok(BatchWebhooks {
        url: found.webhook_url,
        endpoints: found.endpoints,
        cut_at: found.is_cut.then_some(SUMMED_MAX),
        rows: found.page.rows.into_iter().map(|(delivery, marks)| (DeliveryRow::from(delivery), marks)).collect(),
        has_more: found.page.has_more,
        unsent: found.unsent,
        now: service.now(),
    })
}
