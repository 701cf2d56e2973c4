//! `batchbook config`: every setting, its value and where it came from. Secrets are only said to be set or not. Values that the
//! program would refuse are shown as they are, so that a wrong one can be found.

use std::fmt::Write as _;

use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use crate::server::config::sources::{Origin, Sources};
use crate::server::config::{Config, shown};

pub fn run(sources: &Sources, output: Output) -> Result<(), Failure> {
    let rows = shown(sources);
    let warnings = sources.warnings();
    let mut text = String::new();
    match &sources.file_path {
        Some(path) => line(&mut text, &format!("Configuration file: {}", path.display())),
        None => line(&mut text, "Configuration file: none"),
    }
    for row in &rows {
        let origin = match row.origin {
            Origin::Default => "default".to_owned(),
            origin if row.default.is_empty() => origin.as_str().to_owned(),
            origin => format!("{}; default: {}", origin.as_str(), row.default),
        };
        line(&mut text, &format!("\n{} = {}  ({origin})\n    {}", row.name, row.value, row.meaning));
    }
    for warning in &warnings {
        line(&mut text, &format!("\nWarning: {warning}"));
    }
    let file = sources.file_path.as_ref().map(|path| path.display().to_string());
    output.answer(&json!({"object": "configuration", "file": file, "settings": rows, "warnings": warnings}), &text);
    Config::read(sources)?;
    Ok(())
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
