//! Every form of output, for every wrong program that we have: error pages and programs made for this.

use crate::support::{markdown, tools};
use aphex::analysis::analyse;
use aphex::diagnostics::{Paint, Report, codes, github, human, json, sarif, short};
use aphex::source::MemoryFiles;
use serde_json::Value;

fn report(text: &str) -> Report {
    let mut files = markdown::files(text);
    if files.is_empty() {
        files.push(("pipeline.aphex".to_owned(), String::new()));
    }
    let root = files[0].0.clone();
    let project = files
        .into_iter()
        .fold(MemoryFiles::new(), |project, (name, text)| {
            project.with(name, text)
        });
    let analysis = analyse(&root, &project);
    Report::new(analysis.sources, analysis.diagnostics)
}

/// The wrong example of every page, and what could confuse a renderer.
fn reports() -> Vec<Report> {
    let pages = codes::all().flat_map(|code| markdown::blocks(code.page));
    let wrong = pages.filter(|block| block.section == "Wrong" && block.info == "aphex");
    let mut reports: Vec<Report> = wrong.map(|block| report(&block.text)).collect();
    reports.extend(HOSTILE.iter().map(|text| report(text)));
    reports
}

const HOSTILE: &[&str] = &[
    "",
    "\n\n\n",
    "pipeline \u{1b}[2J\u{202e}x {",
    "let a = \"\t\u{7f}größe 日本 👩‍🚀\" + nope\r\nlet b = nope2\r\n",
    "let a = nope",
    "// file: a b/c:d,é#%.aphex\nlet a = nope\n",
    "let s = \"\"\"\n  1\n  2\n  3\n  4\n  5\n  6\n  7\n  8\n\"\"\" + 1\n",
];

fn validator(path: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(tools::root().join(path)).unwrap();
    // The official schema has a regular expression with a bracket too many, which is none by its own
    // standard.
    let text = text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn judge(validator: &jsonschema::Validator, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}\n{text}", errors.join("\n"));
}

#[test]
fn json_is_as_its_schema_says() {
    let schema = validator("schemas/diagnostics.v1.json");
    for report in reports() {
        judge(
            &schema,
            &json::render(&[report], &["pipeline.aphex".to_owned()]),
        );
    }
    judge(&schema, &json::render(&[], &[]));
    judge(&schema, &json::render(&reports(), &[]));
}

#[test]
fn sarif_is_as_its_schema_says() {
    let schema = validator("tests/schemas/sarif-2.1.0.json");
    for report in reports() {
        judge(&schema, &sarif::render(&[report]));
    }
    judge(&schema, &sarif::render(&[]));
    judge(&schema, &sarif::render(&reports()));
}

#[test]
fn nothing_shown_can_steer_a_terminal() {
    let reports = reports();
    let is_harmless =
        |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    for text in [
        human::render(&reports, Paint::Plain),
        short::render(&reports),
        github::render(&reports),
    ] {
        let bad = text.chars().find(|c| !is_harmless(*c));
        assert_eq!(bad, None);
        assert!(text.lines().all(|line| line == line.trim_end()));
    }
}

#[test]
fn short_and_github_have_one_line_a_problem() {
    for report in reports() {
        let count = report.diagnostics.len();
        let reports = [report];
        assert_eq!(short::render(&reports).lines().count(), count);
        let github = github::render(&reports);
        assert_eq!(github.lines().count(), count);
        assert!(
            github
                .lines()
                .all(|line| line.starts_with("::error ") || line.starts_with("::warning "))
        );
    }
}

#[test]
fn a_line_of_a_megabyte_is_cut_around_the_place() {
    let text = format!(
        "let a = [{}nope, {}1]\n",
        "1, ".repeat(200_000),
        "2, ".repeat(200_000)
    );
    let shown = human::render(&[report(&text)], Paint::Plain);
    assert!(shown.len() < 3000, "{}", shown.len());
    assert!(shown.contains("nope") && shown.contains('…'), "{shown}");
}

#[test]
fn the_place_is_right_with_wide_and_combined_characters() {
    let shown = human::render(
        &[report("let a = \"日本 e\u{301}\" + nope\n")],
        Paint::Plain,
    );
    insta::assert_snapshot!(shown);
}

/// People are shown a hundred of one code in one file, and how many more there are; programs are given all.
#[test]
fn a_flood_is_cut_for_people_alone() {
    let text: String = (0..250).map(|n| format!("let a{n} = nope\n")).collect();
    let reports = [report(&format!("{text}let other: Int = \"x\"\n"))];
    let short = short::render(&reports);
    let unknown = short
        .lines()
        .filter(|line| line.contains("no value `nope`"));
    assert_eq!(unknown.count(), 100);
    assert!(
        short.contains(":101:12: error[A0207]: and 150 more in this file\n"),
        "{short}"
    );
    assert!(
        short.contains("error[A0301]"),
        "other codes are shown as they were: {short}"
    );
    let human = human::render(&reports, Paint::Plain);
    assert_eq!(human.matches("error[A0207]").count(), 100);
    assert!(
        human.contains("\nand 150 more of A0207 in `pipeline.aphex`\n"),
        "{human}"
    );
    assert!(human.contains("\n251 errors;"), "all are counted");
    let json: Value = serde_json::from_str(&json::render(&reports, &[])).unwrap();
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 251);
    let sarif: Value = serde_json::from_str(&sarif::render(&reports)).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 251);
}
