//! `aphex run` ended in the middle of each stage, by SIGTERM and by SIGKILL.

use std::fs;
use std::process::{Child, Stdio};

use super::{Pauses, assert_whole, files};
use crate::support::project::{Project, signal, stage, text, wait_until};
use serde_json::Value;

/// Stages in the order in which they run: what holds each, and its path.
const STAGES: [(&str, &str); 7] = [
    ("checkout", "build"),
    ("build", "build"),
    ("lint", "lint"),
    ("copy", "dev/copy"),
    ("tidy", "dev/tidy"),
    ("smoke", "dev/smoke"),
    ("bake", "dev/bake"),
];

/// `git` of the machine, but for the checkout into the working tree of the build, which stays as `./pause` does.
const GIT: &str = r#"#!/bin/sh
case "$PWD $1" in
  */.aphex/runs/*/build/0/source\ checkout) if [ -e "WAIT/hold-checkout" ]; then
    printf half > out.txt
    sleep 600 & echo $! > "WAIT/child-checkout"; echo $! > "WAIT/began-checkout"; wait
  fi ;;
esac
exec REAL "$@"
"#;

struct Room {
    project: Project,
    pauses: Pauses,
}

impl Room {
    fn new() -> Room {
        let wait = "env = { WAIT = run.input.wait }";
        let project = Project::new(
            &format!(
                "input wait {{}}\n  build {{ run = [\"./pause build\", \"echo whole > out.txt\"], {wait}, artifacts = [\"out.txt\"] }}\n  \
                 check lint {{ run = [\"./pause lint\"], {wait} }}"
            ),
            &format!(
                "step copy {{ run = [\"grep -x whole out.txt\", \"./pause copy\"], {wait} }}\n    \
                 after tidy {{ run = [\"./pause tidy\"], {wait} }}\n    \
                 test smoke {{ run = [\"./pause smoke\"], {wait} }}\n    bake {{ time = 2s }}"
            ),
        );
        Pauses::add(&project);
        project.commit();
        let pauses = Pauses::new();
        let bin = pauses.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join("git"))
            .find(|path| path.is_file())
            .unwrap();
        let wait = pauses.path().to_str().unwrap().to_owned();
        let script = GIT.replace("WAIT", &wait);
        super::script(
            &bin.join("git"),
            &script.replace("REAL", real.to_str().unwrap()),
        );
        Room { project, pauses }
    }

    fn begin(&self) -> Child {
        let path = std::env::var("PATH").unwrap();
        let wait = self.pauses.path().display();
        self.project
            .aphex(&["run", "--deploy", "--jobs", "1"])
            .arg(format!("--input=wait={wait}"))
            .env("PATH", format!("{wait}/bin:{path}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Begins a run and waits until it is within a stage.
    fn begin_until(&self, hold: &str) -> Child {
        self.pauses.hold(hold);
        let child = self.begin();
        match hold {
            "bake" => wait_until("the bake begins", || {
                let logs = files(&self.project.path().join(".aphex/runs"));
                let mut logs = logs.iter().filter_map(|path| fs::read_to_string(path).ok());
                logs.any(|log| log.contains("waiting for 2 s"))
            }),
            _ => self.pauses.wait_for(hold),
        }
        child
    }

    fn store(&self) -> std::path::PathBuf {
        self.project.path().join(".aphex/store")
    }

    /// A run that nobody ends goes through, with artifacts that are whole.
    fn assert_goes_through(&self, why: &str) {
        let output = self.begin().wait_with_output().unwrap();
        assert!(output.status.success(), "{why}: {}", text(&output));
        assert_eq!(self.project.last_record()["outcome"], "succeeded", "{why}");
        assert_whole(&self.store());
    }
}

/// What came before the stage has ended well, the stage was stopped, what comes after has not run.
fn assert_tells(record: &Value, path: &str, said: &str) {
    assert_eq!(record["outcome"], "stopped", "{path}: {said}");
    let own = stage(record, path);
    assert_eq!(own["outcome"], "stopped", "{path}: {own:#} {said}");
    let at = STAGES.iter().position(|(_, other)| *other == path).unwrap();
    for (_, other) in STAGES {
        let place = STAGES
            .iter()
            .position(|(_, found)| *found == other)
            .unwrap();
        let outcome = &stage(record, other)["outcome"];
        match place.cmp(&at) {
            std::cmp::Ordering::Less => {
                assert_eq!(*outcome, "succeeded", "{path}, {other}: {said}")
            }
            std::cmp::Ordering::Greater => {
                assert_eq!(*outcome, Value::Null, "{path}, {other}: {said}")
            }
            std::cmp::Ordering::Equal => {}
        }
    }
}

#[test]
fn a_run_that_is_ended_in_any_stage_says_so_and_the_next_one_succeeds() {
    let room = Room::new();
    for (hold, path) in STAGES {
        let child = room.begin_until(hold);
        signal(&child, "TERM");
        let output = child.wait_with_output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{hold}: {said}");
        assert!(
            said.contains("stopping: what runs is told to end"),
            "{hold}: {said}"
        );
        room.pauses.release(hold);
        let record = room.project.last_record();
        assert_tells(&record, path, &said);
        assert_whole(&room.store());
        let own = format!("{}-0.", record["run"].as_str().unwrap());
        let mut artifacts = files(&room.store().join("artifacts"));
        artifacts.retain(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(&own)
        });
        assert_eq!(
            artifacts.is_empty(),
            path == "build",
            "{hold}: {artifacts:?}"
        );
        room.assert_goes_through(hold);
    }
}

/// Nobody can write a record any more: the run is known to be unfinished, what it had started ends, and the next one succeeds.
#[test]
fn a_run_that_is_killed_in_any_stage_leaves_nobody_and_nothing_half() {
    let room = Room::new();
    for (hold, _) in STAGES {
        let mut child = room.begin_until(hold);
        child.kill().unwrap();
        child.wait().unwrap();
        room.pauses.release(hold);
        room.assert_goes_through(hold);
        let output = room.project.aphex(&["history"]).output().unwrap();
        let said = text(&output);
        assert!(
            output.status.success()
                && said.contains("  was killed\n")
                && !said.contains("no record"),
            "{hold}: {said}"
        );
    }
}
