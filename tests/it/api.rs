//! The customers' API over TCP: what it answers, what it refuses, and that a refusal stores nothing.

mod bad_input;
mod concurrency;
mod refusals;

use serde_json::{Value, json};

use crate::app::{Books, SORA_CREDITS, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    a_submission_holds_its_credits_and_is_shown_as_designed,
    a_replay_is_answered_with_what_was_answered_first,
    the_older_name_of_the_key_is_the_same_key,
    a_quote_stores_nothing,
    lists_are_read_page_by_page,
    a_cancellation_gives_back_what_never_ran,
    the_ledger_shows_every_change,
    answers_say_what_is_left_of_the_limit,
    operators_see_what_customers_do_not,
    the_documents_are_served,
}

async fn a_submission_holds_its_credits_and_is_shown_as_designed(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let mut batch = batch_of(12);
    batch["metadata"] = json!({"project": "spring"});
    batch["items"][3]["custom_id"] = json!("scene-4");

    let answer = customer.submits_as("order-a", batch).await;
    let made = answer.is(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/batches/{id}").as_str()));
    assert_eq!(answer.header("idempotent-replayed"), None);
    let held = 12 * SORA_CREDITS;
    assert_eq!(
        made,
        json!({
            "object": "batch", "id": id, "status": "queued", "idempotency_key": "order-a", "model": "sora-2",
            "counts": {"total": 12, "pending": 12, "processing": 0, "succeeded": 0, "failed": 0, "canceled": 0},
            "credits": {"held": held, "charged": 0, "refunded": 0, "open": held},
            "webhook_url": null, "metadata": {"project": "spring"},
            "created_at": made["created_at"], "started_at": null, "finished_at": null,
        })
    );
    assert_eq!(customer.gets(&format!("/api/v1/batches/{id}")).await.is(200), made);
    assert_eq!(customer.books().await, Books { batches: 1, available: 1_000 - held, held });

    let task = customer.gets(&format!("/api/v1/batches/{id}/tasks/4")).await.is(200);
    assert_eq!(
        task,
        json!({
            "object": "task", "batch_id": id, "number": 4, "custom_id": "scene-4", "model": "sora-2", "status": "pending",
            "credits": {"price": SORA_CREDITS, "charged": 0, "refunded": 0}, "attempts": 0, "output": null, "error": null,
            "created_at": made["created_at"], "started_at": null, "finished_at": null,
        })
    );
    customer.gets(&format!("/api/v1/batches/{id}/tasks/13")).await.is_problem(404, "not_found");
}

async fn a_replay_is_answered_with_what_was_answered_first(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10 * SORA_CREDITS).await;
    let first = customer.submits_as("order-a", batch_of(10)).await;
    let id = first.is(201)["id"].as_str().unwrap().to_owned();
    customer.posts(&format!("/api/v1/batches/{id}/cancel"), &[], String::new()).await.is(200);
    // Written in another way, with nothing left to spend, and after the batch has changed.
    let rewritten = serde_json::to_string_pretty(&batch_of(10)).unwrap();
    let again = customer.posts("/api/v1/batches", &[("idempotency-key", "order-a")], rewritten).await;
    again.is(201);
    assert_eq!((again.text, again.headers["location"].clone()), (first.text, first.headers["location"].clone()));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(customer.books().await.batches, 1);
}

async fn the_older_name_of_the_key_is_the_same_key(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10 * SORA_CREDITS).await;
    let mut batch = batch_of(10);
    batch["request_id"] = json!("order-a");
    let first = customer.posts("/api/v1/batches", &[], batch.to_string()).await.is(201);
    assert_eq!(first["idempotency_key"], "order-a");
    let again = customer.submits_as("order-a", batch_of(10)).await;
    assert_eq!((again.is(201), again.header("idempotent-replayed")), (first, Some("true")));
}

