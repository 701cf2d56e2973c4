//! Deliveries: what customers were told, and telling it again.

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::{BatchId, DeliveryId, DeliveryKey, EndpointId};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{Delivery, DeliveryAttempt, DeliveryState, Trigger};
use crate::store::{Tx, deliveries};

use super::audit::Note;
use super::{Listed, Reader, Service, ServiceError, ServiceResult, endpoints};

mod find;
mod of_batch;

pub use find::Found;
pub use of_batch::{BatchDeliveries, SUMMED_MAX};

/// Attempts that are shown of one delivery at most.
const ATTEMPTS_MAX: i64 = 100;

/// Which deliveries are asked for. `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub endpoint: Option<EndpointId>,
    pub batch: Option<BatchId>,
    pub state: Option<DeliveryState>,
    /// Only what never arrived and is not tried any more.
    pub undelivered: bool,
    pub since: Option<Time>,
    pub until: Option<Time>,
}

/// A delivery with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    /// JSON: the `data` of what was sent.
    pub payload: String,
    pub happened_at: Time,
    /// Newest first, the latest 100.
    pub attempts: Vec<DeliveryAttempt>,
}

impl Service {
    /// Newest first.
    pub async fn deliveries(
        &self,
        reader: Reader,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        size: PageSize,
    ) -> ServiceResult<Listed<Delivery>> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        let filter = self.delivery_filter(&mut tx, reader, filter).await?;
        Ok(Listed::of(deliveries::list(&mut tx, &filter, before, size).await?, size))
    }

    async fn delivery_filter(&self, tx: &mut Tx, reader: Reader, filter: DeliveryFilter) -> ServiceResult<deliveries::Filter> {
        let endpoint = match filter.endpoint {
            Some(id) => Some(endpoints::one(tx, reader, id).await?.key),
            None => None,
        };
        let batch = match filter.batch {
            Some(id) => Some(self.batch_key(tx, reader, id).await?),
            None => None,
        };
        let DeliveryFilter { state, undelivered, since, until, .. } = filter;
        Ok(deliveries::Filter { customer: reader.customer(), endpoint, batch, state, undelivered, since, until })
    }

    pub async fn delivery(&self, reader: Reader, id: DeliveryId) -> ServiceResult<DeliveryDetail> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        let delivery = one(&mut tx, reader, id).await?;
        let (payload, happened_at) = deliveries::payload(&mut tx, delivery.key).await?;
        let attempts = deliveries::attempts(&mut tx, delivery.key, ATTEMPTS_MAX).await?;
        Ok(DeliveryDetail { delivery, payload, happened_at, attempts })
    }

    /// Sends a delivery again, now, whatever became of it; its schedule begins anew. The receiver sees the same `webhook-id`.
    pub async fn resend(&self, reader: Reader, id: DeliveryId) -> ServiceResult<Delivery> {
        reader.may(self, Action::ResendWebhooks)?;
        let mut tx = self.db().write().await?;
        let delivery = one(&mut tx, reader, id).await?;
        if !deliveries::reopen(&mut tx, delivery.key, Trigger::Manual, &reader.actor(self), self.now()).await? {
            let message = "The delivery is on its way at this moment. Wait for what comes of it.".to_owned();
            return Err(ServiceError::Invalid { code: "delivery_in_flight", message });
        }
        let delivery = one(&mut tx, reader, id).await?;
        reader.note(self, &mut tx, Note::new(Deed::DeliveriesResent, ObjectKind::Delivery, id)).await?;
        tx.commit().await?;
        self.announce_delivery();
        Ok(delivery)
    }

    /// Sends these again; those that are on their way are left out. Returns how many.
    pub async fn resend_all(&self, keys: &[DeliveryKey]) -> ServiceResult<usize> {
        self.may(Action::ResendWebhooks)?;
        let mut tx = self.db().write().await?;
        let (mut resent, actor) = (0, self.by().to_string());
        for key in keys {
            resent += usize::from(deliveries::reopen(&mut tx, *key, Trigger::Manual, &actor, self.now()).await?);
        }
        let note = Note::without_id(Deed::DeliveriesResent, ObjectKind::Delivery);
        self.note(&mut tx, note.after(json!({"deliveries": resent}))).await?;
        tx.commit().await?;
        self.announce_delivery();
        Ok(resent)
    }
}

async fn one(tx: &mut Tx, reader: Reader, id: DeliveryId) -> ServiceResult<Delivery> {
    deliveries::by_id(tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "delivery" })
}
