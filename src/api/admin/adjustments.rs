//! Operators change what a customer can spend. `dry_run=true` answers what would be written; without it an `Idempotency-Key` is
//! required, and a repeated request is answered as the first one was.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customers::customer_id;
use crate::api::Api;
use crate::api::body::{JsonText, unparsed};
use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::credits::grant_kinds;
use crate::api::v1::idempotency::key;
use crate::domain::credits::Credits;
use crate::domain::grant::{GrantKind, NewGrant};
use crate::domain::ledger::{AccountKind, Balances};
use crate::domain::money::Money;
use crate::domain::time::Time;
use crate::service::adjustments::{Changed, CreditChange, Once, Preview};

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCustomerGrant {
    #[schema(schema_with = grant_kinds)]
    kind: GrantKind,
    /// More than zero.
    credits: i64,
    /// Dollars as text, like `2000` or `49.90`; a purchase has it, nothing else does.
    paid_usd: Option<String>,
    /// Not of a purchase: paid credits never expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// Why: kept in the books.
    reason: String,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAdjustment {
    /// Added, or with a minus taken back: never more than can be spent, and never what is held.
    credits: i64,
    /// Why: kept in the books.
    reason: String,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DryRun {
    /// Answer what would be done, and do nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditChange)]
pub(super) struct CreditChangeView {
    /// Always `credit_change`.
    #[schema(example = "credit_change")]
    object: &'static str,
    customer_id: String,
    /// Nothing was changed yet: this request waits for a second operator.
    credit_request_id: Option<String>,
    grant_id: Option<String>,
    transactions: Vec<String>,
    /// What can be spent now.
    available: i64,
    held: i64,
}

/// What would be done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditChangePreview)]
pub(super) struct PreviewView {
    /// Always `credit_change_preview`.
    #[schema(example = "credit_change_preview")]
    object: &'static str,
    before: BalancesView,
    after: BalancesView,
    entries: Vec<PreviewEntryView>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Balances)]
pub(super) struct BalancesView {
    available: i64,
    held: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PreviewEntry)]
pub(super) struct PreviewEntryView {
    /// Number of its transaction, from 1.
    transaction: i64,
    grant_id: Option<String>,
    #[schema(value_type = String)]
    account: AccountKind,
    credits: i64,
    balance_after: Option<i64>,
}

impl From<Balances> for BalancesView {
    fn from(balances: Balances) -> Self {
        Self { available: balances.available.get(), held: balances.held.get() }
    }
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        let entries = preview.entries.into_iter().map(|entry| PreviewEntryView {
            transaction: entry.transaction,
            grant_id: entry.grant.map(|(id, _)| id.to_string()),
            account: entry.account,
            credits: entry.credits.get(),
            balance_after: entry.balance_after.map(Credits::get),
        });
        Self { object: "credit_change_preview", before: preview.before.into(), after: preview.after.into(), entries: entries.collect() }
    }
}

/// Add credits
#[utoipa::path(
    post, path = "/api/admin/customers/{id}/grants", tag = "Customers", operation_id = "add_customer_grant",
    params(("id" = String, Path, description = "Id of the customer."), DryRun), request_body = NewCustomerGrant,
    responses(
        (status = 200, description = "What would be written (`dry_run=true`).", body = PreviewView),
        (status = 201, description = "The grant is made.", body = CreditChangeView),
        (status = 202, description = "It waits for a second operator.", body = CreditChangeView),
    ),
)]
pub(super) async fn grant(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(DryRun { dry_run }): Parameters<DryRun>,
    headers: HeaderMap,
    body: JsonText,
) -> Result<Response, Problem> {
    let asked: NewCustomerGrant = serde_json::from_str(body.as_str()?).map_err(|error| unparsed(&error))?;
    let paid = asked.paid_usd.as_deref().map_or(Ok(Money::ZERO), Money::parse_dollars);
    let paid = paid.map_err(|error| Problem::new(Code::InvalidRequest, format!("paid_usd: {error}.")))?;
    let NewCustomerGrant { kind, credits, expires_at, reason, .. } = asked;
    let grant = NewGrant { kind, credits: Credits::new(credits), paid, expires_at, reason: Some(reason) };
    answer(&api, &id, CreditChange::Add(grant), dry_run, &headers).await
}

/// Adjust credits
///
/// Adds them as an adjustment, or takes them back from what can be spent, in the order in which it is spent.
#[utoipa::path(
    post, path = "/api/admin/customers/{id}/adjustments", tag = "Customers", operation_id = "adjust_customer_credits",
    params(("id" = String, Path, description = "Id of the customer."), DryRun), request_body = NewAdjustment,
    responses(
        (status = 200, description = "What would be written (`dry_run=true`).", body = PreviewView),
        (status = 201, description = "The credits are added or taken back.", body = CreditChangeView),
        (status = 202, description = "It waits for a second operator.", body = CreditChangeView),
    ),
)]
pub(super) async fn adjust(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(DryRun { dry_run }): Parameters<DryRun>,
    headers: HeaderMap,
    body: JsonText,
) -> Result<Response, Problem> {
    let NewAdjustment { credits, reason } = serde_json::from_str(body.as_str()?).map_err(|error| unparsed(&error))?;
    let change = if credits < 0 {
        CreditChange::TakeBack { credits: Credits::new(credits.saturating_neg()), reason }
    } else {
        let kind = GrantKind::Adjustment;
        CreditChange::Add(NewGrant { kind, credits: Credits::new(credits), paid: Money::ZERO, expires_at: None, reason: Some(reason) })
    };
    answer(&api, &id, change, dry_run, &headers).await
}

async fn answer(api: &Api, id: &str, change: CreditChange, dry_run: bool, headers: &HeaderMap) -> Result<Response, Problem> {
    let customer = customer_id(id)?;
    if dry_run {
        let preview = api.service.preview_change(customer, &change).await?;
        return Ok(Json(PreviewView::from(preview)).into_response());
    }
    let token = key(headers, None)?;
    let Changed { waits, grant, transactions, available, held } =
        api.service.change_credits(customer, change, Once { token: &token }).await?;
    let done = CreditChangeView {
        object: "credit_change",
        customer_id: customer.to_string(),
        credit_request_id: waits.map(|id| id.to_string()),
        grant_id: grant.map(|id| id.to_string()),
        transactions: transactions.iter().map(ToString::to_string).collect(),
        available: available.get(),
        held: held.get(),
    };
    let status = if waits.is_some() { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    Ok((status, Json(done)).into_response())
}
