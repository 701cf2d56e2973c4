//! `million`: finding tasks in a batch of a million, by page number and by what they are. The last page costs what the first one
//! costs, filtered or not.

use anyhow::{Context as _, ensure};
use batchbook::domain::failure::{FailureType, Party};
use batchbook::domain::id::BatchId;
use batchbook::domain::page::PageSize;
use batchbook::domain::task::{TaskFilter, TaskState};
use batchbook::service::Reader;
use serde_json::json;
use tokio::time::Instant;

use crate::bed::{Bed, Kind};
use crate::queue;
use crate::report::{Report, rounded};

const ROUNDS: usize = 15;

pub async fn run(kind: &Kind<'_>, report: &mut Report) -> anyhow::Result<()> {
    let mut bed = Bed::make(kind).await?;
    let customer = queue::customer(&bed, 0, 10).await?;
    queue::submit(&bed, &customer, 0, 10).await?;
    let batches = bed.service.batches(Reader::Operator, None, PageSize::default()).await?;
    let id = batches.rows.first().context("a batch was submitted")?.id;
    bed.execute(include_str!("million.sql")).await?;
    let failed = TaskFilter::of_state(TaskState::Failed);
    let provider = TaskFilter::of_party(Party::Provider);
    let timeouts = TaskFilter { failure: Some(FailureType::Timeout), ..provider.clone() };
    let text = TaskFilter { text: Some("take 77".to_owned()), ..TaskFilter::ALL };
    for (name, filter, last) in [
        ("all", TaskFilter::ALL, 20_000),
        ("succeeded", TaskFilter::of_state(TaskState::Succeeded), i64::MAX),
        ("failed", failed, i64::MAX),
        ("of a party", provider, i64::MAX),
        ("of a type and a party", timeouts, i64::MAX),
        ("with a text, first part", text, 1),
    ] {
        let times = [median_ms(&bed, id, &filter, 1).await?, median_ms(&bed, id, &filter, last).await?];
        let what = json!({"tasks": 1_000_000, "filter": name, "pages": ["first", "last"]});
        let figures = json!({"median_ms": times.map(rounded)});
        report.print("million", kind.as_str(), &what, &figures, &bed.durability().await?);
        report.note(format!("first page {name} {}", kind.as_str()), times[0]);
        report.note(format!("last page {name} {}", kind.as_str()), times[1]);
    }
    bed.close().await
}

async fn median_ms(bed: &Bed, id: BatchId, filter: &TaskFilter, page: i64) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let found = bed.service.find_tasks(Reader::Operator, id, filter, 1, (page, PageSize::default())).await?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        ensure!(!found.rows.is_empty(), "nothing was found");
    }
    times.sort_by(f64::total_cmp);
    Ok(times[ROUNDS / 2])
}
