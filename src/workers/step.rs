//! Named steps of a task's way, where a test can stop a process and kill it: at each of them a crash must cost nothing.

use clap::ValueEnum;

/// A step that was just taken. The next one was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Claimed in the database; nothing was sent.
    Claimed,
    /// The provider answered; its name of the job is not stored.
    Answered,
    /// The provider's name of the job is stored.
    Accepted,
    /// The provider said how it ended; nothing is settled.
    Polled,
    /// Settled, and the commit acknowledged.
    Settled,
    /// A webhook's receiver answered; what it said is not recorded.
    Notified,
}

/// Stops for ever when this is the step to be held at, and says so on standard error.
pub async fn reached(step: Step, hold_at: Option<Step>) {
    if hold_at == Some(step) {
        eprintln!("held at {step:?}");
        std::future::pending::<()>().await;
    }
}

/// The same, where the step was perhaps not taken.
pub async fn reached_if(taken: bool, step: Step, hold_at: Option<Step>) {
    if taken {
        reached(step, hold_at).await;
    }
}
