//! What the console shows of webhooks: found by every filter, summed per endpoint, counted by hour, and the forms that have one
//! effect however often they are sent.

use std::collections::BTreeSet;

use batchbook::domain::id::EndpointId;
use batchbook::domain::page::PageSize;
use batchbook::domain::webhook::outcome::{Outcome, Span};
use batchbook::domain::webhook::{
    AttemptClass, Delivery, DeliveryFilter, DeliveryState, EndpointProblem, EventType, Subscription, TIMEOUT_MS,
};
use batchbook::service::endpoints::{EndpointFields, EndpointFilter};
use batchbook::service::once::Once;
use batchbook::service::{Reader, ServiceError};
use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Receiver, Say};
use super::{Sending, deliveries, endpoint, post, three_events};
use crate::app::{TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    what_came_of_a_batch_is_told_endpoint_by_endpoint,
    deliveries_are_found_by_everything_that_is_asked,
    hours_count_every_attempt_once_by_how_it_ended,
    events_that_nobody_wanted_are_said_to_be_so,
    a_new_secret_is_shown_once,
    a_form_that_is_sent_twice_has_one_effect,
    endpoints_are_found_by_state_and_customer,
}

fn size(rows: i64) -> PageSize {
    PageSize::new(rows).unwrap()
}

async fn find(app: &TestApp, filter: DeliveryFilter) -> Vec<Delivery> {
    app.service.find_deliveries(&filter, None, size(200)).await.unwrap().rows
}

async fn admin(app: &TestApp, path: &str) -> Value {
    app.send(Method::GET, path, &[], None).await.is(200)
}

