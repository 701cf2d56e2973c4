//! The program behind its public door: a real server on a real port, and the few words that tests say to it.
//!
//! `app.customer().with_credits(1_000)`, `customer.submits(batch_of(10))`, `answer.is_problem(402, "not_enough_credits")`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use batchbook::api;
use batchbook::domain::access::Role;
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::CustomerId;
use batchbook::domain::key::KeyTerms;
use batchbook::domain::money::Money;
use batchbook::server::clock::SystemClock;
use batchbook::server::random::OsRandom;
use batchbook::service::{Limits, Service};
use batchbook::store::{Db, DbConfig};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::database::{Database, Kind};

/// Credits of one task of `sora-2`, and its tasks in one batch at least.
pub const SORA_CREDITS: i64 = 49;
pub const SORA_MIN: usize = 10;
/// Webhooks of tests go to receivers on this machine.
pub const LOOPBACK: &str = "127.0.0.0/8,::1/128";
const ANSWER_MAX: Duration = Duration::from_mins(1);

pub struct TestApp {
    pub db: Db,
    pub service: Service,
    /// `127.0.0.1:port`.
    pub address: String,
    /// Of an operator who may do everything; sent to `/api/admin` unless something else is.
    owner_token: String,
    http: reqwest::Client,
    server: JoinHandle<()>,
    database: Option<Database>,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl TestApp {
    /// On an empty database of its own.
    pub async fn on(kind: Kind) -> Self {
        let database = Database::new(kind).await;
        let mut app = Self::start(&database.url).await;
        app.database = Some(database);
        app
    }

    /// On the database at `url` (`sqlite://…` or `postgres://…`), which is migrated.
    pub async fn start(url: &str) -> Self {
        let db = Db::connect(&DbConfig::new(url)).await.expect("the database answers");
        db.migrate().await.expect("the migrations run");
        let random = Arc::new(OsRandom);
        let limits = Limits { subnets: LOOPBACK.parse().expect("subnets"), ..Limits::default() };
        let service = Service::new(db.clone(), Arc::new(SystemClock), random.clone(), limits);
        let owner_token = operator_token(&service, Role::Owner).await;
        let router = api::router(service.clone(), random, limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the server serves") });
        let http = reqwest::Client::builder().timeout(ANSWER_MAX).build().expect("a client");
        Self { db, service, address, owner_token, http, server, database: None }
    }

    /// Address of its database.
    pub fn url(&self) -> &str {
        &self.database.as_ref().expect("a database of its own").url
    }

    /// Runs one statement on the database behind the program's back.
    pub async fn run_sql(&self, sql: &'static str) {
        use sqlx::{Connection, Executor};
        let url = &self.database.as_ref().expect("a database of its own").url;
        if url.starts_with("sqlite:") {
            sqlx::SqliteConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
        } else {
            sqlx::PgConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
        }
    }

    /// The books close, whatever happened before.
    pub async fn books_close(&self) {
        let failed: Vec<_> = self.service.verify().await.unwrap().into_iter().filter(|check| !check.offending.is_empty()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    /// A customer who is about to come into being.
    pub fn customer(&self) -> NewCustomer<'_> {
        NewCustomer { app: self, requests_per_min: 1_000_000 }
    }

    /// Sends a request without a customer's key, unless `headers` hold one; as an owner, where it is for operators.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let mut request = self.http.request(method.clone(), format!("http://{}{path}", self.address));
        if path.starts_with("/api/admin/") && headers.iter().all(|(name, _)| *name != "authorization") {
            request = request.bearer_auth(&self.owner_token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        Answer { asked: format!("{method} {path}"), status, headers, text }
    }
}

/// A token of a new operator with this role.
pub async fn operator_token(service: &Service, role: Role) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let email = format!("{role}{}@example.com", NUMBER.fetch_add(1, Ordering::Relaxed));
    let operator = service.add_operator(&email, "", role).await.expect("an operator").operator;
    service.add_operator_token(operator.id, "test").await.expect("a token").reveal().to_owned()
}

pub struct NewCustomer<'a> {
    app: &'a TestApp,
    requests_per_min: i64,
}

impl<'a> NewCustomer<'a> {
    pub fn limited_to(self, requests_per_min: i64) -> Self {
        Self { requests_per_min, ..self }
    }

    /// Comes into being with this many credits, bought at list price.
    pub async fn with_credits(self, credits: i64) -> Customer<'a> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let service = &self.app.service;
        let name = format!("Customer {number}");
        let customer = service.add_customer(&name, &format!("customer{number}@example.com")).await.expect("a customer");
        let key = service.add_key(customer.id, "test", &KeyTerms::limited_to(self.requests_per_min)).await.expect("a key");
        if credits > 0 {
            let paid = Money::from_micros(credits * 10_000);
            let grant = NewGrant { kind: GrantKind::Purchase, credits: Credits::new(credits), paid, expires_at: None, reason: None };
            service.grant(customer.id, grant).await.expect("a grant");
        }
        Customer { app: self.app, id: customer.id, secret: key.secret.reveal().to_owned() }
    }
}

pub struct Customer<'a> {
    app: &'a TestApp,
    pub id: CustomerId,
    pub secret: String,
}

/// What a customer has: it changes when something is stored, and only then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    pub batches: usize,
    pub available: i64,
    pub held: i64,
}

impl Customer<'_> {
    pub const fn service(&self) -> &Service {
        &self.app.service
    }

    /// Submits with an idempotency key of its own.
    pub async fn submits(&self, batch: Value) -> Answer {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        self.submits_as(&format!("order-{}", NUMBER.fetch_add(1, Ordering::Relaxed)), batch).await
    }

    pub async fn submits_as(&self, idempotency_key: &str, batch: Value) -> Answer {
        self.posts("/api/v1/batches", &[("idempotency-key", idempotency_key)], batch.to_string()).await
    }

    /// Posts JSON, with the customer's key.
    pub async fn posts(&self, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let bearer = format!("Bearer {}", self.secret);
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.retain(|(name, _)| headers.iter().all(|(given, _)| given != name));
        all.extend_from_slice(headers);
        self.app.send(Method::POST, path, &all, Some(body)).await
    }

    pub async fn gets(&self, path: &str) -> Answer {
        self.app.send(Method::GET, path, &[("authorization", &format!("Bearer {}", self.secret))], None).await
    }

    pub async fn books(&self) -> Books {
        let credits = self.gets("/api/v1/credits").await.is(200);
        let batches = self.gets("/api/v1/batches?limit=200").await.is(200);
        Books {
            batches: batches["data"].as_array().expect("a list").len(),
            available: credits["available"].as_i64().expect("credits"),
            held: credits["held"].as_i64().expect("credits"),
        }
    }
}

/// What was answered, with all that a failing test wants to know.
#[derive(Debug)]
pub struct Answer {
    pub asked: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {self:#?}", self.asked);
        assert!(self.header("x-request-id").is_some_and(|id| id.starts_with("req_") && id.len() == 30), "{self:#?}");
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The problem document of an answer with this status and code.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.is(status);
        assert_eq!(problem["code"], code, "{self:#?}");
        assert_eq!(problem["status"], status, "{self:#?}");
        assert_eq!(problem["type"], format!("/docs/api#problem-{code}"), "{self:#?}");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{self:#?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:#?}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{self:#?}");
        problem
    }
}

/// A good batch of `sora-2`.
pub fn batch_of(tasks: usize) -> Value {
    let items: Vec<Value> = (1..=tasks).map(|number| json!({"prompt": format!("A lighthouse at dawn, take {number}")})).collect();
    json!({"model": "sora-2", "items": items})
}
