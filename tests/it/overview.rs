//! Every figure of the first page is the sum of the rows that it leads to, on random histories and on both databases.

use batchbook::domain::batch::BatchStatus;
use batchbook::domain::batch_list::{BatchFilter, BatchSort, Order, Part, Place, Statuses};
use batchbook::domain::failure::Party;
use batchbook::domain::overview::{Report, Stuck, Sums, Window};
use batchbook::domain::page::PageSize;
use batchbook::domain::task::TaskStatus;
use batchbook::service::Reader;
use batchbook::service::workers::LEASE_MS;

use crate::batch_list::World;
use crate::database::{Kind, on_both};

on_both! {
    every_sum_is_the_sum_of_its_rows,
    failures_are_those_of_the_tasks,
    sums_are_kept_for_a_moment_only,
    says_when_nobody_works,
}

/// What the list says of the batches that a filter lets through.
async fn listed(world: &World, filter: &BatchFilter) -> Sums {
    let (mut sums, mut place) = (Sums::default(), Place::Start);
    loop {
        let sort = (BatchSort::Created, Order::Descending);
        let page = world.service.batch_list(filter, sort, place, PageSize::new(20).unwrap()).await.unwrap();
        for batch in &page.rows {
            sums = sums.plus(Sums {
                batches: 1,
                tasks: batch.counts.total,
                pending: batch.counts.pending,
                processing: batch.counts.processing,
                succeeded: batch.counts.succeeded,
                failed: batch.counts.failed,
                canceled: batch.counts.canceled,
                credits_held: batch.credits.held.get(),
                credits_charged: batch.credits.charged.get(),
                credits_refunded: batch.credits.refunded.get(),
                revenue_microusd: batch.revenue.micros(),
                cost_microusd: batch.cost_succeeded.micros() + batch.cost_failed.micros(),
            });
        }
        match page.after {
            Some(after) => place = Place::After(after),
            None => return sums,
        }
    }
}

/// What of each batch the filter asks for.
async fn parts(world: &World, filter: &BatchFilter) -> Vec<Part> {
    let sort = (BatchSort::Created, Order::Descending);
    let page = world.service.batch_list(filter, sort, Place::Start, PageSize::new(100).unwrap()).await.unwrap();
    let parts = world.service.parts_of(&page.rows, filter).await.unwrap();
    parts.into_iter().map(|part| part.expect("the filter asks for a part")).collect()
}

fn in_window(report: &Report) -> BatchFilter {
    BatchFilter { from: Some(report.from), to: Some(report.to), ..BatchFilter::default() }
}

async fn every_sum_is_the_sum_of_its_rows(kind: Kind) {
    let world = World::open(kind, 21).await;
    world.live(50).await;
    for window in Window::ALL {
        let report = world.service.report(*window).await.unwrap();
        let filter = in_window(&report);
        assert_eq!(report.iter_days().count(), usize::try_from(window.days()).unwrap());
        assert_eq!(report.total(), listed(&world, &filter).await, "{window}");
        for status in BatchStatus::ALL {
            let of_status = BatchFilter { statuses: Statuses::of(&[*status]), ..filter.clone() };
            assert_eq!(report.of_status(*status), listed(&world, &of_status).await, "{window} {status}");
        }
        for day in report.iter_days() {
            let of_day = BatchFilter { from: Some(day), to: Some(day), ..BatchFilter::default() };
            assert_eq!(report.of_day(day), listed(&world, &of_day).await, "{day}");
        }
        let with_failures = listed(&world, &BatchFilter { has_failures: true, ..filter.clone() }).await;
        assert_eq!(report.total().failed, with_failures.failed);
        let with_refunds = listed(&world, &BatchFilter { refund_over: Some(0), ..filter }).await;
        assert_eq!(report.total().credits_refunded, with_refunds.credits_refunded);
    }
    assert!(world.service.report(Window::Month).await.unwrap().total().batches > 40);
}

