//! Telling customers what happened: events become deliveries, deliveries are taken to be sent, and what came of it is recorded.
//! Nothing here reads or moves money.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::id::{CustomerKey, DeliveryId, EndpointId, EndpointKey, EventKey};
use crate::domain::time::Time;
use crate::domain::webhook::outcome::{Outcome, bound_ms};
use crate::domain::webhook::{
    AfterAttempt, AttemptClass, CanceledBecause, DeliveryState, DisabledBecause, Endpoint, EndpointSource, EndpointState, EventType,
    HealthStep, PROBE_EVERY_S, Schedule, Subscription, TIMEOUT_MS, Trigger, WebhookSecret, after_attempt, health_step,
};
use crate::store::deliveries::{DueRow, NewDelivery, QueuedEvent, Recorded};
use crate::store::endpoints::{EndpointFields, Tally};
use crate::store::outcomes::HourCount;
use crate::store::{Tx, deliveries, endpoints, outcomes, replays};

pub use crate::store::deliveries::Letter;

use super::events::Message;
use super::{Service, ServiceResult};

/// Events that one call turns into deliveries at most.
const FAN_OUT_MAX: i64 = 500;
/// Endpoints that are looked at in one round at most.
const ENDPOINTS_IN_ROUND: i64 = 5_000;
/// Endpoints whose health one call looks after at most.
const HEALTH_MAX: i64 = 200;
/// Taken and not recorded for so long, a delivery is lost and goes to whoever looks next. Longer than any attempt.
pub const LOST_AFTER_MS: i64 = 60_000;
/// An endpoint at which everything fails is tried by so many letters at once, until one arrives: many of them that hang together
/// leave the places to all others.
const FAILING_EACH: usize = 1;
const HOUR_US: i64 = 3_600_000_000;
const DAY_S: i64 = 24 * 3_600;

/// How much may be sent at once.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Letters on their way at once, over all endpoints.
    pub total: usize,
    /// Of those, retries: first tries always find a place.
    pub retries: usize,
    /// To one endpoint: who hangs holds up nobody else. Where everything fails lately it is [`FAILING_EACH`].
    pub each: usize,
}

/// A letter with what signs it, newest secret first.
#[derive(Clone, Debug)]
pub struct Signed {
    pub letter: Letter,
    pub secrets: Vec<WebhookSecret>,
    pub is_retry: bool,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Sent {
    pub letter: Letter,
    pub class: AttemptClass,
    pub requested_at: Time,
    pub responded_at: Option<Time>,
    pub signature: String,
    pub http_status: Option<i32>,
    pub retry_after_s: Option<i64>,
    pub response_headers: Option<String>,
    pub response_body: Option<String>,
    pub error: Option<String>,
    pub finished_at: Time,
    /// 0 to 1,000: how much of the jitter is added.
    pub jitter_permille: i64,
}

impl Signed {
    /// What is sent.
    pub fn message(&self) -> Message<'_> {
        let Letter { kind, happened_at, event, batch, payload, .. } = &self.letter;
        let batch = batch.as_ref().map(|(id, key)| (*id, key.as_str()));
        Message { kind, happened_at: *happened_at, event: *event, batch, payload }
    }
}

