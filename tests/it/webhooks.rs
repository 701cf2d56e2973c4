//! Webhooks through the public door: what a customer's receiver gets, whatever it does with it.

mod events;
mod health;
mod misbehaviour;
mod pages;
pub mod receiver;
mod replays;
mod settlement;

use std::sync::Arc;
use std::time::Duration;

use batchbook::delivery::{Client, sign};
use batchbook::domain::time::Time;
use batchbook::domain::webhook::WebhookSecret;
use batchbook::server::random::OsRandom;
use batchbook::service::Service;
use batchbook::workers::notify::{self, NotifyConfig};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{Customer, LOOPBACK, TestApp, batch_of};
use crate::database::{Kind, on_both};
use crate::process::WAIT_MAX;
use receiver::{Received, Receiver, Say};

/// A sender at work beside a [`TestApp`].
struct Sending {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Sending {
    fn start(app: &TestApp, schedule: &str) -> Self {
        Self::by(&app.service, Client::new(LOOPBACK.parse().unwrap()).unwrap(), schedule)
    }

    fn by(service: &Service, client: Client, schedule: &str) -> Self {
        let config = NotifyConfig {
            schedule: schedule.parse().unwrap(),
            public_url: "https://batchbook.example".to_owned(),
            look_every: Duration::from_millis(50),
            ..NotifyConfig::default()
        };
        let stop = CancellationToken::new();
        let running = tokio::spawn(notify::run(service.clone(), client, Arc::new(OsRandom), config, stop.clone()));
        Self { stop, running }
    }

