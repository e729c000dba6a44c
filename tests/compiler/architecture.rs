//! The arrows between the folders of `src/` point one way, and `docs/architecture.md` shows them
//! as they are. `APHEX_UPDATE=1 cargo test --test compiler architecture::` redraws the picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders (and single files) below `src/`, lowest first: each may use those before it alone.
const ORDER: &[&str] = &[
    "collections",
    "source",
    "diagnostics",
    "syntax",
    "stdlib",
    "resolve",
    "types",
    "eval",
    "model",
    "graph",
    "rules",
    "target",
    "analysis",
    "project",
    "cloud",
    "stage",
    "ops",
    "tools",
    "cli",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The folder below `src/` that a file belongs to; `None` for `lib.rs` and `main.rs`.
fn part_of(file: &Path) -> Option<String> {
    let below = file.strip_prefix(root().join("src")).unwrap();
    let first = below
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let name = first.trim_end_matches(".rs").to_owned();
    (name != "lib" && name != "main").then_some(name)
}

/// The parts that a file names after `crate::`, its tests left out.
fn uses(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or("");
    let mut found = BTreeSet::new();
    for line in code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for piece in line.split("crate::").skip(1) {
            let names: Vec<&str> = match piece.strip_prefix('{') {
                Some(list) => list.split(',').map(str::trim).collect(),
                None => vec![piece],
            };
            for name in names {
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
                found.insert(name[..end.unwrap_or(name.len())].to_owned());
            }
        }
    }
    found.retain(|name| ORDER.contains(&name.as_str()));
    found
}

/// Every arrow: from a part to the parts that it uses.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let Some(part) = part_of(&file) else { continue };
        let mut used = uses(&fs::read_to_string(&file).unwrap());
        used.remove(&part);
        arrows.entry(part).or_default().extend(used);
    }
    arrows
}

fn height(part: &str) -> usize {
    ORDER.iter().position(|name| *name == part).unwrap_or_else(|| {
        panic!("`src/{part}` is not in the order of parts: add it to tests/compiler/architecture.rs, and say in docs/architecture.md what it is")
    })
}

#[test]
fn arrows_point_one_way() {
    let wrong: Vec<String> = arrows()
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
        .filter(|(from, to)| height(to) > height(from))
        .map(|(from, to)| format!("src/{from} uses src/{to}, which stands above it"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_language_half_does_no_io() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let doors = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "SystemTime",
        "Instant::now",
    ];
    for file in files {
        let Some(part) = part_of(&file) else { continue };
        if height(&part) >= height("project")
            || file
                .components()
                .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
        {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for door in doors {
            let found = code
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(door));
            assert!(
                !found,
                "{} uses {door}: the language half does no IO",
                file.display()
            );
        }
    }
}

/// The picture: an arrow where a part uses another, less those that follow from others.
fn picture() -> String {
    let arrows = arrows();
    let reaches = |from: &str, to: &str| {
        let mut open: Vec<&String> = arrows
            .get(from)
            .into_iter()
            .flatten()
            .filter(|next| *next != to)
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.extend(arrows.get(next).into_iter().flatten());
            }
        }
        false
    };
    let mut lines = vec!["```mermaid".to_owned(), "flowchart TD".to_owned()];
    for from in ORDER.iter().rev() {
        let Some(used) = arrows.get(*from) else {
            continue;
        };
        for to in ORDER.iter().rev().filter(|to| used.contains(**to)) {
            if !reaches(from, to) {
                lines.push(format!("  {from} --> {to}"));
            }
        }
    }
    lines.push("```".to_owned());
    lines.join("\n")
}

#[test]
fn the_picture_shows_the_arrows_as_they_are() {
    let path = root().join("docs/architecture.md");
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find("```mermaid").unwrap();
    let end = start + text[start..].find("\n```").unwrap() + 4;
    let drawn = picture();
    if std::env::var("APHEX_UPDATE").is_ok() {
        fs::write(
            &path,
            format!("{}{}{}", &text[..start], drawn, &text[end..]),
        )
        .unwrap();
    } else {
        assert_eq!(
            &text[start..end],
            drawn,
            "redraw with APHEX_UPDATE=1 cargo test --test compiler architecture::"
        );
    }
}
