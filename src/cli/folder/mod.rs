//! A folder of files that is there as a whole or not at all.
//!
//! A new set is written into a folder beside the old one, made durable, and exchanged with it in one step of the file system
//! (`renameat2` with `RENAME_EXCHANGE`). Whoever looks, and whatever interrupts, sees the old set or the new. Where the file
//! system cannot exchange, the old folder is moved aside first: for an instant neither is there, and the next write brings
//! the old one back.
//!
//! A file may stand in a folder of the set, one level deep: `shop.stack/manifest.json`.
//!
//! Writers take turns: who comes second replaces what the first wrote, as if it had begun later. The folder is ours alone: it holds a list of what we wrote, and one that holds anything else is refused.

mod error;
mod inventory;
mod place;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

pub use error::FolderError;
use error::at;
use inventory::{Inventory, LIST, content, is_same, remove, remove_first};
use place::Place;

/// Moments at which a write may be interrupted; tests stop it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Created,
    OneWritten,
    AllWritten,
    MovedAside,
    InPlace,
    HalfRemoved,
}

type Interrupt<'a> = &'a dyn Fn(Moment) -> Result<(), FolderError>;

/// Writes a set of files as the content of `folder`, in place of what a write before left there. Gives whether
/// anything changed.
pub fn write(folder: &Path, files: &[(String, String)]) -> Result<bool, FolderError> {
    Writer {
        exchange: true,
        interrupt: &|_| Ok(()),
    }
    .write(folder, files)
}

struct Writer<'a> {
    /// Whether the file system is asked to exchange two folders.
    exchange: bool,
    interrupt: Interrupt<'a>,
}

impl Writer<'_> {
    fn write(&self, folder: &Path, files: &[(String, String)]) -> Result<bool, FolderError> {
        let place = Place::find(folder)?;
        // Two that write at once do it one after the other.
        let lock = place.lock();
        place.recover()?;
        if lock.is_some() {
            place.sweep();
        }
        let old = content(&place.folder)?;
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (&**name, &**text))
            .collect();
        if old.is_some() && is_same(&place.folder, &files) {
            return Ok(false);
        }
        let fresh = place.fresh()?;
        let result = self
            .fill(&fresh, &files)
            .and_then(|()| self.put(&place, &fresh, old.is_some()));
        drop(lock);
        match result {
            Err(error) => {
                // Interrupted writes of tests leave everything, as a killed process would.
                if !cfg!(test) {
                    remove(&fresh);
                }
                Err(error)
            }
            Ok(()) => Ok(true),
        }
    }

    fn fill(&self, fresh: &Path, files: &[(&str, &str)]) -> Result<(), FolderError> {
        (self.interrupt)(Moment::Created)?;
        let inventory = Inventory {
            version: 1,
            files: files.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        let list = serde_json::to_string_pretty(&inventory).unwrap_or_default() + "\n";
        let all = std::iter::once((LIST, &*list)).chain(files.iter().copied());
        for (name, text) in all {
            let path = fresh.join(name);
            if let Some((below, _)) = name.split_once('/') {
                let below = fresh.join(below);
                fs::create_dir_all(&below).map_err(at("create", &below))?;
            }
            let mut file = File::create_new(&path).map_err(at("create", &path))?;
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(at("write", &path))?;
            (self.interrupt)(Moment::OneWritten)?;
        }
        for below in inventory.folders() {
            sync(&fresh.join(below))?;
        }
        sync(fresh)?;
        (self.interrupt)(Moment::AllWritten)
    }

    fn put(&self, place: &Place, fresh: &Path, exists: bool) -> Result<(), FolderError> {
        let mut rest = None;
        if !exists {
            fs::rename(fresh, &place.folder).map_err(at("rename to", &place.folder))?;
        } else if self.exchange && exchange(fresh, &place.folder)? {
            rest = Some(fresh.to_owned());
        } else {
            let aside = place.aside();
            fs::rename(&place.folder, &aside).map_err(at("rename", &place.folder))?;
            (self.interrupt)(Moment::MovedAside)?;
            if let Err(error) = fs::rename(fresh, &place.folder) {
                let _ = fs::rename(&aside, &place.folder);
                return Err(FolderError::Io("rename to", place.folder.clone(), error));
            }
            rest = Some(aside);
        }
        sync(&place.parent)?;
        (self.interrupt)(Moment::InPlace)?;
        if let Some(rest) = rest {
            remove_first(&rest);
            (self.interrupt)(Moment::HalfRemoved)?;
            remove(&rest);
        }
        Ok(())
    }
}

/// Exchanges two folders in one step; `false` where the file system cannot.
#[cfg(unix)]
fn exchange(fresh: &Path, folder: &Path) -> Result<bool, FolderError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, fresh, CWD, folder, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(FolderError::Io("replace", folder.to_owned(), error.into())),
    }
}

#[cfg(not(unix))]
fn exchange(_: &Path, _: &Path) -> Result<bool, FolderError> {
    Ok(false)
}

/// Makes the names in a folder durable, where the system can be asked to.
fn sync(folder: &Path) -> Result<(), FolderError> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(at("write", folder))?;
    }
    Ok(())
}
