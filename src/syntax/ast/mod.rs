//! The syntax tree: what was written, nothing about what it means.
//!
//! Every node has the span of its text. A part that could not be read is an `Error` node, which
//! later phases skip in silence: what is wrong with it has been reported.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::{SourceId, Span};

mod bodies;
mod expressions;
mod items;
mod schemas;
mod strings;
mod types;

pub use bodies::*;
pub use expressions::*;
pub use items::*;
pub use schemas::*;
pub use strings::*;
pub use types::*;

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Which file.
    pub source: SourceId,
    /// The `//!` lines, without their markers, joined by line breaks.
    pub docs: Option<SmolStr>,
    /// The declarations, in order.
    pub items: Vec<Item>,
    /// Every comment that documents nothing, in order; suppressions are among them.
    pub comments: Vec<Comment>,
    /// Whether no syntax error was reported: where one was, a declaration may be missing.
    pub complete: bool,
}

/// A `//` or `/* */` comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// Where, with its markers.
    pub span: Span,
    /// Its text without markers, trimmed.
    pub text: SmolStr,
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ident {
    /// The name.
    pub name: SmolStr,
    /// Where.
    pub span: Span,
}
