//! The filtered and sorted list of batches.
//!
//! Finished batches are read from `finished_batches`, which has an index for every order; open ones, which are few, from
//! `batches` themselves. Each statement takes the first rows of both and sorts them together. Days become ranges of keys, because
//! keys follow the moment of submission within [`SKEW_S`].

use crate::domain::batch::{Batch, BatchStatus};
use crate::domain::batch_list::{BatchFilter, BatchSort, COUNT_MAX, Day, Order, Part as PartOfBatch, StatusCount};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchId, BatchKey, CustomerId};
use crate::domain::money::Money;

use super::batches::{BatchRow, read, select_batches};
use super::composed::{Composed, Value};
use super::dialect::{Column, SetStatement};
use super::{StoreResult, Tx, on};

/// A transaction takes its batch's key after the moment that it notes, and not later than this.
const SKEW_S: i64 = 3_600;

/// Which rows, in which order, from where on.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'f> {
    pub filter: &'f BatchFilter,
    pub sort: BatchSort,
    pub order: Order,
    /// Only what comes after this value and key, in this order.
    pub after: Option<(i64, BatchKey)>,
}

/// The two tables that batches are read from, under the name `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Open,
    Finished,
}

impl Part {
    const BOTH: [Self; 2] = [Self::Open, Self::Finished];

    const fn of(status: BatchStatus) -> Self {
        if status.is_finished() { Self::Finished } else { Self::Open }
    }

    fn is_wanted(self, filter: &BatchFilter) -> bool {
        filter.statuses.is_empty() || filter.statuses.iter().any(|status| Self::of(status) == self)
    }

    const fn rows(self) -> &'static str {
        match self {
            Self::Open => "batches AS b WHERE b.finished_at_us IS NULL",
            Self::Finished => "finished_batches AS b WHERE true",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Open => "b.id",
            Self::Finished => "b.batch_id",
        }
    }

    const fn profit(self) -> &'static str {
        match self {
            Self::Open => "b.revenue_microusd - b.cost_succeeded_microusd - b.cost_failed_microusd",
            Self::Finished => "b.profit_microusd",
        }
    }

    /// As `BatchSort::value` says it.
    const fn value(self, sort: BatchSort) -> &'static str {
        match (sort, self) {
            (BatchSort::Created, _) => "CAST(0 AS BIGINT)",
            (BatchSort::Finished | BatchSort::Duration, Self::Open) => "9223372036854775807",
            (BatchSort::Finished, Self::Finished) => "b.finished_at_us",
            (BatchSort::Duration, Self::Finished) => "b.duration_us",
            (BatchSort::Failed, _) => "b.failed",
            (BatchSort::Refunded, _) => "b.credits_refunded",
            (BatchSort::Profit, part) => part.profit(),
            (BatchSort::Margin, Self::Finished) => "b.margin_permille",
            (BatchSort::Margin, Self::Open) => {
                "CASE WHEN b.revenue_microusd > 0 THEN (b.revenue_microusd - b.cost_succeeded_microusd - b.cost_failed_microusd) * 1000
                    / b.revenue_microusd ELSE -1000000000 END"
            }
        }
    }
}

/// Adds what a filter asks of the rows of a part; its states apart.
fn push_conditions(sql: &mut Composed, part: Part, filter: &BatchFilter) {
    let key = part.key();
    if let Some(customer) = filter.customer {
        sql.push(" AND b.customer_id = (SELECT c.id FROM customers AS c WHERE c.public_id = ?)", [Value::Text(customer.to_string())]);
    }
    if let Some(from) = filter.from.map(Day::start) {
        let first = "COALESCE((SELECT d.id FROM batches AS d WHERE d.created_at_us >= ? ORDER BY d.created_at_us, d.id LIMIT 1),
            9223372036854775807)";
        sql.push(&format!(" AND b.created_at_us >= ? AND {key} >= {first}"), [from, from.plus_s(-SKEW_S)].map(|t| Value::I64(t.micros())));
    }
    if let Some(end) = filter.to.map(|day| day.plus(1).start()) {
        let last =
            "COALESCE((SELECT d.id FROM batches AS d WHERE d.created_at_us < ? ORDER BY d.created_at_us DESC, d.id DESC LIMIT 1), 0)";
        sql.push(&format!(" AND b.created_at_us < ? AND {key} <= {last}"), [end, end.plus_s(SKEW_S)].map(|t| Value::I64(t.micros())));
    }
    if let Some(model) = &filter.model {
        sql.push(
            &format!(
                " AND EXISTS (SELECT 1 FROM batch_models AS p WHERE p.batch_id = {key}
                    AND p.model_id = (SELECT m.id FROM models AS m WHERE m.name = ?))"
            ),
            [Value::Text(model.clone())],
        );
    }
    if filter.has_failures {
        sql.push(" AND b.failed > 0", []);
    }
    if filter.failure.is_some() || filter.party.is_some() {
        sql.push(&format!(" AND {key} IN (SELECT f.batch_id FROM batch_failures AS f WHERE (f.tasks > 0 OR f.cost_microusd > 0)"), []);
        if let Some(failure) = filter.failure {
            sql.push(" AND f.failure_type = ?", [Value::Text(failure.to_string())]);
        }
        if let Some(party) = filter.party {
            sql.push(" AND f.party = ?", [Value::Text(party.to_string())]);
        }
        sql.push(")", []);
    }
    if let Some(credits) = filter.refund_over {
        sql.push(" AND b.credits_refunded > 0 AND b.credits_refunded > ?", [Value::I64(credits)]);
    }
    if filter.losses {
        sql.push(&format!(" AND {} < 0", part.profit()), []);
    }
}

