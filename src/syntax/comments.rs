//! Which comments document something, and what they say.

use smol_str::SmolStr;

use crate::source::{SourceId, Span};
use crate::syntax::ast::Comment;
use crate::syntax::lexer::{CommentKind, RawComment};

/// The comments of a file, and which of them were taken as documentation.
pub(super) struct Comments {
    list: Vec<RawComment>,
    taken: Vec<bool>,
}

impl Comments {
    pub fn new(list: Vec<RawComment>) -> Self {
        let taken = vec![false; list.len()];
        Comments { list, taken }
    }

    /// The `//!` lines before byte `before`.
    pub fn file_docs(&mut self, text: &str, before: u32) -> Option<SmolStr> {
        let end = self.list.partition_point(|comment| comment.start < before);
        self.take(text, 0, end, CommentKind::FileDoc)
    }

    /// The `///` lines between the bytes `after` and `before`.
    pub fn docs(&mut self, text: &str, after: u32, before: u32) -> Option<SmolStr> {
        if self.list.is_empty() {
            return None;
        }
        let start = self.list.partition_point(|comment| comment.start < after);
        let end = self.list.partition_point(|comment| comment.start < before);
        self.take(text, start, end, CommentKind::Doc)
    }

    fn take(&mut self, text: &str, start: usize, end: usize, kind: CommentKind) -> Option<SmolStr> {
        let mut docs: Option<String> = None;
        let comments = self.list.get(start..end).unwrap_or_default();
        let taken = self.taken.get_mut(start..end).unwrap_or_default();
        for (comment, taken) in comments.iter().zip(taken) {
            if comment.kind != kind || !comment.first || *taken {
                continue;
            }
            *taken = true;
            let line = text.get(comment.start as usize + 3..comment.end as usize);
            let line = line.unwrap_or("").trim_end();
            let line = line.strip_prefix(' ').unwrap_or(line);
            match &mut docs {
                None => docs = Some(line.to_owned()),
                Some(docs) => {
                    docs.push('\n');
                    docs.push_str(line);
                }
            }
        }
        docs.map(SmolStr::from)
    }

    /// Those that document nothing.
    pub fn rest(self, source: SourceId, text: &str) -> Vec<Comment> {
        let rest = self.list.into_iter().zip(self.taken);
        rest.filter(|(_, taken)| !taken)
            .map(|(comment, _)| {
                let written = text.get(comment.start as usize..comment.end as usize);
                let written = written.unwrap_or("");
                let inner = match comment.kind {
                    CommentKind::Line => written.strip_prefix("//"),
                    CommentKind::Doc => written.strip_prefix("///"),
                    CommentKind::FileDoc => written.strip_prefix("//!"),
                    CommentKind::Block => written
                        .strip_prefix("/*")
                        .map(|inner| inner.strip_suffix("*/").unwrap_or(inner)),
                };
                Comment {
                    span: Span::new(source, comment.start, comment.end),
                    text: SmolStr::from(inner.unwrap_or(written).trim()),
                }
            })
            .collect()
    }
}
