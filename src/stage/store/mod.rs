//! Where a run keeps what outlives it: artifacts, records, logs, reports.
//!
//! A [`Store`] holds objects under [`Key`]s. An object is there as a whole or not at all: whoever reads sees what was there
//! before a write or what is there after it, whatever interrupts. [`LocalStore`] is a directory; a bucket is one more
//! implementation.

mod address;
#[cfg(feature = "cloud")]
mod bucket;
mod content;
mod key;
mod local;
mod upload;

pub use address::Address;
pub(in crate::stage) use address::PATH;
#[cfg(feature = "cloud")]
pub use bucket::BucketStore;
pub use content::{Content, Counting, Digest};
pub use key::Key;
pub use local::LocalStore;
pub use upload::{About, Upload};

use std::io::{self, Read, Write};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::STORE_FAILED;

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub key: Key,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub modified: jiff::Timestamp,
}

/// A place for objects. Every error is an `A0930` that names the object and the cause.
pub trait Store: Send + Sync {
    /// Writes a small object, in place of what is there.
    fn put(&self, key: &Key, content: &[u8]) -> Result<(), Diagnostic>;

    /// Writes a small object where there is none; `false`, and nothing changed, where there is one. Of several that try at
    /// once one wins.
    fn put_new(&self, key: &Key, content: &[u8]) -> Result<bool, Diagnostic>;

    /// An object, to be read as it comes; `None` where there is none.
    fn get(&self, key: &Key) -> Result<Option<Box<dyn Read + Send>>, Diagnostic>;

    /// Every object below `folder`, at any depth, by key.
    fn list(&self, folder: &Key) -> Result<Vec<Entry>, Diagnostic>;

    /// The names directly below `folder`, of objects and of folders, in order: of `runs` the names of the runs.
    fn names(&self, folder: &Key) -> Result<Vec<String>, Diagnostic>;

    /// Begins an object of any size, which is there once the upload is finished.
    fn upload(&self, key: &Key, about: &About) -> Result<Box<dyn Upload>, Diagnostic>;
}

/// Opens the store at an address. In a bucket nothing is asked yet, so what is wrong there is said at the first object.
pub fn open(address: &Address) -> Result<Box<dyn Store>, Diagnostic> {
    match address {
        Address::Folder(folder) => Ok(Box::new(LocalStore::open(folder)?)),
        #[cfg(feature = "cloud")]
        Address::Bucket { bucket, prefix } => Ok(Box::new(BucketStore::open(bucket, prefix)?)),
        #[cfg(not(feature = "cloud"))]
        Address::Bucket { .. } => Err(Diagnostic::without_place(
            &STORE_FAILED,
            format!("`{address}` cannot be opened"),
        )
        .note("this Aphex was built without what talks to AWS")
        .help("build it with the feature `cloud`, which is on by default")),
    }
}

/// Writes an object of any size, in place of what is there. `source` is what its errors are blamed on.
pub fn put_from(
    store: &dyn Store,
    key: &Key,
    about: &About,
    source: &mut dyn Read,
) -> Result<(), Diagnostic> {
    let mut upload = store.upload(key, about)?;
    let mut counted = Counting::new(&mut upload);
    let copied = io::copy(source, &mut counted).and_then(|_| counted.flush());
    let content = counted.content();
    match copied {
        Ok(()) => upload.finish(&content),
        Err(error) => {
            upload.abort();
            Err(failed(key, "was not written", &error))
        }
    }
}

/// All of an object, which may have at most `limit` bytes: a record, not an artifact.
pub fn read(store: &dyn Store, key: &Key, limit: u64) -> Result<Option<Vec<u8>>, Diagnostic> {
    let Some(reader) = store.get(key)? else {
        return Ok(None);
    };
    let mut content = Vec::new();
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| failed(key, "was not read", &error))?;
    if content.len() as u64 > limit {
        let what = Diagnostic::without_place(&STORE_FAILED, format!("`{key}` was not read"));
        return Err(what.note(format!("it has more than the {limit} bytes it may have")));
    }
    Ok(Some(content))
}

/// The error of an object that was not written or read.
pub(super) fn failed(key: &Key, what: &str, error: &io::Error) -> Diagnostic {
    explain(
        Diagnostic::without_place(&STORE_FAILED, format!("`{key}` {what}")),
        error,
    )
}

/// The error of an object of which not all has come.
fn incomplete(key: &Key, content: &Content, arrived: u64) -> Diagnostic {
    let message = format!("`{key}` was not written");
    Diagnostic::without_place(&STORE_FAILED, message).note(format!(
        "it should have {} bytes, and {arrived} have arrived",
        content.bytes
    ))
}

/// Adds the cause, and what to do where that is known.
pub(in crate::stage) fn explain(diagnostic: Diagnostic, error: &io::Error) -> Diagnostic {
    #[cfg(feature = "cloud")]
    if let Some(failure) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return crate::cloud::aws::Failure::clone(failure).explain(diagnostic);
    }
    let diagnostic = diagnostic.note(error.to_string());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            diagnostic.help("free some space, and run it again")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            diagnostic.help("let the user that Aphex runs as write there")
        }
        _ => diagnostic,
    }
}
