//! Plays the story: moves the clock from event to event, and does at each moment what customers, workers and operators would
//! have done, through the same services. What a provider would have answered is thrown with the dice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::acts::Act;
use super::dice::Dice;
use super::faults::{Mood, outcome};
use super::letters::LOOK_EVERY_MIN;
use super::staff::{self, Hired};
use super::story::{BUYERS, DAY_MIN, DAYS, GIFTS, MINUTE_MS, Order, SORA};
use super::upstream::{self, Answer};
use crate::cli::failure::Failure;
use crate::domain::id::{BatchId, CustomerId, EndpointId, RouteKey, WorkerKey};
use crate::domain::key::{ApiKeySecret, KeyTerms, Scope};
use crate::domain::time::Time;
use crate::server::clock::ManualClock;
use crate::service::Service;
use crate::service::dispatch::{Accepted, Claimed, Places};
use crate::service::keys::{Caller, KeyUse};
use crate::service::settle::{Ended, Outcome, SETTLE_MAX};
use crate::service::workers::LEASE_MS;

const REQUESTS_PER_MIN: i64 = 600;
/// Tasks at the provider at once, per route: fewer than it allows, so that large batches take their time.
const PLACES: i64 = 190;
/// Workers look around after so many milliseconds.
const TICK_MS: (i64, i64) = (18_000, 40_000);
/// Grants are let go so long after their time.
const EXPIRY_PAUSE_MS: i64 = 5 * MINUTE_MS;

/// What the story left behind.
#[derive(Debug)]
pub struct Played {
    pub customers: Vec<CustomerId>,
    /// Key of the first customer.
    pub secret: ApiKeySecret,
    pub batches: usize,
    pub tasks: i64,
    pub staff: Vec<Hired>,
}

/// The stage: services on the manual clock, and what is under way.
pub struct Player {
    pub service: Service,
    /// The same, with unguessable randomness: keys protect whatever the database is used for later.
    pub keys: Service,
    pub clock: Arc<ManualClock>,
    pub dice: Dice,
    pub end: Time,
    /// Begins the links in webhooks.
    pub public_url: String,
}

pub struct Scene {
    pub stage: Player,
    /// The services, for whoever gives credits.
    pub finance: Service,
    pub customers: Vec<(CustomerId, Caller)>,
    worker: WorkerKey,
    places: Vec<Places>,
    agenda: BTreeMap<(Time, usize), Act>,
    acts: usize,
    pub moods: HashMap<BatchId, Mood>,
    /// Attempts at the provider, by when they end.
    in_flight: BTreeMap<(Time, usize), (RouteKey, Ended)>,
    sent: usize,
    /// When webhooks are due that did not arrive.
    pub retries: BTreeSet<Time>,
    /// Tasks that have not ended.
    pub open: i64,
    pub batches: usize,
    pub tasks: i64,
}

/// Plays it from the first day to the end.
pub async fn play(stage: Player, orders: Vec<Order>) -> Result<Played, Failure> {
    stage.clock.set(stage.end.plus_ms(-(DAYS * DAY_MIN + 60) * MINUTE_MS));
    let staff = staff::hire(&stage.keys).await?;
    let finance = staff::finance(&stage.service, &staff);
    let mut customers = Vec::new();
    let mut first_secret = None;
    for buyer in BUYERS {
        let customer = stage.service.add_customer(buyer.name, buyer.email).await?;
        let key = stage.keys.add_key(customer.id, buyer.key_name, &KeyTerms::limited_to(REQUESTS_PER_MIN)).await?;
        let caller = stage.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await?;
        first_secret.get_or_insert(key.secret);
        customers.push((customer.id, caller));
    }
    let worker = stage.service.register_worker("demo", LEASE_MS).await?;
    let places = stage.service.routes().await?.into_iter().map(|(route, deadline_s)| Places { route, deadline_s, free: PLACES }).collect();
    let mut scene = Scene {
        stage,
        finance,
        customers,
        worker,
        places,
        agenda: BTreeMap::new(),
        acts: 0,
        moods: HashMap::new(),
        in_flight: BTreeMap::new(),
        sent: 0,
        retries: BTreeSet::new(),
        open: 0,
        batches: 0,
        tasks: 0,
    };
    scene.subscribe().await?;
    scene.plan(orders);
    scene.run().await?;
    let customers = scene.customers.into_iter().map(|(id, _)| id).collect();
    let secret = first_secret.ok_or_else(|| Failure::new("demo", "The story has no customers."))?;
    Ok(Played { customers, secret, batches: scene.batches, tasks: scene.tasks, staff })
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
        for before_min in (0..=DAYS * DAY_MIN).step_by(LOOK_EVERY_MIN) {
            self.at(self.before(before_min), Act::LookAfter);
        }
        for (number, order) in orders.into_iter().enumerate() {
            // Nobody orders on the stroke of a minute; only what waits at the end is ordered exactly then.
            let off_ms = if order.before_min > 0 { self.stage.dice.between(1, MINUTE_MS - 1) } else { 0 };
            self.at(self.before(order.before_min).plus_ms(off_ms), Act::Order { number: number + 1, order });
        }
    }

    /// A customer has enough of an endpoint.
    pub fn disable_at(&mut self, before_min: i64, buyer: usize, endpoint: EndpointId) {
        self.at(self.before(before_min), Act::Disable { buyer, endpoint });
    }

    fn before(&self, minutes: i64) -> Time {
        self.stage.end.plus_ms(-minutes * MINUTE_MS)
    }

    pub fn at(&mut self, at: Time, act: Act) {
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
            self.deliver().await?;
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
        [event, look, self.retries.first().copied()].into_iter().flatten().min()
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
        let mut claimed = self.stage.service.claim(self.worker, &self.places).await?;
        // Databases return rows in orders of their own, and the dice are thrown in this one.
        claimed.sort_by_key(|claimed| claimed.task);
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
        let ended = Ended { task: claimed.task, attempt: claimed.attempt, unit_cost, billing, at: course.ends_at, outcome };
        self.sent += 1;
        self.in_flight.insert((course.ends_at, self.sent), (claimed.route, ended));
        let provider_job = match course.answer {
            Answer::Taken { job } => Some(job),
            Answer::None => None,
            Answer::Refused => return None,
        };
        Some(Accepted { task: claimed.task, attempt: claimed.attempt, provider_job })
    }
}
