//! The parser, from outside.

use aphex::diagnostics::Problems;
use aphex::source::SourceId;
use aphex::syntax::parse;

/// Every program of the repository that is meant to be right.
fn programs() -> Vec<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join("stdlib"), root.join("examples")];
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
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn reads_every_program_of_the_repository() {
    let programs = programs();
    assert!(!programs.is_empty());
    let mut wrong = String::new();
    for path in programs {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut problems = Problems::new();
        let file = parse(SourceId(0), &text, &mut problems);
        for problem in problems.into_sorted() {
            let at = problem.span().unwrap().start as usize;
            let line = text[..at].matches('\n').count() + 1;
            wrong += &format!(
                "{}:{line}: {} {}\n    {}\n",
                path.display(),
                problem.code.id,
                problem.message,
                text.lines().nth(line - 1).unwrap()
            );
        }
        assert!(!file.items.is_empty(), "{}", path.display());
    }
    assert!(wrong.is_empty(), "{wrong}");
}
