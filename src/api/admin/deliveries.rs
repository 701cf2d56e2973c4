//! Deliveries and endpoints as operators see them: found by everything that the page of webhooks asks for, with the health of each
//! endpoint and what came of attempts over time.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::v1::deliveries::{DeliveryDetailView, DeliveryView, delivery_id};
use crate::api::v1::endpoints::EndpointView;
use crate::api::v1::page::PageParameters;
use crate::domain::id::CustomerId;
use crate::domain::time::Time;
use crate::domain::webhook::outcome::{HealthFigures, Outcome, Outcomes, Span};
use crate::domain::webhook::{DeliveryFilter, EndpointState};
use crate::service::Reader;
use crate::service::endpoints::EndpointFilter;

/// The same names and words as in the address of the page. Every one that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveriesParameters {
    /// `pending`, `succeeded`, `exhausted` or `canceled`.
    state: Option<String>,
    /// How the last attempt ended, like `http_5xx`.
    class: Option<String>,
    /// Type of the event, like `batch.completed`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Id of an endpoint.
    endpoint: Option<String>,
    /// Id of a customer.
    customer: Option<String>,
    /// Id of a batch.
    batch: Option<String>,
    /// Made at or after this moment, or on or after this day in UTC.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// Made before this moment, or on or before this day in UTC.
    #[param(example = "2026-11-30")]
    to: Option<String>,
    /// At least so many attempts.
    #[param(minimum = 0)]
    attempts: Option<String>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl DeliveriesParameters {
    /// Refuses what the page would show nothing for.
    fn filter(&self) -> Result<DeliveryFilter, Problem> {
        let filter = DeliveryFilter::read(&|name| {
            let value = match name {
                "state" => &self.state,
                "class" => &self.class,
                "type" => &self.kind,
                "endpoint" => &self.endpoint,
                "customer" => &self.customer,
                "batch" => &self.batch,
                "from" => &self.from,
                "to" => &self.to,
                "attempts" => &self.attempts,
                _ => &None,
            };
            value.clone()
        });
        match filter.unreadable.first() {
            None => Ok(filter),
            Some((name, value)) => Err(Problem::new(Code::InvalidParameter, format!("The parameter {name} cannot be {value:?}."))),
        }
    }
}

/// A page of deliveries.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OperatorWebhookDeliveries)]
pub(super) struct DeliveriesView {
    /// Always `list`.
    object: &'static str,
    data: Vec<DeliveryView>,
    has_more: bool,
    /// Send it as `cursor` to get the next page; `null` on the last. A page may be short and have a next one: it looks through
    /// 20,000 deliveries at most.
    next_cursor: Option<String>,
}

/// List deliveries of all customers
#[utoipa::path(
    get, path = "/api/admin/webhook-deliveries", tag = "Webhooks", operation_id = "list_webhook_deliveries", params(DeliveriesParameters),
    responses((status = 200, description = "Deliveries, newest first.", body = DeliveriesView)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Parameters(asked): Parameters<DeliveriesParameters>,
) -> Result<Json<DeliveriesView>, Problem> {
    let page = PageParameters { limit: asked.limit, cursor: asked.cursor.clone() };
    let found = api.service.find_deliveries(&asked.filter()?, page.cursor()?, page.size()?).await?;
    Ok(Json(DeliveriesView {
        object: "list",
        data: found.rows.iter().map(DeliveryView::from).collect(),
        has_more: found.next.is_some(),
        next_cursor: found.next.map(|id| id.to_string()),
    }))
}

