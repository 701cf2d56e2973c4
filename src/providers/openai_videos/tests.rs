//! The adapter against small upstreams that give one answer each.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::*;
use crate::domain::failure::FailureType;

fn order() -> Order {
    Order {
        reference: "bat_1/17/1".to_owned(),
        upstream_model: "sora-2".to_owned(),
        prompt: "a cat".to_owned(),
        aspect_ratio: Some("9:16".to_owned()),
        duration_s: Some(8),
        reference_url: Some("https://a.example/cat.png".to_owned()),
    }
}

fn provider(base_url: &str) -> OpenAiVideos {
    let config = OpenAiVideosConfig { submit_timeout_ms: 2_000, ..OpenAiVideosConfig::new(base_url, Secret::new("sk-secret")) };
    OpenAiVideos::new(config).unwrap()
}

/// Serves the routes on a free port, and is asked as a provider.
async fn upstream(routes: Router) -> OpenAiVideos {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().nest("/v1", routes)).await });
    provider(&base_url)
}

/// What a poll makes of this answer.
async fn polled(status: u16, body: &'static str) -> Polled {
    let answer = move || async move { (StatusCode::from_u16(status).unwrap(), [("openai-poll-after-ms", "1500")], body) };
    upstream(Router::new().route("/videos/{id}", get(answer))).await.poll("video_1").await
}

/// What a submit makes of this answer.
async fn submitted(status: u16, body: impl Into<String>) -> Submitted {
    let body = body.into();
    let answer = move || async move { (StatusCode::from_u16(status).unwrap(), body) };
    upstream(Router::new().route("/videos", post(answer))).await.submit(&order()).await
}

fn failure(answer: &Polled) -> Option<FailureType> {
    if let Polled::Failed(fault) = answer { Some(fault.failure) } else { None }
}

fn unanswered_by(answer: Submitted) -> Option<String> {
    if let Submitted::Unanswered(evidence) = answer { evidence.rule } else { None }
}

#[test]
fn sends_what_the_api_knows_and_nothing_else() {
    let asked = json!({
        "model": "sora-2", "prompt": "a cat", "seconds": "8", "size": "720x1280",
        "input_reference": {"image_url": "https://a.example/cat.png"},
    });
    assert_eq!(create_body(&order()), asked);
    let plain = Order { aspect_ratio: Some("1:1".to_owned()), duration_s: None, reference_url: None, ..order() };
    assert_eq!(create_body(&plain), json!({"model": "sora-2", "prompt": "a cat"}));
}

#[test]
fn never_shows_its_key() {
    assert!(!format!("{:?}", provider("https://up.example/v1")).contains("sk-secret"));
    assert_eq!(format!("{:?}", Secret::new("sk-secret")), "…");
}

#[test]
fn refuses_a_configuration_that_cannot_work() {
    let with = |url: &str, key: &str| OpenAiVideos::new(OpenAiVideosConfig::new(url, Secret::new(key))).err();
    assert_eq!(with("ftp://a", "k"), Some(BadConfig::BaseUrl("ftp://a".to_owned())));
    assert_eq!(with("a.example/v1", "k"), Some(BadConfig::BaseUrl("a.example/v1".to_owned())));
    assert_eq!(with("https://a/v1", "k\n"), Some(BadConfig::ApiKey));
    assert_eq!(with("https://a/v1/", "k"), None);
}

#[test]
fn a_job_id_cannot_leave_its_path() {
    let provider = provider("https://up.example/v1/");
    assert_eq!(provider.job_url("video_1", None).as_str(), "https://up.example/v1/videos/video_1");
    assert_eq!(provider.job_url("a/b?c", Some("content")).as_str(), "https://up.example/v1/videos/a%2Fb%3Fc/content");
}

#[tokio::test]
async fn names_the_attempt_and_shows_the_key_to_the_upstream() {
    let echo = |headers: axum::http::HeaderMap| async move {
        let told = |name: &str| headers[name].to_str().unwrap().to_owned();
        json!({"id": format!("{} {}", told("x-client-request-id"), told("authorization").len())}).to_string()
    };
    let answer = upstream(Router::new().route("/videos", post(echo))).await.submit(&order()).await;
    assert_eq!(answer, Submitted::Accepted { provider_job: format!("bat_1/17/1 {}", "Bearer sk-secret".len()) });
}

