//! The files of a project on this machine's disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;

use crate::source::{EntryKind, FileSystem, Metadata, ReadError};

/// The mark that some editors put before the text.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a program is called that came by standard input; no file of a repository.
pub const STDIN_NAME: &str = "<stdin>";

/// Files below one directory; nothing above it is read, not by `..` and not by a link.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    tracked: bool,
    overlays: Vec<(PathBuf, String)>,
}

impl Disk {
    /// The files below `root`, a canonical path. `tracked` says that it is a repository.
    pub fn new(root: PathBuf, tracked: bool) -> Self {
        Disk {
            root,
            tracked,
            overlays: Vec::new(),
        }
    }

    /// Puts a text in place of a file, relative to the root: what came by standard input, or what is
    /// not written yet.
    #[must_use]
    pub fn with_overlay(mut self, path: PathBuf, text: String) -> Self {
        self.overlays.push((path, text));
        self
    }

    /// The path on disk of a path in the project; `..` is resolved without looking at links.
    fn locate(&self, path: &Path) -> Result<PathBuf, ReadError> {
        let inside = normalise(path).ok_or(ReadError::OutsideProject)?;
        Ok(self.root.join(inside))
    }

    /// The same, with links followed; still inside the root.
    fn resolve(&self, path: &Path) -> Result<PathBuf, ReadError> {
        let real = fs::canonicalize(self.locate(path)?).map_err(|error| read_error(&error))?;
        match real.starts_with(&self.root) {
            true => Ok(real),
            false => Err(ReadError::OutsideProject),
        }
    }

    fn overlaid(&self, path: &Path) -> Option<&str> {
        let path = normalise(path)?;
        let overlay = self.overlays.iter().find(|(at, _)| *at == path);
        overlay.map(|(_, text)| text.as_str())
    }
}

impl FileSystem for Disk {
    fn read(&self, path: &Path, limit: u64) -> Result<String, ReadError> {
        if let Some(text) = self.overlaid(path) {
            let size = text.len() as u64;
            return match size > limit {
                true => Err(ReadError::TooLarge { size, limit }),
                false => Ok(text.to_owned()),
            };
        }
        let bytes = read_bytes(&self.resolve(path)?, limit)?;
        text(&bytes)
    }

    fn metadata(&self, path: &Path) -> Option<Metadata> {
        if let Some(text) = self.overlaid(path) {
            return Some(Metadata {
                kind: EntryKind::File,
                executable: false,
                size: text.len() as u64,
            });
        }
        let inside = normalise(path)?;
        let above = |(at, _): &(PathBuf, String)| at.starts_with(&inside);
        if self.overlays.iter().any(above) && !self.root.join(&inside).exists() {
            return Some(Metadata {
                kind: EntryKind::Directory,
                executable: true,
                size: 0,
            });
        }
        let found = fs::metadata(self.resolve(path).ok()?).ok()?;
        let kind = match found.file_type() {
            kind if kind.is_file() => EntryKind::File,
            kind if kind.is_dir() => EntryKind::Directory,
            _ => EntryKind::Other,
        };
        Some(Metadata {
            kind,
            executable: is_executable(&found),
            size: found.len(),
        })
    }

    fn list(&self) -> Vec<PathBuf> {
        if !self.tracked {
            return Vec::new();
        }
        let mut paths: Vec<PathBuf> = walk(&self.root)
            .filter_map(|path| path.strip_prefix(&self.root).map(Path::to_owned).ok())
            .collect();
        let written = self.overlays.iter().map(|(path, _)| path.clone());
        paths.extend(written.filter(|path| !path.ends_with(STDIN_NAME)));
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Every file below a directory that version control would keep. Links are not followed.
pub fn walk(directory: &Path) -> impl Iterator<Item = PathBuf> {
    try_walk(directory).flatten()
}

/// The same, and each folder that could not be read with why.
pub fn try_walk(directory: &Path) -> impl Iterator<Item = Result<PathBuf, (PathBuf, io::Error)>> {
    let unread = directory.to_owned();
    WalkBuilder::new(directory)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build()
        .filter_map(move |entry| match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_some_and(|kind| !kind.is_dir());
                is_file.then(|| Ok(entry.into_path()))
            }
            Err(error) => {
                let place = path_of(&error).unwrap_or(&unread).to_owned();
                Some(Err((place, error.into_io_error()?)))
            }
        })
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } => path_of(err),
        _ => None,
    }
}

/// The bytes of a regular file of at most `limit` bytes.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let found = fs::metadata(path).map_err(|error| read_error(&error))?;
    if found.is_dir() {
        return Err(ReadError::Other("the path is a directory".to_owned()));
    }
    if !found.is_file() {
        return Err(ReadError::Other(
            "it is a device, a pipe or a socket, not a regular file".to_owned(),
        ));
    }
    let too_large = |size| ReadError::TooLarge { size, limit };
    if found.len() > limit {
        return Err(too_large(found.len()));
    }
    let file = File::open(path).map_err(|error| read_error(&error))?;
    let bytes = read_limited(file, limit).map_err(|error| read_error(&error))?;
    bytes.ok_or(too_large(limit.saturating_add(1)))
}

/// All that a stream gives; `None` where that is more than `limit` bytes.
pub fn read_limited(stream: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// The text of a file, without its byte order mark.
pub fn text(bytes: &[u8]) -> Result<String, ReadError> {
    let (mark, rest) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (BYTE_ORDER_MARK.len(), rest),
        None => (0, bytes),
    };
    match str::from_utf8(rest) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(ReadError::NotUtf8 {
            offset: error.valid_up_to() + mark,
        }),
    }
}

/// The path without `.` and `..`; `None` where it leads out.
pub fn normalise(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !inside.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// `ELOOP`, for which the standard library has no stable name.
const TOO_MANY_LINKS: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

/// Why the system refused, in words that say what to look at.
pub fn read_error(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::NotFound,
        io::ErrorKind::NotADirectory => ReadError::NotFound,
        io::ErrorKind::PermissionDenied => ReadError::Other("this user may not read it".to_owned()),
        _ if error.raw_os_error() == Some(TOO_MANY_LINKS) => {
            ReadError::Other("it is a symbolic link that leads back to itself".to_owned())
        }
        _ => ReadError::Other(format!("the system says: {error}")),
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}
