//! SARIF 2.1.0, for code scanning services.

use serde_json::{Value, json};

use crate::diagnostics::report::{self, Found, Report};
use crate::diagnostics::{Code, Edit, Fix, Label};
use crate::source::{SourceId, Span};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// All problems of the reports as one SARIF log with one run.
pub fn render(reports: &[Report]) -> String {
    let found = report::collect(reports);
    let mut rules: Vec<&Code> = found.iter().map(|found| found.diagnostic.code).collect();
    rules.sort_by_key(|code| code.id);
    rules.dedup_by_key(|code| code.id);

    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the repository." } } },
            "results": found.iter().map(|found| result(found, &rules)).collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// The base of every path in the repository.
const ROOT: &str = "SRCROOT";

fn rule(code: &Code) -> Value {
    json!({
        "id": code.id,
        "shortDescription": { "text": code.title },
        "fullDescription": { "text": first_paragraph(code.page) },
        "help": { "text": code.page, "markdown": code.page },
    })
}

/// What the page says first, on one line.
fn first_paragraph(page: &str) -> String {
    page.split("\n\n")
        .map(str::trim)
        .find(|part| !part.is_empty() && !part.starts_with('#'))
        .unwrap_or_default()
        .replace('\n', " ")
}

fn result(found: &Found<'_>, rules: &[&Code]) -> Value {
    let Found { diagnostic, report } = *found;
    let index = rules.iter().position(|code| code.id == diagnostic.code.id);
    let mut result = json!({
        "ruleId": diagnostic.code.id,
        "ruleIndex": index,
        "level": report::severity_word(diagnostic.severity),
        "message": { "text": message(found) },
    });
    let Some(fields) = result.as_object_mut() else {
        return result;
    };
    let place = diagnostic
        .primary
        .as_ref()
        .and_then(|label| location(report, label, None));
    if let Some(place) = place {
        fields.insert("locations".to_owned(), json!([place]));
    }
    let related: Vec<Value> = (1..)
        .zip(&diagnostic.secondary)
        .filter_map(|(id, label)| location(report, label, Some(id)))
        .collect();
    if !related.is_empty() {
        fields.insert("relatedLocations".to_owned(), json!(related));
    }
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .filter_map(|f| fix(report, f))
        .collect();
    if !fixes.is_empty() {
        fields.insert("fixes".to_owned(), json!(fixes));
    }
    result
}

/// The message with all that explains it: many viewers show nothing else.
fn message(found: &Found<'_>) -> String {
    let diagnostic = found.diagnostic;
    let mut lines = vec![diagnostic.message.clone()];
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n")
}

fn location(report: &Report, label: &Label, id: Option<usize>) -> Option<Value> {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": artifact(report, label.span.source),
            "region": region(report, label.span)?,
        },
    });
    let fields = location.as_object_mut()?;
    if let Some(id) = id {
        fields.insert("id".to_owned(), json!(id));
    }
    if !label.message.is_empty() {
        fields.insert("message".to_owned(), json!({ "text": label.message }));
    }
    Some(location)
}

fn artifact(report: &Report, id: SourceId) -> Value {
    let path = relative_uri(report.tracked(id));
    match report.is_standard(id) {
        true => json!({ "uri": format!("aphex:{path}") }),
        false => json!({ "uri": path, "uriBaseId": ROOT }),
    }
}

fn region(report: &Report, span: Span) -> Option<Value> {
    let (_, start, end) = report.range(span)?;
    Some(json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }))
}

fn fix(report: &Report, fix: &Fix) -> Option<Value> {
    let mut files: Vec<SourceId> = fix.edits.iter().map(|edit| edit.span.source).collect();
    files.sort();
    files.dedup();
    let replacement = |edit: &Edit| {
        Some(json!({
            "deletedRegion": region(report, edit.span)?,
            "insertedContent": { "text": edit.text },
        }))
    };
    let changes = files.into_iter().map(|file| {
        let edits = fix.edits.iter().filter(|edit| edit.span.source == file);
        let replacements = edits.map(replacement).collect::<Option<Vec<_>>>()?;
        Some(json!({ "artifactLocation": artifact(report, file), "replacements": replacements }))
    });
    Some(json!({
        "description": { "text": fix.message },
        "artifactChanges": changes.collect::<Option<Vec<_>>>()?,
    }))
}

/// A path as a relative reference: everything but unreserved characters and `/` is encoded, so
/// that a colon in the first part is not read as a scheme.
fn relative_uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded() {
        assert_eq!(
            relative_uri("a b/c:d/é#?.aphex"),
            "a%20b/c%3Ad/%C3%A9%23%3F.aphex"
        );
    }
}