/// Adds the states that are asked for; nothing where those are all that the part has.
fn push_statuses(sql: &mut Composed, part: Part, filter: &BatchFilter) {
    let of_part = || filter.statuses.iter().filter(|status| Part::of(*status) == part);
    let in_part = BatchStatus::ALL.iter().filter(|status| Part::of(**status) == part).count();
    if filter.statuses.is_empty() || of_part().count() == in_part {
        return;
    }
    let mut mark = " AND b.status IN (?";
    for status in of_part() {
        sql.push(mark, [Value::Text(status.to_string())]);
        mark = ", ?";
    }
    sql.push(")", []);
}

fn push_part(sql: &mut Composed, part: Part, selection: &Selection<'_>, limit: i64) {
    let (key, value) = (part.key(), part.value(selection.sort));
    let (before, direction) = match selection.order {
        Order::Descending => ("<", "DESC"),
        Order::Ascending => (">", "ASC"),
    };
    sql.push(&format!("SELECT {key} AS id, {value} AS sorted_by FROM {}", part.rows()), []);
    push_statuses(sql, part, selection.filter);
    push_conditions(sql, part, selection.filter);
    match (selection.after, selection.sort) {
        (None, _) => {}
        (Some((_, after)), BatchSort::Created) => sql.push(&format!(" AND {key} {before} ?"), [Value::I64(after.0)]),
        (Some((at, after)), _) => sql.push(&format!(" AND ({value}, {key}) {before} (?, ?)"), [Value::I64(at), Value::I64(after.0)]),
    }
    let order = if selection.sort == BatchSort::Created { "" } else { "sorted_by {direction}, " }.replace("{direction}", direction);
    sql.push(&format!(" ORDER BY {order}id {direction} LIMIT ?"), [Value::I64(limit)]);
}

