//! What must hold across blocks, in the repository, and at AWS, Kubernetes and Argo.
//!
//! A rule is a function that looks at the pipelines of a program and reports; one file holds one
//! rule or a few that belong together. A rule is silent where it cannot be sure.

mod accounts;
mod commands;
mod conditions;
mod credentials;
mod cron;
mod duplicates;
mod flow;
mod known_credentials;
mod names;
mod needs;
mod places;
mod repository;
mod retries;
mod schedules;
mod settings;
pub mod shell;
mod sizes;
#[cfg(test)]
mod tests;
mod times;
mod triggers;

use std::cell::RefCell;
use std::rc::Rc;

pub use accounts::partition;
pub use commands::steps;

use crate::collections::HashMap;
use crate::diagnostics::Problems;
use crate::graph::Graph;
use crate::model::{Pipeline, Step};
use crate::resolve::Program;
use crate::source::{FileSystem, Sources, Span};
use places::Places;
use shell::{Script, SyntaxError};

/// What the rules look at.
pub struct Context<'a> {
    /// Every pipeline of the program, as far as it could be built.
    pub pipelines: &'a [Pipeline],
    /// What each of them is in a run, in the same order.
    pub graphs: &'a [Graph<'a>],
    /// The program, for places within strings and for the tree; `None` where there is none.
    pub program: Option<&'a Program>,
    /// The project.
    pub files: &'a dyn FileSystem,
    /// Every file that was read.
    pub sources: &'a Sources,
}

/// Looks at every pipeline with every rule.
pub fn check(context: &Context<'_>, problems: &mut Problems) {
    let rules = Rules {
        pipelines: context.pipelines,
        files: context.files,
        sources: context.sources,
        program: context.program,
        places: Places::new(context.program),
        scripts: RefCell::new(HashMap::default()),
        repository: repository::Repository::new(context.files),
    };
    conditions::operators(&rules, problems);
    credentials::files(&rules, problems);
    duplicates::check(&rules, problems);
    for (pipeline, graph) in rules.pipelines.iter().zip(context.graphs) {
        accounts::check(pipeline, problems);
        conditions::check(&rules, pipeline, problems);
        credentials::check(&rules, pipeline, problems);
        flow::check(pipeline, graph, problems);
        names::check(pipeline, graph, problems);
        needs::check(pipeline, graph, problems);
        retries::check(&rules, pipeline, problems);
        schedules::check(pipeline, problems);
        settings::check(pipeline, problems);
        sizes::check(pipeline, problems);
        times::check(&rules, pipeline, problems);
        triggers::check(pipeline, problems);
        commands::check(&rules, pipeline, problems);
        repository::check(&rules, pipeline, problems);
    }
}

/// The programs that a step's image must have: those that the file names, and those that its commands call.
pub fn tools(step: &Step) -> Vec<String> {
    let mut tools = shell::tools(step.run.iter().map(|text| text.value.as_str()));
    tools.extend(step.tools.iter().map(|tool| tool.value.clone()));
    tools.sort_unstable();
    tools.dedup();
    tools
}

/// Whether a file of this name is the standard library's.
fn is_standard(name: &str) -> bool {
    name.starts_with("std/") || name.starts_with("std.")
}

/// What the rules share.
struct Rules<'a> {
    pipelines: &'a [Pipeline],
    files: &'a dyn FileSystem,
    sources: &'a Sources,
    program: Option<&'a Program>,
    places: Places<'a>,
    scripts: RefCell<HashMap<String, Rc<Result<Script, SyntaxError>>>>,
    repository: repository::Repository<'a>,
}

impl Rules<'_> {
    /// A place, or another one where that is in the standard library: the place of a default.
    fn own(&self, span: Span, otherwise: Span) -> Span {
        let source = self.sources.get(span.source);
        match source.is_some_and(|source| is_standard(&source.name)) {
            true => otherwise,
            false => span,
        }
    }

    /// A command's text as a script; each text is read once.
    fn script(&self, text: &str) -> Rc<Result<Script, SyntaxError>> {
        if let Some(script) = self.scripts.borrow().get(text) {
            return Rc::clone(script);
        }
        let script = Rc::new(shell::read(text));
        self.scripts
            .borrow_mut()
            .insert(text.to_owned(), Rc::clone(&script));
        script
    }
}
