//! The database goes away under load, and comes back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::cluster::Cluster;
use super::world::World;

mod postgres {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_database_that_crashes_under_load_loses_nothing_it_acknowledged() {
        Box::pin(super::a_database_that_crashes_under_load_loses_nothing_it_acknowledged()).await;
    }
}

async fn a_database_that_crashes_under_load_loses_nothing_it_acknowledged() {
    let cluster = Cluster::start().await;
    let world = World::on(&cluster.url).await;
    world.execute("UPDATE routes SET concurrency_max = 40").await;
    world.execute("UPDATE models SET deadline_s = 10").await;
    let mut batches = vec![world.submits_mixed(500).await];
    let workers = [world.working("one", &[]).await, world.working("two", &[]).await];
    let (over, mut crashed) = (AtomicBool::new(false), 0);
    let submitting = async {
        let mut acknowledged = Vec::new();
        while !over.load(Ordering::SeqCst) {
            if let Ok(batch) = world.try_submit(0, 10, |_| "a bird on a wire").await {
                acknowledged.push(batch);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        acknowledged
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
