//! Files from aside to where they belong.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, futimens, statvfs, utimensat};

use super::{Entry, Kind, Manifest, Name, links, pack};
use crate::collections::HashSet;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::{ARTIFACT_REFUSED, NOT_UNPACKED};

/// What a restore would run into, before anything is read or written.
pub fn check(manifest: &Manifest, root: &Path) -> Result<(), Diagnostic> {
    for entry in &manifest.entries {
        let Ok(there) = fs::symlink_metadata(root.join(entry.path.os())) else {
            continue;
        };
        if there.is_dir() != (entry.kind == Kind::Folder) {
            let what = |folder| {
                if folder {
                    "a folder"
                } else {
                    "a file or a link"
                }
            };
            return Err(Diagnostic::without_place(
                &NOT_UNPACKED,
                format!("`{}` cannot be restored", entry.path),
            )
            .note(format!(
                "the artifact has {} there, and the working tree {}",
                what(entry.kind == Kind::Folder),
                what(there.is_dir())
            ))
            .help("let the build write to a folder that is not in the repository"));
        }
    }
    let own = manifest.links();
    let listed: HashSet<&Name> = manifest.entries.iter().map(|entry| &entry.path).collect();
    for (link, to) in &own {
        let read = |path: &Name| match own.get(path) {
            Some(to) => Some((*to).clone()),
            None if listed.contains(path) => None,
            None => pack::read_link(root, path),
        };
        if links::leads_out(link, to, &read) {
            return Err(Diagnostic::without_place(
                &ARTIFACT_REFUSED,
                "an artifact holds what none may hold",
            )
            .note(format!("the link `{link}` leads out: to `{to}`"))
            .help("nothing was unpacked"));
        }
    }
    let wanted = manifest.bytes();
    // A file system that does not tell how large it is does not tell what is left of it.
    let disk = statvfs(root).ok().filter(|disk| disk.f_blocks > 0);
    let free = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    if let Some(free) = free.filter(|free| *free < wanted) {
        return Err(
            Diagnostic::without_place(&NOT_UNPACKED, "an artifact cannot be unpacked")
                .note(format!("it has {wanted} bytes, and the disk {free} left"))
                .help("give the stage more disk with `resources = { disk = … }`"),
        );
    }
    Ok(())
}

/// Gives a file that was written aside its mode and its time.
pub fn finish_file(file: &File, entry: &Entry) -> io::Result<()> {
    futimens(file, &times(entry))?;
    file.set_permissions(Permissions::from_mode(entry.mode))
}

/// Moves what was written aside below `root`. Folders get their modes and times last, from the inmost out: before that
/// they must be writable, and what is put into one changes its time.
pub fn place(manifest: &Manifest, aside: &Path, root: &Path) -> Result<(), (Name, io::Error)> {
    for (number, entry) in manifest.entries.iter().enumerate() {
        let from = aside.join(number.to_string());
        let to = root.join(entry.path.os());
        place_entry(entry, &from, &to).map_err(|error| (entry.path.clone(), error))?;
    }
    for entry in manifest.entries.iter().rev() {
        if entry.kind == Kind::Folder {
            let folder = root.join(entry.path.os());
            set_time(&folder, entry)
                .and_then(|()| fs::set_permissions(&folder, Permissions::from_mode(entry.mode)))
                .map_err(|error| (entry.path.clone(), error))?;
        }
    }
    Ok(())
}

fn place_entry(entry: &Entry, from: &Path, to: &Path) -> io::Result<()> {
    match &entry.kind {
        Kind::File(_) => fs::rename(from, to),
        Kind::Link { to: target } => {
            std::os::unix::fs::symlink(target.os(), from)?;
            set_time(from, entry)?;
            fs::rename(from, to)
        }
        // `check` has seen that what is there is no link; nobody else works in the tree now.
        Kind::Folder => match fs::symlink_metadata(to) {
            Ok(there) if there.is_dir() => fs::set_permissions(
                to,
                Permissions::from_mode(there.permissions().mode() | 0o700),
            ),
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(_) => fs::create_dir(to),
        },
    }
}

/// Sets the time of a folder or of a link itself.
fn set_time(path: &Path, entry: &Entry) -> io::Result<()> {
    Ok(utimensat(
        CWD,
        path,
        &times(entry),
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

/// The system counts nanoseconds forwards, also before 1970.
fn times(entry: &Entry) -> Timestamps {
    const SECOND: i128 = 1_000_000_000;
    let total = entry.modified.as_nanosecond();
    let modified = Timespec {
        tv_sec: i64::try_from(total.div_euclid(SECOND)).unwrap_or(0),
        tv_nsec: i64::try_from(total.rem_euclid(SECOND)).unwrap_or(0),
    };
    Timestamps {
        last_access: modified,
        last_modification: modified,
    }
}
