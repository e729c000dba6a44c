//! Source files, positions in them, and the one door to files on disk.
//!
//! This is the bottom of the crate: every other folder may use it, it uses none.

mod files;
mod memory;
mod span;

pub use files::{EntryKind, FileSystem, Metadata, ReadError};
pub use memory::MemoryFiles;
pub use span::{LineColumn, SourceFile, SourceId, Sources, Span, Spanned};
