//! A picture in the language of Graphviz.

use crate::tools::picture::layers::layers;
use crate::tools::picture::{Node, Picture, Shade, Why};

/// The graph. A group is a cluster with a point at its start and one at its end, which its edges join.
pub fn render(pictures: &[Picture]) -> String {
    let title = pictures.first().map_or("", |picture| &picture.title);
    let mut text = format!("digraph {} {{\n", quote(title));
    text.push_str(
        "  graph [compound=true, newrank=true, fontname=\"Helvetica,Arial,sans-serif\", fontsize=12, nodesep=0.3, ranksep=0.35, labelloc=t]\n  \
         node [shape=box, style=\"rounded,filled\", fillcolor=\"#f6f8fa\", color=\"#818b98\", fontname=\"Helvetica,Arial,sans-serif\", fontsize=11]\n  \
         edge [color=\"#59636e\", arrowsize=0.7]\n",
    );
    for picture in pictures {
        let title = match picture.subtitle.is_empty() {
            true => picture.title.clone(),
            false => format!("{}: {}", picture.title, picture.subtitle),
        };
        if let [_] = pictures {
            text.push_str(&format!("  label={}\n", quote(&title)));
            inside(picture, None, 1, &mut text);
            continue;
        }
        text.push_str(&format!(
            "  subgraph \"cluster_p{}\" {{\n    label={}\n",
            picture.number,
            quote(&title)
        ));
        inside(picture, None, 2, &mut text);
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

fn inside(picture: &Picture, parent: Option<usize>, depth: usize, text: &mut String) {
    let space = "  ".repeat(depth);
    for index in picture.children(parent) {
        let Some(node) = picture.node(*index) else {
            continue;
        };
        let id = picture.id(*index);
        let (label, tooltip) = (quote(&label(node)), quote(&node.path));
        let (fill, line) = colours(node);
        if !node.is_group() {
            text.push_str(&format!(
                "{space}{id} [id=\"{id}\", label={label}, tooltip={tooltip}{fill}{line}]\n"
            ));
            continue;
        }
        text.push_str(&format!("{space}subgraph \"cluster_{id}\" {{\n"));
        text.push_str(&format!(
            "{space}  id=\"{id}\"; label={label}; tooltip={tooltip}; style=rounded; color=\"#818b98\"{}\n",
            line.replace(", ", "; ")
        ));
        for end in ["in", "out"] {
            text.push_str(&format!(
                "{space}  {id}_{end} [style=invis, shape=point, width=0]\n"
            ));
        }
        inside(picture, Some(*index), depth + 1, text);
        let layers = layers(picture, Some(*index));
        for first in layers.first().into_iter().flatten() {
            let (to, _) = ends(picture, *first);
            text.push_str(&format!("{space}  {id}_in -> {to} [style=invis]\n"));
        }
        for last in layers.last().into_iter().flatten() {
            let (_, from) = ends(picture, *last);
            text.push_str(&format!("{space}  {from} -> {id}_out [style=invis]\n"));
        }
        text.push_str(&format!("{space}}}\n"));
    }
    for index in picture.children(parent) {
        for link in picture.node(*index).map_or(&[][..], |node| &node.after) {
            text.push_str(&format!(
                "{space}{}\n",
                edge(picture, link.from, *index, link.why)
            ));
        }
    }
}

fn edge(picture: &Picture, from: usize, to: usize, why: Why) -> String {
    let (_, start) = ends(picture, from);
    let (end, _) = ends(picture, to);
    let is_group = |index: usize| picture.node(index).is_some_and(Node::is_group);
    let mut attributes = format!("id=\"{}-{}\"", picture.id(from), picture.id(to));
    if is_group(from) {
        attributes.push_str(&format!(", ltail=\"cluster_{}\"", picture.id(from)));
    }
    if is_group(to) {
        attributes.push_str(&format!(", lhead=\"cluster_{}\"", picture.id(to)));
    }
    if why != Why::Order {
        attributes.push_str(", style=dashed");
    }
    format!("{start} -> {end} [{attributes}]")
}

/// The nodes at which what leads to a stage ends, and at which what leads from it begins.
fn ends(picture: &Picture, index: usize) -> (String, String) {
    let id = picture.id(index);
    match picture.node(index).is_some_and(Node::is_group) {
        true => (format!("{id}_in"), format!("{id}_out")),
        false => (id.clone(), id),
    }
}

fn colours(node: &Node) -> (&'static str, &'static str) {
    match node.shade() {
        None => ("", ""),
        Some(Shade::Good) => (", fillcolor=\"#dafbe1\"", ", color=\"#1a7f37\""),
        Some(Shade::Bad) => (", fillcolor=\"#ffd8d3\"", ", color=\"#cf222e\""),
        Some(Shade::Ended) => (", fillcolor=\"#fff1c2\"", ", color=\"#9a6700\""),
        Some(Shade::Left) => (", fillcolor=\"#eaeef2\"", ", color=\"#818b98\""),
    }
}

fn label(node: &Node) -> String {
    let mut lines = vec![node.label.clone()];
    lines.extend(node.facts.iter().filter(|fact| !fact.is_empty()).cloned());
    lines.extend(node.state.as_ref().map(|state| state.sentence()));
    lines.join("\n")
}

/// A quoted text: no escape of Graphviz and no HTML entity in it is one.
fn quote(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('&', "&amp;")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}