/// The receiver fails twice, then it is well: every delivery of the batch arrives.
async fn what_came_of_a_batch_is_told_endpoint_by_endpoint(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1,1,1");
    let customer = app.customer().with_credits(10_000).await;
    let well = Receiver::that([Say::Status(200)]).await;
    let flaky = Receiver::that([Say::Status(500), Say::Status(500), Say::Status(200)]).await;
    let [well, flaky] = [endpoint(&customer, &well.url).await, endpoint(&customer, &flaky.url).await];
    let batch = three_events(&customer, batch_of(10)).await;
    deliveries(&customer, "succeeded", 6).await;
    sending.end().await;

    let told = admin(&app, &format!("/api/admin/batches/{batch}/webhooks")).await;
    let sums =
        |endpoint: &Value| told["endpoints"].as_array().unwrap().iter().find(|row| row["endpoint_id"] == endpoint["id"]).unwrap().clone();
    let (one, other) = (sums(&well), sums(&flaky));
    assert_eq!((&one["delivered"], &one["attempts"], &one["waiting"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!((&other["delivered"], &other["attempts"], &other["next_attempt_at"]), (&json!(3), &json!(5), &Value::Null));
    // Whichever of the three came first to the receiver: two of them failed once.
    let strip: Vec<i64> = other["last_attempts"].as_array().unwrap().iter().map(|mark| mark["http_status"].as_i64().unwrap()).collect();
    assert_eq!((strip.len(), strip.iter().filter(|status| **status == 500).count()), (5, 2), "{strip:?}");
    assert_eq!(strip[3..], [200, 200], "oldest first");
    let rows = told["deliveries"]["data"].as_array().unwrap();
    assert_eq!((rows.len(), &told["deliveries"]["has_more"]), (6, &json!(false)));
    let attempts: usize = rows.iter().map(|row| row["attempts_made"].as_array().unwrap().len()).sum();
    assert_eq!(attempts, 8, "each with its attempts");
    assert_eq!(told["unsent_event_ids"], json!([]));

    let first = admin(&app, &format!("/api/admin/batches/{batch}/webhooks?limit=4")).await;
    let cursor = first["deliveries"]["next_cursor"].as_str().unwrap();
    let second = admin(&app, &format!("/api/admin/batches/{batch}/webhooks?limit=4&cursor={cursor}")).await;
    let ids = |page: &Value| page["deliveries"]["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&told), "page by page the same");
    app.books_close().await;
}

async fn deliveries_are_found_by_everything_that_is_asked(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0");
    let (one, other) = (app.customer().with_credits(10_000).await, app.customer().with_credits(10_000).await);
    let well = Receiver::that([Say::Status(200)]).await;
    let broken = Receiver::that([Say::Status(500)]).await;
    let good: EndpointId = endpoint(&one, &well.url).await["id"].as_str().unwrap().parse().unwrap();
    let bad: EndpointId = endpoint(&other, &broken.url).await["id"].as_str().unwrap().parse().unwrap();
    let batch = three_events(&one, batch_of(10)).await;
    three_events(&other, batch_of(10)).await;
    deliveries(&one, "succeeded", 3).await;
    deliveries(&other, "exhausted", 3).await;
    let moment = app.service.now();
    // Not in the window of the others.
    three_events(&one, batch_of(10)).await;
    deliveries(&one, "succeeded", 6).await;
    sending.end().await;

    let all = DeliveryFilter::default;
    let count = async |filter: DeliveryFilter| find(&app, filter).await.len();
    assert_eq!(count(all()).await, 9);
    assert_eq!(count(DeliveryFilter { state: Some(DeliveryState::Exhausted), ..all() }).await, 3);
    assert_eq!(count(DeliveryFilter { state: Some(DeliveryState::Succeeded), ..all() }).await, 6);
    assert_eq!(count(DeliveryFilter { class: Some(AttemptClass::Http5xx), ..all() }).await, 3);
    assert_eq!(count(DeliveryFilter { class: Some(AttemptClass::Delivered), ..all() }).await, 6);
    assert_eq!(count(DeliveryFilter { class: Some(AttemptClass::Dns), ..all() }).await, 0, "what matches nothing shows nothing");
    assert_eq!(count(DeliveryFilter { kind: Some(EventType::BatchCreated), ..all() }).await, 3);
    assert_eq!(count(DeliveryFilter { endpoint: Some(good), ..all() }).await, 6);
    assert_eq!(count(DeliveryFilter { customer: Some(other.id), ..all() }).await, 3);
    assert_eq!(count(DeliveryFilter { batch: batch.parse().ok(), ..all() }).await, 3);
    assert_eq!(count(DeliveryFilter { from: Some(moment), ..all() }).await, 3);
    assert_eq!(count(DeliveryFilter { to: Some(moment), ..all() }).await, 6);
    assert_eq!(count(DeliveryFilter { from: Some(moment), to: Some(moment), ..all() }).await, 0);
    assert_eq!(count(DeliveryFilter { attempts_min: Some(2), ..all() }).await, 0);
    let both = DeliveryFilter { endpoint: Some(bad), customer: Some(one.id), ..all() };
    assert_eq!(count(both).await, 0, "every part must hold");
    assert_eq!(count(DeliveryFilter { unreadable: vec![("state", "lost".to_owned())], ..all() }).await, 0);
    let nobody = "cus_00fkqz1b3r000000000000000g".parse().ok();
    assert_eq!(count(DeliveryFilter { customer: nobody, ..all() }).await, 0);

    let by_api = admin(&app, &format!("/api/admin/webhook-deliveries?class=http_5xx&customer={}", other.id)).await;
    assert_eq!(by_api["data"].as_array().unwrap().len(), 3);
    app.send(Method::GET, "/api/admin/webhook-deliveries?state=lost", &[], None).await.is_problem(400, "invalid_parameter");

    let mut before = None;
    let mut seen = BTreeSet::new();
    loop {
        let page = app.service.find_deliveries(&all(), before, size(4)).await.unwrap();
        assert!(!page.stopped);
        assert!(page.rows.iter().all(|row| seen.insert(row.id)), "no row twice");
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 9);
}

async fn hours_count_every_attempt_once_by_how_it_ended(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,1,1");
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(500), Say::Status(404), Say::ResetBefore, Say::Status(200)]).await;
    let id: EndpointId = endpoint(&customer, &inbox.url).await["id"].as_str().unwrap().parse().unwrap();
    three_events(&customer, batch_of(10)).await;
    deliveries(&customer, "succeeded", 3).await;
    sending.end().await;

    for (endpoint, customer) in [(None, None), (Some(id), None), (None, Some(customer.id))] {
        let outcomes = app.service.outcomes(endpoint, customer, Span::Day).await.unwrap();
        let sum = |outcome: Outcome| outcomes.bars.iter().map(|bar| bar[outcome as usize]).sum::<i64>();
        let sums = [Outcome::Delivered, Outcome::Http5xx, Outcome::Http4xx, Outcome::Network, Outcome::Timeout].map(sum);
        assert_eq!(sums, [3, 1, 1, 1, 0], "{outcomes:?}");
    }
    let told = admin(&app, &format!("/api/admin/webhook-outcomes?span=7d&endpoint={id}")).await;
    let sum: i64 = told["steps"].as_array().unwrap().iter().map(|step| step["attempts"]["http_5xx"].as_i64().unwrap()).sum();
    assert_eq!((told["steps"].as_array().unwrap().len(), sum), (28, 1));
    let listed = admin(&app, &format!("/api/admin/webhook-endpoints?customer={}", customer.id)).await;
    assert_eq!((&listed["data"][0]["health"]["failed"], &listed["data"][0]["health"]["failure_permille"]), (&json!(3), &json!(500)));
    let stranger = app.customer().with_credits(0).await;
    let none = app.service.outcomes(None, Some(stranger.id), Span::Month).await.unwrap();
    assert_eq!(none.bars.iter().flatten().sum::<i64>(), 0);

    let key = app.service.endpoint(Reader::Operator, id).await.unwrap().key;
    let health = app.service.health_of(&[key]).await.unwrap()[&key];
    assert_eq!((health.delivered, health.failed, health.failure_permille()), (3, 3, Some(500)));
    assert!(health.p50_ms.is_some() && health.p50_ms <= health.p95_ms, "{health:?}");
}

async fn events_that_nobody_wanted_are_said_to_be_so(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let batch = three_events(&customer, batch_of(10)).await;
    let id = batch.parse().unwrap();
    let told = app.service.batch_deliveries(id, None, size(50)).await.unwrap();
    assert!(told.unsent.len() == 3 && told.unsent.iter().all(|event| event.is_queued), "{told:?}");
    while app.service.fan_out().await.unwrap() > 0 {}
    let told = app.service.batch_deliveries(id, None, size(50)).await.unwrap();
    assert!(told.unsent.len() == 3 && told.unsent.iter().all(|event| !event.is_queued), "{told:?}");
    assert!(told.endpoints.is_empty() && told.page.rows.is_empty());
}

fn fields(url: &str) -> EndpointFields {
    EndpointFields { url: url.to_owned(), description: String::new(), subscription: Subscription::default(), timeout_ms: TIMEOUT_MS }
}

async fn a_new_secret_is_shown_once(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(0).await;
    let made = app.service.add_endpoint_once(customer.id, fields("https://example.com/hook"), Once { token: "a" }).await.unwrap();
    let other = app.service.add_endpoint_once(customer.id, fields("https://example.com/two"), Once { token: "b" }).await.unwrap();
    let reveal = async |endpoint, token: &str| app.service.reveal_secret(endpoint, token).await.unwrap();
    assert!(reveal(made.endpoint, "guessed").await.is_none());
    assert!(reveal(other.endpoint, &made.reveal).await.is_none(), "a token of another endpoint shows nothing, and is spent");
    let shown = reveal(other.endpoint, &other.reveal).await.expect("shown once");
    assert!(shown.reveal().starts_with("whsec_"));
    assert!(reveal(other.endpoint, &other.reveal).await.is_none(), "and no more");

    let rotated = app.service.rotate_secret_once(other.endpoint, Once { token: "c" }).await.unwrap();
    let newer = reveal(other.endpoint, &rotated.reveal).await.expect("shown once");
    assert_ne!(newer.reveal(), shown.reveal());
    let key = app.service.endpoint(Reader::Operator, other.endpoint).await.unwrap().key;
    let lives = app.service.secret_lives(key).await.unwrap();
    assert_eq!((lives.len(), lives[0].expires_at), (2, None));
    let left_s = lives[1].expires_at.unwrap().micros_since(app.service.now()) / 1_000_000;
    assert!((86_000..=86_400).contains(&left_s), "both sign for a day: {left_s} s");
}

async fn a_form_that_is_sent_twice_has_one_effect(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(0).await;
    let once = Once { token: "form-1" };
    let made = app.service.add_endpoint_once(customer.id, fields("https://example.com/hook"), once).await.unwrap();
    assert_eq!(app.service.add_endpoint_once(customer.id, fields("https://example.com/hook"), once).await.unwrap(), made);
    let other = app.service.add_endpoint_once(customer.id, fields("https://example.com/else"), once).await;
    assert!(matches!(other, Err(ServiceError::Invalid { code: "idempotency_key_reused", .. })), "{other:?}");
    assert_eq!(customer.gets("/api/v1/webhook-endpoints").await.is(200)["data"].as_array().unwrap().len(), 1);

    let test = Once { token: "form-2" };
    let delivery = app.service.test_endpoint_once(made.endpoint, test).await.unwrap();
    assert_eq!(app.service.test_endpoint_once(made.endpoint, test).await.unwrap(), delivery);
    assert_eq!(find(&app, DeliveryFilter::default()).await.len(), 1);

    let rotate = Once { token: "form-3" };
    let rotated = app.service.rotate_secret_once(made.endpoint, rotate).await.unwrap();
    assert_eq!(app.service.rotate_secret_once(made.endpoint, rotate).await.unwrap(), rotated);
    let key = app.service.endpoint(Reader::Operator, made.endpoint).await.unwrap().key;
    assert_eq!(app.service.secret_lives(key).await.unwrap().len(), 2, "rotated once");

    for (url, problem) in [
        ("ftp://example.com", EndpointProblem::UrlNotHttp),
        ("https://u:p@example.com", EndpointProblem::UrlCredentials),
        ("https://example.com:22", EndpointProblem::UrlPort),
        ("http://10.0.0.1/", EndpointProblem::UrlNotPublic),
    ] {
        assert_eq!(app.service.endpoint_problem(&fields(url)), Some(problem), "{url}");
    }
    assert_eq!(app.service.endpoint_problem(&fields("https://example.com")), None);
}

async fn endpoints_are_found_by_state_and_customer(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0");
    let (one, other) = (app.customer().with_credits(0).await, app.customer().with_credits(0).await);
    let broken = Receiver::that([Say::Status(500)]).await;
    let failing = endpoint(&one, &broken.url).await;
    endpoint(&one, "https://example.com/quiet").await;
    let off = endpoint(&other, "https://example.com/off").await;
    post(&other, &format!("/api/v1/webhook-endpoints/{}/disable", off["id"].as_str().unwrap())).await;
    post(&one, &format!("/api/v1/webhook-endpoints/{}/test", failing["id"].as_str().unwrap())).await;
    deliveries(&one, "exhausted", 1).await;
    sending.end().await;

    let find = async |asked: EndpointFilter| {
        let listed = app.service.endpoints_with_customers(&asked, None, size(50)).await.unwrap();
        listed.rows.into_iter().map(|(endpoint, _)| json!(endpoint.id.to_string())).collect::<Vec<_>>()
    };
    let any = EndpointFilter::default();
    assert_eq!(find(any).await.len(), 3);
    assert_eq!(find(EndpointFilter { failing: true, ..any }).await, [failing["id"].clone()]);
    let disabled = Some(batchbook::domain::webhook::EndpointState::Disabled);
    assert_eq!(find(EndpointFilter { state: disabled, ..any }).await, [off["id"].clone()]);
    assert_eq!(find(EndpointFilter { customer: Some(one.id), ..any }).await.len(), 2);
    assert_eq!(find(EndpointFilter { customer: Some(one.id), state: disabled, ..any }).await.len(), 0);
}
