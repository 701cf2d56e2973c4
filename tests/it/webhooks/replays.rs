//! Sending again what failed to arrive within a window: what the preview says is what is sent, no more and no less.

use std::collections::BTreeSet;

use batchbook::domain::id::EndpointId;
use batchbook::service::Reader;
use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Receiver, Say};
use super::{Sending, attempts, deliveries, endpoint, post, three_events};
use crate::app::{Customer, TestApp, batch_of};
use crate::database::{Kind, on_both};
use crate::process::WAIT_MAX;

on_both! {
    a_preview_is_exactly_what_is_sent_again,
    a_thousand_go_in_groups_that_a_crash_does_not_repeat,
    an_aborted_replay_sends_nothing_more,
    what_ended_in_one_way_or_is_of_one_type_can_be_chosen,
    a_replay_has_a_window_an_end_and_a_reason,
    a_replay_to_an_endpoint_that_is_closed_meanwhile_ends,
    replays_are_their_customers_own,
    operators_replay_for_customers,
}

const ALL_DAYS: (&str, &str) = ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");

async fn replay(customer: &Customer<'_>, id: &Value) -> Value {
    customer.gets(&format!("/api/v1/webhook-replays/{}", id.as_str().unwrap())).await.is(200)
}

/// A window of the last hour, as a preview answers for it.
async fn preview(customer: &Customer<'_>, endpoint: &Value) -> Value {
    let now = customer.service().now();
    let body = json!({"endpoint_id": endpoint["id"], "since": now.plus_s(-3_600), "until": now.plus_s(60)});
    customer.posts("/api/v1/webhook-replays/preview", &[], body.to_string()).await.is(200)
}

async fn start(customer: &Customer<'_>, preview: &Value) -> Value {
    let body = json!({"token": preview["token"], "reason": "the receiver was down"});
    customer.posts("/api/v1/webhook-replays", &[], body.to_string()).await.is(201)
}

/// The replay, once it is no longer running.
async fn ended(customer: &Customer<'_>, id: &Value) -> Value {
    let wait = async {
        loop {
            let found = replay(customer, id).await;
            if found["status"] != "running" {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, wait).await.expect("the replay ends")
}

/// An endpoint that was disabled while so much happened to one batch: all of it is canceled. Then it is enabled.
async fn missed(app: &TestApp, customer: &Customer<'_>, url: &str, events: usize) -> Value {
    let endpoint = endpoint(customer, url).await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    post(customer, &format!("{path}/disable")).await;
    customer.submits(batch_of(10)).await.is(201);
    let sql = format!(
        "INSERT INTO events (public_id, type, customer_id, batch_id, payload, created_at_us)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
        SELECT 'evt_0000000' || CAST(100000000000000000 + n.i AS TEXT) || '0', v.type, v.customer_id, v.batch_id, v.payload, v.created_at_us
        FROM n CROSS JOIN (SELECT * FROM events ORDER BY id DESC LIMIT 1) AS v",
        events - 1
    );
    app.run_sql(Box::leak(sql.into_boxed_str())).await;
    while app.service.fan_out().await.unwrap() > 0 {}
    post(customer, &format!("{path}/enable")).await;
    endpoint
}

async fn a_preview_is_exactly_what_is_sent_again(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0");
    let customer = app.customer().with_credits(10_000).await;
    let down = std::iter::repeat_n(Say::Status(500), 12);
    let inbox = Receiver::that(down.chain([Say::Status(200)])).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    for _ in 0..4 {
        three_events(&customer, batch_of(10)).await;
    }
    let failed = deliveries(&customer, "exhausted", 12).await;
    let undelivered = customer.gets("/api/v1/webhook-deliveries?undelivered=true&limit=200").await.is(200);
    assert_eq!(undelivered["data"].as_array().unwrap().len(), 12);
    for delivery in &failed[..2] {
        post(&customer, &format!("/api/v1/webhook-deliveries/{}/resend", delivery["id"].as_str().unwrap())).await;
    }
    deliveries(&customer, "succeeded", 2).await;
    let preview = preview(&customer, &endpoint).await;
    let counts = ["total", "delivered_since", "on_way", "to_send"].map(|name| preview[name].as_i64().unwrap());
    assert_eq!(counts, [12, 2, 0, 10], "{preview:#}");
    let started = start(&customer, &preview).await;
    assert_eq!(start(&customer, &preview).await["id"], started["id"], "one preview starts one replay");
    let done = ended(&customer, &started["id"]).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["counts"], json!({"total": 12, "skipped": 2, "delivered": 10, "failed": 0, "waiting": 0}));
    assert_eq!(start(&customer, &preview).await["status"], "completed", "and starts nothing later");
    let received = inbox.received();
    assert_eq!(received.len(), 12 + 2 + 10, "nothing was sent twice");
    let ids: BTreeSet<&str> = received.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), 12, "each under its own id, as before");
    let made = attempts(&customer, &failed[5]).await;
    assert_eq!((made.len(), &made[1]["trigger"], &made[1]["replay_id"]), (2, &json!("replay"), &started["id"]));
    let undelivered = customer.gets("/api/v1/webhook-deliveries?undelivered=true").await.is(200);
    assert_eq!(undelivered["data"].as_array().unwrap().len(), 0);
    sending.end().await;
}