async fn a_quote_stores_nothing(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(500).await;
    let before = customer.books().await;
    let quote = customer.posts("/api/v1/batches?dry_run=true", &[], batch_of(20).to_string()).await.is(200);
    assert_eq!(
        quote,
        json!({
            "object": "quote", "tasks": 20,
            "credits": {"needed": 980, "available": 500, "enough": false, "missing": 480},
            "models": [{"model": "sora-2", "tasks": 20, "credits_per_task": 49, "credits": 980}],
        })
    );
    let mut bad = batch_of(20);
    bad["items"][7]["prompt"] = json!("");
    let problem = customer.posts("/api/v1/batches?dry_run=true", &[], bad.to_string()).await.is_problem(422, "invalid_items");
    assert_eq!(problem["errors"][0]["index"], 7);
    assert_eq!(customer.books().await, before);
}

async fn lists_are_read_page_by_page(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(customer.submits(batch_of(11)).await.is(201)["id"].clone());
    }
    ids.sort_by_key(|id| std::cmp::Reverse(id.to_string()));
    let first = customer.gets("/api/v1/batches?limit=2").await.is(200);
    assert_eq!((&first["object"], &first["has_more"]), (&json!("list"), &json!(true)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = customer.gets(&format!("/api/v1/batches?limit=2&cursor={cursor}")).await.is(200);
    assert_eq!((&rest["has_more"], &rest["next_cursor"]), (&json!(false), &Value::Null));
    let listed = |page: &Value| page["data"].as_array().unwrap().iter().map(|batch| batch["id"].clone()).collect::<Vec<_>>();
    assert_eq!([listed(&first), listed(&rest)].concat(), ids);

    let tasks = format!("/api/v1/batches/{}/tasks?limit=10", ids[0].as_str().unwrap());
    let page = customer.gets(&tasks).await.is(200);
    assert_eq!((page["data"].as_array().unwrap().len(), page["data"][9]["number"].as_i64()), (10, Some(10)));
    let page = customer.gets(&format!("{tasks}&cursor={}", page["next_cursor"].as_str().unwrap())).await.is(200);
    assert_eq!((&page["data"][0]["number"], &page["has_more"]), (&json!(11), &json!(false)));
    for bad in ["limit=0", "limit=201", "limit=x", "cursor=x", "page=2"] {
        customer.gets(&format!("/api/v1/batches?{bad}")).await.is_problem(400, "invalid_parameter");
    }
}

async fn a_cancellation_gives_back_what_never_ran(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(30_000).await;
    let batch = customer.submits(batch_of(500)).await.is(201);
    let path = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(customer.gets(&format!("{path}/results")).await.text, "");
    let canceled = customer.posts(&format!("{path}/cancel"), &[], String::new()).await.is(200);
    let given_back = 500 * SORA_CREDITS;
    assert_eq!(
        (&canceled["object"], &canceled["canceled"], &canceled["refunded"], &canceled["still_running"], &canceled["still_held"]),
        (&json!("cancellation"), &json!(500), &json!(given_back), &json!(0), &json!(0))
    );
    assert_eq!((&canceled["batch"]["status"], &canceled["batch"]["credits"]["refunded"]), (&json!("canceled"), &json!(given_back)));
    assert_eq!(customer.books().await, Books { batches: 1, available: 30_000, held: 0 });
    customer.posts(&format!("{path}/cancel"), &[], String::new()).await.is_problem(409, "batch_finished");

    let results = customer.gets(&format!("{path}/results")).await;
    assert_eq!(results.header("content-type"), Some("application/jsonl"));
    let lines: Vec<Value> = results.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<i64> = lines.iter().map(|task| task["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=500).collect::<Vec<_>>());
    assert!(lines.iter().all(|task| task["status"] == "canceled" && task["credits"]["refunded"] == SORA_CREDITS), "{}", lines[0]);
    assert_eq!(customer.gets(&format!("{path}/results?status=succeeded")).await.text, "");
    assert_eq!(customer.gets(&format!("{path}/results?status=canceled")).await.text, results.text);
    customer.gets(&format!("{path}/results?status=pending")).await.is_problem(400, "invalid_parameter");
}

async fn the_ledger_shows_every_change(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let batch = customer.submits(batch_of(10)).await.is(201);
    customer.posts(&format!("/api/v1/batches/{}/cancel", batch["id"].as_str().unwrap()), &[], String::new()).await.is(200);
    let ledger = customer.gets("/api/v1/ledger").await.is(200);
    let rows = ledger["data"].as_array().unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["refund", "hold", "purchase"]);
    assert_eq!(rows[0]["available"], json!({"change": 490, "balance_after": 1_000}));
    assert_eq!(rows[1]["held"], json!({"change": 490, "balance_after": 490}));
    assert_eq!((&rows[1]["batch_id"], &rows[0]["tasks"]), (&batch["id"], &json!(10)));
    let credits = customer.gets("/api/v1/credits").await.is(200);
    assert_eq!((&rows[2]["grant_id"], &rows[2]["credits"]), (&credits["grants"][0]["id"], &json!(1_000)));
    assert!(!ledger.to_string().contains("revenue"));
}

async fn answers_say_what_is_left_of_the_limit(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().limited_to(3).with_credits(0).await;
    let answer = customer.gets("/api/v1/credits").await;
    answer.is(200);
    assert_eq!(answer.header("ratelimit-policy"), Some("\"default\";q=3;w=60"));
    assert_eq!(answer.header("ratelimit"), Some("\"default\";r=2;t=20"));
    customer.gets("/api/v1/batches/bat_nothing").await.is_problem(404, "not_found");
    let answer = customer.gets("/api/v1/credits").await;
    assert!(answer.header("ratelimit").is_some_and(|left| left.starts_with("\"default\";r=0;")), "{answer:#?}");
}

async fn operators_see_what_customers_do_not(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let batch = customer.submits(batch_of(10)).await.is(201);
    let path = format!("/api/admin/batches/{}", batch["id"].as_str().unwrap());
    let get = async |path: String| app.send(reqwest::Method::GET, &path, &[], None).await.is(200);
    assert_eq!(get("/api/admin/batches".to_owned()).await["data"][0]["customer"]["id"], customer.id.to_string());
    let shown = get(path.clone()).await;
    assert_eq!((&shown["money"]["profit_microusd"], &shown["credits"]), (&json!(0), &batch["credits"]));
    let tasks = get(format!("{path}/tasks")).await;
    assert_eq!(tasks["data"][0]["input"]["prompt"], "A lighthouse at dawn, take 1");
    assert_eq!(get(format!("{path}/tasks/1")).await["attempts_made"], json!([]));
    let billing = get(format!("{path}/billing")).await;
    assert_eq!(billing["grants"][0]["drawn"], 490);
    assert_eq!((&billing["transactions"][0]["kind"], &billing["models"][0]["credits_per_task"]), (&json!("hold"), &json!(49)));
    assert_eq!(get(format!("{path}/webhooks")).await["events"][0]["type"], "batch.created");
    let foreign = app.send(reqwest::Method::GET, &path, &[("host", "books.example")], None).await;
    foreign.is_problem(404, "unknown_route");
}

async fn the_documents_are_served(kind: Kind) {
    let app = TestApp::on(kind).await;
    let document = app.send(reqwest::Method::GET, "/api/openapi.json", &[], None).await.is(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["webhooks"]["batch.created"]["post"]["operationId"], "on_batch_created");
    for (path, content_type) in [
        ("/docs/api", "text/html; charset=utf-8"),
        ("/docs/webhooks", "text/html; charset=utf-8"),
        ("/docs/api/reference.css", "text/css; charset=utf-8"),
    ] {
        let answer = app.send(reqwest::Method::GET, path, &[], None).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some(content_type)));
    }
}
