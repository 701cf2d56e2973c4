//! The money of a settlement: captures and releases, from the hold's draws to the ledger's lines.

use std::collections::BTreeMap;

use crate::domain::batch::{BatchCredits, BatchHead};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::grant::Grant;
use crate::domain::hold::{self, Draw};
use crate::domain::id::{BatchKey, CustomerKey, ModelKey, TaskKey, TransactionId, TransactionKey};
use crate::domain::ledger::{LineKind, Posting, TransactionKind};
use crate::domain::money::Money;
use crate::domain::task::TaskStatus;
use crate::store::ledger::{NewLine, NewTransaction};
use crate::store::tallies::TaskEnd;
use crate::store::tasks::Stepped;
use crate::store::{StoreError, StoreResult, Tx, grants, ledger};

use super::Group;

/// A task that ends in this group.
pub(super) struct Finished {
    pub task: TaskKey,
    pub credits: Credits,
    pub model: ModelKey,
    pub status: TaskStatus,
    pub failure: Option<(FailureType, Party)>,
}

impl Finished {
    /// A success, until something else is said.
    pub fn of(row: Stepped) -> Self {
        Self { task: row.task, credits: row.price, model: row.model, status: TaskStatus::Succeeded, failure: None }
    }

    pub fn end(&self) -> TaskEnd {
        TaskEnd { task: self.task, model: self.model, status: self.status, failure: self.failure }
    }
}

impl Group<'_> {
    /// Captures and releases: holds, grants, accounts, transactions, lines, and the sums on the batches.
    pub(super) async fn move_money(&mut self, tx: &mut Tx) -> StoreResult<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let mut by_batch: BTreeMap<BatchKey, Vec<Finished>> = BTreeMap::new();
        for line in std::mem::take(&mut self.lines) {
            by_batch.entry(line.task.batch).or_default().push(line);
        }
        let mut locked = grants::lock(tx, &self.holds.open_grants()).await?;
        let mut transactions = Vec::new();
        let mut lines = Vec::new();
        for (batch, finished) in by_batch {
            let (captured, released): (Vec<_>, Vec<_>) = finished.into_iter().partition(|line| line.status == TaskStatus::Succeeded);
            for (kind, tasks) in [(TransactionKind::Capture, captured), (TransactionKind::Release, released)] {
                if tasks.is_empty() {
                    continue;
                }
                let booked = book(kind, &tasks, self.holds.of(batch)?, &mut locked)?;
                let head = self.head_mut(batch)?;
                add_to_head(head, kind, &booked)?;
                let transaction = self.transaction(self.customer_of(batch)?, batch, kind, &booked)?;
                lines.push((transactions.len(), booked.lines));
                transactions.push(transaction);
            }
        }
        self.holds.save(tx).await?;
        grants::save(tx, &locked).await?;
        let keys = ledger::post(tx, &transactions, self.now).await?;
        let lines: Vec<NewLine> = lines
            .into_iter()
            .flat_map(|(index, lines)| {
                let transaction = keys[index];
                lines.into_iter().map(move |line| NewLine { transaction, ..line })
            })
            .collect();
        ledger::insert_lines(tx, &lines).await
    }

    fn customer_of(&self, batch: BatchKey) -> StoreResult<CustomerKey> {
        self.head(batch).map(|head| head.customer).ok_or_else(|| StoreError::inconsistent("batches", "a batch went away"))
    }

    fn transaction(&self, customer: CustomerKey, batch: BatchKey, kind: TransactionKind, booked: &Booked) -> StoreResult<NewTransaction> {
        Ok(NewTransaction {
            id: TransactionId::new(self.now, self.service.random()),
            posting: Posting::new(kind, booked.credits)?,
            customer,
            batch: Some(batch),
            grant: None,
            reverses: None,
            revenue: booked.revenue,
            tasks: i64::try_from(booked.lines.len()).unwrap_or(0),
            actor: "settlement".to_owned(),
            reason: None,
        })
    }
}

/// Captured or released tasks of one batch, as they go into one transaction.
struct Booked {
    credits: Credits,
    revenue: Money,
    lines: Vec<NewLine>,
}

fn book(kind: TransactionKind, tasks: &[Finished], draws: &mut [Draw], grants: &mut [Grant]) -> StoreResult<Booked> {
    let mut booked = Booked { credits: Credits::ZERO, revenue: Money::ZERO, lines: Vec::with_capacity(tasks.len()) };
    for finished in tasks {
        let (line, revenue) = if kind == TransactionKind::Capture {
            (LineKind::Capture, hold::capture(draws, grants, finished.credits)?)
        } else {
            hold::release(draws, grants, finished.credits)?;
            (LineKind::Release, Money::ZERO)
        };
        booked.credits = booked.credits.checked_add(finished.credits)?;
        booked.revenue = booked.revenue.checked_add(revenue)?;
        // The transaction's key is known after it is posted.
        let transaction = TransactionKey(0);
        booked.lines.push(NewLine { task: finished.task, transaction, kind: line, credits: finished.credits, revenue });
    }
    Ok(booked)
}

fn add_to_head(head: &mut BatchHead, kind: TransactionKind, booked: &Booked) -> StoreResult<()> {
    let (mut charged, mut refunded) = (head.credits.charged, head.credits.refunded);
    if kind == TransactionKind::Capture {
        charged = charged.checked_add(booked.credits)?;
        head.revenue = head.revenue.checked_add(booked.revenue)?;
    } else {
        refunded = refunded.checked_add(booked.credits)?;
    }
    head.credits = BatchCredits::new(head.credits.held, charged, refunded)
        .ok_or_else(|| StoreError::inconsistent("batches", format!("{} would charge and refund more than it holds", head.id)))?;
    Ok(())
}
