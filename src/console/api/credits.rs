//! Adding and taking back credits: what it would do, shown before it is done; and doing it.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::credit_form::{change_of, language, problem_of};
use crate::console::api::refusal::{not_found, refuse};
use crate::domain::credits::Credits;
use crate::domain::grant::GrantKind;
use crate::domain::id::GrantId;
use crate::domain::ledger::AccountKind;
use crate::domain::word::words;
use crate::service::Service;
use crate::service::adjustments::Once;

words! {
    /// Why a form cannot be carried out as it is.
    CreditProblem {
        NoCredits = "no_credits",
        NoReason = "no_reason",
        UnpaidPurchase = "unpaid_purchase",
        PaidGift = "paid_gift",
        BadPaid = "bad_paid",
        ExpiringPurchase = "expiring_purchase",
        ExpiringTakeBack = "expiring_take_back",
        ExpiryInPast = "expiry_in_past",
        BadExpiry = "bad_expiry",
        NotEnough = "not_enough",
    }
}

/// What a form would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditPreview {
    pub available: Credits,
    pub held: Credits,
    /// `None` while the form is empty.
    pub outcome: Option<Result<ReadyChange, CreditProblem>>,
}

/// A change that can be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyChange {
    /// Makes a form that is sent twice one change.
    pub token: String,
    pub available_after: Credits,
    pub entries: Vec<PreviewRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewRow {
    pub transaction: i64,
    pub grant: Option<(GrantId, GrantKind)>,
    pub account: AccountKind,
    pub credits: Credits,
    pub balance_after: Option<Credits>,
}

/// The fields are taken as they were typed.
pub async fn preview_credits(
    id: String,
    action: String,
    credits: String,
    paid: String,
    expires: String,
    reason: String,
) -> Result<CreditPreview, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let customer = service.customer(id).await.map_err(refuse)?;
    let balances = service.balances(customer.key).await.map_err(refuse)?;
    let empty = [&credits, &paid, &expires, &reason].iter().all(|field| field.is_empty());
    let outcome = if empty {
        None
    } else {
        Some(match change_of(&action, &credits, &paid, &expires, &reason, service.now()) {
            Err(problem) => Err(problem),
            Ok(change) => match service.preview_change(id, &change).await {
                Ok(preview) => Ok(ReadyChange {
                    token: service.new_token(),
                    available_after: preview.after.available,
                    entries: preview
                        .entries
                        .into_iter()
                        .map(|entry| PreviewRow {
                            transaction: entry.transaction,
                            grant: entry.grant,
                            account: entry.account,
                            credits: entry.credits,
                            balance_after: entry.balance_after,
                        })
                        .collect(),
                }),
                Err(error) => Err(problem_of(error).map_err(refuse)?),
            },
        })
    };
    Ok(CreditPreview { available: balances.available, held: balances.held, outcome })
}

/// Sent by a plain form, so that it works before and without WASM; answers with the address of what was written. What cannot be
/// done any more leads back to the form, which says why.
#[server(prefix = "/admin/data", endpoint = "change_credits")]
pub async fn change_credits(
    id: String,
    action: String,
    credits: String,
    #[server(default)] paid: String,
    #[server(default)] expires: String,
    reason: String,
    token: String,
) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let Ok(change) = change_of(&action, &credits, &paid, &expires, &reason, service.now()) else { return Ok(()) };
    match service.change_credits(id, change, Once { token: &token }).await {
        Ok(done) if done.waits.is_some() => {
            leptos_axum::redirect(&format!("/admin/approvals?said=asked{}", language()));
            Ok(())
        }
        Ok(done) => {
            let written = done.transactions.first().map_or_else(String::new, ToString::to_string);
            leptos_axum::redirect(&format!("/admin/customers/{id}?tab=ledger{}#{written}", language()));
            Ok(())
        }
        Err(error) => problem_of(error).map(|_| ()).map_err(refuse),
    }
}
