//! What operators do to credits: add them, take them back, give those of charged tasks back. Over HTTP and through the services,
//! on both databases; the books close after each.

use batchbook::domain::attempt::Output;
use batchbook::domain::batch::Batch;
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::{BatchId, CustomerId, WorkerKey};
use batchbook::domain::money::Money;
use batchbook::domain::numbers::TaskNumbers;
use batchbook::service::adjustments::{CreditChange, Once};
use batchbook::service::dispatch::{Claimed, Places};
use batchbook::service::refunds::NotRefundable;
use batchbook::service::settle::{Ended, Outcome};
use batchbook::service::workers::LEASE_MS;
use batchbook::service::{Reader, Service, ServiceError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Customer, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    a_grant_is_previewed_made_once_and_refused_when_it_makes_no_sense,
    pages_of_other_sites_can_do_nothing,
    credits_are_taken_back_in_spending_order_and_never_from_a_hold,
    a_form_sent_ten_times_at_once_makes_one_grant,
    charged_tasks_are_refunded_once_by_transactions_that_name_what_they_reverse,
    a_refund_of_a_running_batch_leaves_the_rest_to_run,
    rounding_never_breaks_the_books_of_a_refund,
}

async fn posts(app: &TestApp, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    app.send(Method::POST, path, &all, Some(body.to_string())).await
}

async fn gets(app: &TestApp, path: &str) -> Value {
    app.send(Method::GET, path, &[], None).await.is(200)
}

