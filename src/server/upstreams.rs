//! The providers of the configuration, ready to be called; or the simulated one in the place of all of them.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use crate::providers::Provider;
use crate::providers::openai_videos::{BadConfig, OpenAiVideos, OpenAiVideosConfig, Secret};
use crate::providers::registry::Registry;
use crate::providers::simulator::{self, SimulatorConfig};

/// Connects every configured provider under its name.
pub fn configured(config: &Config) -> Result<Registry, BadConfig> {
    let mut by_name: HashMap<String, Arc<dyn Provider>> = HashMap::new();
    for provider in &config.providers {
        let usual = OpenAiVideosConfig::new(provider.base_url.as_str(), provider.api_key.clone());
        let upstream = OpenAiVideos::new(OpenAiVideosConfig { subnets: config.subnets, ..usual })?;
        by_name.insert(provider.name.clone(), Arc::new(upstream));
    }
    Ok(Registry::new(by_name))
}

/// The simulated provider, running on a loopback port of its own. It is stopped after the workers, which still ask it.
#[derive(Debug)]
pub struct Simulated {
    pub addr: SocketAddr,
    pub registry: Registry,
    stop: CancellationToken,
    server: JoinHandle<io::Result<()>>,
}

impl Simulated {
    pub async fn start(config: SimulatorConfig) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let api_key = Secret::new(config.api_key.clone().unwrap_or_else(|| "simulated".to_owned()));
        let upstream = OpenAiVideos::new(OpenAiVideosConfig::new(format!("http://{addr}/v1"), api_key))?;
        let stop = CancellationToken::new();
        let server = tokio::spawn(simulator::serve(listener, config, stop.clone().cancelled_owned()));
        Ok(Self { addr, registry: Registry::all_to(Arc::new(upstream)), stop, server })
    }

    pub async fn stop(self) {
        self.stop.cancel();
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the simulated provider ended with an error"),
            Err(error) => tracing::warn!(%error, "the simulated provider ended with a panic"),
        }
    }
}
