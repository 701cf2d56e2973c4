//! The rules of money and work, through the services, on both databases: each test's name is a rule.

use std::sync::Arc;

use batchbook::domain::attempt::{Evidence, Fault, Output, Retry};
use batchbook::domain::batch::{Batch, BatchStatus};
use batchbook::domain::credits::Credits;
use batchbook::domain::failure::{FailureType, Party};
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::{BatchId, WorkerKey};
use batchbook::domain::key::{KeyTerms, Scope};
use batchbook::domain::money::Money;
use batchbook::domain::page::PageSize;
use batchbook::domain::submission::{NewBatch, NewTask};
use batchbook::domain::task::TaskStatus;
use batchbook::domain::time::Time;
use batchbook::server::clock::ManualClock;
use batchbook::server::random::SeededRandom;
use batchbook::service::batches::Submission;
use batchbook::service::dispatch::{Accepted, Claimed, Places};
use batchbook::service::keys::{KeyUse, NewKey};
use batchbook::service::settle::{Ended, Outcome, Settled};
use batchbook::service::workers::LEASE_MS;
use batchbook::service::{Caller, Limits, Reader, Service, ServiceError};

use crate::database::{Database, Kind, on_both};

const START: Time = Time::from_micros(1_795_000_000_000_000);

/// A service on an empty database with a clock that only the test moves.
pub struct Books {
    pub service: Service,
    pub clock: Arc<ManualClock>,
    pub database: Database,
}

impl Books {
    pub async fn open(kind: Kind) -> Self {
        Self::open_with(kind, Limits::default()).await
    }

    pub async fn open_with(kind: Kind, limits: Limits) -> Self {
        let database = Database::new(kind).await;
        let clock = Arc::new(ManualClock::new(START));
        let service = Service::new(database.connect().await, clock.clone(), Arc::new(SeededRandom::new(7)), limits);
        Self { service, clock, database }
    }

    pub async fn customer(&self, name: &str) -> Caller {
        let customer = self.service.add_customer(name, &format!("{name}@example.com")).await.unwrap();
        let key = self.service.add_key(customer.id, "test", &KeyTerms::limited_to(600)).await.unwrap();
        self.caller_of(&key).await
    }

    /// Who calls with a key.
    pub async fn caller_of(&self, key: &NewKey) -> Caller {
        self.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await.unwrap()
    }

    pub async fn customer_with(&self, credits: i64, paid: i64) -> Caller {
        let caller = self.customer("northwind").await;
        self.grant(&caller, GrantKind::Purchase, credits, paid, None).await;
        caller
    }

    pub async fn grant(&self, caller: &Caller, kind: GrantKind, credits: i64, paid: i64, expires_at: Option<Time>) {
        let reason = Some("test".to_owned());
        let grant = NewGrant { kind, credits: Credits::new(credits), paid: Money::from_micros(paid), expires_at, reason };
        self.service.grant(caller.customer_id, grant).await.unwrap();
    }

    pub async fn submit(&self, caller: &Caller, key: &str, tasks: usize) -> Result<Batch, ServiceError> {
        let submission = submission(key, key, tasks);
        let body = self.service.submit(caller, submission).await?.body;
        self.service.batch(Reader::from(caller), body.parse().unwrap()).await
    }

    pub async fn places(&self) -> Vec<Places> {
        let routes = self.service.routes().await.unwrap();
        routes.into_iter().map(|(route, deadline_s)| Places { route, deadline_s, free: 1_000 }).collect()
    }

    pub async fn worker(&self) -> WorkerKey {
        self.service.register_worker("test", LEASE_MS).await.unwrap()
    }

    pub async fn claim(&self, worker: WorkerKey) -> Vec<Claimed> {
        self.service.claim(worker, &self.places().await).await.unwrap()
    }