#[tokio::test]
async fn accepts_task_id_for_id() {
    let answer = submitted(200, r#"{"task_id":"task_9","status":"SUBMITTED","progress":"0%"}"#).await;
    assert_eq!(answer, Submitted::Accepted { provider_job: "task_9".to_owned() });
}

#[tokio::test]
async fn a_good_answer_that_cannot_be_read_leaves_the_order_unanswered() {
    assert_eq!(unanswered_by(submitted(200, "{\"id\":\"vid").await).as_deref(), Some("unreadable_answer"));
    assert_eq!(unanswered_by(submitted(200, "{}").await).as_deref(), Some("answer_without_id"));
    assert_eq!(unanswered_by(submitted(504, "").await).as_deref(), Some("gateway_timeout"));
    let endless = format!(r#"{{"id":"video_1","prompt":"{}"}}"#, "x".repeat(ANSWER_MAX_BYTES));
    assert_eq!(unanswered_by(submitted(200, endless).await).as_deref(), Some("unreadable_answer"));
}

#[tokio::test]
async fn a_quoted_key_is_blotted_out() {
    let answer = submitted(401, r#"{"error":{"message":"bad key sk-secret","code":"invalid_api_key"}}"#).await;
    let Submitted::RouteDown(fault) = answer else { panic!("{answer:?}") };
    assert_eq!((fault.failure, fault.evidence.message.as_deref()), (FailureType::ProviderAuth, Some("bad key …")));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let gone = || async { (StatusCode::TEMPORARY_REDIRECT, [("location", "/v1/elsewhere")], "") };
    let elsewhere = || async { r#"{"id":"video_1"}"# };
    let routes = Router::new().route("/videos", post(gone)).route("/elsewhere", post(elsewhere));
    let answer = upstream(routes).await.submit(&order()).await;
    assert!(matches!(&answer, Submitted::Failed(fault) if fault.failure == FailureType::Unknown), "{answer:?}");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_was_sent_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let answer = provider(&base_url).submit(&order()).await;
    let Submitted::Failed(fault) = answer else { panic!("{answer:?}") };
    assert_eq!((fault.failure, fault.evidence.rule.as_deref()), (FailureType::Network, Some("not_sent")));
    let answer = provider(&base_url).poll("video_1").await;
    assert!(matches!(answer, Polled::Unclear(_)), "{answer:?}");
}

#[tokio::test]
async fn reads_what_a_job_is_doing() {
    let running = Polled::Running { poll_after_ms: Some(1_500) };
    assert_eq!(polled(200, r#"{"id":"video_1","status":"in_progress","progress":"30%"}"#).await, running);
    assert_eq!(polled(200, r#"{"id":"video_1","status":"hatching"}"#).await, running);
    assert_eq!(polled(200, r#"{"id":"video_1"}"#).await, running);
    let missing = polled(200, r#"{"id":"video_1","status":"completed","metadata":{"url":null}}"#).await;
    assert_eq!(failure(&missing), Some(FailureType::ResultMissing));
    let canceled = polled(200, r#"{"id":"video_1","status":"cancelled"}"#).await;
    assert_eq!(failure(&canceled), Some(FailureType::ModelError));
    let moderated = polled(200, r#"{"id":"video_1","status":"failed","error":{"code":"moderation_blocked","message":"no"}}"#).await;
    assert_eq!(failure(&moderated), Some(FailureType::ContentPolicyOutput));
    let odd = polled(200, r#"{"id":"video_1","status":"completed","url":"file:///etc/passwd"}"#).await;
    assert_eq!(failure(&odd), Some(FailureType::ResultMissing));
}

#[test]
fn a_key_for_trying_things_out_changes_no_code() {
    let keyed = |key: &str| OpenAiVideos::new(OpenAiVideosConfig::new("https://up.example/v1", Secret::new(key))).unwrap();
    for key in ["", "k", "blocked"] {
        assert_eq!(keyed(key).without_key("moderation_blocked"), "moderation_blocked", "{key:?}");
    }
    assert_eq!(keyed("sk-secret").without_key("bad key sk-secret"), "bad key …");
}

#[tokio::test]
async fn the_content_path_serves_a_result_without_an_address() {
    let answer = polled(200, r#"{"id":"video_1","status":"completed","expires_at":1790000000}"#).await;
    let Polled::Succeeded(output) = answer else { panic!("{answer:?}") };
    assert!(output.url.ends_with("/v1/videos/video_1/content"), "{}", output.url);
    assert_eq!(output.expires_at.map(|time| time.to_string()).as_deref(), Some("2026-09-21T14:13:20Z"));
}

#[tokio::test]
async fn garbage_and_trouble_leave_a_job_as_it_is() {
    for (status, body) in [(200, "<html>"), (200, "[]"), (200, "{}"), (401, "{}"), (403, "{}"), (429, "{}"), (500, ""), (504, "")] {
        let answer = polled(status, body).await;
        assert!(matches!(answer, Polled::Unclear(_)), "{status} {body}: {answer:?}");
    }
    let answer = polled(404, r#"{"error":{"message":"no such video"}}"#).await;
    assert!(matches!(answer, Polled::NotFound(_)), "{answer:?}");
}
