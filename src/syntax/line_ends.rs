//! Line ends of old Macs: a carriage return (CR) alone.

use crate::diagnostics::codes::syntax::CHARACTER;
use crate::diagnostics::{Diagnostic, Edit};
use crate::source::{SourceId, Span};
use crate::syntax::lexer::offset;

/// A file with more lines is left to other tools.
const MOST: usize = 100_000;

/// A text whose lines end in CR alone, with LF in its place, and what is to be said of it. `None` where they end as they should: a CR among
/// other line ends is a stray one.
///
/// A place in the one is the same place in the other.
pub fn converted(source: SourceId, text: &str) -> Option<(String, Diagnostic)> {
    let bytes = text.as_bytes();
    let is_alone = |at: &usize| bytes.get(*at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n');
    if !text.contains('\r') {
        return None;
    }
    let alone: Vec<usize> = (0..bytes.len()).filter(is_alone).collect();
    let others = bytes.iter().filter(|byte| **byte == b'\n').count();
    let first = *alone.first().filter(|_| alone.len() > others)?;
    let mut problem = Diagnostic::error(
        &CHARACTER,
        span(source, first),
        "the lines of this file end in CR, as on old Macs",
    )
    .label("a line ends here")
    .help("end them in LF");
    if alone.len() <= MOST {
        let edits = alone.iter().map(|at| Edit {
            span: span(source, *at),
            text: "\n".to_owned(),
        });
        problem = problem.fix_all("end every line in LF", edits.collect());
    }
    let mut converted = String::with_capacity(text.len());
    let mut rest = 0;
    for at in alone {
        converted.push_str(text.get(rest..at)?);
        converted.push('\n');
        rest = at + 1;
    }
    converted.push_str(text.get(rest..)?);
    Some((converted, problem))
}

fn span(source: SourceId, at: usize) -> Span {
    Span::new(source, offset(at), offset(at + 1))
}
