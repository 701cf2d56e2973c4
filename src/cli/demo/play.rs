//! Plays the story: moves the clock from event to event, and does at each moment what customers, workers and operators would
//! have done, through the same services. What a provider would have answered is thrown with the dice.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::compose;
use super::dice::Dice;
use super::faults::{Mood, outcome};
use super::story::{BUYERS, Course, DAYS, DAY_MIN, GIFTS, Gift, Order, SORA, Size};
use super::upstream;
use crate::api::v1::batches::render_batch;
use crate::cli::failure::Failure;
use crate::domain::credits::Credits;
use crate::domain::grant::NewGrant;
use crate::domain::id::{BatchId, CustomerId, RouteKey, WorkerKey};
use crate::domain::key::ApiKeySecret;
use crate::domain::money::Money;
use crate::domain::time::Time;
use crate::server::clock::ManualClock;
use crate::service::dispatch::{Accepted, Claimed, Places};
use crate::service::keys::{Caller, sha256_hex};
use crate::service::settle::{Ended, Outcome, SETTLE_MAX};
use crate::service::submit::Submission;
use crate::service::{Reader, Service, ServiceError};

const OPERATOR: &str = "demo";
const REQUESTS_PER_MIN: i64 = 600;
/// Tasks at the provider at once, per route: fewer than it allows, so that large batches take their time.
const PLACES: i64 = 150;
/// Workers look around after so many milliseconds.
const TICK_MS: (i64, i64) = (12_000, 26_000);
const MINUTE_MS: i64 = 60_000;
/// Grants are let go so long after their time.
const EXPIRY_PAUSE_MS: i64 = 5 * MINUTE_MS;
/// A micro-dollar is a millionth of a dollar.
const MICROS: i64 = 1_000_000;

/// Something that happens at a moment of its own.
#[derive(Clone, Copy, Debug)]
enum Act {
    Gift(Gift),
    Order { number: usize, order: Order },
    Cancel { buyer: usize, batch: BatchId },
    Expire,
}

/// What the story left behind.
#[derive(Debug)]
pub struct Played {
    pub customers: Vec<CustomerId>,
    /// Key of the first customer.
    pub secret: ApiKeySecret,
    pub batches: usize,
    pub tasks: i64,
}

/// The stage: services on the manual clock, and what is under way.
pub struct Player {
    pub service: Service,
    /// The same, with unguessable randomness: keys protect whatever the database is used for later.
    pub keys: Service,
    pub clock: Arc<ManualClock>,
    pub dice: Dice,
    pub end: Time,
}

struct Scene {
    stage: Player,
    customers: Vec<(CustomerId, Caller)>,
    worker: WorkerKey,
    places: Vec<Places>,
    agenda: BTreeMap<(Time, usize), Act>,
    acts: usize,
    moods: HashMap<BatchId, Mood>,
    /// Attempts at the provider, by when they end.
    in_flight: BTreeMap<(Time, usize), (RouteKey, Ended)>,
    sent: usize,
    /// Tasks that have not ended.
    open: i64,
    batches: usize,
    tasks: i64,
}

/// Plays it from the first day to the end.
pub async fn play(stage: Player, orders: Vec<Order>) -> Result<Played, Failure> {
    stage.clock.set(stage.end.plus_ms(-(DAYS * DAY_MIN + 60) * MINUTE_MS));
    let mut customers = Vec::new();
    let mut first_secret = None;
    for buyer in BUYERS {
        let customer = stage.service.add_customer(buyer.name, buyer.email).await?;
        let key = stage.keys.add_key(customer.id, buyer.key_name, REQUESTS_PER_MIN).await?;
        let caller = stage.service.authenticate(key.secret.reveal()).await?;
        first_secret.get_or_insert(key.secret);
        customers.push((customer.id, caller));
    }
    let worker = stage.service.register_worker("demo").await?;
    let places = stage.service.routes().await?.into_iter().map(|(route, deadline_s)| Places { route, deadline_s, free: PLACES }).collect();
    let mut scene = Scene {
        stage,
        customers,
        worker,
        places,
        agenda: BTreeMap::new(),
        acts: 0,
        moods: HashMap::new(),
        in_flight: BTreeMap::new(),
        sent: 0,
        open: 0,
        batches: 0,
        tasks: 0,
    };
    scene.plan(orders);
    scene.run().await?;
    let customers = scene.customers.into_iter().map(|(id, _)| id).collect();
    let secret = first_secret.ok_or_else(|| Failure::new("demo", "The story has no customers."))?;
    Ok(Played { customers, secret, batches: scene.batches, tasks: scene.tasks })
}

