//! The way of one task: submit, accept, poll, end. Everything that is written on it goes through the worker's groups.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::attempt::{BillingRule, CancelAnswer, Evidence, Fault, Order, Polled, Retry, Submitted};
use crate::domain::failure::FailureType;
use crate::domain::id::{RouteKey, TaskKey};
use crate::domain::money::Money;
use crate::domain::price::Route;
use crate::domain::time::Time;
use crate::providers::Provider;
use crate::service::dispatch::{Accepted, Claimed, Places};
use crate::service::settle::{Ended, Outcome};
use crate::service::workers::Adopted;

use super::desk::Desk;
use super::step::{Step, reached};

/// A task on its way.
#[derive(Debug)]
pub struct Flight {
    pub task: TaskKey,
    attempt: i32,
    pub route: RouteKey,
    provider: String,
    unit_cost: Money,
    billing: BillingRule,
    /// The attempt fails when it is not over by then.
    deadline: Time,
    /// Nothing more is tried for the task after this: its first attempt's deadline.
    task_deadline: Time,
    leg: Leg,
}

#[derive(Debug)]
enum Leg {
    /// To be sent.
    Submit(Box<Order>),
    /// Taken by the provider; taken over from another worker.
    Poll { provider_job: String },
    /// Perhaps taken; nobody knows under which name.
    Unknown(Evidence),
}

/// Pause when a provider asks for less and does not say for how long.
const THROTTLE_PAUSE_MS: i64 = 2_000;
/// Pauses between tries to write an end that the database refuses.
const REFUSED_PAUSES_MS: [u64; 3] = [100, 500, 2_000];
const REFUSED_PAUSE_MAX_MS: u64 = 60_000;
/// A job counts as lost after so many denials, if they lasted long enough.
const NOT_FOUND_TRIES: u32 = 3;
/// A job that was given up is asked after so many times more, to note a late result.
const LATE_POLLS: u32 = 10;

impl Flight {
    pub fn claimed(claimed: Claimed, place: &Places) -> Self {
        let leg = Leg::Submit(Box::new(claimed.order));
        Self::new(claimed.task, claimed.attempt, &place.route, place.deadline_s, claimed.started_at, leg)
    }

    pub fn adopted(adopted: Adopted, route: &Route, deadline_s: i64) -> Self {
        let leg = match adopted.provider_job {
            Some(provider_job) => Leg::Poll { provider_job },
            None => Leg::Unknown(Evidence { rule: Some("taken over before an answer was stored".to_owned()), ..Evidence::default() }),
        };
        Self {
            deadline: adopted.sent_at.plus_s(deadline_s),
            ..Self::new(adopted.task, adopted.attempt, route, deadline_s, adopted.sent_at, leg)
        }
    }

    fn new(task: TaskKey, attempt: i32, route: &Route, deadline_s: i64, started_at: Time, leg: Leg) -> Self {
        let task_deadline = started_at.plus_s(deadline_s);
        Self {
            task,
            attempt,
            route: route.key,
            provider: route.provider.clone(),
            unit_cost: route.unit_cost,
            billing: route.billing,
            deadline: task_deadline,
            task_deadline,
            leg,
        }
    }
}

/// The end of a task that is not tried again.
fn fails(failure: FailureType, evidence: Evidence) -> Outcome {
    Outcome::Failed(Fault { failure, party: failure.usual_party(), evidence, retry: Retry::Never })
}

/// What few flights do has its own place on the heap, so that all the others are small.
fn rarely<F: Future>(rare: F) -> Pin<Box<F>> {
    Box::pin(rare)
}

/// Sends a task on its way. On the heap: the runtime would move it about.
pub fn depart(desk: &Arc<Desk>, flight: Flight) {
    desk.flights.spawn(Box::pin(fly(Arc::clone(desk), flight)));
}

/// Flies one task to its end, or leaves it where it is when the worker stops.
async fn fly(desk: Arc<Desk>, mut flight: Flight) {
    let (route, task) = (flight.route, flight.task);
    let outcome = tokio::select! {
        () = desk.abandon.cancelled() => None,
        // On the heap by itself, and given back before the end is written: that may take a while, and is little to remember.
        outcome = Box::pin(way(&desk, &mut flight)) => outcome,
    };
    desk.arrives(route, task.batch);
    let Some(outcome) = outcome else { return };
    let gave_up = matches!(&outcome, Outcome::Failed(fault) if fault.failure == FailureType::Timeout);
    let Flight { task, attempt, unit_cost, billing, .. } = flight;
    let ended = Ended { task, attempt, unit_cost, billing, at: desk.service.now(), outcome };
    if end(&desk, ended).await.is_none() {
        return;
    }
    desk.forget(task);
    if gave_up {
        rarely(watch_for_late_result(&desk, &flight)).await;
    }
}

