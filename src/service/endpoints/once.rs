//! What operators do to endpoints by forms that may be sent twice: each has one effect. A new secret is shown once, on a page
//! whose address carries a token; the token is good for one look within ten minutes.

use serde::{Deserialize, Serialize};

use crate::domain::access::Action;
use crate::domain::audit::Deed;
use crate::domain::id::{CustomerId, DeliveryId, EndpointId, EndpointKey};
use crate::domain::webhook::{EndpointSource, Trigger, WebhookSecret};
use crate::store::{Tx, customers, endpoints};

pub use crate::store::endpoints::SecretLife;

use super::{about, one, shape};
use crate::service::endpoints::EndpointFields;
use crate::service::keys::sha256_hex;
use crate::service::once::{Once, answered};
use crate::service::{Reader, Service, ServiceError, ServiceResult};

const REVEAL_S: i64 = 600;

/// A secret that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecret {
    pub endpoint: EndpointId,
    /// Shows it, once.
    pub reveal: String,
}

impl Service {
    /// A new endpoint of a customer.
    pub async fn add_endpoint_once(&self, customer: CustomerId, fields: EndpointFields, once: Once<'_>) -> ServiceResult<NewSecret> {
        self.may(Action::ChangeSecrets)?;
        self.check_fields(&fields)?;
        let asked = ("add_endpoint", customer, &fields.url, &fields.description, fields.subscription.to_text(), fields.timeout_ms);
        let mut tx = self.db().write().await?;
        if let Some(before) = self.once(&mut tx, once, &asked).await? {
            return Ok(before);
        }
        let customer = customers::by_id(&mut tx, customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        let (now, secret) = (self.now(), WebhookSecret::new(self.random()));
        self.check_room(&mut tx, customer.key).await?;
        let id = EndpointId::new(now, self.random());
        let key = endpoints::insert(&mut tx, id, customer.key, EndpointSource::Registered, &fields, &secret, now).await?;
        let endpoint = one(&mut tx, Reader::Operator, id).await?;
        self.note(&mut tx, about(Deed::EndpointAdded, &endpoint).after(shape(&endpoint))).await?;
        let made = self.to_be_revealed(&mut tx, id, key).await?;
        answered(&mut tx, once, &made).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// A new secret; the ones before it sign beside it for a day.
    pub async fn rotate_secret_once(&self, id: EndpointId, once: Once<'_>) -> ServiceResult<NewSecret> {
        self.may(Action::ChangeSecrets)?;
        let mut tx = self.db().write().await?;
        if let Some(before) = self.once(&mut tx, once, &("rotate_secret", id)).await? {
            return Ok(before);
        }
        let endpoint = one(&mut tx, Reader::Operator, id).await?;
        self.rotate(&mut tx, endpoint.key).await?;
        self.note(&mut tx, about(Deed::SecretRotated, &endpoint)).await?;
        let made = self.to_be_revealed(&mut tx, id, endpoint.key).await?;
        answered(&mut tx, once, &made).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// A test event.
    pub async fn test_endpoint_once(&self, id: EndpointId, once: Once<'_>) -> ServiceResult<DeliveryId> {
        self.may(Action::ChangeEndpoints)?;
        let mut tx = self.db().write().await?;
        if let Some(before) = self.once(&mut tx, once, &("test_endpoint", id)).await? {
            return Ok(before);
        }
        let endpoint = one(&mut tx, Reader::Operator, id).await?;
        let delivery = self.send_test(&mut tx, endpoint.key, endpoint.customer, Trigger::Test).await?;
        self.note(&mut tx, about(Deed::EndpointTested, &endpoint)).await?;
        answered(&mut tx, once, &delivery).await?;
        tx.commit().await?;
        self.announce_delivery();
        Ok(delivery)
    }

    async fn to_be_revealed(&self, tx: &mut Tx, endpoint: EndpointId, key: EndpointKey) -> ServiceResult<NewSecret> {
        let (now, reveal) = (self.now(), self.new_token());
        endpoints::add_reveal(tx, key, &sha256_hex(&reveal), now.plus_s(REVEAL_S), now).await?;
        Ok(NewSecret { endpoint, reveal })
    }

    /// The secret that a token shows; `None` when it was shown, or is too old.
    pub async fn reveal_secret(&self, id: EndpointId, token: &str) -> ServiceResult<Option<WebhookSecret>> {
        self.may_prepare(Action::ChangeSecrets)?;
        let mut tx = self.db().write().await?;
        let endpoint = one(&mut tx, Reader::Operator, id).await?;
        let secret = endpoints::reveal(&mut tx, endpoint.key, &sha256_hex(token), self.now()).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// The secrets that sign now, newest first: when each was made, and until when it signs.
    pub async fn secret_lives(&self, key: EndpointKey) -> ServiceResult<Vec<SecretLife>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(endpoints::secret_lives(&mut tx, key, self.now()).await?)
    }
}
