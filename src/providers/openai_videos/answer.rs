//! Reading the answers of the videos API: the video object, the error bodies, and the headers that carry waits.
//!
//! Gateways vary the object freely, so everything is optional, unknown fields are ignored, and a field of the wrong type counts
//! as absent (PROVIDERS §1.1, §2.1).

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::domain::time::Time;
use crate::providers::classify::Signal;

/// The longest wait that an upstream may ask of us; a longer one is cut, so that one wrong header cannot stop a route for a day.
pub const WAIT_MAX_MS: i64 = 3_600_000;

/// A longer job id is no id.
const JOB_ID_MAX_CHARS: usize = 256;

/// An answer that arrived whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as JSON; `None` when it is none.
    pub body: Option<Value>,
}

/// Where the answer says the finished video is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultUrl {
    Given(String),
    /// It names no address: the content path of the API serves the video.
    NotGiven,
    /// It has a place for the address, and leaves it empty.
    Empty,
}

impl Answer {
    /// The object that holds the job: the body itself, or the `data` of new-api's generic envelope.
    fn video(&self) -> Option<&Value> {
        let body = self.body.as_ref()?;
        match body.get("data") {
            Some(data) if data.is_object() && body.get("status").is_none() => Some(data),
            _ => Some(body),
        }
    }

    fn text(&self, path: &[&str]) -> Option<&str> {
        let found = path.iter().try_fold(self.video()?, |value, key| value.get(key))?;
        found.as_str().filter(|text| !text.is_empty())
    }

    /// The provider's name of the job: `id`, else `task_id`.
    pub fn job_id(&self) -> Option<&str> {
        let id = self.text(&["id"]).or_else(|| self.text(&["task_id"]))?;
        let usable = id.chars().count() <= JOB_ID_MAX_CHARS && !matches!(id, "." | "..") && !id.chars().any(char::is_control);
        usable.then_some(id)
    }

    /// The status word. `Some("")` when the object is a job that tells none.
    pub fn job_status(&self) -> Option<&str> {
        self.text(&["status"]).or_else(|| self.job_id().map(|_| ""))
    }

    pub fn result_url(&self) -> ResultUrl {
        let places: [&[&str]; 4] = [&["url"], &["metadata", "url"], &["video_url"], &["result_url"]];
        if let Some(url) = places.iter().find_map(|place| self.text(place)) {
            return ResultUrl::Given(url.to_owned());
        }
        let emptied = |place: &[&str]| {
            let found = self.video().and_then(|video| place.iter().try_fold(video, |value, key| value.get(key)));
            found.is_some_and(|value| value.as_str() == Some("") || (place.len() > 1 && value.is_null()))
        };
        if places.iter().any(|place| emptied(place)) { ResultUrl::Empty } else { ResultUrl::NotGiven }
    }

    /// `expires_at`, in unix seconds on the wire.
    pub fn expires_at(&self) -> Option<Time> {
        let seconds = self.video()?.get("expires_at")?.as_i64().filter(|seconds| *seconds > 0)?;
        Some(Time::from_micros(0).plus_s(seconds))
    }

    /// What the provider says is wrong, in any of the bodies it says it in: `{"error":{message,type,param,code}}`,
    /// `{"error":"…"}`, `{"code","message"}`, and `fail_reason` of new-api's envelope.
    pub fn signal(&self) -> Signal {
        let mut signal = Signal {
            http_status: Some(self.status.as_u16()),
            request_id: header(&self.headers, "x-request-id").map(str::to_owned),
            retry_after_ms: retry_after_ms(&self.headers),
            ..Signal::default()
        };
        let Some(body) = self.body.as_ref() else { return signal };
        let video = self.video().unwrap_or(body);
        let error = [video, body].into_iter().filter_map(|place| place.get("error")).find(|error| !error.is_null());
        let said = match error {
            Some(error) if error.is_object() => error,
            Some(error) => {
                signal.message = word(Some(error));
                body
            }
            None => body,
        };
        // new-api's envelope says `"code":"success"` about the call, whatever became of the job.
        signal.code = word(said.get("code")).filter(|code| !matches!(code.as_str(), "success" | "0" | "200"));
        signal.kind = error.and_then(|error| word(error.get("type")));
        signal.param = word(said.get("param"));
        let message = signal.message.take();
        signal.message = message.or_else(|| word(said.get("message"))).or_else(|| word(video.get("fail_reason")));
        signal
    }

    /// `openai-poll-after-ms`: when to ask again.
    pub fn poll_after_ms(&self) -> Option<i64> {
        wait(header(&self.headers, "openai-poll-after-ms")?.trim().parse().ok()?)
    }
}

