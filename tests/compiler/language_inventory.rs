//! What the language suite has to hold: a program for every code, and beside each program that a rule or the domain refuses one
//! that it accepts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aphex::diagnostics::codes;

/// Codes that no program of the suite gives, why, and which test does.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "A0001",
        "the command line was given a path that is not there",
        "tests/cli/input.md",
    ),
    ("A0002", "the suite's files are UTF-8", "tests/cli/input.md"),
    ("A0003", "a file of 16 MiB", "tests/cli/input.md"),
    (
        "A0004",
        "needs a file system that refuses",
        "tests/cli/input.md",
    ),
    (
        "A0005",
        "the command line found no file",
        "tests/cli/input.md",
    ),
    (
        "A0006",
        "needs a file system that refuses",
        "tests/cli/fix.md",
    ),
    (
        "A0007",
        "only commands that want a pipeline say so",
        "tests/cli/input.md",
    ),
    (
        "A0750",
        "a program of seconds; its page's examples are run",
        "tests/compiler/error_pages.rs",
    ),
    (
        "A0753",
        "a program of seconds; its page's examples are run",
        "tests/compiler/error_pages.rs",
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language")
}

/// Every file of the suite.
fn files() -> Vec<PathBuf> {
    let mut open = vec![folder()];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        match path.is_dir() {
            true => open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            ),
            false => found.push(path),
        }
    }
    found
}

/// The codes that a text expects in its comments.
fn expected(text: &str) -> impl Iterator<Item = &str> {
    let marks = text.split("//~").skip(1).chain(text.split("#~").skip(1));
    marks.filter_map(|mark| {
        let mark = mark.trim_start_matches('^').trim_start();
        let code = mark
            .strip_prefix("error ")
            .or_else(|| mark.strip_prefix("warning "))?;
        code.get(..5)
    })
}

#[test]
fn every_code_has_a_program() {
    let texts: Vec<String> = files()
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let given: BTreeSet<&str> = texts.iter().flat_map(|text| expected(text)).collect();
    // What only a run, or what it asks before it, can say has tests beside its stages.
    let ours = codes::all()
        .map(|code| code.id)
        .filter(|id| !id.starts_with("A08") && !id.starts_with("A09"));
    let elsewhere = |id: &str| ELSEWHERE.iter().any(|(code, ..)| *code == id);
    let missing: Vec<&str> = ours
        .filter(|id| !given.contains(id) && !elsewhere(id))
        .collect();
    assert!(
        missing.is_empty(),
        "no program of tests/language gives {missing:?}"
    );
    let needless: Vec<&str> = given.into_iter().filter(|id| elsewhere(id)).collect();
    assert!(
        needless.is_empty(),
        "{needless:?} have a program and need no exception"
    );
}

#[test]
fn what_is_tested_elsewhere_is_tested_there() {
    for (code, _, test) in ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(test);
        let text = fs::read_to_string(&path).unwrap();
        let is_there = text.contains(code) || *test == "tests/compiler/error_pages.rs";
        assert!(is_there, "{test} has nothing of {code}");
    }
}

#[test]
fn beside_what_is_refused_stands_what_is_accepted() {
    let mut alone = Vec::new();
    for part in ["domain", "rules", "comments"] {
        for entry in fs::read_dir(folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let Some(topic) = name.strip_suffix("-refused") else {
                continue;
            };
            let extension = if path.is_dir() { "" } else { ".aphex" };
            // Of what is not there yet nothing can be accepted.
            if name == "later-refused" {
                continue;
            }
            if !path.with_file_name(format!("{topic}{extension}")).exists() {
                alone.push(format!("{part}/{name}"));
            }
        }
    }
    assert!(alone.is_empty(), "nothing accepted beside {alone:?}");
}

/// A file that ends in `-refused` is refused, one without is accepted in silence.
#[test]
fn names_say_what_is_inside() {
    for file in files() {
        let name = file
            .strip_prefix(folder())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if !(name.starts_with("domain") || name.starts_with("rules")) || !name.ends_with(".aphex") {
            continue;
        }
        let expects = expected(&fs::read_to_string(&file).unwrap()).count() > 0;
        assert_eq!(name.contains("-refused"), expects, "{name}");
    }
}
