//! The webhook sender: events become deliveries, due deliveries are sent, and what came of them is recorded in groups.
//!
//! It shares nothing with the workers that run tasks: no lease, no lock, no queue. Each process has a number of its own as the
//! token of what it has taken; what it never records is taken by another after a minute, and sent again with the same id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::delivery::{Client, Request};
use crate::domain::id::{EndpointKey, Random};
use crate::domain::webhook::Schedule;
use crate::service::notify::{Room, Sent, Signed};
use crate::service::{Service, ServiceResult};

use super::group;
use super::step::{Step, reached};

/// What came of attempts is recorded in groups of at most so many.
const RECORD_MAX: usize = 200;

/// How the sender behaves.
#[derive(Clone, Debug)]
pub struct NotifyConfig {
    pub schedule: Schedule,
    /// Begins the links in what is sent, like `https://api.example.com`.
    pub public_url: String,
    pub room: Room,
    /// Looks for work at least so often.
    pub look_every: Duration,
    /// Looks after the health of endpoints so often.
    pub health_every: Duration,
    /// Gathers results for so long before it records them.
    pub gather: Duration,
    /// Requests on their way are waited for so long when stopping.
    pub drain_max: Duration,
    /// Stops here for ever, so that a test can kill the process at this step.
    pub hold_at: Option<Step>,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            public_url: String::new(),
            room: Room { total: 200, retries: 150, each: 10 },
            look_every: Duration::from_secs(1),
            health_every: Duration::from_secs(30),
            gather: Duration::from_millis(10),
            drain_max: Duration::from_secs(20),
            hold_at: None,
        }
    }
}

struct Desk {
    service: Service,
    client: Client,
    config: NotifyConfig,
    random: Arc<dyn Random>,
    sender: i64,
    on_way: Mutex<OnWay>,
    /// A place became free.
    freed: Notify,
    results: group::Sender<Sent, ()>,
}

#[derive(Default)]
struct OnWay {
    each: HashMap<EndpointKey, usize>,
    total: usize,
    retries: usize,
}

/// Sends until `stop`, then waits for what is on its way.
pub async fn run(service: Service, client: Client, random: Arc<dyn Random>, config: NotifyConfig, stop: CancellationToken) {
    let mut token = [0; 8];
    random.fill(&mut token);
    let sender = i64::from_le_bytes(token) & i64::MAX;
    let results = {
        let (service, schedule) = (service.clone(), config.schedule.clone());
        group::spawn(RECORD_MAX, config.gather, CancellationToken::new(), move |sent: Vec<Sent>| {
            let (service, schedule) = (service.clone(), schedule.clone());
            async move {
                service.record_sent(sender, &sent, &schedule).await?;
                Ok(vec![(); sent.len()])
            }
        })
    };
    let desk = Arc::new(Desk { service, client, config, random, sender, on_way: Mutex::default(), freed: Notify::new(), results });
    let letters = TaskTracker::new();
    let health = tokio::spawn(look_after(Arc::clone(&desk), stop.clone()));
    let replays = tokio::spawn(replay(Arc::clone(&desk), stop.clone()));
    while !stop.is_cancelled() {
        match round(&desk, &letters).await {
            Ok(0) => tokio::select! {
                () = stop.cancelled() => {}
                () = desk.service.delivery_was_made() => {}
                () = desk.freed.notified() => {}
                () = tokio::time::sleep(desk.config.look_every) => {}
            },
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "webhooks cannot be looked after now");
                tokio::time::sleep(desk.config.look_every).await;
            }
        }
    }
    letters.close();
    if tokio::time::timeout(desk.config.drain_max, letters.wait()).await.is_err() {
        tracing::warn!("some webhooks were still on their way; they are sent again later");
    }
    health.abort();
    replays.abort();
}

/// Makes deliveries of events and sends what is due. Returns how much that was.
async fn round(desk: &Arc<Desk>, letters: &TaskTracker) -> ServiceResult<usize> {
    let events = desk.service.fan_out().await?;
    let (busy, room) = {
        let on_way = desk.on_way();
        let room = desk.config.room;
        let left =
            Room { total: room.total - on_way.total.min(room.total), retries: room.retries - on_way.retries.min(room.retries), ..room };
        (on_way.each.clone(), left)
    };
    let taken = desk.service.take_letters(desk.sender, &busy, room).await?;
    let count = taken.len();
    for signed in taken {
        desk.on_way().add(&signed);
        letters.spawn(send(Arc::clone(desk), signed));
    }
    Ok(events + count)
}

async fn send(desk: Arc<Desk>, signed: Signed) {
    let letter = &signed.letter;
    let request = Request {
        url: &letter.url,
        id: &letter.id.to_string(),
        clock: desk.service.clock(),
        body: &signed.message().body(&desk.config.public_url),
        secrets: &signed.secrets,
        timeout_ms: letter.timeout_ms,
    };
    let reply = desk.client.send(&request).await;
    reached(Step::Notified, desk.config.hold_at).await;
    let mut dice = [0; 2];
    desk.random.fill(&mut dice);
    let sent = Sent {
        letter: letter.clone(),
        class: reply.class,
        requested_at: reply.requested_at,
        responded_at: reply.responded_at,
        signature: reply.signature,
        http_status: reply.http_status.map(i32::from),
        retry_after_s: reply.retry_after_s,
        response_headers: reply.headers,
        response_body: reply.body,
        error: reply.error,
        finished_at: desk.service.now(),
        jitter_permille: i64::from(u16::from_le_bytes(dice)) * 1_000 / i64::from(u16::MAX),
    };
    // Recorded before its place is free: the room counts what is not recorded too.
    desk.results.write(sent).await;
    desk.on_way().remove(&signed);
    desk.freed.notify_one();
}

async fn look_after(desk: Arc<Desk>, stop: CancellationToken) {
    loop {
        match desk.service.look_after_endpoints().await {
            Ok(0) => {}
            Ok(steps) => tracing::info!(steps, "looked after webhook endpoints"),
            Err(error) => tracing::warn!(%error, "webhook endpoints cannot be looked after now"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(desk.config.health_every) => {}
        }
    }
}

/// Puts what is to be sent again in line, a group at a time.
async fn replay(desk: Arc<Desk>, stop: CancellationToken) {
    loop {
        match desk.service.advance_replays().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "replays cannot be looked after now"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(desk.config.look_every) => {}
        }
    }
}

impl Desk {
    fn on_way(&self) -> std::sync::MutexGuard<'_, OnWay> {
        self.on_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OnWay {
    fn add(&mut self, signed: &Signed) {
        *self.each.entry(signed.letter.endpoint).or_default() += 1;
        self.total += 1;
        self.retries += usize::from(signed.is_retry);
    }

    fn remove(&mut self, signed: &Signed) {
        let endpoint = signed.letter.endpoint;
        let left = self.each.get(&endpoint).map_or(0, |count| count - 1);
        if left == 0 {
            self.each.remove(&endpoint);
        } else {
            self.each.insert(endpoint, left);
        }
        self.total -= 1;
        self.retries -= usize::from(signed.is_retry);
    }
}