async fn failures_are_those_of_the_tasks(kind: Kind) {
    let world = World::open(kind, 22).await;
    world.live(30).await;
    let report = world.service.report(Window::Month).await.unwrap();
    let batches = world.service.batches(Reader::Operator, None, PageSize::new(100).unwrap()).await.unwrap().rows;
    let (mut by_party, mut by_model) = (vec![0; Party::ALL.len()], std::collections::BTreeMap::<String, (i64, i64)>::new());
    for batch in &batches {
        let tasks = world.service.tasks(Reader::Operator, batch.id, 0, PageSize::new(100).unwrap()).await.unwrap().rows;
        for task in tasks {
            let of_model = by_model.entry(task.model.clone()).or_default();
            of_model.0 += 1;
            of_model.1 += i64::from(task.status == TaskStatus::Failed);
        }
        for sum in world.service.failures(batch.id).await.unwrap() {
            by_party[sum.party as usize] += sum.tasks;
        }
    }
    for party in Party::ALL {
        assert_eq!(report.of_party(*party).0, by_party[*party as usize], "{party}");
    }
    for party in Party::ALL {
        let rows = parts(&world, &BatchFilter { party: Some(*party), ..in_window(&report) }).await;
        let sum = |of: fn(&Part) -> i64| rows.iter().map(of).sum::<i64>();
        let (credits, cost) = (sum(|part| part.refunded.unwrap().get()), sum(|part| part.sunk.unwrap().micros()));
        assert_eq!((sum(|part| part.failed), credits, cost), report.of_party(*party), "{party}");
    }
    for of in &report.models {
        let rows = parts(&world, &BatchFilter { model: Some(of.model.clone()), ..in_window(&report) }).await;
        let sums = (rows.iter().map(|part| part.ordered.unwrap()).sum::<i64>(), rows.iter().map(|part| part.failed).sum::<i64>());
        assert_eq!(sums, (of.ordered, of.failed), "{}", of.model);
    }
    let models: std::collections::BTreeMap<_, _> = report.models.iter().map(|of| (of.model.clone(), (of.ordered, of.failed))).collect();
    assert_eq!(models, by_model);
    assert_eq!(report.models.iter().map(|of| of.failed).sum::<i64>(), report.total().failed);
    assert_eq!(report.models.iter().map(|of| of.ordered).sum::<i64>(), report.total().tasks);
}

async fn sums_are_kept_for_a_moment_only(kind: Kind) {
    let world = World::open(kind, 23).await;
    world.live(3).await;
    let before = world.service.report(Window::Today).await.unwrap().total().batches;
    world.submit(100).await;
    assert_eq!(world.service.report(Window::Today).await.unwrap().total().batches, before);
    world.clock.advance_ms(4_001);
    let report = world.service.report(Window::Today).await.unwrap();
    assert_eq!(report.total(), listed(&world, &in_window(&report)).await);
}

async fn says_when_nobody_works(kind: Kind) {
    let world = World::open(kind, 24).await;
    assert_eq!(world.service.state_of_things().await.unwrap().stuck, None, "there is nothing to do");
    world.submit(0).await;
    let state = world.service.state_of_things().await.unwrap();
    assert_eq!((state.stuck, state.backlog.waiting_batches, state.oldest.is_some()), (Some(Stuck::NoWorker), 1, true));
    let worker = world.service.register_worker("host-1", LEASE_MS).await.unwrap();
    let state = world.service.state_of_things().await.unwrap();
    assert_eq!((state.stuck, state.workers.len(), state.workers[0].name.as_str()), (None, 1, "host-1"));
    for _ in 0..10 {
        world.clock.advance_ms(20_000);
        world.service.heartbeat(worker, LEASE_MS).await.unwrap();
    }
    assert_eq!(world.service.state_of_things().await.unwrap().stuck, Some(Stuck::NotClaiming));
    world.work().await;
    assert_eq!(world.service.state_of_things().await.unwrap().stuck, None);
}
