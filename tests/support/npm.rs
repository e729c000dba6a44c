//! Packages from npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::tools;

/// The packages that the lock file in a folder names, installed once among the tools.
pub fn installed(test: &str, locked: &Path, name: &str) -> Option<PathBuf> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap();
    let folder = tools::tools().join(name);
    let modules = folder.join("node_modules");
    if modules.join(".whole").exists() {
        return Some(modules);
    }
    fs::create_dir_all(&folder).unwrap();
    for name in ["package.json", "package-lock.json"] {
        fs::copy(locked.join(name), folder.join(name)).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--silent"])
        .current_dir(&folder);
    match tools::output(&mut npm) {
        Ok(_) => {
            fs::write(modules.join(".whole"), "").unwrap();
            Some(modules)
        }
        Err(missing) => {
            tools::skip(
                test,
                &missing,
                "install Node.js 20 or newer, with the npm registry in reach",
            );
            None
        }
    }
}