    async fn end(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

on_both! {
    a_batch_is_reported_from_its_creation_to_its_end,
    an_address_that_only_a_batch_names_hears_of_that_batch_only,
    a_delivery_is_tried_again_under_the_same_id_until_it_arrives,
    a_receiver_that_wants_no_more_is_disabled,
    a_receiver_that_hangs_holds_up_nobody_else,
    a_disabled_endpoint_ends_its_deliveries_truthfully,
    what_was_delivered_can_be_sent_again,
    while_a_secret_is_rotated_both_sign,
    endpoints_are_their_customers_own_and_lead_outside,
    nothing_of_it_touches_the_books,
}

async fn endpoint(customer: &Customer<'_>, url: &str) -> Value {
    customer.posts("/api/v1/webhook-endpoints", &[], json!({"url": url, "timeout_ms": 1000}).to_string()).await.is(201)
}

async fn post(customer: &Customer<'_>, path: &str) -> Value {
    let answer = customer.posts(path, &[], String::new()).await;
    assert!(answer.status.is_success(), "{answer:#?}");
    serde_json::from_str(&answer.text).unwrap()
}

/// Submits a batch and cancels it: created, refunded, canceled.
async fn three_events(customer: &Customer<'_>, batch: Value) -> String {
    let batch = customer.submits(batch).await.is(201)["id"].as_str().unwrap().to_owned();
    post(customer, &format!("/api/v1/batches/{batch}/cancel")).await;
    batch
}

/// The deliveries in this state, once there are so many.
async fn deliveries(customer: &Customer<'_>, status: &str, count: usize) -> Vec<Value> {
    let enough = async {
        loop {
            let list = customer.gets(&format!("/api/v1/webhook-deliveries?limit=200&status={status}")).await.is(200);
            let rows = list["data"].as_array().unwrap().clone();
            if rows.len() >= count {
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let rows = tokio::time::timeout(WAIT_MAX, enough).await;
    rows.unwrap_or_else(|_| panic!("fewer than {count} deliveries are {status}"))
}

async fn attempts(customer: &Customer<'_>, delivery: &Value) -> Vec<Value> {
    let path = format!("/api/v1/webhook-deliveries/{}", delivery["id"].as_str().unwrap());
    let mut attempts = customer.gets(&path).await.is(200)["attempts_made"].as_array().unwrap().clone();
    attempts.reverse();
    attempts
}

fn types(received: &[Received]) -> Vec<String> {
    let mut types: Vec<String> = received.iter().map(|request| request.json()["type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    types
}

fn assert_signed(request: &Received, secrets: &[&str]) {
    let secrets: Vec<WebhookSecret> = secrets.iter().map(|secret| WebhookSecret::parse(secret).unwrap()).collect();
    let timestamp: i64 = request.header("webhook-timestamp").parse().unwrap();
    assert_eq!(request.header("webhook-signature"), sign(&secrets, request.header("webhook-id"), timestamp, &request.body));
}

async fn a_batch_is_reported_from_its_creation_to_its_end(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1");
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(200)]).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    let batch = three_events(&customer, batch_of(10)).await;
    let received = inbox.gets(3).await;
    assert_eq!(types(&received), ["batch.canceled", "batch.created", "batch.refunded"]);
    for request in &received {
        assert_signed(request, &[endpoint["secret"].as_str().unwrap()]);
        let body = request.json();
        assert_eq!(body["data"]["batch_id"], batch.as_str());
        assert_eq!(body["data"]["links"]["batch"], format!("https://batchbook.example/api/v1/batches/{batch}"));
        assert_eq!(request.header("content-type"), "application/json");
    }
    assert_eq!(deliveries(&customer, "succeeded", 3).await.len(), 3);
    sending.end().await;
}

async fn an_address_that_only_a_batch_names_hears_of_that_batch_only(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(200)]).await;
    let mut named = batch_of(10);
    named["webhook_url"] = inbox.url.clone().into();
    let batch = three_events(&customer, named).await;
    three_events(&customer, batch_of(10)).await;
    let sending = Sending::start(&app, "0,1");
    let received = inbox.gets(3).await;
    sending.end().await;
    assert!(received.iter().all(|request| request.json()["data"]["batch_id"] == batch.as_str()), "{received:#?}");
    let endpoints = customer.gets("/api/v1/webhook-endpoints").await.is(200);
    assert_eq!((endpoints["data"].as_array().unwrap().len(), &endpoints["data"][0]["source"]), (1, &json!("batch")));
}

async fn a_delivery_is_tried_again_under_the_same_id_until_it_arrives(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1,1,1");
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(500), Say::Status(500), Say::Status(200)]).await;
    let mut batch = batch_of(10);
    batch["webhook_url"] = inbox.url.clone().into();
    let batch = customer.submits(batch).await.is(201)["id"].clone();
    let received = inbox.gets(3).await;
    let delivered = deliveries(&customer, "succeeded", 1).await;
    assert_eq!((&delivered[0]["batch_id"], &delivered[0]["event_type"]), (&batch, &json!("batch.created")));
    assert!(received.iter().all(|request| request.header("webhook-id") == delivered[0]["id"]), "{received:#?}");
    assert!(received.iter().all(|request| request.body == received[0].body), "the same text at every attempt");
    let attempts = attempts(&customer, &delivered[0]).await;
    let classes: Vec<&Value> = attempts.iter().map(|attempt| &attempt["class"]).collect();
    assert_eq!(classes, ["http_5xx", "http_5xx", "delivered"]);
    let at = |value: &Value| value.as_str().unwrap().parse::<Time>().unwrap();
    for (attempt, request) in attempts.iter().zip(&received) {
        let times = ["started_at", "requested_at", "responded_at", "finished_at"].map(|name| at(&attempt[name]));
        assert!(times.is_sorted(), "{attempt:#}");
        assert_eq!(request.header("webhook-timestamp"), (times[1].micros() / 1_000_000).to_string(), "fresh at every attempt");
        assert_eq!(attempt["signature"], request.header("webhook-signature"));
        assert_eq!(attempt["trigger"], "scheduled");
    }
    assert!(attempts.windows(2).all(|pair| at(&pair[1]["started_at"]) > at(&pair[0]["finished_at"]).plus_s(1)), "by the schedule");
    sending.end().await;
    app.books_close().await;
}

/// The one delivery of an endpoint, once it has ended.
async fn ended(customer: &Customer<'_>, endpoint: &str) -> Value {
    let wait = async {
        loop {
            let list = customer.gets(&format!("/api/v1/webhook-deliveries?endpoint_id={endpoint}")).await.is(200);
            if let Some(row) = list["data"].as_array().unwrap().iter().find(|row| row["status"] != "pending") {
                return row.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, wait).await.unwrap_or_else(|_| panic!("{endpoint} has no delivery that ended"))
}

async fn a_receiver_that_wants_no_more_is_disabled(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1");
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(410)]).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    post(&customer, &format!("{path}/test")).await;
    let canceled = deliveries(&customer, "canceled", 1).await;
    assert_eq!(canceled[0]["canceled_because"], "endpoint_disabled");
    let endpoint = customer.gets(&path).await.is(200);
    assert_eq!((&endpoint["status"], &endpoint["disabled_because"]), (&json!("disabled"), &json!("gone")));
    three_events(&customer, batch_of(10)).await;
    assert_eq!(deliveries(&customer, "canceled", 4).await.len(), 4, "what happens later ends truthfully too");
    assert_eq!(inbox.received().len(), 1);
    sending.end().await;
}

async fn a_receiver_that_hangs_holds_up_nobody_else(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000_000).await;
    let hanging = Receiver::that([Say::Hang]).await;
    let healthy = Receiver::that([Say::Status(200)]).await;
    endpoint(&customer, &hanging.url).await;
    endpoint(&customer, &healthy.url).await;
    for _ in 0..20 {
        three_events(&customer, batch_of(10)).await;
    }
    let sending = Sending::start(&app, "0,600");
    healthy.gets(60).await;
    // The other one hangs until its time is over; none of its deliveries can have ended well.
    assert!(hanging.received().len() < 60, "it holds at most its own places");
    deliveries(&customer, "succeeded", 60).await;
    sending.end().await;
}

async fn a_disabled_endpoint_ends_its_deliveries_truthfully(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(500)]).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    three_events(&customer, batch_of(10)).await;
    let sending = Sending::start(&app, "0,600");
    inbox.gets(3).await;
    post(&customer, &format!("{path}/disable")).await;
    let canceled = deliveries(&customer, "canceled", 3).await;
    assert!(canceled.iter().all(|row| row["canceled_because"] == "endpoint_disabled" && row["next_attempt_at"].is_null()), "{canceled:#?}");
    post(&customer, &format!("{path}/enable")).await;
    sending.end().await;
}

