//! From text to syntax tree. Recovery lives here: a broken item costs that item, never the file.
//!
//! | step | file |
//! | --- | --- |
//! | line ends of old Macs | `line_ends.rs` |
//! | characters → tokens | `lexer/` |
//! | every bracket gets a partner | `delimiters.rs` |
//! | tokens → tree | `items.rs`, `functions.rs`, `schemas.rs`, `bodies.rs`, `types.rs`, `expressions.rs`, `values.rs`, `collections.rs`, `control.rs`, `strings.rs`, `numbers.rs` |
//! | where an item ends, and how to go on after a broken one | `recovery.rs`, `mistakes.rs` |
//!
//! `grammar/aphex.pest` is the same language as a grammar; a test compares the two.

pub mod allow;
pub mod ast;
mod bodies;
mod collections;
mod comments;
mod control;
mod delimiters;
mod expressions;
mod extent;
mod functions;
mod items;
mod lexer;
mod line_ends;
mod mistakes;
mod numbers;
mod parser;
mod parts;
mod recovery;
mod schemas;
mod strings;
mod token;
mod types;
mod values;
pub mod walk;

pub use parser::{MAX_DEPTH, MAX_HEIGHT};

use crate::diagnostics::codes::names;
use crate::diagnostics::{Diagnostic, Problems};
use crate::source::{SourceId, Span};
use ast::File;
use comments::Comments;
use parser::Parser;
use recovery::Items;

/// The size in bytes up to which a file is read.
pub const MAX_FILE_SIZE: u64 = 16 << 20;

/// So many syntax errors are reported of one file.
const MAX_ERRORS: usize = 100;

/// Reads a file. What could not be read is an error node in the tree, and reported.
pub fn parse(source: SourceId, text: &str, problems: &mut Problems) -> File {
    if text.len() as u64 > MAX_FILE_SIZE {
        problems.push(
            Diagnostic::error(
                &names::MODULE_UNREADABLE,
                Span::new(source, 0, 0),
                "this file is too large",
            )
            .note(format!(
                "it has {} bytes, at most {MAX_FILE_SIZE} are read",
                text.len()
            ))
            .help("divide it; tables of data stand in a file of their own, see `read_json`"),
        );
        return File {
            source,
            docs: None,
            items: vec![ast::Item::Error(Span::new(source, 0, 0))],
            comments: Vec::new(),
            complete: false,
        };
    }
    let line_ends = line_ends::converted(source, text);
    let (text, mut found) = match &line_ends {
        Some((converted, problem)) => (converted.as_str(), vec![problem.clone()]),
        None => (text, Vec::new()),
    };
    let lexed = lexer::lex(source, text);
    let balanced = delimiters::balance(source, text, lexed.tokens);
    let comments = Comments::new(lexed.comments);
    let deferred = lexed.deferred.into_iter().collect();
    let mut parser = Parser::new(
        source,
        text,
        balanced.tokens,
        balanced.partners,
        comments,
        deferred,
    );
    let start = parser.start();
    let docs = parser.comments.file_docs(text, start);
    let items = parser.file();
    found.extend(lexed.problems);
    found.extend(balanced.problems);
    found.append(&mut parser.problems);
    found.sort_by_key(Diagnostic::span);
    let complete = found.is_empty();
    for problem in found.into_iter().take(MAX_ERRORS) {
        problems.push(problem);
    }
    File {
        source,
        docs,
        items,
        comments: parser.comments.rest(source, text),
        complete,
    }
}

impl Parser<'_> {
    /// All declarations.
    fn file(&mut self) -> Vec<ast::Item> {
        self.items(Items::File, Parser::item)
    }
}
