//! Workers share the work, and customers share the workers.

use std::collections::BTreeMap;

use super::world::World;
use crate::database::{Kind, on_both};

on_both! {
    three_workers_on_one_database_share_a_batch,
    a_small_batch_does_not_wait_behind_a_large_one_of_another_customer,
}

async fn three_workers_on_one_database_share_a_batch(kind: Kind) {
    let world = World::new(kind).await;
    world.execute("UPDATE routes SET concurrency_max = 120, submits_per_min_max = 100000").await;
    let workers = [world.working("one").await, world.working("two").await, world.working("three").await];
    // 8 of 100 fail, one of them after the provider was asked three times.
    let batch = world
        .submits(0, 1_000, |number| match number % 100 {
            0..4 => "a heron, refused before generation [[fail:content_policy_input]]",
            4..8 => "a heron, refused after generation [[fail:content_policy_output]]",
            8 => "a busy harbour [[error_once:503]]",
            _ => "a lighthouse in fog",
        })
        .await;
    // Whose task it is shows only while it is under way.
    let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
    while !world.batch(batch).await.status().is_finished() {
        for task in world.tasks(batch).await {
            if let Some(owner) = task.lease_owner {
                *seen.entry(owner).or_default() += 1;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let done = world.finishes(batch, &[]).await;
    assert_eq!((done.counts.succeeded, done.counts.failed), (920, 80), "{done:#?}");
    assert_eq!(seen.len(), 3, "all three had a part: {seen:?}");
    world.books_close(&[batch]).await;
    assert!(workers.iter().all(|worker| !worker.has_said("refused by the database")));
}

async fn a_small_batch_does_not_wait_behind_a_large_one_of_another_customer(kind: Kind) {
    let mut world = World::new(kind).await;
    world.execute("UPDATE routes SET concurrency_max = 20").await;
    let other = world.add_customer().await;
    let large = world.submits(0, 2_000, |_| "a lighthouse in fog").await;
    let worker = world.working("worker").await;
    let under_way = async || (world.batch(large).await.counts.succeeded > 0).then_some(());
    world.until("the large batch is under way", &[&worker], under_way).await;
    let small = world.submits(other, 10, |_| "a small bird").await;
    world.finishes(small, &[&worker]).await;
    let open = world.batch(large).await.counts.open();
    assert!(open > 1_000, "the large batch is far from its end: {open} tasks open");
    let turn = "SELECT CAST(COUNT(*) AS BIGINT) FROM tasks AS t JOIN batches AS s ON s.public_id = '{small}'
        WHERE t.batch_id <> s.id AND t.started_at_us >= s.created_at_us AND t.started_at_us < s.started_at_us";
    let before_it: Vec<(i64,)> = world.rows(turn.replace("{small}", &small.to_string())).await;
    assert!(before_it[0].0 <= 100, "the small batch had its turn after {} tasks of the large one", before_it[0].0);
    world.execute("UPDATE routes SET concurrency_max = 400, submits_per_min_max = 100000").await;
    world.finishes(large, &[&worker]).await;
    world.books_close(&[large, small]).await;
}
