//! Comments that allow a warning: `// aphex: allow(A0601) dev has no alarms on purpose`.
//!
//! On a line of its own such a comment is about the item that begins on the next line, all of it;
//! behind code it is about its line. It names the codes and gives a reason. Errors cannot be
//! allowed. A comment that cannot be understood, or that allows nothing, is reported itself.

use crate::diagnostics::codes::{self, input};
use crate::diagnostics::{Code, Diagnostic, Severity, did_you_mean};
use crate::source::{SourceFile, Sources, Span};
use crate::syntax::ast;
use crate::syntax::extent::item_beginning_at;

/// How such a comment is written.
const FORM: &str = "`// aphex: allow(A0601) why that is meant`";

/// One code that a comment allows.
struct Allowance {
    code: &'static Code,
    /// Where the code is named.
    span: Span,
    /// The comment as a whole, with the line break where nothing else is on its line.
    removal: Span,
    /// Whether the comment names no other code, so that it goes when this one does.
    alone: bool,
    /// The lines it is about.
    lines: std::ops::RangeInclusive<usize>,
    used: bool,
}

/// Drops the warnings that comments of `files` allow, and adds what is wrong with the comments.
pub fn apply<'a>(
    files: impl IntoIterator<Item = &'a ast::File>,
    sources: &Sources,
    diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut allowances = Vec::new();
    for file in files {
        let Some(source) = sources.get(file.source) else {
            continue;
        };
        for comment in &file.comments {
            read(file, source, comment, &mut allowances, &mut problems);
        }
    }
    let has_errors = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);

    let mut kept: Vec<Diagnostic> = diagnostics
        .into_iter()
        .filter(|diagnostic| !is_allowed(diagnostic, sources, &mut allowances))
        .collect();
    for allowance in &allowances {
        let about = |diagnostic: &Diagnostic| is_about(allowance, diagnostic, sources);
        let error = kept
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error && about(diagnostic));
        if let Some(error) = error {
            problems.push(allowed_error(allowance, error));
        } else if !allowance.used && !has_errors {
            // With errors the rules may not have run, so what they would have said is not known.
            problems.push(unused(allowance));
        }
    }
    kept.extend(problems);
    kept.sort_by(|a, b| (a.span(), a.code.id, &a.message).cmp(&(b.span(), b.code.id, &b.message)));
    kept
}

fn is_about(allowance: &Allowance, diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let Some(span) = diagnostic.span() else {
        return false;
    };
    let Some(file) = sources.get(span.source) else {
        return false;
    };
    diagnostic.code.id == allowance.code.id
        && span.source == allowance.span.source
        && allowance.lines.contains(&file.line_column(span.start).line)
}

fn is_allowed(diagnostic: &Diagnostic, sources: &Sources, allowances: &mut [Allowance]) -> bool {
    if diagnostic.severity == Severity::Error {
        return false;
    }
    let mut allowed = false;
    for allowance in allowances {
        if is_about(allowance, diagnostic, sources) {
            allowance.used = true;
            allowed = true;
        }
    }
    allowed
}

/// Reads one comment; nothing where it does not begin with `aphex:`.
fn read(
    file: &ast::File,
    source: &SourceFile,
    comment: &ast::Comment,
    allowances: &mut Vec<Allowance>,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(order) = comment.text.trim_start().strip_prefix("aphex:") else {
        return;
    };
    let parsed = order
        .trim_start()
        .strip_prefix("allow")
        .and_then(|rest| rest.trim_start().strip_prefix('('))
        .and_then(|rest| rest.split_once(')'));
    let Some((list, reason)) = parsed else {
        problems.push(malformed(comment, "this is not of a form that is known"));
        return;
    };
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    if names.iter().all(|name| name.is_empty()) {
        problems.push(malformed(comment, "this names no code"));
        return;
    }
    if reason.trim().is_empty() {
        let problem = Diagnostic::warning(
            &input::ALLOW_WITHOUT_REASON,
            comment.span,
            "this comment gives no reason, so it allows nothing",
        )
        .help(format!("say why the warning does not matter here: {FORM}"));
        problems.push(problem);
        return;
    }
    let (lines, removal) = scope(file, source, comment.span);
    for name in names.iter().filter(|name| !name.is_empty()) {
        let span = find(source, comment.span, name);
        match codes::find(name) {
            Some(code) => allowances.push(Allowance {
                code,
                span,
                removal,
                alone: names.len() == 1,
                lines: lines.clone(),
                used: false,
            }),
            None => problems.push(unknown(name, span)),
        }
    }
}

