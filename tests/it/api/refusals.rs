//! Requests that are refused for who sends them, or for where: keys, other customers, addresses, limits, a database that is away.

use batchbook::domain::key::KeyTerms;
use reqwest::Method;
use serde_json::json;

use crate::app::{SORA_CREDITS, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    refuses_requests_without_a_good_key,
    another_customers_batch_is_not_found,
    unknown_addresses_and_methods_are_problems_too,
    refuses_more_requests_than_the_key_may_send,
    a_replay_is_answered_above_the_limit,
    a_database_that_is_away_is_said_to_be,
}

async fn refuses_requests_without_a_good_key(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let revoked = app.service.add_key(customer.id, "old", &KeyTerms::limited_to(60)).await.unwrap();
    app.service.revoke_key(revoked.id).await.unwrap();
    let elsewhere = TestApp::on(Kind::Sqlite).await;
    let unknown = elsewhere.customer().with_credits(0).await.secret;
    let (start, last) = customer.secret.split_at(customer.secret.len() - 1);
    let damaged = format!("{start}{}", if last == "x" { "y" } else { "x" });
    let bearer = |secret: &str| vec![("authorization", format!("Bearer {secret}"))];
    let keys = [
        vec![],
        bearer(""),
        bearer("bb_"),
        bearer(&damaged),
        bearer(&unknown),
        bearer(revoked.secret.reveal()),
        vec![("authorization", format!("Basic {}", customer.secret))],
        vec![("x-api-key", unknown.clone())],
    ];
    let before = customer.books().await;
    for headers in &keys {
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend([("content-type", "application/json"), ("idempotency-key", "order-a")]);
        for (method, path) in [(Method::POST, "/api/v1/batches"), (Method::GET, "/api/v1/batches"), (Method::GET, "/api/v1/credits")] {
            let answer = app.send(method, path, &headers, Some(batch_of(10).to_string())).await;
            answer.is_problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert_eq!(customer.books().await, before);
    app.send(Method::GET, "/api/v1/credits", &[("x-api-key", &customer.secret)], None).await.is(200);
}

async fn another_customers_batch_is_not_found(kind: Kind) {
    let app = TestApp::on(kind).await;
    let owner = app.customer().with_credits(1_000).await;
    let other = app.customer().with_credits(1_000).await;
    let batch = owner.submits(batch_of(10)).await.is(201);
    let before = (owner.books().await, other.books().await);
    let id = batch["id"].as_str().unwrap();
    for id in [id, "bat_00000000000000000000000000", "bat_x", "17", "%00"] {
        for path in ["", "/tasks", "/tasks/1", "/results"] {
            other.gets(&format!("/api/v1/batches/{id}{path}")).await.is_problem(404, "not_found");
        }
        other.posts(&format!("/api/v1/batches/{id}/cancel"), &[], String::new()).await.is_problem(404, "not_found");
    }
    assert_eq!(other.gets(&format!("/api/v1/batches?cursor={id}")).await.is(200)["data"], json!([]));
    assert_eq!((owner.books().await, other.books().await), before);
}

async fn unknown_addresses_and_methods_are_problems_too(kind: Kind) {
    let app = TestApp::on(kind).await;
    for path in ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/batches", "/api/admin/nothing", "/api/v1/batches/x/y/z/w"] {
        app.send(Method::GET, path, &[], None).await.is_problem(404, "unknown_route");
    }
    let answer = app.send(Method::DELETE, "/api/v1/batches", &[], None).await;
    answer.is_problem(405, "method_not_allowed");
    assert!(answer.header("allow").is_some_and(|allow| allow.contains("POST")), "{answer:#?}");
    // A misspelt dry_run places no order.
    let customer = app.customer().with_credits(1_000).await;
    let before = customer.books().await;
    for query in ["dryrun=true", "dry_run=yes", "dry_run"] {
        let path = format!("/api/v1/batches?{query}");
        customer.posts(&path, &[("idempotency-key", "a")], batch_of(10).to_string()).await.is_problem(400, "invalid_parameter");
    }
    assert_eq!(customer.books().await, before);
}

async fn refuses_more_requests_than_the_key_may_send(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().limited_to(2).with_credits(1_000).await;
    customer.gets("/api/v1/credits").await.is(200);
    // What cannot be read is counted like any other request.
    customer.posts("/api/v1/batches", &[], "{".to_owned()).await.is_problem(400, "malformed_json");
    let answer = customer.submits(batch_of(10)).await;
    let problem = answer.is_problem(429, "rate_limited");
    let wait_s: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait_s) && problem["retry_after_s"] == wait_s, "{answer:#?}");
    assert_eq!(answer.header("ratelimit-policy"), Some("\"default\";q=2;w=60"));
    assert!(answer.header("ratelimit").is_some_and(|left| left.starts_with("\"default\";r=0;t=")), "{answer:#?}");
    customer.posts("/api/v1/batches", &[], "{".to_owned()).await.is_problem(429, "rate_limited");
    let other_key = app.service.add_key(customer.id, "other", &KeyTerms::limited_to(1_000)).await.unwrap();
    let header = [("x-api-key", other_key.secret.reveal())];
    assert_eq!(app.send(Method::GET, "/api/v1/batches", &header, None).await.is(200)["data"], json!([]));
}

async fn a_replay_is_answered_above_the_limit(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().limited_to(1).with_credits(10 * SORA_CREDITS).await;
    let first = customer.submits_as("order-a", batch_of(10)).await.is(201);
    customer.submits_as("order-b", batch_of(10)).await.is_problem(429, "rate_limited");
    for _ in 0..3 {
        assert_eq!(customer.submits_as("order-a", batch_of(10)).await.is(201), first);
    }
}

async fn a_database_that_is_away_is_said_to_be(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    app.db.clone().close().await;
    for answer in [customer.gets("/api/v1/credits").await, customer.submits(batch_of(10)).await] {
        answer.is_problem(503, "unavailable");
        assert!(answer.header("retry-after").is_some(), "{answer:#?}");
        assert!(!answer.text.to_lowercase().contains("pool"), "{answer:#?}");
    }
}