async fn a_thousand_go_in_groups_that_a_crash_does_not_repeat(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(200)]).await;
    let endpoint = missed(&app, &customer, &inbox.url, 1_000).await;
    let preview = preview(&customer, &endpoint).await;
    assert_eq!((&preview["total"], &preview["to_send"]), (&json!(1_000), &json!(1_000)));
    let started = start(&customer, &preview).await;
    // Somebody puts the first group in line and is never heard of again.
    assert_eq!(app.service.advance_replays().await.unwrap(), 1);
    assert_eq!(deliveries(&customer, "canceled", 200).await.len(), 200, "the others wait for their turn");
    let sending = Sending::start(&app, "0");
    let done = ended(&customer, &started["id"]).await;
    assert_eq!(done["counts"], json!({"total": 1_000, "skipped": 0, "delivered": 1_000, "failed": 0, "waiting": 0}));
    let received = inbox.received();
    let ids: BTreeSet<&str> = received.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!((received.len(), ids.len()), (1_000, 1_000), "each once");
    sending.end().await;
    app.books_close().await;
}

async fn an_aborted_replay_sends_nothing_more(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Hang]).await;
    let endpoint = missed(&app, &customer, &inbox.url, 700).await;
    let first = preview(&customer, &endpoint).await;
    let started = start(&customer, &first).await;
    let sending = Sending::start(&app, "0,600");
    inbox.gets(10).await;
    // They go in line in two groups; the newest, which the list shows first, with the second.
    let id = started["id"].as_str().unwrap().parse().unwrap();
    while app.service.replay(Reader::Operator, id).await.unwrap().replayed < 700 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let path = format!("/api/v1/webhook-replays/{}/abort", started["id"].as_str().unwrap());
    let aborted = post(&customer, &path).await;
    assert_eq!((&aborted["status"], &aborted["aborted_because"]), (&json!("aborted"), &json!("asked")));
    customer.posts(&path, &[], String::new()).await.is_problem(409, "replay_finished");
    // What hangs ends by itself; all others are canceled, and nothing is lost: they can be chosen again.
    let pending = deliveries(&customer, "pending", 10).await;
    assert!(pending.len() < 20, "{}", pending.len());
    let canceled = deliveries(&customer, "canceled", 200).await;
    assert!(canceled.iter().any(|row| row["canceled_because"] == "replay_aborted"), "{canceled:#?}");
    let again = preview(&customer, &endpoint).await;
    assert_eq!((&again["total"], &again["delivered_since"]), (&json!(700), &json!(0)), "{again:#}");
    assert_eq!(again["to_send"].as_i64().unwrap() + again["on_way"].as_i64().unwrap(), 700);
    sending.stop.cancel();
}

