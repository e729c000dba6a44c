//! The forms in which problems are told, and the arguments that choose one.

use clap::ValueEnum;

use crate::analysis::Analysis;
use crate::cli::input::Input;
use crate::diagnostics::{Paint, Report, Severity, collect};
use crate::diagnostics::{github, human, json, sarif, short};

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the lines, what is known, what to do
    #[default]
    Human,
    /// One line a problem: path:line:column: severity[code]: message
    Short,
    /// For programs: schemas/diagnostics.v1.json
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl Format {
    /// The problems in this form; `checked` are the paths of the files looked at.
    pub fn render(self, reports: &[Report], checked: &[String], paint: Paint) -> String {
        match self {
            Format::Human => human::render(reports, paint),
            Format::Short => short::render(reports),
            Format::Json => json::render(reports, checked),
            Format::Sarif => sarif::render(reports),
            Format::Github => github::render(reports),
        }
    }
}

/// What is wrong with an input, its files called as people call them.
pub fn report(input: &Input, analysis: Analysis) -> Report {
    Report::with_names(analysis.sources, analysis.diagnostics, |name| {
        input.file_name(name)
    })
}

/// The worst severity among the problems.
pub fn worst(reports: &[Report]) -> Option<Severity> {
    let found = collect(reports);
    found.iter().map(|found| found.diagnostic.severity).min()
}
