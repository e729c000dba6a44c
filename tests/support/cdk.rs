//! The real CDK, from npm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::tools;

/// The CDK of the quickstart, installed once.
pub fn node_modules(test: &str) -> Option<PathBuf> {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock().unwrap();
    let folder = tools::tools().join("cdk");
    let modules = folder.join("node_modules");
    if modules.join(".whole").exists() {
        return Some(modules);
    }
    fs::create_dir_all(&folder).unwrap();
    for name in ["package.json", "package-lock.json"] {
        let from = tools::root().join("examples/quickstart").join(name);
        fs::copy(from, folder.join(name)).unwrap();
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
