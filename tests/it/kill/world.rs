//! A database, a simulated provider that outlives every worker, customers, and the books that must close at the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use batchbook::domain::batch::Batch;
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::BatchId;
use batchbook::domain::key::{KeyTerms, Scope};
use batchbook::domain::money::Money;
use batchbook::domain::submission::{NewBatch, NewTask};
use batchbook::domain::webhook::{Subscription, TIMEOUT_MS};
use batchbook::providers::simulator::{self, SimulatorConfig};
use batchbook::server::clock::SystemClock;
use batchbook::server::random::OsRandom;
use batchbook::service::batches::Submission;
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::keys::KeyUse;
use batchbook::service::{Caller, Limits, Reader, Service, ServiceResult};
use batchbook::store::dialect::AnyRow;
use batchbook::store::{Db, DbConfig, Tx};
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::app::LOOPBACK;
use crate::database::{Database, Kind};
use crate::process::{Program, WAIT_MAX, batchbook};

const MODEL: &str = "sora-2";
const GRANTED: i64 = 1_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is sent, and how the task must end when its provider is heard out.
const PROMPTS: &[(&str, &str)] = &[
    ("a lighthouse in fog", "succeeded"),
    ("rain on a street [[slow:300ms]]", "succeeded"),
    ("a heron, refused before generation [[fail:content_policy_input]]", "content_policy_input"),
    ("a paper boat [[ok]]", "succeeded"),
    ("a heron, refused after generation [[fail:content_policy_output]]", "content_policy_output"),
];

pub struct World {
    pub db: Db,
    pub service: Service,
    pub url: String,
    pub simulator: Simulator,
    customers: Vec<Caller>,
    orders: AtomicUsize,
    /// Kept until the test is over.
    database: Option<Database>,
}

/// The simulated provider, in the process of the test.
pub struct Simulator {
    pub addr: SocketAddr,
    http: reqwest::Client,
    server: JoinHandle<()>,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Simulator {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        // Duplicates are counted, never hidden.
        let config = SimulatorConfig {
            latency_ms: 50,
            submit_latency_ms: 10,
            failure_rate: 0.0,
            dedupe_references: false,
            ..SimulatorConfig::default()
        };
        let server = tokio::spawn(async move {
            simulator::serve(listener, config, std::future::pending()).await.expect("the simulator serves");
        });
        Self { addr, http: reqwest::Client::builder().timeout(WAIT_MAX).build().expect("a client"), server }
    }

    pub async fn stats(&self) -> Value {
        let url = format!("http://{}/simulator/stats", self.addr);
        self.http.get(url).send().await.expect("an answer").json().await.expect("JSON")
    }
}

/// How a task stands in its row.
#[derive(FromRow, Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    pub task_no: i32,
    pub status: String,
    pub failure_type: Option<String>,
    pub lease_owner: Option<i64>,
    pub prompt: String,
    /// Of the latest attempt.
    pub provider_job: Option<String>,
}

impl TaskRow {
    fn is_under_way(&self) -> bool {
        matches!(self.status.as_str(), "submitting" | "processing")
    }

    /// The state, or why it failed.
    fn end(&self) -> &str {
        self.failure_type.as_deref().unwrap_or(&self.status)
    }

    /// As [`PROMPTS`] say.
    fn end_by_its_prompt(&self) -> &'static str {
        PROMPTS.iter().find(|(prompt, _)| self.prompt.starts_with(prompt)).expect("a prompt of ours").1
    }
}

impl World {
    pub async fn new(kind: Kind) -> Self {
        let database = Database::new(kind).await;
        let mut world = Self::on(&database.url).await;
        world.database = Some(database);
        world
    }

    pub async fn on(url: &str) -> Self {
        let db = Db::connect(&DbConfig::new(url)).await.expect("the database answers");
        db.migrate().await.expect("the migrations run");
        let limits = Limits { subnets: LOOPBACK.parse().expect("subnets"), ..Limits::default() };
        let service = Service::new(db.clone(), Arc::new(SystemClock), Arc::new(OsRandom), limits);
        let mut world = Self {
            db,
            service,
            url: url.to_owned(),
            simulator: Simulator::start().await,
            customers: Vec::new(),
            orders: AtomicUsize::new(0),
            database: None,
        };
        world.add_customer().await;
        world
    }

