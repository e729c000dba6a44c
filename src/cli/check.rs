//! `aphex check`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::analysis::Analysis;
use crate::cli::assembly::Against;
use crate::cli::console::Console;
use crate::cli::fixes::{self, Fixed};
use crate::cli::input::{Finder, Input};
use crate::cli::names::Names;
use crate::cli::output::{self, Format};
use crate::cli::{Exit, exit_for, preflight};
use crate::collections::HashSet;
use crate::diagnostics::codes::input::UNUSED_ALLOW;
use crate::diagnostics::{Report, human, plural};

/// Check pipelines: without `--preflight` nothing leaves this machine, and without `--synth` nothing runs
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aphex check                          every pipeline.aphex of this repository
  aphex check services/shop            every pipeline.aphex below a directory
  aphex check --fix                    correct what can be corrected safely
  aphex check --format sarif > a.sarif for code scanning
  aphex check --synth                  compare with what the CDK app makes, too
  aphex check --preflight              also ask AWS and this machine
  cat pipeline.aphex | aphex check -   standard input

Exit codes: 0 fine, 1 errors (or warnings, where they are denied), 64 wrong usage")]
pub struct Check {
    /// Files, directories, or `-` for standard input; nothing: the whole repository
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// How problems are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// What else counts as an error: warnings
    #[arg(long, value_enum, value_name = "WHAT", hide_possible_values = true)]
    deny: Option<Deny>,
    /// Apply every correction that is safe to make, then check again
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    against: Against,
    /// Also ask what a deployment with your credentials would meet: whether each account can be reached, is the one in the file and is bootstrapped for the CDK, and
    /// whether the tools are here that `aphex run` needs. Files with errors are left out
    #[arg(long, conflicts_with = "fix")]
    preflight: bool,
    /// Say nothing where there are no problems
    #[arg(long, short)]
    quiet: bool,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// What may be counted as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings
    Warnings,
}

impl Check {
    /// Checks, tells what was found, and corrects it where that was asked for.
    pub fn run(self, console: &mut Console) -> Exit {
        let finder = match Finder::new(self.root.as_deref()) {
            Ok(finder) => finder,
            Err(problem) => return self.tell(&[problem], &[], console),
        };
        let (inputs, mut reports) = finder.all(&self.paths);
        if self.fix && inputs.iter().any(|input| input.path.is_none()) {
            let help = "name the file, so that it can be written";
            console.fail("`--fix` cannot change standard input", Some(help));
            return Exit::Usage;
        }
        if let Some((message, help)) = self.against.wrong() {
            console.fail(message, Some(help));
            return Exit::Usage;
        }
        let checked: Vec<String> = inputs.iter().map(Input::shown).collect();
        let whole = self.paths.is_empty();
        let found = match self.fix {
            false => look(&inputs, whole, |input, analysis| {
                if self.preflight && !analysis.has_errors() {
                    preflight::check(input, analysis, console);
                }
                self.against.look(input, analysis, console);
            }),
            true => {
                let Fixed {
                    reports,
                    done,
                    failed,
                } = fixes::apply(&inputs, |inputs| look(inputs, whole, |_, _| ()));
                console.remark(&done);
                if !failed.is_empty() {
                    let failed = [Report::without_sources(failed)];
                    console.remark(&human::render(&failed, console.err));
                    self.tell(&reports, &checked, console);
                    return Exit::Errors;
                }
                reports
            }
        };
        reports.extend(found);
        self.tell(&reports, &checked, console)
    }

    fn tell(&self, reports: &[Report], checked: &[String], console: &mut Console) -> Exit {
        let text = self.format.render(reports, checked, console.out);
        console.print(&text);
        let worst = output::worst(reports);
        if worst.is_none() && self.format == Format::Human && !self.quiet {
            let files = plural(checked.len(), "file");
            console.print(&format!("checked {files}: no problems\n"));
        }
        exit_for(worst, self.deny == Some(Deny::Warnings))
    }
}

/// Checks each input. `whole` says that they are all of the repository; `more` adds what is wrong beyond the file.
fn look(inputs: &[Input], whole: bool, mut more: impl FnMut(&Input, &mut Analysis)) -> Vec<Report> {
    let mut names = Names::default();
    let mut reports: Vec<Report> = inputs
        .iter()
        .map(|input| {
            let mut analysis = output::look(input);
            if inputs.len() > 1 {
                names.add(input, &mut analysis);
            }
            more(input, &mut analysis);
            output::report(input, analysis)
        })
        .collect();
    settle_unused(&mut reports, inputs, whole);
    reports
}

/// A comment that allows a warning may stand in a module that several pipelines share, and be of
/// use to one of them alone. It is unused only where all of them were looked at, and none needs it.
fn settle_unused(reports: &mut [Report], inputs: &[Input], whole: bool) {
    let place = |report: &Report, index: usize| {
        let span = report.diagnostics.get(index)?.span()?;
        Some((report.shown(span.source).to_owned(), span.start))
    };
    let unused_in = |report: &Report| -> HashSet<(String, u32)> {
        let is_unused = |index: &usize| {
            let code = report
                .diagnostics
                .get(*index)
                .map(|diagnostic| diagnostic.code.id);
            code == Some(UNUSED_ALLOW.id)
        };
        let indices = (0..report.diagnostics.len()).filter(is_unused);
        indices.filter_map(|index| place(report, index)).collect()
    };
    let unused: Vec<HashSet<(String, u32)>> = reports.iter().map(unused_in).collect();
    let files: Vec<HashSet<String>> = reports
        .iter()
        .map(|report| {
            report
                .sources
                .iter()
                .map(|(id, _)| report.shown(id).to_owned())
                .collect()
        })
        .collect();
    let agreed = |at: &(String, u32)| {
        let mut readers = files
            .iter()
            .zip(&unused)
            .filter(|(files, _)| files.contains(&at.0));
        whole && readers.all(|(_, unused)| unused.contains(at))
    };
    for (report, input) in reports.iter_mut().zip(inputs) {
        let root = input.shown();
        let keep: Vec<bool> = (0..report.diagnostics.len())
            .map(
                |index| match (report.diagnostics.get(index), place(report, index)) {
                    (Some(diagnostic), Some(at)) if diagnostic.code.id == UNUSED_ALLOW.id => {
                        at.0 == root || agreed(&at)
                    }
                    _ => true,
                },
            )
            .collect();
        let mut keep = keep.into_iter();
        report.diagnostics.retain(|_| keep.next().unwrap_or(true));
    }
}
