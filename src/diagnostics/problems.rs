//! The sink that every phase reports to.

use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::source::Span;

/// Collects the problems of a run; gives them sorted and without repetition.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<Diagnostic>,
}

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Problems::default()
    }

    /// Reports one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Reports one that says better what others of this code say of the same place, or of one around it.
    pub fn push_for(&mut self, code: &Code, diagnostic: Diagnostic) {
        if let Some(place) = diagnostic.span() {
            self.drop_where(code, |span| span.contains(place));
        }
        self.list.push(diagnostic);
    }

    /// Takes over all of another sink.
    pub fn extend(&mut self, other: Problems) {
        self.list.extend(other.list);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// What was reported so far.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Takes back what was reported of a kind within a place, for something that says more.
    pub fn drop_within(&mut self, code: &Code, place: Span) {
        self.drop_where(code, |span| place.contains(span));
    }

    fn drop_where(&mut self, code: &Code, is_there: impl Fn(Span) -> bool) {
        self.list
            .retain(|found| found.code != code || !found.span().is_some_and(&is_there));
    }

    /// How many were reported so far.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none was reported.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them: by place, then code, then message; those without a place first; each once.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| {
            (a.span(), a.code.id, &a.message).cmp(&(b.span(), b.code.id, &b.message))
        });
        self.list.dedup();
        self.list
    }
}
