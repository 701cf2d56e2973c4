//! The database goes away under load, and comes back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::cluster::Cluster;
use super::proxy::Proxy;
use super::world::World;
use crate::database::Kind;

mod postgres {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_database_that_crashes_under_load_loses_nothing_it_acknowledged() {
        Box::pin(super::a_database_that_crashes_under_load_loses_nothing_it_acknowledged()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_claim_whose_answer_was_lost_is_made_good_by_its_own_worker() {
        Box::pin(super::a_claim_whose_answer_was_lost_is_made_good_by_its_own_worker()).await;
    }
}

async fn a_database_that_crashes_under_load_loses_nothing_it_acknowledged() {
    let cluster = Cluster::start().await;
    let world = World::on(&cluster.url).await;
    world.execute("UPDATE routes SET concurrency_max = 40").await;
    world.execute("UPDATE models SET deadline_s = 5").await;
    let mut batches = vec![world.submits_mixed(500).await];
    let workers = [world.working("one").await, world.working("two").await];
    let (over, mut crashed) = (AtomicBool::new(false), 0);
    let submitting = async {
        let mut acknowledged = Vec::new();
        loop {
            // As a good client: an order that was not acknowledged is repeated under its key until it is.
            let key = format!("under-load-{}", acknowledged.len());
            match world.try_submit(&key, 0, 10, |_| "a bird on a wire").await {
                Ok(batch) => acknowledged.push(batch),
                Err(error) => {
                    assert!(error.is_transient(), "{error:?}");
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    continue;
                }
            }
            if over.load(Ordering::SeqCst) {
                return acknowledged;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let crashing = async {
        for settled in [100, 250] {
            let far_enough = async || {
                let batch = world.service.batch(batchbook::service::Reader::Operator, batches[0]).await.ok()?;
                (batch.counts.total - batch.counts.open() >= settled).then_some(())
            };
            world.until("enough is settled", &[&workers[0], &workers[1]], far_enough).await;
            cluster.crash().await;
            crashed += 1;
        }
        over.store(true, Ordering::SeqCst);
    };
    let (acknowledged, ()) = tokio::join!(submitting, crashing);
    assert_eq!(crashed, 2);
    assert!(!acknowledged.is_empty(), "something was acknowledged under load");
    batches.extend(acknowledged);
    for batch in &batches {
        world.finishes(*batch, &[&workers[0], &workers[1]]).await;
    }
    assert!(workers.iter().all(|worker| !worker.has_said("refused by the database")), "{}{}", workers[0].told(), workers[1].told());
    world.books_close(&batches).await;
}

async fn a_claim_whose_answer_was_lost_is_made_good_by_its_own_worker() {
    let world = World::new(Kind::Postgres).await;
    let proxy = Proxy::that_loses_one_answer(&world.url, "SET status = 'submitting'", "COMMIT").await;
    let batch = world.submits(0, 30, |_| "a lighthouse in fog").await;
    let worker = world.worker_on(&proxy.url, "worker", &[]);
    worker.says("took up tasks whose claim was not answered").await;
    assert!(proxy.has_lost_it(), "the answer to the commit of a claim was lost");
    let done = world.finishes(batch, &[&worker]).await;
    assert_eq!(done.counts.succeeded, 30, "{}", worker.told());
    let stats = world.simulator.stats().await;
    assert_eq!(stats["submissions"], 30, "each was sent once: {stats}");
    world.books_close(&[batch]).await;
}
