//! An archive into a working tree.
//!
//! First everything is written to a folder aside (in the tree, so that it is on the same file system) and compared with the
//! manifest: each header, each file, the whole. Only then the files are moved to where they belong. So an archive that is
//! cut off, changed or hostile leaves the tree as it was. What interrupts the moves leaves whole files, some old and some
//! new: the folder of a stage is made anew when it is tried again, and its `run.json` is written after this.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::header::{self, BLOCK};
use super::{Entry, Kind, Manifest, place};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::{
    ARTIFACT_DAMAGED, ARTIFACT_REFUSED, NOT_UNPACKED, STORE_FAILED,
};
use crate::stage::store::{self, Counting, Digest};

/// How the folder aside begins.
pub(super) const ASIDE: &str = ".aphex-unpack-";
/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// Restores an archive below `root`, over what is there: files and links replace files and links, folders are joined.
pub fn unpack(manifest: &Manifest, archive: impl Read, root: &Path) -> Result<(), Diagnostic> {
    place::check(manifest, root)?;
    let aside = tempfile::Builder::new()
        .prefix(ASIDE)
        .tempdir_in(root)
        .map_err(|error| not_unpacked(&error))?;
    let mut source = Source {
        counting: Counting::new(archive),
        broken: None,
    };
    let limit = manifest.archive.bytes.saturating_add(1);
    let read = read(manifest, (&mut source).take(limit), aside.path());
    if let Some(error) = source.broken {
        let diagnostic = Diagnostic::without_place(&STORE_FAILED, "an artifact was not read");
        return Err(store::explain(diagnostic, &error));
    }
    read?;
    let content = source.counting.content();
    if content != manifest.archive {
        return Err(damaged(format!(
            "its manifest says {} bytes with the SHA-256 {}, and it has {} with {}",
            manifest.archive.bytes, manifest.archive.sha256, content.bytes, content.sha256
        )));
    }
    place::place(manifest, aside.path(), root).map_err(|(path, error)| {
        let message = format!("`{path}` cannot be restored");
        store::explain(Diagnostic::without_place(&NOT_UNPACKED, message), &error)
    })
}

/// An archive as it comes, which remembers that the line broke: that is not the archive's fault.
struct Source<R> {
    counting: Counting<R>,
    broken: Option<io::Error>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.counting.read(buffer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.broken = Some(error);
            }
            kind.into()
        })
    }
}

/// Reads all of an archive into files in `aside`, called after the number of their entry.
fn read(manifest: &Manifest, mut archive: impl Read, aside: &Path) -> Result<(), Diagnostic> {
    let mut reader = Reader {
        tar: zstd::Decoder::new(&mut archive).map_err(|error| broken(&error))?,
        buffer: vec![0; PIECE],
    };
    for (number, entry) in manifest.entries.iter().enumerate() {
        reader.header(entry)?;
        if let Kind::File(content) = &entry.kind {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(aside.join(number.to_string()))
                .map_err(|error| not_unpacked(&error))?;
            if reader.copy(content.bytes, &mut file)? != content.sha256 {
                return Err(damaged(format!(
                    "`{}` has other bytes than it was packed with",
                    entry.path
                )));
            }
            reader.zeros(header::filling(content.bytes))?;
            place::finish_file(&file, entry).map_err(|error| not_unpacked(&error))?;
        }
    }
    reader.zeros(2 * BLOCK)?;
    match reader.tar.read(&mut [0]) {
        Ok(0) => {}
        Ok(_) => return Err(damaged("it goes on after its end")),
        Err(error) => return Err(broken(&error)),
    }
    drop(reader);
    // What follows the compressed part counts, too.
    io::copy(&mut archive, &mut io::sink()).map_err(|error| broken(&error))?;
    Ok(())
}

struct Reader<R> {
    tar: R,
    buffer: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads an entry's header, which must be what that entry's header is.
    fn header(&mut self, entry: &Entry) -> Result<(), Diagnostic> {
        let wanted = header::blocks(entry);
        for wanted in wanted.chunks(BLOCK) {
            let mut found = [0; BLOCK];
            self.fill(&mut found)?;
            if found == wanted {
                continue;
            }
            let Some((what, hostile)) = header::describe(&found) else {
                return Err(damaged(format!(
                    "where `{}` should begin it has other bytes",
                    entry.path
                )));
            };
            let why = format!("it holds {what} where its manifest lists `{}`", entry.path);
            return Err(match hostile {
                true => Diagnostic::without_place(
                    &ARTIFACT_REFUSED,
                    "an artifact holds what none may hold",
                )
                .note(why)
                .help("nothing was unpacked: see who else can write to the store"),
                false => damaged(why),
            });
        }
        Ok(())
    }

    /// Writes so many bytes to a file, and gives their hash.
    fn copy(&mut self, bytes: u64, file: &mut File) -> Result<Digest, Diagnostic> {
        let mut hash = Sha256::new();
        let mut left = bytes;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let buffer = self.buffer.get_mut(..most).unwrap_or_default();
            let read = match self.tar.read(buffer) {
                Ok(0) => return Err(cut_off()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(&error)),
            };
            let piece = buffer.get(..read).unwrap_or_default();
            hash.update(piece);
            file.write_all(piece)
                .map_err(|error| not_unpacked(&error))?;
            left = left.saturating_sub(read as u64);
        }
        Ok(Digest(hash.finalize().into()))
    }

    fn zeros(&mut self, count: usize) -> Result<(), Diagnostic> {
        let mut found = vec![0; count];
        self.fill(&mut found)?;
        match found.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(damaged(
                "it has other bytes where it is filled up with zeros",
            )),
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Diagnostic> {
        self.tar.read_exact(buffer).map_err(|error| broken(&error))
    }
}

fn damaged(why: impl Into<String>) -> Diagnostic {
    Diagnostic::without_place(&ARTIFACT_DAMAGED, "an artifact is not as it was packed")
        .note(why)
        .help("nothing was unpacked: run the stage that made it again")
}

fn cut_off() -> Diagnostic {
    damaged("it ends before its end")
}

/// The error of a decoder.
fn broken(error: &io::Error) -> Diagnostic {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => cut_off(),
        _ => damaged(format!("it cannot be decompressed: {error}")),
    }
}

fn not_unpacked(error: &io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::without_place(&NOT_UNPACKED, "an artifact cannot be unpacked");
    store::explain(diagnostic, error)
}