    pub async fn settle(&self, worker: WorkerKey, claimed: &[Claimed], outcome: impl Fn(&Claimed) -> Outcome) -> Settled {
        let places = self.places().await;
        let ended: Vec<Ended> = claimed
            .iter()
            .map(|claimed| {
                let route = &places.iter().find(|place| place.route.key == claimed.route).unwrap().route;
                Ended {
                    task: claimed.task,
                    attempt: claimed.attempt,
                    unit_cost: route.unit_cost,
                    billing: route.billing,
                    at: self.service.now(),
                    outcome: outcome(claimed),
                }
            })
            .collect();
        self.service.settle(worker, &ended).await.unwrap()
    }

    pub async fn batch(&self, id: BatchId) -> Batch {
        self.service.batch(Reader::Operator, id).await.unwrap()
    }

    /// The books close, whatever happened before.
    pub async fn verify(&self) {
        let failed: Vec<_> = self.service.verify().await.unwrap().into_iter().filter(|check| !check.offending.is_empty()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }
}

pub fn submission(key: &str, fingerprint: &str, tasks: usize) -> Submission {
    let item = |n: usize| NewTask { prompt: format!("A lighthouse at dawn, take {n}"), ..NewTask::default() };
    let batch = NewBatch { model: Some("sora-2".to_owned()), items: (0..tasks).map(item).collect(), ..NewBatch::default() };
    Submission { idempotency_key: key.to_owned(), fingerprint: fingerprint.to_owned(), batch, render: |batch| batch.id.to_string() }
}

pub fn succeeded(_: &Claimed) -> Outcome {
    Outcome::Succeeded(Output { url: "https://example.com/v.mp4".to_owned(), expires_at: None })
}

pub fn failed(failure: FailureType, retry: Retry) -> Outcome {
    Outcome::Failed(Fault { failure, party: failure.usual_party(), evidence: Evidence::default(), retry })
}

on_both! {
    a_batch_goes_from_submission_to_closed_books,
    a_replay_is_answered_and_stores_nothing,
    another_request_under_the_same_key_is_refused,
    fifty_requests_with_one_key_make_one_batch,
    submissions_together_never_exceed_the_balance,
    a_failed_attempt_is_tried_again_and_its_cost_is_booked,
    a_throttled_task_costs_no_attempt,
    a_task_that_waits_past_its_deadline_is_refunded,
    cancel_releases_what_never_ran_and_keeps_what_runs,
    a_task_that_comes_back_to_a_canceled_batch_never_runs_again,
    a_worker_that_lost_its_lease_writes_nothing,
    settling_twice_changes_nothing,
    expired_credits_are_gone_and_held_ones_expire_when_they_come_back,
    a_gift_is_spent_first_and_earns_nothing,
    customers_never_see_each_other,
    a_mixed_batch_waits_only_for_the_route_that_is_full,
    the_ledger_cannot_be_changed,
    thedatabase_refuses_an_unbalanced_transaction,
    verify_names_what_is_wrong,
    ten_tasks_do_not_wait_behind_ten_thousand,
    a_rate_limit_holds_and_recovers,
    lists_page_to_the_end,
}

async fn a_batch_goes_from_submission_to_closed_books(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let batch = books.submit(&caller, "spring", 20).await.unwrap();
    assert_eq!((batch.status(), batch.credits.held, batch.counts.pending), (BatchStatus::Queued, Credits::new(980), 20));
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    assert_eq!(claimed.len(), 20);
    assert_eq!(claimed[0].order.reference, format!("{}/1/1", batch.id));
    let accepted: Vec<Accepted> = claimed
        .iter()
        .map(|row| Accepted { task: row.task, attempt: row.attempt, provider_job: Some(format!("video_{}", row.task.number)) })
        .collect();
    assert_eq!(books.service.accept(worker, &accepted).await.unwrap().len(), 20);
    books.clock.advance_ms(3_000);
    let settled = books
        .settle(worker, &claimed, |row| match row.task.number {
            1 => failed(FailureType::ContentPolicyInput, Retry::Never),
            2 => failed(FailureType::Timeout, Retry::Never),
            _ => succeeded(row),
        })
        .await;
    assert_eq!((settled.succeeded, settled.failed, settled.batches_finished), (18, 2, 1));
    let batch = books.batch(batch.id).await;
    assert_eq!(batch.status(), BatchStatus::Partial);
    assert_eq!((batch.credits.charged.get(), batch.credits.refunded.get(), batch.credits.open.get()), (18 * 49, 2 * 49, 0));
    // 10,000 credits for US$100: 18 × 49 credits are worth US$8.82; 18 successes and a timeout of uncertain billing cost us.
    assert_eq!(batch.revenue, Money::from_micros(8_820_000));
    assert_eq!((batch.cost_succeeded.micros(), batch.cost_failed.micros()), (18 * 117_600, 117_600));
    let failures = books.service.failures(batch.id).await.unwrap();
    let of = |party| failures.iter().filter(|sum| sum.party == party).map(|sum| sum.tasks).sum::<i64>();
    assert_eq!((of(Party::Customer), of(Party::Provider)), (1, 1));
    let balances = books.service.balances(caller.customer).await.unwrap();
    assert_eq!((balances.available.get(), balances.held.get()), (10_000 - 18 * 49, 0));
    let kinds: Vec<_> = books.service.events(batch.id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["batch.created", "batch.processing", "batch.refunded", "batch.partial"]);
    books.verify().await;
}

async fn a_replay_is_answered_and_stores_nothing(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let first = books.service.submit(&caller, submission("k", "same", 10)).await.unwrap();
    let again = books.service.submit(&caller, submission("k", "same", 10)).await.unwrap();
    assert_eq!((first.replayed, again.replayed, &first.body), (false, true, &again.body));
    assert_eq!(books.service.find_replay(&caller, "k", "same").await.unwrap(), Some(first.body));
    assert_eq!(books.service.balances(caller.customer).await.unwrap().held.get(), 490);
    books.verify().await;
}

async fn another_request_under_the_same_key_is_refused(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 10_000_000).await;
    let first = books.service.submit(&caller, submission("k", "one", 10)).await.unwrap();
    let other = books.service.submit(&caller, submission("k", "two", 11)).await;
    assert!(matches!(other, Err(ServiceError::IdempotencyMismatch { first_batch: Some(id) }) if id.to_string() == first.body));
    assert_eq!(books.service.balances(caller.customer).await.unwrap().held.get(), 490);
}

