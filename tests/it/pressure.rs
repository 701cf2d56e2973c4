//! A worker under pressure: its ends are not written as fast as they come, or others have every database connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use batchbook::domain::attempt::{CancelAnswer, Order, Output, Polled, Submitted};
use batchbook::domain::batch::Counts;
use batchbook::domain::id::BatchId;
use batchbook::providers::Provider;
use batchbook::providers::registry::Registry;
use batchbook::service::Reader;
use batchbook::workers::{self, Step, WorkerConfig};
use tokio_util::sync::CancellationToken;

use crate::app::{SORA_MIN, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    no_more_is_claimed_than_ends_can_wait_to_be_written,
}

/// Makes everything at once.
#[derive(Debug)]
struct AtOnce;

#[async_trait]
impl Provider for AtOnce {
    async fn submit(&self, _: &Order) -> Submitted {
        Submitted::Succeeded(Output { url: "https://example.com/v.mp4".to_owned(), expires_at: None })
    }

    async fn poll(&self, _: &str) -> Polled {
        unreachable!("every order was answered")
    }

    async fn cancel(&self, _: &str) -> CancelAnswer {
        CancelAnswer::Unsupported
    }
}

fn at_once() -> Registry {
    Registry::new(HashMap::from([("gateway".to_owned(), Arc::new(AtOnce) as Arc<dyn Provider>)]))
}

/// Ends that may wait, and tasks that may be on their way when they do.
const WAITING_MAX: i64 = 4_000;
const ON_THEIR_WAY_MAX: i64 = 1_000;
const GROUP: i64 = 500;
const TASKS: usize = 10_000;

async fn no_more_is_claimed_than_ends_can_wait_to_be_written(kind: Kind) {
    let app = TestApp::on(kind).await;
    app.run_sql("UPDATE routes SET concurrency_max = 1000, submits_per_min_max = 2000000000").await;
    let customer = app.customer().with_credits(1_000_000).await;
    let id: BatchId = customer.submits(batch_of(TASKS)).await.is(201)["id"].as_str().unwrap().parse().unwrap();
    let stop = CancellationToken::new();
    // Two groups are settled, and no more: whoever writes them stops there. They are full, however slow the machine is.
    let (look_every, gather) = (Duration::from_millis(20), Duration::from_millis(500));
    let drain_max = Duration::from_millis(50);
    let config = WorkerConfig { hold_at: Some(Step::Settled), look_every, gather, drain_max, ..WorkerConfig::default() };
    let working = tokio::spawn(workers::run(app.service.clone(), at_once(), config, stop.clone()));
    let counts = tokio::time::timeout(Duration::from_mins(1), at_rest(&app, id, gather * 2)).await.expect("claims come to rest");
    stop.cancel();
    working.await.unwrap().unwrap();
    let claimed = counts.total - counts.pending;
    assert!((WAITING_MAX..WAITING_MAX + ON_THEIR_WAY_MAX).contains(&claimed), "{counts:?}");
    assert_eq!(counts.succeeded, 2 * GROUP);
    app.books_close().await;
}

/// The counts of a batch when two looks see the same, and so many were claimed as could be.
async fn at_rest(app: &TestApp, id: BatchId, between: Duration) -> Counts {
    let mut before = None;
    loop {
        let counts = app.service.batch(Reader::Operator, id).await.unwrap().counts;
        if counts.total - counts.pending >= WAITING_MAX && before == Some(counts) {
            return counts;
        }
        before = Some(counts);
        tokio::time::sleep(between).await;
    }
}

/// Only PostgreSQL: on SQLite there is one writer, whoever writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_claimed_and_settled_while_others_have_every_connection() {
    let app = TestApp::on(Kind::Postgres).await;
    let elsewhere = TestApp::start(app.url()).await;
    let customer = elsewhere.customer().with_credits(1_000).await;
    let stop = CancellationToken::new();
    let config = WorkerConfig { look_every: Duration::from_millis(20), ..WorkerConfig::default() };
    let working = tokio::spawn(workers::run(app.service.clone(), at_once(), config, stop.clone()));
    while elsewhere.service.workers_alive().await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut taken = Vec::new();
    while let Ok(connection) = tokio::time::timeout(Duration::from_millis(500), app.db.glance()).await {
        taken.push(connection.unwrap());
    }
    assert!(!taken.is_empty());
    let id: BatchId = customer.submits(batch_of(SORA_MIN)).await.is(201)["id"].as_str().unwrap().parse().unwrap();
    let finished = async {
        while elsewhere.service.batch(Reader::Operator, id).await.unwrap().counts.open() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), finished).await.expect("the batch is settled");
    drop(taken);
    stop.cancel();
    working.await.unwrap().unwrap();
    elsewhere.books_close().await;
}
