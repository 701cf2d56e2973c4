//! Claims tasks as places at providers become free, and lets each fly.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::id::{RouteKey, TaskKey};
use crate::service::ServiceResult;
use crate::service::dispatch::{CLAIM_MAX, Claim, Places};

use super::desk::Desk;
use super::flight::{self, Flight};

/// Pause after an error.
const ERROR_PAUSE: Duration = Duration::from_millis(500);
/// Fewer free places of a route than this wait a moment (`look_every`) for company while others are in flight, so that claims
/// stay grouped.
const CLAIM_WORTHWHILE: i64 = 50;

pub async fn run(desk: &Arc<Desk>) {
    let mut tried_at = Instant::now();
    while !desk.stop.is_cancelled() {
        let waits_for_company = tried_at.elapsed() < desk.config.look_every;
        if !waits_for_company {
            tried_at = Instant::now();
        }
        match claim(desk, waits_for_company).await {
            Ok(true) => tried_at = Instant::now(),
            Ok(false) => wait(desk).await,
            Err(error) => {
                tracing::warn!(%error, "cannot claim now");
                desk.unsure.store(true, Ordering::SeqCst);
                tokio::select! {
                    () = desk.stop.cancelled() => {}
                    () = tokio::time::sleep(ERROR_PAUSE) => {}
                }
            }
        }
    }
}

async fn wait(desk: &Desk) {
    tokio::select! {
        () = desk.stop.cancelled() => {}
        () = desk.service.work_was_made() => {}
        () = desk.place_freed.notified() => tokio::time::sleep(desk.config.gather).await,
        () = tokio::time::sleep(desk.config.look_every) => {}
    }
}

/// Returns whether tasks were claimed. Their orders are read, and they depart, while the next are claimed.
async fn claim(desk: &Arc<Desk>, waits_for_company: bool) -> ServiceResult<bool> {
    let places = places(desk, waits_for_company).await?;
    if places.iter().all(|place| place.free == 0) {
        return Ok(false);
    }
    let _taking = desk.taking.lock().await;
    let claim = desk.service.take(desk.worker, &places).await?;
    super::step::reached_if(!claim.is_empty(), super::Step::Claimed, desk.config.hold_at).await;
    if claim.is_empty() {
        return Ok(false);
    }
    for (task, route) in claim.tasks() {
        desk.departs(route, task, true);
    }
    desk.flights.spawn(depart(Arc::clone(desk), claim, places));
    Ok(true)
}

async fn depart(desk: Arc<Desk>, claim: Claim, places: Vec<Places>) {
    let claimed = match desk.service.orders(desk.worker, &claim, &places).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "cannot read the orders of what was claimed");
            tokio::time::sleep(ERROR_PAUSE).await;
            Vec::new()
        }
    };
    let mut grounded: HashMap<TaskKey, RouteKey> = claim.tasks().collect();
    for claimed in claimed {
        let Some(place) = places.iter().find(|place| place.route.key == claimed.route) else { continue };
        grounded.remove(&claimed.task);
        flight::depart(&desk, Flight::claimed(claimed, place));
    }
    // No longer this worker's, or its own without an order: the database knows which.
    for (task, route) in &grounded {
        desk.arrives(*route, task.batch);
        desk.forget(*task);
    }
    if !grounded.is_empty() {
        desk.unsure.store(true, Ordering::SeqCst);
    }
}

/// This worker's share of every route: limits hold over all workers together.
async fn places(desk: &Desk, waits_for_company: bool) -> ServiceResult<Vec<Places>> {
    let workers = desk.service.workers_alive().await?.max(1);
    let now = desk.service.now();
    let mut places = Vec::new();
    for (route, deadline_s) in desk.service.routes().await? {
        if route.paused_until.is_some_and(|until| until > now) || desk.providers.get(&route.provider).is_none() {
            continue;
        }
        let share = |limit: i32| (i64::from(limit) / workers).max(1);
        let most = share(route.concurrency_max);
        let free = desk.free_places(route.key, most, share(route.submits_per_minute_max)).clamp(0, CLAIM_MAX);
        let company_may_come = waits_for_company && desk.in_flight(route.key) > 0;
        let free = if company_may_come && free < CLAIM_WORTHWHILE.min(most / 4) { 0 } else { free };
        places.push(Places { route, deadline_s, free });
    }
    Ok(places)
}
