//! Attempts: recorded before a provider is called, closed with what came of it, never overwritten.

use crate::domain::attempt::{Attempt, AttemptFilter, AttemptPlace, AttemptState, Billed, Ending, Evidence, Output};
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchKey, TaskKey};
use crate::domain::money::Money;
use crate::domain::time::Time;

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::runs::{self, Run};
use super::tasks::Departure;
use super::{StoreResult, Tx, on};

/// An attempt's address: its task and its number.
pub type AttemptKey = (TaskKey, i32);

/// Records that the orders of tasks that this transaction has claimed are about to be sent.
pub async fn insert(tx: &mut Tx, runs: &[Run<Departure>], now: Time) -> StoreResult<()> {
    static INSERT: SetStatement = SetStatement::new(
        "INSERT INTO attempts (batch_id, route_id, sent_at_us, cost_microusd, task_no, attempt_no, state)
        SELECT u.b, u.r, $1, 0, t.task_no, u.a, 'open' FROM {rows} {each}",
        1,
        &[("b", "bigint"), ("first", "integer"), ("last", "integer"), ("r", "bigint"), ("a", "integer")],
    );
    let mut columns = runs::columns(runs);
    columns.extend([
        Column::I64(runs.iter().map(|run| run.common.route.0).collect()),
        Column::I32(runs.iter().map(|run| run.common.attempt).collect()),
    ]);
    ensure_rows("inserting attempts", INSERT.execute(tx, &[now.micros()], columns).await?, runs.iter().map(Run::count).sum())
}

/// Records what the provider calls them.
pub async fn accept(tx: &mut Tx, accepted: &[(AttemptKey, &str)], now: Time) -> StoreResult<()> {
    static ACCEPT: SetStatement = SetStatement::on_runs(
        "UPDATE attempts AS t SET provider_job = {own.job}, accepted_at_us = $1 FROM {rows}
        WHERE t.batch_id = u.b AND t.task_no BETWEEN u.first AND u.last AND t.attempt_no = u.a AND t.state = 'open'",
        1,
        &[("b", "bigint"), ("first", "integer"), ("last", "integer"), ("place", "integer"), ("a", "integer")],
        &[("job", "text")],
    );
    let mut accepted = accepted.to_vec();
    accepted.sort_unstable_by_key(|(key, _)| *key);
    let runs = runs::with_own(tx, accepted.iter().map(|(key, _)| *key));
    let mut columns = runs::columns_and_places(&runs);
    columns.extend([
        Column::I32(runs.iter().map(|run| run.common).collect()),
        Column::Text(accepted.iter().map(|(_, job)| (*job).to_owned()).collect()),
    ]);
    ensure_rows("accepting attempts", ACCEPT.execute(tx, &[now.micros()], columns).await?, accepted.len())
}

/// An attempt that is over.
#[derive(Clone, Debug)]
pub struct Closed<'a> {
    pub key: AttemptKey,
    pub ending: &'a Ending,
    pub billed: Billed,
    pub cost: Money,
    /// When its end was known.
    pub at: Time,
}

