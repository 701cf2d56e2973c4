//! Endpoints: where a customer wants to be told. Made and changed by customers and operators alike.

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::{CustomerId, CustomerKey, DeliveryId, EndpointId, EndpointKey, EventId};
use crate::domain::page::PageSize;
use crate::domain::webhook::target::Refusal;
use crate::domain::webhook::{
    CanceledBecause, DESCRIPTION_MAX_CHARS, DisabledBecause, ENDPOINTS_MAX, Endpoint, EndpointProblem, EndpointSource, EndpointState,
    EventType, ROTATION_S, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN, Trigger, WebhookSecret,
};
use crate::store::customers::Customer;
use crate::store::deliveries::NewDelivery;
use crate::store::endpoints::EndpointsAsked;
use crate::store::{Tx, customers, deliveries, endpoints, events};

pub use crate::store::endpoints::{EndpointFields, OperatorEvent};

mod once;

pub use once::{NewSecret, SecretLife};

use super::audit::Note;
use super::events::TestNews;
use super::{Listed, Reader, Service, ServiceError, ServiceResult};

const OPERATOR_EVENTS_MAX: i64 = 200;

/// Which endpoints are asked for. `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointFilter {
    pub customer: Option<CustomerId>,
    pub state: Option<EndpointState>,
    /// Only those whose every attempt has failed for a while.
    pub failing: bool,
}

impl Service {
    /// A customer's new endpoint, and its secret, which is shown once.
    pub async fn add_endpoint(&self, customer: CustomerKey, fields: EndpointFields) -> ServiceResult<(Endpoint, WebhookSecret)> {
        self.check_fields(&fields)?;
        let now = self.now();
        let mut tx = self.db().write().await?;
        self.check_room(&mut tx, customer).await?;
        let (id, secret) = (EndpointId::new(now, self.random()), WebhookSecret::new(self.random()));
        endpoints::insert(&mut tx, id, customer, EndpointSource::Registered, &fields, &secret, now).await?;
        let endpoint = endpoints::by_id(&mut tx, Some(customer), id).await?.ok_or(ServiceError::NotFound { what: "endpoint" })?;
        tx.commit().await?;
        Ok((endpoint, secret))
    }

    pub async fn change_endpoint(&self, reader: Reader, id: EndpointId, fields: EndpointFields) -> ServiceResult<Endpoint> {
        reader.may(self, Action::ChangeEndpoints)?;
        self.check_fields(&fields)?;
        let mut tx = self.db().write().await?;
        let before = one(&mut tx, reader, id).await?;
        endpoints::update(&mut tx, before.key, &fields).await?;
        let endpoint = one(&mut tx, reader, id).await?;
        reader.note(self, &mut tx, about(Deed::EndpointChanged, &endpoint).before(shape(&before)).after(shape(&endpoint))).await?;
        tx.commit().await?;
        Ok(endpoint)
    }

    async fn check_room(&self, tx: &mut Tx, customer: CustomerKey) -> ServiceResult<()> {
        if endpoints::count(tx, customer).await? < ENDPOINTS_MAX {
            return Ok(());
        }
        let message = format!("There are {ENDPOINTS_MAX} endpoints already. Delete one that is not needed.");
        Err(ServiceError::Invalid { code: "too_many_endpoints", message })
    }

