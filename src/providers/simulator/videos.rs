//! `/v1/videos`: create, retrieve, list, delete.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SimulatorState;
use super::caller::Caller;
use super::course::{Course, Ending, Stage, TAKES_MAX_MS};
use super::job::{Job, PROMPT_KEPT_CHARS};
use super::plan::{Answer, Ask, Plan};
use super::refusal::{self, Refusal};

/// The API's own limit on a prompt (PROVIDERS §1.1).
const PROMPT_MAX_CHARS: usize = 32_000;

/// Jobs on a page of the list.
const PAGE_MAX: usize = 100;
const PAGE_USUAL: usize = 20;

/// A call that hangs on purpose is let go after this: longer than any client waits.
const HANG_MAX_MS: u64 = 600_000;

/// `openai-poll-after-ms` is a quarter of the job's time, within these.
const POLL_AFTER_MIN_MS: u64 = 100;
const POLL_AFTER_MAX_MS: u64 = 10_000;

/// What a create call asks for. Fields that decide nothing here are echoed or ignored.
#[derive(Debug, Deserialize)]
struct Create {
    prompt: Option<String>,
    model: Option<String>,
    seconds: Option<String>,
    size: Option<String>,
    input_reference: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub struct Page {
    after: Option<String>,
    limit: Option<usize>,
    order: Option<String>,
}

/// `POST /v1/videos`. The job is made first and the answer takes its time, as upstream: who leaves early leaves a job behind.
pub async fn create(_: Caller, State(state): State<Arc<SimulatorState>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let create: Create = serde_json::from_slice(&body).map_err(|_| refusal::INVALID_JSON)?;
    let made = state.make(&create, header_text(&headers, "x-client-request-id"));
    tokio::time::sleep(Duration::from_millis(state.config.submit_latency_ms)).await;
    let (job, answer) = made?;
    let object = job.object(state.clock.now_ms(), host(&headers));
    match answer {
        Answer::Take => Ok(Json(object).into_response()),
        Answer::Refuse(refusal) => Err(refusal),
        Answer::TakeThenGarble => Ok(([(header::CONTENT_TYPE, "application/json")], first_half(&object)).into_response()),
        Answer::TakeThenBreakOff => Ok(Body::from_stream(broken_off(&object)).into_response()),
        Answer::TakeThenHang => {
            tokio::select! {
                () = state.stopping.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(HANG_MAX_MS)) => {}
            }
            Ok(Body::from_stream(broken_off(&object)).into_response())
        }
    }
}

/// `GET /v1/videos/{id}`.
pub async fn retrieve(
    _: Caller,
    State(state): State<Arc<SimulatorState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let now_ms = state.clock.now_ms();
    let mut jobs = state.jobs();
    let mut forgotten = Course::of_id(&id).map(Job::new);
    let job = jobs.get_mut(&id).or(forgotten.as_mut()).filter(|job| !job.deleted).ok_or(refusal::NO_SUCH_VIDEO)?;
    if let Some(status) = job.course.poll_error {
        return Err(Refusal::of_status(status));
    }
    if job.course.ending == Ending::Lost {
        return Err(refusal::NO_SUCH_VIDEO);
    }
    let object = job.object(now_ms, host(&headers));
    let ended = job.course.stage(now_ms) == Stage::Ended;
    job.has_flipped |= ended && job.course.ending == Ending::Flip;
    if ended {
        return Ok(Json(object).into_response());
    }
    let poll_after_ms = (job.course.takes_ms / 4).clamp(POLL_AFTER_MIN_MS, POLL_AFTER_MAX_MS);
    Ok(([(HeaderName::from_static("openai-poll-after-ms"), HeaderValue::from(poll_after_ms))], Json(object)).into_response())
}

/// `GET /v1/videos?after=&limit=&order=asc|desc`, newest first by default.
pub async fn list(_: Caller, State(state): State<Arc<SimulatorState>>, Query(page): Query<Page>, headers: HeaderMap) -> Json<Value> {
    let limit = page.limit.unwrap_or(PAGE_USUAL).min(PAGE_MAX);
    let now_ms = state.clock.now_ms();
    let after = page.after.as_deref();
    let jobs = state.jobs();
    let mut data = if page.order.as_deref() == Some("asc") {
        objects(jobs.oldest_first(), after, limit, now_ms, host(&headers))
    } else {
        objects(jobs.oldest_first().rev(), after, limit, now_ms, host(&headers))
    };
    let has_more = data.len() > limit;
    data.truncate(limit);
    let id = |object: Option<&Value>| object.map(|object| object["id"].clone());
    Json(json!({"object": "list", "first_id": id(data.first()), "last_id": id(data.last()), "has_more": has_more, "data": data}))
}

/// `DELETE /v1/videos/{id}`. The job is gone for its client; upstream it goes on to its end.
pub async fn delete(_: Caller, State(state): State<Arc<SimulatorState>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let mut jobs = state.jobs();
    let job = jobs.get_mut(&id).filter(|job| !job.deleted).ok_or(refusal::NO_SUCH_VIDEO)?;
    job.deleted = true;
    Ok(Json(json!({"id": id, "deleted": true, "object": "video.deleted"})))
}

