//! Which piece of a manifest comes from which piece of the source. `schemas/source-map.v1.json` describes it.

use serde::Serialize;

use crate::source::{Sources, Span};

/// Where the pieces of one manifest come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManifestMap {
    /// The object's kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The file that holds it, in a folder written by `aphex compile -o`.
    pub file: String,
    /// Its pieces, in the order of the manifest. A piece that is not named belongs to the nearest one around it.
    pub pieces: Vec<Piece>,
}

/// A piece of a manifest and its source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Piece {
    /// A JSON pointer (RFC 6901) into the manifest; empty for all of it.
    pub pointer: String,
    /// The source file, as diagnostics name it.
    pub path: String,
    /// The first character.
    pub start: Place,
    /// The one after the last.
    pub end: Place,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Bytes from the beginning.
    pub byte: u32,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// All of a compilation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceMap {
    /// The version of this form.
    pub version: u32,
    /// One a manifest.
    pub manifests: Vec<ManifestMap>,
}

impl Default for SourceMap {
    fn default() -> Self {
        SourceMap {
            version: 1,
            manifests: Vec::new(),
        }
    }
}

/// A piece, where its source is among `sources`.
pub fn piece(pointer: String, span: Span, sources: &Sources) -> Option<Piece> {
    let file = sources.get(span.source)?;
    let place = |byte: u32| {
        let at = file.line_column(byte);
        Place {
            byte,
            line: at.line,
            column: at.column,
        }
    };
    Some(Piece {
        pointer,
        path: file.name.clone(),
        start: place(span.start),
        end: place(span.end),
    })
}
