//! Replays: the frozen set, how far it is, and putting the next group of it in line.

use crate::domain::id::{CustomerKey, EndpointKey, ReplayId, ReplayKey};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{
    AbortedBecause, DeliveryState, EventType, FailedAs, REPLAY_MAX, Replay, ReplayState, ReplayStatus, ReplayWindow,
};

use super::deliveries::Recorded;
use super::dialect::{self, Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreError, StoreResult, Tx, on};

/// Deliveries of the set: to `$1`, made from `$2` and before `$3`, failed by `$4`, of type `$5`, failed as `$6`; after the
/// cursor (`$7`, `$8`), at most `$9`, in the order in which they were made. Tests and probes are never sent again.
macro_rules! set {
    () => {
        "SELECT d.id, d.state, d.created_at_us FROM deliveries AS d JOIN events AS v ON v.id = d.event_id
        WHERE d.endpoint_id = $1 AND d.created_at_us >= $2 AND d.created_at_us < $3 AND d.failed_at_us <= $4
            AND v.type <> 'webhook.test' AND ($5 IS NULL OR v.type = $5) AND ($6 IS NULL OR d.failed_as = $6)
            AND (d.created_at_us, d.id) > ($7, $8)
        ORDER BY d.created_at_us, d.id LIMIT $9"
    };
}

/// Deliveries of a set, by what they are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Exhausted or canceled: to be sent again.
    pub failed: i64,
    /// Delivered since they failed.
    pub succeeded: i64,
    /// On their way again.
    pub pending: i64,
}

impl Counted {
    pub const fn total(self) -> i64 {
        self.failed + self.succeeded + self.pending
    }
}

/// Counts a set; one more than [`REPLAY_MAX`] when it is larger than that.
pub async fn count_set(tx: &mut Tx, endpoint: EndpointKey, window: &ReplayWindow, asked_at: Time) -> StoreResult<Counted> {
    const COUNT: &str = concat!("SELECT s.state, COUNT(*) FROM (", set!(), ") AS s GROUP BY s.state");
    let ReplayWindow { since, until, kind, failed_as, .. } = window;
    let rows: Vec<(String, i64)> = on!(tx, c => sqlx::query_as(COUNT).bind(endpoint.0).bind(since.micros()).bind(until.micros())
        .bind(asked_at.micros()).bind(kind.map(EventType::as_str)).bind(failed_as.map(FailedAs::as_str)).bind(since.micros()).bind(0_i64)
        .bind(REPLAY_MAX + 1).fetch_all(c).await)?;
    let mut counted = Counted::default();
    for (state, count) in rows {
        match state.parse()? {
            DeliveryState::Pending => counted.pending += count,
            DeliveryState::Succeeded => counted.succeeded += count,
            DeliveryState::Exhausted | DeliveryState::Canceled => counted.failed += count,
        }
    }
    Ok(counted)
}

#[derive(Clone, Debug)]
pub struct NewReplay<'r> {
    pub id: ReplayId,
    pub customer: CustomerKey,
    pub endpoint: EndpointKey,
    pub window: ReplayWindow,
    pub asked_at: Time,
    pub total: i64,
    pub reason: &'r str,
    pub actor: &'r str,
}

pub async fn insert(tx: &mut Tx, replay: &NewReplay<'_>, now: Time) -> StoreResult<()> {
    const INSERT: &str = "INSERT INTO replays (public_id, customer_id, endpoint_id, event_type, failed_as, since_us, until_us, asked_at_us,
            total, cursor_us, state, reason, actor, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $6, 'running', $10, $11, $12)";
    let ReplayWindow { since, until, kind, failed_as, .. } = replay.window;
    let done = on!(tx, c => sqlx::query(INSERT).bind(replay.id.to_string()).bind(replay.customer.0).bind(replay.endpoint.0)
        .bind(kind.map(EventType::as_str)).bind(failed_as.map(FailedAs::as_str)).bind(since.micros()).bind(until.micros())
        .bind(replay.asked_at.micros()).bind(replay.total).bind(replay.reason).bind(replay.actor).bind(now.micros())
        .execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("inserting a replay", done, 1)
}