    /// Why these fields cannot be.
    pub fn endpoint_problem(&self, fields: &EndpointFields) -> Option<EndpointProblem> {
        match self.inner.limits.subnets.check(&fields.url) {
            Err(Refusal::NotHttp) => Some(EndpointProblem::UrlNotHttp),
            Err(Refusal::TooLong) => Some(EndpointProblem::UrlTooLong),
            Err(Refusal::Credentials) => Some(EndpointProblem::UrlCredentials),
            Err(Refusal::Port(_)) => Some(EndpointProblem::UrlPort),
            Err(Refusal::NotPublic(_)) => Some(EndpointProblem::UrlNotPublic),
            Ok(_) if fields.description.chars().count() > DESCRIPTION_MAX_CHARS => Some(EndpointProblem::Description),
            Ok(_) if !(TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(&fields.timeout_ms) => Some(EndpointProblem::Timeout),
            Ok(_) => None,
        }
    }

    fn check_fields(&self, fields: &EndpointFields) -> ServiceResult<()> {
        let message = match self.inner.limits.subnets.check(&fields.url) {
            Err(refusal) => format!("The url {refusal}."),
            Ok(_) if fields.description.chars().count() > DESCRIPTION_MAX_CHARS => {
                format!("A description has at most {DESCRIPTION_MAX_CHARS} characters.")
            }
            Ok(_) if !(TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(&fields.timeout_ms) => {
                format!("The timeout is {TIMEOUT_MS_MIN} to {TIMEOUT_MS_MAX} milliseconds.")
            }
            Ok(_) => return Ok(()),
        };
        Err(ServiceError::Invalid { code: "invalid_endpoint", message })
    }

    pub async fn endpoint(&self, reader: Reader, id: EndpointId) -> ServiceResult<Endpoint> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        one(&mut tx, reader, id).await
    }

    /// Newest first, those that batches named included.
    pub async fn endpoints(&self, reader: Reader, before: Option<EndpointId>, size: PageSize) -> ServiceResult<Listed<Endpoint>> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(Listed::of(endpoints::list(&mut tx, reader.customer(), before, size).await?, size))
    }

