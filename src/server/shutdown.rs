//! The orderly end: the first SIGTERM or SIGINT asks everything to stop, the second ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code after a second signal.
const AT_ONCE: i32 = 130;

/// A token that is canceled by the first signal. From here on signals no longer end the process by themselves.
pub fn on_signals() -> std::io::Result<CancellationToken> {
    let mut signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        let name = next(&mut signals).await;
        tracing::info!("{name}: stopping; work under way is brought to an end. A second signal ends the process at once");
        stopping.cancel();
        let name = next(&mut signals).await;
        tracing::warn!("{name} again: ending at once. Leases of this process run out, and other workers take over its tasks");
        std::process::exit(AT_ONCE);
    });
    Ok(stop)
}

async fn next((terminate, interrupt): &mut (Signal, Signal)) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
