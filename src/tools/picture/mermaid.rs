//! A picture as a Mermaid flowchart, which GitHub, GitLab and many wikis draw.

use crate::tools::picture::{Look, Picture, Shade, Why};

/// How many arrows Mermaid draws where nobody has configured it otherwise (`maxEdges`).
pub const MOST_ARROWS: usize = 500;
/// How many characters it reads (`maxTextSize`).
pub const MOST_CHARACTERS: usize = 50_000;

/// The flowchart.
pub fn render(pictures: &[Picture]) -> String {
    let mut text = String::new();
    if let [picture] = pictures {
        let title = match picture.subtitle.is_empty() {
            true => picture.title.clone(),
            false => format!("{}: {}", picture.title, picture.subtitle),
        };
        text.push_str(&format!("---\ntitle: \"{}\"\n---\n", yaml(&title)));
    }
    text.push_str("flowchart TB\n");
    for picture in pictures {
        if pictures.len() == 1 {
            inside(picture, None, 1, &mut text);
            continue;
        }
        let subtitle = std::slice::from_ref(&picture.subtitle);
        let title = label(&picture.title, subtitle, &escape(": "));
        text.push_str(&format!("  subgraph p{}[\"{title}\"]\n", picture.number));
        inside(picture, None, 2, &mut text);
        text.push_str("  end\n");
    }
    classes(pictures, &mut text);
    text
}

fn inside(picture: &Picture, parent: Option<usize>, depth: usize, text: &mut String) {
    let space = "  ".repeat(depth);
    for index in picture.children(parent) {
        let Some(node) = picture.node(*index) else {
            continue;
        };
        let id = picture.id(*index);
        let mut facts = node.facts.clone();
        facts.extend(node.state.as_ref().map(|state| state.sentence()));
        if !node.is_group() {
            let label = label(&node.label, &facts, "<br/>");
            text.push_str(&format!("{space}{id}[\"{label}\"]\n"));
            continue;
        }
        // Above what a group holds there is room for one line.
        let label = label(&node.label, &facts, &escape(" · "));
        text.push_str(&format!("{space}subgraph {id}[\"{label}\"]\n"));
        let direction = match node.look {
            Look::Environment => "LR",
            _ => "TB",
        };
        text.push_str(&format!("{space}  direction {direction}\n"));
        inside(picture, Some(*index), depth + 1, text);
        text.push_str(&format!("{space}end\n"));
    }
    for index in picture.children(parent) {
        for link in picture.node(*index).map_or(&[][..], |node| &node.after) {
            let arrow = match link.why {
                Why::Order => "-->",
                Why::Gate | Why::End => "-.->",
            };
            let (from, to) = (picture.id(link.from), picture.id(*index));
            text.push_str(&format!("{space}{from} {arrow} {to}\n"));
        }
    }
}

/// The classes of a run's stages, in colours that are read on light and on dark.
const SHADES: [(Shade, &str, &str); 4] = [
    (
        Shade::Good,
        "good",
        "fill:#dafbe1,stroke:#1a7f37,color:#0f2e18",
    ),
    (
        Shade::Bad,
        "bad",
        "fill:#ffd8d3,stroke:#cf222e,color:#4c0711",
    ),
    (
        Shade::Ended,
        "ended",
        "fill:#fff1c2,stroke:#9a6700,color:#3b2300",
    ),
    (
        Shade::Left,
        "left",
        "fill:#eaeef2,stroke:#59636e,color:#3b434b,stroke-dasharray:4 3",
    ),
];

fn classes(pictures: &[Picture], text: &mut String) {
    for (shade, name, style) in SHADES {
        let ids: Vec<String> = pictures
            .iter()
            .flat_map(|picture| {
                let nodes = picture.nodes.iter().enumerate();
                nodes
                    .filter(|(_, node)| !node.is_group() && node.shade() == Some(shade))
                    .map(|(index, _)| picture.id(index))
            })
            .collect();
        if !ids.is_empty() {
            text.push_str(&format!("  classDef {name} {style}\n"));
            text.push_str(&format!("  class {} {name}\n", ids.join(",")));
        }
    }
}

fn label(first: &str, facts: &[String], between: &str) -> String {
    let facts = facts.iter().filter(|fact| !fact.is_empty());
    let lines = std::iter::once(escape(first)).chain(facts.map(|fact| escape(fact)));
    lines.collect::<Vec<_>>().join(between)
}

/// Everything but letters, digits and the most harmless marks as Mermaid's entities: nothing in a label is syntax,
/// HTML or Markdown.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_plain = match character {
            // `- a` and `1. a` would be lists.
            '-' => before != ' ' && characters.peek() != Some(&' '),
            '.' => !before.is_ascii_digit(),
            ' ' | ',' | '/' => true,
            // Mermaid itself puts these in place of entities while it reads.
            'ﬂ' | 'ß' => false,
            _ => character.is_alphanumeric(),
        };
        match is_plain {
            true => escaped.push(character),
            false => escaped.push_str(&format!("#{};", u32::from(character))),
        }
        before = character;
    }
    escaped
}

/// The same for the title, which is YAML.
fn yaml(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if character.is_alphanumeric() || " -.,:/_".contains(character) {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("\\U{:08X}", u32::from(character)));
        }
    }
    escaped
}
