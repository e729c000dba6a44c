//! Files into an archive.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::header::{self, BLOCK};
use super::{Entry, Found, FoundKind, Kind, Name, links};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::{FILE_CHANGED, NOT_PACKED, STORE_FAILED};
use crate::stage::store::{self, Content, Counting, Digest};

/// zstd's own default: a higher level costs more than it saves on the way.
const LEVEL: i32 = 3;
/// More threads than this wait for the disk.
const THREADS: usize = 4;
/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// What was packed: the entries, the archive, and the size of the tar in it.
#[derive(Debug)]
pub struct Packed {
    /// Everything in it, in order.
    pub entries: Vec<Entry>,
    /// The archive's own size and hash.
    pub archive: Content,
    /// The size of the tar that it holds compressed.
    pub tar_bytes: u64,
}

/// Packs what was found below `root` into `sink`, in one pass. The same tree gives the same bytes, on any number of processors.
pub fn pack(root: &Path, found: &[Found], sink: &mut dyn Write) -> Result<Packed, Diagnostic> {
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get().min(THREADS));
    pack_with(root, found, sink, threads)
}

/// As [`pack`], on that many threads, at least one: zstd without threads of its own gives other bytes.
pub(super) fn pack_with(
    root: &Path,
    found: &[Found],
    sink: &mut dyn Write,
    threads: usize,
) -> Result<Packed, Diagnostic> {
    let mut counted = Counting::new(sink);
    let encoder = zstd::Encoder::new(&mut counted, LEVEL).and_then(|mut encoder| {
        encoder.multithread(threads.max(1) as u32)?;
        Ok(encoder)
    });
    let mut packer = Packer {
        root,
        out: encoder.map_err(|error| not_written(&error))?,
        tar_bytes: 0,
        buffer: vec![0; PIECE],
    };
    let mut entries = Vec::with_capacity(found.len());
    for found in found {
        entries.push(packer.add(found)?);
    }
    packer.write(&[0; 2 * BLOCK])?;
    let tar_bytes = packer.tar_bytes;
    let finished = packer.out.finish().and_then(|out| out.flush());
    finished.map_err(|error| not_written(&error))?;
    Ok(Packed {
        entries,
        archive: counted.content(),
        tar_bytes,
    })
}

struct Packer<'a, W: Write> {
    root: &'a Path,
    out: zstd::Encoder<'static, W>,
    tar_bytes: u64,
    buffer: Vec<u8>,
}

