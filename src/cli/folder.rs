//! A folder of files that is there as a whole or not at all.
//!
//! A new set is written into a folder beside the old one, made durable, and exchanged with it in one step of the file system
//! (`renameat2` with `RENAME_EXCHANGE`). Whoever looks, and whatever interrupts, sees the old set or the new. Where the file
//! system cannot exchange, the old folder is moved aside first: for an instant neither is there, and the next write brings
//! the old one back.
//!
//! The folder is ours alone: it holds a list of what we wrote, and one that holds anything else is refused.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::input::NOT_WRITTEN;
use crate::diagnostics::{Diagnostic, list_names};

/// The list of what we wrote. `kubectl apply -f FOLDER` reads no file of this name.
const LIST: &str = ".aphex-compiled";

/// Why a folder could not be written. Nothing in it has changed.
#[derive(Debug)]
pub enum FolderError {
    /// It is not a folder, or is the working directory.
    NotUsable(PathBuf, &'static str),
    /// It holds files that we did not write: the first few.
    Foreign(PathBuf, Vec<String>),
    /// The system refused; what was tried, on which path.
    Io(&'static str, PathBuf, io::Error),
}

impl FolderError {
    /// What to tell.
    pub fn diagnostic(&self) -> Diagnostic {
        let told = |folder: &Path| {
            let message = format!("`{}` was not written", folder.display());
            Diagnostic::without_place(&NOT_WRITTEN, message)
        };
        match self {
            FolderError::NotUsable(folder, why) => told(folder).note(*why),
            FolderError::Foreign(folder, files) => {
                let names = list_names(files.iter().map(String::as_str), 3);
                told(folder)
                    .note(format!(
                        "it holds what `aphex compile` did not write: {names}"
                    ))
                    .help(
                        "name a directory that is new, or that an earlier `aphex compile -o` wrote",
                    )
            }
            FolderError::Io(what, path, error) => {
                told(path).note(format!("could not {what} `{}`: {error}", path.display()))
            }
        }
    }
}

/// The list.
#[derive(Serialize, Deserialize)]
struct Inventory {
    version: u32,
    files: BTreeSet<String>,
}

fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |error| FolderError::Io(what, path.to_owned(), error)
}

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
        place.recover()?;
        let old = content(&place.folder)?;
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (&**name, &**text))
            .collect();
        if old.is_some() && is_same(&place.folder, &files) {
            return Ok(false);
        }
        let (fresh, lock) = place.fresh()?;
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
            let mut file = File::create_new(&path).map_err(at("create", &path))?;
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(at("write", &path))?;
            (self.interrupt)(Moment::OneWritten)?;
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

/// Where a folder is, with every link on the way resolved.
struct Place {
    parent: PathBuf,
    name: OsString,
    folder: PathBuf,
}