/// The lines that a comment is about, and what to cut to take it away.
fn scope(
    file: &ast::File,
    source: &SourceFile,
    comment: Span,
) -> (std::ops::RangeInclusive<usize>, Span) {
    let begins = source.line_column(comment.start);
    let ends = source.line_column(comment.end);
    let line = source.line(begins.line);
    let before: String = line.chars().take(begins.column - 1).collect();
    if !before.trim().is_empty() {
        let space = before.len() - before.trim_end().len();
        let start = comment.start - u32::try_from(space).unwrap_or(0);
        return (
            begins.line..=begins.line,
            Span::new(comment.source, start, comment.end),
        );
    }
    let text = source.text.get(comment.end as usize..).unwrap_or_default();
    let rest = text.find('\n').map_or(text.len(), |index| index + 1);
    let removal = Span::new(
        comment.source,
        comment.start - u32::try_from(before.len()).unwrap_or(0),
        comment.end.saturating_add(u32::try_from(rest).unwrap_or(0)),
    );
    let is_code = |number: &usize| {
        let line = source.line(*number).trim_start();
        !line.is_empty() && !line.starts_with("//")
    };
    let Some(first) = (ends.line + 1..=source.line_count()).find(is_code) else {
        return (ends.line..=ends.line, removal);
    };
    let item = item_beginning_at(file, |span| {
        (ends.line + 1..=first).contains(&source.line_column(span.start).line)
    });
    let last = item.map_or(first, |span| source.line_column(span.end).line);
    (first..=last.max(first), removal)
}

/// Where a comment names a code.
fn find(source: &SourceFile, comment: Span, name: &str) -> Span {
    let text = source.text.get(comment.range()).unwrap_or_default();
    let Some(offset) = text.find(name) else {
        return comment;
    };
    let start = comment.start + u32::try_from(offset).unwrap_or(0);
    let length = u32::try_from(name.len()).unwrap_or(0);
    Span::new(comment.source, start, start + length)
}

fn malformed(comment: &ast::Comment, what: &str) -> Diagnostic {
    Diagnostic::warning(
        &input::MALFORMED_ALLOW,
        comment.span,
        "a comment that begins with `aphex:` is not understood",
    )
    .label(what)
    .help(format!(
        "write {FORM}, or begin the comment with another word"
    ))
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let problem = Diagnostic::warning(
        &input::UNKNOWN_ALLOW,
        span,
        format!("there is no code `{name}`"),
    );
    match did_you_mean(name, codes::all().map(|code| code.id)) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help("`aphex explain` lists every code"),
    }
}

fn unused(allowance: &Allowance) -> Diagnostic {
    let problem = Diagnostic::warning(
        &input::UNUSED_ALLOW,
        allowance.span,
        format!(
            "`{}` is allowed here, and does not occur",
            allowance.code.id
        ),
    )
    .label(format!("{}: {}", allowance.code.id, allowance.code.title));
    match allowance.alone {
        true => problem.fix("remove the comment", allowance.removal, ""),
        false => problem.help(format!("take `{}` out of the comment", allowance.code.id)),
    }
}

fn allowed_error(allowance: &Allowance, error: &Diagnostic) -> Diagnostic {
    let problem = Diagnostic::warning(
        &input::ALLOWED_ERROR,
        allowance.span,
        format!(
            "`{}` is an error here, and errors cannot be allowed",
            allowance.code.id
        ),
    )
    .help("correct the error, and remove the comment");
    match error.span() {
        Some(span) => problem.also(span, "the error"),
        None => problem,
    }
}
