//! The command line: one file per subcommand. Every command takes `--json` and then prints exactly one JSON object on standard
//! output. Errors go to standard error (as one JSON object with `--json`); the exit code is 2 for wrong usage and 1 for every
//! other failure.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::failure::Failure;
use self::output::Output;
use crate::server::config::sources::Sources;
use crate::server::config::{Config, settings};
use crate::server::telemetry;

mod batch;
mod config;
mod customer;
mod demo;
mod docs;
mod failure;
mod key;
mod migrate;
mod open;
mod operator;
mod output;
mod serve;
mod simulate_provider;
mod statement;
mod verify;

/// Batchbook keeps the books on every batch of AI video generation sold by prepaid credits.
#[derive(Debug, Parser)]
#[command(name = "batchbook", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
struct Everywhere {
    /// Print exactly one JSON object on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Database: sqlite://<file> or postgres://… (as the variable `DATABASE_URL`).
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    database_url: Option<String>,
    /// Configuration file (as the variable `BATCHBOOK_CONFIG`).
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    config: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run API, console and workers; brings the database up to date first.
    Serve(serve::Serve),
    /// Fill an empty database with a believable history.
    Demo(demo::Demo),
    /// Run an HTTP server that speaks the OpenAI videos API and makes no videos.
    SimulateProvider(simulate_provider::SimulateProvider),
    /// Make the database, or bring it up to date.
    Migrate,
    /// Recompute the books from their rows; fails when they do not close. Works on a running database.
    Verify(verify::Verify),
    /// List every setting, its value and where it came from.
    Config,
    /// Add customers, give them credits, look at them.
    #[command(subcommand)]
    Customer(customer::Customer),
    /// Give credits of charged tasks back.
    #[command(subcommand)]
    Batch(batch::Batch),
    /// Add, list and revoke API keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Add operators and say what they may do.
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Write the program's figures into its documents, or check them.
    Docs(docs::Docs),
}

/// Reads the arguments, runs the command, says what came of it.
pub fn main() -> ExitCode {
    run(std::env::args_os().collect())
}

fn run(arguments: Vec<OsString>) -> ExitCode {
    // Asked before the arguments are understood, because a mistake in them must be said in the right form too.
    let json = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let output = Output::new(json);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return output.usage(&error),
    };
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => match runtime.block_on(cli.run(output)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => output.failure(&failure),
        },
        Err(error) => output.failure(&Failure::new("runtime", format!("No threads could be started: {error}"))),
    }
}

impl Cli {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let sources = Sources::of_process(self.flags())?;
        if matches!(self.command, Command::Config) {
            return config::run(&sources, output);
        }
        let config = Config::read(&sources)?;
        telemetry::start(&config)?;
        match self.command {
            Command::Serve(serve) => serve.run(config, output).await,
            Command::Demo(demo) => demo.run(config, output).await,
            Command::SimulateProvider(simulate) => simulate.run(output).await,
            Command::Migrate => migrate::run(config, output).await,
            Command::Verify(verify) => verify::run(verify, config, output).await,
            Command::Config => Ok(()),
            Command::Customer(customer) => customer.run(config, output).await,
            Command::Batch(batch) => batch.run(config, output).await,
            Command::Key(key) => key.run(config, output).await,
            Command::Operator(operator) => operator.run(config, output).await,
            Command::Docs(docs) => docs.run(config, output).await,
        }
    }

    /// Flags that are settings, by the names of their variables.
    fn flags(&self) -> BTreeMap<String, String> {
        let of_all = [(settings::DATABASE_URL, &self.everywhere.database_url), (settings::CONFIG_FILE, &self.everywhere.config)];
        let given = of_all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        let of_serve = if let Command::Serve(serve) = &self.command { serve.flags() } else { Vec::new() };
        given.chain(of_serve).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_become_settings() {
        let cli =
            Cli::try_parse_from(["batchbook", "serve", "--addr", "127.0.0.1:1", "--json", "--database-url", "sqlite://x.db"]).unwrap();
        let flags = cli.flags();
        assert_eq!((flags["DATABASE_URL"].as_str(), flags["LEPTOS_SITE_ADDR"].as_str()), ("sqlite://x.db", "127.0.0.1:1"));
        assert!(cli.everywhere.json);
    }

    #[test]
    fn every_command_of_the_design_is_understood() {
        for line in [
            "serve --role worker --simulate --demo",
            "demo --json",
            "simulate-provider --addr 127.0.0.1:0 --latency-ms 1 --failure-rate 0.08 --seed 7 --dedupe-references",
            "migrate",
            "verify --json",
            "verify --kept 00",
            "config",
            "customer add --name Ann --email ann@example.com",
            "customer grant cus_00000000000000000000000000 --credits 10 --paid-usd 0.10 --kind purchase",
            "customer adjust cus_00000000000000000000000000 --credits -500 --reason mistake",
            "batch refund bat_00000000000000000000000000 --tasks 3,7-9 --reason goodwill",
            "customer show cus_00000000000000000000000000",
            "key add --customer cus_00000000000000000000000000 --name ci",
            "key add --customer cus_00000000000000000000000000 --scopes read,webhooks --expires 2030-01-01T00:00:00Z --allow 10.0.0.0/8,::1 --rate 60",
            "key list --customer cus_00000000000000000000000000",
            "operator add --email ann@example.com --role owner --password-stdin",
            "operator role ann@example.com finance",
            "operator token --email ann@example.com",
            "operator reset-second-factor --email ann@example.com",
            "customer statement cus_00000000000000000000000000 --month 2026-10 --csv",
            "docs --check --of-database --folder .",
            "key revoke key_00000000000000000000000000",
        ] {
            let parsed = Cli::try_parse_from(std::iter::once("batchbook").chain(line.split(' ')));
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }

    #[test]
    fn wrong_usage_exits_with_2() {
        for line in ["batchbook serve --role chef", "batchbook nosuch --json", "batchbook customer show bat_1", "batchbook"] {
            assert_eq!(run(line.split(' ').map(OsString::from).collect()), ExitCode::from(2), "{line}");
        }
    }
}
