//! A customer's ledger as operators see it, newest first: every transaction with its entries, who booked it and why.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customers::key_of;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::page::{List, PageParameters};
use crate::domain::credits::Credits;
use crate::domain::ledger::{AccountKind, PostedEntry, Transaction, TransactionKind};
use crate::domain::page::Seek;
use crate::domain::time::Time;
use crate::service::Listed;

/// A transaction. Its entries sum to zero.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LedgerTransaction)]
pub(super) struct LedgerTransactionView {
    /// Always `transaction`.
    #[schema(example = "transaction")]
    object: &'static str,
    id: String,
    #[schema(value_type = String)]
    kind: TransactionKind,
    batch_id: Option<String>,
    grant_id: Option<String>,
    /// The transaction that it undoes.
    reverses: Option<String>,
    /// How many credits moved.
    credits: i64,
    revenue_microusd: i64,
    /// Tasks of the batch that it settles.
    tasks: i64,
    actor: String,
    reason: Option<String>,
    entries: Vec<LedgerEntryView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub(super) struct LedgerEntryView {
    #[schema(value_type = String)]
    account: AccountKind,
    credits: i64,
    /// Of the customer's own accounts.
    balance_after: Option<i64>,
}

impl From<&PostedEntry> for LedgerEntryView {
    fn from(entry: &PostedEntry) -> Self {
        Self { account: entry.account, credits: entry.credits.get(), balance_after: entry.balance_after.map(Credits::get) }
    }
}

impl From<&Transaction> for LedgerTransactionView {
    fn from(transaction: &Transaction) -> Self {
        Self {
            object: "transaction",
            id: transaction.id.to_string(),
            kind: transaction.kind,
            batch_id: transaction.batch.map(|id| id.to_string()),
            grant_id: transaction.grant.map(|id| id.to_string()),
            reverses: transaction.reverses.map(|id| id.to_string()),
            credits: transaction.credits.get(),
            revenue_microusd: transaction.revenue.micros(),
            tasks: transaction.tasks,
            actor: transaction.actor.clone(),
            reason: transaction.reason.clone(),
            entries: transaction.entries.iter().map(LedgerEntryView::from).collect(),
            created_at: transaction.created_at,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerParameters {
    /// Only transactions of this kind.
    #[param(value_type = Option<String>, example = "purchase")]
    kind: Option<TransactionKind>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the ledger of a customer
///
/// The newest first. Entries of the customer's own accounts carry the balance after them.
#[utoipa::path(
    get, path = "/api/admin/customers/{id}/ledger", tag = "Customers", operation_id = "list_customer_ledger",
    params(("id" = String, Path, description = "Id of the customer."), LedgerParameters),
    responses((status = 200, description = "A page of the customer's ledger.", body = List<LedgerTransactionView>)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(asked): Parameters<LedgerParameters>,
) -> Result<Json<List<LedgerTransactionView>>, Problem> {
    let LedgerParameters { kind, limit, cursor } = asked;
    let page = PageParameters { limit, cursor };
    let seek = Seek::of(None, page.cursor()?, None);
    let customer = key_of(&api.service, &id).await?;
    let found = api.service.ledger_page(customer, kind, seek, page.size()?).await?;
    Ok(Json(List::of(Listed { rows: found.rows, has_more: found.has_older }, |row| row.id.to_string())))
}
