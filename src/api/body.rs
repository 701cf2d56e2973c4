//! Reading a JSON body: what it must be, how large it may be, and how deep it may nest, before anything looks inside.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::LengthLimitError;

use super::code::Code;
use super::problem::Problem;

/// Bytes in a body at most. Looked up in `Content-Length` before anything is read, and counted while reading.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A body that has not arrived by then is given up.
const BODY_TIMEOUT_S: u64 = 60;
/// Levels of arrays and objects at most; what customers send has four.
const DEPTH_MAX: usize = 32;

/// The text of a JSON body. Its size, type, encoding and depth were checked; its grammar was not.
#[derive(Clone, Debug)]
pub(crate) struct JsonText(Bytes);

impl JsonText {
    pub fn as_str(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.0)
            .map_err(|error| Problem::new(Code::MalformedJson, format!("The body is not UTF-8 at byte {}.", error.valid_up_to())))
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_headers(request.headers())?;
        let read = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX);
        let bytes = tokio::time::timeout(Duration::from_secs(BODY_TIMEOUT_S), read)
            .await
            .map_err(|_| {
                Problem::new(Code::BodyTimeout, format!("The body did not arrive within {BODY_TIMEOUT_S} seconds. Nothing was stored."))
            })?
            .map_err(unread)?;
        if is_deeper_than(&bytes, DEPTH_MAX) {
            return Err(Problem::new(Code::MalformedJson, format!("The JSON nests deeper than {DEPTH_MAX} levels.")));
        }
        Ok(Self(bytes))
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let media_type = text(header::CONTENT_TYPE).unwrap_or("").split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let sent = if media_type.is_empty() { "none".to_owned() } else { format!("{media_type:?}") };
        let detail = format!("The content type of the body is application/json; this one's is {sent}.");
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    if text(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.trim().eq_ignore_ascii_case("identity")) {
        return Err(Problem::new(Code::UnsupportedMediaType, "The body is sent without a content encoding."));
    }
    if text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    Ok(())
}

fn unread(error: axum::Error) -> Problem {
    let cause = error.into_inner();
    if cause.is::<LengthLimitError>() { too_large() } else { Problem::new(Code::MalformedJson, "The body ended before it was complete.") }
}

fn too_large() -> Problem {
    Problem::new(Code::BodyTooLarge, format!("The body has more than {} MiB. Split the batch.", BODY_BYTES_MAX / (1024 * 1024)))
}

/// Counts brackets outside of strings. In text that is not JSON the count means nothing, and the parser says so.
fn is_deeper_than(json: &[u8], max: usize) -> bool {
    let mut depth = 0_usize;
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > max {
            return true;
        }
    }
    false
}

/// What a parser says about a whole document: broken JSON is 400, JSON of the wrong shape 422.
pub(crate) fn unparsed(error: &serde_json::Error) -> Problem {
    match error.classify() {
        serde_json::error::Category::Data => Problem::new(Code::InvalidRequest, format!("The request is not as described: {error}.")),
        _ => Problem::new(Code::MalformedJson, format!("The body is not JSON: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(request: axum::http::request::Builder, body: Body) -> Result<JsonText, Code> {
        JsonText::from_request(request.body(body).unwrap(), &()).await.map_err(|problem| problem.code())
    }

    fn json() -> axum::http::request::Builder {
        Request::builder().header(header::CONTENT_TYPE, "application/json; charset=utf-8")
    }

    #[tokio::test]
    async fn refuses_other_types_and_encodings() {
        assert_eq!(read(Request::builder(), Body::from("{}")).await.err(), Some(Code::UnsupportedMediaType));
        let form = Request::builder().header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(read(form, Body::from("{}")).await.err(), Some(Code::UnsupportedMediaType));
        assert_eq!(read(json().header(header::CONTENT_ENCODING, "gzip"), Body::from("{}")).await.err(), Some(Code::UnsupportedMediaType));
        assert_eq!(read(json(), Body::from("{}")).await.unwrap().as_str().unwrap(), "{}");
    }

    #[tokio::test]
    async fn refuses_a_large_body_before_reading_it() {
        let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let length = (BODY_BYTES_MAX + 1).to_string();
        assert_eq!(read(json().header(header::CONTENT_LENGTH, length), never).await.err(), Some(Code::BodyTooLarge));
    }

    #[tokio::test]
    async fn counts_a_body_that_does_not_say_its_length() {
        let mebibyte = Bytes::from(vec![b' '; 1024 * 1024]);
        let endless = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(mebibyte.clone()));
        assert_eq!(read(json(), Body::from_stream(endless)).await.err(), Some(Code::BodyTooLarge));
    }

    #[tokio::test]
    async fn refuses_deep_nesting_and_no_less() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(json(), Body::from(nested(DEPTH_MAX))).await.is_ok());
        assert_eq!(read(json(), Body::from(nested(DEPTH_MAX + 1))).await.err(), Some(Code::MalformedJson));
        assert_eq!(read(json(), Body::from("[".repeat(1_000_000))).await.err(), Some(Code::MalformedJson));
        let in_text = format!(r#""\"{}""#, "[".repeat(100));
        assert!(read(json(), Body::from(in_text)).await.is_ok());
    }
}