impl Scene {
    fn plan(&mut self, orders: Vec<Order>) {
        for gift in GIFTS {
            let at = self.before(gift.before_min);
            self.at(at, Act::Gift(*gift));
            if let Some(days) = gift.expires_days {
                self.at(at.plus_ms(days * DAY_MIN * MINUTE_MS + EXPIRY_PAUSE_MS), Act::Expire);
            }
        }
        for (number, order) in orders.into_iter().enumerate() {
            // Nobody orders on the stroke of a minute; only what waits at the end is ordered exactly then.
            let off_ms = if order.before_min > 0 { self.stage.dice.between(1, MINUTE_MS - 1) } else { 0 };
            self.at(self.before(order.before_min).plus_ms(off_ms), Act::Order { number: number + 1, order });
        }
    }

    fn before(&self, minutes: i64) -> Time {
        self.stage.end.plus_ms(-minutes * MINUTE_MS)
    }

    fn at(&mut self, at: Time, act: Act) {
        self.acts += 1;
        self.agenda.insert((at, self.acts), act);
    }

    async fn run(&mut self) -> Result<(), Failure> {
        while let Some(at) = self.next_moment().filter(|at| *at <= self.stage.end) {
            self.stage.clock.set(at);
            while let Some(due) = self.agenda.first_entry().filter(|due| due.key().0 <= at) {
                let act = due.remove();
                self.perform(act).await?;
            }
            if at < self.stage.end {
                self.work().await?;
            }
        }
        self.stage.clock.set(self.stage.end);
        // What is still at the provider is for whoever works on this database next.
        Ok(self.stage.service.stop_worker(self.worker).await?)
    }

    /// The next event, or the next time that workers look around while something is under way.
    fn next_moment(&mut self) -> Option<Time> {
        let event = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let ends = self.in_flight.first_key_value().map(|((at, _), _)| *at);
        let at_provider = i64::try_from(self.in_flight.len()).unwrap_or(i64::MAX);
        let look = match ends {
            _ if self.open == 0 => None,
            Some(ends) if self.open == at_provider => Some(ends),
            _ => Some(self.stage.service.now()),
        };
        let look = look.map(|at| at.plus_ms(self.stage.dice.between(TICK_MS.0, TICK_MS.1)));
        [event, look].into_iter().flatten().min()
    }

    async fn perform(&mut self, act: Act) -> Result<(), Failure> {
        let service = self.stage.service.clone();
        match act {
            Act::Gift(gift) => {
                let expires_at = gift.expires_days.map(|days| service.now().plus_ms(days * DAY_MIN * MINUTE_MS));
                let (credits, paid) = (Credits::new(gift.credits), Money::from_micros(gift.paid_usd * MICROS));
                let grant = NewGrant { kind: gift.kind, credits, paid, expires_at, reason: gift.reason.map(str::to_owned) };
                service.grant(self.customers[gift.buyer].0, grant, OPERATOR).await?;
            }
            Act::Order { number, order } => self.submit(number, &order).await?,
            Act::Cancel { buyer, batch } => {
                let caller = &self.customers[buyer].1;
                let (_, done) = service.cancel(Reader::from(caller), batch, &caller.api_key_prefix, None).await?;
                self.open -= done.canceled;
            }
            Act::Expire => while service.expire_grants().await? > 0 {},
        }
        Ok(())
    }

    async fn submit(&mut self, number: usize, order: &Order) -> Result<(), Failure> {
        let service = self.stage.service.clone();
        let caller = self.customers[order.buyer].1.clone();
        let tasks = match order.size {
            Size::Tasks(tasks) => tasks,
            Size::AllThatIsLeft => self.affordable(&caller, order).await?,
        };
        let batch = compose::batch(order, tasks, number, &mut self.stage.dice);
        let idempotency_key = format!("order-{number:04}");
        let fingerprint = sha256_hex(&idempotency_key);
        let submitted = service.submit(&caller, Submission { idempotency_key, fingerprint, batch, render: render_batch }).await?;
        let batch = id_in(&submitted.body)?;
        self.moods.insert(batch, order.mood);
        (self.open, self.tasks, self.batches) = (self.open + tasks, self.tasks + tasks, self.batches + 1);
        if let Course::Canceled { after_min } = order.course {
            self.at(service.now().plus_ms(after_min * MINUTE_MS), Act::Cancel { buyer: order.buyer, batch });
        }
        if order.size == Size::AllThatIsLeft {
            self.is_refused(&caller, order, number).await?;
        }
        Ok(())
    }

