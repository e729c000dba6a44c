//! Pictures read back: what stages and edges each format says there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use pest::Parser as _;
use regex::Regex;

/// What a picture says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Of every stage the one that holds it.
    pub parents: BTreeMap<String, Option<String>>,
    /// Of every stage its text.
    pub texts: BTreeMap<String, String>,
    /// From, to.
    pub edges: BTreeSet<(String, String)>,
}

#[derive(pest_derive::Parser)]
#[grammar = "../tests/schemas/dot.pest"]
struct Dot;

static TITLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^"([^"\\]|\\U[0-9A-F]{8})*"$"#).unwrap());
static GROUP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r##"^subgraph (p\d+(?:s\d+)?)\["((?:[\p{Alphabetic}\p{N} ,./-]|#\d+;|<br/>)*)"\]$"##)
        .unwrap()
});
static STAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r##"^(p\d+s\d+)\["((?:[\p{Alphabetic}\p{N} ,./-]|#\d+;|<br/>)*)"\]$"##).unwrap()
});
static EDGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(p\d+s\d+) (?:-->|-\.->) (p\d+s\d+)$").unwrap());
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(direction (LR|TB)|classDef [a-z]+ [a-z0-9:#, -]+|class [ps0-9,]+ [a-z]+)$")
        .unwrap()
});
static ENTITY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"#(\d+);").unwrap());

/// Reads a Mermaid flowchart; every line must be of a form that Mermaid knows.
pub fn mermaid(text: &str) -> Read {
    let rest = match text.strip_prefix("---\n") {
        Some(rest) => {
            let (title, rest) = rest.split_once("\n---\n").unwrap();
            let title = title.strip_prefix("title: ").unwrap();
            assert!(TITLE.is_match(title), "{title}");
            rest
        }
        None => text,
    };
    let mut lines = rest.lines();
    assert_eq!(lines.next(), Some("flowchart TB"));
    let mut read = Read::default();
    let mut open: Vec<String> = Vec::new();
    for line in lines.map(str::trim) {
        if let Some(found) = GROUP.captures(line) {
            let id = found[1].to_owned();
            read.add(&id, open.last(), &entities(&found[2]));
            open.push(id);
        } else if let Some(found) = STAGE.captures(line) {
            read.add(&found[1], open.last(), &entities(&found[2]));
        } else if let Some(found) = EDGE.captures(line) {
            read.edges
                .insert((found[1].to_owned(), found[2].to_owned()));
        } else if line == "end" {
            open.pop().unwrap();
        } else {
            assert!(OTHER.is_match(line), "no line of Mermaid: {line}");
        }
    }
    assert!(open.is_empty());
    read
}

fn entities(text: &str) -> String {
    let character = |found: &regex::Captures<'_>| {
        char::from_u32(found[1].parse().unwrap())
            .unwrap()
            .to_string()
    };
    ENTITY
        .replace_all(&text.replace("<br/>", "\n"), character)
        .into_owned()
}

