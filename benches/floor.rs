//! `floor`: the rows of `settle`, written by the barest set-based SQL (`floor.sql`): claim 500 and settle 500 in one commit, by
//! one connection, with no program around it. The limit to compare with. The books close after it too, so it writes all of it.

use std::time::Duration;

use anyhow::Context as _;
use batchbook::domain::share::TURN_TASKS;
use serde_json::json;
use tokio::time::Instant;

use crate::bed::{Bed, Kind, Written};
use crate::queue::{self, Shape, WARM_UP};
use crate::report::{Report, per_s, rounded};
use crate::upstream::Calls;

/// Tasks of one commit.
pub const GROUP: u32 = 500;

pub async fn run(kind: &Kind<'_>, shape: Shape, calls: Calls, tasks: u32, report: &mut Report) -> anyhow::Result<()> {
    let mut bed = Bed::make(kind).await?;
    bed.execute(include_str!("floor.sql")).await?;
    settle(&mut bed, shape, calls, WARM_UP, 0).await?;
    let (time, written) = settle(&mut bed, shape, calls, tasks, shape.batches(WARM_UP).len()).await?;
    bed.verify().await?;
    let queue = format!("{}, {}", shape.as_str(), calls.as_str());
    let rate = per_s(tasks, time);
    report.note(format!("floor {queue}"), rate);
    let what = json!({"tasks": tasks, "warm_up": WARM_UP, "customers": shape.as_str(), "provider": calls.as_str()});
    let figures = json!({"tasks_per_s": rounded(rate), "ms": time.as_millis(), "written": written.per_task(tasks), "books": "closed"});
    report.print("floor", kind.as_str(), &what, &figures, &bed.durability().await?);
    bed.close().await
}

/// Fills a queue after so many batches, and settles it.
async fn settle(bed: &mut Bed, shape: Shape, calls: Calls, tasks: u32, earlier: usize) -> anyhow::Result<(Duration, Written)> {
    queue::fill(bed, shape, tasks, earlier).await?;
    bed.settle_down().await?;
    let tasks_per_batch = shape.batch_size(tasks);
    // Customers take turns in `settle`; with other groups there would be other rows of the ledger.
    let tasks_per_group = match shape {
        Shape::OneCustomer => GROUP,
        Shape::ManyCustomers => tasks_per_batch.min(u32::try_from(TURN_TASKS)?),
    };
    let batches_per_group = GROUP / tasks_per_group;
    let start = bed.mark().await?;
    let connection = bed.postgres().context("PostgreSQL")?;
    let started = Instant::now();
    sqlx::query("CALL floor_groups($1, $2, $3, $4, $5, $6)")
        .bind(i64::try_from(earlier + 1)?)
        .bind(i64::try_from(earlier + shape.batches(tasks).len())?)
        .bind(i64::from(batches_per_group))
        .bind(i64::from(tasks_per_group))
        .bind(i64::from(tasks_per_batch))
        .bind(calls == Calls::Asynchronous)
        .execute(connection)
        .await?;
    Ok((started.elapsed(), bed.written_since(&start).await?))
}
