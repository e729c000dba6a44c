//! Applies the changes that problems propose.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostic, Edit, Fix};
use crate::source::{SourceId, Sources, Span};

/// One change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The code of the problem.
    pub code: &'static str,
    /// What the change does.
    pub message: String,
    /// Where it begins.
    pub span: Span,
}

/// What a file becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The new text.
    pub text: String,
    /// The changes in it, in the order of the file.
    pub applied: Vec<Applied>,
}

/// Applies the first certain fix of every problem that has one, file by file.
///
/// A fix that touches what another one changes is left for a second look at the new text. A fix in
/// a file for which `may_change` is false is left out, with all of its edits.
pub fn rewrite<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    may_change: impl Fn(SourceId) -> bool,
) -> BTreeMap<SourceId, Rewrite> {
    let mut accepted: Vec<&Edit> = Vec::new();
    let mut applied: Vec<Applied> = Vec::new();
    for diagnostic in diagnostics {
        let Some(fix) = diagnostic.certain_fix() else {
            continue;
        };
        let fits = |edit: &Edit| {
            may_change(edit.span.source)
                && sources.get(edit.span.source).is_some()
                && !accepted.iter().any(|other| clash(edit.span, other.span))
        };
        let Some(first) = fix.edits.iter().map(|edit| edit.span).min() else {
            continue;
        };
        if fix.edits.iter().all(fits) {
            accepted.extend(&fix.edits);
            applied.push(describe(diagnostic, fix, first));
        }
    }
    let mut files: BTreeMap<SourceId, Vec<&Edit>> = BTreeMap::new();
    for edit in accepted {
        files.entry(edit.span.source).or_default().push(edit);
    }
    applied.sort_by_key(|applied| applied.span);
    let rewrite = |(source, edits): (SourceId, Vec<&Edit>)| {
        let text = apply(&sources.get(source)?.text, &edits)?;
        let own = |applied: &&Applied| applied.span.source == source;
        let applied = applied.iter().filter(own).cloned().collect();
        Some((source, Rewrite { text, applied }))
    };
    files.into_iter().filter_map(rewrite).collect()
}

fn describe(diagnostic: &Diagnostic, fix: &Fix, span: Span) -> Applied {
    Applied {
        code: diagnostic.code.id,
        message: fix.message.clone(),
        span,
    }
}

/// Whether two edits cannot both be made: they overlap, or they begin at the same place, where
/// their order would matter.
fn clash(a: Span, b: Span) -> bool {
    a.source == b.source && (a.start == b.start || (a.start < b.end && b.start < a.end))
}

/// The text with the edits made; `None` where one is not within the text. New lines end as those
/// of the text do.
pub fn apply(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.span);
    let mut changed = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        changed.push_str(text.get(at..edit.span.start as usize)?);
        match text.contains("\r\n") {
            true => changed.push_str(&edit.text.replace("\r\n", "\n").replace('\n', "\r\n")),
            false => changed.push_str(&edit.text),
        }
        at = edit.span.end as usize;
    }
    changed.push_str(text.get(at..)?);
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes;

    fn problem(source: SourceId, edits: &[(u32, u32, &str)]) -> Diagnostic {
        let edit = |&(start, end, text): &(u32, u32, &str)| Edit {
            span: Span::new(source, start, end),
            text: text.to_owned(),
        };
        Diagnostic::error(&codes::input::UNREADABLE, Span::new(source, 0, 0), "x")
            .fix_all("write", edits.iter().map(edit).collect())
    }

    fn fixed(text: &str, fixes: &[&[(u32, u32, &str)]]) -> String {
        let mut sources = Sources::new();
        let source = sources.add("a.aphex", text);
        let problems: Vec<Diagnostic> = fixes.iter().map(|edits| problem(source, edits)).collect();
        let files = rewrite(&problems, &sources, |_| true);
        files
            .get(&source)
            .map_or(text, |file| &file.text)
            .to_owned()
    }

    #[test]
    fn edits_are_made_together() {
        let fixes: &[&[_]] = &[&[(4, 5, "B"), (0, 1, "A")], &[(6, 6, "!")]];
        assert_eq!(fixed("a = b;", fixes), "A = B;!");
    }

    #[test]
    fn a_fix_that_clashes_waits_as_a_whole() {
        let fixes: &[&[_]] = &[&[(0, 3, "xyz")], &[(2, 4, "?"), (5, 6, "?")]];
        assert_eq!(fixed("abcdef", fixes), "xyzdef");
    }

    #[test]
    fn line_ends_of_the_file_are_kept() {
        assert_eq!(
            fixed("a\r\nb\r\n", &[&[(3, 3, "x\ny\n")]]),
            "a\r\nx\r\ny\r\nb\r\n"
        );
    }

    #[test]
    fn an_edit_outside_the_text_changes_nothing() {
        assert_eq!(fixed("é", &[&[(1, 2, "x")]]), "é");
        assert_eq!(fixed("a", &[&[(7, 9, "x")]]), "a");
    }
}
