//! The log: one line per event on standard error, so that standard output holds only answers. Prompts, keys and bodies are
//! never given to it.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::config::{Config, ConfigError, LogFormat, settings};

/// Starts the log. Does nothing when one was started already (tests).
pub fn start(config: &Config) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&config.log_filter).map_err(|error| ConfigError::Setting {
        name: settings::LOG_FILTER.to_owned(),
        problem: format!("is {:?}; it is levels by module, like info or warn,batchbook=debug: {error}", config.log_filter),
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_ansi(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("the log was started already");
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}
