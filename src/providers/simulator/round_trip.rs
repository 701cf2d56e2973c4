//! The adapter of the videos API against the simulated provider, over a real connection: what each directive comes to.

use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;

use super::{SimulatorConfig, serve};
use crate::domain::attempt::{Order, Polled, Submitted};
use crate::providers::Provider;
use crate::providers::openai_videos::{OpenAiVideos, OpenAiVideosConfig, Secret};

const PATIENCE: Duration = Duration::from_secs(20);

struct Upstream {
    root: String,
    provider: OpenAiVideos,
}

async fn upstream_of(config: SimulatorConfig) -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let api_key = config.api_key.clone().unwrap_or_else(|| "none".to_owned());
    tokio::spawn(serve(listener, config, std::future::pending()));
    let provider = OpenAiVideosConfig { submit_timeout_ms: 1_000, ..OpenAiVideosConfig::new(format!("{root}/v1"), Secret::new(api_key)) };
    Upstream { root, provider: OpenAiVideos::new(provider).unwrap() }
}

/// Fast, and nothing happens by chance.
fn quick() -> SimulatorConfig {
    SimulatorConfig { latency_ms: 20, submit_latency_ms: 0, failure_rate: 0.0, ..SimulatorConfig::default() }
}

async fn upstream() -> Upstream {
    upstream_of(quick()).await
}

fn order(prompt: &str, attempt: u32) -> Order {
    Order {
        reference: format!("bat_1/17/{attempt}"),
        upstream_model: "sora-2".to_owned(),
        prompt: prompt.to_owned(),
        aspect_ratio: Some("16:9".to_owned()),
        duration_s: Some(8),
        reference_url: None,
    }
}

impl Upstream {
    async fn submit(&self, prompt: &str, attempt: u32) -> Submitted {
        self.provider.submit(&order(prompt, attempt)).await
    }

    async fn accepted(&self, prompt: &str) -> String {
        match self.submit(prompt, 1).await {
            Submitted::Accepted { provider_job } => provider_job,
            other => panic!("{prompt}: {other:?}"),
        }
    }

