//! The simulated provider: a real HTTP server that speaks the OpenAI videos API (PROVIDERS §1) and makes no videos.
//!
//! Jobs are driven by time alone: what a job is doing is computed from its age when it is asked after, so nothing runs in the
//! background. What becomes of a task is decided by the seed, the prompt and the task's part of the reference (the
//! `X-Client-Request-Id` header without its last `/attempt`): two runs with the same seed tell the same story. A job's id holds
//! its whole course, so a job outlives a restart of the simulator.
//!
//! [`SimulatorConfig::failure_rate`] is the share of tasks that end failed after all attempts; as many tasks again meet trouble
//! on their first attempt and recover (`plan.rs` has both tables). Faults that stop a route (keys, quota, a withdrawn model)
//! happen by directive only.
//!
//! # Directives
//! A prompt may say what is to happen. The first directive that applies decides; chance is left out.
//!
//! | in the prompt | what happens |
//! |---|---|
//! | `[[ok]]` | succeeds, whatever the failure rate |
//! | `[[slow:30s]]`, `[[slow:500ms]]` | making the video takes exactly so long; goes with any other directive |
//! | `[[fail:content_policy_input]]` | every submit answers 400 `sentinel_block` |
//! | `[[fail:content_policy_output]]` | the job fails with `moderation_blocked` |
//! | `[[fail:param_error]]` | every submit answers 400 `invalid_value` |
//! | `[[fail:asset_error]]` | the job fails with `image_load_error` |
//! | `[[fail:model_error]]` | the job fails with `video_generation_failed` |
//! | `[[fail:capacity]]` | every submit answers 503 `service_unavailable` |
//! | `[[fail:timeout]]` | the job fails with `generation_timeout` |
//! | `[[fail:network]]` | every submit answers 408 |
//! | `[[fail:rate_limited]]` | every submit answers 429 with `retry-after-ms` |
//! | `[[fail:provider_quota]]` | every submit answers 429 `insufficient_quota` |
//! | `[[fail:provider_auth]]` | every submit answers 401 `invalid_api_key` |
//! | `[[fail:model_retired]]` | every submit answers 404 `model_not_found` |
//! | `[[fail:not_found]]` | the job is taken, and every GET of it answers 404 |
//! | `[[fail:result_missing]]` | the job completes with `"metadata":{"url":null}` |
//! | `[[fail:result_download]]` | the job completes, and its content answers 404 |
//! | `[[fail:submit_unknown]]` | as `[[accept_then_hang]]` |
//! | `[[fail:unknown]]` | the job fails with a code that nobody knows |
//! | `[[error:503]]` | every submit answers that HTTP status (400–599) |
//! | `[[error_once:503]]` | so does the first submit of the task: of a reference that ends in `/1` and was not seen before |
//! | `[[malformed]]` | the job is made, the answer is 200 with broken JSON |
//! | `[[accept_then_hang]]` | the job is made, no answer comes |
//! | `[[reset]]` | the job is made, the connection breaks off in the middle of the answer |
//! | `[[never]]` | the job never ends |
//! | `[[poll_error:503]]` | every GET of the job answers that HTTP status (400–599) |
//! | `[[flip]]` | the first GET after its end says failed, every later one completed |
//! | `[[backwards]]` | progress falls in the second half; the job completes |
//! | `[[unknown_status]]` | the status is `hatching` while the job runs; the job completes |
//!
//! # What it counts
//! `GET /simulator/stats` and `GET /simulator/references?limit=` tell which references made more than one job: a client that
//! never submits blindly a second time keeps that at none.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::jobs::Jobs;

mod caller;
mod content;
mod course;
mod directive;
mod job;
mod jobs;
mod plan;
mod refusal;
mod rolls;
#[cfg(test)]
mod round_trip;
mod stats;
mod videos;

/// The longest request body.
const REQUEST_MAX_BYTES: usize = 2 << 20;

