//! Measures finding tasks in a batch of a million, on both databases, and prints the medians as JSON. Not a test of anything:
//! `scripts/postgres.sh with cargo nextest run --release --run-ignored only --no-capture -E 'test(/^million::/)'`
//!
//! With `BATCHBOOK_MILLION=file` the SQLite database is kept there, for measuring pages over HTTP.

use tokio::time::Instant;

use batchbook::domain::failure::{FailureType, Party};
use batchbook::domain::id::BatchId;
use batchbook::domain::page::PageSize;
use batchbook::domain::submission::{NewBatch, NewTask};
use batchbook::domain::task::{TaskFilter, TaskState};
use batchbook::service::Reader;
use batchbook::service::batches::Submission;

use crate::books::{Books, run_sql};
use crate::database::Kind;

const ROUNDS: usize = 15;

/// A real batch of ten tasks is stretched: 8 in 100 fail, in three ways, scattered; half of the failures in runs.
const STRETCH: &[&str] = &[
    "DELETE FROM tasks",
    "DELETE FROM task_inputs",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
    INSERT INTO tasks (batch_id, price, model_id, started_at_us, finished_at_us, task_no, attempts, status, failure_type, party)
    SELECT 1, 49, (SELECT MIN(model_id) FROM batch_models), 1795000000000000 + i, 1795000000000000 + i * 2, i, 1,
        CASE WHEN (i * 7919) % 100 < 4 OR (i / 2000) % 25 = 3 THEN 'failed' ELSE 'succeeded' END,
        CASE WHEN (i * 7919) % 100 < 4 OR (i / 2000) % 25 = 3 THEN CASE i % 3 WHEN 0 THEN 'timeout' WHEN 1 THEN 'content_policy_input' ELSE 'network' END END,
        CASE WHEN (i * 7919) % 100 < 4 OR (i / 2000) % 25 = 3 THEN CASE i % 3 WHEN 0 THEN 'provider' WHEN 1 THEN 'customer' ELSE 'network' END END
    FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
    INSERT INTO task_inputs (batch_id, task_no, prompt, custom_id)
    SELECT 1, i, 'A lighthouse keeper climbs the stairs at dawn while gulls turn in the wind, slow dolly shot, 35 mm, take ' || CAST(i AS TEXT),
        'scene-' || CAST(i AS TEXT) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
    INSERT INTO attempts (batch_id, route_id, sent_at_us, finished_at_us, cost_microusd, task_no, attempt_no, state, billed, failure_type, party, output_url)
    SELECT 1, 1, t.started_at_us, t.finished_at_us, 117600, t.task_no, 1, t.status, 'charged', t.failure_type, t.party,
        CASE t.status WHEN 'succeeded' THEN 'https://example.com/' || CAST(t.task_no AS TEXT) || '.mp4' END
    FROM tasks AS t",
    "DELETE FROM task_tallies",
    "INSERT INTO task_tallies (batch_id, outcome, failure_type, party, model_id, block, tasks)
    SELECT batch_id, status, COALESCE(failure_type, ''), COALESCE(party, ''), model_id, (task_no - 1) / 500, COUNT(*)
    FROM tasks GROUP BY 1, 2, 3, 4, 5, 6",
    "INSERT INTO batch_failures (batch_id, failure_type, party, tasks, credits, cost_microusd)
    SELECT batch_id, failure_type, party, COUNT(*), 49 * COUNT(*), 117600 * COUNT(*) FROM tasks WHERE status = 'failed' GROUP BY 1, 2, 3",
    "UPDATE batches SET status = 'partial', total = 1000000, pending = 0, processing = 0, canceled = 0, next_task_no = 1000001,
        succeeded = (SELECT COUNT(*) FROM tasks WHERE status = 'succeeded'), failed = (SELECT COUNT(*) FROM tasks WHERE status = 'failed'),
        credits_held = 49000000, credits_charged = 49 * (SELECT COUNT(*) FROM tasks WHERE status = 'succeeded'),
        credits_refunded = 49 * (SELECT COUNT(*) FROM tasks WHERE status = 'failed'),
        started_at_us = 1795000000000000, finished_at_us = 1795000100000000",
    "ANALYZE",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn sqlite() {
    Box::pin(measure(Kind::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn postgres() {
    Box::pin(measure(Kind::Postgres)).await;
}

async fn stretched(books: &Books) -> BatchId {
    let caller = books.customer_with(1_000, 10_000_000).await;
    let items = (0..10).map(|n| NewTask { prompt: format!("take {n}"), ..NewTask::default() }).collect();
    let batch = NewBatch { model: Some("sora-2".to_owned()), items, ..NewBatch::default() };
    let submission =
        Submission { idempotency_key: "k".to_owned(), fingerprint: "k".to_owned(), batch, render: |batch| batch.id.to_string() };
    let id = books.service.submit(&caller, submission).await.unwrap().body.parse().unwrap();
    for sql in STRETCH {
        run_sql(books, sql).await.unwrap();
    }
    id
}

async fn measure(kind: Kind) {
    let books = Books::open(kind).await;
    let id = stretched(&books).await;
    if let (Kind::Sqlite, Ok(file)) = (kind, std::env::var("BATCHBOOK_MILLION")) {
        run_sql(&books, "PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
        std::fs::copy(books.database.url.trim_start_matches("sqlite://"), file).unwrap();
    }
    let last = i64::MAX;
    let failed = TaskFilter::of_state(TaskState::Failed);
    let succeeded = TaskFilter::of_state(TaskState::Succeeded);
    let provider = TaskFilter::of_party(Party::Provider);
    let both = TaskFilter { failure: Some(FailureType::Timeout), ..provider.clone() };
    let text = |text: &str| TaskFilter { text: Some(text.to_owned()), ..TaskFilter::ALL };
    let mut figures = serde_json::Map::new();
    for (name, filter, page) in [
        ("all, page 1", TaskFilter::ALL, 1),
        ("all, page 20,000", TaskFilter::ALL, 20_000),
        ("failed, page 1", failed.clone(), 1),
        ("failed, last page", failed, last),
        ("succeeded, page 1", succeeded.clone(), 1),
        ("succeeded, last page", succeeded, last),
        ("party, page 1", provider.clone(), 1),
        ("party, last page", provider, last),
        ("type and party, last page", both, last),
        ("text, one part", text("take 77"), 1),
        ("text, one part, nothing", text("no such words"), 1),
    ] {
        let size = PageSize::default();
        let mut times_us: Vec<u128> = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let found = books.service.find_tasks(Reader::Operator, id, &filter, 1, (page, size)).await.unwrap();
            times_us.push(start.elapsed().as_micros());
            assert!(found.total > 0 || found.searched.is_some(), "{name}");
        }
        times_us.sort_unstable();
        figures.insert(name.to_owned(), serde_json::json!(f64::from(u32::try_from(times_us[ROUNDS / 2]).unwrap()) / 1_000.0));
    }
    println!("{}", serde_json::json!({ "database": format!("{kind:?}"), "median_ms": figures }));
}
