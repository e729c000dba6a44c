//! The parser and the grammar describe one language: what one accepts, the other accepts.
//!
//! `APHEX_GRAMMAR_CASES=100000 cargo test --release --test compiler grammar::` looks further.

#![allow(missing_docs, reason = "the derived parser has no documentation")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aphex::diagnostics::codes::syntax as codes;
use aphex::diagnostics::{Diagnostic, Problems};
use aphex::source::SourceId;
use pest::Parser as _;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/aphex.pest"]
struct Grammar;

/// Every `.aphex` file of the repository.
fn programs() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["stdlib", "examples", "tests", "editors/vscode/tests"]
        .iter()
        .map(|folder| root.join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "aphex")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// The fenced programs of the pages in `docs/`, divided where they have several files.
fn documented() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        for block in page.split("```aphex\n").skip(1) {
            let block = block.split("```").next().unwrap_or("");
            for file in block.split("// file: ") {
                let other = file.lines().next().is_some_and(|name| {
                    name.contains('.') && !name.contains(' ') && !name.ends_with(".aphex")
                });
                if !other {
                    found.push((path.clone(), format!("// {file}")));
                }
            }
        }
    }
    found.sort();
    found
}

fn refusals(text: &str) -> Vec<Diagnostic> {
    let mut problems = Problems::new();
    aphex::syntax::parse(SourceId(0), text, &mut problems);
    problems.into_sorted()
}

/// What is out of a grammar's reach; grammar/README.md lists the same.
fn beyond_the_grammar(problem: &Diagnostic) -> bool {
    let code = problem.code.id;
    code == codes::INDENTATION.id
        || code == codes::TOO_DEEP.id
        || (code == codes::NUMBER.id && problem.message.ends_with("is too large"))
        // A character that does not exist.
        || (code == codes::ESCAPE.id && problem.message.starts_with("`\\u{"))
}

/// A `"…"` whose `#{…}` has a line break in it; what follows is read as other text, so more may be said.
fn broken_interpolation(problem: &Diagnostic) -> bool {
    problem.code.id == codes::STRING_NOT_CLOSED.id && problem.message.starts_with("`#{`")
}

/// Whether both agree; what they say where not.
fn compare(text: &str) -> Result<(), String> {
    let grammar = Grammar::parse(Rule::file, text)
        .map(|_| ())
        .map_err(|error| error.to_string());
    let refusals = refusals(text);
    match (&grammar, refusals.is_empty()) {
        (Ok(()), true) | (Err(_), false) => Ok(()),
        (Ok(()), false) if refusals.iter().all(beyond_the_grammar) => Ok(()),
        (Ok(()), false) if refusals.iter().any(broken_interpolation) => Ok(()),
        _ => {
            let mut said = String::new();
            for problem in refusals {
                let at = problem.span().map_or(0, |span| span.start);
                writeln!(said, "parser: at byte {at}: {}", problem.message).unwrap();
            }
            match grammar {
                Ok(()) => said += "grammar: accepted\n",
                Err(error) => writeln!(said, "parser: accepted\ngrammar: {error}").unwrap(),
            }
            Err(format!("{text}\n----\n{said}"))
        }
    }
}

