//! What all reports of a step say together.

use serde::{Deserialize, Serialize};

use crate::collections::HashMap;
use crate::stage::reports::junit::{Case, End, Suite};

/// So many failures, and tests that were flaky, are kept with their details.
const KEPT: usize = 200;

/// Tests, counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// All tests. A test that was run several times counts once.
    pub tests: u64,
    /// Those that have succeeded, flaky ones among them.
    pub passed: u64,
    /// Those that did not find what they expected.
    pub failed: u64,
    /// Those that could not be carried through.
    pub errors: u64,
    /// Those that were not run.
    pub skipped: u64,
    /// Those that have failed at first and succeeded when they ran again.
    pub flaky: u64,
    /// The time of all tests, one after another.
    pub seconds: f64,
    /// Every suite that has tests.
    pub suites: Vec<SuiteSummary>,
    /// What has failed: at most 200.
    pub failures: Vec<Failure>,
    /// What was flaky: at most 200.
    pub flakies: Vec<Flaky>,
}

/// A suite, counted as [`Summary`] is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SuiteSummary {
    /// Its name.
    pub name: String,
    /// All tests.
    pub tests: u64,
    /// Succeeded.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Not carried through.
    pub errors: u64,
    /// Not run.
    pub skipped: u64,
    /// Succeeded when run again.
    pub flaky: u64,
    /// The time of its tests.
    pub seconds: f64,
}

/// A test that has failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Its suite.
    pub suite: String,
    /// Its name, with its class where that says more; empty for a suite that has failed as a whole.
    pub name: String,
    /// Why, at most 4 KiB; the first line of the text where the report has no message.
    pub message: String,
    /// The details, at most 16 KiB.
    pub text: String,
}

/// A test that has succeeded only when it was run again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flaky {
    /// Its suite.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// How often it has failed before.
    pub failed: u64,
    /// Why it had failed.
    pub message: String,
}

impl Failure {
    /// What it is called in one line: the name, or the suite where the suite itself has failed.
    pub fn title(&self) -> String {
        match self.name.is_empty() {
            true => self.suite.clone(),
            false => self.name.clone(),
        }
    }
}

impl Summary {
    /// How many tests were really run.
    pub fn ran(&self) -> u64 {
        self.tests - self.skipped
    }

    /// Adds the suites of a report.
    pub(super) fn add(&mut self, suites: Vec<Suite>) {
        for suite in suites {
            if !suite.cases.is_empty() {
                self.add_suite(suite);
            }
        }
    }

    /// Takes note of an earlier try of the same step: what failed there, and has succeeded here, is flaky.
    pub fn after(&mut self, earlier: &Summary) {
        let failed_now: Vec<(&str, &str)> = self
            .failures
            .iter()
            .map(|failure| (failure.suite.as_str(), failure.name.as_str()))
            .collect();
        let mut found = Vec::new();
        for failure in &earlier.failures {
            let key = (failure.suite.as_str(), failure.name.as_str());
            let is_known = self
                .flakies
                .iter()
                .any(|flaky| (flaky.suite.as_str(), flaky.name.as_str()) == key);
            let has_run = self.suites.iter().any(|suite| suite.name == failure.suite);
            if !is_known && has_run && !failed_now.contains(&key) {
                found.push(Flaky {
                    suite: failure.suite.clone(),
                    name: failure.name.clone(),
                    failed: 1,
                    message: failure.message.clone(),
                });
            }
        }
        for flaky in found {
            if let Some(suite) = self
                .suites
                .iter_mut()
                .find(|suite| suite.name == flaky.suite)
            {
                suite.flaky += 1;
            }
            self.flaky += 1;
            self.flakies.push(flaky);
        }
    }

