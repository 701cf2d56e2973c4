//! Reading tasks: by number, which costs the same at any depth, and by what is asked for among given numbers.

use crate::domain::attempt::Output;
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::BatchId;
use crate::domain::id::{BatchKey, CustomerKey, ModelKey};
use crate::domain::page::PageSize;
use crate::domain::task::{Task, TaskRow, TaskState};
use crate::domain::time::Time;
use crate::store::dialect::{Column, SetStatement};
use crate::store::{StoreResult, Tx, on};

#[derive(sqlx::FromRow)]
struct WholeRow {
    batch_public_id: String,
    task_no: i32,
    custom_id: Option<String>,
    model: String,
    prompt: String,
    reference_url: Option<String>,
    aspect_ratio: Option<String>,
    duration_s: Option<i32>,
    metadata: Option<String>,
    status: String,
    price: i64,
    attempts: i32,
    failure_type: Option<String>,
    party: Option<String>,
    output_url: Option<String>,
    output_expires_at_us: Option<i64>,
    reversed: i32,
    created_at_us: i64,
    started_at_us: Option<i64>,
    finished_at_us: Option<i64>,
}

fn read(row: WholeRow) -> StoreResult<Task> {
    let failure = match (row.failure_type, row.party) {
        (Some(failure), Some(party)) => Some((failure.parse()?, party.parse()?)),
        _ => None,
    };
    Ok(Task {
        batch_id: row.batch_public_id.parse()?,
        number: row.task_no,
        custom_id: row.custom_id,
        model: row.model,
        prompt: row.prompt,
        reference_url: row.reference_url,
        aspect_ratio: row.aspect_ratio,
        duration_s: row.duration_s,
        metadata: row.metadata,
        status: row.status.parse()?,
        price: Credits::new(row.price),
        attempts: row.attempts,
        failure,
        output: row.output_url.map(|url| Output { url, expires_at: row.output_expires_at_us.map(Time::from_micros) }),
        reversed: row.reversed == 1,
        created_at: Time::from_micros(row.created_at_us),
        started_at: row.started_at_us.map(Time::from_micros),
        finished_at: row.finished_at_us.map(Time::from_micros),
    })
}

/// What both lists select, and what they join to `tasks AS t`.
macro_rules! select_tasks {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT b.public_id AS batch_public_id, t.task_no, i.custom_id, m.name AS model, i.prompt, i.reference_url,
                i.aspect_ratio, i.duration_s, i.metadata, t.status, t.price, t.attempts, t.failure_type, t.party, a.output_url,
                a.output_expires_at_us, CASE WHEN v.task_no IS NULL THEN 0 ELSE 1 END AS reversed, b.created_at_us, t.started_at_us, t.finished_at_us
            FROM ",
            $from,
            " JOIN batches AS b ON b.id = t.batch_id
            JOIN task_inputs AS i ON i.batch_id = t.batch_id AND i.task_no = t.task_no
            JOIN models AS m ON m.id = t.model_id
            LEFT JOIN attempts AS a ON a.batch_id = t.batch_id AND a.task_no = t.task_no AND a.attempt_no = t.attempts
            LEFT JOIN ledger_lines AS v ON v.batch_id = t.batch_id AND v.task_no = t.task_no AND v.step = 1 ",
            $rest
        )
    };
}

