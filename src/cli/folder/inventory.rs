//! The list of what we wrote to a folder, and what it says of the folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
    let ours = inventory(folder).map(|inventory| inventory.files);
    let entries = fs::read_dir(folder).map_err(at("read", folder))?;
    let mut foreign = Vec::new();
    for entry in entries {
        let entry = entry.map_err(at("read", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = ours
            .as_ref()
            .is_some_and(|ours| name == LIST || ours.contains(&name));
        let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !known || !plain {
            foreign.push(name);
        }
    }
    if foreign.is_empty() {
        return Ok(Some(ours.unwrap_or_default()));
    }
    foreign.sort();
    Err(FolderError::Foreign(foreign))
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
    let names = match inventory(folder) {
        Some(inventory) => inventory.files,
        None => {
            let _ = fs::remove_file(folder.join(LIST));
            BTreeSet::new()
        }
    };
    for name in names {
        let _ = fs::remove_file(folder.join(name));
    }
    let _ = fs::remove_file(folder.join(LIST));
    let _ = fs::remove_dir(folder);
}
