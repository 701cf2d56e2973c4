//! What the page of a customer shows: its books, and the rows of one of its sections.

use leptos::prelude::*;

use super::audit::AuditPage;
use crate::console::api::ConsoleError;
use crate::console::api::audit::AuditRow;
use crate::console::api::credit_form::language;
use crate::console::api::refusal::{not_found, refuse};
use crate::domain::access::Action;
use crate::domain::batch_list::Day;
use crate::domain::credits::Credits;
use crate::domain::grant::{Grant, GrantKind};
use crate::domain::id::{BatchId, CustomerId, GrantId, KeyId, TransactionId};
use crate::domain::key::Scopes;
use crate::domain::ledger::{AccountKind, Transaction, TransactionKind};
use crate::domain::money::Money;
use crate::domain::page::{PageSize, Seek};
use crate::domain::time::Time;
use crate::domain::word::words;
use crate::service::Service;

/// Where a customer's credits are, as one witness says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    pub available: Credits,
    pub held: Credits,
    pub spent: Credits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSummary {
    pub id: CustomerId,
    pub name: String,
    pub email: String,
    pub created_at: Time,
    pub batches: i64,
    pub granted: Credits,
    pub expired: Credits,
    /// By operators.
    pub taken_back: Credits,
    /// As accounts and batches say.
    pub books: Whereabouts,
    /// As grants say.
    pub grants: Whereabouts,
    pub grants_count: i64,
}

words! {
    /// Sections of a customer that have rows.
    CustomerPart {
        Grants = "grants",
        Ledger = "ledger",
        Keys = "keys",
        History = "history",
    }
}

/// The rows of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerRows {
    Grants(Vec<GrantRow>),
    Ledger(LedgerPage),
    Keys(KeysPage),
    History(AuditPage),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    pub id: GrantId,
    pub kind: GrantKind,
    pub credits: Credits,
    pub paid: Money,
    pub available: Credits,
    pub held: Credits,
    pub captured: Credits,
    pub expired: Credits,
    pub taken_back: Credits,
    pub expires_at: Option<Time>,
    pub created_at: Time,
    pub reason: Option<String>,
}

/// A page of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPage {
    pub rows: Vec<LedgerRow>,
    pub has_newer: bool,
    pub has_older: bool,
}

/// What a transaction did to a balance, and the balance after it.
pub type Change = Option<(Credits, Option<Credits>)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub available: Change,
    pub held: Change,
    pub batch: Option<BatchId>,
    pub grant: Option<GrantId>,
    pub reverses: Option<TransactionId>,
    pub tasks: i64,
    pub revenue: Money,
    pub actor: String,
    pub reason: Option<String>,
    pub created_at: Time,
}

/// Keys, and the days of the one that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysPage {
    pub rows: Vec<KeyRow>,
    pub open: Option<KeyDays>,
    /// Whether whoever looks may make and revoke keys.
    pub may_change: bool,
    pub now: Time,
}

/// Days on which a key was used: requests that were let through, and refused ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDays {
    pub key: KeyId,
    pub days: Vec<(Day, i64, i64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub id: KeyId,
    pub name: String,
    pub prefix: String,
    pub scopes: Scopes,
    /// Subnets; empty: from anywhere.
    pub allowed: String,
    pub expires_at: Option<Time>,
    pub requests_per_min_max: i64,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
    pub last_used_at: Option<Time>,
    /// In the last 30 days.
    pub requests: i64,
    pub refused: i64,
}

/// What came of a form that makes an API key, on the page that answers it. The secret is on this page and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeKey {
    pub secret: Option<String>,
    pub problem: Option<KeyProblem>,
    /// The fields as they were filled in, where they must be filled in again.
    pub typed: Vec<(String, String)>,
}

words! {
    /// Why a form made no key.
    KeyProblem {
        Name = "name",
        Scopes = "scopes",
        Expiry = "expiry",
        Allowed = "allowed",
        Rate = "rate",
        /// The same form made one before.
        MadeBefore = "made_before",
        NotAllowed = "not_allowed",
        Failed = "failed",
    }
}

/// What the form for a new key needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyForm {
    /// Makes a form that is sent twice one key.
    pub token: String,
    pub may_change: bool,
}

impl GrantRow {
    pub fn new(grant: &Grant, reason: Option<String>) -> Self {
        Self {
            id: grant.id,
            kind: grant.kind,
            credits: grant.credits,
            paid: grant.paid,
            available: grant.available,
            held: grant.held,
            captured: grant.captured,
            expired: grant.expired,
            taken_back: grant.withdrawn,
            expires_at: grant.expires_at,
            created_at: grant.created_at,
            reason,
        }
    }
}

