//! What events say: when each is written, once, and what is in it. The examples of the catalogue are kept in `catalogue.json`, so
//! that nobody changes what customers read without seeing it.

use std::collections::{BTreeMap, HashMap};

use batchbook::domain::attempt::Retry;
use batchbook::domain::batch::BatchStatus;
use batchbook::domain::failure::FailureType;
use batchbook::domain::id::BatchId;
use batchbook::domain::webhook::{EventType, Subscription, TIMEOUT_MS};
use batchbook::service::adjustments::Once;
use batchbook::service::dispatch::Claimed;
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::events::{EVENT_TASKS_MAX, catalogue};
use batchbook::service::notify::Room;
use batchbook::service::settle::Outcome;
use batchbook::service::{Caller, Reader};
use serde_json::{Value, json};

use crate::books::{Books, failed, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    a_batch_tells_once_that_it_runs,
    single_tasks_are_told_of_only_to_who_asks,
    refunds_are_told_by_what_they_were_for,
    what_a_cancellation_gives_back_is_told,
    what_is_sent_has_the_fields_of_the_examples,
}

async fn endpoint(books: &Books, caller: &Caller, types: &[EventType]) {
    let fields = EndpointFields {
        url: "https://example.com/hook".to_owned(),
        description: String::new(),
        subscription: Subscription::new(types),
        timeout_ms: TIMEOUT_MS,
    };
    books.service.add_endpoint(caller.customer, fields).await.unwrap();
}

