//! From a file to its diagnostics; every command goes through here.

use crate::diagnostics::{Diagnostic, Problems};
use crate::source::{FileSystem, Sources};
use crate::syntax;

/// Everything that is known about one root file.
#[derive(Debug)]
pub struct Analysis {
    /// Every file that was read.
    pub sources: Sources,
    /// What is wrong, sorted, each once.
    pub diagnostics: Vec<Diagnostic>,
}

/// Analyses the file `root`, a path relative to the project that `files` opens.
pub fn analyse(root: &str, files: &dyn FileSystem) -> Analysis {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let mut trees = Vec::new();
    if let Ok(text) = files.read(root.as_ref(), syntax::MAX_FILE_SIZE) {
        let source = sources.add(root, text.as_str());
        trees.push(syntax::parse(source, &text, &mut problems));
    }
    let diagnostics = syntax::allow::apply(&trees, &sources, problems.into_sorted());
    Analysis {
        sources,
        diagnostics,
    }
}
