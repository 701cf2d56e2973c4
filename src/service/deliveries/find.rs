//! Finding deliveries by everything that operators ask for.

use crate::domain::access::Action;
use crate::domain::id::DeliveryId;
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{Delivery, DeliveryFilter, DeliveryStatus};
use crate::store::deliveries::{self, Asked};
use crate::store::{Tx, batches, customers, endpoints};

pub use crate::store::deliveries::Found;

use super::DeliveryDetail;
use crate::service::events::Message;
use crate::service::{Reader, Service, ServiceResult};

impl Service {
    /// Newest first. What cannot be read, or is nowhere, matches nothing.
    pub async fn find_deliveries(&self, filter: &DeliveryFilter, before: Option<DeliveryId>, size: PageSize) -> ServiceResult<Found> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        match asked(&mut tx, filter).await? {
            Some(asked) => Ok(deliveries::find(&mut tx, &asked, before, size).await?),
            None => Ok(Found { rows: Vec::new(), next: None, stopped: false }),
        }
    }

    /// Deliveries by their ids, in no order; those that there are.
    pub async fn named_deliveries(&self, ids: &[DeliveryId]) -> ServiceResult<Vec<Delivery>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(deliveries::named(&mut tx, ids).await?)
    }

    /// When the attempts that are left are due, the next one first; nothing when none is left, or one is being made.
    pub fn attempts_left(&self, delivery: &Delivery) -> Vec<Time> {
        match delivery.status {
            DeliveryStatus::Pending { next_attempt_at, sending: false } => {
                self.sending().schedule.remaining(delivery.failures, next_attempt_at)
            }
            _ => Vec::new(),
        }
    }

    /// What is sent, to the letter: the same text at every attempt.
    pub async fn body_of(&self, detail: &DeliveryDetail) -> ServiceResult<String> {
        self.may(Action::Read)?;
        let DeliveryDetail { delivery, payload, happened_at, .. } = detail;
        let key = match delivery.batch {
            Some(id) => Some((id, self.batch(Reader::Operator, id).await?.idempotency_key)),
            None => None,
        };
        let batch = key.as_ref().map(|(id, key)| (*id, key.as_str()));
        let message = Message { kind: delivery.kind.as_str(), happened_at: *happened_at, event: delivery.event, batch, payload };
        Ok(message.body(&self.sending().public_url))
    }
}

/// `None` when what is asked for cannot be.
async fn asked(tx: &mut Tx, filter: &DeliveryFilter) -> ServiceResult<Option<Asked>> {
    if !filter.unreadable.is_empty() {
        return Ok(None);
    }
    let mut asked = Asked {
        state: filter.state,
        class: filter.class,
        kind: filter.kind,
        from: filter.from,
        to: filter.to,
        attempts_min: filter.attempts_min,
        ..Asked::default()
    };
    if let Some(id) = filter.customer {
        let Some(customer) = customers::by_id(tx, id).await? else { return Ok(None) };
        asked.customer = Some(customer.key);
    }
    if let Some(id) = filter.endpoint {
        let Some(key) = endpoints::key_of(tx, id).await? else { return Ok(None) };
        asked.endpoint = Some(key);
    }
    if let Some(id) = filter.batch {
        let Some(key) = batches::key_of(tx, None, id).await? else { return Ok(None) };
        asked.batch = Some(key);
    }
    Ok(Some(asked))
}
