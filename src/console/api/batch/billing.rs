//! The ledger of a batch: a page of transactions, the lines of one of them, and the grants that the hold drew on.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::console::query::{BillingQuery, Place};
use crate::domain::billing::{BatchPosition, KindSum};
use crate::domain::credits::Credits;
use crate::domain::grant::GrantKind;
use crate::domain::id::{BatchId, GrantId, TransactionId};
use crate::domain::ledger::{AccountKind, LineKind, TransactionKind};
use crate::domain::money::Money;
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::service::Service;
use crate::service::billing::From;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingPage {
    /// Over all transactions of the batch.
    pub sums: Vec<KindSum>,
    /// Oldest first.
    pub rows: Vec<TransactionRow>,
    pub has_before: bool,
    pub has_after: bool,
    pub draws: Vec<DrawRow>,
    /// Of the transaction that is open.
    pub lines: Option<LinesPage>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRow {
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub reverses: Option<TransactionId>,
    pub credits: Credits,
    pub revenue: Money,
    pub tasks: i64,
    pub actor: String,
    pub reason: Option<String>,
    pub created_at: Time,
    pub entries: Vec<EntryRow>,
    /// Where the batch stood after it.
    pub position: Option<BatchPosition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    pub account: AccountKind,
    pub credits: Credits,
    pub balance_after: Option<Credits>,
}

/// Lines of one transaction, by task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinesPage {
    pub transaction: TransactionId,
    pub rows: Vec<(i32, LineKind, Credits, Money)>,
    /// After which task the next lines are.
    pub next: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawRow {
    pub grant: GrantId,
    pub kind: GrantKind,
    pub credits: Credits,
    pub captured: Credits,
    pub released: Credits,
    /// All credits of the grant, and what was paid for all of them.
    pub granted: Credits,
    pub paid: Money,
    pub expires_at: Option<Time>,
}

pub async fn read_billing(id: BatchId, query: BillingQuery) -> Result<BillingPage, ConsoleError> {
    /// Transactions in one page, and lines of the one that is open.
    const ROWS: [i64; 2] = [25, 50];

    let [size, lines_size] = ROWS.map(|rows| PageSize::new(rows).unwrap_or_default());
    let service = expect_context::<Service>();
    let from = match query.place {
        Place::First => From::First,
        Place::At(id) => From::At(id),
        Place::After(id) => From::After(id),
        Place::Before(id) => From::Before(id),
    };
    let page = service.billing(id, query.booking, from, size).await.map_err(refuse)?;
    let draws = service.draws(id).await.map_err(refuse)?;
    let lines = match query.lines {
        None => None,
        Some(transaction) => {
            let listed = service.transaction_lines(id, transaction, query.line, lines_size).await.map_err(refuse)?;
            let next = if listed.has_more { listed.rows.last().map(|line| line.task_number) } else { None };
            let rows = listed.rows.into_iter().map(|line| (line.task_number, line.kind, line.credits, line.revenue)).collect();
            Some(LinesPage { transaction, rows, next })
        }
    };
    Ok(BillingPage {
        sums: page.sums,
        rows: page.rows.into_iter().map(|(transaction, position)| TransactionRow::new(transaction, position)).collect(),
        has_before: page.has_before,
        has_after: page.has_after,
        draws: draws
            .into_iter()
            .map(|d| DrawRow {
                grant: d.grant,
                kind: d.kind,
                credits: d.credits,
                captured: d.captured,
                released: d.released,
                granted: d.granted,
                paid: d.paid,
                expires_at: d.expires_at,
            })
            .collect(),
        lines,
    })
}

impl TransactionRow {
    pub fn new(transaction: crate::domain::ledger::Transaction, position: Option<BatchPosition>) -> Self {
        let entry = |entry: crate::domain::ledger::PostedEntry| EntryRow {
            account: entry.account,
            credits: entry.credits,
            balance_after: entry.balance_after,
        };
        Self {
            id: transaction.id,
            kind: transaction.kind,
            reverses: transaction.reverses,
            credits: transaction.credits,
            revenue: transaction.revenue,
            tasks: transaction.tasks,
            actor: transaction.actor,
            reason: transaction.reason,
            created_at: transaction.created_at,
            entries: transaction.entries.into_iter().map(entry).collect(),
            position,
        }
    }
}
