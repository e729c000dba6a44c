//! What README and docs show is true: commands print what stands below them, programs check.
//!
//! A block ```` ```console ```` is run in a copy of `examples/`; see `support/transcript.rs`. A block ```` ```aphex ```` must be
//! accepted without a word; ```` ```aphex refused ```` must have an error, and ```` ```aphex fragment ```` is a piece of a program that is only
//! read for its syntax. Error pages have rules of their own (`error_pages.rs`).

use std::path::{Path, PathBuf};

use crate::support::{markdown, tools, transcript};
use aphex::analysis::analyse;
use aphex::diagnostics::{Paint, Problems, Report, human};
use aphex::source::{MemoryFiles, Sources};
use aphex::syntax;

fn pages() -> Vec<PathBuf> {
    let mut pages = markdown::pages(&tools::root().join("docs"));
    let others = ["README.md", "CONTRIBUTING.md", "examples/README.md"];
    pages.extend(
        others
            .iter()
            .map(|name| tools::root().join(name))
            .filter(|path| path.exists()),
    );
    pages
}

#[test]
fn commands_print_what_the_pages_say() {
    let prepare = |folder: &Path| {
        for entry in std::fs::read_dir(tools::root().join("examples")).unwrap() {
            transcript::copy(&entry.unwrap().path(), folder);
        }
    };
    // The guide needs a cluster: `--test cluster guide::` runs it.
    let differences: Vec<String> = pages()
        .iter()
        .filter(|page| !page.ends_with("docs/guide.md"))
        .flat_map(|page| transcript::run(page, true, &prepare))
        .collect();
    assert!(
        differences.is_empty(),
        "{}\nAPHEX_UPDATE=1 cargo test --test compiler docs:: writes what is printed into the pages",
        differences.join("\n")
    );
}

#[test]
fn programs_check() {
    // The reference is written from the standard library, whose text is checked as such.
    let is_other = |page: &&PathBuf| {
        page.iter()
            .any(|part| part == "errors" || part == "reference")
    };
    let mut wrong = Vec::new();
    for page in pages().iter().filter(|page| !is_other(page)) {
        let text = std::fs::read_to_string(page).unwrap();
        for block in markdown::blocks(&text) {
            let mut words = block.info.split_whitespace();
            if words.next() == Some("aphex")
                && let Some(problem) = judge(words.next().unwrap_or(""), &block.text)
            {
                wrong.push(format!("{}:{}: {problem}", page.display(), block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a block that is marked with this word.
fn judge(mark: &str, text: &str) -> Option<String> {
    if mark == "fragment" {
        return fragment(text);
    }
    let files = markdown::files(text);
    let root = files[0].0.clone();
    let project = files
        .into_iter()
        .fold(MemoryFiles::new(), |project, (name, text)| {
            project.with(name, text)
        });
    let analysis = analyse(&root, &project);
    let refused = analysis.has_errors();
    let silent = analysis.diagnostics.is_empty();
    let report = Report::new(analysis.sources, analysis.diagnostics);
    // One that is written to a file, for the commands after it, is a program like any other.
    let mark = if mark.starts_with("file=") { "" } else { mark };
    match mark {
        "" if !silent => Some(human::render(&[report], Paint::Plain)),
        "refused" if !refused => Some("this is accepted".to_owned()),
        "" | "refused" => None,
        other => Some(format!("`{other}` is no mark for a block of Aphex")),
    }
}

/// A fragment is a piece of a file, of a body, or an expression.
fn fragment(text: &str) -> Option<String> {
    // What is left out of a piece is shown as `…`.
    let text = &text.replace('…', "");
    let wraps: [(&str, &str); 4] = [
        ("", ""),
        ("pipeline p {\n", "\n}"),
        ("schema S {\n", "\n}"),
        ("let x = (\n", "\n)"),
    ];
    let errors = wraps.map(|(before, after)| {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        let source = sources.add("fragment", format!("{before}{text}{after}"));
        let text = sources
            .get(source)
            .map(|file| file.text.clone())
            .unwrap_or_default();
        syntax::parse(source, &text, &mut problems);
        let found = problems.into_sorted();
        (!found.is_empty()).then(|| human::render(&[Report::new(sources, found)], Paint::Plain))
    });
    match errors.iter().any(Option::is_none) {
        true => None,
        false => errors.into_iter().flatten().next(),
    }
}
