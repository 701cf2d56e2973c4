//! `GET /batches`, `GET /batches/{id}`, and how a batch is shown to its customer.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::auth::MayRead;
use super::page::{List, PageParameters};
use crate::api::Api;
use crate::api::openapi::word_list;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::domain::batch::{Batch, BatchStatus};
use crate::domain::time::Time;
use crate::service::Reader;

/// Up to 10,000 tasks that were submitted and are charged together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Batch)]
pub(crate) struct BatchView {
    /// Always `batch`.
    #[schema(example = "batch")]
    object: &'static str,
    #[schema(example = "bat_06ffab1c9xe3kbm1h2g4t8w0qr")]
    id: String,
    #[schema(schema_with = statuses)]
    status: BatchStatus,
    /// As you sent it.
    idempotency_key: String,
    /// For every item that named none.
    model: Option<String>,
    counts: CountsView,
    credits: BatchCreditsView,
    webhook_url: Option<String>,
    #[schema(value_type = BTreeMap<String, String>)]
    metadata: Box<RawValue>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When its first task ran.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
}

/// Tasks by state, live. They always sum to the total.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Counts)]
pub(crate) struct CountsView {
    total: i64,
    pending: i64,
    processing: i64,
    succeeded: i64,
    failed: i64,
    canceled: i64,
}

/// Where the batch's credits are: `held` = `charged` + `refunded` + `open`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = BatchCredits)]
pub(crate) struct BatchCreditsView {
    /// Reserved when the batch was submitted.
    held: i64,
    /// Taken for tasks that succeeded.
    charged: i64,
    /// Given back for tasks that failed or were canceled.
    refunded: i64,
    /// Still reserved for tasks that have not ended.
    open: i64,
}

impl From<&Batch> for BatchView {
    fn from(batch: &Batch) -> Self {
        let (counts, credits) = (batch.counts, batch.credits);
        Self {
            object: "batch",
            id: batch.id.to_string(),
            status: batch.status(),
            idempotency_key: batch.idempotency_key.clone(),
            model: batch.model.clone(),
            counts: CountsView {
                total: counts.total,
                pending: counts.pending,
                processing: counts.processing,
                succeeded: counts.succeeded,
                failed: counts.failed,
                canceled: counts.canceled,
            },
            credits: BatchCreditsView {
                held: credits.held.get(),
                charged: credits.charged.get(),
                refunded: credits.refunded.get(),
                open: credits.open.get(),
            },
            webhook_url: batch.webhook_url.clone(),
            metadata: stored_json(&batch.metadata),
            created_at: batch.created_at,
            started_at: batch.state.started_at(),
            finished_at: batch.state.finished_at(),
        }
    }
}

/// Stored JSON is JSON that we wrote ourselves; a row that somebody damaged by hand is shown as `null`.
pub(crate) fn stored_json(stored: &str) -> Box<RawValue> {
    RawValue::from_string(stored.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The answer to a submission. It is stored with the batch, and repeated as it is.
pub fn render_batch(batch: &Batch) -> String {
    serde_json::to_string(&BatchView::from(batch)).expect("texts and numbers are always JSON")
}

/// List batches
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/v1/batches", tag = "Batches", operation_id = "list_batches", params(PageParameters),
    responses((status = 200, description = "A page of your batches.", body = List<BatchView>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    MayRead(caller): MayRead,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<List<BatchView>>, Problem> {
    let listed = api.service.batches(Reader::from(&caller), page.cursor()?, page.size()?).await?;
    Ok(Json(List::of(listed, |batch| batch.id.to_string())))
}

/// Get a batch
#[utoipa::path(
    get, path = "/api/v1/batches/{id}", tag = "Batches", operation_id = "get_batch",
    params(("id" = String, Path, description = "Id of the batch.")),
    responses((status = 200, description = "The batch.", body = BatchView)),
)]
pub(crate) async fn show(State(api): State<Api>, MayRead(caller): MayRead, Path(id): Path<String>) -> Result<Json<BatchView>, Problem> {
    let batch = api.service.batch(Reader::from(&caller), batch_id(&id)?).await?;
    Ok(Json(BatchView::from(&batch)))
}

fn statuses() -> utoipa::openapi::Object {
    word_list(BatchStatus::ALL.iter().map(|status| status.as_str()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::batch::{BatchCredits, BatchEnd, BatchState, Counts};
    use crate::domain::credits::Credits;
    use crate::domain::id::{BatchId, BatchKey, CustomerId, CustomerKey, Random};
    use crate::domain::money::Money;

    #[derive(Debug)]
    pub struct Fixed;

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(1);
        }
    }

    pub fn batch() -> Batch {
        let at = Time::from_micros(1_795_000_000_000_000);
        Batch {
            key: BatchKey(1),
            id: BatchId::new(at, &Fixed),
            customer: CustomerKey(1),
            customer_id: CustomerId::new(at, &Fixed),
            customer_name: "Acme".to_owned(),
            api_key_prefix: Some("bb_12345678".to_owned()),
            idempotency_key: "order-1".to_owned(),
            model: Some("sora-2".to_owned()),
            webhook_url: None,
            metadata: r#"{"a":"1"}"#.to_owned(),
            state: BatchState::Finished { started_at: Some(at), finished_at: at, end: BatchEnd::Partial },
            counts: Counts { total: 3, succeeded: 2, failed: 1, ..Counts::default() },
            credits: BatchCredits::new(Credits::new(147), Credits::new(98), Credits::new(49)).unwrap(),
            revenue: Money::from_micros(980_000),
            cost_succeeded: Money::from_micros(235_200),
            cost_failed: Money::ZERO,
            created_at: at,
        }
    }

    #[test]
    fn a_batch_is_shown_as_designed() {
        let id = batch().id;
        let expected = format!(
            r#"{{"object":"batch","id":"{id}","status":"partial","idempotency_key":"order-1","model":"sora-2","counts":{{"total":3,"pending":0,"processing":0,"succeeded":2,"failed":1,"canceled":0}},"credits":{{"held":147,"charged":98,"refunded":49,"open":0}},"webhook_url":null,"metadata":{{"a":"1"}},"created_at":"2026-11-18T11:06:40Z","started_at":"2026-11-18T11:06:40Z","finished_at":"2026-11-18T11:06:40Z"}}"#
        );
        assert_eq!(render_batch(&batch()), expected);
    }

    #[test]
    fn customers_never_see_money_or_keys() {
        let text = render_batch(&batch());
        assert!(!text.contains("revenue") && !text.contains("cost") && !text.contains("bb_"), "{text}");
    }
}