async fn fifty_requests_with_one_key_make_one_batch(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    let requests = (0..50).map(|_| books.service.submit(&caller, submission("k", "same", 10)));
    let answers: Vec<_> = futures::future::join_all(requests).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(books.service.balances(caller.customer).await.unwrap().held.get(), 490);
    books.verify().await;
}

async fn submissions_together_never_exceed_the_balance(kind: Kind) {
    let books = Books::open(kind).await;
    // Enough for 7 batches of 10 tasks.
    let caller = books.customer_with(7 * 490 + 100, 10_000_000).await;
    let keys: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
    let requests = keys.iter().map(|key| books.service.submit(&caller, submission(key, key, 10)));
    let answers = futures::future::join_all(requests).await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(ServiceError::NotEnoughCredits { .. }))).count();
    assert_eq!((answers.iter().filter(|answer| answer.is_ok()).count(), refused), (7, 13));
    let listed = books.service.batches(Reader::from(&caller), None, PageSize::default()).await.unwrap();
    assert_eq!(listed.rows.len(), 7);
    assert_eq!(books.service.balances(caller.customer).await.unwrap().available.get(), 100);
    books.verify().await;
}

async fn a_failed_attempt_is_tried_again_and_its_cost_is_booked(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    let settled = books
        .settle(worker, &claimed, |row| {
            // Billed although it failed: the video was made and lost.
            if row.task.number == 3 { failed(FailureType::ResultMissing, Retry::Backoff) } else { succeeded(row) }
        })
        .await;
    assert_eq!((settled.succeeded, settled.waiting), (9, 1));
    assert!(books.claim(worker).await.is_empty(), "not before its pause is over");
    books.verify().await;
    books.clock.advance_ms(6_000);
    let again = books.claim(worker).await;
    assert_eq!((again.len(), again[0].task.number, again[0].attempt), (1, 3, 2));
    books.settle(worker, &again, succeeded).await;
    let batch = books.batch(batch.id).await;
    assert_eq!((batch.status(), batch.cost_failed.micros(), batch.counts.failed), (BatchStatus::Completed, 117_600, 0));
    assert_eq!(books.service.attempts(batch.id, 3).await.unwrap().len(), 2);
    books.verify().await;
}

