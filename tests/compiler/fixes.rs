//! A fix is safe to apply without a person looking: applied alone, it makes its own problem go, and the
//! program is still one that can be read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aphex::diagnostics::{Applicability, Diagnostic, Fix, Problems};
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

/// The texts that the changes of a program would write: those made without a person, and those proposed.
fn changes(text: &str) -> (Vec<String>, Vec<String>) {
    let files = Files::from([("pipeline.aphex".to_owned(), text.to_owned())]);
    let (_, problems) = check(&files);
    let texts = |applicability: Applicability| -> Vec<String> {
        let fixes = problems.iter().flat_map(|problem| &problem.fixes);
        let fixes = fixes.filter(|fix| fix.applicability == applicability);
        let edits = fixes.flat_map(|fix| &fix.edits);
        edits.map(|edit| edit.text.clone()).collect()
    };
    (texts(Applicability::Certain), texts(Applicability::Likely))
}

/// An import is left alone as long as a name of the file means nothing: it may be meant by that.
#[test]
fn imports_are_left_where_a_name_is_unknown() {
    let text = "use std.notify.{slack}\nlet a = slak(secret(\"x\"))";
    assert_eq!(changes(text), (vec![], vec!["slack".to_owned()]));
    let text = "use std.notify.{slack}\nlet a = 1";
    assert_eq!(changes(text), (vec![String::new()], vec![]));
}

/// `--fix` makes what can mean one thing alone; what is a guess, a person must choose.
#[test]
fn a_guess_is_left_to_a_person() {
    let guesses = [
        ("let a-b = 2\nlet x = a-1", vec!["a-b"]),
        ("let a = 2\nlet a-b = 2\nlet x = a-1", vec!["a - 1"]),
        ("let region = 2\nlet x = regoin", vec!["region"]),
        ("let x = [npm ci]", vec![]),
        ("let x = [\"say \"hi\" twice\"]", vec![]),
        ("let a = 1\nlet x = a = 1", vec!["=="]),
        ("let x = len([1, 2)", vec!["]"]),
        ("let stage: \"dev\" | \"prod\" = \"prd\"", vec!["\"prod\""]),
        ("let a = 1\u{200b}", vec![""]),
        // The kind and the label of a block.
        ("let a = { stack A }", vec![" ="]),
        (
            "schema S { block a: T[] }\nschema T { name: String }\nlet x = S { a = b }",
            vec![" "],
        ),
        (
            "schema S { block a: T[], block b: T[] }\nschema T { name: String }\nlet x = S { a c b d }",
            vec![","],
        ),
    ];
    for (text, proposed) in guesses {
        assert_eq!(
            changes(text),
            (vec![], proposed.into_iter().map(str::to_owned).collect()),
            "{text}"
        );
    }
    let certain = [
        ("let max_size = 2\nlet x = maxSize", "max_size"),
        ("let stage: \"dev\" | \"prod\" = \"Prod\"", "\"prod\""),
        ("let x = [\"a\" \"b\"]", ","),
        ("let x = [1 2]", ","),
        ("let a = 1 let b = 2", "\n"),
        ("let a = 3\nlet x = a \u{2013} 1", "-"),
        ("let a = 3\nlet x = a\u{2013}1", " - "),
        ("let a = true and false", "&&"),
        (
            "schema S { block a: T[] }\nschema T { name: String }\nlet x = S { a b = { } }",
            " ",
        ),
        (
            "schema S { block a: T[] }\nschema T { name: String }\nlet x = S { a b a c }",
            ",",
        ),
    ];
    for (text, fixed) in certain {
        assert_eq!(changes(text), (vec![fixed.to_owned()], vec![]), "{text}");
    }
}