    /// Asks until the answer is another than that it runs.
    async fn answer_of(&self, job: &str) -> Polled {
        let asking = async {
            loop {
                match self.provider.poll(job).await {
                    Polled::Running { .. } => tokio::time::sleep(Duration::from_millis(5)).await,
                    answer => return answer,
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the job ends")
    }

    async fn outcome(&self, prompt: &str) -> String {
        match self.submit(prompt, 1).await {
            Submitted::Accepted { provider_job } => format!("taken, {}", polled(self.answer_of(&provider_job).await)),
            Submitted::Failed(fault) => format!("failed {}", fault.failure),
            Submitted::RouteDown(fault) => format!("route down {}", fault.failure),
            Submitted::Throttled { retry_after_ms, .. } => format!("throttled {}", retry_after_ms.unwrap_or(-1)),
            Submitted::Unanswered(evidence) => format!("unanswered {}", evidence.rule.unwrap_or_default()),
            Submitted::Succeeded(_) => "succeeded at once".to_owned(),
        }
    }

    async fn stats(&self) -> Value {
        get(&format!("{}/simulator/stats", self.root)).await.unwrap().json().await.unwrap()
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().build().unwrap()
}

async fn get(url: &str) -> reqwest::Result<reqwest::Response> {
    client().get(url).send().await
}

fn polled(answer: Polled) -> String {
    match answer {
        Polled::Running { .. } => "running".to_owned(),
        Polled::Succeeded(_) => "succeeded".to_owned(),
        Polled::Failed(fault) => format!("failed {}", fault.failure),
        Polled::Unclear(evidence) => format!("unclear {}", evidence.http_status.unwrap_or_default()),
        Polled::NotFound(_) => "not found".to_owned(),
    }
}

#[tokio::test]
async fn every_directive_comes_to_what_it_names() {
    let upstream = upstream().await;
    for (directive, outcome) in [
        ("", "taken, succeeded"),
        ("[[ok]]", "taken, succeeded"),
        ("[[slow:60ms]]", "taken, succeeded"),
        ("[[fail:content_policy_input]]", "failed content_policy_input"),
        ("[[fail:content_policy_output]]", "taken, failed content_policy_output"),
        ("[[fail:param_error]]", "failed param_error"),
        ("[[fail:asset_error]]", "taken, failed asset_error"),
        ("[[fail:model_error]]", "taken, failed model_error"),
        ("[[fail:capacity]]", "failed capacity"),
        ("[[fail:timeout]]", "taken, failed timeout"),
        ("[[fail:network]]", "failed network"),
        ("[[fail:rate_limited]]", "throttled 1000"),
        ("[[fail:provider_quota]]", "route down provider_quota"),
        ("[[fail:provider_auth]]", "route down provider_auth"),
        ("[[fail:model_retired]]", "route down model_retired"),
        ("[[fail:not_found]]", "taken, not found"),
        ("[[fail:result_missing]]", "taken, failed result_missing"),
        ("[[fail:result_download]]", "taken, succeeded"),
        ("[[fail:unknown]]", "taken, failed unknown"),
        ("[[error:503]]", "failed capacity"),
        ("[[error:500]]", "failed model_error"),
        ("[[error:504]]", "unanswered gateway_timeout"),
        ("[[error:429]]", "throttled 1000"),
        ("[[malformed]]", "unanswered unreadable_answer"),
        ("[[accept_then_hang]]", "unanswered no_answer"),
        ("[[poll_error:503]]", "taken, unclear 503"),
        ("[[flip]]", "taken, failed model_error"),
        ("[[backwards]]", "taken, succeeded"),
        ("[[unknown_status]]", "taken, succeeded"),
    ] {
        assert_eq!(upstream.outcome(&format!("a cat {directive}")).await, outcome, "{directive}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_leaves_the_order_unanswered() {
    let upstream = upstream().await;
    let outcome = upstream.outcome("[[reset]]").await;
    assert!(outcome.starts_with("unanswered"), "{outcome}");
    assert_eq!(upstream.stats().await["jobs"], 1);
}

#[tokio::test]
async fn an_unanswered_order_has_made_one_job() {
    for directive in ["[[malformed]]", "[[accept_then_hang]]"] {
        let upstream = upstream().await;
        assert!(upstream.outcome(directive).await.starts_with("unanswered"));
        let stats = upstream.stats().await;
        assert_eq!(
            (&stats["submissions"], &stats["jobs"], &stats["duplicate_references"]),
            (&1.into(), &1.into(), &0.into()),
            "{directive}"
        );
    }
}

#[tokio::test]
async fn an_error_once_passes_on_the_next_attempt() {
    let upstream = upstream().await;
    assert!(matches!(upstream.submit("[[error_once:503]]", 1).await, Submitted::Failed(_)));
    assert!(matches!(upstream.submit("[[error_once:503]]", 2).await, Submitted::Accepted { .. }));
}

#[tokio::test]
async fn a_job_that_never_ends_runs_and_says_when_to_ask_again() {
    let upstream = upstream().await;
    let job = upstream.accepted("[[never]]").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(upstream.provider.poll(&job).await, Polled::Running { poll_after_ms: Some(100) });
}

#[tokio::test]
async fn a_job_that_flips_is_completed_after_it_failed() {
    let upstream = upstream().await;
    let job = upstream.accepted("[[flip]]").await;
    assert_eq!(polled(upstream.answer_of(&job).await), "failed model_error");
    assert_eq!(polled(upstream.answer_of(&job).await), "succeeded");
}

#[tokio::test]
async fn the_result_is_reachable_and_playable_in_parts() {
    let upstream = upstream_of(SimulatorConfig { api_key: Some("sk-1".to_owned()), ..quick() }).await;
    let job = upstream.accepted("a cat").await;
    let Polled::Succeeded(output) = upstream.answer_of(&job).await else { panic!("no result") };
    assert!(output.expires_at.is_some());
    let whole = get(&output.url).await.unwrap();
    assert_eq!(whole.headers()["content-type"], "video/mp4");
    assert_eq!(&whole.bytes().await.unwrap()[4..8], b"ftyp");
    let part = client().get(&output.url).header("range", "bytes=4-7").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(&part.bytes().await.unwrap()[..], b"ftyp");
    assert_eq!(upstream.stats().await["content_downloads"], 2);
}

#[tokio::test]
async fn a_lost_download_has_an_address_that_answers_404() {
    let upstream = upstream().await;
    let job = upstream.accepted("[[fail:result_download]]").await;
    let Polled::Succeeded(output) = upstream.answer_of(&job).await else { panic!("no result") };
    assert_eq!(get(&output.url).await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_wrong_key_stops_the_route() {
    let upstream = upstream_of(SimulatorConfig { api_key: Some("sk-1".to_owned()), ..quick() }).await;
    let wrong = OpenAiVideos::new(OpenAiVideosConfig::new(format!("{}/v1", upstream.root), Secret::new("sk-2"))).unwrap();
    let answer = wrong.submit(&order("a cat", 1)).await;
    assert!(matches!(answer, Submitted::RouteDown(_)), "{answer:?}");
    assert!(matches!(wrong.poll("video_1").await, Polled::Unclear(_)));
}

#[tokio::test]
async fn a_restarted_simulator_knows_the_end_of_an_older_job() {
    let job = upstream().await.accepted("[[fail:content_policy_output]]").await;
    let restarted = upstream().await;
    assert_eq!(polled(restarted.answer_of(&job).await), "failed content_policy_output");
}

#[tokio::test]
async fn a_deleted_job_is_gone() {
    let upstream = upstream().await;
    let job = upstream.accepted("a cat").await;
    let deleted: Value = client().delete(format!("{}/v1/videos/{job}", upstream.root)).send().await.unwrap().json().await.unwrap();
    assert_eq!(deleted["deleted"], true);
    assert!(matches!(upstream.provider.poll(&job).await, Polled::NotFound(_)));
    let list: Value = get(&format!("{}/v1/videos?limit=5", upstream.root)).await.unwrap().json().await.unwrap();
    assert_eq!((&list["object"], list["data"].as_array().map(Vec::len)), (&"list".into(), Some(0)));
}