impl<W: Write> Packer<'_, W> {
    fn add(&mut self, found: &Found) -> Result<Entry, Diagnostic> {
        let path = &found.path;
        match found.kind {
            FoundKind::Folder => {
                let metadata = self.metadata(path)?;
                if !metadata.is_dir() {
                    return Err(changed(path, "it is no folder any more"));
                }
                let entry = entry(path, &metadata, Kind::Folder);
                self.write(&header::blocks(&entry))?;
                Ok(entry)
            }
            FoundKind::Link => {
                let metadata = self.metadata(path)?;
                let target = fs::read_link(self.root.join(path.os())).map_err(unread(path))?;
                let to = Name::new(target.into_os_string().into_vec());
                let read = |path: &Name| read_link(self.root, path);
                if links::leads_out(path, &to, &read) {
                    return Err(refused(path, format!("it is a link out of the working tree, to `{to}`"))
                        .help("let the link be relative and stay in the working tree, or leave it out of the artifacts"));
                }
                let mut entry = entry(path, &metadata, Kind::Link { to });
                entry.mode = 0o777;
                self.write(&header::blocks(&entry))?;
                Ok(entry)
            }
            FoundKind::File => self.add_file(path),
            FoundKind::Special => Err(refused(path, "it is a device, a pipe or a socket")
                .help("leave it out of the artifacts")),
        }
    }

    /// A file: its header with the size that it has now, then exactly so many bytes.
    fn add_file(&mut self, path: &Name) -> Result<Entry, Diagnostic> {
        use rustix::fs::OFlags;
        // A pipe that has taken its place must not be waited for, a link not be followed.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.cast_signed())
            .open(self.root.join(path.os()))
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => changed(path, "it is gone"),
                _ => unread(path)(error),
            })?;
        let before = file.metadata().map_err(unread(path))?;
        if !before.is_file() {
            return Err(changed(path, "it is no file any more"));
        }
        if before.mode() & 0o6000 != 0 {
            return Err(
                refused(path, "it runs as its owner or its group (set-uid, set-gid)").help(
                    format!(
                        "take that away, with `chmod ug-s {path}`, or leave it out of the artifacts"
                    ),
                ),
            );
        }
        let content = Content {
            bytes: before.len(),
            sha256: Digest([0; 32]),
        };
        let mut entry = entry(path, &before, Kind::File(content));
        self.write(&header::blocks(&entry))?;
        let sha256 = self.copy(&mut file, path, before.len())?;
        let after = file.metadata().map_err(unread(path))?;
        let stamp =
            |metadata: &fs::Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        if stamp(&before) != stamp(&after) {
            return Err(changed(path, "it was written to"));
        }
        entry.kind = Kind::File(Content { sha256, ..content });
        Ok(entry)
    }

    fn copy(&mut self, file: &mut File, path: &Name, size: u64) -> Result<Digest, Diagnostic> {
        let mut hash = Sha256::new();
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let buffer = self.buffer.get_mut(..most).unwrap_or_default();
            let read = match file.read(buffer) {
                Ok(0) => return Err(changed(path, "it became shorter")),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unread(path)(error)),
            };
            let piece = buffer.get(..read).unwrap_or_default();
            hash.update(piece);
            self.out
                .write_all(piece)
                .map_err(|error| not_written(&error))?;
            left = left.saturating_sub(read as u64);
        }
        self.tar_bytes = self.tar_bytes.saturating_add(size);
        if file.read(&mut [0]).map_err(unread(path))? > 0 {
            return Err(changed(path, "it became longer"));
        }
        let zeros = [0; BLOCK];
        self.write(zeros.get(..header::filling(size)).unwrap_or_default())?;
        Ok(Digest(hash.finalize().into()))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Diagnostic> {
        self.tar_bytes = self.tar_bytes.saturating_add(bytes.len() as u64);
        self.out
            .write_all(bytes)
            .map_err(|error| not_written(&error))
    }

    fn metadata(&self, path: &Name) -> Result<fs::Metadata, Diagnostic> {
        fs::symlink_metadata(self.root.join(path.os())).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => changed(path, "it is gone"),
            _ => unread(path)(error),
        })
    }
}

/// What a path below a root points at, where it is a link.
pub(super) fn read_link(root: &Path, path: &Name) -> Option<Name> {
    let target = fs::read_link(root.join(path.os())).ok()?;
    Some(Name::new(target.into_os_string().into_vec()))
}

fn entry(path: &Name, metadata: &fs::Metadata, kind: Kind) -> Entry {
    let nanoseconds = i32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    Entry {
        path: path.clone(),
        mode: metadata.mode() & 0o777,
        modified: Timestamp::new(metadata.mtime(), nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH),
        kind,
    }
}

fn changed(path: &Name, how: &str) -> Diagnostic {
    let message = format!("`{path}` changed while it was packed");
    Diagnostic::without_place(&FILE_CHANGED, message)
        .note(how)
        .help("let no command leave a process behind that still writes")
}

fn refused(path: &Name, why: impl Into<String>) -> Diagnostic {
    let message = format!("`{path}` cannot be part of an artifact");
    Diagnostic::without_place(&NOT_PACKED, message).note(why)
}

fn unread(path: &Name) -> impl FnOnce(io::Error) -> Diagnostic {
    move |error| {
        let message = format!("`{path}` cannot be read");
        store::explain(Diagnostic::without_place(&NOT_PACKED, message), &error)
    }
}

fn not_written(error: &io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::without_place(&STORE_FAILED, "an artifact was not written");
    store::explain(diagnostic, error)
}
