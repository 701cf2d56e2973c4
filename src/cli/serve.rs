//! `batchbook serve`: API and console, workers, and the simulated provider where it is asked for, in one process or apart.
//!
//! Order of the start: address, database, providers, workers, web; so that nothing is begun that could not be ended. Order of the
//! end: web and workers together, within the time that is set for it; then the simulated provider, which the workers still ask;
//! then the database.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::demo;
use super::failure::Failure;
use super::migrate::name_of;
use super::output::Output;
use super::simulate_provider::Behaviour;
use crate::providers::registry::Registry;
use crate::server::clock::SystemClock;
use crate::server::config::{Config, settings};
use crate::server::random::OsRandom;
use crate::server::state::{self, State};
use crate::server::upstreams::{self, Simulated};
use crate::server::web::{self, Web};
use crate::server::{shutdown, site};
use crate::workers::{self, Step, WorkerConfig};

mod banner;

#[derive(Debug, Args)]
pub struct Serve {
    /// What this process does: web (API and console), worker, or both.
    #[arg(long, value_enum, default_value_t = Role::All)]
    role: Role,
    /// Run the simulated provider beside it and send every task there.
    #[arg(long)]
    simulate: bool,
    /// Fill the database with a believable history if it is empty, and print an API key of one of its customers.
    #[arg(long)]
    demo: bool,
    /// Address of API and console (as the variable `LEPTOS_SITE_ADDR`); port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    addr: Option<String>,
    /// Name of this process among the workers (as the variable `BATCHBOOK_WORKER_NAME`).
    #[arg(long, value_name = "NAME")]
    worker_name: Option<String>,
    /// Seconds that work under way is given to end (as the variable `BATCHBOOK_DRAIN_S`).
    #[arg(long, value_name = "SECONDS")]
    drain_s: Option<String>,
    #[command(flatten)]
    hurry: Hurry,
    #[command(flatten, next_help_heading = "The simulated provider")]
    behaviour: Behaviour,
}

/// For tests that kill the process, and cannot wait as long as the world does. Not shown in the help.
#[derive(Debug, Args)]
struct Hurry {
    /// Stop for ever after this step.
    #[arg(long, value_enum, hide = true)]
    hold_at: Option<Step>,
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(100..))]
    lease_ms: Option<u32>,
    /// Pause before every poll.
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    poll_pause_ms: Option<u32>,
}

impl Hurry {
    fn apply_to(&self, mut worker: WorkerConfig) -> WorkerConfig {
        worker.hold_at = self.hold_at;
        if let Some(lease_ms) = self.lease_ms {
            worker.lease_ms = lease_ms.into();
            // As many heartbeats in a lease as usual.
            worker.heartbeat_every = Duration::from_millis(u64::from(lease_ms) / 6);
        }
        if let Some(pause_ms) = self.poll_pause_ms {
            worker.poll_pauses_ms = [pause_ms.into(); 3];
        }
        worker
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    All,
    Web,
    Worker,
}

impl Role {
    const fn has_web(self) -> bool {
        matches!(self, Self::All | Self::Web)
    }

    const fn has_workers(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Web => "web",
            Self::Worker => "worker",
        }
    }
}

