//! The checker on whole programs: the standard library, the examples.

use std::path::Path;

use crate::diagnostics::Problems;
use crate::resolve;
use crate::source::{FileSystem, MemoryFiles, Sources};
use crate::types;

/// The problems of a program, one a line: `file:line:column code message`.
pub(super) fn problems(root: &str, files: &dyn FileSystem, all: bool) -> Vec<String> {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    if let Some(program) = resolve::load(root, files, &mut sources, &mut problems) {
        if all {
            types::check_all(&program, &sources, &mut problems);
        } else {
            types::check(&program, &sources, &mut problems);
        }
    }
    let lines = problems.into_sorted().into_iter().map(|problem| {
        let place = problem.span().and_then(|span| {
            let file = sources.get(span.source)?;
            let at = file.line_column(span.start);
            Some(format!("{}:{}:{}", file.name, at.line, at.column))
        });
        format!(
            "{} {} {}",
            place.unwrap_or_default(),
            problem.code.id,
            problem.message
        )
    });
    lines.collect()
}

/// A program of one file.
pub(super) fn one(text: &str) -> MemoryFiles {
    MemoryFiles::new().with("pipeline.aphex", text)
}

#[test]
fn the_standard_library_has_no_errors() {
    let found = problems("pipeline.aphex", &one(""), true);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Every file below a folder of the repository, in memory.
fn folder(name: &str) -> (MemoryFiles, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let (mut files, mut pipelines) = (MemoryFiles::new(), Vec::new());
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".aphex") {
                files = files.with(&name, std::fs::read_to_string(&path).unwrap());
                pipelines.push(name);
            }
        }
    }
    (files, pipelines)
}

#[test]
fn the_examples_have_no_errors() {
    let (files, pipelines) = folder("examples");
    assert!(!pipelines.is_empty());
    for pipeline in pipelines {
        let found = problems(&pipeline, &files, false);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
