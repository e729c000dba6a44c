//! Programs from the Python package index, each in a virtual environment below `target/tools`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::tools;

/// What lets a test run that needs one of them.
pub const HELP: &str = "Python 3.10 or newer with `venv`, and the package index, let it run";

/// The program of a package's version, with another package that it asks for only when it runs, installed the first time. In words
/// why it cannot be had.
pub fn program(
    package: &str,
    version: &str,
    also: Option<&str>,
    program: &str,
) -> Result<PathBuf, String> {
    // Test programs run one after another, the tests of one side by side.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = match also {
        Some(also) => format!("{package}-{version}-{also}"),
        None => format!("{package}-{version}"),
    };
    let folder = tools::tools().join(name);
    // Written last: an installation that was interrupted is made again.
    let whole = folder.join("whole");
    let path = folder.join("bin").join(program);
    if whole.exists() {
        return Ok(path);
    }
    let _ = std::fs::remove_dir_all(&folder);
    tools::output(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let package = format!("{package}=={version}");
    let install = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &package,
    ];
    tools::output(
        Command::new(folder.join("bin/pip"))
            .args(install)
            .args(also),
    )?;
    std::fs::write(whole, "").map_err(|error| error.to_string())?;
    Ok(path)
}