async fn a_throttled_task_costs_no_attempt(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    for _ in 0..5 {
        let claimed = books.claim(worker).await;
        assert_eq!((claimed.len(), claimed[0].attempt), (10, 1));
        let due = books.service.now().plus_ms(100);
        books.settle(worker, &claimed, |_| Outcome::PutBack { due }).await;
        books.verify().await;
        books.clock.advance_ms(200);
    }
    let claimed = books.claim(worker).await;
    books.settle(worker, &claimed, succeeded).await;
    assert_eq!(books.batch(batch.id).await.status(), BatchStatus::Completed);
    books.verify().await;
}

async fn a_task_that_waits_past_its_deadline_is_refunded(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    let due = books.service.now().plus_s(60);
    books.settle(worker, &claimed, |row| if row.task.number == 1 { Outcome::PutBack { due } } else { succeeded(row) }).await;
    books.clock.advance_ms(899_000);
    assert_eq!(books.service.fail_overdue().await.unwrap(), 0);
    books.clock.advance_ms(2_000);
    assert_eq!(books.service.fail_overdue().await.unwrap(), 1);
    assert!(books.claim(worker).await.is_empty());
    let batch = books.batch(batch.id).await;
    assert_eq!((batch.status(), batch.credits.refunded.get(), batch.cost_failed), (BatchStatus::Partial, 49, Money::ZERO));
    let failures = books.service.failures(batch.id).await.unwrap();
    assert_eq!(
        failures.iter().map(|sum| (sum.failure, sum.party, sum.tasks)).collect::<Vec<_>>(),
        [(FailureType::Timeout, Party::Platform, 1)]
    );
    books.verify().await;
}

async fn cancel_releases_what_never_ran_and_keeps_what_runs(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 30).await.unwrap();
    let worker = books.worker().await;
    let mut places = books.places().await;
    places[0].free = 10;
    places.truncate(1);
    let claimed = books.service.claim(worker, &places).await.unwrap();
    assert_eq!(claimed.len(), 10);
    let (canceled, what) = books.service.cancel(Reader::from(&caller), batch.id, None).await.unwrap();
    assert_eq!((what.canceled, what.released.get(), what.still_running, what.still_held.get()), (20, 980, 10, 490));
    assert_eq!(canceled.status(), BatchStatus::Canceling);
    assert!(matches!(books.service.cancel(Reader::from(&caller), batch.id, None).await, Err(ServiceError::BatchCanceling)));
    assert!(books.claim(worker).await.is_empty());
    books.verify().await;
    books.settle(worker, &claimed, succeeded).await;
    let batch = books.batch(batch.id).await;
    assert_eq!((batch.status(), batch.credits.charged.get(), batch.credits.refunded.get()), (BatchStatus::Canceled, 490, 980));
    let over = books.service.cancel(Reader::from(&caller), batch.id, None).await;
    assert!(matches!(over, Err(ServiceError::BatchFinished(BatchStatus::Canceled))));
    books.verify().await;
}

async fn a_task_that_comes_back_to_a_canceled_batch_never_runs_again(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.service.cancel(Reader::Operator, batch.id, Some("asked by mail")).await.unwrap();
    let due = books.service.now();
    books
        .settle(worker, &claimed, |row| match row.task.number {
            1 => Outcome::PutBack { due },
            2 => failed(FailureType::ModelError, Retry::Backoff),
            _ => succeeded(row),
        })
        .await;
    let batch = books.batch(batch.id).await;
    assert_eq!((batch.status(), batch.counts.canceled, batch.counts.failed), (BatchStatus::Canceled, 1, 1));
    assert_eq!(books.service.task(Reader::Operator, batch.id, 1).await.unwrap().status, TaskStatus::Canceled);
    books.verify().await;
}

