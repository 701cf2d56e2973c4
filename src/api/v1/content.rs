//! `GET /batches/{id}/tasks/{number}/content`: the finished video, passed on from wherever it is kept. Customers never learn where
//! that is, and never need a key of ours to get it.

use std::fmt;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::auth::MayRead;
use crate::api::Api;
use crate::api::code::Code;
use crate::api::parameters::{batch_id, task_number};
use crate::api::problem::Problem;
use crate::domain::id::BatchId;
use crate::domain::task::{TaskState, TaskStatus};
use crate::service::Reader;

/// Where finished videos are fetched from. The server gives one to the API, which itself calls nobody.
#[async_trait]
pub trait ContentSource: Send + Sync + fmt::Debug {
    /// `range` is one range of bytes, as HTTP writes it.
    async fn fetch(&self, provider: &str, url: &str, range: Option<&str>) -> Result<Content, NoContent>;
}

/// A video on its way.
#[derive(Debug)]
pub struct Content {
    /// A part, and which: `bytes 0-3/1000`.
    pub content_range: Option<String>,
    pub content_type: Option<String>,
    pub length: Option<u64>,
    pub body: Body,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoContent {
    Gone,
    NoSuchRange,
    /// Too many are being fetched.
    Busy,
    /// Why, for the log.
    Unavailable(String),
}

/// Has nothing: for programs that only keep books.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

#[async_trait]
impl ContentSource for Nowhere {
    async fn fetch(&self, _: &str, _: &str, _: Option<&str>) -> Result<Content, NoContent> {
        Err(NoContent::Unavailable("this process fetches no videos".to_owned()))
    }
}

/// Pause that is asked for when it cannot be fetched now.
const RETRY_MS: i64 = 5_000;

/// Where a customer fetches a video.
pub(crate) fn path(batch: BatchId, number: i32) -> String {
    format!("/api/v1/batches/{batch}/tasks/{number}/content")
}

/// Get a video
///
/// The finished video of a task, or with a `Range` header a part of it. It is kept until the task's `output.expires_at`.
#[utoipa::path(
    get, path = "/api/v1/batches/{id}/tasks/{number}/content", tag = "Tasks", operation_id = "get_content",
    params(
        ("id" = String, Path, description = "Id of the batch."),
        ("number" = i32, Path, minimum = 1, description = "Position of the item in the batch, from 1."),
        ("Range" = Option<String>, Header, description = "One range of bytes, like `bytes=0-1023`."),
    ),
    responses(
        (status = 200, description = "The video.", content_type = "video/mp4", body = Vec<u8>),
        (status = 206, description = "The part of it that was asked for.", content_type = "video/mp4", body = Vec<u8>),
    ),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    MayRead(caller): MayRead,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, number) = (batch_id(&id)?, task_number(&number)?);
    let (task, provider) = api.service.task_with_provider(Reader::from(&caller), id, number).await?;
    let output = task.output.filter(|_| task.status == TaskStatus::Succeeded);
    let (Some(output), Some(provider)) = (output, provider) else {
        let detail = format!("Task {number} is {} and has no video.", TaskState::from(task.status));
        return Err(Problem::new(Code::NoVideo, detail));
    };
    if output.expires_at.is_some_and(|at| at <= api.service.now()) {
        return Err(gone());
    }
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).filter(|range| is_one_range(range));
    match api.content.fetch(&provider, &output.url, range).await {
        Ok(content) => Ok(passed_on(content, &format!("{id}-{number}.mp4"))),
        Err(NoContent::Gone) => Err(gone()),
        Err(NoContent::NoSuchRange) => Err(Problem::new(Code::NoSuchRange, "The video has no bytes in the range that was asked for.")),
        Err(NoContent::Busy) => {
            Err(Problem::new(Code::Unavailable, "Many videos are being fetched. Ask again in a moment.").retry_after_ms(RETRY_MS))
        }
        Err(NoContent::Unavailable(why)) => {
            tracing::warn!(%id, number, provider, why, "a video could not be fetched");
            Err(Problem::new(Code::VideoUnavailable, "The video cannot be fetched now. Ask again in a moment.").retry_after_ms(RETRY_MS))
        }
    }
}

fn gone() -> Problem {
    Problem::new(Code::VideoGone, "The video is not kept any more. Fetch videos before their `expires_at`.")
}

/// Several ranges would be answered in parts that nobody checks; they get the whole.
fn is_one_range(range: &str) -> bool {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else { return false };
    let digits = |text: &str| text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(first) && digits(last) && !(first.is_empty() && last.is_empty())
}

/// Nothing that a provider says is passed on unless it is harmless: a type of video, a length, a range.
fn passed_on(content: Content, name: &str) -> Response {
    let status = if content.content_range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut headers = HeaderMap::new();
    let media_type = content.content_type.as_deref().and_then(|text| text.split(';').next()).map(str::trim);
    let media_type = media_type.filter(|text| text.starts_with("video/")).unwrap_or("application/octet-stream");
    let mut put = |name, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, Some(media_type.to_owned()));
    put(header::CONTENT_LENGTH, content.length.map(|length| length.to_string()));
    put(header::CONTENT_RANGE, content.content_range.filter(|range| range.starts_with("bytes ")));
    put(header::ACCEPT_RANGES, Some("bytes".to_owned()));
    put(header::CONTENT_DISPOSITION, Some(format!("attachment; filename=\"{name}\"")));
    put(header::X_CONTENT_TYPE_OPTIONS, Some("nosniff".to_owned()));
    put(header::CACHE_CONTROL, Some("private, no-store".to_owned()));
    (status, headers, content.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_range_is_passed_on() {
        for good in ["bytes=0-9", "bytes=5-", "bytes=-5", " bytes=0-0 "] {
            assert!(is_one_range(good), "{good}");
        }
        for bad in ["bytes=-", "bytes=0-1,3-4", "lines=0-9", "bytes=a-b", "bytes=0-99999999999999999999", ""] {
            assert!(!is_one_range(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_video_is_only_bytes() {
        let content = |media_type: &str| Content {
            content_range: None,
            content_type: Some(media_type.to_owned()),
            length: Some(3),
            body: Body::from("abc"),
        };
        let shown = |media_type| passed_on(content(media_type), "a.mp4").headers()[header::CONTENT_TYPE].clone();
        assert_eq!((shown("video/mp4"), shown("video/webm; codecs=vp9")), ("video/mp4".parse().unwrap(), "video/webm".parse().unwrap()));
        assert_eq!(shown("text/html"), "application/octet-stream");
    }
}
