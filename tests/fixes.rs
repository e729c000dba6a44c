//! A fix is safe to apply without a person looking: applied alone, it makes its own problem go, and the
//! program is still one that can be read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aphex::diagnostics::{Diagnostic, Fix, Problems};
use aphex::source::{MemoryFiles, Sources};
use aphex::{resolve, types};

type Files = BTreeMap<String, String>;

fn check(files: &Files) -> (Sources, Vec<Diagnostic>) {
    let mut memory = MemoryFiles::new();
    for (path, text) in files {
        memory = memory.with(path, text.clone());
    }
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    if let Some(program) = resolve::load("pipeline.aphex", &memory, &mut sources, &mut problems) {
        types::check(&program, &sources, &mut problems);
    }
    (sources, problems.into_sorted())
}

/// The files with the edits of one fix.
fn applied(files: &Files, sources: &Sources, fix: &Fix) -> Files {
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut files = files.clone();
    for edit in edits {
        let name = &sources.get(edit.span.source).unwrap().name;
        let text = files
            .get_mut(name)
            .expect("a fix changes files of the program alone");
        text.replace_range(edit.span.range(), &edit.text);
    }
    files
}

/// The programs below a folder: single files, and folders that hold a `pipeline.aphex`.
fn programs(folder: &Path, into: &mut Vec<(String, Files)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() && path.join("pipeline.aphex").exists() {
            let (mut files, mut open) = (Files::new(), vec![path.clone()]);
            while let Some(folder) = open.pop() {
                for entry in fs::read_dir(&folder).unwrap() {
                    let inner = entry.unwrap().path();
                    if inner.is_dir() {
                        open.push(inner);
                    } else {
                        let below = inner.strip_prefix(&path).unwrap();
                        let text = fs::read_to_string(&inner).unwrap();
                        files.insert(below.to_string_lossy().replace('\\', "/"), text);
                    }
                }
            }
            into.push((name, files));
        } else if path.is_dir() {
            programs(&path, into);
        } else if path.extension().is_some_and(|end| end == "aphex") {
            let text = fs::read_to_string(&path).unwrap();
            into.push((name, Files::from([("pipeline.aphex".to_owned(), text)])));
        }
    }
}

/// How often this very problem is reported.
fn count(list: &[Diagnostic], problem: &Diagnostic) -> usize {
    let same = |other: &&Diagnostic| other.code == problem.code && other.message == problem.message;
    list.iter().filter(same).count()
}

fn syntax_errors(list: &[Diagnostic]) -> usize {
    list.iter()
        .filter(|problem| problem.code.id.starts_with("A01"))
        .count()
}

#[test]
fn a_fix_makes_its_problem_go() {
    let mut all = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    for folder in ["names", "types", "schemas"] {
        programs(&root.join(folder), &mut all);
    }
    let (mut tried, mut failures) = (0, Vec::new());
    for (name, files) in &all {
        let (sources, before) = check(files);
        for problem in &before {
            for fix in &problem.fixes {
                tried += 1;
                let (_, after) = check(&applied(files, &sources, fix));
                let gone = count(&after, problem) < count(&before, problem);
                if !gone || syntax_errors(&after) > syntax_errors(&before) {
                    let (code, message) = (problem.code.id, &problem.message);
                    failures.push(format!("{name}: {code} {message}: {}", fix.message));
                }
            }
        }
    }
    assert!(tried > 40, "only {tried} fixes were tried");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