async fn verify(app: &TestApp) {
    let failed: Vec<_> = app.service.verify().await.unwrap().into_iter().filter(|check| !check.offending.is_empty()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

async fn add(app: &TestApp, customer: CustomerId, kind: GrantKind, credits: i64, paid: i64) {
    let grant = NewGrant {
        kind,
        credits: Credits::new(credits),
        paid: Money::from_micros(paid),
        expires_at: None,
        reason: Some("test".to_owned()),
    };
    app.service.grant(customer, grant).await.unwrap();
}

async fn claims(app: &TestApp) -> (WorkerKey, Vec<Claimed>, Vec<Places>) {
    claims_of(&app.service).await
}

/// Claims whatever there is, as a new worker.
pub async fn claims_of(service: &Service) -> (WorkerKey, Vec<Claimed>, Vec<Places>) {
    let worker = service.register_worker("test", LEASE_MS).await.unwrap();
    let routes = service.routes().await.unwrap();
    let places: Vec<Places> = routes.into_iter().map(|(route, deadline_s)| Places { route, deadline_s, free: 1_000 }).collect();
    let claimed = service.claim(worker, &places).await.unwrap();
    (worker, claimed, places)
}

async fn succeed(app: &TestApp, worker: WorkerKey, claimed: &[Claimed], places: &[Places]) {
    succeed_of(&app.service, worker, claimed, places).await;
}

/// Ends claimed tasks as successes, in one settlement.
pub async fn succeed_of(service: &Service, worker: WorkerKey, claimed: &[Claimed], places: &[Places]) {
    let ended: Vec<Ended> = claimed
        .iter()
        .map(|claimed| {
            let route = &places.iter().find(|place| place.route.key == claimed.route).unwrap().route;
            let outcome = Outcome::Succeeded(Output { url: "https://example.com/v.mp4".to_owned(), expires_at: None });
            Ended {
                task: claimed.task,
                attempt: claimed.attempt,
                unit_cost: route.unit_cost,
                billing: route.billing,
                at: service.now(),
                outcome,
            }
        })
        .collect();
    assert_eq!(service.settle(worker, &ended).await.unwrap().succeeded, claimed.len());
}

async fn submits(app: &TestApp, customer: &Customer<'_>, tasks: usize) -> Batch {
    let id: BatchId = customer.submits(batch_of(tasks)).await.is(201)["id"].as_str().unwrap().parse().unwrap();
    app.service.batch(Reader::Operator, id).await.unwrap()
}

async fn a_grant_is_previewed_made_once_and_refused_when_it_makes_no_sense(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(100).await;
    let path = format!("/api/admin/customers/{}/grants", customer.id);
    let grant = json!({"kind": "purchase", "credits": 1_000, "paid_usd": "9.50", "reason": "Invoice 17"});
    let preview = posts(&app, &format!("{path}?dry_run=true"), &[], grant.clone()).await.is(200);
    assert_eq!((&preview["before"], &preview["after"]), (&json!({"available": 100, "held": 0}), &json!({"available": 1_100, "held": 0})));
    assert_eq!(
        preview["entries"][0],
        json!({"transaction": 1, "grant_id": null, "account": "issued", "credits": -1_000, "balance_after": null})
    );
    assert_eq!(preview["entries"][1]["balance_after"], 1_100);
    assert_eq!(customer.books().await.available, 100, "nothing was stored");

    posts(&app, &path, &[], grant.clone()).await.is_problem(400, "idempotency_key_missing");
    let key = [("idempotency-key", "form-1")];
    let made = posts(&app, &path, &key, grant.clone()).await.is(201);
    let again = posts(&app, &path, &key, grant.clone()).await.is(201);
    assert_eq!((&made, &made["available"]), (&again, &json!(1_100)));
    let mut other = grant.clone();
    other["credits"] = json!(1_001);
    posts(&app, &path, &key, other).await.is_problem(422, "idempotency_key_reused");
    assert_eq!(customer.books().await.available, 1_100);
    let listed = gets(&app, &path).await;
    let named: Vec<&Value> = listed["data"].as_array().unwrap().iter().filter(|grant| grant["reason"] == "Invoice 17").collect();
    assert_eq!((named.len(), &named[0]["paid_microusd"]), (1, &json!(9_500_000)));
    for (field, value) in [
        ("credits", json!(0)),
        ("credits", json!(-5)),
        ("paid_usd", json!(null)),
        ("paid_usd", json!("9,50")),
        ("reason", json!("  ")),
        ("expires_at", json!("2030-01-01T00:00:00Z")),
        ("kind", json!("theft")),
        ("surprise", json!(1)),
    ] {
        let mut wrong = grant.clone();
        wrong[field] = value;
        posts(&app, &path, &[("idempotency-key", "form-2")], wrong).await.is_problem(422, "invalid_request");
    }
    posts(&app, "/api/admin/customers/cus_00000000000000000000000000/grants", &key, grant).await.is_problem(404, "not_found");
    verify(&app).await;
}

async fn pages_of_other_sites_can_do_nothing(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(100).await;
    let path = format!("/api/admin/customers/{}/adjustments", customer.id);
    let body = json!({"credits": 5, "reason": "r"});
    for header in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example"), ("origin", "null")]
    {
        let refused = posts(&app, &path, &[("idempotency-key", "k"), header], body.clone()).await;
        refused.is_problem(403, "cross_site");
    }
    assert_eq!(customer.books().await.available, 100);
    posts(&app, &path, &[("idempotency-key", "k"), ("sec-fetch-site", "same-origin")], body).await.is(201);
    assert_eq!(customer.books().await.available, 105);
}

async fn credits_are_taken_back_in_spending_order_and_never_from_a_hold(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    add(&app, customer.id, GrantKind::Promo, 600, 0).await;
    submits(&app, &customer, 10).await;
    let path = format!("/api/admin/customers/{}/adjustments", customer.id);
    // 490 of the gift are held: 110 of it and 1,000 paid ones can be spent.
    let preview = posts(&app, &format!("{path}?dry_run=true"), &[], json!({"credits": -200, "reason": "r"})).await.is(200);
    let moved: Vec<i64> = preview["entries"].as_array().unwrap().iter().map(|entry| entry["credits"].as_i64().unwrap()).collect();
    assert_eq!((moved, &preview["after"]), (vec![-110, 110, -90, 90], &json!({"available": 910, "held": 490})));
    let too_much = posts(&app, &path, &[("idempotency-key", "k1")], json!({"credits": -1_111, "reason": "r"})).await;
    too_much.is_problem(402, "not_enough_credits");
    let done = posts(&app, &path, &[("idempotency-key", "k1")], json!({"credits": -200, "reason": "granted twice"})).await.is(201);
    assert_eq!((&done["available"], &done["held"], done["transactions"].as_array().unwrap().len()), (&json!(910), &json!(490), 2));
    verify(&app).await;
    let shown = gets(&app, &format!("/api/admin/customers/{}", customer.id)).await;
    assert_eq!((&shown["taken_back"], &shown["expired"], &shown["agree"]), (&json!(200), &json!(0), &json!(true)));
    let ledger = gets(&app, &format!("/api/admin/customers/{}/ledger?kind=adjustment", customer.id)).await;
    let reasons: Vec<&Value> = ledger["data"].as_array().unwrap().iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons, [&json!("granted twice"); 2]);
    // Everything that can be spent, and not one more.
    posts(&app, &path, &[("idempotency-key", "k2")], json!({"credits": -910, "reason": "closing"})).await.is(201);
    posts(&app, &path, &[("idempotency-key", "k3")], json!({"credits": -1, "reason": "closing"}))
        .await
        .is_problem(402, "not_enough_credits");
    let (worker, claimed, places) = claims(&app).await;
    succeed(&app, worker, &claimed, &places).await;
    verify(&app).await;
}

async fn a_form_sent_ten_times_at_once_makes_one_grant(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(100).await;
    let token = app.service.new_token();
    let change = || {
        let reason = Some("once".to_owned());
        CreditChange::Add(NewGrant { kind: GrantKind::Promo, credits: Credits::new(50), paid: Money::ZERO, expires_at: None, reason })
    };
    let sent = (0..10).map(|_| app.service.change_credits(customer.id, change(), Once { token: &token }));
    let answers: Vec<_> = futures::future::join_all(sent).await.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(customer.books().await.available, 150);
    verify(&app).await;
}

async fn charged_tasks_are_refunded_once_by_transactions_that_name_what_they_reverse(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    add(&app, customer.id, GrantKind::Promo, 245, 0).await;
    let batch = submits(&app, &customer, 10).await;
    let path = format!("/api/admin/batches/{}/refunds", batch.id);
    let asked = |tasks: &str| json!({"tasks": tasks, "reason": "Faces were blurred"});
    posts(&app, &path, &[("idempotency-key", "k0")], asked("3")).await.is_problem(422, "invalid_request");
    let (worker, claimed, places) = claims(&app).await;
    // Two captures, so that a refund reverses two transactions.
    succeed(&app, worker, &claimed[..5], &places).await;
    succeed(&app, worker, &claimed[5..], &places).await;
    let before = app.service.batch(Reader::Operator, batch.id).await.unwrap();
    // Half were given, half paid at a cent each.
    assert_eq!((before.credits.charged.get(), before.revenue.micros()), (490, 2_450_000));

    let preview = posts(&app, &format!("{path}?dry_run=true"), &[], asked("3,7-9")).await.is(200);
    assert_eq!((&preview["count"], &preview["credits"], &preview["available_after"]), (&json!(4), &json!(196), &json!(951)));
    let done = posts(&app, &path, &[("idempotency-key", "k1")], asked("3,7-9")).await.is(201);
    assert_eq!((&done["credits"], done["transactions"].as_array().unwrap().len()), (&json!(196), 2));
    assert_eq!(posts(&app, &path, &[("idempotency-key", "k1")], asked("3,7-9")).await.is(201), done);
    verify(&app).await;
    let after = app.service.batch(Reader::Operator, batch.id).await.unwrap();
    assert_eq!((after.credits.charged.get(), after.credits.refunded.get(), after.status()), (294, 196, before.status()));
    // The paid credits were consumed last, so they come back first.
    assert_eq!(after.revenue.micros(), 2_450_000 - 1_960_000);
    let books = customer.books().await;
    assert_eq!((books.available, books.held), (951, 0));
    let kinds: Vec<_> = app.service.events(batch.id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.last().map(String::as_str), Some("batch.refunded"));
    let ledger = gets(&app, &format!("/api/admin/customers/{}/ledger?kind=reversal", customer.id)).await;
    let captures = gets(&app, &format!("/api/admin/customers/{}/ledger?kind=capture", customer.id)).await;
    let of = |page: &Value, field: &str| page["data"].as_array().unwrap().iter().map(|row| row[field].clone()).collect::<Vec<_>>();
    let (mut reversed, mut expected) = (of(&ledger, "reverses"), of(&captures, "id"));
    reversed.sort_by_key(ToString::to_string);
    expected.sort_by_key(ToString::to_string);
    assert_eq!(reversed, expected);
    assert_eq!(of(&ledger, "actor"), [json!("owner1@example.com"), json!("owner1@example.com")]);
    assert_eq!(of(&ledger, "reason"), [json!("Faces were blurred"), json!("Faces were blurred")]);

    let task = customer.gets(&format!("/api/v1/batches/{}/tasks/7", batch.id)).await.is(200);
    assert_eq!((&task["status"], &task["credits"]), (&json!("succeeded"), &json!({"price": 49, "charged": 0, "refunded": 49})));
    for (tasks, says) in
        [("7", "refunded already: 7"), ("1,9", "refunded already: 9"), ("11", "not charged: 11"), ("1-11", "not charged: 11")]
    {
        let refused = posts(&app, &path, &[("idempotency-key", "k2")], asked(tasks)).await.is_problem(422, "invalid_request");
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused}");
    }
    posts(&app, &path, &[("idempotency-key", "k2")], asked("7-3")).await.is_problem(422, "invalid_request");
    posts(&app, &path, &[("idempotency-key", "k2")], json!({"tasks": "1", "reason": ""})).await.is_problem(422, "invalid_request");
    posts(&app, &path, &[("idempotency-key", "k2")], asked("1-2,4-6,10")).await.is(201);
    let after = app.service.batch(Reader::Operator, batch.id).await.unwrap();
    assert_eq!((after.credits.charged.get(), after.credits.refunded.get(), after.revenue), (0, 490, Money::ZERO));
    assert_eq!(customer.books().await.available, 1_245);
    verify(&app).await;
}

