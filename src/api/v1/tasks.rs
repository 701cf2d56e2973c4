//! `GET /batches/{id}/tasks`, `GET /batches/{id}/tasks/{number}`, and how a task is shown to its customer: with our codes and
//! our sentences, never with a provider's name or words.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::MayRead;
use super::content::path;
use super::page::{List, PageParameters};
use crate::api::Api;
use crate::api::openapi::word_list;
use crate::api::parameters::{Parameters, batch_id, task_number};
use crate::api::problem::Problem;
use crate::domain::failure::{FailureGroup, FailureType, Party};
use crate::domain::task::{Task, TaskState, TaskStatus};
use crate::domain::time::Time;
use crate::service::Reader;

/// One item of a batch on its way to a video.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskView {
    /// Always `task`.
    #[schema(example = "task")]
    object: &'static str,
    batch_id: String,
    /// Position in `items`, from 1.
    number: i32,
    custom_id: Option<String>,
    model: String,
    #[schema(schema_with = statuses)]
    /// That it is about to be sent to a provider is our own business: it is processing.
    status: TaskState,
    credits: TaskCreditsView,
    /// Times it was tried.
    attempts: i32,
    output: Option<OutputView>,
    error: Option<ErrorView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = TaskCredits)]
pub(crate) struct TaskCreditsView {
    price: i64,
    charged: i64,
    refunded: i64,
}

