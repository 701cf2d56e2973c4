//! Finding things: by any id, by the keys they are known by, by parts of names; through the operators' API, on both databases.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::Value;

use crate::app::{Customer, SORA_CREDITS, SORA_MIN, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    finds_everything_by_its_id,
    finds_batches_by_idempotency_key_and_keys_by_their_beginning,
    finds_customers_by_part_of_name_or_address_in_any_case,
    takes_wildcards_as_they_are,
    is_bounded,
}

const CREDITS: i64 = SORA_CREDITS * 1_000;

impl TestApp {
    /// What a search finds, of a text that is escaped.
    async fn finds(&self, text: &str) -> Vec<Value> {
        self.search(text).await["data"].as_array().expect("a list").clone()
    }

    async fn search(&self, text: &str) -> Value {
        let mut path = "/api/admin/search?q=".to_owned();
        for byte in text.bytes() {
            write!(path, "%{byte:02X}").unwrap();
        }
        self.send(Method::GET, &path, &[], None).await.is(200)
    }

    async fn names_found(&self, text: &str) -> Vec<String> {
        self.finds(text).await.iter().map(|hit| hit["customer_name"].as_str().unwrap().to_owned()).collect()
    }
}

async fn batch(customer: &Customer<'_>, key: &str) -> String {
    customer.submits_as(key, batch_of(SORA_MIN)).await.is(201)["id"].as_str().unwrap().to_owned()
}

async fn finds_everything_by_its_id(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(CREDITS).await;
    let id = batch(&customer, "spring").await;
    let one = async |text: &str| {
        let found = app.finds(text).await;
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((&found[0]["exact"], &found[0]["customer_id"]), (&true.into(), &customer.id.to_string().into()));
        found[0].clone()
    };
    let found = one(&id).await;
    assert_eq!((&found["object"], &found["note"], &found["batch_id"]), (&"batch".into(), &"queued".into(), &id.clone().into()));
    let task = one(&format!("{id}/tasks/7")).await;
    assert_eq!((&task["object"], &task["number"], &task["note"]), (&"task".into(), &7.into(), &"pending".into()));
    assert_eq!(one(&customer.id.to_string()).await["object"], "customer");

    let billing = app.send(Method::GET, &format!("/api/admin/batches/{id}/billing"), &[], None).await.is(200);
    let transaction = text_with(&billing, "txn_");
    let found = one(&transaction).await;
    assert_eq!((&found["object"], &found["note"], &found["batch_id"]), (&"transaction".into(), &"hold".into(), &id.clone().into()));
    let grant = text_with(&billing, "grt_");
    assert_eq!((one(&grant).await["object"].clone(), one(&grant).await["note"].clone()), ("grant".into(), "purchase".into()));
    let webhooks = app.send(Method::GET, &format!("/api/admin/batches/{id}/webhooks"), &[], None).await.is(200);
    let event = one(&text_with(&webhooks, "evt_")).await;
    assert_eq!((&event["object"], &event["note"]), (&"event".into(), &"batch.created".into()));

    for nothing in [format!("{id}/tasks/11"), id.replace("bat_", "txn_"), id.replace("bat_", "key_")] {
        assert_eq!(app.finds(&nothing).await, Vec::<Value>::new(), "{nothing}");
    }
}

/// The first text in a document that begins so.
fn text_with(document: &Value, prefix: &str) -> String {
    let text = document.to_string();
    let at = text.find(&format!("\"{prefix}")).unwrap_or_else(|| panic!("no {prefix} in {text}")) + 1;
    text[at..at + 30].to_owned()
}

async fn finds_batches_by_idempotency_key_and_keys_by_their_beginning(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (one, other) = (app.customer().with_credits(CREDITS).await, app.customer().with_credits(CREDITS).await);
    let (first, second) = (batch(&one, "spring-2026").await, batch(&other, "spring-2026").await);
    let found: Vec<Value> = app.finds("spring-2026").await.iter().map(|hit| hit["id"].clone()).collect();
    assert_eq!(found, [second, first], "newest first");
    assert_eq!(app.finds("spring-202").await.len(), 0, "a key is known whole");

    for text in [&one.secret[..11], &one.secret] {
        let found = app.finds(text).await;
        assert_eq!((found.len(), &found[0]["object"]), (1, &"key".into()), "{text}");
        assert_eq!(found[0]["note"], one.secret[..11]);
        assert!(!found[0].to_string().contains(&one.secret[11..]));
    }
}

async fn finds_customers_by_part_of_name_or_address_in_any_case(kind: Kind) {
    let app = TestApp::on(kind).await;
    for (name, email) in
        [("Özgür Müller", "o.mueller@example.com"), ("Northwind", "Billing@Northwind.example"), ("北风影业", "north@example.cn")]
    {
        app.service.add_customer(name, email).await.unwrap();
    }
    for text in ["Müller", "müller", "MÜLLER", "özgür m", "ÖZGÜR", "gür", "o.MUELLER@", "mueller@example"] {
        assert_eq!(app.names_found(text).await, ["Özgür Müller"], "{text}");
    }
    assert_eq!(app.names_found("NORTH").await, ["Northwind", "北风影业"]);
    assert_eq!(app.names_found("风影").await, ["北风影业"]);
    let found = app.finds("billing@northwind.EXAMPLE").await;
    assert_eq!((found.len(), &found[0]["exact"]), (1, &true.into()));
    assert_eq!(app.finds("northwin").await[0]["exact"], false);
    assert_eq!(app.names_found("").await, [""; 0]);
}

async fn takes_wildcards_as_they_are(kind: Kind) {
    let app = TestApp::on(kind).await;
    for (name, email) in [("100% Film_Co", "a@example.com"), ("100 Films", "b@example.com"), (r"back\slash", "c@example.com")] {
        app.service.add_customer(name, email).await.unwrap();
    }
    assert_eq!(app.names_found("0%").await, ["100% Film_Co"]);
    assert_eq!(app.names_found("m_c").await, ["100% Film_Co"]);
    assert_eq!(app.names_found(r"k\s").await, [r"back\slash"]);
    assert_eq!(app.names_found("' OR 1=1 --").await, [""; 0]);
    assert_eq!(app.names_found("%").await, ["100% Film_Co"]);
}

async fn is_bounded(kind: Kind) {
    let app = TestApp::on(kind).await;
    for number in 0..25 {
        app.service.add_customer(&format!("Studio {number}"), &format!("{number}@example.com")).await.unwrap();
    }
    let found = app.search("studio").await;
    assert_eq!((found["data"].as_array().unwrap().len(), &found["has_more"]), (20, &true.into()));
    assert_eq!(app.search(&"studio ".repeat(1_000)).await["data"], Value::Array(Vec::new()));
    app.send(Method::GET, "/api/admin/search", &[], None).await.is_problem(400, "invalid_parameter");
    app.send(Method::GET, "/api/admin/search?q=%00", &[], None).await.is(200);
}
