//! Claims tasks as places at providers become free, and lets each fly.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::price::Route;
use crate::service::ServiceResult;
use crate::service::dispatch::{CLAIM_MAX, Claim, Places, WaitingList};

use super::FLIGHTS_PER_TURN;
use super::desk::Desk;
use super::flight::{self, Flight};

/// Pause after an error.
const ERROR_PAUSE: Duration = Duration::from_millis(500);
/// Fewer free places of a route than this wait a moment (`look_every`) for company while others are in flight, so that claims
/// stay grouped.
const CLAIM_WORTHWHILE: i64 = 50;

/// What was seen of the work is good for the next claims for so long, while they are full: each looks again at what it takes. Longer
/// where there is much to look at, up to `look_every`, so that looking takes no more than a fiftieth of the time.
const SEEN_FOR: Duration = Duration::from_millis(50);
const SEEN_FOR_LOOKS: u32 = 50;

/// What there is to do, and who does it.
struct Seen {
    good_until: Instant,
    workers: i64,
    /// With the deadlines of what they make.
    routes: Vec<(Route, i64)>,
    /// Read when there are free places.
    list: Option<WaitingList>,
}

pub async fn run(desk: &Arc<Desk>) {
    let mut tried_at = Instant::now();
    let mut seen = None;
    while !desk.stop.is_cancelled() {
        let waits_for_company = tried_at.elapsed() < desk.config.look_every;
        if !waits_for_company {
            tried_at = Instant::now();
        }
        match claim(desk, waits_for_company, &mut seen).await {
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

/// Returns whether to try again at once: tasks were claimed, most likely. Their orders are read, and they depart, while the next are
/// claimed.
async fn claim(desk: &Arc<Desk>, waits_for_company: bool, last_seen: &mut Option<Seen>) -> ServiceResult<bool> {
    if desk.is_behind() {
        return Ok(false);
    }
    let began = Instant::now();
    let mut seen = match last_seen.take().filter(|seen| Instant::now() < seen.good_until) {
        Some(seen) => seen,
        None => look(desk).await?,
    };
    let places = places(desk, &seen, waits_for_company);
    if places.iter().all(|place| place.free == 0) {
        return Ok(false);
    }
    let was_seen = seen.list.is_some();
    let mut list = match seen.list.take() {
        Some(list) => list,
        None => desk.claims.waiting_list(&places).await?,
    };
    if !was_seen {
        let enough = (began.elapsed() * SEEN_FOR_LOOKS).clamp(SEEN_FOR, desk.config.look_every.max(SEEN_FOR));
        seen.good_until = Instant::now() + enough;
    }
    let _taking = desk.taking.lock().await;
    let claim = desk.claims.take(desk.worker, &places, &mut list).await?;
    super::step::reached_if(!claim.is_empty(), super::Step::Claimed, desk.config.hold_at).await;
    if claim.is_empty() {
        // Others may have taken what was seen, and left what came since.
        return Ok(was_seen);
    }
    desk.departs(claim.tasks(), true);
    if claim.is_full() {
        *last_seen = Some(Seen { list: Some(list), ..seen });
    }
    desk.flights.spawn(depart(Arc::clone(desk), claim, places));
    Ok(true)
}

async fn look(desk: &Desk) -> ServiceResult<Seen> {
    let workers = desk.claims.workers_alive().await?.max(1);
    Ok(Seen { good_until: Instant::now(), workers, routes: desk.claims.routes().await?, list: None })
}

async fn depart(desk: Arc<Desk>, claim: Claim, places: Vec<Places>) {
    let claimed = match desk.claims.orders(desk.worker, &claim, &places).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "cannot read the orders of what was claimed");
            tokio::time::sleep(ERROR_PAUSE).await;
            Vec::new()
        }
    };
    let mut departed = HashSet::with_capacity(claimed.len());
    for claimed in claimed {
        let Some(place) = places.iter().find(|place| place.route.key == claimed.route) else { continue };
        departed.insert(claimed.task);
        flight::depart(&desk, Flight::claimed(claimed, place));
        if departed.len() % FLIGHTS_PER_TURN == 0 {
            tokio::task::yield_now().await;
        }
    }
    // No longer this worker's, or its own without an order: the database knows which.
    for (task, route) in claim.tasks().filter(|(task, _)| !departed.contains(task)) {
        desk.arrives(route, task.batch);
        desk.forget(task);
        desk.unsure.store(true, Ordering::SeqCst);
    }
}

/// This worker's share of every route: limits hold over all workers together that were seen.
fn places(desk: &Desk, seen: &Seen, waits_for_company: bool) -> Vec<Places> {
    let now = desk.service.now();
    let mut places = Vec::new();
    for (route, deadline_s) in &seen.routes {
        if route.paused_until.is_some_and(|until| until > now) || desk.providers.get(&route.provider).is_none() {
            continue;
        }
        let share = |limit: i32| (i64::from(limit) / seen.workers).max(1);
        let most = share(route.concurrency_max);
        let free = desk.free_places(route.key, most, share(route.submits_per_minute_max)).clamp(0, CLAIM_MAX);
        let company_may_come = waits_for_company && desk.in_flight(route.key) > 0;
        let free = if company_may_come && free < CLAIM_WORTHWHILE.min(most / 4) { 0 } else { free };
        places.push(Places { route: route.clone(), deadline_s: *deadline_s, free });
    }
    places
}