impl Place {
    fn find(folder: &Path) -> Result<Place, FolderError> {
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

    fn aside(&self) -> PathBuf {
        self.parent.join(self.beside("old"))
    }

    /// An empty folder beside it, which is locked as long as its writer lives.
    fn fresh(&self) -> Result<(PathBuf, File), FolderError> {
        for number in 0..1000 {
            let mut name = self.beside("new");
            name.push(format!(".{}.{number}", std::process::id()));
            let path = self.parent.join(name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    let lock = File::open(&path).map_err(at("open", &path))?;
                    let _ = lock.try_lock();
                    if let Ok(metadata) = fs::metadata(&self.folder) {
                        let _ = fs::set_permissions(&path, metadata.permissions());
                    }
                    return Ok((path, lock));
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

    /// Puts right what an interrupted write left beside the folder.
    fn recover(&self) -> Result<(), FolderError> {
        let aside = self.aside();
        if aside.is_dir() && inventory(&aside).is_some() {
            if self.folder.exists() {
                remove(&aside);
            } else {
                fs::rename(&aside, &self.folder).map_err(at("rename", &aside))?;
            }
        }
        let unfinished = self.beside("new");
        let Ok(entries) = fs::read_dir(&self.parent) else {
            return Ok(());
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let ours = name
                .as_encoded_bytes()
                .starts_with(unfinished.as_encoded_bytes());
            let dead = || File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok());
            if ours && entry.path().is_dir() && dead() {
                remove(&entry.path());
            }
        }
        Ok(())
    }
}

/// What we wrote to a folder; `None` where it is not one of ours.
fn inventory(folder: &Path) -> Option<Inventory> {
    let text = fs::read_to_string(folder.join(LIST)).ok()?;
    serde_json::from_str(&text).ok()
}

/// What of ours is in a folder; `None` where there is no folder. A folder with anything else is refused.
fn content(folder: &Path) -> Result<Option<BTreeSet<String>>, FolderError> {
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
    Err(FolderError::Foreign(folder.to_owned(), foreign))
}

fn is_same(folder: &Path, files: &[(&str, &str)]) -> bool {
    let Some(inventory) = inventory(folder) else {
        return false;
    };
    let same = |(name, text): &(&str, &str)| {
        inventory.files.contains(*name)
            && fs::read(folder.join(name)).is_ok_and(|bytes| bytes == text.as_bytes())
    };
    inventory.files.len() == files.len() && files.iter().all(same)
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

fn remove_first(folder: &Path) {
    let mut names = inventory(folder).map_or_else(BTreeSet::new, |inventory| inventory.files);
    if let Some(name) = names.pop_first() {
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Removes a folder of ours: what its list names (all files, where a write was interrupted before the list), the list
/// last, and the folder, if nothing else has appeared in it.
fn remove(folder: &Path) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes when the test ends.
    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Room {
            let path = std::env::temp_dir().join(format!("aphex-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Room(fs::canonicalize(path).unwrap())
        }

        fn out(&self) -> PathBuf {
            self.0.join("out")
        }

        fn names(&self) -> Vec<String> {
            names(&self.0)
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn set(names: &[&str], text: &str) -> Vec<(String, String)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), text.to_owned()))
            .collect()
    }

    /// The set in a folder, without the list.
    fn read(folder: &Path) -> Vec<(String, String)> {
        let names = names(folder).into_iter().filter(|name| name != LIST);
        names
            .map(|name| {
                let text = fs::read_to_string(folder.join(&name)).unwrap();
                (name, text)
            })
            .collect()
    }

    #[test]
    fn a_set_replaces_the_one_before() {
        let room = Room::new("replaces");
        let (old, new) = (set(&["a", "b"], "old"), set(&["b", "c"], "new"));
        assert!(write(&room.out(), &old).unwrap());
        assert_eq!(read(&room.out()), old);
        assert!(write(&room.out(), &new).unwrap());
        assert_eq!(read(&room.out()), new);
        assert!(!write(&room.out(), &new).unwrap(), "nothing to do");
        assert_eq!(room.names(), ["out"]);
    }

    #[test]
    fn files_of_others_are_never_touched() {
        let room = Room::new("foreign");
        fs::create_dir(room.out()).unwrap();
        fs::write(room.out().join("mine.txt"), "mine").unwrap();
        let error = write(&room.out(), &set(&["a"], "x")).unwrap_err();
        assert!(matches!(error, FolderError::Foreign(_, names) if names == ["mine.txt"]));
        fs::remove_file(room.out().join("mine.txt")).unwrap();
        write(&room.out(), &set(&["a"], "x")).unwrap();
        fs::write(room.out().join("README.md"), "mine").unwrap();
        assert!(write(&room.out(), &set(&["a"], "y")).is_err());
        assert_eq!(fs::read_to_string(room.out().join("a")).unwrap(), "x");
        assert_eq!(room.names(), ["out"]);
    }

    #[test]
    fn a_file_or_the_working_directory_is_refused() {
        let room = Room::new("file");
        fs::write(room.out(), "a file").unwrap();
        assert!(matches!(
            write(&room.out(), &[]).unwrap_err(),
            FolderError::NotUsable(..)
        ));
        assert!(matches!(
            write(Path::new("."), &[]).unwrap_err(),
            FolderError::NotUsable(..)
        ));
        assert!(matches!(
            write(Path::new("/"), &[]).unwrap_err(),
            FolderError::NotUsable(..)
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let room = Room::new("link");
        fs::create_dir(room.0.join("real")).unwrap();
        std::os::unix::fs::symlink(room.0.join("real"), room.out()).unwrap();
        write(&room.out(), &set(&["a"], "x")).unwrap();
        assert!(fs::symlink_metadata(room.out()).unwrap().is_symlink());
        assert_eq!(read(&room.0.join("real")), set(&["a"], "x"));
    }

    /// Stops a write at every moment, with and without the exchange, and looks: the old set or the new, and the next
    /// write puts everything in order.
    #[test]
    fn interrupted_at_any_moment_it_is_the_old_set_or_the_new() {
        let moments = [
            Moment::Created,
            Moment::OneWritten,
            Moment::AllWritten,
            Moment::MovedAside,
            Moment::InPlace,
            Moment::HalfRemoved,
        ];
        let (old, new) = (set(&["a", "b"], "old"), set(&["b", "c"], "new"));
        for exchange in [true, false] {
            for first in [true, false] {
                for stop in moments {
                    let room = Room::new(&format!("stop-{exchange}-{first}-{stop:?}"));
                    if !first {
                        write(&room.out(), &old).unwrap();
                    }
                    let interrupt = |moment| match moment == stop {
                        true => Err(FolderError::NotUsable(PathBuf::new(), "stopped")),
                        false => Ok(()),
                    };
                    let writer = Writer {
                        exchange,
                        interrupt: &interrupt,
                    };
                    let _ = writer.write(&room.out(), &new);
                    let found = read(&room.out());
                    let aside = stop == Moment::MovedAside && !exchange;
                    if found.is_empty() {
                        assert!(first || aside, "{exchange} {first} {stop:?}");
                    } else {
                        assert!(found == new || found == old, "{stop:?}: {found:?}");
                        assert!(!(first && found == old));
                    }
                    write(&room.out(), &new).unwrap();
                    assert_eq!(read(&room.out()), new, "{exchange} {first} {stop:?}");
                    assert_eq!(room.names(), ["out"], "{exchange} {first} {stop:?}");
                }
            }
        }
    }
}
