//! The phases in order: from a file to its diagnostics, its evaluated pipelines and their models.
//!
//! Every command, the tests and an editor go through here.

use crate::diagnostics::{Diagnostic, Problems, Severity};
use crate::resolve::{self, ModulePath, Program};
use crate::source::{FileSystem, Sources};
use crate::syntax::allow;
use crate::types;

/// Everything that is known about one root file.
#[derive(Debug)]
pub struct Analysis {
    /// Every file that was read.
    pub sources: Sources,
    /// What is wrong, sorted, each once.
    pub diagnostics: Vec<Diagnostic>,
    /// The modules; `None` where the root file could not be read.
    pub program: Option<Program>,
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
    if let Some(program) = &program {
        let _ = types::check(program, &sources, &mut problems);
    }
    let modules = program.iter().flat_map(|program| &program.modules);
    let own = modules.filter(|module| matches!(module.path, ModulePath::File(_)));
    let trees = own.map(|module| module.file.as_ref());
    let diagnostics = allow::apply(trees, &sources, problems.into_sorted());
    Analysis {
        sources,
        diagnostics,
        program,
    }
}
