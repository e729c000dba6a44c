//! The editor extensions: their snippets are Aphex.

use crate::support::tools;
use aphex::diagnostics::Problems;
use aphex::source::SourceId;

/// A snippet as it is inserted, each place holding its default.
fn expanded(body: &str) -> String {
    let places = regex::Regex::new(r"\$\{[0-9]+:([^{}]*)\}|\$\{[0-9]+\|([^,|]*)[^|]*\|\}|\$[0-9]+")
        .expect("a pattern");
    let mut text = body.to_owned();
    // Places stand in places: `${3:…#{${1:name}}…}`. From the inside out.
    while places.is_match(&text) {
        text = places.replace_all(&text, "$1$2").into_owned();
    }
    text
}

#[test]
fn every_snippet_of_vscode_parses() {
    let path = tools::root().join("editors/vscode/snippets/aphex.json");
    let snippets: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("it is there")).expect("JSON");
    let snippets = snippets.as_object().expect("an object");
    for (name, snippet) in snippets {
        let lines: Vec<&str> = snippet["body"]
            .as_array()
            .expect("lines")
            .iter()
            .filter_map(|line| line.as_str())
            .collect();
        let body = expanded(&lines.join("\n"));
        let top =
            ["pipeline", "use", "type", "schema", "policy", "function"].contains(&name.as_str());
        let text = if top {
            body
        } else {
            format!("pipeline p {{\n{body}\n}}\n")
        };
        let mut problems = Problems::default();
        aphex::syntax::parse(SourceId(0), &text, &mut problems);
        let problems = problems.into_sorted();
        assert!(problems.is_empty(), "{name}: {problems:?}\n{text}");
    }
    assert!(snippets.len() > 20);
}
