//! What goes wrong around a run: it is ended in the middle, the disk is full, AWS does not do what it should. Nothing that is half
//! written is read as whole, the record says what happened, and the next run succeeds.

mod aws;
mod deploys;
mod disk;
mod interrupted;
mod pods;
mod sessions;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::project::{Project, wait_until};
use serde_json::Value;

/// Where a program that is told to stay stays: `./pause NAME`, as long as the file `hold-NAME` is in this folder.
pub struct Pauses(tempfile::TempDir);

/// A command that stays, with half of a file written and a child that must not outlive it.
const PAUSE: &str = r#"#!/bin/sh
if [ -e "$WAIT/hold-$1" ]; then
  printf half > out.txt
  sleep 600 &
  echo $! > "$WAIT/child-$1"
  echo $! > "$WAIT/began-$1"
  wait
fi
"#;

impl Pauses {
    pub fn new() -> Pauses {
        Pauses(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, word: &str, name: &str) -> PathBuf {
        self.path().join(format!("{word}-{name}"))
    }

    /// Puts the command into a project.
    pub fn add(project: &Project) {
        script(&project.path().join("pause"), PAUSE);
    }

    pub fn hold(&self, name: &str) {
        for word in ["began", "child"] {
            let _ = fs::remove_file(self.file(word, name));
        }
        fs::write(self.file("hold", name), "").unwrap();
    }

    pub fn wait_for(&self, name: &str) {
        let began = self.file("began", name);
        wait_until(&format!("`{name}` begins"), || {
            fs::read_to_string(&began).is_ok_and(|text| text.ends_with('\n'))
        });
    }

    /// Lets it go on from now on; what it had started must be gone.
    pub fn release(&self, name: &str) {
        let _ = fs::remove_file(self.file("hold", name));
        if let Ok(child) = fs::read_to_string(self.file("child", name)) {
            wait_until(&format!("the child of `{name}` is ended"), || {
                !is_running(child.trim())
            });
        }
    }
}

/// Writes a file that can be executed.
fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether a process is there and has not ended.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = stat.rsplit(") ").next().unwrap_or_default();
    !rest.is_empty() && !rest.starts_with(['Z', 'X'])
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() && !path.is_symlink() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

/// Whatever is in a store under a name is whole: records can be read, and each artifact that a manifest or a record names is there with
/// the bytes that are said of it.
pub fn assert_whole(store: &Path) {
    for path in files(store) {
        if path.starts_with(store.join(".unfinished")) || path.extension() != Some("json".as_ref())
        {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let value: Value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Some(key) = value["artifact"]["key"].as_str() {
            assert!(store.join(format!("{key}.json")).exists(), "{value:#}");
        }
        if let Some(bytes) = value["archive"]["bytes"].as_u64() {
            let archive = path.with_extension("tar.zst");
            assert_eq!(fs::metadata(archive).unwrap().len(), bytes, "{value:#}");
        }
    }
}
