//! API keys: who is calling, and how often they may.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::batch_list::Day;
use crate::domain::id::{ApiKeyKey, CustomerId, CustomerKey, KeyId};
use crate::domain::key::{ApiKeySecret, KeyRefusal, KeyTerms, Scope};
use crate::store::{Tx, customers, dialect, keys};

pub use crate::store::keys::{DayOfUse, ListedKey};

use super::audit::Note;
use super::once::{Once, answered};
use super::{Service, ServiceError, ServiceResult};

/// Who is calling. Only [`Service::authenticate`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub customer: CustomerKey,
    pub customer_id: CustomerId,
    pub api_key: ApiKeyKey,
    pub api_key_prefix: String,
    pub requests_per_min_max: i64,
}

/// What is left of the rate limit after a request was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    pub limit_per_min: i64,
    pub remaining: i64,
    /// Until the limit is whole again.
    pub reset_ms: i64,
}

/// A key that was just made. The secret is shown once.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub id: KeyId,
    pub secret: ApiKeySecret,
}

/// What a key is used for, and from where.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse<'u> {
    pub scope: Scope,
    /// Not known of requests that came by no connection.
    pub from: Option<IpAddr>,
    pub request_id: Option<&'u str>,
}

impl KeyUse<'_> {
    pub const fn of(scope: Scope) -> Self {
        Self { scope, from: None, request_id: None }
    }
}

/// The answer to a request for a key, as it is kept: without the secret.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Made {
    id: KeyId,
}

const MINUTE_US: i64 = 60_000_000;
/// Days for which the uses of keys are shown.
pub const USAGE_DAYS: i64 = 30;

impl Service {
    /// Who has this secret, if its key is good for what is asked.
    pub async fn authenticate(&self, secret: &str, asked: KeyUse<'_>) -> ServiceResult<Caller> {
        let found = match ApiKeySecret::parse(secret) {
            Ok(secret) => {
                let hash = sha256_hex(secret.reveal());
                let mut tx = self.db().glance().await?;
                let candidates = keys::by_prefix(&mut tx, secret.prefix()).await?;
                candidates.into_iter().find(|key| same(&key.secret_sha256, &hash)).map(|key| (key, secret))
            }
            Err(_) => None,
        };
        let Some((key, secret)) = found else {
            self.refused_key(None, KeyRefusal::Unknown, asked).await;
            return Err(ServiceError::Unauthenticated);
        };
        let admitted = if key.revoked { Err(KeyRefusal::Revoked) } else { key.terms.admit(self.now(), asked.from, asked.scope) };
        if let Err(refusal) = admitted {
            self.refused_key(Some(&key), refusal, asked).await;
            return Err(match refusal {
                KeyRefusal::Unknown | KeyRefusal::Revoked => ServiceError::Unauthenticated,
                KeyRefusal::Expired | KeyRefusal::Address | KeyRefusal::Scope => ServiceError::KeyRefused { refusal, scope: asked.scope },
            });
        }
        Ok(Caller {
            customer: key.customer,
            customer_id: key.customer_id,
            api_key: key.key,
            api_key_prefix: secret.prefix().to_owned(),
            requests_per_min_max: key.terms.requests_per_min_max,
        })
    }

    /// Counts one request of this key. A whole minute's requests may come at once; then they are free one by one.
    pub async fn admit(&self, caller: &Caller) -> ServiceResult<Admission> {
        let limit = caller.requests_per_min_max;
        let interval_us = MINUTE_US / limit;
        let now = self.now();
        let mut tx = self.db().write().await?;
        dialect::commit_without_waiting(&mut tx).await?;
        let counted = keys::count_request(&mut tx, caller.api_key, now, interval_us, MINUTE_US).await?;
        tx.commit().await?;
        self.inner.usage.count(caller.api_key, now, counted.is_ok());
        match counted {
            Ok(arrival) => {
                let ahead_us = arrival.micros_since(now).max(0);
                Ok(Admission { limit_per_min: limit, remaining: (MINUTE_US - ahead_us).max(0) / interval_us, reset_ms: ahead_us / 1_000 })
            }
            Err(arrival) => {
                let wait_us = arrival.micros_since(now) + interval_us - MINUTE_US;
                Err(ServiceError::RateLimited { limit_per_min: limit, retry_after_ms: (wait_us / 1_000).max(1) })
            }
        }
    }

