//! Submissions that cannot be: each is refused with its code, and nothing is stored.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{SORA_MIN, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    refuses_missing_and_bad_idempotency_keys,
    refuses_the_key_of_another_request_and_names_its_batch,
    refuses_none_too_many_and_too_few_items,
    names_the_index_of_each_bad_item,
    lists_a_hundred_bad_items_and_counts_all,
    says_how_many_credits_are_missing,
    refuses_what_is_not_json,
    refuses_what_is_not_a_batch,
    refuses_a_large_body_before_reading_it,
}

async fn refuses_missing_and_bad_idempotency_keys(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let before = customer.books().await;
    let with_id = |id: Value| {
        let mut batch = batch_of(10);
        batch["request_id"] = id;
        batch.to_string()
    };
    let long = "k".repeat(256);
    for (headers, body, code) in [
        (vec![], batch_of(10).to_string(), "idempotency_key_missing"),
        (vec![], with_id(Value::Null), "idempotency_key_missing"),
        (vec![("idempotency-key", "a")], with_id(json!("b")), "idempotency_key_conflict"),
        (vec![("idempotency-key", "a"), ("idempotency-key", "a")], with_id(json!("a")), "idempotency_key_invalid"),
        (vec![("idempotency-key", long.as_str())], batch_of(10).to_string(), "idempotency_key_invalid"),
        (vec![("idempotency-key", "")], batch_of(10).to_string(), "idempotency_key_invalid"),
        (vec![], with_id(json!("ключ")), "idempotency_key_invalid"),
    ] {
        customer.posts("/api/v1/batches", &headers, body).await.is_problem(400, code);
    }
    assert_eq!(customer.books().await, before);
}

async fn refuses_the_key_of_another_request_and_names_its_batch(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let first = customer.submits_as("order-a", batch_of(10)).await.is(201);
    let before = customer.books().await;
    let problem = customer.submits_as("order-a", batch_of(11)).await.is_problem(422, "idempotency_key_reused");
    assert_eq!(problem["first_batch"], first["id"]);
    assert!(problem["detail"].as_str().unwrap().contains(first["id"].as_str().unwrap()));
    assert_eq!(customer.books().await, before);
    // Keys are a customer's own.
    let other = app.customer().with_credits(10_000).await;
    assert_ne!(other.submits_as("order-a", batch_of(11)).await.is(201)["id"], first["id"]);
}

async fn refuses_none_too_many_and_too_few_items(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000_000).await;
    let before = customer.books().await;
    customer.submits(batch_of(0)).await.is_problem(422, "no_items");
    customer.submits(json!({"model": "sora-2"})).await.is_problem(422, "no_items");
    let problem = customer.submits(batch_of(10_001)).await.is_problem(422, "too_many_items");
    assert!(problem["detail"].as_str().unwrap().contains("10001"), "{problem}");
    let problem = customer.submits(batch_of(SORA_MIN - 1)).await.is_problem(422, "under_minimum");
    assert!(problem["detail"].as_str().unwrap().contains("sora-2"), "{problem}");
    let mut mixed = batch_of(14);
    for index in 10..14 {
        mixed["items"][index]["model"] = json!("veo-pro");
    }
    customer.submits(mixed).await.is_problem(422, "under_minimum");
    assert_eq!(customer.books().await, before);
}

async fn names_the_index_of_each_bad_item(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let before = customer.books().await;
    for (field, value, code) in [
        ("prompt", json!(""), "prompt_missing"),
        ("prompt", json!("  "), "prompt_missing"),
        ("prompt", Value::Null, "prompt_missing"),
        ("prompt", json!("x".repeat(10_001)), "prompt_too_long"),
        ("prompt", json!("a\0b"), "nul_character"),
        ("prompt", json!(5), "invalid_item"),
        ("model", json!("sora-9"), "model_unknown"),
        ("custom_id", json!("same"), "custom_id_duplicate"),
        ("custom_id", json!("x".repeat(65)), "custom_id_too_long"),
        ("reference_url", json!("file:///etc/passwd"), "invalid_url"),
        ("aspect_ratio", json!("2:1"), "invalid_aspect_ratio"),
        ("duration", json!(0), "invalid_duration"),
        ("duration", json!(1.5), "invalid_duration"),
        ("metadata", json!({"k": 1}), "invalid_metadata"),
        ("metadata", json!("text"), "invalid_metadata"),
        ("promt", json!("x"), "invalid_item"),
    ] {
        let mut batch = batch_of(12);
        batch["items"][2]["custom_id"] = json!("same");
        batch["items"][7][field] = value;
        let problem = customer.submits(batch).await.is_problem(422, "invalid_items");
        let error = &problem["errors"][0];
        assert_eq!((&error["index"], &error["field"], &error["code"]), (&json!(7), &json!(field), &json!(code)), "{problem}");
        assert_eq!((problem["errors"].as_array().unwrap().len(), &problem["bad_items"]), (1, &json!(1)), "{problem}");
    }
    let mut no_model = batch_of(10);
    no_model["model"] = Value::Null;
    let problem = customer.submits(no_model).await.is_problem(422, "invalid_items");
    assert_eq!((&problem["errors"][9]["index"], &problem["errors"][9]["code"]), (&json!(9), &json!("model_missing")));
    assert_eq!(customer.books().await, before);
}

