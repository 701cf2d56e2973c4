//! `batchbook simulate-provider`: the simulated provider as a server of its own. Prompts may hold directives for tests;
//! `src/providers/simulator/mod.rs` lists them.

use std::net::SocketAddr;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use super::failure::Failure;
use super::output::Output;
use crate::providers::simulator::{self, SimulatorConfig};
use crate::server::shutdown;

#[derive(Debug, Args)]
pub struct SimulateProvider {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:4010")]
    addr: SocketAddr,
    #[command(flatten)]
    behaviour: Behaviour,
    /// Answer the second submit of a reference with the first job, as hardly any real provider does.
    #[arg(long)]
    dedupe_references: bool,
    /// Key that callers must show; without one everybody is let in.
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
}

/// How the simulated provider behaves. What is not given is as in [`SimulatorConfig::default`].
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct Behaviour {
    /// Median time to make a video; single ones take from half to twice as long. [default: 20000]
    #[arg(long, value_name = "MS")]
    latency_ms: Option<u64>,
    /// How long a submit takes to answer. [default: 50]
    #[arg(long, value_name = "MS")]
    submit_latency_ms: Option<u64>,
    /// Share of tasks, 0 to 1, that end failed after all attempts. [default: 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    failure_rate: Option<f64>,
    /// The same seed, prompts and references end the same way. [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Jobs that may be open at once; a submit above that is told to wait. [default: no limit]
    #[arg(long, value_name = "N")]
    concurrency_max: Option<u32>,
}

impl Behaviour {
    pub fn config(&self) -> SimulatorConfig {
        let default = SimulatorConfig::default();
        SimulatorConfig {
            seed: self.seed.unwrap_or(default.seed),
            latency_ms: self.latency_ms.unwrap_or(default.latency_ms),
            failure_rate: self.failure_rate.unwrap_or(default.failure_rate),
            submit_latency_ms: self.submit_latency_ms.unwrap_or(default.submit_latency_ms),
            concurrency_max: self.concurrency_max,
            ..default
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err("a share is a number from 0 to 1, like 0.08".to_owned()),
    }
}

impl SimulateProvider {
    pub async fn run(self, output: Output) -> Result<(), Failure> {
        let failed =
            |error: std::io::Error| Failure::new("simulator", format!("The simulated provider cannot run at {}: {error}", self.addr));
        let stop = shutdown::on_signals().map_err(failed)?;
        let listener = TcpListener::bind(self.addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let base_url = format!("http://{addr}/v1");
        output.answer(
            &json!({"object": "simulated_provider", "addr": addr, "base_url": base_url}),
            &format!(
                "The simulated provider answers at {base_url} (counts at http://{addr}/simulator/stats).\n\
                 To send tasks there: BATCHBOOK_PROVIDER_GATEWAY_BASE_URL={base_url} batchbook serve"
            ),
        );
        let config =
            SimulatorConfig { dedupe_references: self.dedupe_references, api_key: self.api_key.clone(), ..self.behaviour.config() };
        simulator::serve(listener, config, stop.cancelled_owned()).await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_between_0_and_1() {
        assert_eq!(share("0.08"), Ok(0.08));
        for bad in ["8", "-0.1", "NaN", "8%"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_help_names_the_real_defaults() {
        let SimulatorConfig { seed, latency_ms, failure_rate, submit_latency_ms, concurrency_max, .. } = SimulatorConfig::default();
        assert_eq!((seed, latency_ms, submit_latency_ms, concurrency_max), (1, 20_000, 50, None));
        assert!((failure_rate - 0.05).abs() < f64::EPSILON);
    }
}
