//! The phases in order: from a file to its diagnostics, its evaluated pipelines and their models.
//!
//! Every command, the tests and an editor go through here.

use std::rc::Rc;

use crate::diagnostics::{Diagnostic, Problems, Severity};
use crate::eval::{Bindings, data};
use crate::model::Pipeline;
use crate::resolve::{self, ModulePath, Program};
use crate::source::{FileSystem, Sources};
use crate::syntax::allow;
use crate::{eval, graph, model, rules, target, types};

/// Everything that is known about one root file.
#[derive(Debug)]
pub struct Analysis {
    /// Every file that was read.
    pub sources: Sources,
    /// What is wrong, sorted, each once.
    pub diagnostics: Vec<Diagnostic>,
    /// The modules; `None` where the root file could not be read.
    pub program: Option<Program>,
    /// The root file's pipelines as evaluated, in order.
    pub objects: Vec<Rc<data::Object>>,
    /// The same as Rust types; one that errors left too little of is not among them.
    pub pipelines: Vec<Pipeline>,
}

impl Analysis {
    /// Whether the program is refused.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Analyses the file `root`, a path relative to the project that `files` opens.
pub fn analyse(root: &str, files: &dyn FileSystem) -> Analysis {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let program = resolve::load(root, files, &mut sources, &mut problems);
    let mut objects = Vec::new();
    let mut pipelines = Vec::new();
    if let Some(program) = &program {
        let checked = types::check(program, &sources, &mut problems);
        objects = eval::evaluate(program, &checked, files, &mut sources, &mut problems);
        let models = objects
            .iter()
            .filter_map(|object| model::build(object, &sources, &mut problems));
        pipelines = models.collect();
        let graphs: Vec<_> = pipelines.iter().map(graph::build).collect();
        let context = rules::Context {
            pipelines: &pipelines,
            graphs: &graphs,
            program: Some(program),
            files,
            sources: &sources,
        };
        rules::check(&context, &mut problems);
        if !problems.has_errors() {
            target::check(pipelines.iter().zip(&graphs), &mut problems);
            target::stack::check(pipelines.iter().zip(&graphs), files, &mut problems);
        }
    }
    let modules = program.iter().flat_map(|program| &program.modules);
    let own = modules.filter(|module| matches!(module.path, ModulePath::File(_)));
    let trees = own.map(|module| module.file.as_ref());
    let diagnostics = allow::apply(trees, &sources, problems.into_sorted());
    Analysis {
        sources,
        diagnostics,
        program,
        objects,
        pipelines,
    }
}

/// Evaluates the file `root` where these run-time values are known: what a stage works from.
///
/// Rules across blocks are not asked again: they were when the file was checked, and what they say of values that are
/// known only in a run has no place in one.
pub fn at_run_time(root: &str, files: &dyn FileSystem, known: &Bindings) -> Analysis {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let program = resolve::load(root, files, &mut sources, &mut problems);
    let mut objects = Vec::new();
    if let Some(program) = &program {
        let checked = types::check(program, &sources, &mut problems);
        objects = eval::evaluate_with(program, &checked, known, files, &mut sources, &mut problems);
    }
    let models = objects
        .iter()
        .filter_map(|object| model::read(object, &sources));
    let pipelines = models.collect();
    let mut diagnostics = problems.into_sorted();
    diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    Analysis {
        sources,
        diagnostics,
        program,
        objects,
        pipelines,
    }
}