#[derive(sqlx::FromRow)]
struct ReplayRow {
    id: i64,
    public_id: String,
    endpoint_public_id: String,
    url: String,
    event_type: Option<String>,
    failed_as: Option<String>,
    since_us: i64,
    until_us: i64,
    asked_at_us: i64,
    total: i64,
    replayed: i64,
    skipped: i64,
    delivered: i64,
    failed: i64,
    state: String,
    aborted_because: Option<String>,
    aborted_by: Option<String>,
    reason: String,
    actor: String,
    created_at_us: i64,
    finished_at_us: Option<i64>,
}

fn read(row: ReplayRow) -> StoreResult<Replay> {
    let state: ReplayState = row.state.parse()?;
    let missing = || StoreError::inconsistent("replays", format!("a {state} replay without its end or reason"));
    let at = row.finished_at_us.map(Time::from_micros).ok_or_else(missing);
    let status = match state {
        ReplayState::Running => ReplayStatus::Running,
        ReplayState::Completed => ReplayStatus::Completed { at: at? },
        ReplayState::Aborted => {
            ReplayStatus::Aborted { at: at?, because: row.aborted_because.ok_or_else(missing)?.parse()?, by: row.aborted_by }
        }
    };
    Ok(Replay {
        key: ReplayKey(row.id),
        id: row.public_id.parse()?,
        url: row.url,
        window: ReplayWindow {
            endpoint: row.endpoint_public_id.parse()?,
            since: Time::from_micros(row.since_us),
            until: Time::from_micros(row.until_us),
            kind: row.event_type.map(|kind| kind.parse()).transpose()?,
            failed_as: row.failed_as.map(|state| state.parse()).transpose()?,
        },
        asked_at: Time::from_micros(row.asked_at_us),
        total: row.total,
        replayed: row.replayed,
        skipped: row.skipped,
        delivered: row.delivered,
        failed: row.failed,
        status,
        reason: row.reason,
        actor: row.actor,
        created_at: Time::from_micros(row.created_at_us),
    })
}

macro_rules! select_replays {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.public_id, e.public_id AS endpoint_public_id, e.url, r.event_type, r.failed_as, r.since_us, r.until_us,
                r.asked_at_us, r.total, r.replayed, r.skipped, r.delivered, r.failed, r.state, r.aborted_because, r.aborted_by, r.reason,
                r.actor, r.created_at_us, r.finished_at_us
            FROM replays AS r JOIN endpoints AS e ON e.id = r.endpoint_id ",
            $rest
        )
    };
}

/// With a customer only if it is that customer's.
pub async fn by_id(tx: &mut Tx, customer: Option<CustomerKey>, id: ReplayId) -> StoreResult<Option<Replay>> {
    const BY_ID: &str = select_replays!("WHERE r.public_id = $1 AND ($2 IS NULL OR r.customer_id = $2)");
    let customer = customer.map(|key| key.0);
    let row: Option<ReplayRow> = on!(tx, c => sqlx::query_as(BY_ID).bind(id.to_string()).bind(customer).fetch_optional(c).await)?;
    row.map(read).transpose()
}

/// Newest first. One more than `size`, if there are more.
pub async fn list(
    tx: &mut Tx,
    customer: Option<CustomerKey>,
    endpoint: Option<EndpointKey>,
    before: Option<ReplayId>,
    size: PageSize,
) -> StoreResult<Vec<Replay>> {
    const LIST: &str = select_replays!(
        "WHERE r.id < COALESCE((SELECT p.id FROM replays AS p WHERE p.public_id = $1), 9223372036854775807)
            AND ($2 IS NULL OR r.customer_id = $2) AND ($3 IS NULL OR r.endpoint_id = $3) ORDER BY r.id DESC LIMIT $4"
    );
    let rows: Vec<ReplayRow> = on!(tx, c => sqlx::query_as(LIST).bind(before.map(|id| id.to_string())).bind(customer.map(|key| key.0))
        .bind(endpoint.map(|key| key.0)).bind(size.get() + 1).fetch_all(c).await)?;
    rows.into_iter().map(read).collect()
}

pub async fn is_running(tx: &mut Tx, endpoint: EndpointKey) -> StoreResult<bool> {
    const RUNNING: &str = "SELECT COUNT(*) FROM replays WHERE endpoint_id = $1 AND state = 'running'";
    let running: i64 = on!(tx, c => sqlx::query_scalar(RUNNING).bind(endpoint.0).fetch_one(c).await)?;
    Ok(running > 0)
}

