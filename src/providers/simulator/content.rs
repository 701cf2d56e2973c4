//! `GET /v1/videos/{id}/content`: a real, playable video of one second, whatever was asked for. Whole, or a range of it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::SimulatorState;
use super::course::{Course, Stage};
use super::job::Job;
use super::refusal::{self, Refusal};

/// 64 × 36 pixels, H.264, 12 frames: `ffmpeg -f lavfi -i testsrc=size=64x36:rate=12:duration=1 -c:v libx264 -profile:v baseline
/// -pix_fmt yuv420p -movflags +faststart -map_metadata -1 sample.mp4`.
static SAMPLE: &[u8] = include_bytes!("sample.mp4");

#[derive(Debug, Deserialize)]
pub struct Variant {
    variant: Option<String>,
}

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Whole,
    /// First and last byte.
    Part(usize, usize),
    Unsatisfiable,
}

pub async fn download(
    State(state): State<Arc<SimulatorState>>,
    Path(id): Path<String>,
    Query(variant): Query<Variant>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let now_ms = state.clock.now_ms();
    let mut jobs = state.jobs();
    let forgotten = Course::of_id(&id).map(Job::new);
    let job = jobs.get_mut(&id).map(|job| job.clone()).or(forgotten).filter(|job| !job.deleted).ok_or(refusal::NO_SUCH_VIDEO)?;
    if job.course.stage(now_ms) != Stage::Ended || job.error(now_ms).is_some() {
        return Err(refusal::NOT_READY);
    }
    if !job.course.has_content(now_ms) || variant.variant.is_some_and(|variant| variant != "video") {
        return Err(refusal::NO_CONTENT);
    }
    jobs.count_download();
    Ok(sample(headers.get(header::RANGE).and_then(|range| range.to_str().ok())))
}

fn sample(range: Option<&str>) -> Response {
    let len = SAMPLE.len();
    let shared = [(header::CONTENT_TYPE, "video/mp4"), (header::ACCEPT_RANGES, "bytes"), (header::CACHE_CONTROL, "private, max-age=3600")];
    match range.map_or(Span::Whole, |range| span(range, len)) {
        Span::Whole => (shared, Body::from(SAMPLE)).into_response(),
        Span::Part(first, last) => {
            let part = Bytes::from_static(SAMPLE).slice(first..=last);
            (StatusCode::PARTIAL_CONTENT, shared, [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{len}"))], part).into_response()
        }
        Span::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{len}"))]).into_response(),
    }
}

/// Reads one range of RFC 9110 §14.1.2. Several ranges, other units and nonsense are answered with the whole, as it allows.
fn span(range: &str, len: usize) -> Span {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else { return Span::Whole };
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last && first < len => Span::Part(first, last.min(len - 1)),
        (Ok(first), Err(_)) if last.is_empty() && first < len => Span::Part(first, len - 1),
        (Err(_), Ok(suffix)) if first.is_empty() && suffix > 0 => Span::Part(len.saturating_sub(suffix), len - 1),
        (Ok(first), Ok(last)) if first > last => Span::Whole,
        (Ok(_), Ok(_)) => Span::Unsatisfiable,
        (Ok(_), Err(_)) if last.is_empty() => Span::Unsatisfiable,
        (Err(_), Ok(0)) if first.is_empty() => Span::Unsatisfiable,
        _ => Span::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_small_mp4() {
        assert_eq!(&SAMPLE[4..8], b"ftyp");
        assert!(SAMPLE.len() < 20_000);
    }

    #[test]
    fn reads_a_range() {
        for (range, wanted) in [
            ("bytes=0-9", Span::Part(0, 9)),
            ("bytes=90-", Span::Part(90, 99)),
            ("bytes=-10", Span::Part(90, 99)),
            ("bytes=-500", Span::Part(0, 99)),
            ("bytes=50-500", Span::Part(50, 99)),
            ("bytes=100-", Span::Unsatisfiable),
            ("bytes=100-200", Span::Unsatisfiable),
            ("bytes=-0", Span::Unsatisfiable),
            ("bytes=9-0", Span::Whole),
            ("bytes=0-1,5-6", Span::Whole),
            ("bytes=-", Span::Whole),
            ("lines=0-9", Span::Whole),
        ] {
            assert_eq!(span(range, 100), wanted, "{range}");
        }
    }

    #[test]
    fn a_part_says_which_part_it_is() {
        let response = sample(Some("bytes=0-3"));
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[header::CONTENT_RANGE], format!("bytes 0-3/{}", SAMPLE.len()));
        assert_eq!(sample(Some("bytes=999999-")).status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(sample(None).status(), StatusCode::OK);
    }
}