async fn lists_a_hundred_bad_items_and_counts_all(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(10_000).await;
    let before = customer.books().await;
    for bad in [json!({"prompt": ""}), json!(17)] {
        let batch = json!({"model": "sora-2", "items": vec![bad; 150]});
        let problem = customer.submits(batch).await.is_problem(422, "invalid_items");
        assert_eq!((problem["errors"].as_array().unwrap().len(), &problem["bad_items"]), (100, &json!(150)));
    }
    assert_eq!(customer.books().await, before);
}

async fn says_how_many_credits_are_missing(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(489).await;
    let before = customer.books().await;
    let problem = customer.submits(batch_of(10)).await.is_problem(402, "not_enough_credits");
    assert_eq!((&problem["needed"], &problem["available"]), (&json!(490), &json!(489)));
    assert_eq!(customer.books().await, before);
    // The key was not used up.
    let poor = app.customer().with_credits(0).await;
    poor.submits_as("order-a", batch_of(10)).await.is_problem(402, "not_enough_credits");
    poor.submits_as("order-a", batch_of(11)).await.is_problem(402, "not_enough_credits");
}

async fn refuses_what_is_not_json(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let before = customer.books().await;
    let post = async |content_type: &str, body: String| {
        customer.posts("/api/v1/batches", &[("content-type", content_type), ("idempotency-key", "a")], body).await
    };
    for other in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonl"] {
        post(other, batch_of(10).to_string()).await.is_problem(415, "unsupported_media_type");
    }
    let deep = format!(r#"{{"items":[{{"prompt":"a","metadata":{}}}]}}"#, "[".repeat(100_000));
    let bodies = ["", "{", "nothing", "{\"items\":[}", "{} {}", "{\"items\":[{\"prompt\":\"\u{1}\"}]}", deep.as_str()];
    for body in bodies {
        post("application/json", body.to_owned()).await.is_problem(400, "malformed_json");
    }
    assert_eq!(customer.books().await, before);
    assert_eq!(post("Application/JSON; charset=utf-8", batch_of(10).to_string()).await.status, 201);
}

async fn refuses_what_is_not_a_batch(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let before = customer.books().await;
    let with = |field: &str, value: Value| {
        let mut batch = batch_of(10);
        batch[field] = value;
        batch
    };
    for (batch, names) in [
        (json!([]), "not as described"),
        (json!("text"), "not as described"),
        (with("itmes", json!([])), "itmes"),
        (with("items", json!({})), "items"),
        (with("model", json!(5)), "string"),
        (with("model", json!("a\0")), "model"),
        (with("metadata", json!({"k": {}})), "metadata"),
        (with("metadata", json!({"k": "\0"})), "metadata"),
        (with("webhook_url", json!("https://user:secret@example.com/")), "webhook_url"),
        (with("webhook_url", json!("example.com")), "webhook_url"),
    ] {
        let problem = customer.submits(batch).await.is_problem(422, "invalid_request");
        assert!(problem["detail"].as_str().unwrap().contains(names), "{problem}");
    }
    assert_eq!(customer.books().await, before);
}

async fn refuses_a_large_body_before_reading_it(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let before = customer.books().await;
    let mut stream = TcpStream::connect(&app.address).await.unwrap();
    let head = format!(
        "POST /api/v1/batches HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: a\r\nContent-Length: {}\r\n\r\n",
        customer.secret,
        32 * 1024 * 1024 + 1
    );
    // Not a byte of the body is sent, and the answer is there.
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let mut length = 0;
    while !answer[..length].ends_with(b"}") {
        let read = stream.read(&mut answer[length..]).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer[..length]));
        length += read;
    }
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"code\":\"body_too_large\""), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("x-request-id: req_"), "{answer}");
    assert_eq!(customer.books().await, before);
}
