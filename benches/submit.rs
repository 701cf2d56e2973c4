//! `submit`: 10,000 tasks in one HTTP request over TCP to 201, against the real router; and on PostgreSQL a raw COPY of the
//! same rows into the same tables, in turn with it. Both include the commit.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use batchbook::api;
use batchbook::server::connections;
use batchbook::server::random::OsRandom;
use batchbook::service::Limits;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;
use sqlx::Connection as _;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, Kind};
use crate::queue::{self, PRICE};
use crate::report::{Report, rounded};

const TASKS: u32 = 10_000;
/// Requests of one run. The first one opens connections and prepares statements, and is not counted.
const REQUESTS: u32 = 8;

pub async fn run(kind: &Kind<'_>, report: &mut Report) -> anyhow::Result<()> {
    let mut bed = Bed::make(kind).await?;
    let (_, key) = queue::customer_with_key(&bed, 0, i64::from(TASKS * REQUESTS)).await?;
    let stop = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/api/v1/batches", listener.local_addr()?);
    let router = api::router(bed.service.clone(), Arc::new(OsRandom), Limits::default());
    let server = tokio::spawn(connections::serve(listener, router, stop.clone()));
    let http = reqwest::Client::builder().timeout(Duration::from_mins(1)).tcp_nodelay(true).build()?;
    let body = body()?;
    let size_bytes = body.len();
    bed.settle_down().await?;
    let (mut requests, mut copies) = (Vec::new(), Vec::new());
    for request in 0..REQUESTS {
        let post = http.post(&address).header(AUTHORIZATION, format!("Bearer {key}")).header(CONTENT_TYPE, "application/json");
        let post = post.header("Idempotency-Key", format!("submission-{request}")).body(body.clone());
        let started = Instant::now();
        let answer = post.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let time = started.elapsed();
        if status != StatusCode::CREATED {
            bail!("{status}: {text}");
        }
        let raw = copy(&mut bed, request).await?;
        if request > 0 {
            requests.push(time.as_secs_f64());
            copies.extend(raw.map(|time| time.as_secs_f64()));
        }
    }
    stop.cancel();
    drop(http);
    server.await.context("the server")??;
    let submit_s = median(&mut requests).context("requests")?;
    let copy_s = median(&mut copies);
    if let Some(copy_s) = copy_s {
        report.note("submit s", submit_s);
        report.note("copy s", copy_s);
        // Rows of batches that nobody submitted: only here, and not part of the books.
        bed.execute("DELETE FROM tasks WHERE batch_id >= 1000000; DELETE FROM task_inputs WHERE batch_id >= 1000000").await?;
    }
    bed.verify().await?;
    let figures = json!({
        "ms": rounded(submit_s * 1_000.0),
        "tasks_per_s": rounded(f64::from(TASKS) / submit_s),
        "copy_ms": copy_s.map(|s| rounded(s * 1_000.0)),
        "submit_to_copy": copy_s.map(|s| rounded(submit_s / s)),
    });
    let what = json!({"tasks": TASKS, "body_bytes": size_bytes, "requests": REQUESTS - 1});
    report.print("submit", kind.as_str(), &what, &figures, &bed.durability().await?);
    bed.close().await
}

fn median(times: &mut [f64]) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn body() -> anyhow::Result<String> {
    let items: Vec<_> = (1..=TASKS)
        .map(
            |number| json!({"prompt": queue::prompt(number), "custom_id": queue::custom_id(number), "aspect_ratio": "16:9", "duration": 8}),
        )
        .collect();
    Ok(serde_json::to_string(&json!({"model": "sora-2", "items": items}))?)
}

/// The same rows of a batch that nobody submitted, as fast as PostgreSQL takes them in. The text was made before the clock runs.
async fn copy(bed: &mut Bed, request: u32) -> anyhow::Result<Option<Duration>> {
    const INPUTS: &str =
        "COPY task_inputs (batch_id, task_no, duration_s, prompt, custom_id, reference_url, aspect_ratio, metadata) FROM STDIN";
    let Some(connection) = bed.postgres() else { return Ok(None) };
    let batch = 1_000_000 + request;
    let (mut tasks, mut inputs) = (String::new(), String::new());
    for number in 1..=TASKS {
        writeln!(tasks, "{batch}\t{PRICE}\t1\t{number}\t0\tpending")?;
        writeln!(inputs, "{batch}\t{number}\t8\t{}\t{}\t\\N\t16:9\t\\N", queue::prompt(number), queue::custom_id(number))?;
    }
    let started = Instant::now();
    let mut tx = connection.begin().await?;
    let mut copy = tx.copy_in_raw("COPY tasks (batch_id, price, model_id, task_no, attempts, status) FROM STDIN").await?;
    copy.send(tasks.as_bytes()).await?;
    copy.finish().await?;
    let mut copy = tx.copy_in_raw(INPUTS).await?;
    copy.send(inputs.as_bytes()).await?;
    copy.finish().await?;
    tx.commit().await?;
    Ok(Some(started.elapsed()))
}