#[test]
fn agree_on_every_program_of_the_repository() {
    let mut wrong = String::new();
    for (path, text) in programs().into_iter().chain(documented()) {
        if let Err(difference) = compare(&text) {
            writeln!(wrong, "==== {}\n{difference}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Small and repeatable.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// Pieces that a mutation puts in.
const PIECES: &[&str] = &[
    "use",
    "let",
    "fn",
    "type",
    "schema",
    "block",
    "policy",
    "pipeline",
    "for",
    "in",
    "if",
    "else",
    "match",
    "with",
    "assert",
    "where",
    "true",
    "false",
    "null",
    "as",
    "extern",
    "inherit",
    "runtime",
    "self",
    "a",
    "b",
    "Stack",
    "_",
    "a-b",
    "std",
    "r",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    ".",
    "..",
    "?",
    "?.",
    "??",
    "=",
    "==",
    "!",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&&",
    "||",
    "|",
    "->",
    "=>",
    "\n",
    " ",
    "\n\n",
    "\t",
    "\r\n",
    "0",
    "1",
    "10_000",
    "0.5",
    "1h30m",
    "512Mi",
    "20min",
    "007",
    "\"",
    "\"a\"",
    "\"a#{b}c\"",
    "#{",
    "\"\"\"",
    "\"\"\"\n  a\n  \"\"\"",
    "r\"a\\d\"",
    "r#\"a\"b\"#",
    "'",
    "#",
    "$",
    "&",
    "@",
    "\\",
    "é",
    "// c\n",
    "/* c */",
    "/*",
    "*/",
    "/// d\n",
    "\\n",
    "\\u{41}",
    "let a = 1",
    "a = 1",
    "stack A",
    "stack A { a = 1 }",
    "(let a = 1; a)",
    "[a for a in b if c]",
    "{ a = b for a in b }",
    "if a { b } else { c }",
    "match a { \"x\" | 1 => 2, b: Int => 3, _ => { c } }",
    "a with { b = c }",
    "f(a, b = c)",
    "Foo { a = 1 }",
    "a[1..2]",
    "a[0]",
    ": Int",
    "-> Int",
    "assert a, \"m\"",
    "x: String = \"a\"",
    "for x in y { z = 1 }",
];

/// Cuts a text into words, blanks and single characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| c.is_alphanumeric() || c == '_';
        let blank = |c: char| c == ' ';
        let length = if same(first) {
            rest.find(|c| !same(c))
        } else if blank(first) {
            rest.find(|c| !blank(c))
        } else {
            Some(first.len_utf8())
        };
        let (piece, after) = rest.split_at(length.unwrap_or(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut list = pieces(text);
    for _ in 0..=random.below(3) {
        if list.is_empty() {
            break;
        }
        let at = random.below(list.len());
        match random.below(5) {
            0 => drop(list.remove(at)),
            1 => list.insert(at, random.pick(PIECES)),
            2 => list[at] = random.pick(PIECES),
            3 => {
                let other = random.below(list.len());
                list.swap(at, other);
            }
            _ => {
                let piece = list[at];
                list.insert(at, piece);
            }
        }
    }
    list.concat()
}

fn cases(default: usize) -> usize {
    let wanted = std::env::var("APHEX_GRAMMAR_CASES").ok();
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(default)
}

/// Declarations of all programs, one by one: mutations of small texts say more.
fn declarations() -> Vec<String> {
    let mut found = Vec::new();
    for (_, text) in programs() {
        let file = aphex::syntax::parse(SourceId(0), &text, &mut Problems::new());
        let mut start = 0;
        for item in &file.items {
            let end = item.span().range().end.max(start);
            let piece = &text[start..end];
            if piece.len() < 1500 {
                found.push(piece.to_owned());
            }
            start = end;
        }
    }
    found
}

fn differences(count: usize, mut make: impl FnMut() -> String) {
    let mut wrong = Vec::new();
    for _ in 0..count {
        let text = make();
        if let Err(difference) = compare(&text) {
            wrong.push(difference);
        }
    }
    wrong.sort_by_key(String::len);
    let shown = wrong.iter().take(8).map(String::as_str).collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} differ, the shortest:\n{}",
        wrong.len(),
        shown.join("\n====\n")
    );
}

#[test]
fn agree_on_mutated_programs() {
    let declarations = declarations();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    differences(cases(4_000), || {
        let at = random.below(declarations.len());
        mutate(&declarations[at], &mut random)
    });
}

#[test]
fn agree_on_soup() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let frames = [
        ("let x = ", "\n"),
        ("pipeline p {\n", "\n}\n"),
        ("schema S {\n", "\n}\n"),
        ("type T = ", "\n"),
        ("fn f(", ") -> Int = 1\n"),
        ("fn f() -> Int {", "}\n"),
        ("let x = [\n", "\n]\n"),
        ("let x = (", ")\n"),
        ("let x = { ", " }\n"),
        ("let x = \"a#{", "}b\"\n"),
        ("let x = match a {\n", "\n}\n"),
        ("", "\n"),
    ];
    differences(cases(8_000), || {
        let (before, after) = frames[random.below(frames.len())];
        let mut text = before.to_owned();
        for _ in 0..random.below(10) {
            text += random.pick(PIECES);
            if random.below(3) > 0 {
                text += " ";
            }
        }
        text + after
    });
}
