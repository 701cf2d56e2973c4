//! What travels to the page of a batch, and how it is made from the records of the domain.

use serde::{Deserialize, Serialize};

use crate::domain::batch::{Batch, BatchCredits, BatchStatus, Counts};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::grant::GrantKind;
use crate::domain::id::{BatchId, CustomerId, EventId, GrantId, TransactionId};
use crate::domain::ledger::{AccountKind, Transaction, TransactionKind};
use crate::domain::money::Money;
use crate::domain::time::Time;

/// Everything above the tabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSummary {
    pub id: BatchId,
    pub status: BatchStatus,
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub api_key_prefix: Option<String>,
    pub idempotency_key: String,
    pub metadata: Option<String>,
    pub models: Vec<OrderedModel>,
    pub counts: Counts,
    pub credits: BatchCredits,
    /// The same three sums from the grants that the hold drew on: other rows, so that the page can compare.
    pub drawn: DrawnCredits,
    pub revenue: Money,
    pub cost_succeeded: Money,
    pub cost_failed: Money,
    pub profit: Money,
    pub failures: Vec<FailureRow>,
    pub created_at: Time,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
    /// When this was true, by the server's clock.
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedModel {
    pub model: String,
    pub tasks: i64,
    pub credits: Credits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnCredits {
    pub held: Credits,
    pub captured: Credits,
    pub released: Credits,
}

/// Failures of one type and party. No tasks where only attempts that were repeated ended so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    pub failure: FailureType,
    pub party: Party,
    pub tasks: i64,
    pub refunded: Credits,
    pub cost: Money,
}

/// The ledger of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingPage {
    pub credits: BatchCredits,
    pub revenue: Money,
    /// Oldest first, at most a page of them.
    pub transactions: Vec<TransactionRow>,
    pub has_more: bool,
    pub draws: Vec<DrawRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    pub account: AccountKind,
    pub credits: Credits,
    pub balance_after: Option<Credits>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawRow {
    pub grant: GrantId,
    pub kind: GrantKind,
    pub credits: Credits,
    pub captured: Credits,
    pub released: Credits,
}

/// What was written for the customer's webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhooksPage {
    pub url: Option<String>,
    pub events: Vec<EventRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    pub id: EventId,
    pub kind: String,
    pub payload: String,
    pub created_at: Time,
}

impl BatchSummary {
    /// Models and failures are filled in by the caller.
    pub fn new(batch: Batch, drawn: DrawnCredits, now: Time) -> Self {
        Self {
            id: batch.id,
            status: batch.status(),
            customer_id: batch.customer_id,
            counts: batch.counts,
            credits: batch.credits,
            drawn,
            revenue: batch.revenue,
            cost_succeeded: batch.cost_succeeded,
            cost_failed: batch.cost_failed,
            profit: batch.profit(),
            created_at: batch.created_at,
            started_at: batch.state.started_at(),
            finished_at: batch.state.finished_at(),
            now,
            models: Vec::new(),
            failures: Vec::new(),
            metadata: (batch.metadata.trim() != "{}").then_some(batch.metadata),
            customer_name: batch.customer_name,
            api_key_prefix: batch.api_key_prefix,
            idempotency_key: batch.idempotency_key,
        }
    }

    /// Whether what the batch says of its credits is what its grants say.
    pub fn books_agree(&self) -> bool {
        let said = DrawnCredits { held: self.credits.held, captured: self.credits.charged, released: self.credits.refunded };
        said == self.drawn
    }
}

impl From<Transaction> for TransactionRow {
    fn from(transaction: Transaction) -> Self {
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
            entries: transaction
                .entries
                .into_iter()
                .map(|entry| EntryRow { account: entry.account, credits: entry.credits, balance_after: entry.balance_after })
                .collect(),
        }
    }
}
