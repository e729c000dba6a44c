//! Every code has a page, the page's wrong example gives the code, and the right one is accepted in silence.
//!
//! Where the wrong example is no program but a command (a file that does not exist), `tests/docs.rs` runs it.

mod support;

use std::fs;

use aphex::analysis::{Analysis, analyse};
use aphex::diagnostics::{Code, codes};
use aphex::source::MemoryFiles;
use support::markdown::{Block, blocks, files};
use support::tools;

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
    wrong
        .into_iter()
        .map(|problem| format!("{}: {problem}", code.id))
        .collect()
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
];

fn index() -> String {
    let mut text = "# Every message\n\n\
        `aphex explain CODE` shows these pages in a terminal. This list is written by a test: \
        `APHEX_UPDATE=1 cargo test --test error_pages`.\n"
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
        "docs/errors/README.md is old: APHEX_UPDATE=1 cargo test --test error_pages writes it"
    );
    for code in codes::all() {
        assert!(
            index.contains(code.id),
            "`{}` is of no family that the index knows",
            code.id
        );
    }
}
