//! How SQLite finds rows: no statement of the main job, or of a batch's page, reads a table that grows from end to end.
//!
//! The statements are those that are really run: they are heard as they are logged, and SQLite is asked for its plan of each.
//! PostgreSQL is told how to find the rows that it writes instead (`dialect::BEGIN_WRITE`).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use batchbook::domain::attempt::Retry;
use batchbook::domain::batch::BatchStatus;
use batchbook::domain::failure::FailureType;
use batchbook::domain::id::WorkerKey;
use batchbook::domain::page::PageSize;
use batchbook::domain::task::{TaskFilter, TaskState};
use batchbook::service::billing::From;
use batchbook::service::dispatch::Accepted;
use batchbook::service::timeline::Seek;
use batchbook::service::workers::LEASE_MS;
use batchbook::service::{Caller, Reader};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::books::{Books, failed, succeeded};
use crate::database::Kind;

/// Tables that have a row for every batch, and more.
const GROWING: [&str; 16] = [
    "attempts",
    "batch_comparisons",
    "batch_failures",
    "batch_models",
    "batches",
    "deliveries",
    "events",
    "finished_batches",
    "grants",
    "hold_draws",
    "ledger_entries",
    "ledger_lines",
    "ledger_transactions",
    "task_inputs",
    "task_tallies",
    "tasks",
];

/// Indexes of what is not done yet: they are as long as that is much.
const OF_WHAT_IS_LEFT: [&str; 2] = ["batches_open", "batches_uncompared"];

/// The one plan that is worse than what happens: `reverses_id` would be looked for in all rows if a row of the same statement had
/// named a transaction that does not exist.
const NEVER_HAPPENS: &str = "INSERT INTO ledger_transactions";

/// Statements that were run.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeSet<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            event.record(&mut Statement(&self.0));
        }
    }
}

struct Statement<'h>(&'h Mutex<BTreeSet<String>>);

impl Visit for Statement<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "db.statement" && !value.is_empty() {
            self.0.lock().unwrap().insert(value.trim().to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_the_main_job_reads_from_end_to_end() {
    let heard = Heard::default();
    tracing_subscriber::registry().with(heard.clone()).init();
    let books = Books::open(Kind::Sqlite).await;
    let caller = books.customer_with(100_000, 1_000_000_000).await;
    heard.0.lock().unwrap().clear();
    main_job(&books, &caller).await;
    let statements = heard.0.lock().unwrap().clone();
    assert!(statements.len() > 60, "{} statements were heard", statements.len());

    let mut connection = SqliteConnection::connect(&books.database.url).await.unwrap();
    let mut scans = BTreeMap::new();
    for statement in statements {
        let explain = sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
        let steps: Vec<(i64, i64, i64, String)> =
            explain.fetch_all(&mut connection).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
        let aliases = aliases(&statement);
        let scanned: Vec<&str> = steps.iter().filter_map(|(.., step)| step.strip_prefix("SCAN ")).collect();
        let scanned = scanned.into_iter().filter(|scan| {
            let mut words = scan.split(' ');
            let name = words.next().unwrap_or_default();
            let of_what_is_left = words.any(|word| OF_WHAT_IS_LEFT.contains(&word));
            GROWING.contains(aliases.get(name).unwrap_or(&name)) && !of_what_is_left
        });
        let scanned: Vec<String> = scanned.map(str::to_owned).collect();
        if !scanned.is_empty() && !statement.starts_with(NEVER_HAPPENS) {
            scans.insert(statement, scanned);
        }
    }
    assert_eq!(scans, BTreeMap::new());
}

/// What short names stand for: `tasks AS t`.
fn aliases(statement: &str) -> BTreeMap<&str, &str> {
    let words: Vec<&str> = statement.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    words.windows(3).filter(|three| three[1] == "AS").map(|three| (three[2], three[0])).collect()
}

async fn keep_house(books: &Books, worker: WorkerKey) {
    books.service.heartbeat(worker, LEASE_MS).await.unwrap();
    books.clock.advance_ms(LEASE_MS * 2);
    let other = books.worker().await;
    books.service.rescue(other).await.unwrap();
    books.service.strays(other, &HashSet::new()).await.unwrap();
    books.service.fail_overdue().await.unwrap();
    books.service.expire_grants().await.unwrap();
    books.service.seal(&mut None).await.unwrap();
    books.service.fan_out().await.unwrap();
    books.service.look_after_endpoints().await.unwrap();
}

/// Submits, claims, accepts, settles, tries again, cancels and compares, and looks at the page of each batch.
async fn main_job(books: &Books, caller: &Caller) {
    let id = books.submit(caller, "one", 40).await.unwrap().id;
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    let accepted: Vec<Accepted> = claimed
        .iter()
        .map(|claimed| Accepted {
            task: claimed.task,
            attempt: claimed.attempt,
            provider_job: Some(format!("job-{}", claimed.task.number)),
        })
        .collect();
    books.service.accept(worker, &accepted).await.unwrap();
    books.settle(worker, &claimed[..20], succeeded).await;
    books.settle(worker, &claimed[20..30], |_| failed(FailureType::ModelError, Retry::Never)).await;
    books.settle(worker, &claimed[30..], |_| failed(FailureType::Timeout, Retry::Backoff)).await;
    books.clock.advance_ms(3_600_000);
    let worker = books.worker().await;
    let again = books.claim(worker).await;
    books.settle(worker, &again, succeeded).await;
    assert_eq!(books.batch(id).await.state.status(), BatchStatus::Partial);

    let canceled = books.submit(caller, "two", 40).await.unwrap().id;
    let claimed = books.claim(worker).await;
    books.service.cancel(caller.into(), canceled, None).await.unwrap();
    books.settle(worker, &claimed, succeeded).await;
    keep_house(books, worker).await;
    while books.service.compare_finished().await.unwrap() > 0 {}
    let size = PageSize::new(50).unwrap();
    for id in [id, canceled] {
        books.service.overview(id).await.unwrap();
        books.service.tasks(Reader::Operator, id, 0, size).await.unwrap();
        for filter in [TaskFilter::of_failure(FailureType::ModelError), TaskFilter::of_state(TaskState::Succeeded)] {
            books.service.find_task_rows(Reader::Operator, id, &filter, 1, (1, size)).await.unwrap();
        }
        books.service.billing(id, None, From::First, size).await.unwrap();
        books.service.timeline(id, None, Seek::First, size).await.unwrap();
        books.service.attempts(id, 25).await.unwrap();
        books.service.lines(id, 25).await.unwrap();
        books.service.batch_deliveries(id, None, size).await.unwrap();
    }
    books.service.transactions(caller.customer, None, size).await.unwrap();
    books.service.balances(caller.customer).await.unwrap();
}