    pub async fn add_key(&self, customer: CustomerId, name: &str, terms: &KeyTerms) -> ServiceResult<NewKey> {
        self.may(Action::ChangeKeys)?;
        let mut tx = self.db().write().await?;
        let made = self.insert_key(&mut tx, customer, name, terms).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// The same for a form, which makes one key however often it is sent. The secret is told the first time only.
    pub async fn add_key_once(&self, customer: CustomerId, name: &str, terms: &KeyTerms, once: Once<'_>) -> ServiceResult<Option<NewKey>> {
        self.may(Action::ChangeKeys)?;
        let mut tx = self.db().write().await?;
        if self.once::<Made>(&mut tx, once, &(customer, name, terms)).await?.is_some() {
            return Ok(None);
        }
        let made = self.insert_key(&mut tx, customer, name, terms).await?;
        answered(&mut tx, once, &Made { id: made.id }).await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    async fn insert_key(&self, tx: &mut Tx, customer: CustomerId, name: &str, terms: &KeyTerms) -> ServiceResult<NewKey> {
        let (now, name) = (self.now(), name.trim());
        terms.check(name, now).map_err(|error| ServiceError::Invalid { code: "invalid_request", message: format!("{error}.") })?;
        let (id, secret) = (KeyId::new(now, self.random()), ApiKeySecret::new(self.random()));
        let customer = customers::by_id(tx, customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        let secret_sha256 = sha256_hex(secret.reveal());
        let row = keys::NewKey { id, customer: customer.key, name, prefix: secret.prefix(), secret_sha256: &secret_sha256, terms };
        keys::insert(tx, &row, now).await?;
        let after = json!({"name": name, "prefix": secret.prefix(), "terms": terms});
        self.note(tx, Note::new(Deed::KeyAdded, ObjectKind::Key, id).of(customer.key).after(after)).await?;
        Ok(NewKey { id, secret })
    }

    /// A customer's keys, those in use first; the newest 200. Their uses are those of the last [`USAGE_DAYS`] days.
    pub async fn keys(&self, customer: CustomerKey) -> ServiceResult<Vec<ListedKey>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(keys::of_customer(&mut tx, customer, self.first_day_of_use()).await?)
    }

    /// Days on which a key of a customer was used, newest first, the last [`USAGE_DAYS`] days.
    pub async fn key_usage(&self, customer: CustomerKey, key: KeyId) -> ServiceResult<Vec<DayOfUse>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let key = keys::key_of(&mut tx, customer, key).await?.ok_or(ServiceError::NotFound { what: "key" })?;
        Ok(keys::days(&mut tx, key, self.first_day_of_use()).await?)
    }

    fn first_day_of_use(&self) -> Day {
        Day::of(self.now()).plus(1 - USAGE_DAYS)
    }

    /// From the next request on the key is not good any more. Revoking it twice is revoking it once.
    pub async fn revoke_key(&self, key: KeyId) -> ServiceResult<()> {
        self.may(Action::ChangeKeys)?;
        let mut tx = self.db().write().await?;
        let found = keys::for_update(&mut tx, key).await?.ok_or(ServiceError::NotFound { what: "key" })?;
        if !found.revoked {
            keys::revoke(&mut tx, found.key, self.now()).await?;
            let note = Note::new(Deed::KeyRevoked, ObjectKind::Key, key).of(found.customer);
            self.note(&mut tx, note.before(json!({"name": found.name, "terms": found.terms}))).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Hex SHA-256 of a text.
pub fn sha256_hex(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Compares two hashes in a time that does not depend on where they differ.
fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
