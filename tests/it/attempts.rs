//! What was sent to providers and what it cost: every sum that a batch keeps is the sum of the attempts behind it, on both
//! databases.

use batchbook::domain::attempt::{Attempt, AttemptFilter, AttemptPlace, AttemptState, Retry};
use batchbook::domain::failure::FailureType;
use batchbook::domain::id::BatchId;
use batchbook::domain::money::Money;
use batchbook::domain::page::PageSize;
use batchbook::service::ServiceError;
use reqwest::Method;

use crate::app::TestApp;
use crate::books::{Books, failed, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    every_cost_is_the_sum_of_its_attempts,
    attempts_page_to_the_end_and_each_is_seen_once,
    operators_read_attempts_page_by_page,
}

/// Every tenth task meets a provider's timeout and every tenth a fault of the network, twice, and then succeeds or fails; the
/// others succeed at once.
async fn troubled(books: &Books) -> BatchId {
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = books.submit(&caller, "spring", 60).await.unwrap().id;
    let worker = books.worker().await;
    for round in 1..=3 {
        let claimed = books.claim(worker).await;
        let settle = |row: &batchbook::service::dispatch::Claimed| {
            let failure = match row.task.number % 10 {
                3 => FailureType::Timeout,
                7 => FailureType::Network,
                _ => return succeeded(row),
            };
            match (round, row.task.number > 30) {
                (3, true) => succeeded(row),
                (3, false) => failed(failure, Retry::Never),
                _ => failed(failure, Retry::Backoff),
            }
        };
        books.settle(worker, &claimed, settle).await;
        books.clock.advance_ms(20 * 60_000);
    }
    assert!(books.batch(id).await.status().is_finished());
    books.verify().await;
    id
}

/// All attempts that a filter asks for, a page of `size` at a time.
async fn all(books: &Books, id: BatchId, filter: AttemptFilter, size: i64) -> (Vec<Attempt>, Money) {
    let size = PageSize::new(size).unwrap();
    let (mut rows, mut after) = (Vec::new(), AttemptPlace::default());
    loop {
        let page = books.service.find_attempts(id, filter, after, size).await.unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = next,
            None => return (rows, page.cost),
        }
    }
}

fn cost(rows: &[Attempt]) -> Money {
    Money::from_micros(rows.iter().map(|attempt| attempt.cost.micros()).sum())
}

async fn every_cost_is_the_sum_of_its_attempts(kind: Kind) {
    let books = Books::open(kind).await;
    let id = troubled(&books).await;
    let batch = books.batch(id).await;
    for (filter, kept) in [
        (AttemptFilter::of_state(AttemptState::Succeeded), batch.cost_succeeded),
        (AttemptFilter::of_state(AttemptState::Failed), batch.cost_failed),
        (AttemptFilter::of_state(AttemptState::Open), Money::ZERO),
        (AttemptFilter::default(), batch.cost_succeeded.checked_add(batch.cost_failed).unwrap()),
    ] {
        let (rows, said) = all(&books, id, filter, 7).await;
        assert_eq!((cost(&rows), said), (kept, kept), "{filter:?}");
    }
    let failures = books.service.failures(id).await.unwrap();
    assert!(failures.iter().any(|sum| sum.cost > Money::ZERO), "{failures:?}");
    for sum in &failures {
        let (rows, said) = all(&books, id, AttemptFilter::of_fault(sum.party, Some(sum.failure)), 4).await;
        assert_eq!((cost(&rows), said), (sum.cost, sum.cost), "{sum:?}");
        assert!(rows.iter().all(|attempt| attempt.failure == Some((sum.failure, sum.party))));
        let of_party = failures.iter().filter(|other| other.party == sum.party).map(|other| other.cost.micros()).sum();
        let (rows, said) = all(&books, id, AttemptFilter::of_fault(sum.party, None), 4).await;
        assert_eq!((cost(&rows), said), (Money::from_micros(of_party), Money::from_micros(of_party)), "{}", sum.party);
    }
}

async fn attempts_page_to_the_end_and_each_is_seen_once(kind: Kind) {
    let books = Books::open(kind).await;
    let id = troubled(&books).await;
    let (rows, _) = all(&books, id, AttemptFilter::default(), 1).await;
    let seen: Vec<_> = rows.iter().map(|attempt| (attempt.task_number, attempt.number)).collect();
    let mut expected = Vec::new();
    for task in 1..=60 {
        let attempts = if matches!(task % 10, 3 | 7) { 3 } else { 1 };
        expected.extend((1..=attempts).map(|attempt| (task, attempt)));
    }
    assert_eq!(seen, expected);
    let nothing = AttemptPlace { task: i32::MAX, attempt: i32::MAX };
    let beyond = books.service.find_attempts(id, AttemptFilter::default(), nothing, PageSize::default()).await.unwrap();
    assert_eq!((beyond.rows.len(), beyond.next), (0, None));
    let unknown = "bat_00fkqz1b3r000000000000000g".parse().unwrap();
    let refused = books.service.find_attempts(unknown, AttemptFilter::default(), AttemptPlace::default(), PageSize::default()).await;
    assert!(matches!(refused, Err(ServiceError::NotFound { .. })), "{refused:?}");
}

async fn operators_read_attempts_page_by_page(kind: Kind) {
    let books = Books::open(kind).await;
    let id = troubled(&books).await;
    let app = TestApp::start(&books.database.url).await;
    let get = async |query: &str| app.send(Method::GET, &format!("/api/admin/batches/{id}/attempts{query}"), &[], None).await;
    let batch = books.batch(id).await;
    let first = get("?state=succeeded&limit=40").await.is(200);
    assert_eq!(first["data"].as_array().unwrap().len(), 40);
    assert_eq!((&first["has_more"], &first["cost_microusd"]), (&true.into(), &batch.cost_succeeded.micros().into()));
    let next = first["next_cursor"].as_str().unwrap();
    let second = get(&format!("?state=succeeded&limit=40&cursor={next}")).await.is(200);
    assert_eq!((second["data"].as_array().unwrap().len(), &second["next_cursor"]), (14, &serde_json::Value::Null));
    let faults = get("?party=provider&failure=timeout").await.is(200);
    assert_eq!((&faults["data"][0]["task"], &faults["data"][0]["number"]), (&3.into(), &1.into()));
    get("?state=asleep").await.is_problem(400, "invalid_parameter");
    get("?cursor=17").await.is_problem(400, "invalid_parameter");
    app.send(Method::GET, "/api/admin/batches/bat_1/attempts", &[], None).await.is_problem(404, "not_found");
    let document = app.send(Method::GET, "/api/admin/openapi.json", &[], None).await.is(200);
    assert!(document["paths"].get("/api/admin/batches/{id}/attempts").is_some());
}