    /// Those that are asked for, newest first, with whose they are. For operators.
    pub async fn endpoints_with_customers(
        &self,
        asked: &EndpointFilter,
        before: Option<EndpointId>,
        size: PageSize,
    ) -> ServiceResult<Listed<(Endpoint, Customer)>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let customer = match asked.customer {
            Some(id) => match customers::by_id(&mut tx, id).await? {
                Some(customer) => Some(customer.key),
                None => return Ok(Listed { rows: Vec::new(), has_more: false }),
            },
            None => None,
        };
        let asked = EndpointsAsked { customer, state: asked.state, failing: asked.failing };
        let listed = Listed::of(endpoints::find(&mut tx, &asked, before, size).await?, size);
        let keys: Vec<CustomerKey> = listed.rows.iter().map(|endpoint| endpoint.customer).collect();
        let customers = customers::by_keys(&mut tx, &keys).await?;
        let of = |endpoint: Endpoint| {
            let customer = customers.iter().find(|customer| customer.key == endpoint.customer)?.clone();
            Some((endpoint, customer))
        };
        Ok(Listed { has_more: listed.has_more, rows: listed.rows.into_iter().filter_map(of).collect() })
    }

    /// One with whose it is. For operators.
    pub async fn endpoint_with_customer(&self, id: EndpointId) -> ServiceResult<(Endpoint, Customer)> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let endpoint = one(&mut tx, Reader::Operator, id).await?;
        let customer = customers::by_keys(&mut tx, &[endpoint.customer]).await?.into_iter().next();
        Ok((endpoint, customer.ok_or(ServiceError::NotFound { what: "customer" })?))
    }

    /// A new secret, shown once. The old ones sign beside it for a day.
    pub async fn rotate_secret(&self, reader: Reader, id: EndpointId) -> ServiceResult<WebhookSecret> {
        reader.may(self, Action::ChangeSecrets)?;
        let mut tx = self.db().write().await?;
        let endpoint = one(&mut tx, reader, id).await?;
        let secret = self.rotate(&mut tx, endpoint.key).await?;
        reader.note(self, &mut tx, about(Deed::SecretRotated, &endpoint)).await?;
        tx.commit().await?;
        Ok(secret)
    }

    async fn rotate(&self, tx: &mut Tx, endpoint: EndpointKey) -> ServiceResult<WebhookSecret> {
        let (now, secret) = (self.now(), WebhookSecret::new(self.random()));
        endpoints::rotate_secret(tx, endpoint, &secret, now.plus_s(ROTATION_S), now).await?;
        Ok(secret)
    }

    /// Sends again from now on. What was canceled meanwhile stays so; it can be asked for again.
    pub async fn enable_endpoint(&self, reader: Reader, id: EndpointId) -> ServiceResult<Endpoint> {
        reader.may(self, Action::ChangeEndpoints)?;
        let mut tx = self.db().write().await?;
        let endpoint = one(&mut tx, reader, id).await?;
        endpoints::enable(&mut tx, endpoint.key).await?;
        reader.note(self, &mut tx, about(Deed::EndpointEnabled, &endpoint)).await?;
        let endpoint = one(&mut tx, reader, id).await?;
        tx.commit().await?;
        Ok(endpoint)
    }

    /// Nothing more is sent; what waits ends as canceled.
    pub async fn disable_endpoint(&self, reader: Reader, id: EndpointId) -> ServiceResult<Endpoint> {
        reader.may(self, Action::ChangeEndpoints)?;
        let now = self.now();
        let because = if reader.customer().is_some() { DisabledBecause::Customer } else { DisabledBecause::Operator };
        let mut tx = self.db().write().await?;
        let endpoint = one(&mut tx, reader, id).await?;
        if endpoints::disable(&mut tx, endpoint.key, because, None, now).await? {
            deliveries::cancel_of(&mut tx, endpoint.key, CanceledBecause::EndpointDisabled, now).await?;
            reader.note(self, &mut tx, about(Deed::EndpointDisabled, &endpoint)).await?;
        }
        let endpoint = one(&mut tx, reader, id).await?;
        tx.commit().await?;
        Ok(endpoint)
    }

    pub async fn delete_endpoint(&self, reader: Reader, id: EndpointId) -> ServiceResult<()> {
        reader.may(self, Action::ChangeEndpoints)?;
        let now = self.now();
        let mut tx = self.db().write().await?;
        let endpoint = one(&mut tx, reader, id).await?;
        endpoints::delete(&mut tx, endpoint.key, now).await?;
        deliveries::cancel_of(&mut tx, endpoint.key, CanceledBecause::EndpointDeleted, now).await?;
        reader.note(self, &mut tx, about(Deed::EndpointDeleted, &endpoint).before(shape(&endpoint))).await?;
        Ok(tx.commit().await?)
    }

    /// Sends a test event to one endpoint, by the way that all others take. It may be disabled.
    pub async fn test_endpoint(&self, reader: Reader, id: EndpointId) -> ServiceResult<DeliveryId> {
        reader.may(self, Action::ChangeEndpoints)?;
        let mut tx = self.db().write().await?;
        let endpoint = one(&mut tx, reader, id).await?;
        let delivery = self.send_test(&mut tx, endpoint.key, endpoint.customer, Trigger::Test).await?;
        reader.note(self, &mut tx, about(Deed::EndpointTested, &endpoint)).await?;
        tx.commit().await?;
        self.announce_delivery();
        Ok(delivery)
    }

    /// What operators were told, newest first, the latest 200; of one endpoint, or of all.
    pub async fn operator_events(&self, id: Option<EndpointId>) -> ServiceResult<Vec<OperatorEvent>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let endpoint = match id {
            Some(id) => Some(one(&mut tx, Reader::Operator, id).await?.key),
            None => None,
        };
        Ok(endpoints::told(&mut tx, endpoint, OPERATOR_EVENTS_MAX).await?)
    }

    pub(super) async fn send_test(
        &self,
        tx: &mut Tx,
        endpoint: EndpointKey,
        customer: CustomerKey,
        trigger: Trigger,
    ) -> ServiceResult<DeliveryId> {
        let now = self.now();
        let payload = TestNews::to_json();
        let event = EventId::new(now, self.random());
        let event = events::insert_one(tx, event, EventType::WebhookTest.as_str(), customer, &payload, now).await?;
        let id = DeliveryId::new(now, self.random());
        let delivery = NewDelivery { id, endpoint, event, customer, batch: None, trigger, canceled: None };
        deliveries::insert(tx, &[delivery], now, now).await?;
        Ok(id)
    }
}

pub(super) async fn one(tx: &mut Tx, reader: Reader, id: EndpointId) -> ServiceResult<Endpoint> {
    endpoints::by_id(tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "endpoint" })
}

fn about(deed: Deed, endpoint: &Endpoint) -> Note<'static> {
    Note::new(deed, ObjectKind::Endpoint, endpoint.id).of(endpoint.customer)
}

/// What can be changed of an endpoint.
fn shape(endpoint: &Endpoint) -> serde_json::Value {
    json!({"url": endpoint.url, "description": endpoint.description, "events": endpoint.subscription, "timeout_ms": endpoint.timeout_ms})
}
