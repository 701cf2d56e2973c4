//! Tasks that nothing would have brought to an end: a route that went out of use, an end that the database refuses, orders that
//! cannot be read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use batchbook::domain::attempt::{CancelAnswer, Evidence, Fault, Order, Output, Polled, Retry, Submitted};
use batchbook::domain::batch::Batch;
use batchbook::domain::failure::FailureType;
use batchbook::domain::id::BatchId;
use batchbook::providers::Provider;
use batchbook::providers::registry::Registry;
use batchbook::service::Reader;
use batchbook::service::dispatch::{Accepted, Places};
use batchbook::workers::{self, WorkerConfig};
use tokio_util::sync::CancellationToken;

use crate::app::{TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    a_task_taken_over_by_a_route_that_is_out_of_use_is_brought_to_its_end,
    an_end_that_the_database_refuses_fails_safely,
    tasks_whose_orders_cannot_be_read_go_back_and_it_cost_no_attempt,
}

/// Makes everything, except what it is told not to.
#[derive(Debug)]
struct Upstream;

#[async_trait]
impl Provider for Upstream {
    async fn submit(&self, order: &Order) -> Submitted {
        Submitted::Accepted { provider_job: order.prompt.clone() }
    }

    async fn poll(&self, provider_job: &str) -> Polled {
        if provider_job.ends_with("take 3") {
            // PostgreSQL keeps no text with this character.
            let evidence = Evidence { message: Some("broken \u{0} text".to_owned()), ..Evidence::default() };
            let failure = FailureType::ModelError;
            return Polled::Failed(Fault { failure, party: failure.usual_party(), evidence, retry: Retry::Never });
        }
        Polled::Succeeded(Output { url: "https://example.com/v.mp4".to_owned(), expires_at: None })
    }

    async fn cancel(&self, _: &str) -> CancelAnswer {
        CancelAnswer::Unsupported
    }
}

async fn works_until_finished(app: &TestApp, id: BatchId) -> Batch {
    let stop = CancellationToken::new();
    let registry = Registry::new(HashMap::from([("gateway".to_owned(), Arc::new(Upstream) as Arc<dyn Provider>)]));
    let config = WorkerConfig { poll_pauses_ms: [10; 3], heartbeat_every: Duration::from_millis(100), ..WorkerConfig::default() };
    let working = tokio::spawn(workers::run(app.service.clone(), registry, config, stop.clone()));
    let finished = async {
        loop {
            let batch = app.service.batch(Reader::Operator, id).await.unwrap();
            if batch.status().is_finished() {
                return batch;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let batch = tokio::time::timeout(Duration::from_mins(1), finished).await.expect("the batch ends");
    stop.cancel();
    working.await.unwrap().unwrap();
    app.books_close().await;
    batch
}

async fn submitted(app: &TestApp) -> BatchId {
    let customer = app.customer().with_credits(490).await;
    customer.submits(batch_of(10)).await.is(201)["id"].as_str().unwrap().parse().unwrap()
}

async fn a_task_taken_over_by_a_route_that_is_out_of_use_is_brought_to_its_end(kind: Kind) {
    let app = TestApp::on(kind).await;
    let id = submitted(&app).await;
    let gone = app.service.register_worker("gone", 1).await.unwrap();
    let routes = app.service.routes().await.unwrap();
    let places: Vec<Places> = routes.into_iter().map(|(route, deadline_s)| Places { route, deadline_s, free: 100 }).collect();
    let claimed = app.service.claim(gone, &places).await.unwrap();
    let accepted: Vec<Accepted> = claimed
        .iter()
        .map(|row| Accepted { task: row.task, attempt: row.attempt, provider_job: Some(format!("job {}", row.task.number)) })
        .collect();
    assert_eq!(app.service.accept(gone, &accepted).await.unwrap().len(), 10);
    app.run_sql("UPDATE routes SET effective_to_us = effective_from_us + 1").await;
    assert!(app.service.routes().await.unwrap().is_empty());
    let batch = works_until_finished(&app, id).await;
    assert_eq!((batch.counts.succeeded, batch.credits.charged.get()), (10, 490));
}

async fn an_end_that_the_database_refuses_fails_safely(kind: Kind) {
    let app = TestApp::on(kind).await;
    let id = submitted(&app).await;
    let batch = works_until_finished(&app, id).await;
    assert_eq!((batch.counts.succeeded, batch.counts.failed, batch.credits.refunded.get()), (9, 1, 49));
    let attempts = app.service.attempts(id, 3).await.unwrap();
    let (failure, _) = attempts[0].failure.unwrap();
    // SQLite keeps any text.
    let expected = if kind == Kind::Postgres { FailureType::PlatformError } else { FailureType::ModelError };
    assert_eq!(failure, expected);
    assert_eq!(attempts[0].evidence.rule.is_some(), kind == Kind::Postgres, "operators see why");
}

async fn tasks_whose_orders_cannot_be_read_go_back_and_it_cost_no_attempt(kind: Kind) {
    let app = TestApp::on(kind).await;
    let id = submitted(&app).await;
    app.run_sql("ALTER TABLE task_inputs RENAME TO task_inputs_away").await;
    let mends = async {
        while app.service.batch(Reader::Operator, id).await.unwrap().counts.processing < 10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        app.run_sql("ALTER TABLE task_inputs_away RENAME TO task_inputs").await;
    };
    let (batch, ()) = tokio::join!(works_until_finished(&app, id), mends);
    assert_eq!((batch.counts.succeeded, batch.counts.failed), (9, 1));
    for number in 1..=10 {
        let attempts = app.service.attempts(id, number).await.unwrap();
        assert_eq!(attempts.len(), 1, "task {number}: {attempts:?}");
    }
}
