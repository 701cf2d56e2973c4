//! The program `batchbook`. Everything is in the library; this only hands over and returns the exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Workers and requests allocate on all threads at once; the system's allocator makes them wait for one another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    batchbook::cli::main()
}
