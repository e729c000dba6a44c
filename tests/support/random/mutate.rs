//! One small change to a program, of the kind that would be refused in a cluster if it came through.

use std::sync::OnceLock;

use regex::Regex;

use super::Chance;

/// Names that somebody refuses: Kubernetes, Argo, a shell, CloudFormation.
const NAMES: [&str; 18] = [
    "Upper",
    "under_score",
    "dot.ted",
    "9lives",
    "-dash",
    "dash-",
    "a--b",
    "über",
    "with space",
    "",
    "main",
    "wait",
    "init",
    "a/b",
    "{{workflow.name}}",
    "$(id)",
    "a\\nb",
    "null",
];

/// Texts that manifests have trouble with.
const TEXTS: [&str; 16] = [
    "",
    " ",
    "\\u{0}",
    "\\u{7}\\u{1b}",
    "{{workflow.parameters.nope}}",
    "{{=panic()}}",
    "{{inputs.parameters.",
    "$(A)",
    "a: b\\n- c",
    "node:",
    "NODE:22",
    "node:22@sha256:1",
    "*",
    "..",
    "/etc",
    "\\u{feff}x",
];

const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "11",
    "70000",
    "65536",
    "1000000000",
    "9223372036854775807",
    "0s",
    "31d",
    "999d",
    "0.001",
    "1Mi",
    "999Ti",
    "0.5",
];

/// The program with one of its names, texts, numbers or lines changed.
pub fn mutate(text: &str, chance: &mut Chance) -> String {
    if chance.percent(15) {
        return with_other_lines(text, chance);
    }
    let pieces = pieces(text);
    if pieces.is_empty() {
        return text.to_owned();
    }
    let piece = &pieces[chance.below(pieces.len())];
    let written = &text[piece.start..piece.end];
    let other = match piece.kind {
        Kind::Name if chance.percent(70) => format!("\"{}\"", name(chance, written)),
        Kind::Name => format!("{written}{}", "-x".repeat(chance.from(1, 40))),
        Kind::Text => format!("\"{}\"", content(chance, written)),
        Kind::Number => chance.pick(&NUMBERS).to_owned(),
    };
    format!("{}{other}{}", &text[..piece.start], &text[piece.end..])
}

fn name(chance: &mut Chance, written: &str) -> String {
    match chance.below(5) {
        0 => "x".repeat(chance.from(35, 140)),
        1 => format!("{written}{}", chance.pick(&NAMES)),
        _ => chance.pick(&NAMES).to_owned(),
    }
}

fn content(chance: &mut Chance, written: &str) -> String {
    let inside = written
        .trim_matches(['r', '#', '"'])
        .replace(['\\', '"', '#'], "");
    match chance.below(6) {
        0 => "y".repeat(chance.from(60, 5000)),
        1 => format!("{inside}{}", chance.pick(&TEXTS)),
        2 => inside.to_uppercase(),
        3 => chance.pick(&NAMES).to_owned(),
        _ => chance.pick(&TEXTS).to_owned(),
    }
}

/// A line twice, a line less, or two lines exchanged.
fn with_other_lines(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let first = chance.below(lines.len());
    let second = chance.below(lines.len());
    match chance.below(3) {
        0 => lines.insert(first, lines[first]),
        1 => {
            lines.remove(first);
        }
        _ => lines.swap(first, second),
    }
    lines.join("\n") + "\n"
}

enum Kind {
    /// The label of a block.
    Name,
    /// A string on one line.
    Text,
    /// A number, with its unit.
    Number,
}

struct Piece {
    kind: Kind,
    start: usize,
    end: usize,
}

/// What can be changed: labels after a block's kind, strings, numbers.
fn pieces(text: &str) -> Vec<Piece> {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new(
        r##"(?m)^\s*//.*$|"""|(?P<text>r?#*"(?:[^"\\\n]|\\.)*"#*)|\b(?P<number>[0-9][0-9_.]*[A-Za-z]*)\b|^\s*(?:pipeline|environment|wave|stack|check|before|step|after|test|service|input|output|notify|source) (?P<name>[A-Za-z_][-A-Za-z0-9_]*)"##,
    )
    .expect("a pattern"));
    let mut found = Vec::new();
    for captures in pattern.captures_iter(text) {
        for (group, kind) in [
            ("name", Kind::Name),
            ("text", Kind::Text),
            ("number", Kind::Number),
        ] {
            if let Some(place) = captures.name(group) {
                found.push(Piece {
                    kind,
                    start: place.start(),
                    end: place.end(),
                });
            }
        }
    }
    found
}
