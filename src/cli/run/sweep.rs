//! What old runs have left in `.aphex`, and nobody will miss.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use crate::stage::container;
use crate::stage::record::StageResult;

/// Working trees of so many runs stay, the newest.
const TREES: usize = 5;
/// Records of so many runs stay, the newest, however old they are.
const RECORDS: usize = 50;
/// Records that are younger stay, however many there are.
const YOUNG: Duration = Duration::from_secs(14 * 24 * 3600);
/// What is younger may belong to a run that has only begun.
const BEGINNING: Duration = Duration::from_secs(24 * 3600);

/// Held by a run for as long as it lives, so that nobody sweeps it up.
#[derive(Debug)]
pub struct Alive(#[allow(dead_code)] File);

/// Says that the run of this folder lives.
pub fn alive(folder: &Path) -> io::Result<Alive> {
    let file = File::create(lock_of(folder))?;
    flock(&file, FlockOperation::LockShared)?;
    Ok(Alive(file))
}

/// Held while a run begins, so that nothing goes that it is about to use.
#[derive(Debug)]
pub struct Beginning(#[allow(dead_code)] File);

/// Removes what is old below `root`, which is `.aphex`, unless another run is about to begin; and keeps others from it as long as what it
/// gives lives. What cannot be removed stays.
pub fn sweep(root: &Path) -> io::Result<Beginning> {
    let lock = File::options()
        .create(true)
        .append(true)
        .open(root.join("lock"))?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
        trees(&root.join("runs"));
        records(&root.join("store"), &root.join("runs"));
    }
    flock(&lock, FlockOperation::LockShared)?;
    Ok(Beginning(lock))
}

fn lock_of(folder: &Path) -> PathBuf {
    folder.join("alive")
}

/// Whether the run of this folder still goes on.
pub fn is_alive(folder: &Path) -> bool {
    let Ok(file) = File::open(lock_of(folder)) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
}

/// Containers of runs that died, and working trees of old ones.
fn trees(runs: &Path) {
    for (number, folder) in newest_first(runs).into_iter().enumerate() {
        if is_alive(&folder) {
            continue;
        }
        for list in lists(&folder, 0) {
            container::remove_left(&list);
        }
        if number >= TREES {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// The folders of tries that have a list of containers.
fn lists(folder: &Path, depth: usize) -> Vec<PathBuf> {
    // An environment in a wave holds a step, which holds its tries.
    if depth > 4 {
        return Vec::new();
    }
    if folder.join("containers").is_file() {
        return vec![folder.to_owned()];
    }
    if folder.join("source").is_dir() {
        return Vec::new();
    }
    let folders = folders(folder);
    folders
        .iter()
        .flat_map(|inner| lists(inner, depth + 1))
        .collect()
}

/// Records that are many and old, and artifacts that no record names.
fn records(store: &Path, trees: &Path) {
    let mut gone = false;
    for (number, folder) in newest_first(&store.join("runs")).into_iter().enumerate() {
        let is_running = folder
            .file_name()
            .is_some_and(|name| is_alive(&trees.join(name)));
        if number >= RECORDS && is_older(&folder, YOUNG) && !is_running {
            gone |= fs::remove_dir_all(&folder).is_ok();
        }
    }
    if gone {
        artifacts(store);
    }
}

fn artifacts(store: &Path) {
    let mut named = HashSet::new();
    for file in files(&store.join("runs")) {
        let is_result = file.extension().is_some_and(|end| end == "json");
        let text = fs::read(&file).ok().filter(|_| is_result);
        let result = text.and_then(|text| serde_json::from_slice::<StageResult>(&text).ok());
        if let Some(artifact) = result.and_then(|result| result.artifact) {
            named.insert(artifact.key);
        }
    }
    for file in files(&store.join("artifacts")) {
        let key = file.strip_prefix(store).ok().and_then(Path::to_str);
        let Some(key) = key else { continue };
        let key = key
            .strip_suffix(".tar.zst")
            .or_else(|| key.strip_suffix(".json"));
        // Its stage may not have written its result yet.
        if key.is_some_and(|key| !named.contains(key)) && is_older(&file, BEGINNING) {
            let _ = fs::remove_file(&file);
        }
    }
    empty(&store.join("artifacts"));
}

/// Removes folders that hold nothing.
fn empty(folder: &Path) {
    for inner in folders(folder) {
        empty(&inner);
        // Refused where there is something in it.
        let _ = fs::remove_dir(&inner);
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn newest_first(folder: &Path) -> Vec<PathBuf> {
    let mut found = folders(folder);
    found.sort_by_key(|path| std::cmp::Reverse(changed(path)));
    found
}

fn changed(path: &Path) -> SystemTime {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    // What cannot be looked at is not taken for old.
    changed.unwrap_or_else(|_| SystemTime::now())
}

fn is_older(path: &Path, than: Duration) -> bool {
    changed(path).elapsed().is_ok_and(|age| age > than)
}
