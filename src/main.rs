//! The `aphex` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A check is many small values that live to its end: a fifth of its time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    aphex::cli::main().into()
}