/// Tasks with numbers after `after`, ascending: the same cost at any depth. One more than `size`, if there are more.
pub async fn list(tx: &mut Tx, batch: BatchKey, after: i32, size: PageSize) -> StoreResult<Vec<Task>> {
    const LIST: &str = select_tasks!("tasks AS t", "WHERE t.batch_id = $1 AND t.task_no > $2 AND t.task_no <= $3 ORDER BY t.task_no");
    let last = i64::from(after).saturating_add(size.get() + 1);
    let rows: Vec<WholeRow> = on!(tx, c => sqlx::query_as(LIST).bind(batch.0).bind(after).bind(last).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

/// The tasks with these numbers, ascending. CROSS JOIN: SQLite keeps the order of the tables, so that each number is looked up.
/// Otherwise it reads the whole batch in order and the numbers anew for each of its tasks.
pub async fn numbered(tx: &mut Tx, batch: BatchKey, numbers: &[i32]) -> StoreResult<Vec<Task>> {
    static NUMBERED: SetStatement = SetStatement::new(
        select_tasks!("{rows} CROSS JOIN tasks AS t", "WHERE t.batch_id = $1 AND t.task_no = u.n ORDER BY t.task_no"),
        1,
        &[("n", "integer")],
    );
    let rows: Vec<WholeRow> = NUMBERED.fetch(tx, &[batch.0], vec![Column::I32(numbers.to_vec())]).await?;
    rows.into_iter().map(read).collect()
}

/// Number, state, model, prompt, output, attempts, failure type and party, price, 1 when reversed, start and end. By their order:
/// there are many rows.
type ListedRow = (i32, String, String, String, Option<String>, i32, Option<String>, Option<String>, i64, i32, Option<i64>, Option<i64>);

fn listed(row: ListedRow) -> StoreResult<TaskRow> {
    let (number, status, model, prompt, output, attempts, failure, party, price, reversed, started_at, finished_at) = row;
    let failure = match (failure, party) {
        (Some(failure), Some(party)) => Some((failure.parse()?, party.parse()?)),
        _ => None,
    };
    Ok(TaskRow {
        number,
        status: status.parse()?,
        model,
        prompt,
        output,
        attempts,
        failure,
        price: Credits::new(price),
        reversed: reversed == 1,
        started_at: started_at.map(Time::from_micros),
        finished_at: finished_at.map(Time::from_micros),
    })
}

/// What both lists of rows select, and what they join to `tasks AS t`; 160 is [`TaskRow::PROMPT_MAX_CHARS`].
macro_rules! select_rows {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT t.task_no, t.status, m.name, substr(i.prompt, 1, 160), a.output_url, t.attempts, t.failure_type, t.party, t.price,
                CASE WHEN v.task_no IS NULL THEN 0 ELSE 1 END, t.started_at_us, t.finished_at_us
            FROM ",
            $from,
            " JOIN task_inputs AS i ON i.batch_id = t.batch_id AND i.task_no = t.task_no
            JOIN models AS m ON m.id = t.model_id
            LEFT JOIN attempts AS a ON a.batch_id = t.batch_id AND a.task_no = t.task_no AND a.attempt_no = t.attempts
                AND t.status = 'succeeded'
            LEFT JOIN ledger_lines AS v ON v.batch_id = t.batch_id AND v.task_no = t.task_no AND v.step = 1 ",
            $rest
        )
    };
}

/// `size` tasks with numbers after `after`, ascending, as rows of a list.
pub async fn rows(tx: &mut Tx, batch: BatchKey, after: i32, size: PageSize) -> StoreResult<Vec<TaskRow>> {
    const ROWS: &str = select_rows!("tasks AS t", "WHERE t.batch_id = $1 AND t.task_no > $2 AND t.task_no <= $3 ORDER BY t.task_no");
    let last = i64::from(after).saturating_add(size.get());
    let rows: Vec<ListedRow> = on!(tx, c => sqlx::query_as(ROWS).bind(batch.0).bind(after).bind(last).fetch_all(c).await)?;
    rows.into_iter().map(listed).collect()
}

/// The tasks with these numbers, ascending, as rows of a list.
pub async fn numbered_rows(tx: &mut Tx, batch: BatchKey, numbers: &[i32]) -> StoreResult<Vec<TaskRow>> {
    static NUMBERED: SetStatement = SetStatement::new(
        select_rows!("{rows} CROSS JOIN tasks AS t", "WHERE t.batch_id = $1 AND t.task_no = u.n ORDER BY t.task_no"),
        1,
        &[("n", "integer")],
    );
    let rows: Vec<ListedRow> = NUMBERED.fetch(tx, &[batch.0], vec![Column::I32(numbers.to_vec())]).await?;
    rows.into_iter().map(listed).collect()
}

/// What finding tasks of a batch starts from.
#[derive(sqlx::FromRow, Clone, Copy, Debug)]
pub struct Extent {
    pub id: i64,
    pub total: i64,
    pub pending: i64,
    /// Tasks from this number on were never claimed.
    pub next_task_no: i32,
}

pub async fn extent(tx: &mut Tx, customer: Option<CustomerKey>, id: BatchId) -> StoreResult<Option<Extent>> {
    const EXTENT: &str =
        "SELECT id, total, pending, next_task_no FROM batches WHERE public_id = $1 AND customer_id = COALESCE($2, customer_id)";
    let customer = customer.map(|customer| customer.0);
    Ok(on!(tx, c => sqlx::query_as(EXTENT).bind(id.to_string()).bind(customer).fetch_optional(c).await)?)
}

/// A model that a batch ordered, and how many tasks of it.
pub async fn ordered_model(tx: &mut Tx, batch: BatchKey, name: &str) -> StoreResult<Option<(ModelKey, i64)>> {
    const ORDERED: &str =
        "SELECT o.model_id, o.tasks FROM batch_models AS o JOIN models AS m ON m.id = o.model_id WHERE o.batch_id = $1 AND m.name = $2";
    let row: Option<(i64, i64)> = on!(tx, c => sqlx::query_as(ORDERED).bind(batch.0).bind(name).fetch_optional(c).await)?;
    Ok(row.map(|(model, tasks)| (ModelKey(model), tasks)))
}

