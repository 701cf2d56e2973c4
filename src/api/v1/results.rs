//! `GET /batches/{id}/results`: every finished task as a line of JSON, streamed page by page, so that ten thousand cost no more
//! memory than two hundred. A fault in the middle breaks the transfer off: a file that ends early never looks complete.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::MayRead;
use super::tasks::TaskView;
use crate::api::Api;
use crate::api::openapi::word_list;
use crate::api::parameters::{Parameters, batch_id};
use crate::api::problem::Problem;
use crate::domain::id::BatchId;
use crate::domain::page::{PAGE_MAX, PageSize};
use crate::domain::task::{Task, TaskStatus};
use crate::domain::word::words;
use crate::service::error::ServiceError;
use crate::service::{Listed, Reader, Service};

words! {
    /// How a task can have ended.
    FinishedStatus {
        Succeeded = "succeeded",
        Failed = "failed",
        Canceled = "canceled",
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultParameters {
    /// Only tasks that ended so.
    #[param(schema_with = finished_statuses)]
    status: Option<FinishedStatus>,
}

/// What is still to be read.
struct Reading {
    service: Service,
    reader: Reader,
    id: BatchId,
    status: Option<FinishedStatus>,
    public_url: Arc<str>,
    /// The page to write next; `None` when the last one was written.
    page: Option<Listed<Task>>,
}

/// Get the results of a batch
///
/// One finished task per line, as JSON, in the order of the items. While the batch runs, tasks that are not finished are left
/// out; ask again when it is.
#[utoipa::path(
    get, path = "/api/v1/batches/{id}/results", tag = "Tasks", operation_id = "get_results",
    params(("id" = String, Path, description = "Id of the batch."), ResultParameters),
    responses((status = 200, description = "JSON Lines: one task per line.", content_type = "application/jsonl", body = TaskView)),
)]
pub(crate) async fn stream(
    State(api): State<Api>,
    MayRead(caller): MayRead,
    Path(id): Path<String>,
    Parameters(ResultParameters { status }): Parameters<ResultParameters>,
) -> Result<Response, Problem> {
    let (id, reader) = (batch_id(&id)?, Reader::from(&caller));
    // The first page is read before the answer starts, so that what is wrong with the request can still be said.
    let page = read_page(&api.service, reader, id, 0).await?;
    let reading = Reading { service: api.service, reader, id, status, public_url: api.public_url, page: Some(page) };
    let lines = Body::from_stream(stream::try_unfold(reading, write_page));
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], lines).into_response())
}

async fn read_page(service: &Service, reader: Reader, id: BatchId, after: i32) -> Result<Listed<Task>, ServiceError> {
    service.tasks(reader, id, after, PageSize::new(PAGE_MAX).unwrap_or_default()).await
}

async fn write_page(mut reading: Reading) -> Result<Option<(Bytes, Reading)>, ServiceError> {
    let Some(page) = reading.page.take() else { return Ok(None) };
    let lines = lines(&page.rows, reading.status, &reading.public_url);
    if let Some(last) = page.rows.last().filter(|_| page.has_more) {
        let next = read_page(&reading.service, reading.reader, reading.id, last.number).await;
        reading.page = Some(next.inspect_err(|error| tracing::error!(batch = %reading.id, "results broken off: {error}"))?);
    }
    Ok(Some((Bytes::from(lines), reading)))
}

fn lines(tasks: &[Task], status: Option<FinishedStatus>, public_url: &str) -> Vec<u8> {
    let mut lines = Vec::new();
    for task in tasks.iter().filter(|task| is_asked_for(task.status, status)) {
        serde_json::to_writer(&mut lines, &TaskView::of(task, public_url)).expect("texts and numbers are always JSON");
        lines.push(b'\n');
    }
    lines
}

fn is_asked_for(status: TaskStatus, asked: Option<FinishedStatus>) -> bool {
    status.is_terminal() && asked.is_none_or(|asked| asked.as_str() == status.as_str())
}

fn finished_statuses() -> utoipa::openapi::Object {
    word_list(FinishedStatus::ALL.iter().map(|status| status.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1::tasks::tests::task;

    #[test]
    fn only_finished_tasks_one_per_line() {
        let tasks: Vec<Task> = TaskStatus::ALL.iter().map(|status| task(*status)).collect();
        let count = |status| String::from_utf8(lines(&tasks, status, "")).unwrap().lines().count();
        assert_eq!((count(None), count(Some(FinishedStatus::Failed))), (3, 1));
    }
}