/// Get a delivery of any customer
#[utoipa::path(
    get, path = "/api/admin/webhook-deliveries/{id}", tag = "Webhooks", operation_id = "get_webhook_delivery",
    params(("id" = String, Path, description = "Id of the delivery.")),
    responses((status = 200, description = "The delivery with every attempt.", body = DeliveryDetailView)),
)]
pub(super) async fn show(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<DeliveryDetailView>, Problem> {
    Ok(Json(api.service.delivery(Reader::Operator, delivery_id(&id)?).await?.into()))
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointsParameters {
    /// Id of a customer.
    customer: Option<String>,
    /// `enabled` or `disabled`.
    #[param(value_type = Option<String>)]
    state: Option<EndpointState>,
    /// `true`: only enabled ones at which everything has failed for a while.
    failing: Option<bool>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An endpoint with whose it is, and how well it did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OperatorWebhookEndpoint)]
struct OperatorEndpointView {
    #[serde(flatten)]
    endpoint: EndpointView,
    customer_id: String,
    health: HealthView,
}

/// Of the attempts of the last 24 hours. Faults of ours are left out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpointHealth)]
struct HealthView {
    delivered: i64,
    failed: i64,
    /// failed × 1000 ÷ (failed + delivered); `null` without attempts.
    failure_permille: Option<i64>,
    /// Half of the answers came within so many milliseconds, which are counted in steps.
    p50_ms: Option<i32>,
    p95_ms: Option<i32>,
}

impl From<HealthFigures> for HealthView {
    fn from(health: HealthFigures) -> Self {
        let HealthFigures { delivered, failed, p50_ms, p95_ms } = health;
        Self { delivered, failed, failure_permille: health.failure_permille(), p50_ms, p95_ms }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OperatorWebhookEndpoints)]
pub(super) struct EndpointsView {
    /// Always `list`.
    object: &'static str,
    data: Vec<OperatorEndpointView>,
    has_more: bool,
    next_cursor: Option<String>,
}

/// List endpoints of all customers, with their health
#[utoipa::path(
    get, path = "/api/admin/webhook-endpoints", tag = "Webhooks", operation_id = "list_webhook_endpoints", params(EndpointsParameters),
    responses((status = 200, description = "Endpoints, newest first.", body = EndpointsView)),
)]
pub(super) async fn endpoints(
    Signed(api): Signed,
    Parameters(asked): Parameters<EndpointsParameters>,
) -> Result<Json<EndpointsView>, Problem> {
    let page = PageParameters { limit: asked.limit, cursor: asked.cursor };
    let filter = EndpointFilter { customer: customer_id(asked.customer)?, state: asked.state, failing: asked.failing == Some(true) };
    let listed = api.service.endpoints_with_customers(&filter, page.cursor()?, page.size()?).await?;
    let keys: Vec<_> = listed.rows.iter().map(|(endpoint, _)| endpoint.key).collect();
    let health = api.service.health_of(&keys).await?;
    let next_cursor = listed.rows.last().filter(|_| listed.has_more).map(|(endpoint, _)| endpoint.id.to_string());
    let data = listed.rows.iter().map(|(endpoint, customer)| OperatorEndpointView {
        endpoint: EndpointView::from(endpoint),
        customer_id: customer.id.to_string(),
        health: health.get(&endpoint.key).copied().unwrap_or_default().into(),
    });
    Ok(Json(EndpointsView { object: "list", data: data.collect(), has_more: listed.has_more, next_cursor }))
}

fn customer_id(text: Option<String>) -> Result<Option<CustomerId>, Problem> {
    let none = || Problem::new(Code::InvalidParameter, "The parameter customer is not the id of one: it starts with cus_.");
    text.map(|text| text.parse().map_err(|_| none())).transpose()
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomesParameters {
    /// Id of an endpoint.
    endpoint: Option<String>,
    /// Id of a customer.
    customer: Option<String>,
    /// `24h` by the hour, `7d` by six hours, `30d` by the day.
    #[param(value_type = Option<String>, default = "24h")]
    span: Option<Span>,
}

/// What came of attempts over time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookOutcomes)]
pub(super) struct OutcomesView {
    /// Always `webhook_outcomes`.
    object: &'static str,
    step_s: i64,
    steps: Vec<StepView>,
}

/// Attempts that ended in one step of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookOutcomesStep)]
struct StepView {
    #[schema(value_type = String, format = DateTime)]
    begins_at: Time,
    /// `delivered`, `timeout`, `http_3xx`, `http_4xx`, `http_5xx`, `network` and `ours`: how many.
    #[schema(value_type = Object)]
    attempts: std::collections::BTreeMap<&'static str, i64>,
}

impl From<Outcomes> for OutcomesView {
    fn from(outcomes: Outcomes) -> Self {
        let step = |(bar, counts): (usize, &Vec<i64>)| StepView {
            begins_at: outcomes.start(bar),
            attempts: Outcome::ALL.iter().map(|outcome| outcome.as_str()).zip(counts.iter().copied()).collect(),
        };
        Self { object: "webhook_outcomes", step_s: outcomes.step_s, steps: outcomes.bars.iter().enumerate().map(step).collect() }
    }
}

/// Get what came of attempts over time
#[utoipa::path(
    get, path = "/api/admin/webhook-outcomes", tag = "Webhooks", operation_id = "get_webhook_outcomes", params(OutcomesParameters),
    responses((status = 200, description = "Attempts by outcome, oldest step first.", body = OutcomesView)),
)]
pub(super) async fn outcomes(
    Signed(api): Signed,
    Parameters(asked): Parameters<OutcomesParameters>,
) -> Result<Json<OutcomesView>, Problem> {
    let bad = || Problem::new(Code::InvalidParameter, "The parameter endpoint is not the id of one: it starts with whe_.");
    let endpoint = asked.endpoint.map(|text| text.parse().map_err(|_| bad())).transpose()?;
    Ok(Json(api.service.outcomes(endpoint, customer_id(asked.customer)?, asked.span.unwrap_or(Span::Day)).await?.into()))
}
