//! The parts of a running server: web and workers, started side by side and ended together.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cli::failure::Failure;
use crate::delivery::Client;
use crate::providers::registry::Registry;
use crate::server::config::Config;
use crate::server::connections;
use crate::server::oidc;
use crate::server::random::OsRandom;
use crate::server::site;
use crate::server::state::State;
use crate::server::web::{self, Web};
use crate::workers::notify::{self, NotifyConfig};
use crate::workers::{self, Step, WorkerConfig, usage};

/// What runs until the end. Each part ends by itself after `stop`; a part that ends before it takes the others along.
#[derive(Debug)]
pub struct Parts {
    running: JoinSet<Result<(), Failure>>,
    stop: CancellationToken,
}

impl Parts {
    pub fn new(stop: CancellationToken) -> Self {
        Self { running: JoinSet::new(), stop }
    }

    pub fn start_workers(&mut self, state: &State, registry: Registry, config: &Config, hurry: &Hurry) {
        let usual = WorkerConfig { name: config.worker_name.clone(), drain_max: config.drain_max, ..WorkerConfig::default() };
        let worker = hurry.apply_to(usual);
        let running = workers::run(state.service.clone(), registry, worker, self.stop.clone());
        self.running.spawn(async { running.await.map_err(|error| Failure::new("workers", format!("The workers ended: {error}"))) });
    }

    /// Sends webhooks, beside the workers and independent of them.
    pub fn start_notify(&mut self, state: &State, config: &Config, hurry: &Hurry) -> Result<(), Failure> {
        let client = Client::new(config.subnets).map_err(|error| Failure::new("webhooks", error.to_string()))?;
        let notify = NotifyConfig {
            schedule: config.webhook_schedule.clone(),
            public_url: config.public_url.clone(),
            drain_max: config.drain_max,
            hold_at: hurry.hold_at,
            ..NotifyConfig::default()
        };
        let running = notify::run(state.service.clone(), client, Arc::new(OsRandom), notify, self.stop.clone());
        self.running.spawn(async {
            running.await;
            Ok(())
        });
        Ok(())
    }

    pub fn start_web(
        &mut self,
        state: &State,
        listener: TcpListener,
        providers: Registry,
        config: &Config,
        simulated: bool,
    ) -> Result<(), Failure> {
        let options =
            site::options(config).map_err(|error| Failure::new("configuration", format!("Leptos.toml cannot be used: {error}")))?;
        let voucher = oidc::voucher(config).map_err(|error| Failure::new("configuration", error.to_string()))?;
        let router = web::router(Web {
            state: state.clone(),
            random: Arc::new(OsRandom),
            options,
            simulated,
            providers,
            site: config.site(),
            public_url: config.public_url.clone(),
            seller: config.seller.clone(),
            voucher,
        });
        let (stop, drain_max) = (self.stop.clone(), config.drain_max);
        let usage = usage::run(state.service.clone(), stop.clone());
        self.running.spawn(async {
            usage.await;
            Ok(())
        });
        self.running.spawn(async move {
            let serving = connections::serve(listener, router, stop.clone());
            let drained = async {
                stop.cancelled().await;
                tokio::time::sleep(drain_max).await;
            };
            tokio::select! {
                ended = serving => ended.map_err(|error| Failure::new("web", format!("The web server ended: {error}"))),
                () = drained => {
                    tracing::warn!("some answers were still under way and are broken off");
                    Ok(())
                }
            }
        });
        Ok(())
    }

    pub async fn run(mut self, config: &Config) -> Result<(), Failure> {
        let mut first = Ok(());
        while let Some(ended) = self.running.join_next().await {
            if !self.stop.is_cancelled() {
                tracing::error!("a part of the program ended by itself; stopping the others (at most {} s)", config.drain_max.as_secs());
            }
            self.stop.cancel();
            let ended =
                ended.unwrap_or_else(|error| Err(Failure::new("panic", format!("A part of the program ended with a panic: {error}"))));
            first = first.and(ended);
        }
        tracing::info!("stopped");
        first
    }
}

/// For tests that kill the process, and cannot wait as long as the world does. Not shown in the help.
#[derive(Debug, Args)]
pub struct Hurry {
    /// Stop for ever after this step.
    #[arg(long, value_enum, hide = true)]
    hold_at: Option<Step>,
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(100..))]
    lease_ms: Option<u32>,
    /// Pause between heartbeats, and between looks for the lost tasks of others.
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    heartbeat_ms: Option<u32>,
    /// Pause before every poll.
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    poll_pause_ms: Option<u32>,
}

impl Hurry {
    fn apply_to(&self, mut worker: WorkerConfig) -> WorkerConfig {
        worker.hold_at = self.hold_at;
        if let Some(lease_ms) = self.lease_ms {
            worker.lease_ms = lease_ms.into();
        }
        if let Some(pause_ms) = self.heartbeat_ms {
            worker.heartbeat_every = Duration::from_millis(pause_ms.into());
        }
        if let Some(pause_ms) = self.poll_pause_ms {
            worker.poll_pauses_ms = [pause_ms.into(); 3];
        }
        worker
    }
}
