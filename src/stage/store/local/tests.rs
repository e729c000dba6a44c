use std::process::{Command, Stdio};

use super::*;
use crate::stage::store::{Digest, put_from, read};

fn room() -> (tempfile::TempDir, LocalStore) {
    let room = tempfile::tempdir().unwrap();
    let store = LocalStore::open(&room.path().join("store")).unwrap();
    (room, store)
}

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn content(store: &LocalStore, name: &str) -> Option<String> {
    let bytes = read(store, &key(name), 1 << 20).unwrap()?;
    Some(String::from_utf8(bytes).unwrap())
}

fn unfinished(store: &LocalStore) -> usize {
    fs::read_dir(store.root.join(UNFINISHED)).unwrap().count()
}

#[test]
fn what_is_put_is_got() {
    let (_room, store) = room();
    assert_eq!(content(&store, "a/b"), None);
    store.put(&key("a/b"), b"one").unwrap();
    store.put(&key("a/b"), b"two").unwrap();
    assert_eq!(content(&store, "a/b").unwrap(), "two");
    assert_eq!(content(&store, "a"), None, "a folder is no object");
    assert_eq!(
        content(&store, "a/b/c"),
        None,
        "nor is what is below an object"
    );
    assert_eq!(unfinished(&store), 0);
}

#[test]
fn lists_are_sorted_and_show_whole_objects_alone() {
    let (_room, store) = room();
    for name in [
        "runs/b/record.json",
        "runs/a/stages/build/0.json",
        "runs/a/record.json",
        "runsx",
    ] {
        store.put(&key(name), b"xyz").unwrap();
    }
    let upload = store.upload(&key("runs/a/log"), &About::default()).unwrap();
    let listed = store.list(&key("runs")).unwrap();
    let names: Vec<&str> = listed.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(
        names,
        [
            "runs/a/record.json",
            "runs/a/stages/build/0.json",
            "runs/b/record.json"
        ]
    );
    assert_eq!(listed[0].bytes, 3);
    assert!(listed[0].modified > jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(store.names(&key("runs")).unwrap(), ["a", "b"]);
    assert_eq!(store.list(&key("nothing")).unwrap(), []);
    assert_eq!(store.names(&key("nothing")).unwrap(), [""; 0]);
    drop(upload);
}

#[test]
fn an_upload_is_seen_once_it_is_finished() {
    let (_room, store) = room();
    let name = key("artifacts/x.tar.zst");
    store.put(&name, b"before").unwrap();
    let mut upload = store.upload(&name, &About::default()).unwrap();
    upload.write_all(b"half ").unwrap();
    assert_eq!(content(&store, name.as_str()).unwrap(), "before");
    upload.write_all(b"and half").unwrap();
    let written = Content {
        bytes: 13,
        sha256: Digest([0; 32]),
    };
    upload.finish(&written).unwrap();
    assert_eq!(content(&store, name.as_str()).unwrap(), "half and half");
}

#[test]
fn an_upload_that_is_aborted_dropped_or_short_leaves_nothing() {
    let (_room, store) = room();
    let name = key("artifacts/x");
    let begin = || {
        let mut upload = store.upload(&name, &About::default()).unwrap();
        upload.write_all(b"half").unwrap();
        upload
    };
    begin().abort();
    drop(begin());
    let error = begin()
        .finish(&Content {
            bytes: 5,
            sha256: Digest([0; 32]),
        })
        .unwrap_err();
    assert_eq!(error.code, &STORE_FAILED);
    assert_eq!(content(&store, "artifacts/x"), None);
    assert_eq!(unfinished(&store), 0);
}

/// A source that breaks in the middle.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the line went dead"));
        }
        self.0 -= 1;
        buffer[..4].copy_from_slice(b"text");
        Ok(4)
    }
}

#[test]
fn a_source_that_breaks_leaves_what_was_there() {
    let (_room, store) = room();
    store.put(&key("log"), b"before").unwrap();
    let error = put_from(&store, &key("log"), &About::default(), &mut Broken(3)).unwrap_err();
    assert_eq!(error.notes, ["the line went dead"]);
    assert_eq!(content(&store, "log").unwrap(), "before");
    put_from(&store, &key("log"), &About::default(), &mut &b"after"[..]).unwrap();
    assert_eq!(content(&store, "log").unwrap(), "after");
}