    /// Returns the number of the customer, for [`World::submits`]. Number 0 is there from the start.
    pub async fn add_customer(&mut self) -> usize {
        let number = self.customers.len();
        let email = format!("customer{number}@example.com");
        let customer = self.service.add_customer(&format!("Customer {number}"), &email).await.expect("a customer");
        let key = self.service.add_key(customer.id, "test", &KeyTerms::limited_to(1_000_000)).await.expect("a key");
        let grant = NewGrant {
            kind: GrantKind::Purchase,
            credits: Credits::new(GRANTED),
            paid: Money::from_micros(GRANTED * 10_000),
            expires_at: None,
            reason: None,
        };
        self.service.grant(customer.id, grant).await.expect("a grant");
        self.customers.push(self.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await.expect("a good key"));
        number
    }

    /// Whoever is told what happens to batches of customer 0.
    pub async fn tells(&self, url: &str) {
        let fields = EndpointFields {
            url: url.to_owned(),
            description: String::new(),
            subscription: Subscription::default(),
            timeout_ms: TIMEOUT_MS,
        };
        self.service.add_endpoint(self.customers[0].customer, fields).await.expect("an endpoint");
    }

    /// Submits a batch of so many tasks; with the prompts of [`PROMPTS`] in turn.
    pub async fn submits_mixed(&self, tasks: usize) -> BatchId {
        self.submits(0, tasks, |number| PROMPTS[number % PROMPTS.len()].0).await
    }

    pub async fn submits(&self, customer: usize, tasks: usize, prompt: impl Fn(usize) -> &'static str) -> BatchId {
        let key = format!("order-{}", self.orders.fetch_add(1, Ordering::Relaxed));
        self.try_submit(&key, customer, tasks, prompt).await.expect("the batch is accepted")
    }

    /// The same key again gets the same batch.
    pub async fn try_submit(
        &self,
        idempotency_key: &str,
        customer: usize,
        tasks: usize,
        prompt: impl Fn(usize) -> &'static str,
    ) -> ServiceResult<BatchId> {
        let items = (0..tasks).map(|number| NewTask { prompt: format!("{}, {number}", prompt(number)), ..NewTask::default() }).collect();
        let batch = NewBatch { model: Some(MODEL.to_owned()), items, ..NewBatch::default() };
        let (idempotency_key, fingerprint) = (idempotency_key.to_owned(), idempotency_key.to_owned());
        let submission = Submission { idempotency_key, fingerprint, batch, render: |batch| batch.id.to_string() };
        let submitted = self.service.submit(&self.customers[customer], submission).await?;
        Ok(submitted.body.parse().expect("the id of a batch"))
    }

    /// Starts a worker process on a way to this database, and on this provider.
    pub fn worker_on(&self, url: &str, name: &str, flags: &[&str]) -> Program {
        let mut arguments = vec!["serve", "--role", "worker", "--worker-name", name, "--heartbeat-ms", "300", "--poll-pause-ms", "30"];
        arguments.extend_from_slice(flags);
        let provider = format!("http://{}/v1", self.simulator.addr);
        let env = [
            ("DATABASE_URL", url),
            ("BATCHBOOK_PROVIDER_GATEWAY_BASE_URL", provider.as_str()),
            ("BATCHBOOK_PROVIDER_GATEWAY_API_KEY", "sk-test"),
            // Webhooks of tests go to receivers on this machine.
            ("BATCHBOOK_ALLOW_SUBNETS", LOOPBACK),
            ("BATCHBOOK_WEBHOOK_SCHEDULE_S", "0,1,1,1"),
            ("RUST_LOG", "info,sqlx=error"),
        ];
        Program::start(&arguments, &env)
    }

    /// Starts a worker process and waits until it works.
    pub async fn working(&self, name: &str) -> Program {
        self.registered(name, &[]).await
    }

    /// The same; who does not hear of it for 2 s takes it for dead. Only for those that are to be: a busy machine can keep anybody
    /// from a heartbeat for so long.
    pub async fn victim(&self, name: &str, flags: &[&str]) -> Program {
        self.registered(name, &[&["--lease-ms", "2000"], flags].concat()).await
    }

    async fn registered(&self, name: &str, flags: &[&str]) -> Program {
        let worker = self.worker_on(&self.url, name, flags);
        worker.says("worker registered").await;
        worker
    }

    pub async fn batch(&self, id: BatchId) -> Batch {
        self.service.batch(Reader::Operator, id).await.expect("the batch is there")
    }

    pub async fn tasks(&self, id: BatchId) -> Vec<TaskRow> {
        let sql = format!(
            "SELECT t.task_no, t.status, t.failure_type, t.lease_owner, i.prompt, a.provider_job
            FROM tasks AS t JOIN batches AS b ON b.id = t.batch_id
            JOIN task_inputs AS i ON i.batch_id = t.batch_id AND i.task_no = t.task_no
            LEFT JOIN attempts AS a ON a.batch_id = t.batch_id AND a.task_no = t.task_no AND a.attempt_no = t.attempts
            WHERE b.public_id = '{id}' ORDER BY t.task_no"
        );
        self.rows(sql).await
    }