/// Keys of the first batches of a selection, in its order.
async fn keys(tx: &mut Tx, selection: &Selection<'_>, limit: i64) -> StoreResult<Vec<BatchKey>> {
    let parts: Vec<Part> = Part::BOTH.into_iter().filter(|part| part.is_wanted(selection.filter)).collect();
    let mut sql = Composed::default();
    sql.push("SELECT id, sorted_by FROM (", []);
    for (index, part) in parts.iter().enumerate() {
        sql.push(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" }, []);
        push_part(&mut sql, *part, selection, limit);
        sql.push(") AS part", []);
    }
    sql.push(
        match selection.order {
            Order::Descending => ") AS parts ORDER BY sorted_by DESC, id DESC LIMIT ?",
            Order::Ascending => ") AS parts ORDER BY sorted_by, id LIMIT ?",
        },
        [Value::I64(limit)],
    );
    let rows: Vec<(i64, i64)> = sql.fetch(tx).await?;
    Ok(rows.into_iter().map(|(key, _)| BatchKey(key)).collect())
}

/// The first `limit` batches of a selection, in its order.
pub async fn select(tx: &mut Tx, selection: &Selection<'_>, limit: i64) -> StoreResult<Vec<Batch>> {
    static BY_KEY: SetStatement = SetStatement::new(select_batches!("WHERE b.id IN (SELECT u.id FROM {rows})"), 0, &[("id", "bigint")]);
    if !selection.filter.unreadable.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<i64> = keys(tx, selection, limit).await?.into_iter().map(|key| key.0).collect();
    let rows: Vec<BatchRow> = BY_KEY.fetch(tx, &[], vec![Column::I64(keys.clone())]).await?;
    let mut batches: Vec<Batch> = rows.into_iter().map(read).collect::<StoreResult<_>>()?;
    batches.sort_by_key(|batch| keys.iter().position(|key| *key == batch.key.0));
    Ok(batches)
}

/// Batches by their ids, in no order.
pub async fn named(tx: &mut Tx, ids: &[BatchId]) -> StoreResult<Vec<Batch>> {
    static BY_ID: SetStatement = SetStatement::new(select_batches!("WHERE b.public_id IN (SELECT u.id FROM {rows})"), 0, &[("id", "text")]);
    let rows: Vec<BatchRow> = BY_ID.fetch(tx, &[], vec![Column::Text(ids.iter().map(BatchId::to_string).collect())]).await?;
    rows.into_iter().map(read).collect()
}

/// What of each of these batches a filter by failure, party or model asks for; batches with nothing of it are left out.
pub async fn parts(tx: &mut Tx, batches: &[BatchKey], filter: &BatchFilter) -> StoreResult<Vec<(BatchKey, PartOfBatch)>> {
    static OF_KIND: SetStatement = SetStatement::new(
        "SELECT f.batch_id, CAST(NULL AS BIGINT), CAST(SUM(f.tasks) AS BIGINT), CAST(SUM(f.credits) AS BIGINT),
            CAST(SUM(f.cost_microusd) AS BIGINT)
        FROM {rows} CROSS JOIN batch_failures AS f
        WHERE f.batch_id = u.id AND (u.f IS NULL OR f.failure_type = u.f) AND (u.p IS NULL OR f.party = u.p) GROUP BY f.batch_id",
        0,
        &[("id", "bigint"), ("f", "text"), ("p", "text")],
    );
    static OF_MODEL: SetStatement = SetStatement::new(
        "SELECT o.batch_id, o.tasks, CAST(COALESCE((SELECT SUM(t.tasks) FROM task_tallies AS t
                WHERE t.batch_id = o.batch_id AND t.outcome = 'failed' AND t.model_id = o.model_id
                    AND (u.f IS NULL OR t.failure_type = u.f) AND (u.p IS NULL OR t.party = u.p)), 0) AS BIGINT),
            CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)
        FROM {rows} CROSS JOIN models AS m CROSS JOIN batch_models AS o
        WHERE m.name = u.m AND o.batch_id = u.id AND o.model_id = m.id",
        0,
        &[("id", "bigint"), ("f", "text"), ("p", "text"), ("m", "text")],
    );
    /// Batch, tasks of the model, failed tasks, credits, micro-dollars.
    type Row = (i64, Option<i64>, i64, Option<i64>, Option<i64>);
    let mut columns = vec![
        Column::I64(batches.iter().map(|batch| batch.0).collect()),
        Column::WordNull(vec![filter.failure.map(FailureType::as_str); batches.len()]),
        Column::WordNull(vec![filter.party.map(Party::as_str); batches.len()]),
    ];
    let rows: Vec<Row> = match &filter.model {
        None => OF_KIND.fetch(tx, &[], columns).await?,
        Some(model) => {
            columns.push(Column::Text(vec![model.clone(); batches.len()]));
            OF_MODEL.fetch(tx, &[], columns).await?
        }
    };
    let part = |(batch, ordered, failed, credits, cost): Row| {
        let (refunded, sunk) = (credits.map(Credits::new), cost.map(Money::from_micros));
        (BatchKey(batch), PartOfBatch { ordered, failed, refunded, sunk })
    };
    Ok(rows.into_iter().map(part).collect())
}

/// How many batches are in each state, as far as the rest of the filter lets them: counted up to one more than [`COUNT_MAX`].
pub async fn counts(tx: &mut Tx, filter: &BatchFilter) -> StoreResult<Vec<StatusCount>> {
    if !filter.unreadable.is_empty() {
        return Ok(BatchStatus::ALL.iter().map(|status| StatusCount { status: *status, batches: 0 }).collect());
    }
    let mut sql = Composed::default();
    for (index, status) in BatchStatus::ALL.iter().enumerate() {
        let part = Part::of(*status);
        let mark = if index == 0 { "" } else { " UNION ALL " };
        sql.push(&format!("{mark}SELECT CAST({index} AS BIGINT), COUNT(*) FROM (SELECT 1 FROM {}", part.rows()), []);
        sql.push(" AND b.status = ?", [Value::Text(status.to_string())]);
        push_conditions(&mut sql, part, filter);
        sql.push(" LIMIT ?) AS c", [Value::I64(COUNT_MAX + 1)]);
    }
    let rows: Vec<(i64, i64)> = sql.fetch(tx).await?;
    let counted = |index: usize| rows.iter().find(|(row, _)| usize::try_from(*row) == Ok(index)).map_or(0, |(_, batches)| *batches);
    Ok(BatchStatus::ALL.iter().enumerate().map(|(index, status)| StatusCount { status: *status, batches: counted(index) }).collect())
}

/// Customers to choose from: the newest ones.
pub async fn customer_choices(tx: &mut Tx, limit: i64) -> StoreResult<Vec<(CustomerId, String)>> {
    const CHOICES: &str = "SELECT public_id, name FROM customers ORDER BY id DESC LIMIT $1";
    let rows: Vec<(String, String)> = on!(tx, c => sqlx::query_as(CHOICES).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(|(id, name)| Ok((id.parse()?, name))).collect()
}

/// Models to choose from, retired ones included.
pub async fn model_choices(tx: &mut Tx, limit: i64) -> StoreResult<Vec<String>> {
    const CHOICES: &str = "SELECT name FROM models ORDER BY id DESC LIMIT $1";
    Ok(on!(tx, c => sqlx::query_scalar(CHOICES).bind(limit).fetch_all(c).await)?)
}
