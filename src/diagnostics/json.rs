//! Problems for programs, as `schemas/diagnostics.v1.json` describes them.

use serde::Serialize;

use crate::diagnostics::report::{self, Count, Found, Report};
use crate::diagnostics::{Applicability, Edit, Fix, Label};
use crate::source::{LineColumn, Span};

/// Of the format; a change that could break a reader of it makes a new one.
const VERSION: u32 = 1;

/// All problems of the reports as one JSON object; `checked` are the paths of the files looked at.
pub fn render(reports: &[Report], checked: &[String]) -> String {
    let found = report::collect(reports);
    let count = Count::of(&found);
    let output = Output {
        version: VERSION,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        files: checked,
        summary: Summary {
            errors: count.errors,
            warnings: count.warnings,
        },
        diagnostics: found.iter().map(problem).collect(),
    };
    let mut text = serde_json::to_string_pretty(&output).unwrap_or_default();
    text.push('\n');
    text
}

fn problem<'a>(found: &Found<'a>) -> Problem<'a> {
    let Found { diagnostic, report } = *found;
    Problem {
        code: diagnostic.code.id,
        title: diagnostic.code.title,
        severity: report::severity_word(diagnostic.severity),
        message: &diagnostic.message,
        place: diagnostic
            .primary
            .as_ref()
            .and_then(|label| labelled(report, label)),
        related: diagnostic
            .secondary
            .iter()
            .filter_map(|label| labelled(report, label))
            .collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
        fixes: diagnostic
            .fixes
            .iter()
            .filter_map(|fix| change(report, fix))
            .collect(),
    }
}

fn labelled<'a>(report: &'a Report, label: &'a Label) -> Option<Labelled<'a>> {
    Some(Labelled {
        place: place(report, label.span)?,
        label: &label.message,
    })
}

fn change<'a>(report: &'a Report, fix: &'a Fix) -> Option<Change<'a>> {
    let edit = |edit: &'a Edit| {
        let place = place(report, edit.span)?;
        let text = edit.text.as_str();
        Some(Replacement { place, text })
    };
    Some(Change {
        message: &fix.message,
        applicability: match fix.applicability {
            Applicability::Certain => "certain",
            Applicability::Likely => "likely",
        },
        edits: fix.edits.iter().map(edit).collect::<Option<_>>()?,
    })
}

fn place(report: &Report, span: Span) -> Option<Place<'_>> {
    let (_, start, end) = report.range(span)?;
    Some(Place {
        path: report.shown(span.source),
        start: position(span.start, start),
        end: position(span.end.max(span.start), end),
    })
}

fn position(byte: u32, at: LineColumn) -> Position {
    Position {
        byte,
        line: at.line,
        column: at.column,
    }
}

#[derive(Serialize)]
struct Output<'a> {
    version: u32,
    tool: Tool,
    files: &'a [String],
    summary: Summary,
    diagnostics: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'static str,
    title: &'static str,
    severity: &'static str,
    message: &'a str,
    place: Option<Labelled<'a>>,
    related: Vec<Labelled<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    fixes: Vec<Change<'a>>,
}

#[derive(Serialize)]
struct Labelled<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    byte: u32,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Change<'a> {
    message: &'a str,
    applicability: &'static str,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}
