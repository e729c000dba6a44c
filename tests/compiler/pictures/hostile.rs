//! Records that mean harm, or make no sense: every format stays what it is.

use aphex::diagnostics::Paint;
use aphex::stage::record::{
    Engine, ErrorRecord, Outcome, RunRecord, StageRecord, StageResult, Trigger,
};
use aphex::tools::picture::{self, Terminal, dot, mermaid};
use proptest::prelude::*;

use super::read;

const NAMES: &[&str] = &[
    "\"><script>alert(1)</script>",
    "'; drop table",
    "</title></svg><img src=x onerror=alert(1)>",
    "]]><!-- --> &amp; &#106;avascript:",
    "a\nb\r\nc\td\0e\u{7f}\u{85}\u{2028}",
    "\u{202e}desrever\u{2066} \u{200b}\u{feff}",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\"] --> x\nend\nclick p0s0 href \"javascript:alert(1)\"",
    "%%{init: {\"securityLevel\": \"loose\"}}%% style x fill:#f00;",
    "#quot;#35;`**bold**`",
    "\\\" ] ; \\N \\G [URL=\"javascript:x\"]",
    "<b>html</b>",
    "größe 日本 👩‍🚀 e\u{301}\u{fffe}\u{ffff}",
    "../../etc/passwd",
    "- a 1. b",
    "style: #a; classDef: #b;",
    "",
];

fn error(text: &str) -> ErrorRecord {
    ErrorRecord {
        code: text.into(),
        message: text.into(),
        place: Some(text.into()),
        notes: vec![text.into(), text.into()],
        help: Some(text.into()),
    }
}

fn stage(path: &str, kind: &str, after: Vec<String>, text: &str) -> StageRecord {
    let result = StageResult {
        version: 1,
        stage: path.into(),
        kind: kind.into(),
        attempt: 0,
        outcome: Outcome::Failed,
        started_at: "2030-01-31T05:00:00Z".parse().unwrap(),
        seconds: f64::MAX,
        reason: Some(text.into()),
        commands: Vec::new(),
        outputs: Default::default(),
        diff: Vec::new(),
        tests: None,
        artifact: None,
        kept: Vec::new(),
        approval: None,
        error: Some(error(text)),
    };
    StageRecord {
        path: path.into(),
        kind: kind.into(),
        after,
        required: false,
        outcome: Some(Outcome::Failed),
        started_at: Some(result.started_at),
        seconds: Some(-1.0),
        reason: None,
        tries: vec![result],
    }
}

fn record(text: &str, stages: Vec<StageRecord>) -> RunRecord {
    RunRecord {
        version: 1,
        run: text.into(),
        pipeline: text.into(),
        file: text.into(),
        repository: text.into(),
        commit: text.into(),
        local_changes: true,
        trigger: Trigger {
            event: text.into(),
            reference: text.into(),
            actor: text.into(),
            pull_request: None,
            inputs: [(text.to_owned(), text.to_owned())].into_iter().collect(),
        },
        engine: Engine::Argo,
        aphex: text.into(),
        started_at: "2030-01-31T05:00:00Z".parse().unwrap(),
        seconds: 1.0,
        outcome: Outcome::Failed,
        synth_only: false,
        stages,
    }
}

/// Every format of a run is what it says it is, and has every stage.
fn check(record: &RunRecord) {
    let pictures = [picture::of_run(record)];
    let count = record.stages.len();
    assert_eq!(
        read::mermaid(&mermaid::render(&pictures)).parents.len(),
        count
    );
    assert_eq!(read::dot(&dot::render(&pictures)).parents.len(), count);
    for text in [picture::document(&pictures), picture::page(&pictures)] {
        let document = read::xml(&text);
        assert_eq!(read::svg(&document).parents.len(), count);
        harmless(&document);
    }
    for paint in [Paint::Plain, Paint::Ansi] {
        let text = picture::draw(&pictures, Terminal { width: 80, paint });
        let text = match paint {
            Paint::Plain => text,
            Paint::Ansi => [
                "\u{1b}[1m",
                "\u{1b}[2m",
                "\u{1b}[0m",
                "\u{1b}[32m",
                "\u{1b}[1;31m",
                "\u{1b}[1;33m",
            ]
            .iter()
            .fold(text, |text, escape| text.replace(escape, "")),
        };
        let bad = text.chars().find(|c| {
            c.is_control() && *c != '\n'
                || ('\u{202a}'..='\u{202e}').contains(c)
                || ('\u{2066}'..='\u{2069}').contains(c)
        });
        assert_eq!(bad, None, "{text:?}");
    }
}

