//! A disk without space: a file system in memory that is small.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{assert_whole, files};
use crate::finish::Pods;
use crate::support::project::{Project, stage, text};
use crate::support::tools;
use aphex::diagnostics::codes::run_store::{NOT_UNPACKED, STORE_FAILED};
use serde_json::Value;

/// A file system of so many KiB at a path, which is unmounted with this value.
struct Disk(PathBuf);

impl Disk {
    fn mount(test: &str, path: PathBuf, kilobytes: u64) -> Option<Disk> {
        fs::create_dir_all(&path).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={kilobytes}k"),
                "aphex-test",
            ])
            .arg(&path);
        match tools::output(&mut mount) {
            Ok(_) => Some(Disk(path)),
            Err(missing) => {
                tools::skip(
                    test,
                    &missing,
                    "run it as root, where file systems can be mounted",
                );
                None
            }
        }
    }

    /// Takes all that is left but so many KiB.
    fn fill(&self, left: u64) {
        let status = rustix::fs::statvfs(&self.0).unwrap();
        let free = status.f_bavail * status.f_frsize;
        fs::write(self.filler(), vec![b'x'; (free - left * 1024) as usize]).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn clear(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

const BUILD: &str = "build { run = [\"head -c 3000000 /dev/urandom > out.bin\", \"seq 200000\"], artifacts = [\"out.bin\"] }";
const STEP: &str = "step copy { run = [\"test $(wc -c < out.bin) = 3000000\"] }";

/// What a checkout takes before anything else, in KiB of whole pages: the binary, for the other containers of its pod.
fn binary() -> u64 {
    fs::metadata(env!("CARGO_BIN_EXE_aphex"))
        .unwrap()
        .len()
        .div_ceil(4096)
        * 4
}

/// The end of a long text, for a person to read.
fn end_of(text: &str) -> String {
    text[text.ceil_char_boundary(text.len().saturating_sub(3_000))..].to_owned()
}

fn artifacts(store: &Path) -> Vec<PathBuf> {
    files(&store.join("artifacts"))
}

/// The store has space for what a stage says, and not for what it packs.
#[test]
fn an_artifact_that_the_store_has_no_space_for_fails_its_stage() {
    let test = "an_artifact_that_the_store_has_no_space_for_fails_its_stage";
    let mut pods = Pods::new(Project::new(BUILD, STEP));
    let Some(disk) = Disk::mount(test, pods.store(), 16_000) else {
        return;
    };
    for left in [2_500, 200, 64] {
        disk.fill(left);
        pods.run = format!("shop-{left}");
        let output = pods.pod(&pods.run, &["build"]);
        let said = end_of(&text(&output));
        assert_eq!(output.status.code(), Some(1), "{left}: {said}");
        assert!(
            said.contains(&format!("error[{}]", STORE_FAILED.id)),
            "{left}: {said}"
        );
        assert!(said.contains("No space left on device"), "{left}: {said}");
        assert!(said.contains("artifacts/"), "{left}: {said}");
        assert!(artifacts(&pods.store()).is_empty(), "{left}");
        assert!(
            files(&pods.store().join(".unfinished")).is_empty(),
            "{left}"
        );
        assert_whole(&pods.store());
        let result = pods.read(&format!("runs/{}/stages/build/0.json", pods.run));
        assert_eq!(result["outcome"], "failed", "{left}: {result:#}");
        assert_eq!(result["artifact"], Value::Null);
        disk.clear();
    }
    // Space for what it packs, and not for its log: that is said, and changes nothing.
    disk.fill(3_600);
    pods.run = "shop-log".to_owned();
    let output = pods.pod("log", &["build"]);
    let said = end_of(&text(&output));
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("warning[") && said.contains("0.log` was not written"),
        "{said}"
    );
    assert_eq!(
        pods.read("runs/shop-log/stages/build/0.json")["outcome"],
        "succeeded"
    );
    assert_eq!(artifacts(&pods.store()).len(), 2);
    disk.clear();
    pods.run = "shop-again".to_owned();
    let output = pods.pod("again", &["build"]);
    assert!(output.status.success(), "{}", end_of(&text(&output)));
    let output = pods.pod("copy", &["step", "--environment", "dev", "--name", "copy"]);
    assert!(output.status.success(), "{}", end_of(&text(&output)));
    assert_whole(&pods.store());
}

/// Nothing can be written at all, not even what came of the stage: that is said, and counts as a failure.
#[test]
fn a_store_without_any_space_remembers_nothing_and_says_so() {
    let test = "a_store_without_any_space_remembers_nothing_and_says_so";
    let mut pods = Pods::new(Project::new("build { run = [\"echo done\"] }", STEP));
    let Some(disk) = Disk::mount(test, pods.store(), 1_000) else {
        return;
    };
    pods.checkout("1", &["build"]);
    disk.fill(0);
    for words in [&["build"][..], &["finish", "--status", "Succeeded"]] {
        let output = pods.command("1", words).output().unwrap();
        let said = end_of(&text(&output));
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert!(
            said.contains(&format!("error[{}]", STORE_FAILED.id)),
            "{words:?}: {said}"
        );
        assert!(
            said.contains("No space left on device"),
            "{words:?}: {said}"
        );
        assert!(files(&pods.store().join("runs")).is_empty(), "{words:?}");
    }
    disk.clear();
    pods.run = "shop-again".to_owned();
    assert!(pods.pod("2", &["build"]).status.success());
    assert!(
        pods.pod("3", &["finish", "--status", "Succeeded"])
            .status
            .success()
    );
    assert_eq!(stage(&pods.record(), "build")["outcome"], "succeeded");
}

/// The disk of the working tree: an artifact is not restored in parts, a log that was cut off says so, a checkout fails.
#[test]
fn a_stage_without_space_fails_with_a_reason_and_keeps_nothing_half() {
    let test = "a_stage_without_space_fails_with_a_reason_and_keeps_nothing_half";
    let mut pods = Pods::new(Project::new(BUILD, STEP));
    let copy = ["step", "--environment", "dev", "--name", "copy"];
    assert!(pods.pod("1", &["build"]).status.success());

    let Some(disk) = Disk::mount(test, pods.root("2"), binary() + 2_000) else {
        return;
    };
    let output = pods.init("2", &copy).output().unwrap();
    let said = end_of(&text(&output));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("error[{}]", NOT_UNPACKED.id)),
        "{said}"
    );
    assert!(
        said.contains("it has 3000000 bytes, and the disk"),
        "{said}"
    );
    assert!(!pods.root("2").join("source/out.bin").exists());
    assert_eq!(
        pods.command("2", &copy).output().unwrap().status.code(),
        Some(1)
    );
    drop(disk);

    let Some(disk) = Disk::mount(test, pods.root("3"), binary() + 1_000) else {
        return;
    };
    disk.fill(binary() + 4);
    let output = pods.init("3", &copy).output().unwrap();
    let said = end_of(&text(&output));
    assert_eq!(output.status.code(), Some(1), "{said}");
    // In Git's words, with the file.
    let file = pods.root("3").join("source/.git/config");
    assert!(
        said.contains("error[") && said.contains(file.to_str().unwrap()),
        "{said}"
    );
    drop(disk);

    // The log is on the disk that the commands fill: it is cut off, and says so where it is kept.
    pods.run = "shop-log".to_owned();
    let Some(disk) = Disk::mount(test, pods.root("4"), binary() + 3_400) else {
        return;
    };
    let output = pods.pod("4", &["build"]);
    let said = end_of(&text(&output));
    assert!(said.contains("199999\n"), "the rest is still shown: {said}");
    let log = fs::read_to_string(pods.store().join("runs/shop-log/stages/build/0.log")).unwrap();
    assert!(!log.contains("199999\n"), "{} {}", log.len(), end_of(&log));
    assert!(
        log.contains("No space left on device"),
        "{}",
        &log[log.len() - 500..]
    );
    drop(disk);

    let output = pods.pod("5", &copy);
    assert!(output.status.success(), "{}", end_of(&text(&output)));
}

