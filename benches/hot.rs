//! `hot`: sixteen callers settle tasks of one customer's one batch at the same time, so that all of them want the same rows:
//! the batch, its hold, its grant, the customer's accounts. One by one it shows what a lock costs; in groups, what grouping
//! saves.

use std::sync::Arc;

use anyhow::Context as _;
use batchbook::service::settle::{Ended, Outcome};
use batchbook::service::workers::LEASE_MS;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bed::{Bed, Kind};
use crate::claim::claim;
use crate::queue::{self, BATCH_OF_ONE, Shape};
use crate::report::{Report, per_s, rounded};
use crate::upstream;

const CALLERS: usize = 16;
/// Tasks that are settled one by one: each is a commit of its own.
const SINGLES: u32 = 4_000;

pub async fn run(kind: &Kind<'_>, report: &mut Report) -> anyhow::Result<()> {
    for (group, tasks) in [(1, SINGLES), (100, BATCH_OF_ONE)] {
        let mut bed = Bed::make(kind).await?;
        queue::fill(&bed, Shape::OneCustomer, tasks, 0).await?;
        let worker = bed.service.register_worker("bench", LEASE_MS).await?;
        let (route, _) = bed.service.routes().await?.swap_remove(0);
        let mut ended = Vec::new();
        while ended.len() < tasks as usize {
            for row in claim(&bed, worker).await? {
                let output = upstream::end_of("hot", row.task.number).or_else(|_| upstream::end_of("hot", 1));
                let outcome = Outcome::Succeeded(output.ok().context("a task that succeeds")?);
                let (at, unit_cost, billing) = (bed.service.now(), route.unit_cost, route.billing);
                ended.push(Ended { task: row.task, attempt: row.attempt, unit_cost, billing, at, outcome });
            }
        }
        bed.settle_down().await?;
        let groups: Vec<Vec<Ended>> = ended.chunks(group).map(<[Ended]>::to_vec).collect();
        let groups = Arc::new(Mutex::new(groups));
        let start = bed.mark().await?;
        let started = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let (service, groups) = (bed.service.clone(), Arc::clone(&groups));
            callers.spawn(async move {
                loop {
                    let next = groups.lock().await.pop();
                    let Some(group) = next else { return anyhow::Ok(()) };
                    // A deadlock or a lost group would be an error here: nothing is tried twice.
                    service.settle(worker, &group).await?;
                }
            });
        }
        while let Some(done) = callers.join_next().await {
            done??;
        }
        let time = started.elapsed();
        let written = bed.written_since(&start).await?;
        bed.verify().await?;
        let what = json!({"captures": tasks, "callers": CALLERS, "group": group});
        let figures = json!({"captures_per_s": rounded(per_s(tasks, time)), "ms": time.as_millis(), "written": written.per_task(tasks)});
        report.print("hot", kind.as_str(), &what, &figures, &bed.durability().await?);
        bed.close().await?;
    }
    Ok(())
}