async fn a_worker_that_lost_its_lease_writes_nothing(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let gone = books.worker().await;
    let claimed = books.claim(gone).await;
    let accepted: Vec<Accepted> =
        claimed[..6].iter().map(|row| Accepted { task: row.task, attempt: 1, provider_job: Some("video".to_owned()) }).collect();
    books.service.accept(gone, &accepted).await.unwrap();
    books.clock.advance_ms(LEASE_MS + 1_000);
    let heir = books.worker().await;
    let adopted = books.service.rescue(heir).await.unwrap();
    assert_eq!((adopted.len(), adopted.iter().filter(|row| row.provider_job.is_some()).count()), (10, 6));
    assert!(books.service.rescue(heir).await.unwrap().is_empty());
    assert!(!books.service.heartbeat(gone, LEASE_MS).await.unwrap());
    books.submit(&caller, "more", 10).await.unwrap();
    let refused = books.service.claim(gone, &books.places().await).await;
    assert!(matches!(refused, Err(ServiceError::Invalid { code: "lease_lost", .. })), "{refused:?}");
    assert_eq!(books.settle(gone, &claimed, succeeded).await.fenced, 10);
    assert!(books.service.accept(gone, &accepted).await.unwrap().is_empty());
    assert_eq!(books.batch(batch.id).await.counts.succeeded, 0);
    books.verify().await;
    assert_eq!(books.settle(heir, &claimed, succeeded).await.succeeded, 10);
    books.verify().await;
}

async fn settling_twice_changes_nothing(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.settle(worker, &claimed, succeeded).await;
    let after = books.batch(batch.id).await;
    let again = books.settle(worker, &claimed, |_| failed(FailureType::Timeout, Retry::Never)).await;
    assert_eq!((again.fenced, again.succeeded, again.failed), (10, 0, 0));
    assert_eq!(books.batch(batch.id).await, after);
    books.verify().await;
}

async fn expired_credits_are_gone_and_held_ones_expire_when_they_come_back(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer("northwind").await;
    books.grant(&caller, GrantKind::Promo, 1_000, 0, Some(START.plus_s(60))).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.clock.advance_ms(61_000);
    assert_eq!(books.service.expire_grants().await.unwrap(), 1);
    let balances = books.service.balances(caller.customer).await.unwrap();
    assert_eq!((balances.available.get(), balances.held.get()), (0, 490));
    books.settle(worker, &claimed, |_| failed(FailureType::Timeout, Retry::Never)).await;
    assert_eq!(books.service.balances(caller.customer).await.unwrap().available.get(), 490);
    assert!(matches!(books.submit(&caller, "k2", 10).await, Err(ServiceError::NotEnoughCredits { .. })), "expired credits are not spent");
    assert_eq!(books.service.expire_grants().await.unwrap(), 1);
    assert_eq!(books.service.balances(caller.customer).await.unwrap().available.get(), 0);
    assert_eq!(books.batch(batch.id).await.status(), BatchStatus::Failed);
    books.verify().await;
}

async fn a_gift_is_spent_first_and_earns_nothing(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    books.grant(&caller, GrantKind::Promo, 245, 0, None).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    let drawn = books.service.draws(batch.id).await.unwrap();
    assert_eq!(
        drawn.iter().map(|draw| (draw.kind, draw.credits.get())).collect::<Vec<_>>(),
        [(GrantKind::Promo, 245), (GrantKind::Purchase, 245)]
    );
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books
        .settle(worker, &claimed, |row| if row.task.number <= 4 { failed(FailureType::Timeout, Retry::Never) } else { succeeded(row) })
        .await;
    let batch = books.batch(batch.id).await;
    // 6 × 49 = 294 captured: 245 given, 49 paid at US$0.01.
    assert_eq!((batch.credits.charged.get(), batch.revenue.micros()), (294, 490_000));
    books.verify().await;
}