async fn a_refund_of_a_running_batch_leaves_the_rest_to_run(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(490).await;
    let batch = submits(&app, &customer, 10).await;
    let (worker, claimed, places) = claims(&app).await;
    succeed(&app, worker, &claimed[..4], &places).await;
    let first = claimed[0].task.number;
    let tasks: TaskNumbers = first.to_string().parse().unwrap();
    let refund = async |token| app.service.refund_tasks(batch.id, &tasks, "r", Once { token }).await;
    let (one, two) = tokio::join!(refund("a"), refund("b"));
    assert_eq!(i32::from(one.is_ok()) + i32::from(two.is_ok()), 1, "{one:?} {two:?}");
    let refused = [one, two].into_iter().find_map(Result::err);
    assert!(matches!(refused, Some(ServiceError::NotRefundable(NotRefundable::AlreadyRefunded(_)))), "{refused:?}");
    verify(&app).await;
    succeed(&app, worker, &claimed[4..], &places).await;
    let after = app.service.batch(Reader::Operator, batch.id).await.unwrap();
    assert_eq!((after.credits.charged.get(), after.credits.refunded.get(), after.credits.open.get()), (441, 49, 0));
    assert_eq!(after.revenue, Money::from_micros(4_410_000));
    verify(&app).await;
}