    /// Waits until the batch is finished; `workers` are asked what they said when it is not.
    pub async fn finishes(&self, id: BatchId, workers: &[&Program]) -> Batch {
        self.until("the batch is finished", workers, async || {
            let batch = self.service.batch(Reader::Operator, id).await.ok()?;
            batch.status().is_finished().then_some(batch)
        })
        .await
    }

    /// Looks again and again until there is something.
    pub async fn until<T>(&self, what: &str, workers: &[&Program], look: impl AsyncFn() -> Option<T>) -> T {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if Instant::now() > deadline {
                let told: Vec<String> = workers.iter().map(|worker| worker.told()).collect();
                let tasks =
                    self.rows::<(String, i64)>("SELECT status, CAST(COUNT(*) AS BIGINT) FROM tasks GROUP BY status".to_owned()).await;
                panic!("waited in vain until {what}; tasks {tasks:?}\n{}", told.join("\n"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The rules that hold whatever happened: every task ended once and was paid or refunded once, nothing was sent twice, the
    /// books close.
    pub async fn books_close(&self, batches: &[BatchId]) {
        let verified = batchbook(&["verify"], &[("DATABASE_URL", &self.url)]).await;
        assert!(verified.contains("the books close"), "{verified}");
        let mut spent = 0;
        for id in batches {
            let batch = self.batch(*id).await;
            assert!(batch.status().is_finished() && batch.counts.open() == 0, "{batch:#?}");
            assert_eq!(batch.credits.open, Credits::ZERO, "{batch:#?}");
            assert_eq!(batch.credits.charged.get() + batch.credits.refunded.get(), batch.credits.held.get(), "{batch:#?}");
            let sql = format!(
                "SELECT l.task_no, l.kind FROM ledger_lines AS l JOIN batches AS b ON b.id = l.batch_id WHERE b.public_id = '{id}'"
            );
            let mut lines: BTreeMap<i32, Vec<String>> = BTreeMap::new();
            for (task, kind) in self.rows::<(i32, String)>(sql).await {
                lines.entry(task).or_default().push(kind);
            }
            for task in self.tasks(*id).await {
                let wanted = if task.status == "succeeded" { "capture" } else { "release" };
                assert!(!task.is_under_way() && task.status != "pending", "{task:?}");
                assert_eq!(lines.get(&task.task_no).map(Vec::as_slice), Some([wanted.to_owned()].as_slice()), "{task:?}");
            }
            spent += batch.credits.charged.get();
        }
        let mut available = 0;
        for customer in &self.customers {
            let balances = self.service.balances(customer.customer).await.expect("balances");
            assert_eq!(balances.held, Credits::ZERO);
            available += balances.available.get();
        }
        let granted = GRANTED * i64::try_from(self.customers.len()).expect("few customers");
        assert_eq!(available + spent, granted);
        let stats = self.simulator.stats().await;
        assert_eq!(stats["duplicate_references"], 0, "{stats}");
    }

    /// Every task ended as its prompt says, except those that were perhaps sent and have no name at the provider in `before`,
    /// the tasks as the crash left them: they are failed as unknown.
    pub async fn ended_as_they_must(&self, id: BatchId, before: &[TaskRow]) {
        for (task, before) in self.tasks(id).await.iter().zip(before) {
            let unknown = before.is_under_way() && before.provider_job.is_none();
            let wanted = if unknown { "submit_unknown" } else { task.end_by_its_prompt() };
            assert_eq!(task.end(), wanted, "after the crash {before:#?}\nat the end {task:#?}");
        }
    }

    /// Runs a statement on whichever database it is.
    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        let mut tx = self.db.write().await.expect("a transaction");
        match &mut tx {
            Tx::Sqlite(tx) => sqlx::query(sql).execute(tx.connection()).await.map(|_| ()),
            Tx::Postgres(tx) => sqlx::query(sql).execute(tx.connection()).await.map(|_| ()),
        }
        .expect("the statement runs");
        tx.commit().await.expect("the statement is committed");
    }

    pub async fn rows<T: AnyRow>(&self, sql: String) -> Vec<T> {
        let sql = AssertSqlSafe(sql);
        match &mut self.db.read().await.expect("a transaction") {
            Tx::Sqlite(tx) => sqlx::query_as(sql).fetch_all(tx.connection()).await,
            Tx::Postgres(tx) => sqlx::query_as(sql).fetch_all(tx.connection()).await,
        }
        .expect("rows")
    }
}