impl Service {
    /// Makes the deliveries of queued events. Returns how many events that were; call again until none.
    pub async fn fan_out(&self) -> ServiceResult<usize> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        let queued = deliveries::queued(&mut tx, FAN_OUT_MAX).await?;
        if queued.is_empty() {
            return Ok(0);
        }
        let customers: BTreeSet<CustomerKey> = queued.iter().map(|event| event.customer).collect();
        let mut known = endpoints::of_customers(&mut tx, &customers.into_iter().collect::<Vec<_>>()).await?;
        self.add_endpoints_of_batches(&mut tx, &queued, &mut known).await?;
        let made: Vec<NewDelivery> = queued.iter().flat_map(|event| self.deliveries_of(event, &known, now)).collect();
        deliveries::insert(&mut tx, &made, now, now).await?;
        let keys: Vec<EventKey> = queued.iter().map(|event| event.event).collect();
        deliveries::unqueue(&mut tx, &keys).await?;
        tx.commit().await?;
        Ok(keys.len())
    }

    /// A batch may name an address that nobody registered: it becomes an endpoint for the batches that name it.
    async fn add_endpoints_of_batches(&self, tx: &mut Tx, queued: &[QueuedEvent], known: &mut Vec<Endpoint>) -> ServiceResult<()> {
        let now = self.now();
        for event in queued {
            let Some(url) = &event.webhook_url else { continue };
            if known.iter().any(|endpoint| endpoint.customer == event.customer && endpoint.url == *url) {
                continue;
            }
            let fields = EndpointFields {
                url: url.clone(),
                description: String::new(),
                subscription: Subscription::default(),
                timeout_ms: TIMEOUT_MS,
            };
            let (id, secret) = (EndpointId::new(now, self.random()), WebhookSecret::new(self.random()));
            endpoints::insert(tx, id, event.customer, EndpointSource::Batch, &fields, &secret, now).await?;
            known.extend(endpoints::by_id(tx, Some(event.customer), id).await?);
        }
        Ok(())
    }

    fn deliveries_of(&self, event: &QueuedEvent, known: &[Endpoint], now: Time) -> Vec<NewDelivery> {
        let Some(kind) = event.kind.filter(|kind| *kind != EventType::WebhookTest) else { return Vec::new() };
        let wanted = known.iter().filter(|endpoint| {
            let named = event.webhook_url.as_deref() == Some(endpoint.url.as_str());
            let listens = endpoint.source == EndpointSource::Registered || named;
            endpoint.customer == event.customer && listens && endpoint.subscription.wants(kind)
        });
        wanted
            .map(|endpoint| NewDelivery {
                id: DeliveryId::new(now, self.random()),
                endpoint: endpoint.key,
                event: event.event,
                customer: event.customer,
                batch: event.batch,
                trigger: Trigger::Scheduled,
                canceled: (endpoint.status.state() == EndpointState::Disabled).then_some(CanceledBecause::EndpointDisabled),
            })
            .collect()
    }

    /// Takes what is due and finds room, and records an attempt for each. `busy` counts what is on its way to each endpoint.
    pub async fn take_letters(&self, sender: i64, busy: &HashMap<EndpointKey, usize>, room: Room) -> ServiceResult<Vec<Signed>> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        let mut due = deliveries::due_endpoints(&mut tx, now, ENDPOINTS_IN_ROUND).await?;
        let failing: BTreeSet<EndpointKey> = due.iter().filter(|(_, failing)| *failing).map(|(endpoint, _)| *endpoint).collect();
        let places = |endpoint: &EndpointKey| if failing.contains(endpoint) { FAILING_EACH } else { room.each };
        due.retain(|(endpoint, _)| busy.get(endpoint).copied().unwrap_or(0) < places(endpoint));
        if due.is_empty() || room.total == 0 {
            return Ok(Vec::new());
        }
        let (each, keys) = (i64::try_from(room.each).unwrap_or(1), due.iter().map(|(endpoint, _)| *endpoint).collect::<Vec<_>>());
        let rows = choose(deliveries::due(&mut tx, &keys, now, each).await?, busy, room, places);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let letters = deliveries::take(&mut tx, sender, &rows, now.plus_ms(LOST_AFTER_MS), now).await?;
        let keys: BTreeSet<EndpointKey> = letters.iter().map(|letter| letter.endpoint).collect();
        let secrets = endpoints::secrets(&mut tx, &keys.into_iter().collect::<Vec<_>>(), now).await?;
        tx.commit().await?;
        let retries: BTreeSet<_> = rows.iter().filter(|row| row.is_retry).map(|row| row.delivery).collect();
        Ok(letters
            .into_iter()
            .map(|letter| Signed {
                secrets: secrets.iter().filter(|(key, _)| *key == letter.endpoint).map(|(_, secret)| secret.clone()).collect(),
                is_retry: retries.contains(&letter.delivery),
                letter,
            })
            .collect())
    }

    /// Records what came of a group of attempts.
    pub async fn record_sent(&self, sender: i64, sent: &[Sent], schedule: &Schedule) -> ServiceResult<()> {
        let now = self.now();
        let rows: Vec<Recorded> = sent.iter().map(|sent| recorded(sent, schedule)).collect();
        let touched: BTreeSet<EndpointKey> = sent.iter().map(|sent| sent.letter.endpoint).collect();
        let mut tx = self.db().write().await?;
        endpoints::hold(&mut tx, &touched.into_iter().collect::<Vec<_>>()).await?;
        let in_replay: Vec<&Recorded> = sent.iter().zip(&rows).filter_map(|(sent, row)| sent.letter.in_replay.then_some(row)).collect();
        if !in_replay.is_empty() {
            replays::count(&mut tx, sender, &in_replay).await?;
        }
        deliveries::record(&mut tx, sender, &rows).await?;
        outcomes::count(&mut tx, &counted(sent)).await?;
        let tallies = tallies(sent);
        if !tallies.is_empty() {
            let recovering: Vec<EndpointKey> = tallies.iter().filter(|row| row.any_success).map(|row| row.endpoint).collect();
            self.recover(&mut tx, &recovering).await?;
            endpoints::tally(&mut tx, &tallies, Time::from_micros(now.micros() / HOUR_US * HOUR_US)).await?;
        }
        for sent in sent.iter().filter(|sent| sent.class == AttemptClass::Gone) {
            let text = format!("{} answered 410: it wants no more.", sent.letter.url);
            self.disable(&mut tx, sent.letter.endpoint, DisabledBecause::Gone, &text).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn disable(&self, tx: &mut Tx, endpoint: EndpointKey, because: DisabledBecause, text: &str) -> ServiceResult<()> {
        let now = self.now();
        let probe_at = (because == DisabledBecause::Failing).then(|| now.plus_s(PROBE_EVERY_S));
        if endpoints::disable(tx, endpoint, because, probe_at, now).await? {
            deliveries::cancel_of(tx, endpoint, CanceledBecause::EndpointDisabled, now).await?;
            endpoints::tell(tx, "endpoint.disabled", endpoint, text, now).await?;
        }
        Ok(())
    }

    /// A success enables what was disabled because it failed, and takes warnings back.
    async fn recover(&self, tx: &mut Tx, succeeded: &[EndpointKey]) -> ServiceResult<()> {
        for (endpoint, url, was_disabled) in endpoints::recovering(tx, succeeded).await? {
            if was_disabled {
                endpoints::enable(tx, endpoint).await?;
            }
            let text = format!("{url} answers again{}.", if was_disabled { " and is enabled" } else { "" });
            endpoints::tell(tx, "endpoint.recovered", endpoint, &text, self.now()).await?;
        }
        Ok(())
    }

    /// Warns about endpoints, announces that they will be disabled, disables them, and tries disabled ones. Returns how many
    /// steps that were.
    pub async fn look_after_endpoints(&self) -> ServiceResult<usize> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        let mut steps = 0;
        for (endpoint, url, health) in endpoints::failing(&mut tx, now.plus_s(-DAY_S), HEALTH_MAX).await? {
            let Some(step) = health_step(health, now) else { continue };
            steps += 1;
            match step {
                HealthStep::Warn => {
                    endpoints::note(&mut tx, endpoint, Some(now), None).await?;
                    let text = format!("{url}: {} first tries failed within a day.", health.first_failures);
                    endpoints::tell(&mut tx, "endpoint.warned", endpoint, &text, now).await?;
                }
                HealthStep::Announce(at) => {
                    endpoints::note(&mut tx, endpoint, Some(now), Some(now)).await?;
                    let text = format!("{url} will be disabled at {at} unless it answers: everything failed for days.");
                    endpoints::tell(&mut tx, "endpoint.announced", endpoint, &text, now).await?;
                }
                HealthStep::Disable => {
                    let text = format!("{url} is disabled: everything failed for five days. It is tried again every six hours.");
                    self.disable(&mut tx, endpoint, DisabledBecause::Failing, &text).await?;
                }
            }
        }
        for (endpoint, customer) in endpoints::take_probes(&mut tx, now, now.plus_s(PROBE_EVERY_S), HEALTH_MAX).await? {
            self.send_test(&mut tx, endpoint, customer, Trigger::Probe).await?;
            steps += 1;
        }
        tx.commit().await?;
        Ok(steps)
    }
}

