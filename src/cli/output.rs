//! The forms in which problems are told, and the arguments that choose one.

use clap::ValueEnum;

use crate::analysis::{Analysis, analyse};
use crate::cli::input::Input;
use crate::diagnostics::codes::input as codes;
use crate::diagnostics::{Diagnostic, Paint, Report, Severity, collect};
use crate::diagnostics::{github, human, json, sarif, short};
use crate::project::PIPELINE_FILE;
use crate::source::Span;
use crate::syntax::ast::Item;

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

/// In which form something is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
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

/// Analyses an input; a file that has nothing to say is a problem too.
pub fn look(input: &Input) -> Analysis {
    let mut analysis = analyse(&input.name, &input.files);
    let root = analysis
        .program
        .as_ref()
        .and_then(|program| program.module(program.root));
    let Some(root) = root else {
        return analysis;
    };
    let file = &root.file;
    let unread = |item: &Item| matches!(item, Item::Block(_) | Item::Error(_));
    let is_module = !input.name.ends_with(PIPELINE_FILE) && !file.items.is_empty();
    if is_module || !file.complete || file.items.iter().any(unread) {
        return analysis;
    }
    let text = analysis
        .sources
        .get(root.source)
        .map(|source| source.text.trim());
    let message = match text.is_some_and(str::is_empty) {
        true => format!("`{}` is empty", input.shown()),
        false => format!("`{}` declares no pipeline", input.shown()),
    };
    let problem = Diagnostic::error(&codes::NO_PIPELINE, Span::new(root.source, 0, 0), message)
        .help("write `pipeline NAME { … }`; `aphex new` writes one to start from");
    analysis.diagnostics.insert(0, problem);
    analysis
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
