//! What a run found, with the files that it is about; what every renderer starts from.

use crate::collections::HashSet;
use crate::diagnostics::{Diagnostic, Severity};
use crate::source::{LineColumn, SourceFile, SourceId, Sources, Span};

/// How a file is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// For people: a path that opens from the directory they are in.
    pub shown: String,
    /// For services that know the repository: the path from its root.
    pub tracked: String,
    /// Whether it is a part of Aphex, and so in no repository.
    pub standard: bool,
}

/// The problems of one checked file, and the sources that they lie in.
#[derive(Debug, Default)]
pub struct Report {
    /// The files that were read.
    pub sources: Sources,
    /// The problems, sorted.
    pub diagnostics: Vec<Diagnostic>,
    names: Vec<FileName>,
}

impl Report {
    /// A report whose files are called as the sources call them.
    pub fn new(sources: Sources, diagnostics: Vec<Diagnostic>) -> Self {
        let same = |name: &str| FileName {
            shown: name.to_owned(),
            tracked: name.to_owned(),
            standard: false,
        };
        Report::with_names(sources, diagnostics, same)
    }

    /// A report whose files get their names from `name`.
    pub fn with_names(
        sources: Sources,
        diagnostics: Vec<Diagnostic>,
        name: impl Fn(&str) -> FileName,
    ) -> Self {
        let names = sources.iter().map(|(_, file)| name(&file.name)).collect();
        Report {
            sources,
            diagnostics,
            names,
        }
    }

    /// A report of problems that have no place in a file.
    pub fn without_sources(diagnostics: Vec<Diagnostic>) -> Self {
        Report::new(Sources::new(), diagnostics)
    }

    /// The path of a file for people.
    pub fn shown(&self, id: SourceId) -> &str {
        self.name(id).map_or("", |name| &name.shown)
    }

    /// The path of a file from the repository's root.
    pub fn tracked(&self, id: SourceId) -> &str {
        self.name(id).map_or("", |name| &name.tracked)
    }

    /// Whether a file is a part of Aphex.
    pub fn is_standard(&self, id: SourceId) -> bool {
        self.name(id).is_some_and(|name| name.standard)
    }

    fn name(&self, id: SourceId) -> Option<&FileName> {
        self.names.get(id.0 as usize)
    }

    /// Where a span begins and ends; `None` where it lies in no file of this report.
    pub fn range(&self, span: Span) -> Option<(&SourceFile, LineColumn, LineColumn)> {
        let file = self.sources.get(span.source)?;
        let start = file.line_column(span.start);
        let end = file.line_column(span.end.max(span.start));
        Some((file, start, end))
    }
}

/// One problem and the report that it is from.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The problem.
    pub diagnostic: &'a Diagnostic,
    /// Its report.
    pub report: &'a Report,
}

impl Found<'_> {
    /// The place for people, `path:line:column`; `None` where the problem has none.
    pub fn place(&self) -> Option<String> {
        let span = self.diagnostic.span()?;
        let (_, start, _) = self.report.range(span)?;
        let path = self.report.shown(span.source);
        Some(format!("{path}:{}:{}", start.line, start.column))
    }
}

/// Every problem of several reports once: two files that share a module share its problems.
pub fn collect(reports: &[Report]) -> Vec<Found<'_>> {
    let mut seen = HashSet::default();
    let mut all = Vec::new();
    for report in reports {
        for diagnostic in &report.diagnostics {
            let place = diagnostic
                .span()
                .map(|span| (report.shown(span.source), span.start, span.end));
            if seen.insert((diagnostic.code.id, place, &diagnostic.message)) {
                all.push(Found { diagnostic, report });
            }
        }
    }
    all
}

/// How many problems there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Files that have at least one.
    pub files: usize,
}

impl Count {
    /// Counts.
    pub fn of(found: &[Found<'_>]) -> Self {
        let is = |severity| {
            found
                .iter()
                .filter(move |found| found.diagnostic.severity == severity)
                .count()
        };
        let files: HashSet<&str> = found
            .iter()
            .filter_map(|found| Some(found.report.shown(found.diagnostic.span()?.source)))
            .collect();
        Count {
            errors: is(Severity::Error),
            warnings: is(Severity::Warning),
            files: files.len(),
        }
    }

    /// "2 errors and 1 warning", "1 warning".
    pub fn in_words(self) -> String {
        let part = |count, noun| (count > 0).then(|| plural(count, noun));
        let parts: Vec<String> = [part(self.errors, "error"), part(self.warnings, "warning")]
            .into_iter()
            .flatten()
            .collect();
        if parts.is_empty() {
            return "no problems".to_owned();
        }
        parts.join(" and ")
    }
}

/// "1 file", "3 files".
pub fn plural(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// The word for a severity in every format of ours.
pub fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
