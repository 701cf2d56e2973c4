//! A batch as operators see it: with its customer and with what it made, in micro-dollars.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::door::Signed;
use crate::api::parameters::batch_id;
use crate::api::problem::Problem;
use crate::api::v1::batches::BatchView;
use crate::domain::batch::Batch;
use crate::service::Reader;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct OperatorBatchView {
    #[serde(flatten)]
    batch: BatchView,
    customer: CustomerView,
    api_key_prefix: Option<String>,
    money: MoneyView,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct CustomerView {
    id: String,
    name: String,
}

/// Micro-dollars. `profit` = `revenue` − `cost_succeeded` − `cost_failed`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct MoneyView {
    revenue_microusd: i64,
    cost_succeeded_microusd: i64,
    cost_failed_microusd: i64,
    profit_microusd: i64,
    /// Profit per thousand of revenue; `null` while there is no revenue.
    margin_permille: Option<i64>,
}

impl From<&Batch> for MoneyView {
    fn from(batch: &Batch) -> Self {
        Self {
            revenue_microusd: batch.revenue.micros(),
            cost_succeeded_microusd: batch.cost_succeeded.micros(),
            cost_failed_microusd: batch.cost_failed.micros(),
            profit_microusd: batch.profit().micros(),
            margin_permille: batch.profit().permille_of(batch.revenue),
        }
    }
}

impl From<&Batch> for OperatorBatchView {
    fn from(batch: &Batch) -> Self {
        Self {
            batch: BatchView::from(batch),
            customer: CustomerView { id: batch.customer_id.to_string(), name: batch.customer_name.clone() },
            api_key_prefix: batch.api_key_prefix.clone(),
            money: MoneyView::from(batch),
        }
    }
}

pub(super) async fn show(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<OperatorBatchView>, Problem> {
    let batch = api.service.batch(Reader::Operator, batch_id(&id)?).await?;
    Ok(Json(OperatorBatchView::from(&batch)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1::batches::tests::batch;

    #[test]
    fn shows_what_the_batch_made() {
        let shown = serde_json::to_value(OperatorBatchView::from(&batch())).unwrap();
        assert_eq!((&shown["object"], &shown["customer"]["name"]), (&"batch".into(), &"Acme".into()));
        assert_eq!((&shown["money"]["profit_microusd"], &shown["money"]["margin_permille"]), (&744_800.into(), &760.into()));
    }
}
