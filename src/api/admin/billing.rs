//! What a batch made and where each credit went: `held` = `charged` + `refunded` + `open`, by failure, by grant, by transaction.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::batches::MoneyView;
use crate::api::door::Signed;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::api::v1::page::PageParameters;
use crate::domain::batch::{BatchCredits, FailureSum, PricedModel};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureGroup, FailureType, Party};
use crate::domain::grant::GrantKind;
use crate::domain::ledger::{AccountKind, PostedEntry, Transaction, TransactionKind};
use crate::domain::time::Time;
use crate::service::Reader;
use crate::service::billing::From as Place;
use crate::service::ledger::DrawnGrant;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct BillingView {
    object: &'static str,
    batch_id: String,
    money: MoneyView,
    #[schema(value_type = Object)]
    credits: BatchCredits,
    models: Vec<ModelView>,
    failures: Vec<FailureView>,
    /// Grants that the hold drew on, in the order in which captures consume them.
    grants: Vec<DrawView>,
    /// A page of them, oldest first.
    transactions: Vec<OperatorTransactionView>,
    has_more_transactions: bool,
    /// Send it as `cursor` to get the next transactions; `null` on the last page.
    next_cursor: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct ModelView {
    model: String,
    credits_per_task: i64,
    tasks: i64,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct FailureView {
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    group: FailureGroup,
    #[schema(value_type = String)]
    code: FailureType,
    #[schema(value_type = String)]
    responsible_party: Party,
    /// Zero where only attempts that were repeated ended so.
    tasks: i64,
    refunded: i64,
    cost_microusd: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct DrawView {
    grant_id: String,
    #[schema(value_type = String)]
    kind: GrantKind,
    drawn: i64,
    captured: i64,
    released: i64,
    /// All credits of the grant, and what was paid for all of them.
    granted: i64,
    paid_microusd: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct OperatorTransactionView {
    id: String,
    #[schema(value_type = String)]
    kind: TransactionKind,
    credits: i64,
    revenue_microusd: i64,
    tasks: i64,
    reverses: Option<String>,
    actor: String,
    reason: Option<String>,
    entries: Vec<EntryView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct EntryView {
    #[schema(value_type = String)]
    account: AccountKind,
    credits: i64,
    balance_after: Option<i64>,
}

impl From<PricedModel> for ModelView {
    fn from(priced: PricedModel) -> Self {
        Self { model: priced.model, credits_per_task: priced.credits.get(), tasks: priced.tasks }
    }
}

impl From<FailureSum> for FailureView {
    fn from(sum: FailureSum) -> Self {
        let FailureSum { failure, party, tasks, refunded, cost } = sum;
        let (refunded, cost_microusd) = (refunded.get(), cost.micros());
        Self { group: failure.group(), code: failure, responsible_party: party, tasks, refunded, cost_microusd }
    }
}

impl From<DrawnGrant> for DrawView {
    fn from(draw: DrawnGrant) -> Self {
        let (captured, released) = (draw.captured.get(), draw.released.get());
        Self {
            grant_id: draw.grant.to_string(),
            kind: draw.kind,
            drawn: draw.credits.get(),
            captured,
            released,
            granted: draw.granted.get(),
            paid_microusd: draw.paid.micros(),
            expires_at: draw.expires_at,
        }
    }
}

impl From<Transaction> for OperatorTransactionView {
    fn from(transaction: Transaction) -> Self {
        let entry = |entry: PostedEntry| EntryView {
            account: entry.account,
            credits: entry.credits.get(),
            balance_after: entry.balance_after.map(Credits::get),
        };
        Self {
            id: transaction.id.to_string(),
            kind: transaction.kind,
            credits: transaction.credits.get(),
            revenue_microusd: transaction.revenue.micros(),
            tasks: transaction.tasks,
            reverses: transaction.reverses.map(|id| id.to_string()),
            actor: transaction.actor,
            reason: transaction.reason,
            entries: transaction.entries.into_iter().map(entry).collect(),
            created_at: transaction.created_at,
        }
    }
}

pub(super) async fn show(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<BillingView>, Problem> {
    let id = batch_id(&id)?;
    let service = &api.service;
    let batch = service.batch(Reader::Operator, id).await?;
    let models = service.priced_models(id).await?;
    let failures = service.failures(id).await?;
    let grants = service.draws(id).await?;
    let from = page.cursor()?.map_or(Place::First, Place::After);
    let transactions = service.billing(id, None, from, page.size()?).await?;
    let next = transactions.rows.last().filter(|_| transactions.has_after);
    Ok(Json(BillingView {
        object: "batch_billing",
        batch_id: id.to_string(),
        money: MoneyView::from(&batch),
        credits: batch.credits,
        models: models.into_iter().map(ModelView::from).collect(),
        failures: failures.into_iter().map(FailureView::from).collect(),
        grants: grants.into_iter().map(DrawView::from).collect(),
        has_more_transactions: transactions.has_after,
        next_cursor: next.map(|(transaction, _)| transaction.id.to_string()),
        transactions: transactions.rows.into_iter().map(|(transaction, _)| transaction.into()).collect(),
    }))
}
