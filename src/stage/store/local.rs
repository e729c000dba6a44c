//! A directory as a store.
//!
//! An object is a file. It is written in the folder `.unfinished` of the store, made durable, and moved to its name in one
//! step. A process that dies leaves its unfinished file behind, which it had locked; whoever opens the store next finds it
//! unlocked and removes it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{About, Content, Entry, Key, Store, Upload, explain};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::STORE_FAILED;

/// The folder of unfinished files. On the same file system as the objects, and in none of their folders, so that no list
/// and no copy of a folder ever sees one.
pub(super) const UNFINISHED: &str = ".unfinished";

/// How old an unlocked unfinished file must be: between making a file and locking it there is an instant.
const SETTLED: Duration = Duration::from_secs(60);

/// Objects as files below a directory.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    /// The store in a directory, which is made where it is not there. Removes what dead processes left unfinished.
    pub fn open(root: &Path) -> Result<LocalStore, Diagnostic> {
        let store = LocalStore {
            root: root.to_owned(),
        };
        let unfinished = store.root.join(UNFINISHED);
        fs::create_dir_all(&unfinished).map_err(|error| {
            let message = format!("the store `{}` cannot be opened", root.display());
            explain(Diagnostic::without_place(&STORE_FAILED, message), &error)
        })?;
        store.sweep(SETTLED);
        Ok(store)
    }

    fn failed(&self, key: &Key, what: &str, error: &io::Error) -> Diagnostic {
        super::failed(key, what, error).note(format!("the store is `{}`", self.root.display()))
    }

    /// The file of a key.
    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn sweep(&self, settled: Duration) {
        let Ok(entries) = fs::read_dir(self.root.join(UNFINISHED)) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let Ok(file) = File::open(&path) else {
                continue;
            };
            let age = file
                .metadata()
                .and_then(|metadata| metadata.modified())
                .ok()
                .and_then(|modified| modified.elapsed().ok());
            if age.is_some_and(|age| age >= settled) && file.try_lock().is_ok() {
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// A new file among the unfinished ones, locked as long as its process lives.
    fn begin(&self) -> io::Result<Unfinished> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{number}", std::process::id());
            let path = self.root.join(UNFINISHED).join(name);
            match File::create_new(&path) {
                Ok(file) => {
                    return match file.try_lock() {
                        Ok(()) | Err(TryLockError::Error(_)) => Ok(Unfinished { file, path }),
                        Err(TryLockError::WouldBlock) => continue,
                    };
                }
                // Another container's process of the same number, on a shared file system.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes the folder of a key, durable up to the root.
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent() else {
            return Ok(());
        };
        if folder.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        for above in folder.ancestors().skip(1) {
            sync(above)?;
            if above == self.root {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, content: &[u8]) -> io::Result<Unfinished> {
        let mut unfinished = self.begin()?;
        unfinished.file.write_all(content)?;
        Ok(unfinished)
    }

    /// Gives a durable file its name, in place of what has it.
    fn place(&self, key: &Key, unfinished: &Unfinished) -> io::Result<()> {
        let path = self.path(key);
        unfinished.file.sync_all()?;
        self.make_folder(&path)?;
        fs::rename(&unfinished.path, &path)?;
        path.parent().map_or(Ok(()), sync)
    }

    /// Gives a durable file its name where nothing has it.
    fn place_new(&self, key: &Key, unfinished: &Unfinished) -> io::Result<bool> {
        let path = self.path(key);
        unfinished.file.sync_all()?;
        self.make_folder(&path)?;
        let placed = match fs::hard_link(&unfinished.path, &path) {
            Err(error) if has_no_links(&error) => rename_new(&unfinished.path, &path),
            placed => placed,
        };
        match placed {
            Ok(()) => path.parent().map_or(Ok(()), sync).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where a folder is, and its entries; none where there is no such folder.
    fn entries(&self, folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
        match fs::read_dir(folder) {
            Ok(entries) => entries.collect(),
            Err(error) if is_missing(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn find(&self, folder: &Key) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        let mut open = vec![(folder.to_string(), self.path(folder))];
        while let Some((name, path)) = open.pop() {
            for entry in self.entries(&path)? {
                let Ok(own) = entry.file_name().into_string() else {
                    continue;
                };
                let name = format!("{name}/{own}");
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    open.push((name, entry.path()));
                } else if let (true, Ok(key)) = (kind.is_file(), Key::new(name)) {
                    let metadata = match entry.metadata() {
                        Err(error) if is_missing(&error) => continue,
                        metadata => metadata?,
                    };
                    found.push(Entry {
                        key,
                        bytes: metadata.len(),
                        modified: jiff::Timestamp::try_from(metadata.modified()?)
                            .unwrap_or(jiff::Timestamp::UNIX_EPOCH),
                    });
                }
            }
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }
}

impl Store for LocalStore {
    fn put(&self, key: &Key, content: &[u8]) -> Result<(), Diagnostic> {
        self.write(content)
            .and_then(|unfinished| self.place(key, &unfinished))
            .map_err(|error| self.failed(key, "was not written", &error))
    }

    fn put_new(&self, key: &Key, content: &[u8]) -> Result<bool, Diagnostic> {
        if self.path(key).is_file() {
            return Ok(false);
        }
        self.write(content)
            .and_then(|unfinished| self.place_new(key, &unfinished))
            .map_err(|error| self.failed(key, "was not written", &error))
    }

    fn get(&self, key: &Key) -> Result<Option<Box<dyn Read + Send>>, Diagnostic> {
        let path = self.path(key);
        match File::open(&path) {
            Ok(file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => {
                Ok(Some(Box::new(file)))
            }
            Ok(_) => Ok(None),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(key, "was not read", &error)),
        }
    }

    fn list(&self, folder: &Key) -> Result<Vec<Entry>, Diagnostic> {
        self.find(folder)
            .map_err(|error| self.failed(folder, "was not listed", &error))
    }

    fn names(&self, folder: &Key) -> Result<Vec<String>, Diagnostic> {
        let entries = self
            .entries(&self.path(folder))
            .map_err(|error| self.failed(folder, "was not listed", &error))?;
        let mut names: Vec<String> = entries
            .into_iter()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    fn upload(&self, key: &Key, _: &About) -> Result<Box<dyn Upload>, Diagnostic> {
        let unfinished = self
            .begin()
            .map_err(|error| self.failed(key, "was not written", &error))?;
        Ok(Box::new(LocalUpload {
            store: self.clone(),
            key: key.clone(),
            unfinished,
            bytes: 0,
        }))
    }
}

/// A file that has no name yet. What is left under its own when it is dropped is removed.
struct Unfinished {
    file: File,
    path: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

struct LocalUpload {
    store: LocalStore,
    key: Key,
    unfinished: Unfinished,
    bytes: u64,
}

impl Write for LocalUpload {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let taken = self.unfinished.file.write(piece)?;
        self.bytes = self.bytes.saturating_add(taken as u64);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unfinished.file.flush()
    }
}

impl Upload for LocalUpload {
    fn finish(self: Box<Self>, content: &Content) -> Result<(), Diagnostic> {
        if self.bytes != content.bytes {
            return Err(super::incomplete(&self.key, content, self.bytes));
        }
        self.store
            .place(&self.key, &self.unfinished)
            .map_err(|error| self.store.failed(&self.key, "was not written", &error))
    }

    fn abort(self: Box<Self>) {}
}

/// Whether there is no such file: its folder may be missing, or be a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether a file system gives a file no second name.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
    )
}

#[cfg(unix)]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(unix))]
fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the names in a folder durable, where the system can be asked to.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