impl SimulatorState {
    /// Counts the submission and, unless it is refused, makes its job.
    fn make(&self, create: &Create, reference: Option<&str>) -> Result<(Job, Answer), Refusal> {
        let prompt = create.prompt.as_deref().filter(|prompt| !prompt.is_empty()).ok_or(refusal::MISSING_PROMPT)?;
        if prompt.chars().count() > PROMPT_MAX_CHARS {
            return Err(refusal::LONG_PROMPT);
        }
        let now_ms = self.clock.now_ms();
        let mut jobs = self.jobs();
        let seen_before = jobs.count_submission(reference);
        let plan = Plan::of(&self.config, Ask { prompt, reference, has_picture: create.input_reference.is_some(), seen_before });
        if let Answer::Refuse(refusal) = plan.answer {
            return Err(refusal);
        }
        let first = reference.filter(|_| self.config.dedupe_references).and_then(|reference| jobs.first_of(reference)).cloned();
        if let Some(first) = first {
            jobs.count_taken(reference, &first.course.id());
            return Ok((first, plan.answer));
        }
        let open_max = self.config.concurrency_max;
        if open_max.is_some_and(|open_max| !jobs.has_room(open_max, now_ms)) {
            return Err(refusal::TOO_MANY_JOBS);
        }
        let number = jobs.totals().jobs + 1;
        let takes_ms = plan.takes_ms.min(TAKES_MAX_MS);
        let job = Job {
            model: create.model.clone(),
            prompt: Some(prompt.chars().take(PROMPT_KEPT_CHARS).collect()),
            size: create.size.clone(),
            seconds: create.seconds.clone(),
            ..Job::new(Course { created_ms: now_ms, number, takes_ms, ending: plan.ending, poll_error: plan.poll_error })
        };
        jobs.count_taken(reference, &job.course.id());
        jobs.insert(job.clone(), open_max.is_some());
        Ok((job, plan.answer))
    }
}

/// A page of video objects and one more, which says that there is more.
fn objects<'a>(jobs: impl Iterator<Item = &'a Job>, after: Option<&str>, limit: usize, now_ms: u64, host: &str) -> Vec<Value> {
    let after = after.and_then(Course::of_id);
    let mut jobs = jobs.peekable();
    if let Some(after) = after {
        while jobs.next_if(|job| job.course != after).is_some() {}
        jobs.next();
    }
    jobs.take(limit + 1).map(|job| job.object(now_ms, host)).collect()
}

fn first_half(object: &Value) -> String {
    let whole = object.to_string();
    whole.chars().take(whole.chars().count() / 2).collect()
}

/// Half of an answer, and then a connection that breaks.
fn broken_off(object: &Value) -> impl stream::Stream<Item = Result<String, std::io::Error>> + Send + 'static {
    stream::iter([Ok(first_half(object)), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))])
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn host(headers: &HeaderMap) -> &str {
    header_text(headers, "host").unwrap_or("127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::simulator::SimulatorConfig;

    fn create_of(prompt: &str) -> Create {
        Create { prompt: Some(prompt.to_owned()), model: None, seconds: None, size: None, input_reference: None }
    }

    fn state(config: SimulatorConfig) -> SimulatorState {
        SimulatorState::new(SimulatorConfig { failure_rate: 0.0, latency_ms: 60_000, ..config })
    }

    #[test]
    fn refuses_a_prompt_that_is_none() {
        let state = state(SimulatorConfig::default());
        assert_eq!(state.make(&create_of(""), None).err(), Some(refusal::MISSING_PROMPT));
        assert_eq!(state.make(&create_of(&"x".repeat(32_001)), None).err(), Some(refusal::LONG_PROMPT));
        assert_eq!(state.jobs().totals().submissions, 0);
    }

    #[test]
    fn answers_429_above_its_limit_of_open_jobs() {
        let state = state(SimulatorConfig { concurrency_max: Some(2), ..SimulatorConfig::default() });
        assert!(state.make(&create_of("a"), None).is_ok());
        assert!(state.make(&create_of("b"), None).is_ok());
        assert_eq!(state.make(&create_of("c"), None).err(), Some(refusal::TOO_MANY_JOBS));
    }

    #[test]
    fn a_second_submit_makes_a_second_job_unless_references_are_deduped() {
        for (dedupe_references, jobs) in [(false, 2), (true, 1)] {
            let state = state(SimulatorConfig { dedupe_references, ..SimulatorConfig::default() });
            let first = state.make(&create_of("a cat"), Some("b/1/1")).unwrap().0;
            let second = state.make(&create_of("a cat"), Some("b/1/1")).unwrap().0;
            assert_eq!(first.course.id() == second.course.id(), dedupe_references);
            let totals = state.jobs().totals();
            assert_eq!((totals.submissions, totals.jobs, totals.duplicate_references), (2, jobs, 1));
        }
    }

    #[test]
    fn pages_through_the_list() {
        let state = state(SimulatorConfig::default());
        for prompt in ["a", "b", "c"] {
            state.make(&create_of(prompt), None).unwrap();
        }
        let jobs = state.jobs();
        let page = |after: Option<&str>| objects(jobs.oldest_first().rev(), after, 2, 0, "h");
        let prompts = |page: &[Value]| page.iter().map(|object| object["prompt"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let first = page(None);
        assert_eq!(prompts(&first), ["c", "b", "a"], "the page of two, and one more");
        assert_eq!(prompts(&page(first[1]["id"].as_str())), ["a"]);
    }
}
