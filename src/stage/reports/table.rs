//! A summary as a table for the log.

use std::time::Duration;

use crate::stage::process::time_in_words;
use crate::stage::reports::summary::{SuiteSummary, Summary};

/// So many suites, failures and flaky tests are shown.
const SHOWN: usize = 20;
/// Of a failure's message, so many lines of so many characters.
const LINES: usize = 5;
const COLUMNS: usize = 160;
/// The longest name of a suite in the table, in characters.
const NAME: usize = 60;

/// The lines of the table, then those of what has failed and of what was flaky.
pub fn table(summary: &Summary) -> Vec<String> {
    let mut rows = vec![
        [
            "suite", "tests", "passed", "failed", "errors", "skipped", "flaky", "time",
        ]
        .map(str::to_owned),
    ];
    // What went wrong first; of several pages nobody reads the last one.
    let mut suites: Vec<&SuiteSummary> = summary.suites.iter().collect();
    suites.sort_by_key(|suite| (suite.failed + suite.errors == 0, suite.flaky == 0));
    rows.extend(suites.iter().take(SHOWN).map(|suite| row(suite)));
    let total = SuiteSummary {
        name: match suites.len() {
            1 => "1 suite".to_owned(),
            count if count > SHOWN => format!("all {count} suites"),
            count => format!("{count} suites"),
        },
        tests: summary.tests,
        passed: summary.passed,
        failed: summary.failed,
        errors: summary.errors,
        skipped: summary.skipped,
        flaky: summary.flaky,
        seconds: summary.seconds,
    };
    if suites.len() != 1 {
        rows.push(row(&total));
    }
    let mut lines = aligned(&rows);
    for failure in summary.failures.iter().take(SHOWN) {
        lines.push(format!(
            "  failed: {}",
            title(&failure.suite, &failure.name)
        ));
        lines.extend(message(&failure.message));
    }
    let bad = summary.failed + summary.errors;
    lines.extend(more(bad, summary.failures.len(), "failed"));
    for flaky in summary.flakies.iter().take(SHOWN) {
        let times = if flaky.failed == 1 {
            "once".to_owned()
        } else {
            format!("{} times", flaky.failed)
        };
        lines.push(format!(
            "  flaky: {} (failed {times}, then passed)",
            title(&flaky.suite, &flaky.name)
        ));
        lines.extend(message(&flaky.message));
    }
    lines.extend(more(summary.flaky, summary.flakies.len(), "flaky"));
    lines
}

fn row(suite: &SuiteSummary) -> [String; 8] {
    // Nothing is easier to overlook among numbers than the one that is not 0.
    let count = |count: u64| {
        if count == 0 {
            "-".to_owned()
        } else {
            count.to_string()
        }
    };
    let seconds = Duration::try_from_secs_f64(suite.seconds).unwrap_or(Duration::MAX);
    [
        cut(&suite.name, NAME),
        count(suite.tests),
        count(suite.passed),
        count(suite.failed),
        count(suite.errors),
        count(suite.skipped),
        count(suite.flaky),
        time_in_words(seconds),
    ]
}

fn aligned(rows: &[[String; 8]]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..8).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
            format!("  {}", cells.collect::<Vec<_>>().join("  "))
        })
        .collect()
}

/// `suite: name`.
fn title(suite: &str, name: &str) -> String {
    match name.is_empty() || suite.is_empty() {
        true => format!("{suite}{name}"),
        false => format!("{suite}: {name}"),
    }
}

fn message(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .take(LINES)
        .map(|line| format!("      {}", cut(line, COLUMNS)))
        .collect()
}

fn more(all: u64, kept: usize, what: &str) -> Option<String> {
    let shown = u64::try_from(kept.min(SHOWN)).unwrap_or(u64::MAX);
    (all > shown).then(|| format!("  … and {} more {what}", all - shown))
}

fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        false => text.to_owned(),
        true => text
            .chars()
            .take(most.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}