/// A project on a disk that is full.
#[test]
fn a_local_run_without_space_says_so_and_the_next_one_succeeds() {
    let test = "a_local_run_without_space_says_so_and_the_next_one_succeeds";
    let project = Project::new(BUILD, STEP);
    let Some(disk) = Disk::mount(test, project.path().join(".aphex"), 40_000) else {
        return;
    };
    for left in [0, 4, 12, 24, 40, 100, 400, 3_200, 6_200] {
        disk.fill(left);
        let output = project
            .aphex(&["run", "--deploy", "--jobs", "1"])
            .output()
            .unwrap();
        let said = end_of(&text(&output));
        assert_eq!(output.status.code(), Some(1), "{left}: {said}");
        // In the system's words, in Aphex's of an artifact, or of what Git could not write.
        let words = [
            "No space left on device",
            "and the disk",
            "Out of diskspace",
            "the disk has no space left",
        ];
        assert!(
            words.iter().any(|words| said.contains(words)),
            "{left}: {said}"
        );
        assert!(
            said.contains("error[") && !said.contains("panicked"),
            "{left}: {said}"
        );
        assert_whole(&project.path().join(".aphex/store"));
        disk.clear();
    }
    let output = project.aphex(&["run", "--deploy"]).output().unwrap();
    assert!(output.status.success(), "{}", end_of(&text(&output)));
    assert_eq!(project.last_record()["outcome"], "succeeded");
    assert_whole(&project.path().join(".aphex/store"));
}
