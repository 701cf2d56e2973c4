//! The list of batches on random histories, on both databases: every filter and order against a brute-force one in Rust.

use std::collections::HashMap;
use std::sync::Arc;

use batchbook::domain::attempt::{Evidence, Fault, Output, Retry};
use batchbook::domain::batch::{Batch, BatchStatus, FailureSum};
use batchbook::domain::batch_list::{BatchFilter, BatchSort, COUNT_MAX, Day, Order, Place, Statuses};
use batchbook::domain::credits::Credits;
use batchbook::domain::failure::FailureType;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::{BatchId, CustomerId, Random};
use batchbook::domain::key::{KeyTerms, Scope};
use batchbook::domain::money::Money;
use batchbook::domain::page::PageSize;
use batchbook::domain::submission::{NewBatch, NewTask};
use batchbook::domain::time::Time;
use batchbook::server::clock::ManualClock;
use batchbook::server::random::SeededRandom;
use batchbook::service::batches::Submission;
use batchbook::service::dispatch::Places;
use batchbook::service::keys::KeyUse;
use batchbook::service::settle::{Ended, Outcome};
use batchbook::service::workers::LEASE_MS;
use batchbook::service::{Caller, Limits, Reader, Service};
use reqwest::Method;

use crate::app::TestApp;
use crate::database::{Database, Kind, on_both};

on_both! {
    every_filter_and_order_agrees_with_brute_force,
    counts_follow_the_other_filters,
    what_cannot_be_read_matches_nothing,
    a_cursor_of_a_batch_that_is_not_there_starts_over,
    views_are_shared_by_name,
    the_file_has_every_row_and_their_totals,
}

const START: Time = Time::from_micros(1_795_000_000_000_000);
const DAYS: i64 = 12;

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, sides: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % sides
    }

    fn one<T: Clone>(&self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }

    fn maybe<T>(&self, one_in: u64, value: T) -> Option<T> {
        (self.below(one_in) == 0).then_some(value)
    }
}

/// A batch with what the brute force needs to know of it.
struct Known {
    batch: Batch,
    models: Vec<String>,
    failures: Vec<FailureSum>,
}

pub struct World {
    pub service: Service,
    customers: Vec<Caller>,
    dice: Dice,
    pub clock: Arc<ManualClock>,
    _database: Database,
}

impl World {
    pub async fn open(kind: Kind, seed: u64) -> Self {
        let database = Database::new(kind).await;
        let clock = Arc::new(ManualClock::new(START));
        let service = Service::new(database.connect().await, clock.clone(), Arc::new(SeededRandom::new(seed)), Limits::default());
        let mut customers = Vec::new();
        for name in ["acme", "bolt", "cargo"] {
            let customer = service.add_customer(name, &format!("{name}@example.com")).await.unwrap();
            // Bolt pays so little that it makes losses.
            let paid = if name == "bolt" { 1_000 } else { 10_000 };
            let credits = 10_000_000;
            let reason = Some("test".to_owned());
            let paid = Money::from_micros(credits * paid);
            let grant = NewGrant { kind: GrantKind::Purchase, credits: Credits::new(credits), paid, expires_at: None, reason };
            service.grant(customer.id, grant).await.unwrap();
            let key = service.add_key(customer.id, "test", &KeyTerms::limited_to(600)).await.unwrap();
            customers.push(service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await.unwrap());
        }
        Self { service, customers, dice: Dice(SeededRandom::new(seed + 1)), clock, _database: database }
    }

    pub async fn submit(&self, number: usize) -> BatchId {
        let item = |model: &str| NewTask { prompt: "A lighthouse".to_owned(), model: Some(model.to_owned()), ..NewTask::default() };
        let mut items = Vec::new();
        let kind = self.dice.below(3);
        if kind != 1 {
            items.extend(std::iter::repeat_with(|| item("sora-2")).take(10));
        }
        if kind != 0 {
            items.extend(std::iter::repeat_with(|| item("veo-pro")).take(5));
        }
        let batch = NewBatch { items, ..NewBatch::default() };
        let key = format!("order-{number}");
        let submission = Submission { idempotency_key: key.clone(), fingerprint: key, batch, render: |batch| batch.id.to_string() };
        self.service.submit(&self.dice.one(&self.customers), submission).await.unwrap().body.parse().unwrap()
    }

