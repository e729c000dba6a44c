//! Every code has a page, the page's wrong example gives the code, and the right one is accepted in silence.
//!
//! Where the wrong example is no program but a command (a file that does not exist), `tests/compiler/docs.rs` runs it.
//! What goes wrong in a run (A08, A09) no program can show: its page says what is seen and what to do, and some test names the code.

use std::fs;
use std::path::Path;

use crate::support::markdown::{Block, blocks, files};
use crate::support::tools;
use aphex::analysis::{Analysis, analyse};
use aphex::diagnostics::{Code, codes};
use aphex::source::MemoryFiles;

fn check(text: &str) -> Analysis {
    let files = files(text);
    let root = files
        .first()
        .map_or("pipeline.aphex", |(name, _)| name)
        .to_owned();
    let mut project = MemoryFiles::new();
    for (name, text) in files {
        let executable = text.starts_with("#!") && !text.contains("not executable");
        project = match executable {
            true => project.with_executable(name, text),
            false => project.with(name, text),
        };
    }
    analyse(&root, &project)
}

fn said(analysis: &Analysis) -> Vec<String> {
    let say = |diagnostic: &aphex::diagnostics::Diagnostic| {
        let line = diagnostic.span().and_then(|span| {
            let file = analysis.sources.get(span.source)?;
            Some(format!(
                "{}:{}: ",
                file.name,
                file.line_column(span.start).line
            ))
        });
        format!(
            "{}{} {}",
            line.unwrap_or_default(),
            diagnostic.code.id,
            diagnostic.message
        )
    };
    analysis.diagnostics.iter().map(say).collect()
}

/// Whether a code is about a run, not about a program.
fn is_of_a_run(code: &Code) -> bool {
    code.id.starts_with("A08") || code.id.starts_with("A09")
}

/// What is wrong with a page.
fn judge(code: &Code) -> Vec<String> {
    let mut wrong = Vec::new();
    let title = format!("# {}: {}\n", code.id, code.title);
    if !code.page.starts_with(&title) {
        wrong.push(format!("it must begin with `{}`", title.trim_end()));
    }
    let all = blocks(code.page);
    let section = |name: &str| {
        all.iter()
            .filter(|block| block.section == name)
            .collect::<Vec<&Block>>()
    };
    if is_of_a_run(code) {
        match section("Seen").as_slice() {
            [block] if block.info == "text" && block.text.contains(&format!("[{}]", code.id)) => {}
            [_] => wrong.push(format!(
                "`## Seen` must show `[{}]` in a block of the kind `text`",
                code.id
            )),
            _ => wrong.push("`## Seen` must have exactly one block".to_owned()),
        }
        let advice = code.page.split("\n## What to do\n").nth(1).unwrap_or("");
        if advice.trim().is_empty() {
            wrong.push("`## What to do` is missing or empty".to_owned());
        }
        return named(code, wrong);
    }
    match section("Wrong").as_slice() {
        [block] if block.info == "console" => {}
        [block] if block.info == "aphex" => {
            let analysis = check(&block.text);
            if !analysis
                .diagnostics
                .iter()
                .any(|diagnostic| diagnostic.code.id == code.id)
            {
                wrong.push(format!("the wrong example gives {:?}", said(&analysis)));
            }
        }
        _ => wrong.push("`## Wrong` must have exactly one block".to_owned()),
    }
    match section("Right").as_slice() {
        [block] if block.info == "console" => {}
        [block] if block.info == "aphex" => {
            let analysis = check(&block.text);
            if !analysis.diagnostics.is_empty() {
                wrong.push(format!("the right example gives {:?}", said(&analysis)));
            }
        }
        _ => wrong.push("`## Right` must have exactly one block".to_owned()),
    }
    named(code, wrong)
}

fn named(code: &Code, wrong: Vec<String>) -> Vec<String> {
    wrong
        .into_iter()
        .map(|problem| format!("{}: {problem}", code.id))
        .collect()
}

/// The text of all Rust files below a folder, as `part` cuts it.
fn rust_text(folder: &Path, part: &dyn Fn(&Path, &str) -> String) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&rust_text(&path, part));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&part(&path, &fs::read_to_string(&path).unwrap()));
        }
    }
    text
}

/// Whether a text has a word, as a whole.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
    })
}

#[test]
fn every_code_of_a_run_is_named_in_a_test() {
    let root = tools::root();
    let whole = |_: &Path, text: &str| text.to_owned();
    let tables = rust_text(&root.join("src/diagnostics/codes"), &whole);
    let mut tests = rust_text(&root.join("tests"), &whole);
    tests += &rust_text(&root.join("src"), &|path, text| {
        let is_test = path
            .iter()
            .any(|part| part == "tests" || part == "tests.rs");
        match is_test {
            true => text.to_owned(),
            false => text
                .split_once("#[cfg(test)]")
                .map_or(String::new(), |(_, tests)| tests.to_owned()),
        }
    });
    let unproven: Vec<&str> = codes::all()
        .filter(|code| is_of_a_run(code))
        .filter(|code| {
            let (before, _) = tables.split_once(&format!("\"{}\"", code.id)).unwrap();
            let constant = before.split_whitespace().next_back().unwrap();
            !has_word(&tests, constant)
        })
        .map(|code| code.id)
        .collect();
    assert!(
        unproven.is_empty(),
        "no test names the constant of {}",
        unproven.join(", ")
    );
}

#[test]
fn every_page_is_true() {
    let wrong: Vec<String> = codes::all().flat_map(judge).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_are_unique_and_sorted_and_in_their_family() {
    let ids: Vec<&str> = codes::all().map(|code| code.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted, "codes stand in order, each once");
}

#[test]
fn every_page_belongs_to_a_code() {
    for entry in fs::read_dir(tools::root().join("docs/errors")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.trim_end_matches(".md");
        assert!(
            id == "README" || codes::find(id).is_some(),
            "`{name}` explains a code that nobody gives"
        );
    }
}

/// The families, as the index names them.
const FAMILIES: &[(&str, &str)] = &[
    (
        "A00",
        "Files, the command line, and comments that allow warnings",
    ),
    ("A01", "Syntax"),
    ("A02", "Names and modules"),
    ("A03", "Types"),
    ("A04", "Schemas and blocks"),
    ("A05", "Evaluation and limits"),
    ("A06", "Rules of a pipeline"),
    ("A07", "Limits of AWS, Kubernetes and Argo"),
    ("A08", "Before a run"),
    ("A09", "Runs and their stages"),
];

fn index() -> String {
    let mut text = "# Every message\n\n\
        `aphex explain CODE` shows these pages in a terminal. This list is written by a test: \
        `APHEX_UPDATE=1 cargo test --test compiler error_pages::`.\n"
        .to_owned();
    for (family, title) in FAMILIES {
        let own: Vec<&Code> = codes::all()
            .filter(|code| code.id.starts_with(family))
            .collect();
        if own.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n## {family}: {title}\n\n| code | |\n| --- | --- |\n"
        ));
        for code in own {
            text.push_str(&format!("| [{0}]({0}.md) | {1} |\n", code.id, code.title));
        }
    }
    text
}

#[test]
fn the_index_lists_every_code() {
    let path = tools::root().join("docs/errors/README.md");
    let index = index();
    if std::env::var_os("APHEX_UPDATE").is_some() {
        fs::write(&path, &index).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == index,
        "docs/errors/README.md is old: APHEX_UPDATE=1 cargo test --test compiler error_pages:: writes it"
    );
    for code in codes::all() {
        assert!(
            index.contains(code.id),
            "`{}` is of no family that the index knows",
            code.id
        );
    }
}