impl From<Transaction> for LedgerRow {
    fn from(transaction: Transaction) -> Self {
        let change = |account| {
            let entry = transaction.entries.iter().find(|entry| entry.account == account)?;
            Some((entry.credits, entry.balance_after))
        };
        Self {
            id: transaction.id,
            kind: transaction.kind,
            available: change(AccountKind::Available),
            held: change(AccountKind::Held),
            batch: transaction.batch,
            grant: transaction.grant,
            reverses: transaction.reverses,
            tasks: transaction.tasks,
            revenue: transaction.revenue,
            actor: transaction.actor,
            reason: transaction.reason,
            created_at: transaction.created_at,
        }
    }
}

/// The id is taken as text: whatever stands in the address is either a customer or not found.
pub async fn read_customer(id: String) -> Result<CustomerSummary, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let books = service.customer_books(id).await.map_err(refuse)?;
    Ok(CustomerSummary {
        id,
        name: books.customer.name,
        email: books.customer.email,
        created_at: books.customer.created_at,
        batches: books.batches,
        granted: books.grants.granted,
        expired: books.grants.expired,
        taken_back: books.grants.withdrawn,
        books: Whereabouts { available: books.balances.available, held: books.balances.held, spent: books.charged },
        grants: Whereabouts { available: books.grants.available, held: books.grants.held, spent: books.grants.captured },
        grants_count: books.grants.grants,
    })
}

pub async fn read_customer_rows(
    id: String,
    part: CustomerPart,
    kind: Option<TransactionKind>,
    at: Option<TransactionId>,
    before: Option<TransactionId>,
    after: Option<TransactionId>,
    key: Option<KeyId>,
) -> Result<CustomerRows, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let customer = service.customer(id).await.map_err(refuse)?.key;
    match part {
        CustomerPart::Grants => {
            let grants = service.grants_with_reasons(customer).await.map_err(refuse)?;
            Ok(CustomerRows::Grants(grants.into_iter().map(|(grant, reason)| GrantRow::new(&grant, reason)).collect()))
        }
        CustomerPart::Ledger => {
            let seek = Seek::of(at, before, after);
            let page = service.ledger_page(customer, kind, seek, PageSize::default()).await.map_err(refuse)?;
            let rows = page.rows.into_iter().map(LedgerRow::from).collect();
            Ok(CustomerRows::Ledger(LedgerPage { rows, has_newer: page.has_newer, has_older: page.has_older }))
        }
        CustomerPart::Keys => {
            let row = |key: crate::service::keys::ListedKey| KeyRow {
                id: key.id,
                name: key.name,
                prefix: key.prefix,
                scopes: key.terms.scopes,
                allowed: key.terms.allowed.to_string(),
                expires_at: key.terms.expires_at,
                requests_per_min_max: key.terms.requests_per_min_max,
                created_at: key.created_at,
                revoked_at: key.revoked_at,
                last_used_at: key.last_used_at,
                requests: key.requests,
                refused: key.refused,
            };
            let open = match key {
                Some(id) => {
                    let days = service.key_usage(customer, id).await.map_err(refuse)?;
                    Some(KeyDays { key: id, days: days.into_iter().map(|day| (day.day, day.requests, day.refused)).collect() })
                }
                None => None,
            };
            Ok(CustomerRows::Keys(KeysPage {
                rows: service.keys(customer).await.map_err(refuse)?.into_iter().map(row).collect(),
                open,
                may_change: service.may_prepare(Action::ChangeKeys).is_ok(),
                now: service.now(),
            }))
        }
        CustomerPart::History => {
            let entries = service.history_of_customer(customer).await.map_err(refuse)?;
            let rows = entries.into_iter().map(|entry| {
                let changes = crate::service::audit::changes(&entry);
                AuditRow::new(entry, changes)
            });
            let rows: Vec<AuditRow> = rows.collect();
            let has_older = rows.len() >= crate::service::audit::HISTORY_MAX;
            Ok(CustomerRows::History(AuditPage { rows, has_newer: false, has_older, now: service.now() }))
        }
    }
}

pub async fn read_key_form(id: String) -> Result<KeyForm, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    service.customer(id).await.map_err(refuse)?;
    Ok(KeyForm { token: service.new_token(), may_change: service.may_prepare(Action::ChangeKeys).is_ok() })
}

/// Sent by a plain form, so that it works before and without WASM; leads back to the keys.
#[server(prefix = "/admin/data", endpoint = "revoke_key")]
pub async fn revoke_key(customer: String, key: String) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let customer: CustomerId = customer.parse().map_err(|_| not_found())?;
    service.revoke_key(key.parse().map_err(|_| not_found())?).await.map_err(refuse)?;
    leptos_axum::redirect(&format!("/admin/customers/{customer}?tab=keys{}", language()));
    Ok(())
}