/// Closes attempts with what came of them. Most succeed and have no evidence: theirs is a statement of its own, half as long.
pub async fn close(tx: &mut Tx, closed: &[Closed<'_>]) -> StoreResult<()> {
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for row in closed {
        match row.ending {
            Ending::Succeeded(output) => succeeded.push((row, output)),
            Ending::Failed { failure, party, evidence } => failed.push((row, *failure, *party, evidence)),
        }
    }
    succeeded.sort_unstable_by_key(|(row, _)| row.key);
    close_succeeded(tx, &succeeded).await?;
    close_failed(tx, &failed).await
}

/// In order of their tasks.
async fn close_succeeded(tx: &mut Tx, closed: &[(&Closed<'_>, &Output)]) -> StoreResult<()> {
    static CLOSE: SetStatement = SetStatement::on_runs(
        "UPDATE attempts AS t SET finished_at_us = {own.at}, state = 'succeeded', billed = u.billed, cost_microusd = u.cost,
            output_url = {own.url}, output_expires_at_us = u.expires
        FROM {rows}
        WHERE t.batch_id = u.b AND t.task_no BETWEEN u.first AND u.last AND t.attempt_no = u.a AND t.state = 'open'",
        0,
        &[
            ("b", "bigint"),
            ("first", "integer"),
            ("last", "integer"),
            ("place", "integer"),
            ("a", "integer"),
            ("billed", "text"),
            ("cost", "bigint"),
            ("expires", "bigint"),
        ],
        &[("at", "bigint"), ("url", "text")],
    );
    if closed.is_empty() {
        return Ok(());
    }
    let common = |(row, output): &(&Closed<'_>, &Output)| (row.key.0, (row.key.1, row.billed, row.cost, output.expires_at));
    let runs = runs::with_own(tx, closed.iter().map(common));
    let mut columns = runs::columns_and_places(&runs);
    columns.extend([
        Column::I32(runs.iter().map(|run| run.common.0).collect()),
        Column::Word(runs.iter().map(|run| run.common.1.as_str()).collect()),
        Column::I64(runs.iter().map(|run| run.common.2.micros()).collect()),
        Column::I64Null(runs.iter().map(|run| run.common.3.map(Time::micros)).collect()),
        Column::I64(closed.iter().map(|(row, _)| row.at.micros()).collect()),
        Column::Text(closed.iter().map(|(_, output)| output.url.clone()).collect()),
    ]);
    ensure_rows("closing attempts", CLOSE.execute(tx, &[], columns).await?, closed.len())
}

async fn close_failed(tx: &mut Tx, closed: &[(&Closed<'_>, FailureType, Party, &Evidence)]) -> StoreResult<()> {
    static CLOSE: SetStatement = SetStatement::new(
        "UPDATE attempts AS t SET finished_at_us = u.at, state = 'failed', billed = u.billed, cost_microusd = u.cost, failure_type = u.f,
            party = u.p, http_status = u.http, provider_code = u.code, provider_message = u.message, provider_request_id = u.request,
            rule = u.rule
        FROM {rows} WHERE t.batch_id = u.b AND t.task_no = u.n AND t.attempt_no = u.a AND t.state = 'open'",
        0,
        &[
            ("b", "bigint"),
            ("n", "integer"),
            ("a", "integer"),
            ("at", "bigint"),
            ("billed", "text"),
            ("cost", "bigint"),
            ("f", "text"),
            ("p", "text"),
            ("http", "integer"),
            ("code", "text"),
            ("message", "text"),
            ("request", "text"),
            ("rule", "text"),
        ],
    );
    if closed.is_empty() {
        return Ok(());
    }
    let text = |value: fn(&Evidence) -> &Option<String>| Column::TextNull(closed.iter().map(|row| value(row.3).clone()).collect());
    let columns = vec![
        Column::I64(closed.iter().map(|(row, ..)| row.key.0.batch.0).collect()),
        Column::I32(closed.iter().map(|(row, ..)| row.key.0.number).collect()),
        Column::I32(closed.iter().map(|(row, ..)| row.key.1).collect()),
        Column::I64(closed.iter().map(|(row, ..)| row.at.micros()).collect()),
        Column::Word(closed.iter().map(|(row, ..)| row.billed.as_str()).collect()),
        Column::I64(closed.iter().map(|(row, ..)| row.cost.micros()).collect()),
        Column::Word(closed.iter().map(|(_, failure, ..)| failure.as_str()).collect()),
        Column::Word(closed.iter().map(|(_, _, party, _)| party.as_str()).collect()),
        Column::I32Null(closed.iter().map(|row| row.3.http_status).collect()),
        text(|evidence| &evidence.code),
        text(|evidence| &evidence.message),
        text(|evidence| &evidence.request_id),
        text(|evidence| &evidence.rule),
    ];
    ensure_rows("closing attempts", CLOSE.execute(tx, &[], columns).await?, closed.len())
}

/// Removes attempts that were none: the provider took nothing in, and the task goes back as if nothing had been sent.
pub async fn delete_open(tx: &mut Tx, attempts: &[AttemptKey]) -> StoreResult<()> {
    static DELETE: SetStatement = SetStatement::new(
        "DELETE FROM attempts WHERE state = 'open' AND (batch_id, task_no, attempt_no) IN (SELECT u.b, u.n, u.a FROM {rows})",
        0,
        &[("b", "bigint"), ("n", "integer"), ("a", "integer")],
    );
    let columns = vec![
        Column::I64(attempts.iter().map(|(task, _)| task.batch.0).collect()),
        Column::I32(attempts.iter().map(|(task, _)| task.number).collect()),
        Column::I32(attempts.iter().map(|(_, number)| *number).collect()),
    ];
    ensure_rows("deleting attempts", DELETE.execute(tx, &[], columns).await?, attempts.len())
}

/// Notes what a provider said after the task was settled. Moves no money.
pub async fn note_late_result(tx: &mut Tx, key: AttemptKey, what: &str, now: Time) -> StoreResult<()> {
    const NOTE: &str = "UPDATE attempts SET late_result = $4, late_at_us = $5
        WHERE batch_id = $1 AND task_no = $2 AND attempt_no = $3 AND state <> 'open'";
    on!(tx, c => sqlx::query(NOTE).bind(key.0.batch.0).bind(key.0.number).bind(key.1).bind(what).bind(now.micros())
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// An attempt that a provider is working on, for the worker that adopts its task.
#[derive(sqlx::FromRow, Clone, Debug)]
pub struct OpenRow {
    pub batch_id: i64,
    pub task_no: i32,
    pub attempt_no: i32,
    pub route_id: i64,
    pub provider_job: Option<String>,
    pub sent_at_us: i64,
}

pub async fn open(tx: &mut Tx, attempts: &[AttemptKey]) -> StoreResult<Vec<OpenRow>> {
    static OPEN: SetStatement = SetStatement::new(
        "SELECT a.batch_id, a.task_no, a.attempt_no, a.route_id, a.provider_job, a.sent_at_us FROM {rows}
        JOIN attempts AS a ON a.batch_id = u.b AND a.task_no = u.n AND a.attempt_no = u.a WHERE a.state = 'open'",
        0,
        &[("b", "bigint"), ("n", "integer"), ("a", "integer")],
    );
    let columns = vec![
        Column::I64(attempts.iter().map(|(task, _)| task.batch.0).collect()),
        Column::I32(attempts.iter().map(|(task, _)| task.number).collect()),
        Column::I32(attempts.iter().map(|(_, number)| *number).collect()),
    ];
    OPEN.fetch(tx, &[], columns).await
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    task_no: i32,
    attempt_no: i32,
    provider: String,
    upstream_model: String,
    provider_job: Option<String>,
    state: String,
    failure_type: Option<String>,
    party: Option<String>,
    billed: Option<String>,
    cost_microusd: i64,
    http_status: Option<i32>,
    provider_code: Option<String>,
    provider_message: Option<String>,
    provider_request_id: Option<String>,
    rule: Option<String>,
    output_url: Option<String>,
    output_expires_at_us: Option<i64>,
    sent_at_us: i64,
    accepted_at_us: Option<i64>,
    finished_at_us: Option<i64>,
    late_result: Option<String>,
}

macro_rules! select_attempts {
    ($rest:literal) => {
        concat!(
            "SELECT a.task_no, a.attempt_no, r.provider, r.upstream_model, a.provider_job, a.state, a.failure_type, a.party,
                a.billed, a.cost_microusd, a.http_status, a.provider_code, a.provider_message, a.provider_request_id, a.rule, a.output_url,
                a.output_expires_at_us, a.sent_at_us, a.accepted_at_us, a.finished_at_us, a.late_result
            FROM attempts AS a JOIN routes AS r ON r.id = a.route_id ",
            $rest
        )
    };
}

/// The attempts of a task, first to last.
pub async fn of_task(tx: &mut Tx, batch: BatchKey, number: i32) -> StoreResult<Vec<Attempt>> {
    const OF_TASK: &str = select_attempts!("WHERE a.batch_id = $1 AND a.task_no = $2 ORDER BY a.attempt_no");
    let rows: Vec<AttemptRow> = on!(tx, c => sqlx::query_as(OF_TASK).bind(batch.0).bind(number).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// The attempts of a batch that a filter asks for, in the order of tasks, after a place and up to the task `last`; at most `limit`.
/// The cost is that of reading the tasks in between, so the caller bounds them.
pub async fn matching(
    tx: &mut Tx,
    batch: BatchKey,
    filter: AttemptFilter,
    (after, last): (AttemptPlace, i32),
    limit: i64,
) -> StoreResult<Vec<Attempt>> {
    const MATCHING: &str = select_attempts!(
        "WHERE a.batch_id = $1 AND a.task_no BETWEEN $2 AND $3 AND (a.task_no > $2 OR a.attempt_no > $4)
            AND ($5 = '' OR a.state = $5) AND ($6 = '' OR a.failure_type = $6) AND ($7 = '' OR a.party = $7)
        ORDER BY a.task_no, a.attempt_no LIMIT $8"
    );
    let rows: Vec<AttemptRow> = on!(tx, c => sqlx::query_as(MATCHING).bind(batch.0).bind(after.task).bind(last).bind(after.attempt)
        .bind(filter.state.map_or("", AttemptState::as_str)).bind(filter.failure.map_or("", FailureType::as_str))
        .bind(filter.party.map_or("", Party::as_str)).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

fn read(row: AttemptRow) -> StoreResult<Attempt> {
    let failure = match (row.failure_type, row.party) {
        (Some(failure), Some(party)) => Some((failure.parse()?, party.parse()?)),
        _ => None,
    };
    Ok(Attempt {
        task_number: row.task_no,
        number: row.attempt_no,
        provider: row.provider,
        upstream_model: row.upstream_model,
        provider_job: row.provider_job,
        state: row.state.parse()?,
        failure,
        billed: row.billed.map(|word| word.parse()).transpose()?,
        cost: Money::from_micros(row.cost_microusd),
        evidence: Evidence {
            http_status: row.http_status,
            code: row.provider_code,
            message: row.provider_message,
            request_id: row.provider_request_id,
            rule: row.rule,
        },
        output: row.output_url.map(|url| Output { url, expires_at: row.output_expires_at_us.map(Time::from_micros) }),
        sent_at: Time::from_micros(row.sent_at_us),
        accepted_at: row.accepted_at_us.map(Time::from_micros),
        finished_at: row.finished_at_us.map(Time::from_micros),
        late_result: row.late_result,
    })
}
