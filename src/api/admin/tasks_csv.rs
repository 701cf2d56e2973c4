//! The tasks that a filter asks for as a CSV file, written while it is sent: a batch of a million tasks never stands
//! in memory.

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::csv::{BOM, row, text};
use crate::api::door::Signed;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::BatchId;
use crate::domain::task::{Task, TaskFilter, TaskState};
use crate::domain::time::Time;
use crate::service::{Reader, Service, ServiceError};

const COLUMNS: [&str; 15] = [
    "number",
    "custom_id",
    "state",
    "model",
    "attempts",
    "credits_price",
    "credits_charged",
    "credits_refunded",
    "failure_type",
    "responsible_party",
    "output_url",
    "created_at",
    "started_at",
    "finished_at",
    "prompt",
];

/// Which tasks; every condition that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterParameters {
    /// `pending`, `processing`, `succeeded`, `failed` or `canceled`.
    #[param(value_type = Option<String>)]
    state: Option<TaskState>,
    #[param(value_type = Option<String>)]
    failure: Option<FailureType>,
    #[param(value_type = Option<String>)]
    party: Option<Party>,
    /// Name of a model.
    model: Option<String>,
    /// Part of the prompt or of the `custom_id`.
    q: Option<String>,
}

impl FilterParameters {
    fn filter(self) -> TaskFilter {
        let some = |typed: Option<String>| typed.and_then(|typed| TaskFilter::text_of(&typed));
        TaskFilter { state: self.state, failure: self.failure, party: self.party, model: some(self.model), text: some(self.q) }
    }
}

/// The tasks of a batch as a CSV file
///
/// By number. Text that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(
    get, path = "/api/admin/batches/{id}/tasks.csv", tag = "Tasks", operation_id = "export_batch_tasks",
    params(("id" = String, Path, description = "Id of the batch."), FilterParameters),
    responses((status = 200, description = "A line for each task.", body = String, content_type = "text/csv")),
)]
pub(super) async fn export(
    Signed(api): Signed,
    Path(id): Path<String>,
    Parameters(parameters): Parameters<FilterParameters>,
) -> Result<Response, Problem> {
    let id = batch_id(&id)?;
    let filter = parameters.filter();
    // Read before anything is sent, so that a batch that is not there is a 404.
    let (rows, next) = api.service.tasks_after(Reader::Operator, id, &filter, 0).await?;
    let first = format!("{BOM}{}{}", row(&COLUMNS), lines(&rows));
    let rest = stream::try_unfold((api.service, filter, next), move |(service, filter, next)| part(service, id, filter, next));
    let body = Body::from_stream(futures::StreamExt::chain(stream::once(async move { Ok(Bytes::from(first)) }), rest));
    let name = format!("attachment; filename=\"{id}-tasks.csv\"");
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name.as_str())], body).into_response())
}

type Rest = (Service, TaskFilter, Option<i32>);

async fn part(service: Service, id: BatchId, filter: TaskFilter, next: Option<i32>) -> Result<Option<(Bytes, Rest)>, ServiceError> {
    let Some(after) = next else { return Ok(None) };
    let (rows, next) = service.tasks_after(Reader::Operator, id, &filter, after).await?;
    Ok(Some((Bytes::from(lines(&rows)), (service, filter, next))))
}

fn lines(tasks: &[Task]) -> String {
    tasks.iter().map(line).collect()
}

fn line(task: &Task) -> String {
    let moment = |time: Option<Time>| time.map(|time| time.to_string()).unwrap_or_default();
    let failure = task.failure.filter(|_| task.status.is_terminal());
    let output = task.output.as_ref().filter(|_| task.status == crate::domain::task::TaskStatus::Succeeded);
    let cells = [
        task.number.to_string(),
        text(task.custom_id.as_deref().unwrap_or_default()),
        TaskState::from(task.status).to_string(),
        text(&task.model),
        task.attempts.to_string(),
        task.price.get().to_string(),
        task.charged().get().to_string(),
        task.refunded().get().to_string(),
        failure.map(|(failure, _)| failure.to_string()).unwrap_or_default(),
        failure.map(|(_, party)| party.to_string()).unwrap_or_default(),
        text(output.map(|output| output.url.as_str()).unwrap_or_default()),
        moment(Some(task.created_at)),
        moment(task.started_at),
        moment(task.finished_at),
        text(&task.prompt),
    ];
    row(&cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1::tasks::tests::task;
    use crate::domain::task::TaskStatus;

    #[test]
    fn a_line_has_a_cell_for_every_column() {
        let line = line(&Task { prompt: "plain".to_owned(), ..task(TaskStatus::Failed) });
        assert_eq!(line.matches(',').count() + 1, COLUMNS.len(), "{line}");
        assert!(line.ends_with(",plain\r\n"));
    }

    #[test]
    fn what_customers_wrote_is_never_a_formula() {
        let of = |prompt: &str, custom_id: &str| {
            line(&Task { prompt: prompt.to_owned(), custom_id: Some(custom_id.to_owned()), ..task(TaskStatus::Failed) })
        };
        assert!(of("=HYPERLINK(\"x\")", "a").ends_with(",\"'=HYPERLINK(\"\"x\"\")\"\r\n"));
        assert!(of("a", "@SUM(A1)").starts_with("17,\"'@SUM(A1)\","));
    }
}
