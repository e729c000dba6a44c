//! A project in a folder of its own, in which `aphex run` is tried as a person would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What Git prints, in a folder; a failure fails the test.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A project in a directory of its own.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// With this build and this environment in its pipeline, in a Git repository with one commit.
    pub fn new(build: &str, environment: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { folder };
        project.write(
            "pipeline.aphex",
            &format!(
                "pipeline shop {{\n  cluster = \"company-pipelines\"\n  repository = \"acme/shop\"\n\n  on push {{ branches = [\"main\"] }}\n\n  \
                 {build}\n\n  environment dev {{\n    account = \"111122223333\"\n    region = \"us-east-1\"\n\n    {environment}\n  }}\n}}\n"
            ),
        );
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.commit();
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    pub fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn aphex(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> (Output, Value) {
        let output = self.aphex(&["run"]).args(arguments).output().unwrap();
        let record = self.last_record();
        (output, record)
    }

    /// The record of the newest run.
    pub fn last_record(&self) -> Value {
        last_record(self.path())
    }
}

/// The record of the newest run in a folder.
pub fn last_record(folder: &Path) -> Value {
    let runs = folder.join(".aphex/store/runs");
    let mut records: Vec<PathBuf> = fs::read_dir(&runs)
        .unwrap()
        .map(|run| run.unwrap().path().join("record.json"))
        .filter(|path| path.exists())
        .collect();
    records.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    serde_json::from_slice(&fs::read(records.last().unwrap()).unwrap()).unwrap()
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

pub fn stage<'r>(record: &'r Value, path: &str) -> &'r Value {
    let stages = record["stages"].as_array().unwrap();
    stages
        .iter()
        .find(|stage| stage["path"] == path)
        .unwrap_or_else(|| panic!("no stage {path} in {record:#}"))
}

/// Waits until something is so.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(90), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal, as Ctrl-C does with `INT`.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(id)
        .status();
    assert!(sent.unwrap().success());
}
