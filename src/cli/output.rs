//! What is printed: answers on standard output, failures on standard error, for people or as JSON.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::failure::Failure;

const EXIT_FAILURE: u8 = 1;
const EXIT_USAGE: u8 = 2;

#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// The command's one answer.
    pub fn answer(self, value: &Value, text: &str) {
        if self.json { print(&mut io::stdout(), &value.to_string()) } else { print(&mut io::stdout(), text.trim_end()) }
    }

    /// What happens meanwhile: for people only, on standard error.
    pub fn progress(self, text: &str) {
        if !self.json {
            print(&mut io::stderr(), text);
        }
    }

    pub fn failure(self, failure: &Failure) -> ExitCode {
        if self.json {
            print(&mut io::stderr(), &json!({"code": failure.code, "message": failure.message}).to_string());
        } else {
            print(&mut io::stderr(), &format!("batchbook: {}", failure.message));
        }
        ExitCode::from(if failure.code == Failure::USAGE { EXIT_USAGE } else { EXIT_FAILURE })
    }

    /// Arguments that were not understood; also `--help` and `--version`, which are no mistake.
    pub fn usage(self, error: &clap::Error) -> ExitCode {
        if !error.use_stderr() {
            print(&mut io::stdout(), error.render().to_string().trim_end());
            return ExitCode::SUCCESS;
        }
        let text = error.render().to_string();
        if self.json {
            let message = text.trim_end().strip_prefix("error: ").unwrap_or(&text);
            print(&mut io::stderr(), &json!({"code": Failure::USAGE, "message": message}).to_string());
        } else {
            print(&mut io::stderr(), text.trim_end());
        }
        ExitCode::from(EXIT_USAGE)
    }
}

/// A reader that went away (`| head`) is no failure of ours.
fn print(to: &mut dyn Write, text: &str) {
    if writeln!(to, "{text}").and_then(|()| to.flush()).is_err() {
        tracing::debug!("the reader of an output went away");
    }
}
