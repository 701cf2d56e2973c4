//! Writes down how much keys are used, every few seconds, and once more at the end. Runs wherever requests are answered.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::service::Service;

const WRITE_EVERY: Duration = Duration::from_secs(5);

/// Until `stop`.
pub async fn run(service: Service, stop: CancellationToken) {
    loop {
        let stopped = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(WRITE_EVERY) => false,
        };
        if let Err(error) = service.keep_usage().await {
            tracing::warn!(%error, "uses of keys cannot be written down now");
        }
        if stopped {
            return;
        }
    }
}
