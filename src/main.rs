//! The `aphex` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    aphex::cli::main().into()
}
