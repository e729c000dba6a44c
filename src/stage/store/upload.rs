//! An object on its way into a store.

use std::io::Write;

use super::Content;
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

/// An object that is being written, in pieces, while it is being made.
///
/// What is written may be on its way already (parts of a multipart upload), but nothing of it can be seen before
/// [`finish`](Upload::finish). One that is dropped is aborted. A failure to write is kept: after it only `abort` is left.
pub trait Upload: Write + Send {
    /// Makes the object visible, in one step, in place of what was there. Refused where the store has not got exactly
    /// `content`, as its writer counted it.
    fn finish(self: Box<Self>, content: &Content) -> Result<(), Diagnostic>;

    /// Forgets it; what was there stays. Never fails: what cannot be removed now is removed by a later sweep.
    fn abort(self: Box<Self>);
}
