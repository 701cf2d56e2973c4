//! What time does to deliveries and endpoints, with a clock that only the test moves: lost senders, warnings, the end of an
//! endpoint, and its recovery.

use std::collections::HashMap;
use std::sync::Arc;

use batchbook::domain::id::EndpointId;
use batchbook::domain::time::Time;
use batchbook::domain::webhook::{AttemptClass, DeliveryState, EndpointState, Schedule, Subscription, TIMEOUT_MS};
use batchbook::server::clock::ManualClock;
use batchbook::server::random::SeededRandom;
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::notify::{LOST_AFTER_MS, Room, Sent, Signed};
use batchbook::service::{Limits, Reader, Service};

use crate::database::{Database, Kind, on_both};

const DAY_S: i64 = 24 * 3_600;
const ROOM: Room = Room { total: 100, retries: 100, each: 100 };

struct World {
    service: Service,
    clock: Arc<ManualClock>,
    endpoint: EndpointId,
    _database: Database,
}

impl World {
    async fn open(kind: Kind) -> Self {
        let database = Database::new(kind).await;
        let clock = Arc::new(ManualClock::new(Time::from_micros(1_795_000_000_000_000)));
        let service = Service::new(database.connect().await, clock.clone(), Arc::new(SeededRandom::new(7)), Limits::default());
        let customer = service.add_customer("Northwind", "northwind@example.com").await.unwrap();
        let fields = EndpointFields {
            url: "https://example.com/hook".to_owned(),
            description: String::new(),
            subscription: Subscription::default(),
            timeout_ms: TIMEOUT_MS,
        };
        let (endpoint, _) = service.add_endpoint(customer.key, fields).await.unwrap();
        Self { service, clock, endpoint: endpoint.id, _database: database }
    }

    fn sleep_s(&self, seconds: i64) {
        self.clock.set(self.service.now().plus_s(seconds));
    }

    async fn take(&self, sender: i64) -> Vec<Signed> {
        self.service.fan_out().await.unwrap();
        self.service.take_letters(sender, &HashMap::new(), ROOM).await.unwrap()
    }

    async fn record(&self, sender: i64, taken: &[Signed], class: AttemptClass) {
        let sent: Vec<Sent> = taken
            .iter()
            .map(|signed| Sent {
                letter: signed.letter.clone(),
                class,
                requested_at: self.service.now(),
                responded_at: None,
                signature: String::new(),
                http_status: None,
                retry_after_s: None,
                response_headers: None,
                response_body: None,
                error: None,
                finished_at: self.service.now(),
                jitter_permille: 0,
            })
            .collect();
        self.service.record_sent(sender, &sent, &Schedule::default()).await.unwrap();
    }

    /// Sends a test, which comes to this.
    async fn test(&self, class: AttemptClass) {
        self.service.test_endpoint(Reader::Operator, self.endpoint).await.unwrap();
        let taken = self.take(1).await;
        assert!(!taken.is_empty());
        self.record(1, &taken, class).await;
    }

    async fn state(&self) -> EndpointState {
        self.service.endpoint(Reader::Operator, self.endpoint).await.unwrap().status.state()
    }

    async fn look_after(&self) -> Vec<String> {
        self.service.look_after_endpoints().await.unwrap();
        let mut told: Vec<String> = self.service.operator_events(None).await.unwrap().into_iter().map(|event| event.kind).collect();
        told.reverse();
        told
    }
}

on_both! {
    what_a_sender_takes_and_never_records_is_sent_by_another,
    faults_of_ours_cost_nobody_a_try,
    five_first_failures_warn_and_a_success_takes_it_back,
    days_of_failure_disable_with_notice_and_a_probe_enables,
}

async fn what_a_sender_takes_and_never_records_is_sent_by_another(kind: Kind) {
    let world = World::open(kind).await;
    let delivery = world.service.test_endpoint(Reader::Operator, world.endpoint).await.unwrap();
    let lost = world.take(1).await;
    assert_eq!((lost.len(), lost[0].letter.attempt), (1, 1));
    assert!(world.take(2).await.is_empty(), "it is on its way");
    world.sleep_s(LOST_AFTER_MS / 1_000);
    let taken = world.take(2).await;
    assert_eq!((taken.len(), taken[0].letter.attempt, taken[0].letter.id), (1, 2, delivery));
    // The first sender comes back late: nothing of the delivery is its any more.
    world.record(1, &lost, AttemptClass::Http5xx).await;
    world.record(2, &taken, AttemptClass::Delivered).await;
    let detail = world.service.delivery(Reader::Operator, delivery).await.unwrap();
    assert_eq!((detail.delivery.status.state(), detail.delivery.failures), (DeliveryState::Succeeded, 0));
    let classes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.outcome.unwrap().0).collect();
    assert_eq!(classes, [AttemptClass::Delivered, AttemptClass::Interrupted]);
}

async fn faults_of_ours_cost_nobody_a_try(kind: Kind) {
    let world = World::open(kind).await;
    for _ in 0..20 {
        world.test(AttemptClass::Internal).await;
        world.sleep_s(60);
    }
    assert!(world.look_after().await.is_empty());
    assert!(world.service.endpoint(Reader::Operator, world.endpoint).await.unwrap().failing_since.is_none());
}

async fn five_first_failures_warn_and_a_success_takes_it_back(kind: Kind) {
    let world = World::open(kind).await;
    for _ in 0..4 {
        world.test(AttemptClass::TimeoutResponse).await;
    }
    assert!(world.look_after().await.is_empty());
    world.test(AttemptClass::Http5xx).await;
    assert_eq!(world.look_after().await, ["endpoint.warned"]);
    assert_eq!(world.look_after().await, ["endpoint.warned"], "once");
    world.test(AttemptClass::Delivered).await;
    assert_eq!(world.look_after().await, ["endpoint.warned", "endpoint.recovered"]);
    let endpoint = world.service.endpoint(Reader::Operator, world.endpoint).await.unwrap();
    assert_eq!((endpoint.failing_since, endpoint.warned_at), (None, None));
}

async fn days_of_failure_disable_with_notice_and_a_probe_enables(kind: Kind) {
    let world = World::open(kind).await;
    world.test(AttemptClass::Refused).await;
    world.sleep_s(4 * DAY_S);
    assert_eq!(world.look_after().await, ["endpoint.announced"]);
    world.sleep_s(DAY_S - 60);
    world.test(AttemptClass::Refused).await;
    assert_eq!(world.look_after().await, ["endpoint.announced"], "not before its time");
    world.sleep_s(60);
    assert_eq!(world.look_after().await, ["endpoint.announced", "endpoint.disabled"]);
    assert_eq!(world.state().await, EndpointState::Disabled);
    assert!(world.take(1).await.is_empty(), "what waited was canceled");
    // Six hours later it is looked after, and still does not answer.
    world.sleep_s(6 * 3_600);
    world.look_after().await;
    let probe = world.take(1).await;
    assert_eq!(probe.len(), 1);
    world.record(1, &probe, AttemptClass::Refused).await;
    assert_eq!(world.state().await, EndpointState::Disabled);
    world.sleep_s(6 * 3_600);
    world.look_after().await;
    let probe = world.take(1).await;
    assert_eq!(probe.len(), 1, "one try each time");
    world.record(1, &probe, AttemptClass::Delivered).await;
    assert_eq!(world.state().await, EndpointState::Enabled);
    assert_eq!(world.look_after().await, ["endpoint.announced", "endpoint.disabled", "endpoint.recovered"]);
}