/// Replays that are not at their end, oldest first. At most `max`.
pub async fn running(tx: &mut Tx, max: i64) -> StoreResult<Vec<ReplayKey>> {
    const RUNNING: &str = "SELECT id FROM replays WHERE state = 'running' ORDER BY id LIMIT $1";
    let keys: Vec<i64> = on!(tx, c => sqlx::query_scalar(RUNNING).bind(max).fetch_all(c).await)?;
    Ok(keys.into_iter().map(ReplayKey).collect())
}

/// A running replay that this transaction has locked.
#[derive(Debug)]
pub struct Running {
    pub replay: Replay,
    /// Whose.
    pub customer: CustomerKey,
    endpoint: EndpointKey,
    /// Why its endpoint cannot be sent to any more.
    pub closed: Option<AbortedBecause>,
    /// Of what it put in line, what was not sent yet.
    pub in_line: i64,
    cursor: (i64, i64),
}

/// `None` when it has ended.
pub async fn lock(tx: &mut Tx, key: ReplayKey) -> StoreResult<Option<Running>> {
    const LOCK: &str = "SELECT public_id, cursor_us, cursor_id, customer_id, endpoint_id FROM replays WHERE id = $1 AND state = 'running'";
    const LOCK_LOCKED: &str =
        "SELECT public_id, cursor_us, cursor_id, customer_id, endpoint_id FROM replays WHERE id = $1 AND state = 'running' FOR UPDATE";
    const IN_LINE: &str = "SELECT COUNT(*) FROM deliveries WHERE replay_id = $1";
    const ENDPOINT: &str = "SELECT state, deleted_at_us FROM endpoints WHERE id = $1";
    let sql = dialect::locking(tx, LOCK_LOCKED, LOCK);
    let row: Option<(String, i64, i64, i64, i64)> = on!(&mut *tx, c => sqlx::query_as(sql).bind(key.0).fetch_optional(c).await)?;
    let Some((id, cursor_us, cursor_id, customer, endpoint)) = row else { return Ok(None) };
    let in_line: i64 = on!(&mut *tx, c => sqlx::query_scalar(IN_LINE).bind(key.0).fetch_one(c).await)?;
    let (state, deleted): (String, Option<i64>) = on!(&mut *tx, c => sqlx::query_as(ENDPOINT).bind(endpoint).fetch_one(c).await)?;
    let closed = match deleted {
        Some(_) => Some(AbortedBecause::EndpointDeleted),
        None => (state == "disabled").then_some(AbortedBecause::EndpointDisabled),
    };
    let replay = by_id(tx, None, id.parse()?).await?.ok_or_else(|| StoreError::inconsistent("replays", id))?;
    let cursor = (cursor_us, cursor_id);
    Ok(Some(Running { replay, customer: CustomerKey(customer), endpoint: EndpointKey(endpoint), closed, in_line, cursor }))
}

