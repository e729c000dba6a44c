//! Finds what patterns mean in a working tree.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::{Name, Patterns};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::NOT_PACKED;
use crate::stage::store;

/// What something in a working tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    /// A folder: one that holds something that is meant, or that is meant itself and empty.
    Folder,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Special,
}

/// Something that patterns mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path below the root.
    pub path: Name,
    /// What it is.
    pub kind: FoundKind,
}

/// What patterns mean in a working tree.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Each thing once, a folder before what is in it, else by name.
    pub found: Vec<Found>,
    /// The patterns that matched nothing, by their number.
    pub unmatched: Vec<usize>,
}

/// One folder on the way down.
struct Level {
    path: Name,
    entries: std::vec::IntoIter<(Vec<u8>, FoundKind)>,
    /// Whether it is in the list already.
    listed: bool,
}

/// Finds what `patterns` mean below `root`. Links are not followed. The root's own `.git` is not part of the tree.
pub fn select(root: &Path, patterns: &Patterns) -> Result<Selection, Diagnostic> {
    let mut used = vec![false; patterns.iter().count()];
    let mut found = Vec::new();
    let top = Name::new("");
    let mut levels = vec![Level {
        entries: read(root, &top)?,
        path: top,
        listed: true,
    }];
    while let Some(level) = levels.last_mut() {
        let Some((name, kind)) = level.entries.next() else {
            levels.pop();
            continue;
        };
        let path = level.path.join(&name);
        if levels.len() == 1 && is_own(&name) {
            continue;
        }
        if kind == FoundKind::Folder {
            if !patterns.may_hold(&path) {
                continue;
            }
            let entries = read(root, &path)?;
            let listed = entries.len() == 0 && patterns.matches(&path, &mut used);
            if listed {
                list_folders(&mut levels, &mut found);
                found.push(Found {
                    path: path.clone(),
                    kind,
                });
            }
            levels.push(Level {
                path,
                entries,
                listed,
            });
        } else if patterns.matches(&path, &mut used) {
            list_folders(&mut levels, &mut found);
            found.push(Found { path, kind });
        }
    }
    let unmatched = patterns
        .iter()
        .zip(&used)
        .enumerate()
        .filter(|(_, (pattern, used))| !pattern.excludes() && !**used)
        .map(|(number, _)| number)
        .collect();
    Ok(Selection { found, unmatched })
}

/// Lists the folders on the way to what is listed next.
fn list_folders(levels: &mut [Level], found: &mut Vec<Found>) {
    for level in levels.iter_mut().filter(|level| !level.listed) {
        level.listed = true;
        found.push(Found {
            path: level.path.clone(),
            kind: FoundKind::Folder,
        });
    }
}

/// Whether a name at the root is no part of the tree: its repository, and what an interrupted restore left.
fn is_own(name: &[u8]) -> bool {
    name == b".git" || name.starts_with(super::unpack::ASIDE.as_bytes())
}

fn read(
    root: &Path,
    folder: &Name,
) -> Result<std::vec::IntoIter<(Vec<u8>, FoundKind)>, Diagnostic> {
    let entries = || -> io::Result<Vec<(Vec<u8>, FoundKind)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(root.join(folder.os()))? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                kind if kind.is_dir() => FoundKind::Folder,
                kind if kind.is_file() => FoundKind::File,
                kind if kind.is_symlink() => FoundKind::Link,
                _ => FoundKind::Special,
            };
            entries.push((entry.file_name().into_vec(), kind));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries)
    };
    entries().map(Vec::into_iter).map_err(|error| {
        let shown = match folder.bytes() {
            b"" => Name::new(root.as_os_str().as_bytes()),
            _ => folder.clone(),
        };
        let message = format!("the folder `{shown}` cannot be read");
        store::explain(Diagnostic::without_place(&NOT_PACKED, message), &error)
    })
}