/// Events of a batch, in their order.
async fn told(books: &Books, batch: BatchId) -> Vec<(String, Value)> {
    let events = books.service.events(batch).await.unwrap();
    events.into_iter().map(|event| (event.kind, serde_json::from_str(&event.payload).unwrap())).collect()
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

fn refunds(payload: &Value) -> BTreeMap<String, (i64, i64)> {
    let rows = payload["refunds"].as_array().unwrap().iter();
    rows.map(|row| (row["code"].as_str().unwrap().to_owned(), (row["tasks"].as_i64().unwrap(), row["credits"].as_i64().unwrap()))).collect()
}

/// Tasks 1 and 2 are refused, 3 is too slow, all others succeed.
fn mixed(claimed: &Claimed) -> Outcome {
    match claimed.task.number {
        1 | 2 => failed(FailureType::ContentPolicyInput, Retry::Never),
        3 => failed(FailureType::Timeout, Retry::Never),
        _ => succeeded(claimed),
    }
}

async fn a_batch_tells_once_that_it_runs(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let batch = books.submit(&caller, "spring", 20).await.unwrap();
    let worker = books.worker().await;
    let mut places = books.places().await;
    for place in &mut places {
        place.free = 5;
    }
    for _ in 0..4 {
        assert_eq!(books.service.claim(worker, &places).await.unwrap().len(), 5);
    }
    let told = told(&books, batch.id).await;
    assert_eq!(kinds(&told), ["batch.created", "batch.processing"]);
    let running = &told[1].1;
    assert_eq!((&running["status"], &running["counts"]["processing"]), (&json!("processing"), &json!(5)));
    books.verify().await;
}

async fn single_tasks_are_told_of_only_to_who_asks(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 1_000_000_000).await;
    let worker = books.worker().await;
    let mut expected = Vec::new();
    for (order, types, of_success, of_failure) in [
        ("none", &[][..], 0, 0),
        ("failures", &[EventType::TaskFailed][..], 0, 1),
        ("both", &[EventType::TaskSucceeded, EventType::BatchCompleted][..], 3, 1),
    ] {
        if !types.is_empty() {
            endpoint(&books, &caller, types).await;
        }
        let batch = books.submit(&caller, order, 250).await.unwrap();
        let claimed = books.claim(worker).await;
        books.settle(worker, &claimed, mixed).await;
        let told = told(&books, batch.id).await;
        let of = |kind: &str| told.iter().filter(|(told, _)| told == kind).collect::<Vec<_>>();
        assert_eq!((of("task.succeeded").len(), of("task.failed").len()), (of_success, of_failure), "{order}: {:?}", kinds(&told));
        expected.push(told);
    }
    let told = expected.pop().unwrap();
    let of = |kind: &str| -> Vec<&Value> {
        let events = told.iter().filter(|(told, _)| told == kind);
        let tasks: Vec<&Value> = events.flat_map(|(_, payload)| payload["tasks"].as_array().unwrap()).collect();
        assert!(told.iter().all(|(_, payload)| payload["tasks"].as_array().is_none_or(|tasks| tasks.len() <= EVENT_TASKS_MAX)));
        tasks
    };
    let mut numbers: Vec<i64> = of("task.succeeded").iter().map(|task| task["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (4..=250).collect::<Vec<_>>(), "each once");
    assert!(of("task.succeeded").iter().all(|task| task["charged"] == 49 && task["refunded"] == 0 && task["error"].is_null()));
    let failures: BTreeMap<i64, &Value> = of("task.failed").into_iter().map(|task| (task["number"].as_i64().unwrap(), task)).collect();
    let third = failures[&3];
    assert_eq!((&third["refunded"], &third["error"]["code"], &third["error"]["type"]), (&json!(49), &json!("timeout"), &json!("timeout")));
    assert!(!third.to_string().contains("upstream"), "{third:#}");
    books.verify().await;
}

async fn refunds_are_told_by_what_they_were_for(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let batch = books.submit(&caller, "spring", 20).await.unwrap();
    let worker = books.worker().await;
    let mut claimed = books.claim(worker).await;
    claimed.sort_by_key(|claimed| claimed.task.number);
    books.settle(worker, &claimed[..2], mixed).await;
    books.settle(worker, &claimed[2..], mixed).await;
    let once = Once { token: "later" };
    books.service.refund_tasks(batch.id, &"10-11".parse().unwrap(), "a scratch in the picture", once).await.unwrap();
    let told = told(&books, batch.id).await;
    assert_eq!(kinds(&told), ["batch.created", "batch.processing", "batch.refunded", "batch.refunded", "batch.partial", "batch.refunded"]);
    let expected = [
        json!({}),
        json!({}),
        json!({"content_policy_input": [2, 98]}),
        json!({"timeout": [1, 49]}),
        json!({"content_policy_input": [2, 98], "timeout": [1, 49]}),
        json!({"operator": [2, 98]}),
    ];
    for ((kind, payload), expected) in told.iter().zip(expected) {
        assert_eq!(json!(refunds(payload)), expected, "{kind}");
    }
    assert_eq!(told[4].1["credits"], json!({"held": 980, "charged": 833, "refunded": 147, "open": 0}));
    books.verify().await;
}

async fn what_a_cancellation_gives_back_is_told(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let batch = books.submit(&caller, "spring", 20).await.unwrap();
    let worker = books.worker().await;
    let mut places = books.places().await;
    for place in &mut places {
        place.free = 5;
    }
    let mut claimed = books.service.claim(worker, &places).await.unwrap();
    claimed.sort_by_key(|claimed| claimed.task.number);
    books.service.cancel(Reader::from(&caller), batch.id, None).await.unwrap();
    // The first one comes back to be tried again, and is canceled with the others.
    books.settle(worker, &claimed[..1], |_| failed(FailureType::ModelError, Retry::Backoff)).await;
    books.settle(worker, &claimed[1..], mixed).await;
    let told = told(&books, batch.id).await;
    assert_eq!(books.batch(batch.id).await.status(), BatchStatus::Canceled);
    let (kind, end) = told.last().unwrap();
    let sum: i64 = refunds(end).values().map(|(_, credits)| credits).sum();
    assert_eq!((kind.as_str(), sum), ("batch.canceled", end["credits"]["refunded"].as_i64().unwrap()), "{end:#}");
    let at_once: i64 = told
        .iter()
        .filter(|(kind, _)| kind == "batch.refunded")
        .flat_map(|(_, told)| refunds(told).into_values())
        .map(|(_, credits)| credits)
        .sum();
    assert_eq!(at_once, sum, "what came back in parts is what came back: {told:#?}");
    assert!(refunds(end)["canceled"].0 >= 15, "{end:#}");
    books.verify().await;
}

async fn what_is_sent_has_the_fields_of_the_examples(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 1_000_000_000).await;
    endpoint(&books, &caller, EventType::ALL).await;
    let worker = books.worker().await;
    let rejects =
        |claimed: &Claimed| failed(if claimed.task.number == 1 { FailureType::Network } else { FailureType::Timeout }, Retry::Never);
    for (order, ends) in [("all", 0), ("some", 1), ("none", 2)] {
        books.submit(&caller, order, 10).await.unwrap();
        let claimed = books.claim(worker).await;
        match ends {
            0 => books.settle(worker, &claimed, succeeded).await,
            1 => books.settle(worker, &claimed, mixed).await,
            _ => books.settle(worker, &claimed, rejects).await,
        };
    }
    let canceled = books.submit(&caller, "canceled", 10).await.unwrap();
    books.service.cancel(Reader::from(&caller), canceled.id, None).await.unwrap();
    let endpoints = books.service.endpoints(Reader::from(&caller), None, batchbook::domain::page::PageSize::default()).await.unwrap();
    books.service.test_endpoint(Reader::from(&caller), endpoints.rows[0].id).await.unwrap();
    while books.service.fan_out().await.unwrap() > 0 {}
    let room = Room { total: 1_000, retries: 1_000, each: 1_000 };
    let letters = books.service.take_letters(1, &HashMap::new(), room).await.unwrap();
    let mut seen = BTreeMap::new();
    for letter in &letters {
        let body: Value = serde_json::from_str(&letter.message().body("https://batchbook.example")).unwrap();
        seen.insert(body["type"].as_str().unwrap().to_owned(), body);
    }
    let mut examples = 0;
    for described in catalogue() {
        let sent = seen.get(described.kind.as_str()).unwrap_or_else(|| panic!("nothing of {} was sent", described.kind));
        let example: Value = serde_json::from_str(&described.example).unwrap();
        assert_eq!(shape(sent), shape(&example), "{}", described.kind);
        examples += 1;
    }
    assert_eq!((examples, seen.len()), (EventType::ALL.len(), EventType::ALL.len()));
    let created = &seen["batch.created"];
    assert!(created["data"]["idempotency_key"].is_string() && created["data"]["links"]["results"].as_str().unwrap().ends_with("/results"));
}

/// The names of a document, without what is in them; lists by their first element.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect::<serde_json::Map<_, _>>().into(),
        Value::Array(list) => list.first().map(shape).into_iter().collect::<Vec<_>>().into(),
        _ => Value::Null,
    }
}

#[test]
fn the_catalogue_is_what_was_agreed() {
    let found: serde_json::Map<String, Value> =
        catalogue().into_iter().map(|described| (described.kind.to_string(), serde_json::from_str(&described.example).unwrap())).collect();
    let text = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/webhooks/catalogue.json");
    if std::env::var_os("BATCHBOOK_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "customers read this: agree on it, then run with BATCHBOOK_UPDATE_GOLDEN=1");
}

#[test]
fn the_guide_shows_the_catalogue() {
    let guide = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/webhooks.md")).unwrap();
    for described in catalogue() {
        assert!(guide.contains(&format!("| `{}` | {} |", described.kind, described.when)), "{}", described.kind);
        if described.kind == EventType::BatchRefunded {
            let example: Value = serde_json::from_str(&described.example).unwrap();
            assert!(guide.contains(&serde_json::to_string_pretty(&example).unwrap()), "its example");
        }
    }
}