#[test]
fn a_record_that_is_too_long_is_not_read() {
    let (_room, store) = room();
    store.put(&key("record"), &[b'x'; 11]).unwrap();
    assert!(read(&store, &key("record"), 11).unwrap().is_some());
    assert_eq!(
        read(&store, &key("record"), 10).unwrap_err().code,
        &STORE_FAILED
    );
}

#[test]
fn a_disk_that_refuses_is_told() {
    let room = tempfile::tempdir().unwrap();
    fs::write(room.path().join("file"), "x").unwrap();
    let error = LocalStore::open(&room.path().join("file")).unwrap_err();
    assert_eq!(error.code, &STORE_FAILED);
    let store = LocalStore::open(room.path()).unwrap();
    let error = store.put(&key("file/below"), b"x").unwrap_err();
    assert_eq!(error.message, "`file/below` was not written");
    assert_eq!(unfinished(&store), 0);
}

/// Runs one test of this file again as a process of its own, with a folder to work in.
fn child(test: &str, folder: &Path, number: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            &format!("stage::store::local::tests::{test}"),
            "--nocapture",
        ])
        .env("APHEX_TEST_STORE", folder)
        .env("APHEX_TEST_NUMBER", number.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn as_child() -> Option<(LocalStore, String)> {
    let folder = std::env::var_os("APHEX_TEST_STORE")?;
    let store = LocalStore::open(Path::new(&folder)).unwrap();
    Some((store, std::env::var("APHEX_TEST_NUMBER").unwrap()))
}

#[test]
fn of_processes_that_race_for_a_name_one_wins() {
    const NAMES: usize = 200;
    if let Some((store, number)) = as_child() {
        for name in 0..NAMES {
            let text = format!("{number} ").repeat(1000);
            let won = store.put_new(&key(&format!("race/{name}")), text.as_bytes());
            if won.unwrap() {
                println!("won {name} {number}");
            }
        }
        return;
    }
    let (_room, store) = room();
    let test = "of_processes_that_race_for_a_name_one_wins";
    let racing: Vec<_> = (0..4)
        .map(|number| child(test, &store.root, number).spawn().unwrap())
        .collect();
    let mut winners = vec![None; NAMES];
    for process in racing {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let Some(rest) = line.split("won ").nth(1) else {
                continue;
            };
            let (name, number) = rest.split_once(' ').unwrap();
            let before = winners[name.parse::<usize>().unwrap()].replace(number.to_owned());
            assert_eq!(before, None, "two won {name}");
        }
    }
    for (name, winner) in winners.into_iter().enumerate() {
        let expected = format!("{} ", winner.expect("somebody wins")).repeat(1000);
        assert_eq!(content(&store, &format!("race/{name}")).unwrap(), expected);
    }
    assert_eq!(unfinished(&store), 0);
}

#[test]
fn a_process_that_dies_leaves_nothing_that_is_seen_or_stays() {
    if let Some((store, _)) = as_child() {
        let mut upload = store
            .upload(&key("artifacts/x"), &About::default())
            .unwrap();
        upload.write_all(b"half").unwrap();
        std::process::abort();
    }
    let (_room, store) = room();
    let test = "a_process_that_dies_leaves_nothing_that_is_seen_or_stays";
    let output = child(test, &store.root, 0).output().unwrap();
    assert!(!output.status.success());
    assert_eq!(unfinished(&store), 1, "the child got as far as writing");
    assert_eq!(content(&store, "artifacts/x"), None);
    assert_eq!(store.list(&key("artifacts")).unwrap(), []);

    let living = store
        .upload(&key("artifacts/y"), &About::default())
        .unwrap();
    store.sweep(SETTLED);
    assert_eq!(unfinished(&store), 2, "neither has settled");
    store.sweep(Duration::ZERO);
    assert_eq!(unfinished(&store), 1, "that of a living process stays");
    drop(living);
    assert_eq!(unfinished(&store), 0);
}

#[cfg(unix)]
#[test]
fn without_hard_links_the_first_still_wins() {
    let room = tempfile::tempdir().unwrap();
    let path = |name: &str| room.path().join(name);
    fs::write(path("new"), "new").unwrap();
    fs::write(path("old"), "old").unwrap();
    let error = rename_new(&path("new"), &path("old")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(path("old")).unwrap(), "old");
    rename_new(&path("new"), &path("other")).unwrap();
    assert_eq!(fs::read_to_string(path("other")).unwrap(), "new");
}
