//! Workflow commands of GitHub Actions: an annotation at the line, for each problem.

use crate::diagnostics::report::{self, Found, Report};
use crate::diagnostics::safe;

/// All problems of the reports, a command each.
pub fn render(reports: &[Report]) -> String {
    report::collect(reports).into_iter().map(command).collect()
}

fn command(found: Found<'_>) -> String {
    let diagnostic = found.diagnostic;
    let mut properties = place(found);
    let title = format!("{}: {}", diagnostic.code.id, diagnostic.code.title);
    properties.push(format!("title={}", property(&title)));

    let mut lines = vec![diagnostic.message.clone()];
    if let Some(label) = &diagnostic.primary
        && !label.message.is_empty()
    {
        lines.push(label.message.clone());
    }
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    format!(
        "::{} {}::{}\n",
        report::severity_word(diagnostic.severity),
        properties.join(","),
        data(&lines.join("\n"))
    )
}

/// `file`, `line` and the rest. Columns are left out where the place has several lines: GitHub
/// refuses them there.
fn place(found: Found<'_>) -> Vec<String> {
    let Some(span) = found.diagnostic.span() else {
        return Vec::new();
    };
    let Some((_, start, end)) = found.report.range(span) else {
        return Vec::new();
    };
    if found.report.is_standard(span.source) {
        return Vec::new();
    }
    let mut properties = vec![
        format!("file={}", property(found.report.tracked(span.source))),
        format!("line={}", start.line),
        format!("endLine={}", end.line),
    ];
    if start.line == end.line {
        properties.push(format!("col={}", start.column));
        properties.push(format!("endColumn={}", end.column));
    }
    properties
}

fn data(text: &str) -> String {
    safe::lines(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
