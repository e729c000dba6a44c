//! An object on its way into a store.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::diagnostics::Diagnostic;

/// What is kept with an object where the store has a place for it: tags of an object in a bucket. A directory has none; whatever
/// must be known later belongs into the object, or into one beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The type of the content: `application/zstd`.
    pub content_type: Option<&'static str>,
    /// Names and values: the commit, the time.
    pub tags: Vec<(&'static str, String)>,
}

/// What an upload was given, as its writer counted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many bytes.
    pub bytes: u64,
    /// The SHA-256 of them.
    pub sha256: [u8; 32],
}

/// An object that is being written, in pieces, while it is being made.
///
/// What is written may be on its way already (parts of a multipart upload), but nothing of it can be seen before
/// [`finish`](Upload::finish). One that is dropped is aborted. A failure to write is kept: after it only `abort` is left.
pub trait Upload: Write + Send {
    /// Makes the object visible, in one step, in place of what was there. Refused where the store has not got exactly
    /// what was `written`.
    fn finish(self: Box<Self>, written: &Written) -> Result<(), Diagnostic>;

    /// Forgets it; what was there stays. Never fails: what cannot be removed now is removed by a later sweep.
    fn abort(self: Box<Self>);
}

/// Passes bytes on, counted and hashed.
pub struct Counting<W> {
    inner: W,
    bytes: u64,
    hash: Sha256,
}

impl<W: Write> Counting<W> {
    /// Counts what is written through it.
    pub fn new(inner: W) -> Counting<W> {
        Counting {
            inner,
            bytes: 0,
            hash: Sha256::new(),
        }
    }

    /// What was passed on so far.
    pub fn written(&self) -> Written {
        Written {
            bytes: self.bytes,
            sha256: self.hash.clone().finalize().into(),
        }
    }
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(piece)?;
        self.hash.update(piece.get(..taken).unwrap_or(piece));
        self.bytes = self.bytes.saturating_add(taken as u64);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
