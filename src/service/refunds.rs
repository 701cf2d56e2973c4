//! Refunds after capture: an operator gives the credits of charged tasks back, by transactions that name the ones they reverse.
//! At most once per task: the ledger has one reversing line for each. A refund before capture is a release (`settle.rs`).
//!
//! Credits go back to the grants that the batch consumed last, so that what stays charged is the front of its draws, as if
//! the tasks had failed. Revenue follows the grants to the micro-dollar; where rounding would take a batch below zero, its own
//! sum stops at zero and the transaction carries the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::batch::{BatchCredits, BatchHead};
use crate::domain::credits::Credits;
use crate::domain::grant::Grant;
use crate::domain::hold::{self, Draw};
use crate::domain::id::{BatchId, BatchKey, GrantKey, TaskKey, TransactionId, TransactionKey};
use crate::domain::ledger::{Balances, LineKind, Posting, TransactionKind};
use crate::domain::money::Money;
use crate::domain::numbers::TaskNumbers;
use crate::domain::webhook::EventType;
use crate::store::ledger::{Captured, NewLine, NewTransaction};
use crate::store::{StoreError, StoreResult, Tx, accounts, batches, events, grants, holds, ledger};

use super::audit::Note;
use super::events::RefundNews;
use super::once::{Once, answered, check_reason};
use super::{Reader, Service, ServiceError, ServiceResult};

/// What a refund did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub batch: BatchId,
    /// As [`TaskNumbers`] says them.
    pub tasks: String,
    pub count: i64,
    pub credits: Credits,
    /// What can be spent, before and after.
    pub available_before: Credits,
    pub available_after: Credits,
    /// The reversing transactions; none yet in a preview.
    pub transactions: Vec<TransactionId>,
}

/// Why tasks cannot be refunded: which of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRefundable {
    #[error("Only charged tasks can be refunded; these are not charged: {}. Nothing was refunded.", named(.0))]
    NotCharged(Vec<i32>),
    #[error("A task is refunded once; these were refunded already: {}. Nothing was refunded.", named(.0))]
    AlreadyRefunded(Vec<i32>),
}

/// Numbers that a refusal names at most.
const NAMED_MAX: usize = 5;