/// Reads a graph of Graphviz.
pub fn dot(text: &str) -> Read {
    let mut graph = Dot::parse(Rule::graph, text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut read = Read::default();
    statements(graph.next().unwrap().into_inner(), None, &mut read);
    read
}

fn statements(pairs: pest::iterators::Pairs<'_, Rule>, within: Option<&String>, read: &mut Read) {
    for pair in pairs {
        match pair.as_rule() {
            Rule::cluster => {
                let mut inner = pair.into_inner();
                let name = value(&inner.next().unwrap());
                let id = name.strip_prefix("cluster_").unwrap().to_owned();
                let label = inner.clone().find_map(|pair| attribute(pair, "label"));
                read.add(&id, within, &label.unwrap());
                statements(inner, Some(&id), read);
            }
            Rule::node => {
                let mut inner = pair.into_inner();
                let name = value(&inner.next().unwrap());
                let attributes = inner.next().unwrap().into_inner();
                if let Some(label) = attributes.clone().find_map(|pair| attribute(pair, "label")) {
                    read.add(&name, within, &label);
                }
            }
            Rule::edge => {
                let ids: Vec<_> = pair.into_inner().collect();
                let attributes = ids.last().unwrap().clone().into_inner();
                let find = |name: &str| attributes.clone().find_map(|pair| attribute(pair, name));
                let Some(id) = find("id") else {
                    assert_eq!(find("style").as_deref(), Some("invis"));
                    continue;
                };
                let (from, to) = id.split_once('-').unwrap();
                // What is said is what is drawn: from a stage, or from the end of its cluster.
                let drawn = [value(&ids[0]), value(&ids[1])];
                for (at, id, end, group) in [
                    (&drawn[0], from, "_out", "ltail"),
                    (&drawn[1], to, "_in", "lhead"),
                ] {
                    match at.strip_suffix(end) {
                        Some(cluster) => {
                            assert_eq!(cluster, id);
                            assert_eq!(find(group), Some(format!("cluster_{id}")));
                        }
                        None => assert_eq!(at, id),
                    }
                }
                read.edges.insert((from.to_owned(), to.to_owned()));
            }
            _ => {}
        }
    }
}

fn attribute(pair: pest::iterators::Pair<'_, Rule>, name: &str) -> Option<String> {
    if pair.as_rule() != Rule::attribute {
        return None;
    }
    let mut inner = pair.into_inner();
    (inner.next()?.as_str() == name).then(|| value(&inner.next().unwrap()))
}

/// An ID, its quotes and escapes taken away as Graphviz does.
fn value(pair: &pest::iterators::Pair<'_, Rule>) -> String {
    let text = pair.as_str();
    let Some(text) = text.strip_prefix('"') else {
        return text.to_owned();
    };
    let mut value = String::new();
    let mut characters = text.strip_suffix('"').unwrap().chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next().unwrap() {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                other => panic!("`\\{other}` would be replaced by Graphviz"),
            },
            character => value.push(character),
        }
    }
    // Graphviz reads HTML's entities, and every `&` must be one.
    assert_eq!(
        value.matches('&').count(),
        value.matches("&amp;").count(),
        "{value}"
    );
    value.replace("&amp;", "&")
}

/// Reads the pictures in an XML document: an SVG, or a page that holds some.
pub fn svg(document: &roxmltree::Document<'_>) -> Read {
    let mut read = Read::default();
    for stage in stages(document) {
        let id = stage.attribute("id").unwrap();
        let above = stage.ancestors().skip(1).find(|node| is_stage(node));
        let above = above.map(|node| node.attribute("id").unwrap().to_owned());
        let title = stage
            .children()
            .find(|node| node.tag_name().name() == "title")
            .unwrap();
        read.add(id, above.as_ref(), title.text().unwrap_or_default());
        for from in stage.attribute("data-after").unwrap().split_whitespace() {
            read.edges.insert((from.to_owned(), id.to_owned()));
        }
    }
    read
}

/// The edges that are drawn.
pub fn drawn(document: &roxmltree::Document<'_>) -> BTreeSet<(String, String)> {
    let links = document
        .descendants()
        .filter_map(|node| node.attribute("data-links"));
    let links = links
        .flat_map(str::split_whitespace)
        .map(|link| link.split_once('-').unwrap());
    links
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect()
}

/// The stages of a document.
pub fn stages<'a, 'd>(
    document: &'a roxmltree::Document<'d>,
) -> impl Iterator<Item = roxmltree::Node<'a, 'd>> {
    document.descendants().filter(is_stage)
}

fn is_stage(node: &roxmltree::Node<'_, '_>) -> bool {
    let class = node.attribute("class").unwrap_or_default();
    class.split_whitespace().any(|class| class == "a-stage")
}

/// The box of a stage: left, top, right, bottom in the picture.
pub fn place(stage: roxmltree::Node<'_, '_>) -> [i32; 4] {
    let shape = stage
        .descendants()
        .find(|node| node.attribute("class") == Some("a-box"))
        .unwrap();
    let number = |name: &str| shape.attribute(name).unwrap().parse::<i32>().unwrap();
    let (mut x, mut y) = (number("x"), number("y"));
    for above in stage.ancestors() {
        let moved = above.attribute("transform").unwrap_or_default();
        if let Some(moved) = moved.strip_prefix("translate(") {
            let (right, down) = moved.trim_end_matches(')').split_once(' ').unwrap();
            x += right.parse::<i32>().unwrap();
            y += down.parse::<i32>().unwrap();
        }
    }
    [x, y, x + number("width"), y + number("height")]
}

/// An XML document, a page's `<!DOCTYPE html>` included.
pub fn xml(text: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    roxmltree::Document::parse_with_options(text, options)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

impl Read {
    fn add(&mut self, id: &str, parent: Option<&String>, text: &str) {
        let before = self.parents.insert(id.to_owned(), parent.cloned());
        assert!(before.is_none(), "{id} is drawn twice");
        self.texts.insert(id.to_owned(), text.to_owned());
    }
}
