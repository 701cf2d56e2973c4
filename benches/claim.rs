//! `claim`: the queue alone, without provider and ledger, by one caller, group after group. Two ways to finish:
//!
//! - `accept`: claim 500, then record that a provider took them. Two transactions a group; the tasks stay open.
//! - `put back`: claim 500, then give them back as if the provider had taken nothing in. Two transactions a group; attempts are
//!   deleted, and the tasks wait in line for another.

use anyhow::bail;
use batchbook::domain::id::{TaskKey, WorkerKey};
use batchbook::service::dispatch::{Accepted, CLAIM_MAX, Claimed, Places};
use batchbook::service::settle::{Ended, Outcome};
use batchbook::service::workers::LEASE_MS;
use serde_json::json;
use tokio::time::Instant;

use crate::bed::{Bed, Kind};
use crate::queue::{self, Shape};
use crate::report::{Report, per_s, rounded};

/// Length of the queue.
const TASKS: u32 = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    Accept,
    PutBack,
}

pub async fn run(kind: &Kind<'_>, report: &mut Report) -> anyhow::Result<()> {
    for finish in [Finish::Accept, Finish::PutBack] {
        let mut bed = Bed::make(kind).await?;
        queue::fill(&bed, Shape::OneCustomer, TASKS, 0).await?;
        let worker = bed.service.register_worker("bench", LEASE_MS).await?;
        bed.settle_down().await?;
        let start = bed.mark().await?;
        let started = Instant::now();
        let mut claimed_tasks = 0;
        while claimed_tasks < TASKS {
            let claimed = claim(&bed, worker).await?;
            if claimed.is_empty() {
                bail!("{claimed_tasks} of {TASKS} were claimed");
            }
            claimed_tasks += u32::try_from(claimed.len())?;
            finish_with(finish, &bed, worker, &claimed).await?;
        }
        let time = started.elapsed();
        let written = bed.written_since(&start).await?;
        bed.verify().await?;
        let rate = per_s(TASKS, time);
        let what = json!({"tasks": TASKS, "finish": match finish { Finish::Accept => "accept", Finish::PutBack => "put back" }});
        let figures = json!({"tasks_per_s": rounded(rate), "ms": time.as_millis(), "written": written.per_task(TASKS)});
        report.print("claim", kind.as_str(), &what, &figures, &bed.durability().await?);
        bed.close().await?;
    }
    Ok(())
}

/// A full group of the first route.
pub async fn claim(bed: &Bed, worker: WorkerKey) -> anyhow::Result<Vec<Claimed>> {
    let routes = bed.service.routes().await?;
    let places: Vec<Places> = routes.into_iter().take(1).map(|(route, deadline_s)| Places { route, deadline_s, free: CLAIM_MAX }).collect();
    Ok(bed.service.claim(worker, &places).await?)
}

async fn finish_with(finish: Finish, bed: &Bed, worker: WorkerKey, claimed: &[Claimed]) -> anyhow::Result<()> {
    match finish {
        Finish::Accept => {
            let job = |task: TaskKey| Some(format!("video_{:016x}{:016x}", task.batch.0, task.number));
            let accepted: Vec<Accepted> =
                claimed.iter().map(|row| Accepted { task: row.task, attempt: row.attempt, provider_job: job(row.task) }).collect();
            bed.service.accept(worker, &accepted).await?;
        }
        Finish::PutBack => {
            // Far away: what was put back is not claimed again.
            let due = bed.service.now().plus_s(3_600);
            let (route, _) = bed.service.routes().await?.swap_remove(0);
            let back = |row: &Claimed| Ended {
                task: row.task,
                attempt: row.attempt,
                unit_cost: route.unit_cost,
                billing: route.billing,
                at: due,
                outcome: Outcome::PutBack { due },
            };
            bed.service.settle(worker, &claimed.iter().map(back).collect::<Vec<_>>()).await?;
        }
    }
    Ok(())
}