impl Service {
    /// Refuses what [`Service::refund_tasks`] would refuse now, and says what it would do.
    pub async fn preview_refund(&self, id: BatchId, tasks: &TaskNumbers) -> ServiceResult<Refund> {
        self.may_prepare(Action::ChangeCredits)?;
        let mut tx = self.db().read().await?;
        let batch = batches::by_id(&mut tx, None, id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let captures = refundable(&mut tx, batch.key, tasks).await?;
        let before = accounts::balances(&mut tx, batch.customer).await?;
        refund(id, tasks, &captures, before, Vec::new()).map_err(ServiceError::from)
    }

    /// Gives the credits of charged tasks back: all of these tasks, or none.
    pub async fn refund_tasks(&self, id: BatchId, tasks: &TaskNumbers, reason: &str, once: Once<'_>) -> ServiceResult<Refund> {
        self.may(Action::ChangeCredits)?;
        check_reason(Some(reason))?;
        let now = self.now();
        let mut tx = self.db().write().await?;
        if let Some(done) = self.once(&mut tx, once, &(id, tasks.to_string(), reason)).await? {
            return Ok(done);
        }
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        let mut holds = holds::lock(&mut tx, &[key]).await?;
        let mut heads = batches::acquire(&mut tx, &holds).await?;
        let head = heads.first_mut().ok_or(ServiceError::NotFound { what: "batch" })?;
        let captures = refundable(&mut tx, key, tasks).await?;
        let of_batch = holds.of(key)?;
        let mut sources: Vec<GrantKey> = of_batch.iter().filter(|draw| !draw.captured.is_zero()).map(|draw| draw.grant).collect();
        sources.sort_unstable();
        sources.dedup();
        let mut locked = grants::lock(&mut tx, &sources).await?;
        let reversals = reverse(head, &captures, of_batch, &mut locked)?;
        holds.save(&mut tx).await?;
        grants::save(&mut tx, &locked).await?;
        let customer = head.customer;
        let before = accounts::balances(&mut tx, customer).await?;
        let transactions = self.post_reversals(&mut tx, head, reversals, reason).await?;
        let done = refund(id, tasks, &captures, before, transactions)?;
        let event = self.batch_event(EventType::BatchRefunded, head, vec![RefundNews::operator(done.count, done.credits)]);
        events::insert(&mut tx, &[event], now).await?;
        let after = json!({"tasks": tasks.to_string(), "credits": done.credits, "transactions": done.transactions});
        let note = Note::new(Deed::TasksRefunded, ObjectKind::Batch, id).of(customer).after(after);
        self.note(&mut tx, note.because(Some(reason))).await?;
        answered(&mut tx, once, &done).await?;
        batches::save(&mut tx, &heads).await?;
        tx.commit().await?;
        Ok(done)
    }

    async fn post_reversals(
        &self,
        tx: &mut Tx,
        head: &BatchHead,
        reversals: Vec<Reversal>,
        reason: &str,
    ) -> StoreResult<Vec<TransactionId>> {
        let now = self.now();
        let mut transactions = Vec::with_capacity(reversals.len());
        for reversal in &reversals {
            transactions.push(NewTransaction {
                id: TransactionId::new(now, self.random()),
                posting: Posting::new(TransactionKind::Capture, reversal.credits)?.reversed(reversal.credits)?,
                customer: head.customer,
                batch: Some(head.key),
                grant: None,
                reverses: Some(reversal.capture),
                revenue: Money::ZERO.checked_sub(reversal.revenue)?,
                tasks: i64::try_from(reversal.lines.len()).unwrap_or(i64::MAX),
                actor: self.by().to_string(),
                reason: Some(reason.to_owned()),
            });
        }
        let keys = ledger::post(tx, &transactions, now).await?;
        let lines: Vec<NewLine> = reversals
            .into_iter()
            .zip(keys)
            .flat_map(|(reversal, transaction)| reversal.lines.into_iter().map(move |line| NewLine { transaction, ..line }))
            .collect();
        ledger::insert_lines(tx, &lines).await?;
        Ok(transactions.into_iter().map(|transaction| transaction.id).collect())
    }
}

/// What one transaction undoes of the capture that it names.
struct Reversal {
    capture: TransactionKey,
    credits: Credits,
    /// Taken from the grants' worth; zero or more.
    revenue: Money,
    lines: Vec<NewLine>,
}

/// Moves the credits back in draws, grants and batch.
fn reverse(head: &mut BatchHead, captures: &[Captured], draws: &mut [Draw], grants: &mut [Grant]) -> StoreResult<Vec<Reversal>> {
    let mut reversals: BTreeMap<TransactionKey, Reversal> = BTreeMap::new();
    let (mut charged, mut refunded) = (head.credits.charged, head.credits.refunded);
    for captured in captures {
        let revenue = hold::reverse(draws, grants, captured.credits)?;
        let of_batch = revenue.min(head.revenue);
        head.revenue = head.revenue.checked_sub(of_batch)?;
        charged = charged.checked_sub(captured.credits)?;
        refunded = refunded.checked_add(captured.credits)?;
        let none = || Reversal { capture: captured.transaction, credits: Credits::ZERO, revenue: Money::ZERO, lines: Vec::new() };
        let reversal = reversals.entry(captured.transaction).or_insert_with(none);
        reversal.credits = reversal.credits.checked_add(captured.credits)?;
        reversal.revenue = reversal.revenue.checked_add(revenue)?;
        reversal.lines.push(NewLine {
            task: TaskKey { batch: head.key, number: captured.number },
            // Known after it is posted.
            transaction: TransactionKey(0),
            kind: LineKind::Reverse,
            credits: captured.credits,
            revenue: Money::ZERO.checked_sub(of_batch)?,
        });
    }
    head.credits = BatchCredits::new(head.credits.held, charged, refunded)
        .ok_or_else(|| StoreError::inconsistent("batches", format!("{} would refund more than it charged", head.id)))?;
    Ok(reversals.into_values().collect())
}

/// The captures of all these tasks; refuses when one of them was not charged, or was refunded already.
async fn refundable(tx: &mut Tx, batch: BatchKey, tasks: &TaskNumbers) -> ServiceResult<Vec<Captured>> {
    let keys: Vec<TaskKey> = tasks.iter().map(|number| TaskKey { batch, number }).collect();
    let captures = ledger::captures(tx, &keys).await?;
    let refunded: Vec<i32> = captures.iter().filter(|captured| captured.reversed).map(|captured| captured.number).collect();
    let uncharged: Vec<i32> =
        tasks.iter().filter(|number| captures.binary_search_by_key(number, |captured| captured.number).is_err()).collect();
    match (uncharged.is_empty(), refunded.is_empty()) {
        (true, true) => Ok(captures),
        (false, _) => Err(NotRefundable::NotCharged(uncharged).into()),
        (true, false) => Err(NotRefundable::AlreadyRefunded(refunded).into()),
    }
}

/// `3, 7, 8, 9, 12, and 3 more`.
pub fn named(numbers: &[i32]) -> String {
    let mut named: Vec<String> = numbers.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    if numbers.len() > NAMED_MAX {
        named.push(format!("and {} more", numbers.len() - NAMED_MAX));
    }
    named.join(", ")
}

fn refund(
    batch: BatchId,
    tasks: &TaskNumbers,
    captures: &[Captured],
    before: Balances,
    transactions: Vec<TransactionId>,
) -> StoreResult<Refund> {
    let credits = Credits::checked_sum(captures.iter().map(|captured| captured.credits))?;
    Ok(Refund {
        batch,
        tasks: tasks.to_string(),
        count: i64::try_from(captures.len()).unwrap_or(i64::MAX),
        credits,
        available_before: before.available,
        available_after: before.available.checked_add(credits)?,
        transactions,
    })
}
