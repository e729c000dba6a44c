//! The one door to files: what the language half may ask of the world around a program.
//!
//! The command line opens it on the disk; tests, an editor and a browser build bring their own.

use std::path::{Path, PathBuf};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A device, socket or pipe.
    Other,
}

/// What can be known of a path without reading it. Symbolic links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: EntryKind,
    /// Whether its owner may execute it. Always true where the system has no such bit.
    pub executable: bool,
    /// Its size in bytes.
    pub size: u64,
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// Nothing is there.
    NotFound,
    /// The path leads out of the project (by `..`, an absolute path or a link).
    OutsideProject,
    /// It is larger than the limit, in bytes.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is not UTF-8; the first wrong byte.
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// It is a directory, a device, a link that leads to itself, not permitted, …: in words.
    Other(String),
}

/// Files below one project root. Paths are relative to that root, with `/` between parts.
pub trait FileSystem {
    /// The text of a file, at most `limit` bytes, without a byte order mark.
    fn read(&self, path: &Path, limit: u64) -> Result<String, ReadError>;

    /// What is at a path; `None` where nothing is or it may not be looked at.
    fn metadata(&self, path: &Path) -> Option<Metadata>;

    /// Every file below the root that version control would keep, sorted; used by repository checks.
    /// Empty where there is no repository to look at.
    fn list(&self) -> Vec<PathBuf>;
}
