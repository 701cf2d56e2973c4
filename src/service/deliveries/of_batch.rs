//! What a batch's customer was told, endpoint by endpoint.

use crate::domain::access::Action;
use crate::domain::id::{BatchId, DeliveryId, DeliveryKey};
use crate::domain::page::PageSize;
use crate::domain::webhook::{AttemptMark, BatchEndpoint, Delivery, Unsent};
use crate::store::{deliveries, events};

use crate::service::{Listed, Reader, Service, ServiceResult};

/// Sums are of so many of a batch's latest deliveries at most.
pub const SUMMED_MAX: i64 = 500;
/// The last attempts at an endpoint that are shown as a strip.
pub const STRIP_MAX: i64 = 30;
/// The last attempts that are shown of each delivery of a page.
const ATTEMPTS_EACH: i64 = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchDeliveries {
    /// What the batch named.
    pub webhook_url: Option<String>,
    pub endpoints: Vec<BatchEndpoint>,
    /// There are more deliveries than were summed.
    pub is_cut: bool,
    /// A page of deliveries, newest first, each with its last attempts, newest first.
    pub page: Listed<(Delivery, Vec<AttemptMark>)>,
    /// Events that have no delivery, newest first.
    pub unsent: Vec<Unsent>,
}

impl Service {
    pub async fn batch_deliveries(&self, id: BatchId, before: Option<DeliveryId>, size: PageSize) -> ServiceResult<BatchDeliveries> {
        self.may(Action::Read)?;
        let webhook_url = self.batch(Reader::Operator, id).await?.webhook_url;
        let mut tx = self.db().read().await?;
        let batch = self.batch_key(&mut tx, Reader::Operator, id).await?;
        let mut endpoints = deliveries::endpoints_of(&mut tx, batch, SUMMED_MAX).await?;
        let is_cut = endpoints.iter().map(|endpoint| endpoint.deliveries).sum::<i64>() >= SUMMED_MAX;
        for (id, delivery, mark) in deliveries::strips_of(&mut tx, batch, SUMMED_MAX, STRIP_MAX).await? {
            if let Some(endpoint) = endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
                endpoint.strip.push((delivery, mark));
            }
        }
        let filter = deliveries::Filter { batch: Some(batch), ..deliveries::Filter::default() };
        let listed = Listed::of(deliveries::list(&mut tx, &filter, before, size).await?, size);
        let keys: Vec<DeliveryKey> = listed.rows.iter().map(|row| row.key).collect();
        let mut rows: Vec<(Delivery, Vec<AttemptMark>)> = listed.rows.into_iter().map(|delivery| (delivery, Vec::new())).collect();
        for (key, mark) in deliveries::attempts_of(&mut tx, &keys, ATTEMPTS_EACH).await? {
            if let Some((_, marks)) = rows.iter_mut().find(|(delivery, _)| delivery.key == key) {
                marks.push(mark);
            }
        }
        let unsent = events::unsent(&mut tx, batch).await?;
        Ok(BatchDeliveries { webhook_url, endpoints, is_cut, page: Listed { rows, has_more: listed.has_more }, unsent })
    }
}
