//! A batch's tasks as operators see them: with the prompt, and one task with every attempt, its evidence and its ledger lines.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::api::door::Signed;
use crate::api::parameters::{Parameters, batch_id, task_number};
use crate::api::problem::Problem;
use crate::api::v1::batches::stored_json;
use crate::api::v1::page::PageParameters;
use crate::api::v1::tasks::TaskView;
use crate::domain::attempt::{Attempt, AttemptState, Billed, Evidence};
use crate::domain::failure::{FailureType, Party};
use crate::domain::ledger::{Line, LineKind};
use crate::domain::page::pages_of;
use crate::domain::task::{Task, TaskFilter, TaskState, TaskStatus};
use crate::domain::time::Time;
use crate::service::Reader;
use crate::service::tasks::FoundTasks;

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

impl OperatorTaskView {
    fn of(task: &Task, public_url: &str) -> Self {
        Self {
            task: TaskView::of(task, public_url),
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

/// Which tasks, and which page of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TasksParameters {
    /// `pending`, `processing` (what is about to be sent included), `succeeded`, `failed` or `canceled`.
    #[param(value_type = Option<String>)]
    state: Option<TaskState>,
    /// Failure type of failed tasks.
    #[param(value_type = Option<String>)]
    failure: Option<FailureType>,
    /// Who bears the failure of failed tasks.
    #[param(value_type = Option<String>)]
    party: Option<Party>,
    /// Name of a model.
    model: Option<String>,
    /// Part of the prompt or of the `custom_id`; letters A–Z are compared without case. A search reads a bounded number of
    /// tasks: `searched` says which, and `from` goes on.
    q: Option<String>,
    /// The task from which on is searched.
    #[param(minimum = 1, default = 1)]
    from: Option<i32>,
    /// From 1; a page beyond the last one is the last one.
    #[param(minimum = 1, default = 1)]
    page: Option<i64>,
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, where all tasks are listed.
    cursor: Option<String>,
}

/// A page of the tasks that were asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FoundTasksView {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<OperatorTaskView>,
    has_more: bool,
    /// Send it as `cursor` to get the next page of all tasks; filtered tasks have page numbers only.
    next_cursor: Option<String>,
    page: i64,
    pages: i64,
    /// Exact: in the whole batch, or in the part that was searched.
    total: i64,
    /// Given when only a part of the batch was searched.
    searched: Option<SearchedView>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct SearchedView {
    from: i32,
    to: i32,
    /// Tasks of the batch.
    of: i64,
}

/// List the tasks of a batch
///
/// By number. Every page costs about the same, filtered or not.
#[utoipa::path(
    get, path = "/api/admin/batches/{id}/tasks", tag = "Tasks", operation_id = "list_batch_tasks",
    params(("id" = String, Path, description = "Id of the batch."), TasksParameters),
    responses((status = 200, description = "A page of tasks.", body = FoundTasksView)),
)]
pub(super) async fn list(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(asked): Parameters<TasksParameters>,
) -> Result<Json<FoundTasksView>, Problem> {
    let rows = PageParameters { limit: asked.limit, cursor: asked.cursor };
    let (id, size) = (batch_id(&id)?, rows.size()?);
    let text = |text: Option<String>| text.and_then(|text| TaskFilter::text_of(&text));
    let filter =
        TaskFilter { state: asked.state, failure: asked.failure, party: asked.party, model: text(asked.model), text: text(asked.q) };
    let after: Option<i32> = rows.cursor()?;
    let found = match after.filter(|after| *after >= 1 && filter.is_all()) {
        // What a cursor names is perhaps not the end of a page.
        Some(after) => {
            let listed = api.service.tasks(Reader::Operator, id, after, size).await?;
            let total = api.service.batch(Reader::Operator, id).await?.counts.total;
            let page = i64::from(after) / size.get() + 1;
            FoundTasks { rows: listed.rows, page, pages: pages_of(total, size), total, searched: None }
        }
        None => api.service.find_tasks(Reader::Operator, id, &filter, asked.from.unwrap_or(1), (asked.page.unwrap_or(1), size)).await?,
    };
    let last = found.rows.last().map(|task| task.number);
    let has_more = if filter.is_all() { last.is_some_and(|last| i64::from(last) < found.total) } else { found.page < found.pages };
    Ok(Json(FoundTasksView {
        object: "list",
        data: found.rows.iter().map(|task| OperatorTaskView::of(task, &api.public_url)).collect(),
        has_more,
        next_cursor: last.filter(|_| has_more && filter.is_all()).map(|last| last.to_string()),
        page: found.page,
        pages: found.pages,
        total: found.total,
        searched: found.searched.map(|searched| SearchedView { from: searched.from, to: searched.to, of: searched.of }),
    }))
}

pub(super) async fn show(Signed(api): Signed, Path((id, number)): Path<(String, String)>) -> Result<Json<OperatorTaskDetails>, Problem> {
    let (id, number) = (batch_id(&id)?, task_number(&number)?);
    let task = api.service.task(Reader::Operator, id, number).await?;
    let attempts = api.service.attempts(id, number).await?;
    let lines = api.service.lines(id, number).await?;
    Ok(Json(OperatorTaskDetails {
        task: OperatorTaskView::of(&task, &api.public_url),
        attempts_made: attempts.into_iter().map(AttemptView::from).collect(),
        ledger_lines: lines.into_iter().map(LineView::from).collect(),
    }))
}