impl Serve {
    /// Flags that are settings, by the names of their variables.
    pub fn flags(&self) -> Vec<(String, String)> {
        let flags = [(settings::SITE_ADDR, &self.addr), (settings::WORKER_NAME, &self.worker_name), (settings::DRAIN_S, &self.drain_s)];
        flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
    }

    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        if !self.simulate && self.behaviour != Behaviour::default() {
            let message = "Flags of the simulated provider were given without --simulate. Add it, or leave them out.";
            return Err(Failure::new(Failure::USAGE, message));
        }
        let listener = if self.role.has_web() { Some(listen(config.loopback_addr()?).await?) } else { None };
        let configured = upstreams::configured(&config)?;
        let stop = shutdown::on_signals().map_err(|error| Failure::new("signals", format!("Signals cannot be received: {error}")))?;
        let db = tokio::select! {
            db = state::open_migrated(&config, state::REACH_MAX) => db?,
            () = stop.cancelled() => return Ok(()),
        };
        let made = if self.demo { demo::fill_if_empty(&db, &config, output).await } else { Ok(()) };
        let state = State::new(db, &config, Arc::new(SystemClock), Arc::new(OsRandom));
        let ended = match made {
            Ok(()) => self.run_on(&state, configured, listener, &config, stop, output).await,
            Err(failure) => Err(failure),
        };
        state.db.close().await;
        ended
    }

    async fn run_on(
        &self,
        state: &State,
        configured: Registry,
        listener: Option<TcpListener>,
        config: &Config,
        stop: CancellationToken,
        output: Output,
    ) -> Result<(), Failure> {
        let simulated = if self.simulate { Some(start_simulator(&self.behaviour).await?) } else { None };
        let registry = simulated.as_ref().map_or(configured, |simulated| simulated.registry.clone());
        if self.role.has_workers() && !self.simulate && config.providers.is_empty() {
            tracing::warn!(
                "No provider is configured, so tasks cannot run. Set BATCHBOOK_PROVIDER_<NAME>_BASE_URL and …_API_KEY, or start with --simulate"
            );
        }
        let addr = listener.as_ref().map(TcpListener::local_addr).transpose().map_err(|error| no_listener(config.site_addr, &error))?;
        let key = if self.demo && self.role.has_web() { demo::fresh_key(&state.service, config).await? } else { None };
        let mut parts = Parts { running: JoinSet::new(), stop };
        if self.role.has_workers() {
            parts.start_workers(state, registry, config, &self.hurry);
        }
        if let Some(listener) = listener {
            parts.start_web(state, listener, config, simulated.is_some())?;
        }
        let ready = banner::Ready {
            role: self.role.as_str(),
            database: name_of(state.db.kind()),
            addr,
            simulator: simulated.as_ref().map(|simulated| simulated.addr),
            key: key.as_ref(),
        };
        output.answer(&ready.json(), &ready.text());
        let ended = parts.run(config).await;
        if let Some(simulated) = simulated {
            simulated.stop().await;
        }
        ended
    }
}

/// What runs until the end. Each part ends by itself after `stop`; a part that ends before it takes the others along.
struct Parts {
    running: JoinSet<Result<(), Failure>>,
    stop: CancellationToken,
}

impl Parts {
    fn start_workers(&mut self, state: &State, registry: Registry, config: &Config, hurry: &Hurry) {
        let usual = WorkerConfig { name: config.worker_name.clone(), drain_max: config.drain_max, ..WorkerConfig::default() };
        let worker = hurry.apply_to(usual);
        let running = workers::run(state.service.clone(), registry, worker, self.stop.clone());
        self.running.spawn(async { running.await.map_err(|error| Failure::new("workers", format!("The workers ended: {error}"))) });
    }

    fn start_web(&mut self, state: &State, listener: TcpListener, config: &Config, simulated: bool) -> Result<(), Failure> {
        let options =
            site::options(config).map_err(|error| Failure::new("configuration", format!("Leptos.toml cannot be used: {error}")))?;
        let router = web::router(Web { state: state.clone(), random: Arc::new(OsRandom), options, simulated });
        let (stop, drain_max) = (self.stop.clone(), config.drain_max);
        self.running.spawn(async move {
            let serving = web::serve(listener, router, stop.clone());
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

    async fn run(mut self, config: &Config) -> Result<(), Failure> {
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

async fn listen(addr: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(addr).await.map_err(|error| no_listener(addr, &error))
}

fn no_listener(addr: SocketAddr, error: &io::Error) -> Failure {
    let message = if error.kind() == io::ErrorKind::AddrInUse {
        format!("Another program already listens at {addr}. End it, or choose another address with --addr or LEPTOS_SITE_ADDR.")
    } else {
        format!("{addr} cannot be listened at: {error}. Choose another address with --addr or LEPTOS_SITE_ADDR.")
    };
    Failure::new("address", message)
}

async fn start_simulator(behaviour: &Behaviour) -> Result<Simulated, Failure> {
    Simulated::start(behaviour.config())
        .await
        .map_err(|error| Failure::new("simulator", format!("The simulated provider cannot run: {error}")))
}