/// Fills the room: endpoints take turns, first tries before retries, and retries leave room for first tries.
fn choose(mut due: Vec<DueRow>, busy: &HashMap<EndpointKey, usize>, room: Room, places: impl Fn(&EndpointKey) -> usize) -> Vec<DueRow> {
    due.sort_by_key(|row| row.is_retry);
    let mut on_way = busy.clone();
    let mut chosen = Vec::new();
    let mut retries = 0;
    // In turns: the first of each endpoint, then the second of each.
    for turn in 1..=room.each {
        due.retain(|row| {
            let count = on_way.entry(row.endpoint).or_default();
            let fits = chosen.len() < room.total && *count < turn.min(places(&row.endpoint)) && (!row.is_retry || retries < room.retries);
            if fits {
                *count += 1;
                retries += usize::from(row.is_retry);
                chosen.push(*row);
            }
            !fits
        });
    }
    chosen
}

fn recorded(sent: &Sent, schedule: &Schedule) -> Recorded {
    let letter = &sent.letter;
    // A probe is one try; the next one is hours away.
    let after = match after_attempt(schedule, sent.class, letter.failures, sent.retry_after_s, sent.jitter_permille) {
        AfterAttempt::Retry { .. } if letter.trigger == Trigger::Probe => AfterAttempt::Exhausted,
        after => after,
    };
    let (state, next_attempt_at, canceled) = match after {
        AfterAttempt::Succeeded => (DeliveryState::Succeeded, None, None),
        AfterAttempt::Retry { after_s } => (DeliveryState::Pending, Some(sent.finished_at.plus_s(after_s)), None),
        AfterAttempt::Exhausted => (DeliveryState::Exhausted, None, None),
        AfterAttempt::Gone => (DeliveryState::Canceled, None, Some(CanceledBecause::EndpointDisabled)),
    };
    let failed = !sent.class.is_success() && !sent.class.is_ours();
    Recorded {
        delivery: letter.delivery,
        attempt: letter.attempt,
        class: sent.class,
        requested_at: sent.requested_at,
        responded_at: sent.responded_at,
        signature: sent.signature.clone(),
        http_status: sent.http_status,
        retry_after_s: sent.retry_after_s,
        response_headers: sent.response_headers.clone(),
        response_body: sent.response_body.clone(),
        error: sent.error.clone(),
        finished_at: sent.finished_at,
        state,
        failures: letter.failures + i32::from(failed),
        next_attempt_at,
        canceled,
    }
}

