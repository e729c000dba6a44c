//! What has changed in a working tree, as Git's status tells it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::collections::HashSet;
use crate::diagnostics::Diagnostic;
use crate::stage::checkout::snapshot::{User, good_bytes};

/// Paths below the folder that a commit is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Whether there is something that the commit does not hold.
    pub any: bool,
    /// Files and links to be read.
    pub changed: BTreeSet<Vec<u8>>,
    /// What is no part of the tree any more.
    pub removed: BTreeSet<Vec<u8>>,
    /// Submodules.
    pub submodules: BTreeSet<Vec<u8>>,
    /// Repositories that are no submodules.
    pub repositories: Vec<PathBuf>,
}

/// The path of these bytes.
pub fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// The parts of what ends with a NUL each.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|byte| *byte == 0)
        .filter(|record| !record.is_empty())
}

/// What differs from the commit that is checked out: in the index or in the tree, untracked too, ignored not; and what a
/// filter has made of files; `lfs` says whether that of Git LFS counts.
pub fn of(user: &User, lfs: bool) -> Result<Changes, Diagnostic> {
    let mut changes = Changes::default();
    let args = [
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--ignored=no",
        "--no-renames",
        "--ignore-submodules=none",
        "--",
        ".",
    ];
    let status = good_bytes(user.ask(args)?)?;
    for record in records(&status) {
        take(user, record, &mut changes);
    }
    let listed = good_bytes(user.ask(["ls-files", "-z", "--stage", "--", "."])?)?;
    let mut seen = HashSet::default();
    for record in records(&listed) {
        // `MODE OBJECT STAGE\tPATH`
        let Some(tab) = record.iter().position(|byte| *byte == b'\t') else {
            continue;
        };
        let (head, own) = record.split_at(tab);
        let own = own.get(1..).unwrap_or_default().to_vec();
        if head.starts_with(b"160000 ") {
            changes.submodules.insert(own);
        } else {
            seen.insert(own);
        }
    }
    for own in filtered(user, &seen, lfs)? {
        if fs::symlink_metadata(user.root.join(path(&own))).is_ok() {
            changes.changed.insert(own);
        }
    }
    Ok(changes)
}

fn take(user: &User, record: &[u8], changes: &mut Changes) {
    // `1 XY SUB mH mI mW hH hI PATH`, `u XY SUB m1 m2 m3 mW h1 h2 h3 PATH`, `? PATH`
    let fields = match record.first() {
        Some(b'1') => 9,
        Some(b'u') => 11,
        Some(b'?') => 2,
        _ => return,
    };
    let fields: Vec<&[u8]> = record.splitn(fields, |byte| *byte == b' ').collect();
    let Some(full) = fields.last() else { return };
    let Some(own) = full.strip_prefix(user.prefix.as_slice()) else {
        return;
    };
    if own.ends_with(b"/") {
        changes.repositories.push(path(own));
        return;
    }
    changes.any = true;
    // `S…`: a submodule, which is looked at by itself.
    if fields.len() > 2 && fields.get(2).is_some_and(|module| module.starts_with(b"S")) {
        return;
    }
    let there = fs::symlink_metadata(user.root.join(path(own)));
    let in_index = record.first() != Some(&b'1') || fields.get(4) != Some(&&b"000000"[..]);
    match there {
        Ok(there) if in_index && !there.is_dir() => {
            changes.removed.remove(own);
            changes.changed.insert(own.to_vec());
        }
        // A folder where a file was: what is in it is told on its own.
        _ if !changes.changed.contains(own) => {
            changes.removed.insert(own.to_vec());
        }
        _ => {}
    }
}

/// The files that a filter is for, such as `filter=lfs`: the commit holds something else than the tree.
fn filtered(user: &User, files: &HashSet<Vec<u8>>, lfs: bool) -> Result<Vec<Vec<u8>>, Diagnostic> {
    let input: Vec<u8> = files
        .iter()
        .flat_map(|path| [path, &b"\0"[..]].concat())
        .collect();
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let answer = user.ask_with(["check-attr", "-z", "--stdin", "filter"], &input)?;
    let out = good_bytes(answer)?;
    let fields: Vec<&[u8]> = out.split(|byte| *byte == 0).collect();
    let of_filter = fields.chunks_exact(3).filter_map(|chunk| match chunk {
        [_, b"filter", b"unspecified" | b"unset"] => None,
        [_, b"filter", b"lfs"] if !lfs => None,
        [path, b"filter", _] => Some(path.to_vec()),
        _ => None,
    });
    Ok(of_filter.collect())
}
