//! What is in an event. Fields may be added; what is there keeps its name and meaning.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Ref;

use crate::domain::batch::{BatchCredits, BatchHead, BatchStatus, Counts};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureGroup, FailureType, Party};
use crate::domain::id::{BatchId, EventId};
use crate::domain::time::Time;

/// Why credits came back, where no failure is why.
pub(super) const CANCELED: &str = "canceled";
pub(super) const OPERATOR: &str = "operator";

/// What every event begins with.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookEnvelope)]
pub struct Envelope {
    event_id: String,
    /// Not of a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
    /// The `Idempotency-Key` that you sent the batch with. Not of a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
}

/// Where to read more, with your API key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookLinks)]
struct Links {
    #[schema(format = "uri")]
    batch: String,
    #[schema(format = "uri")]
    results: String,
}

/// A batch as it stood in that moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookBatchData)]
pub struct BatchNews {
    batch_id: String,
    #[schema(value_type = String)]
    status: BatchStatus,
    #[schema(schema_with = counts)]
    counts: Counts,
    #[schema(schema_with = credits)]
    credits: BatchCredits,
    /// What this event reports as given back: of `batch.refunded` what came back at once, of the end of a batch all of it.
    refunds: Vec<RefundNews>,
    /// Only of `task.succeeded` and `task.failed`: 1 to 100 tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<Vec<TaskNews>>,
}

/// Credits that were given back for one reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookRefund)]
pub struct RefundNews {
    /// The `error.code` of these tasks, like `timeout`; `canceled`; or `operator`, where charged tasks were refunded later.
    code: &'static str,
    tasks: i64,
    #[schema(value_type = i64)]
    pub(super) credits: Credits,
}

/// A task that ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookTask)]
pub struct TaskNews {
    /// Position in `items`, from 1.
    pub number: i32,
    pub custom_id: Option<String>,
    #[schema(value_type = i64)]
    pub charged: Credits,
    #[schema(value_type = i64)]
    pub refunded: Credits,
    /// Why it failed; `null` when it succeeded.
    pub error: Option<TaskNewsError>,
}

/// As a task's own `error` says it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = WebhookTaskError)]
pub struct TaskNewsError {
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    group: FailureGroup,
    #[schema(value_type = String)]
    code: FailureType,
    message: &'static str,
    #[schema(value_type = String)]
    responsible_party: Party,
}

/// What a test says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookTestData)]
pub struct TestNews {
    message: &'static str,
}

/// The schemas of the batches' own API: counts and credits are the same everywhere.
fn counts() -> Ref {
    Ref::from_schema_name("Counts")
}

fn credits() -> Ref {
    Ref::from_schema_name("BatchCredits")
}

pub(in crate::service) fn refund(code: &'static str, tasks: i64, credits: Credits) -> RefundNews {
    RefundNews { code, tasks, credits }
}

impl RefundNews {
    pub(in crate::service) fn operator(tasks: i64, credits: Credits) -> Self {
        refund(OPERATOR, tasks, credits)
    }

    pub(in crate::service) fn canceled(tasks: i64, credits: Credits) -> Self {
        refund(CANCELED, tasks, credits)
    }
}

impl TaskNewsError {
    pub(in crate::service) const fn of((failure, responsible_party): (FailureType, Party)) -> Self {
        Self { group: failure.group(), code: failure, message: failure.customer_sentence(), responsible_party }
    }
}

impl BatchNews {
    pub(super) fn of(head: &BatchHead, refunds: Vec<RefundNews>) -> Self {
        Self {
            batch_id: head.id.to_string(),
            status: head.state.status(),
            counts: head.counts,
            credits: head.credits,
            refunds,
            tasks: None,
        }
    }

    pub(super) fn with_tasks(self, tasks: Vec<TaskNews>) -> Self {
        Self { tasks: Some(tasks), ..self }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl TestNews {
    pub(in crate::service) fn to_json() -> String {
        serde_json::to_string(&Self { message: "A test. Nothing happened to any batch." }).unwrap_or_default()
    }
}

/// An event as it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    pub kind: &'m str,
    pub happened_at: Time,
    pub event: EventId,
    /// With the customer's own name for it.
    pub batch: Option<(BatchId, &'m str)>,
    /// JSON: an object that is not empty.
    pub payload: &'m str,
}

impl Message<'_> {
    /// Type and time, where to read more, and what happened. The same text at every attempt.
    pub fn body(&self, public_url: &str) -> String {
        let envelope = Envelope {
            event_id: self.event.to_string(),
            links: self.batch.map(|(batch, _)| Links {
                batch: format!("{public_url}/api/v1/batches/{batch}"),
                results: format!("{public_url}/api/v1/batches/{batch}/results"),
            }),
            idempotency_key: self.batch.map(|(_, key)| key.to_owned()),
        };
        let envelope = serde_json::to_string(&envelope).unwrap_or_default();
        // Two objects become one: what happened is kept as text, and sent as it is.
        let (begin, rest) = (envelope.strip_suffix('}').unwrap_or("{"), self.payload.strip_prefix('{').unwrap_or("}"));
        format!(r#"{{"type":"{}","timestamp":"{}","data":{begin},{rest}}}"#, self.kind, self.happened_at)
    }
}
