//! A batch's tasks as operators see them: with the prompt, and one task with every attempt, its evidence and its ledger lines.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::parameters::{Parameters, batch_id, task_number};
use crate::api::problem::Problem;
use crate::api::v1::batches::stored_json;
use crate::api::v1::page::{List, PageParameters};
use crate::api::v1::tasks::TaskView;
use crate::domain::attempt::{Attempt, AttemptState, Billed, Evidence};
use crate::domain::failure::{FailureType, Party};
use crate::domain::ledger::{Line, LineKind};
use crate::domain::task::{Task, TaskStatus};
use crate::domain::time::Time;
use crate::service::Reader;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct OperatorTaskView {
    #[serde(flatten)]
    task: TaskView,
    #[schema(value_type = String)]
    state: TaskStatus,
    input: InputView,
    failure: Option<FailureView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct InputView {
    prompt: String,
    reference_url: Option<String>,
    aspect_ratio: Option<String>,
    duration_s: Option<i32>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

/// The outcome of the last attempt, also of one that was repeated.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct FailureView {
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    failure: FailureType,
    #[schema(value_type = String)]
    responsible_party: Party,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct OperatorTaskDetails {
    #[serde(flatten)]
    task: OperatorTaskView,
    attempts_made: Vec<AttemptView>,
    ledger_lines: Vec<LineView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct AttemptView {
    number: i32,
    provider: String,
    upstream_model: String,
    provider_job: Option<String>,
    #[schema(value_type = String)]
    state: AttemptState,
    failure: Option<FailureView>,
    #[schema(value_type = Option<String>)]
    billed: Option<Billed>,
    cost_microusd: i64,
    #[schema(value_type = Object)]
    evidence: Evidence,
    output_url: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    sent_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    accepted_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    late_result: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct LineView {
    transaction_id: String,
    #[schema(value_type = String)]
    kind: LineKind,
    credits: i64,
    revenue_microusd: i64,
}

fn failure_view((failure, responsible_party): (FailureType, Party)) -> FailureView {
    FailureView { failure, responsible_party }
}

impl From<&Task> for OperatorTaskView {
    fn from(task: &Task) -> Self {
        Self {
            task: TaskView::from(task),
            state: task.status,
            input: InputView {
                prompt: task.prompt.clone(),
                reference_url: task.reference_url.clone(),
                aspect_ratio: task.aspect_ratio.clone(),
                duration_s: task.duration_s,
                metadata: task.metadata.as_deref().map(stored_json),
            },
            failure: task.failure.map(failure_view),
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            provider: attempt.provider,
            upstream_model: attempt.upstream_model,
            provider_job: attempt.provider_job,
            state: attempt.state,
            failure: attempt.failure.map(failure_view),
            billed: attempt.billed,
            cost_microusd: attempt.cost.micros(),
            evidence: attempt.evidence,
            output_url: attempt.output.map(|output| output.url),
            sent_at: attempt.sent_at,
            accepted_at: attempt.accepted_at,
            finished_at: attempt.finished_at,
            late_result: attempt.late_result,
        }
    }
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        let Line { kind, credits, revenue, transaction, .. } = line;
        Self { transaction_id: transaction.to_string(), kind, credits: credits.get(), revenue_microusd: revenue.micros() }
    }
}

pub(super) async fn list(
    State(api): State<Api>,
    Path(id): Path<String>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<List<OperatorTaskView>>, Problem> {
    let after = page.cursor()?.unwrap_or(0);
    let listed = api.service.tasks(Reader::Operator, batch_id(&id)?, after, page.size()?).await?;
    Ok(Json(List::of(listed, |task| task.number.to_string())))
}

pub(super) async fn show(State(api): State<Api>, Path((id, number)): Path<(String, String)>) -> Result<Json<OperatorTaskDetails>, Problem> {
    let (id, number) = (batch_id(&id)?, task_number(&number)?);
    let task = api.service.task(Reader::Operator, id, number).await?;
    let attempts = api.service.attempts(id, number).await?;
    let lines = api.service.lines(id, number).await?;
    Ok(Json(OperatorTaskDetails {
        task: OperatorTaskView::from(&task),
        attempts_made: attempts.into_iter().map(AttemptView::from).collect(),
        ledger_lines: lines.into_iter().map(LineView::from).collect(),
    }))
}