    /// Claims what waits and settles most of it, at random.
    pub async fn work(&self) {
        let worker = self.service.register_worker("test", LEASE_MS).await.unwrap();
        let routes = self.service.routes().await.unwrap();
        let places: Vec<Places> = routes.into_iter().map(|(route, deadline_s)| Places { route, deadline_s, free: 1_000 }).collect();
        let claimed = self.service.claim(worker, &places).await.unwrap();
        let mut kinds: HashMap<_, u64> = HashMap::new();
        let ended: Vec<Ended> = claimed
            .iter()
            .filter_map(|claimed| {
                let luck = *kinds.entry(claimed.task.batch).or_insert_with(|| self.dice.below(4));
                let outcome = match (luck, self.dice.below(10)) {
                    (0, 0) => return None,
                    (1, roll) | (2, roll @ 0..4) => {
                        let failure = FailureType::ALL[usize::try_from(roll).unwrap()];
                        let evidence = Evidence::default();
                        Outcome::Failed(Fault { failure, party: failure.usual_party(), evidence, retry: Retry::Never })
                    }
                    _ => Outcome::Succeeded(Output { url: "https://example.com/v.mp4".to_owned(), expires_at: None }),
                };
                let route = &places.iter().find(|place| place.route.key == claimed.route).unwrap().route;
                let (task, attempt) = (claimed.task, claimed.attempt);
                Some(Ended { task, attempt, unit_cost: route.unit_cost, billing: route.billing, at: self.service.now(), outcome })
            })
            .collect();
        for group in ended.chunks(40) {
            self.clock.advance_ms(i64::try_from(self.dice.below(90_000)).unwrap());
            self.service.settle(worker, group).await.unwrap();
        }
    }

