//! What the hot paths cost: `make bench`, or `make bench ARGS="settle floor --runs 5"`.
//!
//! Prints one JSON object per line and run: what was measured, on which database, the figures, the machine, and how durable
//! a commit was. Nothing is buffered before a commit: what is counted is on disk. The last lines compare the medians of all
//! runs with the targets. PostgreSQL is measured where `TEST_DATABASE_URL` names a server on which databases may be made.

use std::path::Path;

use anyhow::{Context as _, bail};
use mimalloc::MiMalloc;

mod bed;
mod claim;
mod deliver;
mod floor;
mod hot;
mod machine;
mod million;
mod queue;
mod report;
mod settle;
mod submit;
mod upstream;

use bed::Kind;
use report::Report;

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What was asked for on the command line.
#[derive(Clone, Debug)]
struct Asked {
    benches: Vec<String>,
    /// Length of the queue that is settled.
    tasks: u32,
    /// Everything is measured so often, in turn.
    runs: u32,
}

/// Lengths of a queue that full groups in full batches come to, so that both sides of a comparison do the same.
const TASKS: [u32; 3] = [10_000, 20_000, 100_000];
const BENCHES: [&str; 7] = ["submit", "settle", "claim", "hot", "floor", "million", "deliver"];

fn asked() -> anyhow::Result<Asked> {
    let mut asked = Asked { benches: Vec::new(), tasks: 100_000, runs: 3 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().with_context(|| format!("{word} wants a number"))?.parse::<u32>().context("a number");
        match word.as_str() {
            // Cargo says this to every benchmark.
            "--bench" => {}
            "--tasks" => asked.tasks = number()?,
            "--runs" => asked.runs = number()?,
            name if BENCHES.contains(&name) => asked.benches.push(word),
            other => bail!("no benchmark or option {other}; there are {BENCHES:?}, --tasks N (default 100000) and --runs N (default 3)"),
        }
    }
    if !TASKS.contains(&asked.tasks) {
        bail!("--tasks is one of {TASKS:?}");
    }
    Ok(asked)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = asked()?;
    let server = std::env::var("TEST_DATABASE_URL").ok();
    if server.is_none() {
        eprintln!("TEST_DATABASE_URL is not set: SQLite only");
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut kinds = vec![Kind::Sqlite { directory, full: true }, Kind::Sqlite { directory, full: false }];
    if let Some(server) = &server {
        kinds.insert(0, Kind::Postgres { server });
    }
    let wants = |name: &str| asked.benches.is_empty() || asked.benches.iter().any(|bench| bench == name);
    let mut report = Report::default();
    for _ in 0..asked.runs {
        for kind in &kinds {
            let is_postgres = matches!(kind, Kind::Postgres { .. });
            let is_durable = !matches!(kind, Kind::Sqlite { full: false, .. });
            if wants("submit") && is_durable {
                submit::run(kind, &mut report).await?;
            }
            if wants("million") && is_durable {
                million::run(kind, &mut report).await?;
            }
            for shape in queue::Shape::ALL {
                for calls in upstream::Calls::ALL {
                    if wants("floor") && is_postgres {
                        floor::run(kind, shape, calls, asked.tasks, &mut report).await?;
                    }
                    if wants("settle") {
                        settle::run(kind, shape, calls, asked.tasks, &mut report).await?;
                    }
                }
            }
            if wants("claim") && is_durable {
                claim::run(kind, &mut report).await?;
            }
            if wants("hot") && is_durable {
                hot::run(kind, &mut report).await?;
            }
            if wants("deliver") && is_durable {
                for to in deliver::To::ALL {
                    deliver::run(kind, to, &mut report).await?;
                }
            }
        }
    }
    report.print_targets();
    Ok(())
}
