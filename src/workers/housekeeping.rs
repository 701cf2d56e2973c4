//! The loops that keep a worker alive and clean up after others: heartbeat, rescue, expiry, sealing, and listening for work.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::domain::id::RouteKey;
use crate::domain::price::Route;
use crate::domain::task::TaskStatus;
use crate::service::ServiceResult;
use crate::service::settle::{Ended, Outcome};
use crate::service::workers::Adopted;

use super::desk::Desk;
use super::flight::{self, Flight};

const EXPIRE_EVERY: Duration = Duration::from_mins(1);
const RECONNECT_PAUSE: Duration = Duration::from_secs(2);

/// `false` when the worker stops meanwhile.
async fn rest(desk: &Desk, pause: Duration) -> bool {
    tokio::select! {
        () = desk.abandon.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}

/// Keeps the lease while anything is in flight, and hears of batches that are being canceled.
pub async fn heartbeat(desk: Arc<Desk>) {
    let mut heard_at = desk.service.now();
    while rest(&desk, desk.config.heartbeat_every).await {
        match desk.service.heartbeat(desk.worker, desk.config.lease_ms).await {
            Ok(true) => heard_at = desk.service.now(),
            Ok(false) => return desk.lose_lease(),
            // Without the database nobody can take the lease either; but after its end nothing is ours for sure.
            Err(error) if desk.service.now() > heard_at.plus_ms(desk.config.lease_ms) => {
                tracing::warn!(%error, "no heartbeat for the length of a lease");
                heard_at = desk.service.now();
            }
            Err(error) => tracing::warn!(%error, "no heartbeat"),
        }
        let batches = desk.batches_in_flight();
        if !batches.is_empty()
            && let Ok(canceling) = desk.service.canceling(&batches).await
        {
            desk.set_canceling(canceling);
        }
    }
}

/// Takes over from workers that are gone.
pub async fn rescue(desk: Arc<Desk>) {
    loop {
        match take_over(&desk).await {
            Ok(0) => {}
            Ok(taken) => {
                tracing::info!(taken, "took tasks over from workers that are gone");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look after other workers now");
                desk.unsure.store(true, Ordering::SeqCst);
            }
        }
        if desk.unsure.swap(false, Ordering::SeqCst)
            && let Err(error) = find_strays(&desk).await
        {
            tracing::warn!(%error, "cannot look for stray tasks now");
            desk.unsure.store(true, Ordering::SeqCst);
        }
        if desk.stop.is_cancelled() || !rest(&desk, desk.config.heartbeat_every).await {
            return;
        }
    }
}

async fn take_over(desk: &Arc<Desk>) -> ServiceResult<usize> {
    let _taking = desk.taking.lock().await;
    let routes = routes(desk).await?;
    let adopted = desk.service.rescue(desk.worker).await?;
    let count = adopted.len();
    for adopted in adopted {
        let Some(route) = routes.get(&adopted.route) else {
            tracing::error!(route = adopted.route.0, task = ?adopted.task, "a task is on its way by a route that does not exist");
            continue;
        };
        fly(desk, adopted, route);
    }
    Ok(count)
}

/// Takes up what is ours without our knowing, because the database went away before it answered. What was claimed so was never
/// sent, and goes back.
async fn find_strays(desk: &Arc<Desk>) -> ServiceResult<()> {
    let _taking = desk.taking.lock().await;
    let routes = routes(desk).await?;
    let strays = desk.service.strays(desk.worker, &desk.known_tasks()).await?;
    if !strays.is_empty() {
        tracing::info!(tasks = strays.len(), "took up tasks whose claim was not answered");
    }
    let due = desk.service.now();
    let mut back = Vec::new();
    for (stray, status) in strays {
        let Some(route) = routes.get(&stray.route) else { continue };
        if status == TaskStatus::Submitting {
            let Route { unit_cost, billing, .. } = route.0;
            back.push(Ended { task: stray.task, attempt: stray.attempt, unit_cost, billing, at: due, outcome: Outcome::PutBack { due } });
        } else {
            fly(desk, stray, route);
        }
    }
    futures::future::join_all(back.into_iter().map(|ended| desk.ends.write(Arc::new(ended)))).await;
    Ok(())
}

type Routes = HashMap<RouteKey, (Route, i64)>;

/// Those that are out of use among them: what they have drains.
async fn routes(desk: &Desk) -> ServiceResult<Routes> {
    Ok(desk.service.all_routes().await?.into_iter().map(|route| (route.0.key, route)).collect())
}

fn fly(desk: &Arc<Desk>, adopted: Adopted, (route, deadline_s): &(Route, i64)) {
    desk.departs([(adopted.task, adopted.route)], false);
    flight::depart(desk, Flight::adopted(adopted, route, *deadline_s));
}

/// Refunds tasks that waited past their deadline for a route that is down or full.
pub async fn overdue(desk: Arc<Desk>) {
    loop {
        match desk.service.fail_overdue().await {
            Ok(0) => {}
            Ok(tasks) => {
                tracing::warn!(tasks, "tasks waited past their deadline; failed and refunded");
                continue;
            }
            Err(error) => tracing::warn!(%error, "cannot look for overdue tasks now"),
        }
        if !rest(&desk, desk.config.heartbeat_every).await {
            return;
        }
    }
}

/// Compares the rows of batches that have ended, so that their pages need not.
pub async fn compare(desk: Arc<Desk>) {
    loop {
        match desk.service.compare_finished().await {
            Ok(0) => {}
            Ok(batches) => {
                tracing::debug!(batches, "compared the books of finished batches");
                continue;
            }
            Err(error) => tracing::warn!(%error, "cannot compare the books of batches now"),
        }
        if !rest(&desk, desk.config.heartbeat_every).await {
            return;
        }
    }
}

/// Seals the hash chain, behind those who write.
pub async fn seal(desk: Arc<Desk>) {
    let mut mark = None;
    loop {
        match desk.service.seal(&mut mark).await {
            Ok(0) => {}
            Ok(links) => {
                tracing::debug!(links, "sealed what was written");
                continue;
            }
            Err(error) => tracing::warn!(%error, "cannot seal the hash chain now"),
        }
        if !rest(&desk, desk.config.heartbeat_every).await {
            return;
        }
    }
}

/// Lets promised credits go whose time is over.
pub async fn expire(desk: Arc<Desk>) {
    loop {
        match desk.service.expire_grants().await {
            Ok(0) => {}
            Ok(grants) => {
                tracing::info!(grants, "grants expired");
                continue;
            }
            Err(error) => tracing::warn!(%error, "cannot expire grants now"),
        }
        if !rest(&desk, EXPIRE_EVERY).await {
            return;
        }
    }
}

/// Hears of work that other processes made.
pub async fn listen(desk: Arc<Desk>) {
    loop {
        match desk.service.listen_for_work().await {
            Ok(None) => return,
            Ok(Some(mut listener)) => loop {
                tokio::select! {
                    () = desk.abandon.cancelled() => return,
                    heard = listener.next() => match heard {
                        Ok(()) => desk.place_freed.notify_one(),
                        Err(_) => break,
                    }
                }
            },
            Err(error) => tracing::debug!(%error, "cannot listen now"),
        }
        if !rest(&desk, RECONNECT_PAUSE).await {
            return;
        }
    }
}