async fn rounding_never_breaks_the_books_of_a_refund(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(0).await;
    // 0.0007… micro-dollars a credit, so that every capture is rounded.
    add(&app, customer.id, GrantKind::Purchase, 1_470, 1).await;
    add(&app, customer.id, GrantKind::Purchase, 1_471, 1_000_003).await;
    let mut batches = Vec::new();
    for _ in 0..6 {
        batches.push(submits(&app, &customer, 10).await.id);
    }
    let (worker, mut claimed, places) = claims(&app).await;
    assert_eq!(claimed.len(), 60);
    claimed.sort_by_key(|claimed| (claimed.task.number, claimed.task.batch));
    for few in claimed.chunks(7) {
        succeed(&app, worker, few, &places).await;
    }
    verify(&app).await;
    for (index, batch) in batches.iter().enumerate() {
        for tasks in ["1-4,8", "5", "6-7,9-10"] {
            let token = format!("{index} {tasks}");
            app.service.refund_tasks(*batch, &tasks.parse().unwrap(), "r", Once { token: &token }).await.unwrap();
            verify(&app).await;
        }
        let after = app.service.batch(Reader::Operator, *batch).await.unwrap();
        assert_eq!((after.credits.charged, after.credits.refunded.get()), (Credits::ZERO, 490));
    }
    assert_eq!(customer.books().await.available, 2_941);
}
