//! A project in memory: for tests, an editor's unsaved buffers, a browser.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::source::{EntryKind, FileSystem, Metadata, ReadError};

/// Files by path. Directories are those that files stand in.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<PathBuf, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    text: String,
    executable: bool,
}

impl MemoryFiles {
    /// No files.
    pub fn new() -> Self {
        MemoryFiles::default()
    }

    /// Adds or replaces a file; returns itself, to be chained.
    #[must_use]
    pub fn with(mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        let entry = Entry {
            text: text.into(),
            executable: false,
        };
        self.files.insert(normalise(path.as_ref()), entry);
        self
    }

    /// Adds or replaces an executable file; returns itself, to be chained.
    #[must_use]
    pub fn with_executable(mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        let entry = Entry {
            text: text.into(),
            executable: true,
        };
        self.files.insert(normalise(path.as_ref()), entry);
        self
    }
}

/// The path without `.` parts.
fn normalise(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .collect()
}

impl FileSystem for MemoryFiles {
    fn read(&self, path: &Path, limit: u64) -> Result<String, ReadError> {
        let path = normalise(path);
        if path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
            return Err(ReadError::OutsideProject);
        }
        match self.files.get(&path) {
            Some(entry) if entry.text.len() as u64 > limit => Err(ReadError::TooLarge {
                size: entry.text.len() as u64,
                limit,
            }),
            Some(entry) => Ok(entry.text.clone()),
            None if self.metadata(&path).is_some() => {
                Err(ReadError::Other("the path is a directory".to_owned()))
            }
            None => Err(ReadError::NotFound),
        }
    }

    fn metadata(&self, path: &Path) -> Option<Metadata> {
        let path = normalise(path);
        if let Some(entry) = self.files.get(&path) {
            return Some(Metadata {
                kind: EntryKind::File,
                executable: entry.executable,
                size: entry.text.len() as u64,
            });
        }
        let below = |file: &PathBuf| file.starts_with(&path);
        let directory = path.as_os_str().is_empty() || self.files.keys().any(below);
        directory.then_some(Metadata {
            kind: EntryKind::Directory,
            executable: true,
            size: 0,
        })
    }

    fn list(&self) -> Vec<PathBuf> {
        self.files.keys().cloned().collect()
    }
}
