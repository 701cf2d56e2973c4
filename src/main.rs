//! The program `batchbook`. Everything is in the library; this only hands over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    batchbook::cli::main()
}