/// Nothing that runs, nothing from elsewhere.
fn harmless(document: &roxmltree::Document<'_>) {
    const ELEMENTS: &[&str] = &[
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "a", "dl",
        "div", "dt", "dd", "pre", "table", "thead", "tbody", "tr", "th", "td", "svg", "g", "rect",
        "text", "path", "circle",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(ELEMENTS.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(
                !name.starts_with("on") && name != "style" && name != "src",
                "{name}={value}"
            );
            assert!(name != "href" || value.starts_with('#'), "{name}={value}");
        }
    }
}

#[test]
fn names_break_out_of_no_format() {
    for name in NAMES {
        let path = |index: usize| format!("{name}{index}");
        let mut stages = vec![
            stage(name, name, vec![name.to_string()], name),
            stage(&path(1), "environment", vec![name.to_string()], name),
            stage(&format!("{}/{name}", path(1)), "deploy", vec![], name),
            stage(&path(2), "check", vec![path(1), path(1)], name),
        ];
        stages.push(stage("finish", "finish", vec![], name));
        check(&record(name, stages));
    }
}

#[test]
fn what_a_name_says_is_still_there() {
    let text = NAMES[0];
    let pictures = [picture::of_run(&record(
        text,
        vec![stage(text, "step", vec![], text)],
    ))];
    let page = picture::page(&pictures);
    let document = read::xml(&page);
    let heading = document
        .descendants()
        .find(|node| node.tag_name().name() == "h1")
        .unwrap();
    assert_eq!(heading.text(), Some(text));
}

#[test]
fn circles_and_depths_and_masses_are_drawn() {
    let circle = vec![
        stage("a", "step", vec!["b".into()], ""),
        stage("b", "step", vec!["a".into(), "b".into()], ""),
        stage("c", "step", vec!["a".into()], ""),
    ];
    check(&record("circle", circle));
    let mut path = String::from("x");
    let mut deep = Vec::new();
    for _ in 0..200 {
        deep.push(stage(&path, "environment", vec![], ""));
        path.push_str("/x");
    }
    check(&record("deep", deep));
    let same = (0..50)
        .map(|_| stage("a/b", "wave", vec!["a/b".into()], ""))
        .collect();
    check(&record("same", same));
    let upside = vec![
        stage("a/b", "step", vec![], ""),
        stage("a", "wave", vec!["a/b".into()], ""),
    ];
    check(&record("upside", upside));
    let many = (0..4200)
        .map(|index| stage(&format!("s{index}"), "step", vec!["s0".into()], ""))
        .collect();
    check(&record("many", many));
    check(&record("none", vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_record_is_drawn(
        text in "\\PC{0,12}|[\"<>&'\\\\\\[\\]#;%{}\n\u{0}-\u{1f}\u{202e}]{0,12}",
        paths in prop::collection::vec("[abc](/[abc]){0,3}|[a\"<\\\\&\n]{0,4}", 0..14),
        edges in prop::collection::vec((0usize..14, 0usize..14), 0..30),
        kinds in prop::collection::vec(prop::sample::select(vec!["environment", "wave", "deploy", "step", "finish", "x\""]), 14),
    ) {
        let stages = paths.iter().enumerate().map(|(index, path)| {
            let after = edges.iter().filter(|(to, _)| *to == index).filter_map(|(_, from)| paths.get(*from).cloned());
            stage(path, kinds[index], after.collect(), &text)
        });
        check(&record(&text, stages.collect()));
    }
}