/// How the simulated provider behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatorConfig {
    /// The same seed, prompts and references end the same way.
    pub seed: u64,
    /// Median time to make a video; single ones take from half to twice as long.
    pub latency_ms: u64,
    /// Share of tasks, 0 to 1, that end failed after all attempts.
    pub failure_rate: f64,
    /// How long a submit takes to answer.
    pub submit_latency_ms: u64,
    /// Jobs that may be open at once; a submit above that answers 429.
    pub concurrency_max: Option<u32>,
    /// Answers the second submit of a reference with the first job, as hardly any real provider does.
    pub dedupe_references: bool,
    /// The bearer key that calls must show; without one every call is let in.
    pub api_key: Option<String>,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            latency_ms: 20_000,
            failure_rate: 0.05,
            submit_latency_ms: 50,
            concurrency_max: None,
            dedupe_references: false,
            api_key: None,
        }
    }
}

/// The simulated provider's memory.
#[derive(Debug)]
pub struct SimulatorState {
    config: SimulatorConfig,
    jobs: Mutex<Jobs>,
    clock: ProviderClock,
    /// Set when the server is to stop: calls that hang on purpose let go.
    stopping: CancellationToken,
}

impl SimulatorState {
    pub fn new(config: SimulatorConfig) -> Self {
        Self { config, jobs: Mutex::default(), clock: ProviderClock::start(), stopping: CancellationToken::new() }
    }

    /// A panic while the lock was held cannot leave the counts worse than slightly wrong: they are read all the same.
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The provider's own clock. It plays another company's machine, so it is not the program's clock, and tests that move theirs
/// do not move this one. It never runs backwards.
#[derive(Debug)]
struct ProviderClock {
    started: Instant,
    started_unix_ms: u64,
}

impl ProviderClock {
    #[expect(clippy::disallowed_methods, reason = "the simulated provider is another machine: it has a clock of its own")]
    fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: Instant::now(), started_unix_ms: whole_ms(since_1970) }
    }

    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64 {
        self.started_unix_ms.saturating_add(whole_ms(self.started.elapsed()))
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The routes: the videos API under `/v1`, the counts under `/simulator`.
pub fn router(state: Arc<SimulatorState>) -> Router {
    Router::new()
        .route("/v1/videos", get(videos::list).post(videos::create))
        .route("/v1/videos/{id}", get(videos::retrieve).delete(videos::delete))
        .route("/v1/videos/{id}/content", get(content::download))
        .route("/simulator/stats", get(stats::stats))
        .route("/simulator/references", get(stats::references))
        .fallback(async || refusal::NO_SUCH_ROUTE)
        .layer(DefaultBodyLimit::max(REQUEST_MAX_BYTES))
        .with_state(state)
}

/// Serves until `stop` is done, then answers what is under way and returns.
pub async fn serve(listener: TcpListener, config: SimulatorConfig, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let state = Arc::new(SimulatorState::new(config));
    let stopping = state.stopping.clone();
    // Small answers would wait for the client's delayed acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection of the simulated provider has no TCP_NODELAY");
        }
    });
    let stop = async move {
        stop.await;
        stopping.cancel();
    };
    axum::serve(listener, router(state)).with_graceful_shutdown(stop).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_unix_time_and_never_runs_backwards() {
        let clock = ProviderClock::start();
        let first = clock.now_ms();
        assert!(first > 1_700_000_000_000);
        assert!(clock.now_ms() >= first);
    }

    #[tokio::test]
    async fn stops_when_told_even_while_a_call_hangs() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let config = SimulatorConfig { submit_latency_ms: 0, ..SimulatorConfig::default() };
        let server = tokio::spawn(serve(listener, config, async move { drop(stopped.await) }));
        let client = reqwest::Client::builder().build().unwrap();
        let post = client.post(format!("http://{address}/v1/videos")).body(r#"{"prompt":"[[accept_then_hang]]"}"#);
        let hanging = tokio::spawn(post.send());
        let stats = format!("http://{address}/simulator/stats");
        let made = async {
            loop {
                let stats: serde_json::Value = client.get(&stats).send().await.unwrap().json().await.unwrap();
                if stats["jobs"] == 1 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), made).await.unwrap();
        stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
        hanging.abort();
    }
}