/// Looks at the next deliveries of the set, at most `max`, and puts those that failed in line. Returns how many were looked at.
pub async fn put_in_line(tx: &mut Tx, running: &Running, max: i64, now: Time) -> StoreResult<usize> {
    const NEXT: &str = set!();
    static REOPEN: SetStatement = SetStatement::new(
        "UPDATE deliveries AS d SET state = 'pending', canceled_because = NULL, finished_at_us = NULL, next_attempt_at_us = $1, failures = 0,
            lane = 1, trigger_kind = 'replay', actor = (SELECT r.actor FROM replays AS r WHERE r.id = $2), replay_id = $2
        FROM {rows} WHERE d.id = u.id AND d.state IN ('exhausted', 'canceled')",
        2,
        &[("id", "bigint")],
    );
    const ADVANCE: &str =
        "UPDATE replays SET replayed = replayed + $2, skipped = skipped + $3, cursor_us = $4, cursor_id = $5 WHERE id = $1";
    let Running { replay, endpoint, cursor, .. } = running;
    let ReplayWindow { since, until, kind, failed_as, .. } = replay.window;
    let rows: Vec<(i64, String, i64)> = on!(&mut *tx, c => sqlx::query_as(NEXT).bind(endpoint.0).bind(since.micros()).bind(until.micros())
        .bind(replay.asked_at.micros()).bind(kind.map(EventType::as_str)).bind(failed_as.map(FailedAs::as_str)).bind(cursor.0)
        .bind(cursor.1).bind(max).fetch_all(c).await)?;
    let Some((last_id, _, last_us)) = rows.last() else { return Ok(0) };
    // What somebody takes between this look and the update is on its way by itself, and skipped like the others.
    let keys = vec![Column::I64(rows.iter().map(|(id, ..)| *id).collect())];
    let replayed = i64::try_from(REOPEN.execute(tx, &[now.micros(), replay.key.0], keys).await?).unwrap_or(0);
    let skipped = i64::try_from(rows.len()).unwrap_or(0) - replayed;
    let done = on!(tx, c => sqlx::query(ADVANCE).bind(replay.key.0).bind(replayed).bind(skipped).bind(last_us).bind(last_id)
        .execute(c).await.map(|done| done.rows_affected()))?;
    ensure_rows("advancing a replay", done, 1)?;
    Ok(rows.len())
}

/// Whatever is not sent again was delivered, or went its own way, after the preview.
pub async fn complete(tx: &mut Tx, running: &Running, now: Time) -> StoreResult<()> {
    const COMPLETE: &str = "UPDATE replays SET state = 'completed', skipped = total - replayed, finished_at_us = $2 WHERE id = $1";
    let done = on!(tx, c => sqlx::query(COMPLETE).bind(running.replay.key.0).bind(now.micros()).execute(c).await
        .map(|done| done.rows_affected()))?;
    ensure_rows("completing a replay", done, 1)
}

/// Stops it, and cancels what is in line. What is being sent at this moment ends as it does.
pub async fn abort(tx: &mut Tx, running: &Running, because: AbortedBecause, by: Option<&str>, now: Time) -> StoreResult<()> {
    const ABORT: &str = "UPDATE replays SET state = 'aborted', aborted_because = $2, aborted_by = $3, finished_at_us = $4 WHERE id = $1";
    const CANCEL: &str = "UPDATE deliveries SET state = 'canceled', canceled_because = 'replay_aborted', finished_at_us = $2,
            next_attempt_at_us = NULL, failed_as = 'canceled', failed_at_us = $2, replay_id = NULL, trigger_kind = 'scheduled', actor = NULL
        WHERE replay_id = $1 AND state = 'pending' AND sender IS NULL";
    let key = running.replay.key.0;
    let done = on!(&mut *tx, c => sqlx::query(ABORT).bind(key).bind(because.as_str()).bind(by).bind(now.micros()).execute(c).await
        .map(|done| done.rows_affected()))?;
    ensure_rows("aborting a replay", done, 1)?;
    on!(tx, c => sqlx::query(CANCEL).bind(key).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Counts what came of attempts that replays asked for. Before they are recorded: until then their deliveries are in line.
pub async fn count(tx: &mut Tx, sender: i64, rows: &[&Recorded]) -> StoreResult<()> {
    static COUNT: SetStatement = SetStatement::new(
        "UPDATE replays AS r SET delivered = r.delivered + s.good, failed = r.failed + s.bad
        FROM (SELECT d.replay_id, CAST(SUM(u.ok) AS BIGINT) AS good, CAST(SUM(1 - u.ok) AS BIGINT) AS bad
            FROM {rows} JOIN deliveries AS d ON d.id = u.id
            WHERE d.replay_id IS NOT NULL AND d.sender = $1 AND d.attempts = u.n AND d.state = 'pending' GROUP BY d.replay_id) AS s
        WHERE r.id = s.replay_id",
        1,
        &[("id", "bigint"), ("n", "integer"), ("ok", "bigint")],
    );
    let columns = vec![
        Column::I64(rows.iter().map(|row| row.delivery.0).collect()),
        Column::I32(rows.iter().map(|row| row.attempt).collect()),
        Column::I64(rows.iter().map(|row| i64::from(row.class.is_success())).collect()),
    ];
    COUNT.execute(tx, &[sender], columns).await?;
    Ok(())
}
