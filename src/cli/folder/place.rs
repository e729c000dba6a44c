//! Where a folder is, and what stands beside it while it is written.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::folder::error::{FolderError, at};
use crate::cli::folder::inventory::{inventory, remove};

/// Where a folder is, with every link on the way resolved.
pub(super) struct Place {
    pub parent: PathBuf,
    name: OsString,
    pub folder: PathBuf,
}

impl Place {
    pub fn find(folder: &Path) -> Result<Place, FolderError> {
        let not_usable = |why| FolderError::NotUsable(folder.to_owned(), why);
        let resolved = match fs::canonicalize(folder) {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = folder.file_name().ok_or(not_usable("has no name"))?;
                let parent = match folder.parent() {
                    Some(parent) if parent != Path::new("") => parent,
                    _ => Path::new("."),
                };
                fs::create_dir_all(parent).map_err(at("create", parent))?;
                let parent = fs::canonicalize(parent).map_err(at("find", parent))?;
                parent.join(name)
            }
            Err(error) => return Err(FolderError::Io("find", folder.to_owned(), error)),
        };
        if resolved.exists() && !resolved.is_dir() {
            return Err(not_usable("is not a folder"));
        }
        let here = std::env::current_dir().and_then(fs::canonicalize);
        if here.is_ok_and(|here| here.starts_with(&resolved)) {
            return Err(not_usable("is the folder that you are in"));
        }
        let (Some(parent), Some(name)) = (resolved.parent(), resolved.file_name()) else {
            return Err(not_usable("has no name"));
        };
        Ok(Place {
            parent: parent.to_owned(),
            name: name.to_owned(),
            folder: resolved.clone(),
        })
    }

    /// A folder beside it whose name begins with this.
    fn beside(&self, word: &str) -> OsString {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(format!(".aphex-{word}"));
        name
    }

    pub fn aside(&self) -> PathBuf {
        self.parent.join(self.beside("old"))
    }

    /// Waits until nobody else writes beside it, and keeps others waiting as long as the lock is held. `None` where the
    /// file system has no locks.
    pub fn lock(&self) -> Option<File> {
        let parent = File::open(&self.parent).ok()?;
        parent.lock().ok()?;
        Some(parent)
    }

    /// An empty folder beside it.
    pub fn fresh(&self) -> Result<PathBuf, FolderError> {
        for number in 0..1000 {
            let mut name = self.beside("new");
            name.push(format!(".{}.{number}", std::process::id()));
            let path = self.parent.join(name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    if let Ok(metadata) = fs::metadata(&self.folder) {
                        let _ = fs::set_permissions(&path, metadata.permissions());
                    }
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FolderError::Io("create", path, error)),
            }
        }
        Err(FolderError::NotUsable(
            self.folder.clone(),
            "has too many unfinished writes beside it",
        ))
    }

    /// Brings back a folder that an interrupted write had moved aside.
    pub fn recover(&self) -> Result<(), FolderError> {
        let aside = self.aside();
        if aside.is_dir() && inventory(&aside).is_some() {
            if self.folder.exists() {
                remove(&aside);
            } else {
                fs::rename(&aside, &self.folder).map_err(at("rename", &aside))?;
            }
        }
        Ok(())
    }

    /// Removes what interrupted writes had begun. Nobody else may be writing: the caller has the lock.
    pub fn sweep(&self) {
        let unfinished = self.beside("new");
        let Ok(entries) = fs::read_dir(&self.parent) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let ours = name
                .as_encoded_bytes()
                .starts_with(unfinished.as_encoded_bytes());
            if ours && entry.path().is_dir() {
                remove(&entry.path());
            }
        }
    }
}
