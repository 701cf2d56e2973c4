//! SIGKILL: at every named step of a task's way, and at any moment.

use std::time::Duration;

use batchbook::domain::id::Random;
use batchbook::server::random::SeededRandom;

use super::world::World;
use crate::database::{Kind, on_both};

on_both! {
    a_worker_killed_after_claiming_has_sent_nothing_and_what_it_claimed_is_refunded,
    a_worker_killed_after_an_answer_leaves_unknown_submissions_that_are_never_sent_again,
    a_worker_killed_after_acceptance_costs_no_task,
    a_worker_killed_after_the_last_poll_costs_no_task,
    a_worker_killed_after_settling_has_settled_once,
    workers_killed_at_any_moment_lose_no_task_and_take_no_credit_twice,
}

const TASKS: usize = 30;
/// Places at the provider: some tasks of the batch are still waiting when the worker dies.
const PLACES: usize = 20;
/// What no provider can be asked after is waited out for so long.
const DEADLINE_S: i64 = 3;

/// Kills a worker at a step, lets another one finish, and looks at the books. Returns what the simulated provider had counted
/// at the moment of the kill.
async fn killed_at(kind: Kind, step: &str) -> serde_json::Value {
    let world = World::new(kind).await;
    world.execute(&format!("UPDATE models SET deadline_s = {DEADLINE_S}")).await;
    world.execute(&format!("UPDATE routes SET concurrency_max = {PLACES}")).await;
    let batch = world.submits_mixed(TASKS).await;
    let mut victim = world.victim("victim", &["--hold-at", step]).await;
    victim.says("held at").await;
    victim.kill_9().await;
    let stats = world.simulator.stats().await;
    let before = world.tasks(batch).await;
    assert!(before.iter().any(|task| task.lease_owner.is_some()), "the dead worker has tasks: {before:#?}");
    let heir = world.working("heir").await;
    world.finishes(batch, &[&victim, &heir]).await;
    world.ended_as_they_must(batch, &before).await;
    world.books_close(&[batch]).await;
    stats
}

async fn a_worker_killed_after_claiming_has_sent_nothing_and_what_it_claimed_is_refunded(kind: Kind) {
    let stats = killed_at(kind, "claimed").await;
    assert_eq!(stats["submissions"], 0, "{stats}");
}

async fn a_worker_killed_after_an_answer_leaves_unknown_submissions_that_are_never_sent_again(kind: Kind) {
    let stats = killed_at(kind, "answered").await;
    assert!(stats["submissions"].as_i64() > Some(0), "{stats}");
}

async fn a_worker_killed_after_acceptance_costs_no_task(kind: Kind) {
    let stats = killed_at(kind, "accepted").await;
    assert!(stats["jobs"].as_i64() > Some(0), "{stats}");
}

async fn a_worker_killed_after_the_last_poll_costs_no_task(kind: Kind) {
    killed_at(kind, "polled").await;
}

async fn a_worker_killed_after_settling_has_settled_once(kind: Kind) {
    killed_at(kind, "settled").await;
}

async fn workers_killed_at_any_moment_lose_no_task_and_take_no_credit_twice(kind: Kind) {
    let world = World::new(kind).await;
    world.execute(&format!("UPDATE models SET deadline_s = {DEADLINE_S}")).await;
    world.execute("UPDATE routes SET concurrency_max = 25").await;
    let batch = world.submits_mixed(300).await;
    let moments = SeededRandom::new(42);
    for death in 0..5 {
        let mut victim = world.victim(&format!("victim-{death}"), &[]).await;
        let mut byte = [0];
        moments.fill(&mut byte);
        tokio::time::sleep(Duration::from_millis(30 + 2 * u64::from(byte[0]))).await;
        victim.kill_9().await;
    }
    assert!(!world.batch(batch).await.status().is_finished(), "there is work left after the last kill");
    let heir = world.working("heir").await;
    world.finishes(batch, &[&heir]).await;
    let unknown = world.tasks(batch).await.iter().filter(|task| task.failure_type.as_deref() == Some("submit_unknown")).count();
    assert!(unknown <= 5 * 25, "each death costs what was being sent at most: {unknown}");
    world.books_close(&[batch]).await;
}
