//! The first page as JSON: sums over the batches of a window of days, and how things are now.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::domain::failure::Party;
use crate::domain::overview::{DaySums, ModelFailures, Now, Sums, Window};

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowParameters {
    /// `today`, `7d` or `30d`: days in UTC, today included.
    #[param(default = "7d")]
    window: Option<String>,
}

/// Every sum is one over the batches that were submitted on these days, with all that has happened to them until now:
/// `GET /api/admin/batches?from=…&to=…` lists the rows behind it. At most a few seconds old.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
pub(super) struct OverviewView {
    /// Always `overview`.
    #[schema(example = "overview")]
    object: &'static str,
    /// First and last day.
    #[schema(example = "2026-11-16")]
    from: String,
    #[schema(example = "2026-11-22")]
    to: String,
    /// Batches, tasks by state, credits, micro-dollars.
    #[schema(value_type = Object)]
    total: Sums,
    profit_microusd: i64,
    /// The same by day (in days since 1970) and state.
    #[schema(value_type = Vec<Object>)]
    days: Vec<DaySums>,
    failures: Vec<PartyFailuresView>,
    /// Tasks ordered of each model, and how many of them have failed.
    #[schema(value_type = Vec<Object>)]
    models: Vec<ModelFailures>,
    /// Workers, backlog, paused routes and retiring models as they are now; `stuck` says why work does not go on.
    #[schema(value_type = Object)]
    now: Now,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = PartyFailures)]
pub(super) struct PartyFailuresView {
    #[schema(value_type = String)]
    responsible_party: Party,
    tasks: i64,
    credits_refunded: i64,
    cost_microusd: i64,
}

/// How the last days went, and how things are now.
#[utoipa::path(
    get, path = "/api/admin/overview", tag = "Overview", operation_id = "get_overview", params(WindowParameters),
    responses((status = 200, description = "The overview.", body = OverviewView)),
)]
pub(super) async fn show(Signed(api): Signed, Parameters(parameters): Parameters<WindowParameters>) -> Result<Json<OverviewView>, Problem> {
    let window = parameters.window.as_deref().map_or(Ok(Window::Week), str::parse);
    let window = window.map_err(|error| Problem::new(Code::InvalidParameter, format!("{error}.")))?;
    let report = api.service.report(window).await?;
    let now = api.service.state_of_things().await?;
    let failures = Party::ALL.iter().map(|party| {
        let (tasks, credits_refunded, cost_microusd) = report.of_party(*party);
        PartyFailuresView { responsible_party: *party, tasks, credits_refunded, cost_microusd }
    });
    let total = report.total();
    Ok(Json(OverviewView {
        object: "overview",
        from: report.from.to_string(),
        to: report.to.to_string(),
        total,
        profit_microusd: total.profit_microusd(),
        days: report.days.clone(),
        failures: failures.collect(),
        models: report.models.clone(),
        now,
    }))
}
