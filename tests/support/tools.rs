//! Programs that tests need: where they are kept, and what happens where one is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where tests keep what they build: `tools` in Cargo's target folder.
pub fn tools() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("a folder holds `tmp`");
    target.join("tools")
}

/// Whether this is a run in which nothing may be skipped.
pub fn nothing_is_skipped() -> bool {
    std::env::var_os("CI")
        .is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// Says that a test does not run, and how it would. Where nothing may be skipped, that is a failure.
pub fn skip(test: &str, missing: &str, help: &str) {
    assert!(!nothing_is_skipped(), "{test}: {missing}; {help}");
    eprintln!("skipped: {test}: {missing}; {help}");
}

/// Runs a command to its end and gives what it printed; a failure is an error with both streams.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{printed}{errors}", output.status))
}