/// Numbers of tasks that wait for another attempt, ascending, without the first `skip`.
pub async fn retrying(tx: &mut Tx, batch: BatchKey, skip: i64, take: i64) -> StoreResult<Vec<i32>> {
    const RETRYING: &str = "SELECT task_no FROM retries WHERE batch_id = $1 ORDER BY task_no LIMIT $2 OFFSET $3";
    Ok(on!(tx, c => sqlx::query_scalar(RETRYING).bind(batch.0).bind(take).bind(skip).fetch_all(c).await)?)
}

/// What a task must be like; each condition that is given must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'t> {
    pub state: Option<TaskState>,
    pub failure: Option<FailureType>,
    pub party: Option<Party>,
    pub model: Option<ModelKey>,
    /// Part of the prompt or the `custom_id`. Letters A–Z are compared without case, all others as they are: that is what both
    /// databases can do alike.
    pub text: Option<&'t str>,
}

/// Which of the tasks that are found: without the first `skip`, and at most `take`.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub skip: i64,
    pub take: i64,
}

impl Slice {
    pub const ALL: Self = Self { skip: 0, take: i64::MAX };
}

/// Numbers of the tasks in ranges of numbers (first and last) that are as wanted, ascending, or a slice of them. The cost is that of
/// reading the ranges, so the caller bounds them.
pub async fn matching(tx: &mut Tx, batch: BatchKey, ranges: &[(i32, i32)], wanted: Wanted<'_>, slice: Slice) -> StoreResult<Vec<i32>> {
    // CROSS JOIN as for `numbered`: a few ranges are looked up.
    static MATCHING: SetStatement = SetStatement::new(
        "SELECT t.task_no FROM {rows} CROSS JOIN tasks AS t WHERE t.batch_id = $1 AND t.task_no BETWEEN u.lo AND u.hi
            AND (u.s IS NULL OR t.status = u.s OR (u.s = 'processing' AND t.status = 'submitting'))
            AND (u.f IS NULL OR t.failure_type = u.f) AND (u.p IS NULL OR t.party = u.p) AND (u.m IS NULL OR t.model_id = u.m)
        ORDER BY t.task_no LIMIT $2 OFFSET $3",
        3,
        &[("lo", "integer"), ("hi", "integer"), ("s", "text"), ("f", "text"), ("p", "text"), ("m", "bigint")],
    );
    static SEARCH: SetStatement = SetStatement::new(
        "SELECT t.task_no FROM {rows} CROSS JOIN task_inputs AS i CROSS JOIN tasks AS t
        WHERE i.batch_id = $1 AND i.task_no BETWEEN u.lo AND u.hi AND t.batch_id = $1 AND t.task_no = i.task_no
            AND (lower(i.prompt {bytewise}) LIKE u.q ESCAPE '\\' OR lower(i.custom_id {bytewise}) LIKE u.q ESCAPE '\\')
            AND (u.s IS NULL OR t.status = u.s OR (u.s = 'processing' AND t.status = 'submitting'))
            AND (u.f IS NULL OR t.failure_type = u.f) AND (u.p IS NULL OR t.party = u.p) AND (u.m IS NULL OR t.model_id = u.m)
        ORDER BY t.task_no LIMIT $2 OFFSET $3",
        3,
        &[("lo", "integer"), ("hi", "integer"), ("s", "text"), ("f", "text"), ("p", "text"), ("m", "bigint"), ("q", "text")],
    );
    let count = ranges.len();
    let mut columns = vec![
        Column::I32(ranges.iter().map(|range| range.0).collect()),
        Column::I32(ranges.iter().map(|range| range.1).collect()),
        Column::WordNull(vec![wanted.state.map(TaskState::as_str); count]),
        Column::WordNull(vec![wanted.failure.map(FailureType::as_str); count]),
        Column::WordNull(vec![wanted.party.map(Party::as_str); count]),
        Column::I64Null(vec![wanted.model.map(|model| model.0); count]),
    ];
    let scalars = [batch.0, slice.take, slice.skip];
    let rows: Vec<(i32,)> = match wanted.text {
        None => MATCHING.fetch(tx, &scalars, columns).await?,
        Some(text) => {
            columns.push(Column::Text(vec![contains(text); count]));
            SEARCH.fetch(tx, &scalars, columns).await?
        }
    };
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// A LIKE pattern for text in lower case (A–Z) that has this anywhere, as it is: `%` and `_` mean themselves.
fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searched_text_means_itself() {
        assert_eq!(contains("100 %_Off\\ ÄÖ"), "%100 \\%\\_off\\\\ ÄÖ%");
    }
}
