//! `aphex check --assembly` and `--synth`: pipelines held against what their apps synthesise, as a deployment holds them.

mod given;
mod synth;

use clap::Args;

use crate::analysis::Analysis;
use crate::cli::console::Console;
use crate::cli::input::Input;
use crate::diagnostics::codes::run_cdk::MISSING_CONTEXT;
use crate::diagnostics::{Diagnostic, Problems, Severity};
use crate::model::{Environment, Pipeline, Stack};
use crate::stage::cdk::{self, Assembly};

/// What pipelines are held against.
#[derive(Args, Clone, Debug, Default)]
pub struct Against {
    /// Compare with a cloud assembly too, as `cdk synth --output DIR` leaves it; several apps: `APP=DIR`
    #[arg(long, value_name = "[APP=]DIR", conflicts_with = "fix")]
    assembly: Vec<String>,
    /// Synthesise with the repository's CDK CLI, in the working tree as it is, and compare with that
    #[arg(long, conflicts_with_all = ["assembly", "fix"])]
    synth: bool,
    /// Of `--assembly` and `--synth`: these environments alone
    #[arg(long, value_name = "ENV")]
    only: Vec<String>,
}

impl Against {
    /// Whether there is nothing to hold them against.
    pub fn is_nothing(&self) -> bool {
        self.assembly.is_empty() && !self.synth
    }

    /// What is wrong with the arguments, in words.
    pub fn wrong(&self) -> Option<(&'static str, &'static str)> {
        (self.is_nothing() && !self.only.is_empty()).then_some((
            "`--only` chooses environments for `--assembly` and `--synth`",
            "add one of these, or leave out `--only`: a check of the file looks at all of it",
        ))
    }

    /// Adds to what is wrong with a file what is wrong between it and its apps. A file with errors is left alone.
    pub fn look(&self, input: &Input, analysis: &mut Analysis, console: &mut Console) {
        if self.is_nothing() || analysis.has_errors() {
            return;
        }
        let mut problems = Problems::new();
        for problem in analysis.diagnostics.drain(..) {
            problems.push(problem);
        }
        for pipeline in &analysis.pipelines {
            for problem in self.unknown(pipeline) {
                problems.push(problem);
            }
            let found = match self.synth {
                true => synth::compare(self, input, pipeline, console),
                false => given::compare(self, pipeline, console),
            };
            for problem in once(found) {
                problems.push(problem);
            }
        }
        analysis.diagnostics = problems.into_sorted();
    }

    /// Names after `--only` that no environment has.
    fn unknown(&self, pipeline: &Pipeline) -> Vec<Diagnostic> {
        use crate::diagnostics::codes::run::NO_SUCH_ENVIRONMENT;
        use crate::diagnostics::did_you_mean;
        let names: Vec<&str> = pipeline
            .environments()
            .map(|environment| environment.name.value.as_str())
            .collect();
        let unknown = self
            .only
            .iter()
            .filter(|name| !names.contains(&name.as_str()));
        unknown
            .map(|name| {
                let message = format!(
                    "pipeline `{}` has no environment `{name}`",
                    pipeline.name.value
                );
                let problem = Diagnostic::error(&NO_SUCH_ENVIRONMENT, pipeline.name.span, message);
                match did_you_mean(name, names.iter().copied()) {
                    Some(near) => problem.help(format!("did you mean `--only {near}`?")),
                    None => problem,
                }
            })
            .collect()
    }

    fn takes(&self, environment: &Environment) -> bool {
        self.only.is_empty() || self.only.contains(&environment.name.value)
    }
}

/// What is wrong between an assembly and stacks of an environment, and which of its stacks they select.
fn held(
    environment: &Environment,
    stacks: &[&Stack],
    assembly: &Assembly,
) -> (Vec<Diagnostic>, Vec<String>) {
    let mut problems = Problems::new();
    let plan = cdk::compare(environment, stacks.iter().copied(), assembly, &mut problems);
    let selected = plan.iter().flat_map(|planned| &planned.selected);
    let paths = selected.map(|stack| stack.path.clone()).collect();
    let mut found = problems.into_sorted();
    found.retain(|problem| problem.severity == Severity::Error);
    (found, paths)
}

/// What an app asks for and does not get it asks for in every environment: said once.
fn once(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut said: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for problem in found {
        if problem.code == &MISSING_CONTEXT {
            if said.contains(&problem.message) {
                continue;
            }
            said.push(problem.message.clone());
        }
        kept.push(problem);
    }
    kept
}