async fn what_ended_in_one_way_or_is_of_one_type_can_be_chosen(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let inbox = Receiver::that([Say::Status(500)]).await;
    let endpoint = endpoint(&customer, &inbox.url).await;
    three_events(&customer, batch_of(10)).await;
    let sending = Sending::start(&app, "0");
    deliveries(&customer, "exhausted", 3).await;
    post(&customer, &format!("/api/v1/webhook-endpoints/{}/test", endpoint["id"].as_str().unwrap())).await;
    deliveries(&customer, "exhausted", 4).await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    post(&customer, &format!("{path}/disable")).await;
    three_events(&customer, batch_of(10)).await;
    deliveries(&customer, "canceled", 3).await;
    post(&customer, &format!("{path}/enable")).await;
    let now = app.service.now();
    for (chosen, total) in [
        (json!({}), 6),
        (json!({"delivery_status": "exhausted"}), 3),
        (json!({"delivery_status": "canceled"}), 3),
        (json!({"event_type": "batch.created"}), 2),
        (json!({"event_type": "batch.created", "delivery_status": "canceled"}), 1),
        (json!({"event_type": "task.failed"}), 0),
        (json!({"until": now.plus_s(-3_000)}), 0),
    ] {
        let mut body = json!({"endpoint_id": endpoint["id"], "since": now.plus_s(-3_600), "until": now.plus_s(60)});
        body.as_object_mut().unwrap().extend(chosen.as_object().unwrap().clone());
        let answer = customer.posts("/api/v1/webhook-replays/preview", &[], body.to_string()).await.is(200);
        assert_eq!(answer["total"], total, "{body:#}: a test is never sent again");
    }
    sending.end().await;
}

async fn a_replay_has_a_window_an_end_and_a_reason(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let endpoint = missed(&app, &customer, "https://example.com/hook", 3).await;
    let ask = |body: Value| customer.posts("/api/v1/webhook-replays/preview", &[], body.to_string());
    let id = &endpoint["id"];
    ask(json!({"endpoint_id": id})).await.is_problem(422, "invalid_request");
    ask(json!({"since": ALL_DAYS.0})).await.is_problem(422, "invalid_request");
    ask(json!({"endpoint_id": id, "since": ALL_DAYS.1, "until": ALL_DAYS.0})).await.is_problem(422, "invalid_replay");
    ask(json!({"endpoint_id": id, "since": "2026-10-31T23:59:59Z", "until": ALL_DAYS.1})).await.is_problem(422, "invalid_replay");
    ask(json!({"endpoint_id": id, "since": ALL_DAYS.0, "until": ALL_DAYS.1})).await.is(200);
    let begin = |body: Value| customer.posts("/api/v1/webhook-replays", &[], body.to_string());
    let shown = preview(&customer, &endpoint).await;
    begin(json!({"token": shown["token"], "reason": "  "})).await.is_problem(422, "invalid_request");
    begin(json!({"token": "all", "reason": "x"})).await.is_problem(422, "invalid_replay");
    let running = start(&customer, &shown).await;
    let second = preview(&customer, &endpoint).await;
    begin(json!({"token": second["token"], "reason": "x"})).await.is_problem(409, "replay_running");
    post(&customer, &format!("/api/v1/webhook-replays/{}/abort", running["id"].as_str().unwrap())).await;
    post(&customer, &format!("/api/v1/webhook-endpoints/{}/disable", id.as_str().unwrap())).await;
    begin(json!({"token": second["token"], "reason": "x"})).await.is_problem(409, "endpoint_disabled");
    post(&customer, &format!("/api/v1/webhook-endpoints/{}/enable", id.as_str().unwrap())).await;
    // Nothing failed within the first minute of the year.
    let none = ask(json!({"endpoint_id": id, "since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:01:00Z"})).await.is(200);
    begin(json!({"token": none["token"], "reason": "x"})).await.is_problem(422, "invalid_replay");
    // One more than may be sent again.
    let more = "INSERT INTO deliveries (public_id, endpoint_id, event_id, customer_id, batch_id, state, canceled_because, trigger_kind,
            attempts, failures, lane, created_at_us, finished_at_us, failed_as, failed_at_us)
        SELECT 'dlv_' || substr(v.public_id, 5), e.id, v.id, v.customer_id, v.batch_id, 'canceled', 'endpoint_disabled', 'scheduled', 0, 0, 0,
            v.created_at_us, v.created_at_us, 'canceled', v.created_at_us
        FROM events AS v JOIN endpoints AS e ON e.customer_id = v.customer_id
        WHERE NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.event_id = v.id)";
    let events = "INSERT INTO events (public_id, type, customer_id, batch_id, payload, created_at_us)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49998)
        SELECT 'evt_0000000' || CAST(200000000000000000 + n.i AS TEXT) || '0', v.type, v.customer_id, v.batch_id, v.payload, v.created_at_us
        FROM n CROSS JOIN (SELECT * FROM events ORDER BY id DESC LIMIT 1) AS v";
    for sql in [events, more] {
        app.run_sql(sql).await;
    }
    let now = app.service.now();
    let problem = ask(json!({"endpoint_id": id, "since": now.plus_s(-3_600)})).await.is_problem(422, "invalid_replay");
    assert!(problem["detail"].as_str().unwrap().contains("50000"), "{problem:#}");
}

