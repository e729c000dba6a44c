//! The language suite: programs under `tests/language/`, the diagnostics that they must give in
//! comments at the lines they belong to.
//!
//! `//~ error A0305 twelve digits` expects a diagnostic of that severity and code on its own line,
//! whose message holds the text (which may be left out). `//~^` means the line above, each further
//! `^` one more. A program without such comments must be accepted in silence. A folder that holds a
//! `pipeline.aphex` is one program of several files; `#~` does the same in YAML.
//! `APHEX_CASE=text cargo test --test compiler language::` runs the cases whose path holds that text.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aphex::analysis::analyse;
use aphex::diagnostics::{Diagnostic, Severity};
use aphex::source::{MemoryFiles, Sources};

/// One expected diagnostic.
#[derive(Debug)]
struct Expected {
    file: String,
    line: usize,
    severity: String,
    code: String,
    text: String,
}

/// Reads the expectations of one file.
fn expectations(file: &str, text: &str) -> Vec<Expected> {
    let mut list = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for piece in line.split("//~").skip(1).chain(line.split("#~").skip(1)) {
            let piece = piece.trim_end().trim_end_matches(['"', ',']);
            let up = piece.chars().take_while(|c| *c == '^').count();
            let mut words = piece[up..].trim().splitn(3, ' ');
            let (severity, code) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            assert!(
                matches!(severity, "error" | "warning") && code.starts_with('A'),
                "{file}:{}: cannot read the expectation `{piece}`",
                index + 1
            );
            list.push(Expected {
                file: file.to_owned(),
                line: index + 1 - up,
                severity: severity.to_owned(),
                code: code.to_owned(),
                text: words.next().unwrap_or("").trim().to_owned(),
            });
        }
    }
    list
}

/// The place of a diagnostic, and `severity code message`.
fn show(sources: &Sources, diagnostic: &Diagnostic) -> (String, usize, String) {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = diagnostic.span().and_then(|span| {
        let file = sources.get(span.source)?;
        Some((file.name.clone(), file.line_column(span.start).line))
    });
    let (file, line) = place.unwrap_or_default();
    (
        file,
        line,
        format!("{severity} {} {}", diagnostic.code.id, diagnostic.message),
    )
}

/// Runs one program; returns what differs from what it expects.
fn run(name: &str, root: &str, files: &BTreeMap<String, String>) -> Vec<String> {
    let mut project = MemoryFiles::new();
    for (path, text) in files {
        // A script of a case is executable unless it says otherwise.
        let executable = text.starts_with("#!") && !text.contains("not executable");
        project = if executable {
            project.with_executable(path, text)
        } else {
            project.with(path, text)
        };
    }
    let analysis = analyse(root, &project);
    let mut expected: Vec<Expected> = files
        .iter()
        .flat_map(|(path, text)| expectations(path, text))
        .collect();
    let mut differences = Vec::new();
    for diagnostic in &analysis.diagnostics {
        let (file, line, text) = show(&analysis.sources, diagnostic);
        let found = expected.iter().position(|expected| {
            expected.file == file
                && expected.line == line
                && text.starts_with(&format!("{} {} ", expected.severity, expected.code))
                && text.contains(&expected.text)
        });
        match found {
            Some(index) => {
                expected.remove(index);
            }
            None => differences.push(format!("{name}: not expected: {file}:{line}: {text}")),
        }
    }
    for missing in expected {
        let Expected {
            file,
            line,
            severity,
            code,
            text,
        } = missing;
        differences.push(format!(
            "{name}: missing: {file}:{line}: {severity} {code} {text}"
        ));
    }
    differences
}

/// Every file below a folder, as text, by path relative to it.
fn read_folder(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// A case: a name, the root file, all files.
type Case = (String, String, BTreeMap<String, String>);

/// Every case below the folder, sorted.
fn cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        let name = directory
            .strip_prefix(folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if directory.join("pipeline.aphex").exists() {
            cases.push((name, "pipeline.aphex".to_owned(), read_folder(&directory)));
            continue;
        }
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "aphex")
            {
                let file = path.file_name().unwrap().to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).unwrap();
                cases.push((
                    format!("{name}/{file}"),
                    file.clone(),
                    [(file, text)].into(),
                ));
            }
        }
    }
    cases.sort();
    cases
}

#[test]
fn every_program_gives_exactly_the_diagnostics_it_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let only = std::env::var("APHEX_CASE").unwrap_or_default();
    let mut cases = cases(&folder);
    cases.retain(|(name, ..)| name.contains(&only));
    assert!(!cases.is_empty(), "no case matches `{only}`");
    let differences: Vec<String> = cases
        .iter()
        .flat_map(|(name, root, files)| run(name, root, files))
        .collect();
    println!("{} programs", cases.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
