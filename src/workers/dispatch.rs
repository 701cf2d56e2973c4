//! Claims tasks as places at providers become free, and lets each fly.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::id::RouteKey;
use crate::service::ServiceResult;
use crate::service::dispatch::{CLAIM_MAX, Places};

use super::desk::Desk;
use super::flight::{self, Flight};

/// Pause after an error.
const ERROR_PAUSE: Duration = Duration::from_millis(500);
/// Fewer free places than this wait a moment for company while others are in flight, so that claims stay grouped.
const CLAIM_WORTHWHILE: i64 = 50;

pub async fn run(desk: &Arc<Desk>) {
    while !desk.stop.is_cancelled() {
        match claim(desk).await {
            Ok(claimed) if claimed > 0 => {}
            Ok(_) => wait(desk).await,
            Err(error) => {
                tracing::warn!(%error, "cannot claim now");
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

/// Returns how many tasks were claimed.
async fn claim(desk: &Arc<Desk>) -> ServiceResult<usize> {
    let places = places(desk).await?;
    let free: i64 = places.iter().map(|place| place.free).sum();
    let most: i64 = places.iter().map(|place| i64::from(place.route.concurrency_max)).sum();
    if free == 0 || (free < CLAIM_WORTHWHILE.min(most / 4) && !desk.flights.is_empty()) {
        return Ok(0);
    }
    let routes: HashMap<RouteKey, &Places> = places.iter().map(|place| (place.route.key, place)).collect();
    let claimed = desk.service.claim(desk.worker, &places).await?;
    let count = claimed.len();
    super::step::reached_if(count > 0, super::Step::Claimed, desk.config.hold_at).await;
    for claimed in claimed {
        let Some(place) = routes.get(&claimed.route) else { continue };
        desk.departs(claimed.route, claimed.task.batch, true);
        desk.flights.spawn(flight::fly(Arc::clone(desk), Flight::claimed(claimed, place)));
    }
    Ok(count)
}

/// This worker's share of every route: limits hold over all workers together.
async fn places(desk: &Desk) -> ServiceResult<Vec<Places>> {
    let workers = desk.service.workers_alive().await?.max(1);
    let now = desk.service.now();
    let mut places = Vec::new();
    for (route, deadline_s) in desk.service.routes().await? {
        if route.paused_until.is_some_and(|until| until > now) || desk.providers.get(&route.provider).is_none() {
            continue;
        }
        let share = |limit: i32| (i64::from(limit) / workers).max(1);
        let free = desk.free_places(route.key, share(route.concurrency_max), share(route.submits_per_minute_max));
        places.push(Places { route, deadline_s, free: free.clamp(0, CLAIM_MAX) });
    }
    Ok(places)
}