/// Writes the end of a task. The database may refuse it, where a rule or a text stands in the way: it is tried a few times, then
/// the task fails as a fault of ours, with its credits given back and the refusal as its evidence; and if that is refused too, it
/// is tried for as long as the worker lives. `None` when the worker stopped.
async fn end(desk: &Desk, ended: Ended) -> Option<()> {
    let mut ended = Arc::new(ended);
    let mut refusals = 0;
    while desk.ends.write(Arc::clone(&ended)).await.is_none() {
        refusals += 1;
        let pause_ms = REFUSED_PAUSES_MS.get(refusals - 1).copied().unwrap_or(REFUSED_PAUSE_MAX_MS);
        tokio::select! {
            () = desk.abandon.cancelled() => return None,
            () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
        }
        if refusals == REFUSED_PAUSES_MS.len() {
            tracing::error!(task = ?ended.task, attempt = ended.attempt, "the books refuse how this task ended; it is failed and refunded instead");
            let evidence = Evidence { rule: Some("the books refused how it ended".to_owned()), ..Evidence::default() };
            Arc::make_mut(&mut ended).outcome = fails(FailureType::PlatformError, evidence);
        }
    }
    Some(())
}

/// `None` when the worker stopped, or the task is no longer its own.
async fn way(desk: &Desk, flight: &mut Flight) -> Option<Outcome> {
    let Some(provider) = desk.providers.get(&flight.provider) else {
        return wait_until(desk, flight.deadline).await.map(|()| fails(FailureType::PlatformError, Evidence::default()));
    };
    let leg = std::mem::replace(&mut flight.leg, Leg::Unknown(Evidence::default()));
    match leg {
        Leg::Submit(order) => {
            let answer = provider.submit(&order).await;
            reached(Step::Answered, desk.config.hold_at).await;
            answered(desk, flight, provider.as_ref(), answer).await
        }
        Leg::Poll { provider_job } => {
            flight.leg = Leg::Poll { provider_job: provider_job.clone() };
            poll(desk, flight, provider.as_ref(), &provider_job).await
        }
        Leg::Unknown(evidence) => unknown(desk, flight, evidence).await,
    }
}

async fn answered(desk: &Desk, flight: &mut Flight, provider: &dyn Provider, answer: Submitted) -> Option<Outcome> {
    let now = desk.service.now();
    match answer {
        Submitted::Accepted { provider_job } => {
            desk.suspect(flight.route, false);
            accept(desk, flight, Some(provider_job.clone())).await?;
            reached(Step::Accepted, desk.config.hold_at).await;
            flight.leg = Leg::Poll { provider_job: provider_job.clone() };
            poll(desk, flight, provider, &provider_job).await
        }
        Submitted::Succeeded(output) => {
            desk.suspect(flight.route, false);
            Some(Outcome::Succeeded(output))
        }
        Submitted::Failed(fault) => Some(Outcome::Failed(fault)),
        Submitted::Throttled { evidence, .. } if now >= flight.task_deadline => Some(fails(FailureType::RateLimited, evidence)),
        Submitted::Throttled { retry_after_ms, .. } => {
            let pause_ms = retry_after_ms.unwrap_or(THROTTLE_PAUSE_MS).max(1);
            desk.slow_down(flight.route, pause_ms);
            Some(Outcome::PutBack { due: now.plus_ms(pause_ms) })
        }
        Submitted::RouteDown(fault) => {
            let until = now.plus_s(desk.config.route_pause_s);
            desk.suspect(flight.route, true);
            tracing::error!(route = flight.route.0, provider = flight.provider, failure = %fault.failure, code = fault.evidence.code, "route paused");
            if let Err(error) = rarely(desk.service.pause_route(flight.route, until, fault.failure.as_str())).await {
                tracing::warn!(%error, "the pause of a route could not be stored");
            }
            if now >= flight.task_deadline { Some(Outcome::Failed(fault)) } else { Some(Outcome::PutBack { due: until }) }
        }
        Submitted::Unanswered(evidence) => {
            accept(desk, flight, None).await?;
            unknown(desk, flight, evidence).await
        }
    }
}

/// Stores that the provider took it; `None` when the task is no longer this worker's. A name that the database refuses is kept
/// in memory: the task goes on, and waits its deadline out if this worker is gone before its end.
async fn accept(desk: &Desk, flight: &Flight, provider_job: Option<String>) -> Option<()> {
    match desk.accepts.write(Accepted { task: flight.task, attempt: flight.attempt, provider_job }).await {
        Some(taken) => taken.then_some(()),
        None if desk.abandon.is_cancelled() => None,
        None => Some(()),
    }
}

