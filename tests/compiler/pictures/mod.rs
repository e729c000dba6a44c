//! `aphex graph` draws what the model says, and a record cannot make it draw anything else.

#![allow(missing_docs, reason = "the derived parser has no documentation")]

mod hostile;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::tools;
use aphex::analysis::{Analysis, analyse};
use aphex::diagnostics::Paint;
use aphex::graph::{self, Entry, StageId, StageKind};
use aphex::project::Project;
use aphex::source::MemoryFiles;
use aphex::tools::picture::{self, Picture, Terminal, dot, mermaid};
use read::Read;

/// Every pipeline file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("node_modules") => {}
                true => open.push(path),
                false if path.ends_with("pipeline.aphex") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    files
}

/// The examples, and one with every kind of order.
fn programs() -> Vec<(String, Analysis)> {
    let examples = tools::root().join("examples");
    let mut programs: Vec<(String, Analysis)> = files(&examples)
        .into_iter()
        .map(|path| {
            let project = Project::of(path.parent().unwrap(), &examples);
            let name = project.name_of(&path).unwrap();
            (path.display().to_string(), analyse(&name, &project.disk()))
        })
        .collect();
    assert!(programs.len() >= 8);
    let text = include_str!("needs.aphex");
    let project = MemoryFiles::new().with("pipeline.aphex", text);
    programs.push((
        "needs.aphex".to_owned(),
        analyse("pipeline.aphex", &project),
    ));
    for (name, analysis) in &programs {
        assert!(!analysis.has_errors(), "{name}: {:?}", analysis.diagnostics);
    }
    programs
}

