//! API keys: who is calling, and how often they may.

use sha2::{Digest, Sha256};

use crate::domain::access::Action;
use crate::domain::id::{ApiKeyKey, CustomerId, CustomerKey, KeyId};
use crate::domain::key::ApiKeySecret;
use crate::store::{customers, dialect, keys};

pub use crate::store::keys::ListedKey;

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

const MINUTE_US: i64 = 60_000_000;

impl Service {
    pub async fn authenticate(&self, secret: &str) -> ServiceResult<Caller> {
        let secret = ApiKeySecret::parse(secret).map_err(|_| ServiceError::Unauthenticated)?;
        let hash = sha256_hex(secret.reveal());
        let mut tx = self.db().read().await?;
        let candidates = keys::good_by_prefix(&mut tx, secret.prefix()).await?;
        let good = candidates.into_iter().find(|key| same(&key.secret_sha256, &hash)).ok_or(ServiceError::Unauthenticated)?;
        Ok(Caller {
            customer: good.customer,
            customer_id: good.customer_id,
            api_key: good.key,
            api_key_prefix: secret.prefix().to_owned(),
            requests_per_min_max: good.requests_per_min_max,
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

    pub async fn add_key(&self, customer: CustomerId, name: &str, requests_per_min_max: i64) -> ServiceResult<NewKey> {
        self.may(Action::ChangeKeys)?;
        if name.trim().is_empty() || requests_per_min_max < 1 {
            let message = "A key has a name and allows at least one request a minute.".to_owned();
            return Err(ServiceError::Invalid { code: "invalid_key", message });
        }
        let now = self.now();
        let (id, secret) = (KeyId::new(now, self.random()), ApiKeySecret::new(self.random()));
        let mut tx = self.db().write().await?;
        let customer = customers::by_id(&mut tx, customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        let secret_sha256 = sha256_hex(secret.reveal());
        let row =
            keys::NewKey { id, customer: customer.key, name, prefix: secret.prefix(), secret_sha256: &secret_sha256, requests_per_min_max };
        keys::insert(&mut tx, &row, now).await?;
        tx.commit().await?;
        Ok(NewKey { id, secret })
    }

    /// A customer's keys, those in use first; the newest 200.
    pub async fn keys(&self, customer: CustomerKey) -> ServiceResult<Vec<ListedKey>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(keys::of_customer(&mut tx, customer).await?)
    }

    /// From the next request on the key is not good any more.
    pub async fn revoke_key(&self, key: KeyId) -> ServiceResult<()> {
        self.may(Action::ChangeKeys)?;
        let mut tx = self.db().write().await?;
        let found = keys::revoke(&mut tx, key, self.now()).await?;
        tx.commit().await?;
        if found { Ok(()) } else { Err(ServiceError::NotFound { what: "key" }) }
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
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
