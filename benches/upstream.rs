//! A provider in the same process that costs nothing: what is measured is ours.

use std::sync::Arc;

use async_trait::async_trait;
use batchbook::domain::attempt::{CancelAnswer, Evidence, Fault, Order, Output, Polled, Retry, Submitted};
use batchbook::domain::failure::{FailureType, Party};
use batchbook::domain::time::Time;
use batchbook::providers::Provider;
use batchbook::providers::registry::Registry;

/// How a provider is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// The answer to the order is the end of it.
    Synchronous,
    /// The order is accepted, and asked after.
    Asynchronous,
}

impl Calls {
    pub const ALL: [Self; 2] = [Self::Synchronous, Self::Asynchronous];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::Asynchronous => "asynchronous",
        }
    }
}

/// Of a hundred orders so many fail. The same ones every time.
pub const FAILURES_PERCENT: u64 = 8;

#[derive(Clone, Copy, Debug)]
pub struct Upstream(Calls);

impl Upstream {
    pub fn registry(calls: Calls) -> Registry {
        Registry::all_to(Arc::new(Self(calls)))
    }
}

#[async_trait]
impl Provider for Upstream {
    async fn submit(&self, order: &Order) -> Submitted {
        let provider_job = job(&order.reference);
        match self.0 {
            Calls::Asynchronous => Submitted::Accepted { provider_job },
            Calls::Synchronous => end(&provider_job).map_or_else(Submitted::Failed, Submitted::Succeeded),
        }
    }

    async fn poll(&self, provider_job: &str) -> Polled {
        end(provider_job).map_or_else(Polled::Failed, Polled::Succeeded)
    }

    async fn cancel(&self, _: &str) -> CancelAnswer {
        CancelAnswer::Unsupported
    }
}

/// The provider's name of a job, as long as names of real ones are.
fn job(reference: &str) -> String {
    // FNV-1a: spreads references evenly, and is the same everywhere.
    let hash = reference.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("video_{:016x}{hash:016x}", hash % 100)
}

/// How a job ends: by its name.
pub fn end(provider_job: &str) -> Result<Output, Fault> {
    let drawn = provider_job.get(6..22).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0);
    if drawn >= FAILURES_PERCENT {
        let expires_at = Some(Time::from_micros(1_800_000_000_000_000));
        return Ok(Output { url: format!("https://upstream.example/v1/videos/{provider_job}/content"), expires_at });
    }
    let evidence = Evidence {
        http_status: Some(200),
        code: Some("generation_failed".to_owned()),
        message: Some("The generation of this video failed. Try again later.".to_owned()),
        request_id: Some(format!("req_{}", &provider_job[6..])),
        rule: Some("code generation_failed".to_owned()),
    };
    Err(Fault { failure: FailureType::ModelError, party: Party::Provider, evidence, retry: Retry::Never })
}

/// The end of one task, for benches that settle without a worker.
pub fn end_of(batch: &str, number: i32) -> Result<Output, Fault> {
    end(&job(&format!("{batch}/{number}/1")))
}
