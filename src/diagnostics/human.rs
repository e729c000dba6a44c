//! For people: the message, the lines it is about, what is known, what to do.

use codespan_reporting::diagnostic as drawn;
use codespan_reporting::term::{self, Config};

use crate::diagnostics::excerpt::Excerpt;
use crate::diagnostics::flood::{self, Shown};
use crate::diagnostics::paint::{Canvas, Paint, Role};
use crate::diagnostics::preview::preview;
use crate::diagnostics::report::{self, Count, Found, Report};
use crate::diagnostics::{Fix, Label, Severity, safe};

/// All problems of the reports, an empty line between them, and a line that sums up; nothing where
/// there are none.
pub fn render(reports: &[Report], paint: Paint) -> String {
    let found = report::collect(reports);
    let mut text = String::new();
    for shown in flood::shown(&found) {
        match shown {
            Shown::Problem(found) => text.push_str(&problem(found, paint)),
            Shown::More(more) => {
                let words = safe::line(&more.in_words()).into_owned();
                text.push_str(&format!("{}\n", paint.paint(Role::Strong, &words)));
            }
        }
        text.push('\n');
    }
    if !found.is_empty() {
        text.push_str(&summary(&found, paint));
    }
    text
}

/// "2 errors and 1 warning in 2 files; `aphex explain A0304` says more, `aphex check --fix` corrects 1".
fn summary(found: &[Found<'_>], paint: Paint) -> String {
    let count = Count::of(found);
    let role = match count.errors {
        0 => Role::Warning,
        _ => Role::Error,
    };
    let words = paint.paint(role, &count.in_words());
    let place = match count.files {
        0 | 1 => String::new(),
        files => format!(" in {}", report::plural(files, "file")),
    };
    let worst = found
        .iter()
        .min_by_key(|found| found.diagnostic.severity)
        .map_or("", |found| found.diagnostic.code.id);
    let command = paint.paint(Role::Strong, &format!("aphex explain {worst}"));
    let quote = match paint {
        Paint::Ansi => "",
        Paint::Plain => "`",
    };
    let fixes = found
        .iter()
        .filter(|found| found.diagnostic.certain_fix().is_some())
        .count();
    let fix = paint.paint(Role::Strong, "aphex check --fix");
    let fix = match fixes {
        0 => String::new(),
        fixes => format!(", {quote}{fix}{quote} corrects {fixes}"),
    };
    format!("{words}{place}; {quote}{command}{quote} says more{fix}\n")
}

/// One problem.
pub fn problem(found: &Found<'_>, paint: Paint) -> String {
    let Found { diagnostic, report } = *found;
    let labels: Vec<&Label> = diagnostic
        .primary
        .iter()
        .chain(&diagnostic.secondary)
        .collect();
    let (excerpt, places) = Excerpt::new(report, &labels);

    let severity = match diagnostic.severity {
        Severity::Error => drawn::Severity::Error,
        Severity::Warning => drawn::Severity::Warning,
    };
    let drawn_labels = places.into_iter().map(|(view, range, label)| {
        let primary = diagnostic.primary.as_ref();
        let style = match primary.is_some_and(|primary| std::ptr::eq(primary, label)) {
            true => drawn::LabelStyle::Primary,
            false => drawn::LabelStyle::Secondary,
        };
        drawn::Label::new(style, view, range).with_message(safe::line(&label.message))
    });
    let drawn = drawn::Diagnostic::new(severity)
        .with_code(diagnostic.code.id)
        .with_message(safe::line(&diagnostic.message))
        .with_labels(drawn_labels.collect());

    let mut canvas = Canvas::new(paint);
    // Writing to memory cannot fail, and the excerpt has every line that the labels need.
    let result = term::emit_to_write_style(&mut canvas, &Config::default(), &excerpt, &drawn);
    let mut text = String::from_utf8_lossy(&canvas.bytes).into_owned();
    debug_assert!(result.is_ok(), "{result:?}");
    if paint == Paint::Plain {
        text = text
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect();
    }
    while text.ends_with("\n\n") {
        text.pop();
    }
    text.push_str(&remarks(found, excerpt.margin(), paint));
    text
}

/// Notes, help and fixes, below the source.
fn remarks(found: &Found<'_>, margin: usize, paint: Paint) -> String {
    let Found { diagnostic, report } = *found;
    let mut remarks = Vec::new();
    for note in &diagnostic.notes {
        remarks.push((Role::Strong, "note", safe::lines(note).into_owned()));
    }
    let mut fixes: Vec<(&Fix, Option<String>)> = diagnostic
        .fixes
        .iter()
        .map(|fix| (fix, preview(report, fix, paint)))
        .collect();
    if let Some(help) = &diagnostic.help {
        let mut text = safe::lines(help).into_owned();
        // The lines that a single fix would write say more than its name.
        if let [(_, Some(lines))] = fixes.as_slice() {
            text.push('\n');
            text.push_str(lines);
            fixes.clear();
        }
        fixes.retain(|(fix, _)| fix.message != *help);
        remarks.push((Role::Advice, "help", text));
    }
    for (fix, lines) in fixes {
        let mut text = safe::lines(&fix.message).into_owned();
        if let Some(lines) = lines {
            text.push('\n');
            text.push_str(&lines);
        }
        remarks.push((Role::Added, "fix", text));
    }
    if remarks.is_empty() {
        return String::new();
    }
    let space = " ".repeat(margin);
    let mut text = String::new();
    if diagnostic.primary.is_some() {
        text.push_str(&format!("{space} {}\n", paint.paint(Role::Aside, "│")));
    }
    for (role, word, remark) in remarks {
        let bullet = paint.paint(Role::Aside, "=");
        let word_shown = paint.paint(role, word);
        let indent = " ".repeat(margin + 3 + word.len() + 2);
        let mut lines = remark.lines();
        let first = lines.next().unwrap_or_default();
        text.push_str(&format!("{space} {bullet} {word_shown}: {first}\n"));
        for line in lines {
            text.push_str(format!("{indent}{line}").trim_end());
            text.push('\n');
        }
    }
    text
}