async fn customers_never_see_each_other(kind: Kind) {
    let books = Books::open(kind).await;
    let mine = books.customer_with(1_000, 10_000_000).await;
    let other = books.customer("other").await;
    let batch = books.submit(&mine, "k", 10).await.unwrap();
    let reader = Reader::from(&other);
    assert!(matches!(books.service.batch(reader, batch.id).await, Err(ServiceError::NotFound { .. })));
    assert!(matches!(books.service.task(reader, batch.id, 1).await, Err(ServiceError::NotFound { .. })));
    assert!(matches!(books.service.tasks(reader, batch.id, 0, PageSize::default()).await, Err(ServiceError::NotFound { .. })));
    assert!(matches!(books.service.cancel(reader, batch.id, None).await, Err(ServiceError::NotFound { .. })));
    assert!(books.service.batches(reader, None, PageSize::default()).await.unwrap().rows.is_empty());
    assert_eq!(books.service.find_replay(&other, "k", "k").await.unwrap(), None);
}

async fn a_mixed_batch_waits_only_for_the_route_that_is_full(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    let mut mixed = submission("k", "k", 20);
    for item in mixed.batch.items.iter_mut().take(10) {
        item.model = Some("veo-pro".to_owned());
    }
    books.service.submit(&caller, mixed).await.unwrap();
    let worker = books.worker().await;
    let mut places = books.places().await;
    for place in &mut places {
        place.free = if place.route.upstream_model == "sora-2" { 20 } else { 0 };
    }
    let claimed = books.service.claim(worker, &places).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].task.number), (10, 11));
    books.verify().await;
    // While it stays full nothing is taken up and put back again; once it has a place, nothing waits.
    assert!(books.service.claim(worker, &places).await.unwrap().is_empty());
    for place in &mut places {
        place.free = if place.route.upstream_model == "sora-2" { 0 } else { 4 };
    }
    let claimed = books.service.claim(worker, &places).await.unwrap();
    assert_eq!(claimed.iter().map(|row| row.task.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    // However many places the idle model has.
    assert_eq!(books.claim(worker).await.len(), 6);
    books.verify().await;
}

/// Runs one statement on the database behind the program's back.
pub async fn run_sql(books: &Books, sql: &str) -> Result<(), sqlx::Error> {
    use sqlx::{Connection, Executor};
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let url = &books.database.url;
    if url.starts_with("sqlite:") {
        sqlx::SqliteConnection::connect(url).await?.execute(sql).await.map(|_| ())
    } else {
        sqlx::PgConnection::connect(url).await?.execute(sql).await.map(|_| ())
    }
}

async fn the_ledger_cannot_be_changed(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    books.submit(&caller, "k", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.settle(worker, &claimed, succeeded).await;
    for sql in [
        "UPDATE ledger_transactions SET credits = 1",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_entries SET credits = 1",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_lines SET credits = 1",
        "DELETE FROM ledger_lines",
        "UPDATE prices SET credits = 1",
    ] {
        let refused = run_sql(&books, sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    for sql in [
        "INSERT INTO ledger_lines SELECT batch_id, transaction_id, credits, 0, task_no, 0, 'release' FROM ledger_lines",
        "UPDATE ledger_accounts SET balance = -1 WHERE kind = 'available'",
        "UPDATE grants SET captured = captured + 1",
        "UPDATE batches SET succeeded = succeeded + 1",
        "UPDATE batches SET credits_refunded = credits_refunded + 1",
        "UPDATE batches SET finished_at_us = NULL",
        "UPDATE tasks SET status = 'pending'",
    ] {
        assert!(run_sql(&books, sql).await.is_err(), "{sql}");
    }
    books.verify().await;
}

async fn thedatabase_refuses_an_unbalanced_transaction(kind: Kind) {
    let books = Books::open(kind).await;
    books.customer_with(1_000, 10_000_000).await;
    let no_entries = "INSERT INTO ledger_transactions (id, public_id, kind, customer_id, grant_id, credits, revenue_microusd, tasks, actor, created_at_us)
        VALUES (99, 'txn_x', 'promo', 1, 1, 5, 0, 0, 'nobody', 1)";
    assert!(run_sql(&books, no_entries).await.unwrap_err().to_string().contains("unbalanced"));
    let late_entry = "INSERT INTO ledger_entries (transaction_id, account_id, credits) SELECT MIN(id), 2, 5 FROM ledger_transactions";
    assert!(run_sql(&books, late_entry).await.unwrap_err().to_string().contains("closed"));
    books.verify().await;
}

async fn verify_names_what_is_wrong(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    run_sql(&books, "UPDATE batches SET pending = pending - 1, processing = processing + 1").await.unwrap();
    run_sql(&books, "UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'available'").await.unwrap();
    let failed: Vec<_> = books.service.verify().await.unwrap().into_iter().filter(|check| !check.offending.is_empty()).collect();
    let named = |name: &str| failed.iter().find(|check| check.name == name).map(|check| check.offending[0].clone());
    assert_eq!(named("counters of batches equal a recount of their tasks"), Some(batch.id.to_string()));
    assert_eq!(named("balances equal the sums of their entries"), Some(format!("{} available", caller.customer_id)));
}

async fn ten_tasks_do_not_wait_behind_ten_thousand(kind: Kind) {
    let books = Books::open(kind).await;
    let big = books.customer_with(1_000_000, 10_000_000).await;
    books.submit(&big, "big", 10_000).await.unwrap();
    let worker = books.worker().await;
    assert_eq!(books.claim(worker).await.len(), 500);
    let small = books.customer("small").await;
    books.grant(&small, GrantKind::Promo, 490, 0, None).await;
    let batch = books.submit(&small, "small", 10).await.unwrap();
    let mut places = books.places().await;
    places.truncate(1);
    places[0].free = 20;
    let claimed = books.service.claim(worker, &places).await.unwrap();
    assert_eq!(claimed.iter().filter(|row| row.batch_id == batch.id).count(), 10);
    assert_eq!(claimed.len(), 20);
    books.verify().await;
}

async fn a_rate_limit_holds_and_recovers(kind: Kind) {
    let books = Books::open(kind).await;
    let customer = books.service.add_customer("c", "c@example.com").await.unwrap();
    let key = books.service.add_key(customer.id, "slow", &KeyTerms::limited_to(6)).await.unwrap();
    let caller = books.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await.unwrap();
    for left in (0..6).rev() {
        assert_eq!(books.service.admit(&caller).await.unwrap().remaining, left);
    }
    let refused = books.service.admit(&caller).await;
    assert!(matches!(refused, Err(ServiceError::RateLimited { limit_per_min: 6, retry_after_ms: 10_000 })), "{refused:?}");
    books.clock.advance_ms(10_000);
    assert_eq!(books.service.admit(&caller).await.unwrap().remaining, 0);
    books.service.revoke_key(key.id).await.unwrap();
    assert!(matches!(books.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await, Err(ServiceError::Unauthenticated)));
}

async fn lists_page_to_the_end(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    for n in 0..5 {
        books.submit(&caller, &format!("k{n}"), 25).await.unwrap();
        books.clock.advance_ms(5);
    }
    let (reader, two) = (Reader::from(&caller), PageSize::new(2).unwrap());
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = books.service.batches(reader, before, two).await.unwrap();
        before = page.rows.last().map(|batch| batch.id);
        seen.extend(page.rows.into_iter().map(|batch| batch.id));
        if !page.has_more {
            break;
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!((seen.len(), &seen), (5, &sorted));
    let ten = PageSize::new(10).unwrap();
    let page = books.service.tasks(reader, seen[0], 20, ten).await.unwrap();
    assert_eq!((page.rows.len(), page.has_more, page.rows[0].number), (5, false, 21));
    let transactions = books.service.transactions(caller.customer, None, ten).await.unwrap();
    assert_eq!((transactions.rows.len(), transactions.has_more, transactions.rows[0].entries.len()), (6, false, 2));
    assert_eq!(transactions.rows[0].entries[1].balance_after, Some(Credits::new(5 * 25 * 49)));
}
