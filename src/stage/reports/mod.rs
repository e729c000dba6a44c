//! Test reports: JUnit XML, as every test runner writes it in a dialect of its own, read and summed up.

mod find;
mod junit;
mod summary;
mod table;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::diagnostics::codes::run_tests as codes;
use crate::diagnostics::{Diagnostic, list_names};
use crate::model::Text;
use crate::source::Span;
use crate::stage::reports::find::{Found, find};
use crate::stage::reports::junit::Refusal;

pub use summary::{Failure, Flaky, SuiteSummary, Summary};
pub use table::table;

/// A report is at most so large.
const LARGEST: u64 = 64 * 1024 * 1024;
/// All reports of a step together are at most so large.
const LARGEST_SUM: u64 = 512 * 1024 * 1024;

/// What the reports of a step say.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    /// All that could be read, summed up.
    pub summary: Summary,
    /// The files, to be kept with the run: paths without symbolic links, inside of the working tree, each once, sorted.
    pub files: Vec<PathBuf>,
    /// What is wrong: patterns without a report, files that are none, no test at all. When the commands have failed, these may follow from
    /// that; when they have succeeded, the step has failed.
    pub problems: Vec<Diagnostic>,
}

/// Reads the reports that match the patterns, which start at `root`. A report that is older than `since` is not of this run: it was in
/// the repository or came with artifacts.
pub fn read(root: &Path, patterns: &[Text], since: Option<SystemTime>) -> Reports {
    let mut reports = Reports::default();
    let mut left = LARGEST_SUM;
    let mut read = Vec::new();
    for pattern in patterns {
        let found = find(root, pattern, since);
        reports.problems.extend(found.problems);
        for file in found.files {
            if !reports.files.contains(&file.path) {
                reports.files.push(file.path.clone());
                read.push((pattern.span, file));
            }
        }
    }
    for (span, file) in read {
        match load(&file, &mut left) {
            Ok(suites) => reports.summary.add(suites),
            Err(refusal) => reports.problems.push(refused(&refusal, &file.shown, span)),
        }
    }
    reports.files.sort();
    if let Some(pattern) = patterns.first()
        && reports.problems.is_empty()
        && reports.summary.ran() == 0
    {
        reports
            .problems
            .push(no_test(&reports.summary, pattern.span));
    }
    reports
}

/// Reads a single report that is in memory; `span` is where the pattern stands that matches it.
pub fn read_bytes(name: &str, bytes: Vec<u8>, span: Span) -> Result<Summary, Diagnostic> {
    let suites = junit::read(&junit::decode(bytes), name);
    let mut summary = Summary::default();
    summary.add(suites.map_err(|refusal| refused(&refusal, name, span))?);
    Ok(summary)
}

/// What is wrong where tests have failed, and the commands have succeeded in spite of it.
pub fn contradiction(summary: &Summary, span: Span) -> Option<Diagnostic> {
    let bad = summary.failed + summary.errors;
    if bad == 0 {
        return None;
    }
    let names: Vec<String> = summary.failures.iter().map(Failure::title).collect();
    let shown = list_names(names.iter().map(String::as_str), 5);
    let message = match bad {
        1 => "a test has failed, and every command has succeeded".to_owned(),
        _ => format!("{bad} tests have failed, and every command has succeeded"),
    };
    Some(
        Diagnostic::error(&codes::TESTS_FAILED, span, message)
            .label("this report says so")
            .note(format!("failed: {shown}"))
            .help("let the command's exit code through: behind `| tee log` or `|| true` it is lost. Where failures are meant to stop nothing, write `required = false`"),
    )
}

fn load(file: &Found, left: &mut u64) -> Result<Vec<junit::Suite>, Refusal> {
    let unreadable = |error: std::io::Error| Refusal::Unreadable(error.to_string());
    let mut bytes = Vec::new();
    let limit = LARGEST.min(*left);
    let opened = fs::File::open(&file.path).map_err(unreadable)?;
    let size = opened
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    if size > limit {
        let of = if limit < LARGEST {
            "all reports together"
        } else {
            "it"
        };
        let most = if limit < LARGEST {
            LARGEST_SUM
        } else {
            LARGEST
        };
        return Err(Refusal::Limit(format!(
            "{of} would be larger than {} MiB",
            most / 1024 / 1024
        )));
    }
    *left -= size;
    junit::read(&junit::decode(bytes), &file.shown)
}

fn refused(refusal: &Refusal, name: &str, span: Span) -> Diagnostic {
    match refusal {
        Refusal::Unreadable(why) => {
            Diagnostic::error(&codes::NOT_A_REPORT, span, format!("`{name}` cannot be read")).note(why.clone())
        }
        Refusal::NotXml { line, why } => {
            Diagnostic::error(&codes::NOT_A_REPORT, span, format!("`{name}` is no XML that can be read"))
                .note(format!("line {line}: {why}"))
                .help("a report that ends in the middle was not written to its end: look at what happened to the test runner")
        }
        Refusal::Empty => Diagnostic::error(&codes::NOT_A_REPORT, span, format!("`{name}` is empty"))
            .help("look at what happened to the test runner: it had not come to write anything"),
        Refusal::OtherRoot(root) => {
            let diagnostic = Diagnostic::error(&codes::NOT_A_REPORT, span, format!("`{name}` is no test report: it is about `{root}`"))
                .note("a report in JUnit's format begins with `<testsuites>` or `<testsuite>`");
            match other_format(root) {
                Some(help) => diagnostic.help(help),
                None => diagnostic.help("write a pattern that matches the reports alone"),
            }
        }
        Refusal::Limit(why) => Diagnostic::error(&codes::REPORT_LIMIT, span, format!("`{name}` is not read: {why}"))
            .help("let the test runner write its reports without the output of tests that have succeeded"),
        Refusal::Doctype => Diagnostic::error(&codes::REPORT_LIMIT, span, format!("`{name}` is not read: it has a document type definition"))
            .note("such a definition can blow a small file up without end, and no test runner writes one")
            .help("write reports without `<!DOCTYPE …>`"),
    }
}

/// What to do about a report of another kind.
fn other_format(root: &str) -> Option<&'static str> {
    Some(match root {
        "TestRun" => {
            "this is Visual Studio's TRX: use the logger `junit` (`dotnet test --logger junit`, package JunitXml.TestLogger)"
        }
        "test-run" | "test-results" => {
            "this is NUnit's format: NUnit's console writes JUnit's with a transform, `dotnet test` with the package JunitXml.TestLogger"
        }
        "assemblies" => {
            "this is xUnit.net's format: use the package JunitXml.TestLogger, or `-junit` of its console"
        }
        "coverage" | "report" => "this is a report of coverage: it belongs into `keep`",
        "checkstyle" => "this is Checkstyle's format: it belongs into `keep`",
        _ => None?,
    })
}

fn no_test(summary: &Summary, span: Span) -> Diagnostic {
    let message = match summary.tests {
        0 => "the reports hold no test".to_owned(),
        1 => "the only test was skipped".to_owned(),
        count => format!("all {count} tests were skipped"),
    };
    Diagnostic::error(&codes::NO_TEST, span, message)
        .label("a test that ran nothing has failed")
        .help("see whether the test runner finds its tests from the step's `dir`, and whether a filter leaves some")
}