    /// How many tasks the customer can pay for.
    async fn affordable(&mut self, caller: &Caller, order: &Order) -> Result<i64, Failure> {
        let one = compose::batch(order, upstream::SMALLEST_BATCH, 0, &mut self.stage.dice);
        let quote = self.stage.service.quote(caller, &one).await?;
        Ok(quote.available.get() / (quote.priced.total.get() / upstream::SMALLEST_BATCH))
    }

    /// A customer without credits is refused, and nothing is stored.
    async fn is_refused(&mut self, caller: &Caller, order: &Order, number: usize) -> Result<(), Failure> {
        let batch = compose::batch(order, upstream::SMALLEST_BATCH, number, &mut self.stage.dice);
        let idempotency_key = format!("order-{number:04}-more");
        let fingerprint = sha256_hex(&idempotency_key);
        match self.stage.service.submit(caller, Submission { idempotency_key, fingerprint, batch, render: render_batch }).await {
            Err(ServiceError::NotEnoughCredits { .. }) => Ok(()),
            Ok(_) => Err(Failure::new("demo", "A customer without credits was not refused.")),
            Err(error) => Err(error.into()),
        }
    }

    /// What workers do when they look around: settle what ended, and send what waits.
    async fn work(&mut self) -> Result<(), Failure> {
        let now = self.stage.service.now();
        let later = self.in_flight.split_off(&(now, usize::MAX));
        let (routes, ended): (Vec<RouteKey>, Vec<Ended>) = std::mem::replace(&mut self.in_flight, later).into_values().unzip();
        for place in &mut self.places {
            let freed = routes.iter().filter(|route| **route == place.route.key).count();
            place.free += i64::try_from(freed).unwrap_or(0);
        }
        for group in ended.chunks(SETTLE_MAX) {
            let settled = self.stage.service.settle(self.worker, group).await?;
            self.open -= i64::try_from(settled.succeeded + settled.failed).unwrap_or(0);
        }
        if self.open == i64::try_from(self.in_flight.len()).unwrap_or(i64::MAX) {
            return Ok(());
        }
        let claimed = self.stage.service.claim(self.worker, &self.places).await?;
        let mut accepted = Vec::new();
        for claimed in claimed {
            accepted.extend(self.send(&claimed));
        }
        if !accepted.is_empty() {
            self.stage.service.accept(self.worker, &accepted).await?;
        }
        Ok(())
    }

    /// Decides what comes of an order and when. `None` when the provider refuses it at once.
    fn send(&mut self, claimed: &Claimed) -> Option<Accepted> {
        let mood = self.moods.get(&claimed.batch_id).copied().unwrap_or(Mood::Usual);
        let now = self.stage.service.now();
        let place = self.places.iter_mut().find(|place| place.route.key == claimed.route)?;
        place.free -= 1;
        let fault = outcome(mood, claimed.task.number, claimed.attempt, &mut self.stage.dice);
        let is_quick = place.route.upstream_model == SORA;
        let course = upstream::course(fault.as_ref(), is_quick, place.deadline_s, now, self.sent, &mut self.stage.dice);
        let outcome = match fault {
            Some(fault) => Outcome::Failed(fault),
            None => Outcome::Succeeded(upstream::output(&claimed.order.reference, course.ends_at)),
        };
        let (unit_cost, billing) = (place.route.unit_cost, place.route.billing);
        let ended = Ended { task: claimed.task, attempt: claimed.attempt, unit_cost, billing, outcome };
        self.sent += 1;
        self.in_flight.insert((course.ends_at, self.sent), (claimed.route, ended));
        course.taken.map(|provider_job| Accepted { task: claimed.task, attempt: claimed.attempt, provider_job })
    }
}

fn id_in(body: &str) -> Result<BatchId, Failure> {
    let answer: serde_json::Value = serde_json::from_str(body).map_err(|error| Failure::new("demo", error.to_string()))?;
    let id = answer["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::new("demo", "The answer to a submission names no batch."))
}