/// What a group says of each endpoint. Faults of ours say nothing.
fn tallies(sent: &[Sent]) -> Vec<Tally> {
    let mut tallies: BTreeMap<EndpointKey, Tally> = BTreeMap::new();
    let mut in_order: Vec<&Sent> = sent.iter().filter(|sent| !sent.class.is_ours()).collect();
    in_order.sort_by_key(|sent| sent.finished_at);
    for sent in in_order {
        let endpoint = sent.letter.endpoint;
        let none = Tally { endpoint, succeeded: 0, failed: 0, first_failed: 0, failing_since: None, any_success: false };
        let tally = tallies.entry(endpoint).or_insert(none);
        if sent.class.is_success() {
            tally.succeeded += 1;
            tally.any_success = true;
            tally.failing_since = None;
        } else {
            tally.failed += 1;
            tally.first_failed += i64::from(sent.letter.failures == 0);
            tally.failing_since = tally.failing_since.or(Some(sent.finished_at));
        }
    }
    tallies.into_values().collect()
}

/// How many ended how, by endpoint and hour.
fn counted(sent: &[Sent]) -> Vec<HourCount> {
    let mut counts = BTreeMap::new();
    for sent in sent {
        let hour = Time::from_micros(sent.finished_at.micros() / HOUR_US * HOUR_US);
        let took_ms = bound_ms(sent.finished_at.micros_since(sent.requested_at) / 1_000);
        *counts.entry((sent.letter.endpoint, hour, Outcome::of(sent.class), took_ms)).or_insert(0) += 1;
    }
    let count = |((endpoint, hour, outcome, took_ms), attempts)| HourCount { endpoint, hour, outcome, took_ms, attempts };
    counts.into_iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::DeliveryKey;

    fn due(endpoint: i64, count: i64, is_retry: bool) -> Vec<DueRow> {
        let row = |n| DueRow { delivery: DeliveryKey(endpoint * 1_000 + n), endpoint: EndpointKey(endpoint), is_retry, was_taken: false };
        (0..count).map(row).collect()
    }

    fn count_of(chosen: &[DueRow], endpoint: i64) -> usize {
        chosen.iter().filter(|row| row.endpoint == EndpointKey(endpoint)).count()
    }

    #[test]
    fn endpoints_take_turns_within_their_room() {
        let room = Room { total: 10, retries: 10, each: 4 };
        let chosen = choose([due(1, 100, false), due(2, 100, false), due(3, 1, false)].concat(), &HashMap::new(), room, |_| room.each);
        assert_eq!([1, 2, 3].map(|endpoint| count_of(&chosen, endpoint)), [4, 4, 1]);
        let busy = HashMap::from([(EndpointKey(1), 3), (EndpointKey(2), 4)]);
        let chosen = choose([due(1, 100, false), due(2, 100, false)].concat(), &busy, room, |_| room.each);
        assert_eq!([1, 2].map(|endpoint| count_of(&chosen, endpoint)), [1, 0]);
    }

    #[test]
    fn where_everything_fails_one_letter_tries() {
        let room = Room { total: 10, retries: 10, each: 4 };
        let places = |endpoint: &EndpointKey| if endpoint.0 == 1 { FAILING_EACH } else { room.each };
        let chosen = choose([due(1, 100, false), due(2, 100, false)].concat(), &HashMap::new(), room, places);
        assert_eq!([1, 2].map(|endpoint| count_of(&chosen, endpoint)), [1, 4]);
    }

    #[test]
    fn retries_leave_room_for_first_tries() {
        let room = Room { total: 8, retries: 3, each: 8 };
        let chosen = choose([due(1, 20, true), due(2, 2, false)].concat(), &HashMap::new(), room, |_| room.each);
        assert_eq!([1, 2].map(|endpoint| count_of(&chosen, endpoint)), [3, 2]);
        assert!(!chosen[0].is_retry, "first tries come first");
    }
}
