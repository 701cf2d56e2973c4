//! `GET /ledger`: everything that ever changed a customer's credits, newest first. The seller's side of the books (revenue,
//! cost basis, who booked it and why) is not shown.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::MayRead;
use super::page::{List, PageParameters};
use crate::api::Api;
use crate::api::openapi::word_list;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::domain::credits::Credits;
use crate::domain::ledger::{AccountKind, Transaction, TransactionKind};
use crate::domain::time::Time;
use crate::domain::word::words;

words! {
    /// What customers call a transaction.
    ShownKind {
        Purchase = "purchase",
        Promo = "promo",
        Adjustment = "adjustment",
        Hold = "hold",
        Charge = "charge",
        Refund = "refund",
        Expiry = "expiry",
        Reversal = "reversal",
    }
}

impl From<TransactionKind> for ShownKind {
    fn from(kind: TransactionKind) -> Self {
        match kind {
            TransactionKind::Purchase => Self::Purchase,
            TransactionKind::Promo => Self::Promo,
            TransactionKind::Adjustment => Self::Adjustment,
            TransactionKind::Hold => Self::Hold,
            TransactionKind::Capture => Self::Charge,
            TransactionKind::Release => Self::Refund,
            TransactionKind::Expiry => Self::Expiry,
            TransactionKind::Reversal => Self::Reversal,
        }
    }
}

/// One change of your credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Transaction)]
pub(crate) struct TransactionView {
    /// Always `transaction`.
    #[schema(example = "transaction")]
    object: &'static str,
    id: String,
    #[schema(schema_with = kinds)]
    kind: ShownKind,
    /// Credits that it moved.
    credits: i64,
    available: ChangeView,
    held: ChangeView,
    /// The batch that it belongs to.
    batch_id: Option<String>,
    /// Tasks of the batch that it settles.
    tasks: i64,
    /// The grant that it adds or expires.
    grant_id: Option<String>,
    /// The transaction that it sets right.
    reverses: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// What a transaction did to one of your two balances.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = BalanceChange)]
pub(crate) struct ChangeView {
    change: i64,
    /// The balance then; `null` where it did not change.
    balance_after: Option<i64>,
}

impl From<&Transaction> for TransactionView {
    fn from(transaction: &Transaction) -> Self {
        let change = |account| {
            let mut entries = transaction.entries.iter().filter(|entry| entry.account == account);
            entries.next().map_or_else(ChangeView::default, |entry| ChangeView {
                change: entry.credits.get(),
                balance_after: entry.balance_after.map(Credits::get),
            })
        };
        Self {
            object: "transaction",
            id: transaction.id.to_string(),
            kind: transaction.kind.into(),
            credits: transaction.credits.get(),
            available: change(AccountKind::Available),
            held: change(AccountKind::Held),
            batch_id: transaction.batch.map(|id| id.to_string()),
            tasks: transaction.tasks,
            grant_id: transaction.grant.map(|id| id.to_string()),
            reverses: transaction.reverses.map(|id| id.to_string()),
            created_at: transaction.created_at,
        }
    }
}

/// List your ledger
///
/// Every change of your credits, the newest first. A batch is one `hold`, and `charge` and `refund` transactions as its tasks end.
#[utoipa::path(
    get, path = "/api/v1/ledger", tag = "Credits", operation_id = "list_ledger", params(PageParameters),
    responses((status = 200, description = "A page of your ledger.", body = List<TransactionView>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    MayRead(caller): MayRead,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<List<TransactionView>>, Problem> {
    let listed = api.service.transactions(caller.customer, page.cursor()?, page.size()?).await?;
    Ok(Json(List::of(listed, |transaction| transaction.id.to_string())))
}

fn kinds() -> utoipa::openapi::Object {
    word_list(ShownKind::ALL.iter().map(|kind| kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1::batches::tests::Fixed;
    use crate::domain::id::{TransactionId, TransactionKey};
    use crate::domain::ledger::PostedEntry;
    use crate::domain::money::Money;

    #[test]
    fn shows_the_customers_side_only() {
        let at = Time::from_micros(1_795_000_000_000_000);
        let entry = |account, credits, balance: Option<i64>| PostedEntry {
            account,
            credits: Credits::new(credits),
            balance_after: balance.map(Credits::new),
        };
        let transaction = Transaction {
            key: TransactionKey(1),
            id: TransactionId::new(at, &Fixed),
            kind: TransactionKind::Capture,
            batch: None,
            grant: None,
            reverses: None,
            credits: Credits::new(49),
            revenue: Money::from_micros(490_000),
            tasks: 1,
            actor: "operator anna".to_owned(),
            reason: Some("private".to_owned()),
            created_at: at,
            entries: vec![entry(AccountKind::Held, -49, Some(441)), entry(AccountKind::Revenue, 49, None)],
        };
        let shown = serde_json::to_value(TransactionView::from(&transaction)).unwrap();
        assert_eq!(shown["held"], serde_json::json!({"change": -49, "balance_after": 441}));
        assert_eq!(shown["available"], serde_json::json!({"change": 0, "balance_after": null}));
        assert_eq!(shown["kind"], "charge");
        let text = shown.to_string();
        assert!(!text.contains("revenue") && !text.contains("anna") && !text.contains("private"), "{text}");
    }
}
