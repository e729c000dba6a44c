//! The list of what we wrote to a folder, and what it says of the folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::folder::error::{FolderError, at};

/// The list of what we wrote. `kubectl apply -f FOLDER` reads no file of this name.
pub(super) const LIST: &str = ".aphex-compiled";

/// The list.
#[derive(Serialize, Deserialize)]
pub(super) struct Inventory {
    pub version: u32,
    pub files: BTreeSet<String>,
}

impl Inventory {
    /// The folders that its files stand in.
    pub fn folders(&self) -> BTreeSet<&str> {
        let names = self.files.iter();
        names
            .filter_map(|name| Some(name.split_once('/')?.0))
            .collect()
    }
}

/// What we wrote to a folder; `None` where it is not one of ours.
pub(super) fn inventory(folder: &Path) -> Option<Inventory> {
    let text = fs::read_to_string(folder.join(LIST)).ok()?;
    serde_json::from_str(&text).ok()
}

/// What of ours is in a folder; `None` where there is no folder. A folder with anything else is refused.
pub(super) fn content(folder: &Path) -> Result<Option<BTreeSet<String>>, FolderError> {
    if !folder.exists() {
        return Ok(None);
    }
    let ours = inventory(folder);
    let mut foreign = Vec::new();
    let mut below = Vec::new();
    for (name, path, kind) in entries(folder, "")? {
        let is_ours = ours
            .as_ref()
            .is_some_and(|ours| name == LIST || ours.files.contains(&name));
        let holds_ours = ours
            .as_ref()
            .is_some_and(|ours| ours.folders().contains(&*name));
        match kind {
            Kind::File if is_ours => {}
            Kind::Folder if holds_ours => below.extend(entries(&path, &format!("{name}/"))?),
            _ => foreign.push(name),
        }
    }
    let ours = ours.map(|ours| ours.files);
    for (name, _, kind) in below {
        let is_ours = ours.as_ref().is_some_and(|ours| ours.contains(&name));
        if kind != Kind::File || !is_ours {
            foreign.push(name);
        }
    }
    if foreign.is_empty() {
        return Ok(Some(ours.unwrap_or_default()));
    }
    foreign.sort();
    Err(FolderError::Foreign(foreign))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Other,
}

/// What stands in a folder: names, with `before` in front of them, paths and kinds.
fn entries(folder: &Path, before: &str) -> Result<Vec<(String, PathBuf, Kind)>, FolderError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at("read", folder))? {
        let entry = entry.map_err(at("read", folder))?;
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_file() => Kind::File,
            Ok(kind) if kind.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        let name = entry.file_name();
        let name = format!("{before}{}", name.to_string_lossy());
        found.push((name, entry.path(), kind));
    }
    Ok(found)
}

/// Whether a folder holds just these files.
pub(super) fn is_same(folder: &Path, files: &[(&str, &str)]) -> bool {
    let Some(inventory) = inventory(folder) else {
        return false;
    };
    let same = |(name, text): &(&str, &str)| {
        inventory.files.contains(*name)
            && fs::read(folder.join(name)).is_ok_and(|bytes| bytes == text.as_bytes())
    };
    inventory.files.len() == files.len() && files.iter().all(same)
}

/// Removes one file of those that its list names.
pub(super) fn remove_first(folder: &Path) {
    let mut names = inventory(folder).map_or_else(BTreeSet::new, |inventory| inventory.files);
    if let Some(name) = names.pop_first() {
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Removes a folder of ours: what its list names (all files, where a write was interrupted before the list), the list
/// last, and the folder, if nothing else has appeared in it.
pub(super) fn remove(folder: &Path) {
    let inventory = inventory(folder);
    if let Some(inventory) = &inventory {
        for name in &inventory.files {
            let _ = fs::remove_file(folder.join(name));
        }
        for below in inventory.folders() {
            let _ = fs::remove_dir(folder.join(below));
        }
    }
    let _ = fs::remove_file(folder.join(LIST));
    let _ = fs::remove_dir(folder);
}