/// Does something for each entry of each program: what it is, the entry, its picture.
fn each(synth: bool, mut check: impl FnMut(&str, &Entry<'_>, &Picture)) {
    for (name, analysis) in &programs() {
        for pipeline in &analysis.pipelines {
            for entry in &graph::build(pipeline).entries {
                let picture = picture::of_entry(pipeline, entry, synth, 0);
                check(&format!("{name} `{}`", entry.name), entry, &picture);
            }
        }
    }
}

fn id(stage: StageId) -> String {
    format!("p0s{}", stage.0)
}

/// What the model says: stages and edges. That the end of a run follows everything else is no edge of the model.
fn compare(what: &str, entry: &Entry<'_>, read: &Read) {
    let parents: BTreeMap<String, Option<String>> = entry
        .stages
        .iter()
        .map(|stage| (id(stage.id), stage.parent.map(id)))
        .collect();
    assert_eq!(read.parents, parents, "{what}");
    let edges: BTreeSet<(String, String)> = entry
        .stages
        .iter()
        .flat_map(|stage| stage.after.iter().map(|edge| (id(edge.from), id(stage.id))))
        .collect();
    let finish = id(entry.finish().unwrap().id);
    let (ends, drawn): (BTreeSet<_>, BTreeSet<_>) = read
        .edges
        .iter()
        .cloned()
        .partition(|(_, to)| *to == finish);
    assert_eq!(drawn, edges, "{what}");
    let waited: BTreeSet<&String> = edges.iter().map(|(from, _)| from).collect();
    let last = entry.children(None).map(|stage| id(stage.id));
    let last: BTreeSet<(String, String)> = last
        .filter(|id| *id != finish && !waited.contains(id))
        .map(|id| (id, finish.clone()))
        .collect();
    assert_eq!(ends, last, "{what}: what ends the run");
    for stage in &entry.stages {
        let text = &read.texts[&id(stage.id)];
        let name = match stage.kind {
            StageKind::Step(step) => &step.name.value,
            StageKind::Diffs => "diff",
            _ => &stage.name,
        };
        assert!(text.contains(name), "{what}: {name} in {text}");
        for stack in stage.kind.stacks() {
            assert!(text.contains(&stack.name.value), "{what}: {text}");
        }
        if let StageKind::Environment(environment) = stage.kind {
            let (account, region) = (&environment.account.value, &environment.region.value);
            assert!(
                text.contains(account) && text.contains(region),
                "{what}: {text}"
            );
        }
    }
}

#[test]
fn mermaid_has_every_stage_and_edge() {
    each(false, |what, entry, picture| {
        let text = mermaid::render(std::slice::from_ref(picture));
        compare(what, entry, &read::mermaid(&text));
    });
}

#[test]
fn dot_has_every_stage_and_edge() {
    each(false, |what, entry, picture| {
        let text = dot::render(std::slice::from_ref(picture));
        compare(what, entry, &read::dot(&text));
        graphviz(&text);
    });
}

/// Where Graphviz is installed, it reads what we write. The grammar in `tests/schemas/dot.pest` is asked everywhere.
fn graphviz(text: &str) {
    let started = Command::new("dot")
        .args(["-Tcanon", "-o", "/dev/null"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else { return };
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), text.as_bytes()).unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

#[test]
fn svg_and_html_have_every_stage_and_edge() {
    each(false, |what, entry, picture| {
        let pictures = std::slice::from_ref(picture);
        let page = picture::page(pictures);
        for text in [&picture::document(pictures), &page] {
            let document = read::xml(text);
            compare(what, entry, &read::svg(&document));
            lines(what, &document);
            boxes(what, &document);
        }
        // Each stage leads to its row, and the row to the stage.
        for stage in &entry.stages {
            let id = id(stage.id);
            for part in [
                format!("<tr id=\"r{id}\""),
                format!("href=\"#r{id}\""),
                format!("href=\"#{id}\""),
            ] {
                assert_eq!(page.matches(&part).count(), 1, "{what}: {part}");
            }
        }
    });
}

/// The lines that are drawn say what the edges say: who is before whom.
fn lines(what: &str, document: &roxmltree::Document<'_>) {
    let edges = read::svg(document).edges;
    let drawn = read::drawn(document);
    assert!(drawn.is_subset(&edges), "{what}");
    let before = |edges: &BTreeSet<(String, String)>, last: &str| {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut open = vec![last.to_owned()];
        while let Some(next) = open.pop() {
            let range = edges.iter().filter(|(_, to)| *to == next);
            open.extend(
                range
                    .map(|(from, _)| from.clone())
                    .filter(|from| seen.insert(from.clone())),
            );
        }
        seen
    };
    // Of a hundred stages that wait for nothing in particular there is nothing to compare.
    for to in edges
        .iter()
        .map(|(_, to)| to)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .take(60)
    {
        assert_eq!(before(&drawn, to), before(&edges, to), "{what}: {to}");
    }
}

/// Boxes stand in the box that holds them and never on each other.
fn boxes(what: &str, document: &roxmltree::Document<'_>) {
    let read = read::svg(document);
    let places: BTreeMap<&str, [i32; 4]> = read::stages(document)
        .map(|stage| (stage.attribute("id").unwrap(), read::place(stage)))
        .collect();
    let mut siblings: BTreeMap<&Option<String>, Vec<[i32; 4]>> = BTreeMap::new();
    for (id, parent) in &read.parents {
        let place = places[id.as_str()];
        if let Some(parent) = parent {
            let outer = places[parent.as_str()];
            let is_inside = outer[0] < place[0]
                && outer[1] < place[1]
                && place[2] < outer[2]
                && place[3] < outer[3];
            assert!(is_inside, "{what}: {id} {place:?} in {parent} {outer:?}");
        }
        siblings.entry(parent).or_default().push(place);
    }
    for boxes in siblings.values() {
        for (index, one) in boxes.iter().enumerate() {
            for other in &boxes[..index] {
                let apart = one[2] <= other[0]
                    || other[2] <= one[0]
                    || one[3] <= other[1]
                    || other[3] <= one[1];
                assert!(apart, "{what}: {one:?} and {other:?}");
            }
        }
    }
}

#[test]
fn synth_groups_show_their_stacks() {
    each(true, |what, entry, picture| {
        let pictures = std::slice::from_ref(picture);
        let svg = picture::document(pictures);
        let document = read::xml(&svg);
        boxes(what, &document);
        let all = [
            read::mermaid(&mermaid::render(pictures)),
            read::dot(&dot::render(pictures)),
            read::svg(&document),
        ];
        for read in &all {
            for stage in &entry.stages {
                let stacks: Vec<&str> = stage
                    .kind
                    .stacks()
                    .map(|stack| stack.name.value.as_str())
                    .collect();
                if stacks.is_empty() {
                    continue;
                }
                let inside = read
                    .parents
                    .iter()
                    .filter(|(_, parent)| **parent == Some(id(stage.id)));
                let mut order: Vec<&String> = inside.map(|(id, _)| id).collect();
                // A synth first, then each stack behind the one before.
                order.sort_by_key(|id| id[3..].parse::<usize>().unwrap());
                let texts: Vec<&str> = order
                    .iter()
                    .map(|id| read.texts[*id].lines().next().unwrap())
                    .collect();
                let wanted = stacks.iter().map(|name| format!("stack {name}"));
                let wanted: Vec<String> =
                    std::iter::once("synth".to_owned()).chain(wanted).collect();
                assert_eq!(texts, wanted, "{what}");
                for pair in order.windows(2) {
                    assert!(
                        read.edges.contains(&(pair[0].clone(), pair[1].clone())),
                        "{what}"
                    );
                }
            }
        }
    });
}

fn terminal(picture: &Picture, width: usize) -> String {
    let paint = Paint::Plain;
    picture::draw(std::slice::from_ref(picture), Terminal { width, paint })
}

#[test]
fn the_terminal_shows_every_stage_or_counts_it() {
    each(false, |what, entry, picture| {
        for width in [60, 80, 100, 120] {
            let text = terminal(picture, width);
            for line in text.lines() {
                let columns = unicode_width::UnicodeWidthStr::width(line);
                assert!(
                    columns <= width && line.trim_end() == line,
                    "{what}: {line:?}"
                );
            }
        }
        let text = terminal(picture, 120);
        let shown = text.matches('○').count();
        let counted = text.lines().filter_map(|line| {
            let (before, count) = line.split_once("… ")?;
            let count: usize = count.split_once(" more like it")?.0.parse().unwrap();
            // The one that they are like is the last above at the same place.
            let above = text.lines().take_while(|other| *other != line);
            let column = before.chars().count();
            let inside = above.fold(0, |inside, line| {
                match line.chars().position(|c| c == '○') {
                    Some(at) if at > column => inside + 1,
                    Some(_) => 1,
                    None => inside,
                }
            });
            Some(count * inside)
        });
        assert_eq!(
            shown + counted.sum::<usize>(),
            entry.stages.len(),
            "{what}\n{text}"
        );
    });
}

#[test]
fn who_is_not_waited_for_is_said() {
    let (_, analysis) = programs().pop().unwrap();
    let pipeline = &analysis.pipelines[0];
    let graph = graph::build(pipeline);
    let picture = picture::of_entry(pipeline, &graph.entries[0], false, 0);
    insta::assert_snapshot!(terminal(&picture, 100));
}

#[test]
fn a_thousand_environments_stay_legible() {
    let text = r#"
pipeline big {
  cluster    = "company-pipelines"
  repository = "acme/big"
  build { run = ["make"] }
  wave all {
    max_parallel = 50
    for n in range(0, 1000) {
      environment "tenant-#{n}" {
        account = "111122223333"
        region  = "us-east-1"
        stack "Tenant#{n}"
      }
    }
  }
}
"#;
    let project = MemoryFiles::new().with("pipeline.aphex", text);
    let analysis = analyse("pipeline.aphex", &project);
    let graph = graph::build(&analysis.pipelines[0]);
    let picture = picture::of_entry(&analysis.pipelines[0], &graph.entries[0], false, 0);
    let lines = terminal(&picture, 100).lines().count();
    assert!(lines < 20, "{lines}");
    let svg = picture::document(std::slice::from_ref(&picture));
    let document = read::xml(&svg);
    let width: i32 = document
        .root_element()
        .attribute("width")
        .unwrap()
        .parse()
        .unwrap();
    assert!(width < 1300, "{width}");
    assert_eq!(read::stages(&document).count(), 2005);
}
