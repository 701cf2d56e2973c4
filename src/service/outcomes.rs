//! How attempts at endpoints end: over time, and as the health of each endpoint. Reads counters that the sender keeps.

use std::collections::BTreeMap;

use crate::domain::access::Action;
use crate::domain::id::{CustomerId, EndpointId, EndpointKey};
use crate::domain::webhook::outcome::{Count, HealthFigures, Outcomes, Span};
use crate::store::outcomes::{self, Of};
use crate::store::{customers, endpoints};

use super::{Service, ServiceError, ServiceResult};

/// The window in which an endpoint's health is measured: this hour and the hours before it.
pub const HEALTH_WINDOW_H: i64 = 24;
const HOUR_US: i64 = 3_600_000_000;

impl Service {
    /// Of one endpoint, of one customer's endpoints, or of all. An id of nothing has no attempts.
    pub async fn outcomes(&self, endpoint: Option<EndpointId>, customer: Option<CustomerId>, span: Span) -> ServiceResult<Outcomes> {
        self.may(Action::Read)?;
        let now = self.now();
        let mut outcomes = Outcomes::empty(span, now);
        let mut tx = self.db().read().await?;
        let of = match (endpoint, customer) {
            (Some(id), _) => endpoints::key_of(&mut tx, id).await?.map(Of::Endpoint),
            (None, Some(id)) => customers::by_id(&mut tx, id).await?.map(|customer| Of::Customer(customer.key)),
            (None, None) => Some(Of::All),
        };
        let Some(of) = of else { return Ok(outcomes) };
        for (at, outcome, attempts) in outcomes::over_time(&mut tx, of, outcomes.from, outcomes.step_s * 1_000_000).await? {
            outcomes.add(at, outcome, attempts);
        }
        Ok(outcomes)
    }

    /// How well these endpoints did in the last 24 hours. Those without attempts are left out.
    pub async fn health_of(&self, keys: &[EndpointKey]) -> ServiceResult<BTreeMap<EndpointKey, HealthFigures>> {
        self.may(Action::Read)?;
        let hour = self.now().micros().div_euclid(HOUR_US);
        let since = crate::domain::time::Time::from_micros((hour - HEALTH_WINDOW_H + 1) * HOUR_US);
        let mut tx = self.db().read().await?;
        let mut counts: BTreeMap<EndpointKey, Vec<Count>> = BTreeMap::new();
        for (key, count) in outcomes::of_endpoints(&mut tx, keys, since).await.map_err(ServiceError::from)? {
            counts.entry(key).or_default().push(count);
        }
        Ok(counts.into_iter().map(|(key, counts)| (key, HealthFigures::of(&counts))).collect())
    }
}
