//! Artifacts: files of a working tree, packed in one pass, and restored bit for bit.
//!
//! An artifact is two objects of a store. `NAME.tar.zst` holds the files; `NAME.json`, its [`Manifest`], lists them with
//! their SHA-256s and is written last: an artifact is there when its manifest is.
//!
//! The manifest decides what the archive must be: whoever unpacks makes each header anew from the manifest and compares it,
//! byte for byte, with the archive's. So nothing in an archive is ever interpreted, and all that must be refused in one
//! (paths that lead out, links that do, devices, set-uid bits, duplicates) is refused in the manifest, before anything is
//! read or written.
//!
//! Memory: buffers of fixed size, and some 150 bytes for each file beside its name.

mod artifact;
mod header;
mod links;
mod manifest;
mod name;
mod nothing;
mod pack;
mod patterns;
mod place;
mod select;
mod unpack;

pub use artifact::Artifact;
pub use manifest::{Entry, Kind, Manifest};
pub use name::Name;
pub use nothing::nothing_matched;
pub use pack::{Packed, pack};
pub use patterns::{Pattern, Patterns};
pub use select::{Found, FoundKind, Selection, select};
pub use unpack::unpack;

#[cfg(test)]
mod tests;
