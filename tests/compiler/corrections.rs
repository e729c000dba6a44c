//! A proposed change, applied, makes its problem go and brings no error about: with every phase, for every error page and
//! every program of the language suite.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{markdown, tools};
use aphex::analysis::{Analysis, analyse};
use aphex::diagnostics::{Diagnostic, Edit, Fix, Severity, codes};
use aphex::source::MemoryFiles;
use aphex::tools::fix;

type Files = BTreeMap<String, String>;

fn check(root: &str, files: &Files) -> Analysis {
    let add = |project: MemoryFiles, (name, text): (&String, &String)| match text.starts_with("#!")
    {
        true => project.with_executable(name, text),
        false => project.with(name, text),
    };
    analyse(root, &files.iter().fold(MemoryFiles::new(), add))
}

/// How often each problem occurs, whatever its place.
fn count(
    analysis: &Analysis,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for diagnostic in analysis
        .diagnostics
        .iter()
        .filter(|diagnostic| wanted(diagnostic))
    {
        let key = (diagnostic.code.id.to_owned(), diagnostic.message.clone());
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// The files with one fix applied; `None` where it changes the standard library.
fn apply(files: &Files, analysis: &Analysis, fix: &Fix) -> Option<Files> {
    let mut changed = files.clone();
    let mut edits: BTreeMap<String, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        let name = analysis.sources.get(edit.span.source)?.name.clone();
        edits.entry(name).or_default().push(edit);
    }
    for (name, edits) in edits {
        let text = fix::apply(files.get(&name)?, &edits)?;
        changed.insert(name, text);
    }
    Some(changed)
}

/// What is wrong with the fixes of a program.
fn judge(name: &str, root: &str, files: &Files) -> Vec<String> {
    let before = check(root, files);
    let mut wrong = Vec::new();
    for diagnostic in &before.diagnostics {
        for fix in &diagnostic.fixes {
            let told = format!(
                "{name}: {} {}: {}",
                diagnostic.code.id, diagnostic.message, fix.message
            );
            let Some(changed) = apply(files, &before, fix) else {
                wrong.push(format!("{told}: cannot be applied"));
                continue;
            };
            let after = check(root, &changed);
            let same = |other: &Diagnostic| {
                other.code == diagnostic.code && other.message == diagnostic.message
            };
            let times = |analysis: &Analysis| {
                analysis
                    .diagnostics
                    .iter()
                    .filter(|other| same(other))
                    .count()
            };
            if times(&after) >= times(&before) {
                wrong.push(format!("{told}: the problem stays"));
            }
            // What is repaired lets later phases see more: only errors of the same family or an earlier
            // one are the fix's fault. A module that is found at last may lack a name (A0206), and a field
            // that is spelt right may be there already (A0406).
            let family = diagnostic.code.id.get(..3).unwrap_or_default();
            let is_early = |other: &Diagnostic| {
                other.severity == Severity::Error
                    && other.code.id.get(..3).unwrap_or_default() <= family
                    && !["A0206", "A0406"].contains(&other.code.id)
            };
            let (old, new) = (count(&before, is_early), count(&after, is_early));
            for (problem, times) in new {
                if times > old.get(&problem).copied().unwrap_or(0) && family != "A00" {
                    wrong.push(format!("{told}: brings about {} {}", problem.0, problem.1));
                }
            }
        }
    }
    wrong
}

/// Every file below a folder.
fn read(folder: &Path, base: &Path, into: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, base, into);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let name = path
                .strip_prefix(base)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            into.insert(name, text);
        }
    }
}

/// The programs of the language suite: a file each, or a folder with `pipeline.aphex`.
fn suite(folder: &Path, into: &mut Vec<(String, String, Files)>) {
    let name = folder.display().to_string();
    if folder.join("pipeline.aphex").exists() {
        let mut files = Files::new();
        read(folder, folder, &mut files);
        into.push((name, "pipeline.aphex".to_owned(), files));
        return;
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            suite(&path, into);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "aphex")
        {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            into.push((
                path.display().to_string(),
                file.clone(),
                [(file, text)].into(),
            ));
        }
    }
}

#[test]
fn fixes_solve_their_problem() {
    let mut programs = Vec::new();
    suite(&tools::root().join("tests/language"), &mut programs);
    for code in codes::all() {
        for block in markdown::blocks(code.page) {
            if block.section == "Wrong" && block.info == "aphex" {
                let files: Files = markdown::files(&block.text).into_iter().collect();
                let root = markdown::files(&block.text)[0].0.clone();
                programs.push((code.id.to_owned(), root, files));
            }
        }
    }
    let wrong: Vec<String> = programs
        .iter()
        .flat_map(|(name, root, files)| judge(name, root, files))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
