//! `settle`: a queue of tasks, run by the real worker to closed books. The clock stops when every batch is finished; then
//! everything must add up.

use std::time::Duration;

use anyhow::{Context as _, bail};
use batchbook::workers::{self, Services, WorkerConfig};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, Kind, Written};
use crate::machine;
use crate::queue::{self, Shape, WARM_UP};
use crate::report::{Report, figure, per_s, rounded};
use crate::upstream::{Calls, FAILURES_PERCENT, Upstream};

/// Whether everything is settled is asked this often; it is part of what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The last batches first: they are open longest, most likely.
const OPEN: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM batches WHERE finished_at_us IS NULL ORDER BY id DESC LIMIT 1) AS b";
const SETTLED_WITHIN: Duration = Duration::from_mins(5);

pub async fn run(kind: &Kind<'_>, shape: Shape, calls: Calls, tasks: u32, report: &mut Report) -> anyhow::Result<()> {
    let mut bed = Bed::make(kind).await?;
    let services = Services::from(bed.service.clone());
    settle(&mut bed, &services, shape, calls, WARM_UP, 0).await?;
    let (time, [cpu_ms, all_cpu_ms], written) = settle(&mut bed, &services, shape, calls, tasks, shape.batches(WARM_UP).len()).await?;
    bed.verify().await?;
    let failed = bed.number("SELECT COUNT(*) FROM tasks WHERE status = 'failed'").await?;
    if failed == 0 || failed > i64::from(WARM_UP + tasks) / 5 {
        bail!("{failed} of {tasks} tasks failed, and it should be {FAILURES_PERCENT} %");
    }

    let queue = format!("{}, {}", shape.as_str(), calls.as_str());
    let rate = per_s(tasks, time);
    report.note(format!("settle {} {queue}", kind.as_str()), rate);
    if matches!(kind, Kind::Postgres { .. }) {
        report.note(format!("commits {queue}"), figure(written.commits) / f64::from(tasks));
        report.note(format!("wal {queue}"), figure(written.wal_bytes) / f64::from(tasks));
    }
    let what =
        json!({"tasks": tasks, "warm_up": WARM_UP, "customers": shape.as_str(), "provider": calls.as_str(), "failed_with_warm_up": failed});
    let figures = json!({
        "tasks_per_s": rounded(rate), "ms": time.as_millis(), "program_cpu_ms": cpu_ms, "all_cpu_ms": all_cpu_ms, "written": written.per_task(tasks), "books": "closed",
        "updates_within_page": bed.updates_within_page().await?.map(rounded),
    });
    report.print("settle", kind.as_str(), &what, &figures, &bed.durability().await?);
    bed.close().await
}

/// Fills a queue after so many batches, and lets a worker settle it. How long that took, the processor time of the program and of
/// everything together, and what was written.
async fn settle(
    bed: &mut Bed,
    services: &Services,
    shape: Shape,
    calls: Calls,
    tasks: u32,
    earlier: usize,
) -> anyhow::Result<(Duration, [u64; 2], Written)> {
    queue::fill(bed, shape, tasks, earlier).await?;
    bed.settle_down().await?;
    let start = bed.mark().await?;
    let cpu_before = [machine::cpu_ms(), machine::all_cpu_ms()];
    let started = Instant::now();
    let stop = CancellationToken::new();
    let config = WorkerConfig { poll_pauses_ms: [1, 1, 1], ..WorkerConfig::default() };
    let worker = tokio::spawn(workers::run(services.clone(), Upstream::registry(calls), config, stop.clone()));
    let settled = all_settled(bed).await;
    let time = started.elapsed();
    let cpu_ms = [machine::cpu_ms() - cpu_before[0], machine::all_cpu_ms() - cpu_before[1]];
    let written = bed.written_since(&start).await;
    stop.cancel();
    worker.await.context("the worker")??;
    settled?;
    Ok((time, cpu_ms, written?))
}

async fn all_settled(bed: &mut Bed) -> anyhow::Result<()> {
    let started = Instant::now();
    while bed.number(OPEN).await? > 0 {
        if started.elapsed() > SETTLED_WITHIN {
            bail!("not everything was settled after {SETTLED_WITHIN:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
