//! How much keys are used: counted in memory, and written down in groups every few seconds, so that no request waits for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::domain::access::{By, Who};
use crate::domain::audit::{ActorKind, Deed, ObjectKind};
use crate::domain::batch_list::Day;
use crate::domain::id::ApiKeyKey;
use crate::domain::key::KeyRefusal;
use crate::domain::time::Time;
use crate::store::keys::{self, FoundKey, Uses};

use super::audit::Note;
use super::keys::KeyUse;
use super::{Service, ServiceResult};

/// A refused key is recorded again for the same reason only after so long.
const RECORD_EVERY_US: i64 = 60_000_000;
/// Refusals that are remembered at most; beyond it nothing is recorded until some are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// Uses that are not written down yet, and refusals of the last minute.
#[derive(Debug, Default)]
pub(super) struct Usage {
    counted: Mutex<BTreeMap<(ApiKeyKey, Day), Uses>>,
    recorded: Mutex<HashMap<(Option<ApiKeyKey>, KeyRefusal), Time>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Usage {
    /// Counts a request of a key.
    pub(super) fn count(&self, key: ApiKeyKey, now: Time, admitted: bool) {
        let (requests, refused) = if admitted { (1, 0) } else { (0, 1) };
        self.add(Uses { key, day: Day::of(now), requests, refused, last_at: admitted.then_some(now) });
    }

    fn add(&self, more: Uses) {
        let mut counted = lock(&self.counted);
        let uses = counted.entry((more.key, more.day)).or_insert(Uses { requests: 0, refused: 0, last_at: None, ..more });
        uses.requests += more.requests;
        uses.refused += more.refused;
        uses.last_at = uses.last_at.max(more.last_at);
    }

    /// By key, then by day.
    fn take(&self) -> Vec<Uses> {
        std::mem::take(&mut *lock(&self.counted)).into_values().collect()
    }

    /// Whether this refusal is to be recorded: at most once a minute for the same key and reason.
    fn is_news(&self, key: Option<ApiKeyKey>, refusal: KeyRefusal, now: Time) -> bool {
        let mut recorded = lock(&self.recorded);
        if recorded.len() >= REMEMBERED_MAX {
            recorded.retain(|_, at| now.micros_since(*at) < RECORD_EVERY_US);
        }
        let known = recorded.get(&(key, refusal)).is_some_and(|at| now.micros_since(*at) < RECORD_EVERY_US);
        if known || recorded.len() >= REMEMBERED_MAX {
            return false;
        }
        recorded.insert((key, refusal), now);
        true
    }
}

impl Service {
    /// Writes down what was counted since the last time. What cannot be written now is kept for the next time.
    pub async fn keep_usage(&self) -> ServiceResult<()> {
        let uses = self.inner.usage.take();
        if uses.is_empty() {
            return Ok(());
        }
        let written = async {
            let mut tx = self.db().write().await?;
            keys::add_uses(&mut tx, &uses).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            for uses in uses {
                self.inner.usage.add(uses);
            }
            return Err(error.into());
        }
        Ok(())
    }

    /// Counts a key that was refused, and records it. A refusal that cannot be recorded is a refusal all the same.
    pub(super) async fn refused_key(&self, key: Option<&FoundKey>, refusal: KeyRefusal, asked: KeyUse<'_>) {
        let now = self.now();
        if let Some(key) = key {
            self.inner.usage.count(key.key, now, false);
        }
        if !self.inner.usage.is_news(key.map(|key| key.key), refusal, now) {
            return;
        }
        if let Err(error) = self.record_refusal(key, refusal, asked).await {
            tracing::warn!(%error, "a refused key could not be recorded");
        }
    }

    async fn record_refusal(&self, key: Option<&FoundKey>, refusal: KeyRefusal, asked: KeyUse<'_>) -> ServiceResult<()> {
        let request_id = asked.request_id.map(str::to_owned);
        let service = self.acting_for(By { who: Who::Nobody, request_id, address: asked.from });
        let object = (ObjectKind::Key, key.map(|key| key.id.to_string()));
        let after = Some(json!({"refused": refusal, "scope": asked.scope}));
        let note = Note { deed: Deed::KeyRefused, object, customer: key.map(|key| key.customer), before: None, after, reason: None };
        let (kind, id, name) = match key {
            Some(key) => (ActorKind::Key, Some(key.id.to_string()), key.name.clone()),
            None => (ActorKind::Nobody, None, "nobody".to_owned()),
        };
        let mut tx = self.db().write().await?;
        service.note_of(&mut tx, kind, id, name, note).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: ApiKeyKey = ApiKeyKey(7);

    #[test]
    fn uses_are_added_up_by_key_and_day() {
        let usage = Usage::default();
        let (today, tomorrow) = (Time::from_micros(5), Time::from_micros(5).plus_s(86_400));
        for (at, admitted) in [(today, true), (today, false), (today.plus_s(1), true), (tomorrow, false)] {
            usage.count(KEY, at, admitted);
        }
        let uses = usage.take();
        let day = |day, requests, refused, last_at| Uses { key: KEY, day: Day::of(day), requests, refused, last_at };
        assert_eq!(uses, [day(today, 2, 1, Some(today.plus_s(1))), day(tomorrow, 0, 1, None)]);
        assert!(usage.take().is_empty());
    }

    #[test]
    fn a_refusal_is_news_once_a_minute() {
        let usage = Usage::default();
        let now = Time::from_micros(0);
        assert!(usage.is_news(Some(KEY), KeyRefusal::Scope, now));
        assert!(!usage.is_news(Some(KEY), KeyRefusal::Scope, now.plus_s(59)));
        assert!(usage.is_news(Some(KEY), KeyRefusal::Address, now.plus_s(59)), "another reason");
        assert!(usage.is_news(None, KeyRefusal::Unknown, now.plus_s(59)), "another key");
        assert!(usage.is_news(Some(KEY), KeyRefusal::Scope, now.plus_s(60)));
    }
}