/// Waits a request out that was sent and never answered. It is never sent again: it may be running, and be billed.
async fn unknown(desk: &Desk, flight: &Flight, evidence: Evidence) -> Option<Outcome> {
    wait_until(desk, flight.deadline).await?;
    Some(fails(FailureType::SubmitUnknown, evidence))
}

async fn poll(desk: &Desk, flight: &Flight, provider: &dyn Provider, provider_job: &str) -> Option<Outcome> {
    let mut polls = 0;
    let mut asked_for_ms = None;
    let mut denials = 0;
    let mut first_denial = None;
    let mut cancel_sent = false;
    loop {
        let pause_ms = asked_for_ms.take().unwrap_or(desk.config.poll_pauses_ms[polls.min(2)]);
        rest(desk, pause_ms).await?;
        polls += 1;
        if desk.is_canceling(flight.task.batch) && !std::mem::replace(&mut cancel_sent, true) {
            let answer = provider.cancel(provider_job).await;
            tracing::debug!(?answer, "asked the provider to cancel");
        }
        let answer = provider.poll(provider_job).await;
        let now = desk.service.now();
        match answer {
            Polled::Succeeded(output) => {
                reached(Step::Polled, desk.config.hold_at).await;
                return Some(Outcome::Succeeded(output));
            }
            Polled::Failed(fault) => {
                reached(Step::Polled, desk.config.hold_at).await;
                return Some(Outcome::Failed(fault));
            }
            Polled::Running { poll_after_ms } => {
                asked_for_ms = poll_after_ms.map(|ms| ms.clamp(10, 60_000));
                (denials, first_denial) = (0, None);
            }
            // A transport error is not a failure of the task; its deadline is.
            Polled::Unclear(evidence) => tracing::debug!(?evidence, "a poll was not answered"),
            Polled::NotFound(evidence) => {
                denials += 1;
                let since = *first_denial.get_or_insert(now);
                if denials >= NOT_FOUND_TRIES && now >= since.plus_ms(desk.config.not_found_grace_ms) {
                    let failure = FailureType::NotFound;
                    return Some(Outcome::Failed(Fault { failure, party: failure.usual_party(), evidence, retry: Retry::Backoff }));
                }
            }
        }
        if now >= flight.deadline {
            if !cancel_sent && provider.cancel(provider_job).await == CancelAnswer::Accepted {
                tracing::debug!("the provider stops a task that is past its deadline");
            }
            let evidence = Evidence { rule: Some("deadline of the model".to_owned()), ..Evidence::default() };
            return Some(fails(FailureType::Timeout, evidence));
        }
    }
}

/// Keeps asking for a while after a task was given up and refunded: a late result is noted, and moves no money.
async fn watch_for_late_result(desk: &Desk, flight: &Flight) {
    let Leg::Poll { provider_job } = &flight.leg else { return };
    let Some(provider) = desk.providers.get(&flight.provider) else { return };
    for _ in 0..LATE_POLLS {
        if rest(desk, desk.config.poll_pauses_ms[2]).await.is_none() {
            return;
        }
        let late = match provider.poll(provider_job).await {
            Polled::Succeeded(output) => format!("succeeded: {}", output.url),
            Polled::Failed(fault) => format!("failed: {}", fault.failure),
            Polled::Running { .. } | Polled::Unclear(_) | Polled::NotFound(_) => continue,
        };
        if let Err(error) = desk.service.note_late_result(flight.task, flight.attempt, &late).await {
            tracing::warn!(%error, "a late result could not be noted");
        }
        return;
    }
}

/// Rests; `None` when the worker stops meanwhile.
async fn rest(desk: &Desk, ms: i64) -> Option<()> {
    tokio::select! {
        () = desk.stop.cancelled() => None,
        () = tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))) => Some(()),
    }
}

/// Rests until a moment of the service's clock.
async fn wait_until(desk: &Desk, moment: Time) -> Option<()> {
    loop {
        let left_ms = moment.micros_since(desk.service.now()) / 1_000;
        if left_ms <= 0 {
            return Some(());
        }
        rest(desk, left_ms.clamp(1, 1_000)).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, R>(_: fn(A, B) -> R) -> usize {
        size_of::<R>()
    }

    /// A worker has thousands of them, and each is fresh memory; those whose end waits to be written are the most.
    #[test]
    fn a_flight_is_small() {
        assert!(size(way) <= 2_048, "{} bytes: what few flights do belongs into `rarely`", size(way));
        assert!(size(fly) <= 1_280, "{} bytes: what is done on the way belongs into `way`", size(fly));
    }
}