async fn what_was_delivered_can_be_sent_again(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1");
    let customer = app.customer().with_credits(0).await;
    let inbox = Receiver::that([Say::Status(200)]).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    post(&customer, &format!("/api/v1/webhook-endpoints/{}/test", endpoint["id"].as_str().unwrap())).await;
    let first = deliveries(&customer, "succeeded", 1).await.remove(0);
    let id = first["id"].as_str().unwrap();
    assert_eq!(post(&customer, &format!("/api/v1/webhook-deliveries/{id}/resend")).await["status"], "pending");
    let received = inbox.gets(2).await;
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    deliveries(&customer, "succeeded", 1).await;
    let attempts = attempts(&customer, &first).await;
    assert_eq!((attempts.len(), &attempts[1]["trigger"]), (2, &json!("manual")));
    sending.end().await;
}

async fn while_a_secret_is_rotated_both_sign(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1");
    let customer = app.customer().with_credits(0).await;
    let inbox = Receiver::that([Say::Status(200)]).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    let rotated = post(&customer, &format!("{path}/rotate-secret")).await;
    assert_ne!(rotated["secret"], endpoint["secret"]);
    assert!(customer.gets(&path).await.is(200).get("secret").is_none(), "shown once");
    post(&customer, &format!("{path}/test")).await;
    let received = inbox.gets(1).await;
    assert_signed(&received[0], &[rotated["secret"].as_str().unwrap(), endpoint["secret"].as_str().unwrap()]);
    sending.end().await;
}

async fn endpoints_are_their_customers_own_and_lead_outside(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (one, other) = (app.customer().with_credits(0).await, app.customer().with_credits(0).await);
    let endpoint = endpoint(&one, "https://example.com/hook").await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    other.gets(&path).await.is_problem(404, "not_found");
    other.posts(&format!("{path}/rotate-secret"), &[], String::new()).await.is_problem(404, "not_found");
    one.gets("/api/v1/webhook-endpoints/17").await.is_problem(404, "not_found");
    for (body, status, code) in [
        (json!({"url": "ftp://example.com"}), 422, "invalid_endpoint"),
        (json!({"url": "http://10.0.0.1/hook"}), 422, "invalid_endpoint"),
        (json!({"url": "http://169.254.169.254/latest/meta-data"}), 422, "invalid_endpoint"),
        (json!({"url": "https://user:pass@example.com"}), 422, "invalid_endpoint"),
        (json!({"url": "https://example.com:22"}), 422, "invalid_endpoint"),
        (json!({"url": "https://example.com", "timeout_ms": 1}), 422, "invalid_endpoint"),
        (json!({"url": "https://example.com", "description": "x".repeat(201)}), 422, "invalid_endpoint"),
        (json!({}), 422, "invalid_endpoint"),
        (json!({"url": "https://example.com", "event_types": ["comet.seen"]}), 422, "invalid_request"),
        (json!({"uri": "https://example.com"}), 422, "invalid_request"),
    ] {
        one.posts("/api/v1/webhook-endpoints", &[], body.to_string()).await.is_problem(status, code);
    }
    assert_eq!(one.gets("/api/v1/webhook-endpoints").await.is(200)["data"].as_array().unwrap().len(), 1, "nothing was stored");
}

async fn nothing_of_it_touches_the_books(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let hanging = Receiver::that([Say::Hang]).await;
    endpoint(&customer, &hanging.url).await;
    let sending = Sending::start(&app, "0,600");
    three_events(&customer, batch_of(10)).await;
    hanging.gets(3).await;
    let books = customer.books().await;
    assert_eq!((books.available, books.held), (10_000, 0), "refunded at once, whoever hangs");
    app.books_close().await;
    sending.stop.cancel();
}
