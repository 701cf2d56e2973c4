//! `batchbook serve`: API and console, workers, and the simulated provider where it is asked for, in one process or apart.
//!
//! Order of the start: address, database, providers, web, workers; so that nothing is begun that could not be ended. Order of the
//! end: web and workers together, within the time that is set for it; then the simulated provider, which the workers still ask;
//! then the database.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::parts::{Hurry, Parts};
use super::demo;
use super::failure::Failure;
use super::migrate::name_of;
use super::output::Output;
use super::simulate_provider::Behaviour;
use crate::domain::access::By;
use crate::providers::registry::Registry;
use crate::server::clock::SystemClock;
use crate::server::config::{Config, settings};
use crate::server::random::OsRandom;
use crate::server::shutdown;
use crate::server::state::{self, State};
use crate::server::upstreams::{self, Simulated};

mod banner;
mod parts;

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
        let listener = if self.role.has_web() { Some(listen(config.listen_addr()?).await?) } else { None };
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
        let fresh = if self.demo && self.role.has_web() { demo::fresh(&state.service, config).await? } else { None };
        let mut parts = Parts::new(stop);
        if let Some(listener) = listener {
            parts.start_web(state, listener, registry.clone(), config, simulated.is_some())?;
        }
        if self.role.has_workers() {
            parts.start_workers(state, registry, config, &self.hurry);
            parts.start_notify(state, config, &self.hurry)?;
        }
        let first_link = if self.role.has_web() { state.service.acting_for(By::COMMAND_LINE).first_link().await? } else { None };
        let ready = banner::Ready {
            role: self.role.as_str(),
            database: name_of(state.db.kind()),
            addr,
            simulator: simulated.as_ref().map(|simulated| simulated.addr),
            fresh: fresh.as_ref(),
            public_url: config.is_https().then_some(config.public_url.as_str()),
            first_link: first_link.as_ref(),
        };
        output.answer(&ready.json(), &ready.text());
        let ended = parts.run(config).await;
        if let Some(simulated) = simulated {
            simulated.stop().await;
        }
        ended
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
