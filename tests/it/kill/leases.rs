//! Workers that are taken for dead, and workers that leave in good order.

use std::time::Duration;

use super::world::World;
use crate::database::{Kind, on_both};
use crate::process::Program;

on_both! {
    a_worker_stopped_beyond_its_lease_writes_nothing_and_registers_anew,
    a_worker_told_to_end_finishes_what_it_sends_and_leaves_the_rest_to_others,
}

/// Stops a process at a moment when it holds no lock: a stopped one would keep it from everybody.
async fn stop_between_transactions(world: &World, worker: &Program) {
    loop {
        worker.signal("STOP").await;
        let writes = async {
            world.execute("UPDATE workers SET name = name").await;
            world.execute("UPDATE batches SET metadata = metadata").await;
        };
        if tokio::time::timeout(Duration::from_millis(500), writes).await.is_ok() {
            return;
        }
        worker.signal("CONT").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn a_worker_stopped_beyond_its_lease_writes_nothing_and_registers_anew(kind: Kind) {
    let world = World::new(kind).await;
    let batch = world.submits(0, 30, |_| "a slow river [[slow:2500ms]]").await;
    let sleeper = world.victim("sleeper", &[]).await;
    let all_taken = async || {
        let tasks = world.tasks(batch).await;
        tasks.iter().all(|task| task.provider_job.is_some()).then_some(tasks)
    };
    let taken = world.until("every task is taken by the provider", &[&sleeper], all_taken).await;
    stop_between_transactions(&world, &sleeper).await;
    let heir = world.working("heir").await;
    heir.says("took tasks over").await;
    let held: Vec<_> = world.tasks(batch).await.iter().filter_map(|task| task.lease_owner).collect();
    assert!(held.iter().all(|owner| Some(*owner) != taken[0].lease_owner), "{held:?}");
    world.finishes(batch, &[&sleeper, &heir]).await;
    let events = "SELECT CAST(COUNT(*) AS BIGINT) FROM ledger_transactions UNION ALL SELECT CAST(COUNT(*) AS BIGINT) FROM events
        UNION ALL SELECT CAST(COUNT(*) AS BIGINT) FROM attempts";
    let written: Vec<(i64,)> = world.rows(events.to_owned()).await;
    sleeper.signal("CONT").await;
    sleeper.says("the lease was lost; registering anew").await;
    let alive = async || (world.service.workers_alive().await.ok()? == 2).then_some(());
    world.until("both workers are registered", &[&sleeper, &heir], alive).await;
    assert_eq!(world.rows::<(i64,)>(events.to_owned()).await, written, "the worker that woke up wrote nothing: {}", sleeper.told());
    world.books_close(&[batch]).await;
    drop(heir);
    let next = world.submits_mixed(20).await;
    world.finishes(next, &[&sleeper]).await;
    world.books_close(&[batch, next]).await;
}

async fn a_worker_told_to_end_finishes_what_it_sends_and_leaves_the_rest_to_others(kind: Kind) {
    let world = World::new(kind).await;
    world.execute("UPDATE routes SET concurrency_max = 40").await;
    let batch = world.submits(0, 200, |number| if number % 2 == 0 { "a quick fox" } else { "a slow river [[slow:400ms]]" }).await;
    let mut leaver = world.working("leaver").await;
    let some_settled =
        async || (world.service.batch(batchbook::service::Reader::Operator, batch).await.ok()?.counts.succeeded > 20).then_some(());
    world.until("some tasks are settled", &[&leaver], some_settled).await;
    leaver.signal("TERM").await;
    let status = leaver.ends().await;
    assert_eq!(status.code(), Some(0), "{}", leaver.told());
    let left = world.tasks(batch).await;
    assert!(left.iter().all(|task| task.status != "submitting"), "what was being sent was sent: {}", leaver.told());
    assert!(left.iter().any(|task| task.status == "pending"), "it did not wait for the whole batch");
    assert_eq!(world.service.workers_alive().await.expect("a count"), 0, "it signed off");
    let heir = world.working("heir").await;
    let batch_row = world.finishes(batch, &[&heir]).await;
    assert_eq!(batch_row.counts.succeeded, 200, "no task is lost: {}\n{}", leaver.told(), heir.told());
    world.books_close(&[batch]).await;
}