    fn add_suite(&mut self, suite: Suite) {
        let mut counted = SuiteSummary {
            name: suite.name,
            ..SuiteSummary::default()
        };
        for case in repeated(suite.cases) {
            counted.tests += 1;
            counted.seconds += case.seconds;
            let name = full_name(&counted.name, &case);
            let message = reason(&case);
            match case.end {
                End::Skipped => counted.skipped += 1,
                End::Passed => {
                    counted.passed += 1;
                    if case.failed_before > 0 {
                        counted.flaky += 1;
                        keep(&mut self.flakies, || Flaky {
                            suite: counted.name.clone(),
                            name,
                            failed: u64::try_from(case.failed_before).unwrap_or(u64::MAX),
                            message,
                        });
                    }
                }
                End::Failed | End::Error => {
                    match case.end {
                        End::Failed => counted.failed += 1,
                        _ => counted.errors += 1,
                    }
                    keep(&mut self.failures, || Failure {
                        suite: counted.name.clone(),
                        name,
                        message,
                        text: case.text,
                    });
                }
            }
        }
        if counted.seconds == 0.0 {
            counted.seconds = suite.seconds;
        }
        self.tests += counted.tests;
        self.passed += counted.passed;
        self.failed += counted.failed;
        self.errors += counted.errors;
        self.skipped += counted.skipped;
        self.flaky += counted.flaky;
        self.seconds += counted.seconds;
        self.suites.push(counted);
    }
}

/// Why a case has failed: its message, or the first line of its text where the message says no more than that it has failed.
fn reason(case: &Case) -> String {
    let message = case.message.trim();
    let says_nothing = [
        "",
        "failed",
        "failure",
        "error",
        "build error",
        "test failure",
    ];
    let first = case
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    match first {
        Some(line) if says_nothing.contains(&message.to_lowercase().as_str()) => line.to_owned(),
        _ => message.to_owned(),
    }
}

fn keep<T>(kept: &mut Vec<T>, make: impl FnOnce() -> T) {
    if kept.len() < KEPT {
        kept.push(make());
    }
}

/// Cases of one suite that stand there several times, failed at first and succeeded at last, become one: so Gradle and others write down that
/// a test ran again. In any other order they are tests that happen to have one name.
fn repeated(cases: Vec<Case>) -> Vec<Case> {
    let mut groups: HashMap<(String, String), Vec<usize>> = HashMap::default();
    for (index, case) in cases.iter().enumerate() {
        groups
            .entry((case.class.clone(), case.name.clone()))
            .or_default()
            .push(index);
    }
    let is_bad = |case: &Case| matches!(case.end, End::Failed | End::Error);
    let mut dropped = vec![false; cases.len()];
    let mut before: HashMap<usize, (usize, f64, Case)> = HashMap::default();
    for indexes in groups.values() {
        let Some((last, earlier)) = indexes.split_last() else {
            continue;
        };
        let tries: Vec<&Case> = earlier
            .iter()
            .filter_map(|index| cases.get(*index))
            .collect();
        let succeeded = cases.get(*last).is_some_and(|case| case.end == End::Passed);
        if let Some(first) = tries.first()
            && succeeded
            && tries.iter().all(|case| is_bad(case))
        {
            let seconds = tries.iter().map(|case| case.seconds).sum();
            before.insert(*last, (tries.len(), seconds, (*first).clone()));
            earlier
                .iter()
                .filter_map(|index| dropped.get_mut(*index).map(|dropped| *dropped = true))
                .count();
        }
    }
    let kept = cases
        .into_iter()
        .enumerate()
        .zip(dropped)
        .filter(|(_, dropped)| !dropped);
    kept.map(|((index, mut case), _)| {
        if let Some((count, seconds, first)) = before.remove(&index) {
            case.failed_before += count;
            case.seconds += seconds;
            case.message = first.message;
            case.text = first.text;
        }
        case
    })
    .collect()
}

/// A case's name, after its class where neither the name nor the suite says that already.
fn full_name(suite: &str, case: &Case) -> String {
    let class = case.class.trim();
    let name = case.name.trim();
    if class.is_empty() || suite.starts_with(class) || name.contains(class) {
        return name.to_owned();
    }
    format!("{class} › {name}")
}
