//! What a fix would write, as the lines that it changes.

use crate::diagnostics::paint::{Paint, Role};
use crate::diagnostics::report::Report;
use crate::diagnostics::{Edit, Fix, safe};

/// A fix that changes more lines than this is told in words alone.
const MOST_LINES: usize = 6;
/// So is one that makes a line longer than this, in characters.
const LONGEST: usize = 120;

/// The changed lines, each with a `+`, without the indentation that all have; `None` where they would not help.
pub fn preview(report: &Report, fix: &Fix, paint: Paint) -> Option<String> {
    let source = fix.edits.first()?.span.source;
    if fix.edits.iter().any(|edit| edit.span.source != source) {
        return None;
    }
    let file = report.sources.get(source)?;
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);

    let first = file.line_column(edits.first()?.span.start).line;
    let last = file.line_column(edits.last()?.span.end).line;
    if last - first >= MOST_LINES {
        return None;
    }
    let start = edits.first()?.span.start as usize;
    let mut at = line_start(&file.text, start);
    let mut changed = String::new();
    for edit in &edits {
        changed.push_str(file.text.get(at..edit.span.start as usize)?);
        changed.push_str(&edit.text);
        at = edit.span.end as usize;
    }
    // Where whole lines go, the line after them is not one that changes.
    let whole = line_start(&file.text, at) == at && (changed.is_empty() || changed.ends_with('\n'));
    if !whole {
        let rest = file.text.get(at..)?;
        changed.push_str(rest.lines().next().unwrap_or_default());
    }

    let lines: Vec<&str> = changed
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let fits = |line: &&str| line.chars().count() <= LONGEST;
    if lines.is_empty() || lines.len() > MOST_LINES || !lines.iter().all(fits) {
        return None;
    }
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let least = lines.iter().map(indent).min().unwrap_or(0);
    let show = |line: &&str| {
        let line = line.get(least..).unwrap_or(line).replace('\t', "    ");
        paint.paint(Role::Added, &format!("+ {}", safe::line(&line)))
    };
    let shown: Vec<String> = lines.iter().map(show).collect();
    Some(shown.join("\n"))
}

/// The first byte of the line that `byte` is in.
fn line_start(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or_default();
    before.rfind('\n').map_or(0, |newline| newline + 1)
}