async fn a_replay_to_an_endpoint_that_is_closed_meanwhile_ends(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let endpoint = missed(&app, &customer, "https://example.com/hook", 3).await;
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    let first = start(&customer, &preview(&customer, &endpoint).await).await;
    app.service.advance_replays().await.unwrap();
    post(&customer, &format!("{path}/disable")).await;
    app.service.advance_replays().await.unwrap();
    assert_eq!(replay(&customer, &first["id"]).await["aborted_because"], "endpoint_disabled");
    post(&customer, &format!("{path}/enable")).await;
    let second = start(&customer, &preview(&customer, &endpoint).await).await;
    let id: EndpointId = endpoint["id"].as_str().unwrap().parse().unwrap();
    app.service.delete_endpoint(Reader::Operator, id).await.unwrap();
    app.service.advance_replays().await.unwrap();
    assert_eq!(replay(&customer, &second["id"]).await["aborted_because"], "endpoint_deleted");
    assert_eq!(app.service.advance_replays().await.unwrap(), 0);
}

async fn replays_are_their_customers_own(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (one, other) = (app.customer().with_credits(10_000).await, app.customer().with_credits(0).await);
    let endpoint = missed(&app, &one, "https://example.com/hook", 3).await;
    let shown = preview(&one, &endpoint).await;
    let body = json!({"endpoint_id": endpoint["id"], "since": ALL_DAYS.0, "until": ALL_DAYS.1});
    other.posts("/api/v1/webhook-replays/preview", &[], body.to_string()).await.is_problem(404, "not_found");
    let token = json!({"token": shown["token"], "reason": "curious"});
    other.posts("/api/v1/webhook-replays", &[], token.to_string()).await.is_problem(404, "not_found");
    let started = start(&one, &shown).await;
    let path = format!("/api/v1/webhook-replays/{}", started["id"].as_str().unwrap());
    other.gets(&path).await.is_problem(404, "not_found");
    other.posts(&format!("{path}/abort"), &[], String::new()).await.is_problem(404, "not_found");
    other.posts("/api/v1/webhook-replays", &[], token.to_string()).await.is_problem(404, "not_found");
    assert_eq!(other.gets("/api/v1/webhook-replays").await.is(200)["data"], json!([]));
    let listed = one.gets(&format!("/api/v1/webhook-replays?endpoint_id={}", endpoint["id"].as_str().unwrap())).await.is(200);
    assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["reason"]), (&started["id"], &json!("the receiver was down")));
}

async fn operators_replay_for_customers(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let endpoint = missed(&app, &customer, "https://example.com/hook", 3).await;
    let headers = [("content-type", "application/json")];
    let ask = async |path: &str, body: Value| {
        app.send(Method::POST, &format!("/api/admin/webhook-replays{path}"), &headers, Some(body.to_string())).await
    };
    let body = json!({"endpoint_id": endpoint["id"], "since": app.service.now().plus_s(-3_600)});
    let shown = ask("/preview", body).await.is(200);
    assert_eq!((&shown["total"], &shown["to_send"]), (&json!(3), &json!(3)));
    let started = ask("", json!({"token": shown["token"], "reason": "asked for by telephone"})).await.is(201);
    assert!(started["started_by"].as_str().is_some_and(|who| !who.is_empty()), "{started:#}");
    let path = format!("/{}", started["id"].as_str().unwrap());
    let aborted = ask(&format!("{path}/abort"), json!({})).await.is(200);
    assert_eq!((&aborted["status"], &aborted["aborted_by"]), (&json!("aborted"), &started["started_by"]));
    ask(&format!("{path}/abort"), json!({})).await.is_problem(409, "replay_finished");
    let listed = app.send(Method::GET, "/api/admin/webhook-replays", &[], None).await.is(200);
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["data"][0]), (1, &aborted));
    let audit = app.send(Method::GET, "/api/admin/audit", &[], None).await.is(200).to_string();
    assert!(audit.contains("replay.started") && audit.contains("replay.aborted") && audit.contains("asked for by telephone"), "{audit}");
    let seen = replay(&customer, &started["id"]).await;
    assert!(seen.get("started_by").is_none() && seen["reason"] == "asked for by telephone", "who did it is not the customer's: {seen:#}");
}