    /// Days of orders: most done, some not, a few canceled.
    pub async fn live(&self, batches: usize) {
        for number in 0..batches {
            self.clock.advance_ms(i64::try_from(self.dice.below(2 * 86_400_000 * DAYS.unsigned_abs() / batches as u64)).unwrap());
            let id = self.submit(number).await;
            if self.dice.below(9) == 0 {
                let reader = self.service.batch(Reader::Operator, id).await.unwrap();
                let owner = self.customers.iter().find(|caller| caller.customer_id == reader.customer_id).unwrap();
                self.service.cancel(Reader::from(owner), id, None).await.unwrap();
            } else if self.dice.below(5) != 0 {
                self.work().await;
            }
        }
        self.submit(batches).await;
        let failed: Vec<_> = self.service.verify().await.unwrap().into_iter().filter(|check| !check.offending.is_empty()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    async fn known(&self) -> Vec<Known> {
        let mut known = Vec::new();
        let mut before = None;
        loop {
            let listed = self.service.batches(Reader::Operator, before, PageSize::new(50).unwrap()).await.unwrap();
            for batch in listed.rows {
                before = Some(batch.id);
                let models = self.service.priced_models(batch.id).await.unwrap().into_iter().map(|priced| priced.model).collect();
                let failures = self.service.failures(batch.id).await.unwrap();
                known.push(Known { batch, models, failures });
            }
            if !listed.has_more {
                return known;
            }
        }
    }

    fn filter(&self) -> BatchFilter {
        let dice = &self.dice;
        let day = |offset: u64| Day::of(START).plus(i64::try_from(offset).unwrap());
        let statuses: Vec<BatchStatus> = BatchStatus::ALL.iter().copied().filter(|_| dice.below(2) == 0).collect();
        let customers: Vec<CustomerId> = self.customers.iter().map(|caller| caller.customer_id).collect();
        BatchFilter {
            statuses: dice.maybe(3, Statuses::of(&statuses)).unwrap_or_default(),
            customer: dice.maybe(4, dice.one(&customers)),
            model: dice.maybe(4, dice.one(&["sora-2", "veo-pro", "none"]).to_owned()),
            from: dice.maybe(4, day(dice.below(13))),
            to: dice.maybe(4, day(dice.below(13) + 6)),
            failure: dice.maybe(6, dice.one(&FailureType::ALL[..10])),
            party: dice.maybe(6, dice.one(&FailureType::ALL[..10]).usual_party()),
            has_failures: dice.below(5) == 0,
            refund_over: dice.maybe(5, i64::try_from(dice.below(1_000)).unwrap()),
            losses: dice.below(6) == 0,
            unreadable: Vec::new(),
        }
    }

    /// Ids of a whole list, read page by page in one direction.
    async fn walk(&self, filter: &BatchFilter, sort: (BatchSort, Order)) -> Vec<BatchId> {
        let size = PageSize::new(self.dice.one(&[7, 20, 50])).unwrap();
        let (mut forward, mut place) = (Vec::new(), Place::Start);
        let last = loop {
            let page = self.service.batch_list(filter, sort, place, size).await.unwrap();
            forward.extend(page.rows.iter().map(|batch| batch.id));
            match page.after {
                Some(after) => place = Place::After(after),
                None => break page,
            }
        };
        // And back again, to the very same pages.
        let mut page = last;
        let mut back: Vec<BatchId> = page.rows.iter().map(|batch| batch.id).collect();
        while let Some(before) = page.before {
            page = self.service.batch_list(filter, sort, Place::Before(before), size).await.unwrap();
            back.splice(0..0, page.rows.iter().map(|batch| batch.id));
            assert!(page.after.is_some());
        }
        assert_eq!(back, forward, "both directions: {filter:?} {sort:?}");
        forward
    }
}

/// The rules of the filter, said once more.
fn lets_through(filter: &BatchFilter, known: &Known) -> bool {
    let batch = &known.batch;
    let day = Day::of(batch.created_at);
    let of_kind = |sum: &FailureSum| {
        (sum.tasks > 0 || sum.cost > Money::ZERO)
            && filter.failure.is_none_or(|failure| failure == sum.failure)
            && filter.party.is_none_or(|party| party == sum.party)
    };
    (filter.statuses.is_empty() || filter.statuses.has(batch.status()))
        && filter.customer.is_none_or(|customer| customer == batch.customer_id)
        && filter.model.as_ref().is_none_or(|model| known.models.contains(model))
        && filter.from.is_none_or(|from| from <= day)
        && filter.to.is_none_or(|to| day <= to)
        && ((filter.failure.is_none() && filter.party.is_none()) || known.failures.iter().any(of_kind))
        && (!filter.has_failures || batch.counts.failed > 0)
        && filter.refund_over.is_none_or(|credits| batch.credits.refunded.get() > credits)
        && (!filter.losses || batch.profit() < Money::ZERO)
}

async fn every_filter_and_order_agrees_with_brute_force(kind: Kind) {
    let world = World::open(kind, 11).await;
    world.live(60).await;
    let known = world.known().await;
    let has = |status| known.iter().any(|known| known.batch.status() == status);
    for status in [BatchStatus::Queued, BatchStatus::Processing, BatchStatus::Completed, BatchStatus::Partial, BatchStatus::Canceled] {
        assert!(has(status), "the history has a {status} batch");
    }
    // Each filter alone, then combined.
    let every = |one: fn(&mut BatchFilter, BatchFilter)| {
        let mut filter = BatchFilter::default();
        one(&mut filter, world.filter());
        filter
    };
    let mut filters = vec![BatchFilter::default()];
    for _ in 0..6 {
        filters.push(every(|filter, random| filter.statuses = random.statuses));
        filters.push(every(|filter, random| filter.customer = random.customer));
        filters.push(every(|filter, random| filter.model = random.model));
        filters.push(every(|filter, random| filter.from = random.from));
        filters.push(every(|filter, random| filter.to = random.to));
        filters.push(every(|filter, random| filter.failure = random.failure));
        filters.push(every(|filter, random| filter.party = random.party));
        filters.push(every(|filter, random| filter.has_failures = random.has_failures));
        filters.push(every(|filter, random| filter.refund_over = random.refund_over));
        filters.push(every(|filter, random| filter.losses = random.losses));
        filters.extend(std::iter::repeat_with(|| world.filter()).take(10));
    }
    let (mut matched, mut empty) = (0, 0);
    for (number, filter) in filters.into_iter().enumerate() {
        let sorts: Vec<BatchSort> =
            if number == 0 { BatchSort::ALL.to_vec() } else { vec![BatchSort::Created, world.dice.one(BatchSort::ALL)] };
        for sort in sorts {
            for order in Order::ALL {
                // Stored one after the other: the order of ids is the order of keys.
                let mut expected: Vec<(i64, BatchId)> = known
                    .iter()
                    .filter(|known| lets_through(&filter, known))
                    .map(|known| (sort.value(&known.batch), known.batch.id))
                    .collect();
                expected.sort_unstable();
                if *order == Order::Descending {
                    expected.reverse();
                }
                let expected: Vec<BatchId> = expected.into_iter().map(|(_, id)| id).collect();
                assert_eq!(world.walk(&filter, (sort, *order)).await, expected, "{filter:?} {sort:?} {order:?}");
                if expected.is_empty() { empty += 1 } else { matched += 1 }
            }
        }
    }
    assert!(matched > 100 && empty > 10, "the filters are neither too wide nor too narrow: {matched} and {empty}");
}

async fn counts_follow_the_other_filters(kind: Kind) {
    let world = World::open(kind, 5).await;
    world.live(40).await;
    let known = world.known().await;
    for _ in 0..30 {
        let filter = world.filter();
        let others = BatchFilter { statuses: Statuses::default(), ..filter.clone() };
        for count in world.service.batch_counts(&filter).await.unwrap() {
            let expected = known.iter().filter(|known| known.batch.status() == count.status && lets_through(&others, known)).count();
            assert!(i64::try_from(expected).unwrap() <= COUNT_MAX);
            assert_eq!(usize::try_from(count.batches).unwrap(), expected, "{:?} {filter:?}", count.status);
        }
    }
}

async fn what_cannot_be_read_matches_nothing(kind: Kind) {
    let world = World::open(kind, 3).await;
    world.live(5).await;
    let filter = BatchFilter::read(&|name| (name == "customer").then(|| "acme".to_owned()));
    let sort = (BatchSort::Created, Order::Descending);
    let listed = world.service.batch_list(&filter, sort, Place::Start, PageSize::default()).await.unwrap();
    assert!(listed.rows.is_empty() && listed.after.is_none());
    assert!(world.service.batch_counts(&filter).await.unwrap().iter().all(|count| count.batches == 0));
}

async fn a_cursor_of_a_batch_that_is_not_there_starts_over(kind: Kind) {
    let world = World::open(kind, 4).await;
    world.live(5).await;
    let sort = (BatchSort::Profit, Order::Ascending);
    let ids = async |place| -> Vec<BatchId> {
        let listed = world.service.batch_list(&BatchFilter::default(), sort, place, PageSize::default()).await.unwrap();
        listed.rows.iter().map(|batch| batch.id).collect()
    };
    let nowhere = "5.bat_00fkqz1b3r000000000000000g".parse().unwrap();
    let start = ids(Place::Start).await;
    assert_eq!((ids(Place::After(nowhere)).await, ids(Place::Before(nowhere)).await), (start.clone(), start));
}

async fn views_are_shared_by_name(kind: Kind) {
    use batchbook::domain::saved_view::{VIEWS_MAX, ViewRefused};
    let world = World::open(kind, 1).await;
    let service = &world.service;
    assert_eq!(service.save_view(" Losses ", "losses=1").await.unwrap(), Ok(()));
    assert_eq!(service.save_view("Losses", "").await.unwrap(), Err(ViewRefused::Taken));
    assert_eq!(service.save_view("", "").await.unwrap(), Err(ViewRefused::Name));
    let views = service.saved_views().await.unwrap();
    assert_eq!((views.len(), views[0].name.as_str(), views[0].query.as_str()), (1, "Losses", "losses=1"));
    service.delete_view(views[0].key).await.unwrap();
    service.delete_view(views[0].key).await.unwrap();
    for number in 0..VIEWS_MAX {
        assert_eq!(service.save_view(&format!("View {number}"), "").await.unwrap(), Ok(()));
    }
    assert_eq!(service.save_view("One more", "").await.unwrap(), Err(ViewRefused::Full));
}

async fn the_file_has_every_row_and_their_totals(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.service.add_customer("=HYPERLINK(\"http://x\"), Inc", "a@example.com").await.unwrap();
    let reason = Some("test".to_owned());
    let paid = Money::from_micros(1_000_000_000);
    let grant = NewGrant { kind: GrantKind::Purchase, credits: Credits::new(500_000), paid, expires_at: None, reason };
    app.service.grant(customer.id, grant).await.unwrap();
    let key = app.service.add_key(customer.id, "test", &KeyTerms::limited_to(600)).await.unwrap();
    let caller = app.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await.unwrap();
    for number in 0..205 {
        let items = vec![NewTask { prompt: "A lighthouse".to_owned(), ..NewTask::default() }; 10 + number % 3];
        let batch = NewBatch { model: Some("sora-2".to_owned()), items, ..NewBatch::default() };
        let key = format!("order-{number}");
        let submission = Submission { idempotency_key: key.clone(), fingerprint: key, batch, render: |batch| batch.id.to_string() };
        let id: BatchId = app.service.submit(&caller, submission).await.unwrap().body.parse().unwrap();
        if number % 2 == 0 {
            app.service.cancel(Reader::from(&caller), id, None).await.unwrap();
        }
    }
    let file = async |query: &str| app.send(Method::GET, &format!("/api/admin/batches.csv{query}"), &[], None).await;
    let answer = file("?state=canceled&sort=refunded&order=asc").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let lines: Vec<&str> = answer.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 1 + 103 + 1, "a heading, every row, the totals");
    // The name is the only cell with a comma in it.
    let name = "\"'=HYPERLINK(\"\"http://x\"\"), Inc\"";
    let rows: Vec<Vec<i64>> = lines[1..=103]
        .iter()
        .map(|line| {
            let (_, figures) = line.split_once(name).expect("the name, quoted and disarmed");
            figures.split(',').skip(2).take(9).map(|cell| cell.parse().unwrap()).collect()
        })
        .collect();
    let totals: Vec<i64> = lines[104].split(',').skip(5).take(9).map(|cell| cell.parse().unwrap()).collect();
    let sums: Vec<i64> = (0..9).map(|column| rows.iter().map(|row| row[column]).sum()).collect();
    assert!(lines[104].starts_with("total of 103,"));
    assert_eq!(totals, sums);
    assert!(rows.is_sorted_by_key(|row| row[7]), "in the order that was asked for");

    assert_eq!(file("").await.text.lines().count(), 207, "more than one page of the store");
    file("?state=done").await.is_problem(400, "invalid_parameter");
    let list = async |query: &str| app.send(Method::GET, &format!("/api/admin/batches{query}"), &[], None).await;
    list("?colour=red").await.is_problem(400, "invalid_parameter");
    let page = list("?state=canceled&sort=refunded&limit=100").await.is(200);
    assert_eq!((page["data"].as_array().unwrap().len(), page["has_more"].as_bool()), (100, Some(true)));
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = list(&format!("?state=canceled&sort=refunded&limit=100&cursor={cursor}")).await.is(200);
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next_cursor"]), (3, &serde_json::Value::Null));
}