/// The finished video.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Output)]
pub(crate) struct OutputView {
    /// On this server; it asks for your key.
    #[schema(format = "uri", example = "https://api.example.com/api/v1/batches/bat_06ffab1c9xe3kbm1h2g4t8w0qr/tasks/17/content")]
    url: String,
    /// The video is kept until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

/// Why a task failed or was canceled. Its credits were given back.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = TaskError)]
pub(crate) struct ErrorView {
    /// The kind of failure, one of a few.
    #[serde(rename = "type")]
    #[schema(schema_with = failure_groups)]
    group: FailureGroup,
    /// What exactly went wrong.
    #[schema(schema_with = failure_types)]
    code: FailureType,
    message: &'static str,
    /// Who bears it.
    #[schema(schema_with = parties)]
    responsible_party: Party,
}

impl TaskView {
    /// `public_url` is the address under which customers reach this server.
    pub fn of(task: &Task, public_url: &str) -> Self {
        let failed = matches!(task.status, TaskStatus::Failed | TaskStatus::Canceled);
        let error = task.failure.filter(|_| failed).map(|(failure, responsible_party)| ErrorView {
            group: failure.group(),
            code: failure,
            message: failure.customer_sentence(),
            responsible_party,
        });
        let output = task.output.as_ref().filter(|_| task.status == TaskStatus::Succeeded);
        Self {
            object: "task",
            batch_id: task.batch_id.to_string(),
            number: task.number,
            custom_id: task.custom_id.clone(),
            model: task.model.clone(),
            status: task.status.into(),
            credits: TaskCreditsView { price: task.price.get(), charged: task.charged().get(), refunded: task.refunded().get() },
            attempts: task.attempts,
            output: output.map(|output| OutputView {
                url: format!("{public_url}{}", path(task.batch_id, task.number)),
                expires_at: output.expires_at,
            }),
            error,
            created_at: task.created_at,
            started_at: task.started_at,
            finished_at: task.finished_at,
        }
    }
}

/// List the tasks of a batch
///
/// In the order of the items.
#[utoipa::path(
    get, path = "/api/v1/batches/{id}/tasks", tag = "Tasks", operation_id = "list_tasks",
    params(("id" = String, Path, description = "Id of the batch."), PageParameters),
    responses((status = 200, description = "A page of the batch's tasks.", body = List<TaskView>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    MayRead(caller): MayRead,
    Path(id): Path<String>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<List<TaskView>>, Problem> {
    let after = page.cursor()?.unwrap_or(0);
    let listed = api.service.tasks(Reader::from(&caller), batch_id(&id)?, after, page.size()?).await?;
    Ok(Json(List::with(listed, |task| TaskView::of(task, &api.public_url), |task| task.number.to_string())))
}

/// Get a task
#[utoipa::path(
    get, path = "/api/v1/batches/{id}/tasks/{number}", tag = "Tasks", operation_id = "get_task",
    params(
        ("id" = String, Path, description = "Id of the batch."),
        ("number" = i32, Path, minimum = 1, description = "Position of the item in the batch, from 1."),
    ),
    responses((status = 200, description = "The task.", body = TaskView)),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    MayRead(caller): MayRead,
    Path((id, number)): Path<(String, String)>,
) -> Result<Json<TaskView>, Problem> {
    let task = api.service.task(Reader::from(&caller), batch_id(&id)?, task_number(&number)?).await?;
    Ok(Json(TaskView::of(&task, &api.public_url)))
}

fn statuses() -> utoipa::openapi::Object {
    word_list(TaskState::ALL.iter().map(|status| status.as_str()))
}

fn failure_groups() -> utoipa::openapi::Object {
    word_list(FailureGroup::ALL.iter().map(|group| group.as_str()))
}

fn failure_types() -> utoipa::openapi::Object {
    word_list(FailureType::ALL.iter().map(|failure| failure.as_str()))
}

fn parties() -> utoipa::openapi::Object {
    word_list(Party::ALL.iter().map(|party| party.as_str()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::api::v1::batches::tests::Fixed;
    use crate::domain::attempt::Output;
    use crate::domain::credits::Credits;
    use crate::domain::id::BatchId;

    pub fn task(status: TaskStatus) -> Task {
        let at = Time::from_micros(1_795_000_000_000_000);
        Task {
            batch_id: BatchId::new(at, &Fixed),
            number: 17,
            custom_id: Some("scene-17".to_owned()),
            model: "sora-2".to_owned(),
            prompt: "A lighthouse".to_owned(),
            reference_url: None,
            aspect_ratio: None,
            duration_s: None,
            metadata: None,
            status,
            price: Credits::new(49),
            attempts: 2,
            failure: Some((FailureType::Capacity, Party::Provider)),
            reversed: false,
            output: Some(Output { url: "https://example.com/v.mp4".to_owned(), expires_at: None }),
            created_at: at,
            started_at: Some(at),
            finished_at: None,
        }
    }

    fn shown(status: TaskStatus) -> serde_json::Value {
        serde_json::to_value(TaskView::of(&task(status), "https://api.example.org")).unwrap()
    }

    #[test]
    fn a_failure_is_shown_with_our_code_and_sentence() {
        let task = shown(TaskStatus::Failed);
        let error = serde_json::json!({
            "type": "model_error", "code": "capacity", "responsible_party": "provider",
            "message": FailureType::Capacity.customer_sentence(),
        });
        assert_eq!((&task["error"], &task["credits"]["refunded"], &task["output"]), (&error, &49.into(), &serde_json::Value::Null));
    }

    #[test]
    fn the_fault_of_an_attempt_that_is_repeated_is_not_a_failure_of_the_task() {
        let task = shown(TaskStatus::Pending);
        assert!(task["error"].is_null() && task["output"].is_null());
    }

    #[test]
    fn a_task_that_is_about_to_be_sent_is_processing_like_its_count() {
        assert_eq!(shown(TaskStatus::Submitting)["status"], "processing");
    }

    #[test]
    fn a_success_shows_its_video_and_its_charge() {
        let task = shown(TaskStatus::Succeeded);
        let url = task["output"]["url"].as_str().unwrap();
        assert!(url.starts_with("https://api.example.org/api/v1/batches/bat_") && url.ends_with("/tasks/17/content"), "{url}");
        assert!(!task.to_string().contains("example.com"), "the provider's address stays with us");
        assert_eq!((&task["credits"]["charged"], &task["error"]), (&49.into(), &serde_json::Value::Null));
    }
}