/// A JSON string or number as text.
fn word(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn wait(ms: i64) -> Option<i64> {
    (ms >= 0).then_some(ms.min(WAIT_MAX_MS))
}

/// How long to wait: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (the order of OpenAI's own clients).
///
/// A date is read against the answer's own `date` header, so that the two machines' clocks need not agree.
pub fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    if let Some(ms) = header(headers, "retry-after-ms").and_then(|text| text.trim().parse::<i64>().ok()) {
        return wait(ms);
    }
    let text = header(headers, "retry-after")?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return wait(seconds.saturating_mul(1_000));
    }
    let moment = |text: &str| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let (until, now) = (moment(text)?, moment(header(headers, "date")?)?);
    wait(until.as_millisecond().saturating_sub(now.as_millisecond()).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: serde_json::from_str(body).ok() }
    }

    fn waits(headers: &[(&'static str, &str)]) -> Option<i64> {
        retry_after_ms(&answer(429, headers, "").headers)
    }

    #[test]
    fn reads_every_way_to_say_wait() {
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        assert_eq!(waits(&[("retry-after-ms", "250"), ("retry-after", "9")]), Some(250));
        assert_eq!(waits(&[("retry-after", "2")]), Some(2_000));
        assert_eq!(waits(&[("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT"), date]), Some(30_000));
        assert_eq!(waits(&[("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT"), date]), Some(0));
        assert_eq!(waits(&[("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT")]), None);
        assert_eq!(waits(&[("retry-after", "soon")]), None);
        assert_eq!(waits(&[]), None);
    }

    #[test]
    fn cuts_a_wait_that_is_too_long() {
        assert_eq!(waits(&[("retry-after", "86400000")]), Some(WAIT_MAX_MS));
        assert_eq!(waits(&[("retry-after", "-5")]), None);
        assert_eq!(answer(200, &[("openai-poll-after-ms", "1500")], "{}").poll_after_ms(), Some(1_500));
    }

    #[test]
    fn reads_the_error_body_of_openai() {
        let body = r#"{"error":{"message":"no","type":"invalid_request_error","param":"prompt","code":"sentinel_block"}}"#;
        let signal = answer(400, &[("x-request-id", "req_7")], body).signal();
        assert_eq!(signal.code.as_deref(), Some("sentinel_block"));
        assert_eq!(signal.kind.as_deref(), Some("invalid_request_error"));
        assert_eq!(signal.param.as_deref(), Some("prompt"));
        assert_eq!(signal.message.as_deref(), Some("no"));
        assert_eq!(signal.request_id.as_deref(), Some("req_7"));
        assert_eq!(signal.http_status, Some(400));
    }

    #[test]
    fn reads_the_error_body_of_new_api() {
        let signal = answer(403, &[], r#"{"code":"insufficient_user_quota","message":"empty","data":null}"#).signal();
        assert_eq!((signal.code.as_deref(), signal.message.as_deref()), (Some("insufficient_user_quota"), Some("empty")));
        let signal = answer(200, &[], r#"{"code":1303,"message":"busy"}"#).signal();
        assert_eq!(signal.code.as_deref(), Some("1303"));
        let signal = answer(500, &[], r#"{"error":"boom"}"#).signal();
        assert_eq!((signal.code, signal.message.as_deref()), (None, Some("boom")));
    }

    #[test]
    fn reads_the_generic_envelope_of_new_api() {
        let body = r#"{"code":"success","message":"","data":{"task_id":"t1","status":"FAILURE","progress":"30%","fail_reason":"failed to generate"}}"#;
        let answer = answer(200, &[], body);
        assert_eq!((answer.job_id(), answer.job_status()), (Some("t1"), Some("FAILURE")));
        assert_eq!((answer.signal().code, answer.signal().message.as_deref()), (None, Some("failed to generate")));
    }

    #[test]
    fn takes_id_or_task_id() {
        assert_eq!(answer(200, &[], r#"{"id":"video_1","task_id":"t"}"#).job_id(), Some("video_1"));
        assert_eq!(answer(200, &[], r#"{"task_id":"t"}"#).job_id(), Some("t"));
        for none in [r#"{"id":""}"#, r#"{"id":7}"#, "[]", "7", "<html>", r#"{"id":".."}"#] {
            assert_eq!(answer(200, &[], none).job_id(), None, "{none}");
        }
        assert_eq!(answer(200, &[], &format!(r#"{{"id":"{}"}}"#, "x".repeat(300))).job_id(), None);
    }

    #[test]
    fn finds_the_result_wherever_it_is() {
        for (body, url) in [
            (r#"{"url":"https://a/v.mp4"}"#, ResultUrl::Given("https://a/v.mp4".to_owned())),
            (r#"{"metadata":{"url":"https://b/v.mp4"},"url":null}"#, ResultUrl::Given("https://b/v.mp4".to_owned())),
            (r#"{"video_url":"https://c/v.mp4","url":""}"#, ResultUrl::Given("https://c/v.mp4".to_owned())),
            (r#"{"metadata":{"url":null}}"#, ResultUrl::Empty),
            (r#"{"metadata":{"url":""}}"#, ResultUrl::Empty),
            (r#"{"video_url":""}"#, ResultUrl::Empty),
            (r#"{"url":null}"#, ResultUrl::NotGiven),
            (r#"{"metadata":null}"#, ResultUrl::NotGiven),
            ("{}", ResultUrl::NotGiven),
        ] {
            assert_eq!(answer(200, &[], body).result_url(), url, "{body}");
        }
    }

    #[test]
    fn reads_the_expiry_in_unix_seconds() {
        let expires = |body: &str| answer(200, &[], body).expires_at().map(|time| time.to_string());
        assert_eq!(expires(r#"{"expires_at":1790000000}"#).as_deref(), Some("2026-09-21T14:13:20Z"));
        assert_eq!(expires(r#"{"expires_at":null}"#), None);
        assert_eq!(expires(r#"{"expires_at":0}"#), None);
    }
}
