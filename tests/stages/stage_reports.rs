//! Test reports in the dialects of test runners, and what is wrong with reports.
//!
//! `tests/reports/*.xml` have the form that each runner writes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aphex::diagnostics::Diagnostic;
use aphex::diagnostics::codes::run_tests as codes;
use aphex::model::Text;
use aphex::source::{SourceId, Span, Spanned};
use aphex::stage::log::Memory;
use aphex::stage::reports::{Reports, Summary, contradiction, read, table};

fn text(value: &str) -> Text {
    let span = Span::new(SourceId(0), 3, 5);
    Spanned {
        value: value.to_owned(),
        span,
    }
}

fn fixture(name: &str) -> Summary {
    let root = crate::support::tools::root().join("tests/reports");
    let reports = read(&root, &[text(&format!("{name}.xml"))], None);
    assert_eq!(reports.problems, [], "{name}");
    reports.summary
}

/// A working tree with these files.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn read_in(root: &Path, patterns: &[&str]) -> Reports {
    let patterns: Vec<Text> = patterns.iter().map(|pattern| text(pattern)).collect();
    read(root, &patterns, None)
}

/// The only problem with what one pattern matches.
fn problem(files: &[(&str, &str)], pattern: &str) -> Diagnostic {
    let root = tree(files);
    let problems = read_in(root.path(), &[pattern]).problems;
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].span(), Some(text("").span));
    problems.into_iter().next().unwrap()
}

const ONE: &str =
    r#"<testsuite name="one"><testcase name="a" classname="x" time="0.5"/></testsuite>"#;

#[test]
fn req_9_3_every_dialect_is_counted() {
    // tests, passed, failed, errors, skipped, flaky
    let expected = [
        ("pytest", [7, 1, 2, 2, 2, 0]),
        ("jest-junit", [3, 1, 1, 0, 1, 0]),
        ("vitest", [5, 2, 2, 0, 1, 0]),
        ("mocha-junit-reporter", [2, 1, 1, 0, 0, 0]),
        ("mocha-xunit", [3, 1, 1, 0, 1, 0]),
        ("playwright", [6, 3, 1, 0, 2, 0]),
        ("playwright-retries", [2, 1, 1, 0, 0, 1]),
        ("go-junit-report", [5, 1, 2, 1, 1, 0]),
        ("surefire", [5, 2, 1, 1, 1, 1]),
        ("nextest", [4, 3, 1, 0, 0, 2]),
        ("gradle-retry", [3, 2, 1, 0, 0, 1]),
        ("googletest", [3, 1, 1, 0, 1, 0]),
    ];
    let mut names: Vec<PathBuf> = fs::read_dir(crate::support::tools::root().join("tests/reports"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.retain(|path| {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        !expected.iter().any(|(name, _)| *name == stem)
    });
    assert!(names.is_empty(), "nothing is expected of {names:?}");
    for (name, counts) in expected {
        let s = fixture(name);
        let counted = [s.tests, s.passed, s.failed, s.errors, s.skipped, s.flaky];
        assert_eq!(counted, counts, "{name}");
        assert_eq!(
            s.tests,
            s.passed + s.failed + s.errors + s.skipped,
            "{name}"
        );
        let sum = |count: fn(&aphex::stage::reports::SuiteSummary) -> u64| -> u64 {
            s.suites.iter().map(count).sum()
        };
        assert_eq!(sum(|suite| suite.tests), s.tests, "{name}");
        assert_eq!(
            s.failures.len() as u64,
            s.failed + s.errors,
            "{name}: every failure is there with its details"
        );
        assert_eq!(s.flakies.len() as u64, s.flaky, "{name}");
    }
}

#[test]
fn every_dialect_as_a_table() {
    let names = [
        "pytest",
        "jest-junit",
        "vitest",
        "mocha-junit-reporter",
        "mocha-xunit",
        "playwright",
        "playwright-retries",
        "go-junit-report",
        "surefire",
        "nextest",
        "gradle-retry",
        "googletest",
    ];
    let tables: Vec<String> = names
        .iter()
        .map(|name| format!("{name}\n{}\n", table(&fixture(name)).join("\n")))
        .collect();
    insta::assert_snapshot!(tables.join("\n"));
}

#[test]
fn reasons_and_details_are_kept() {
    let surefire = fixture("surefire");
    let [tax, loads] = surefire.failures.as_slice() else {
        panic!("{:?}", surefire.failures)
    };
    assert_eq!(tax.message, "expected: <3> but was: <2>");
    assert!(tax.text.contains("CartTest.java:12") && !tax.text.contains("printed"));
    assert_eq!(loads.message, "java.lang.NullPointerException");
    let flaky = &surefire.flakies[0];
    assert_eq!(
        (flaky.failed, flaky.message.as_str()),
        (2, "Connection refused")
    );
    assert!((surefire.seconds - 1234.5).abs() < 1e-9);

    let playwright = fixture("playwright-retries");
    assert!(
        playwright.failures[0]
            .message
            .ends_with("Object.is equality")
    );
    assert!(playwright.failures[0].text.contains("Expected: 3"));
    assert!(!playwright.failures[0].text.contains("the first time"));
    assert_eq!(
        playwright.flakies[0].message,
        "Test timeout of 30000ms exceeded."
    );

    let jest = fixture("jest-junit");
    assert_eq!(
        jest.failures[0].message,
        "Error: expect(received).toBe(expected) // Object.is equality"
    );
    assert!(jest.failures[0].text.contains("new Promise (<anonymous>)"));
}

#[test]
fn several_reports_are_one_summary() {
    let root = tree(&[
        ("reports/a.xml", ONE),
        ("reports/deep/b.xml", ONE),
        ("other/c.xml", ONE),
        ("reports/d.txt", "no report"),
    ]);
    let reports = read_in(
        root.path(),
        &["reports/**/*.xml", "reports/a.xml", "{x,other}/*.xml"],
    );
    assert_eq!(reports.problems, []);
    let s = &reports.summary;
    assert_eq!((s.tests, s.passed, s.suites.len()), (3, 3, 3));
    assert!((s.seconds - 1.5).abs() < 1e-9);
    let root = root.path().canonicalize().unwrap();
    let names: Vec<&str> = reports
        .files
        .iter()
        .map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["other/c.xml", "reports/a.xml", "reports/deep/b.xml"]
    );
}

#[test]
fn req_9_4_a_pattern_without_a_report_is_a_failure() {
    let missing = problem(&[("app/out/unit.xml", ONE)], "reports/*.xml");
    assert_eq!(missing.code, &codes::NO_REPORT);
    assert_eq!(missing.message, "no report matches `reports/*.xml`");
    assert_eq!(missing.notes, ["other XML files: `app/out/unit.xml`"]);

    let folder = problem(&[("reports/unit.xml", ONE)], "reports");
    assert_eq!(folder.code, &codes::NO_REPORT);
    assert_eq!(
        folder.help.as_deref(),
        Some("`reports` is a folder: write `reports/**/*.xml`")
    );
    let hidden = problem(&[(".git/unit.xml", ONE)], "**/*.xml");
    assert_eq!(hidden.code, &codes::NO_REPORT);
}

#[test]
fn a_report_from_before_the_commands_is_none() {
    let root = tree(&[("reports/old.xml", ONE)]);
    let patterns = [text("reports/*.xml")];
    let before = SystemTime::now() - Duration::from_secs(3600);
    assert_eq!(read(root.path(), &patterns, Some(before)).problems, []);
    let after = SystemTime::now() + Duration::from_secs(3600);
    let reports = read(root.path(), &patterns, Some(after));
    assert_eq!(reports.problems[0].code, &codes::NO_REPORT);
    assert!(
        reports.problems[0].notes[0].contains("`reports/old.xml`"),
        "{:?}",
        reports.problems[0].notes
    );
    assert_eq!((reports.summary.tests, reports.files.len()), (0, 0));
}

#[test]
fn req_9_4_a_test_that_ran_nothing_has_failed() {
    let none = problem(
        &[(
            "a.xml",
            r#"<testsuites tests="0"><testsuite name="x"/></testsuites>"#,
        )],
        "a.xml",
    );
    assert_eq!(
        (none.code, none.message.as_str()),
        (&codes::NO_TEST, "the reports hold no test")
    );
    let skipped = r#"<testsuite name="x"><testcase name="a"><skipped/></testcase></testsuite>"#;
    let none = problem(&[("a.xml", skipped)], "*.xml");
    assert_eq!(
        (none.code, none.message.as_str()),
        (&codes::NO_TEST, "the only test was skipped")
    );
}

#[test]
fn what_is_no_report_says_what_it_is() {
    let refused = |text: &str| {
        let problem = problem(&[("a.xml", text)], "a.xml");
        assert_eq!(problem.code, &codes::NOT_A_REPORT, "{problem:?}");
        let rest = [problem.notes, problem.help.into_iter().collect()].concat();
        format!("{} | {}", problem.message, rest.join(" | "))
    };
    assert!(refused("").starts_with("`a.xml` is empty"));
    assert!(refused(" \n").starts_with("`a.xml` is empty"));
    assert!(refused("plain text").contains("there is no element"));
    assert!(
        refused("<testsuite>\n<testcase name='a'>\n").contains("line 3: it ends in the middle")
    );
    assert!(refused("<testsuite><testcase></testsuite>").contains("line 1"));
    assert!(refused("<coverage/>").contains("it is about `coverage`"));
    assert!(refused("<TestRun/>").contains("TRX"));
    assert!(refused("<html><testsuite/></html>").contains("`html`"));
}

#[test]
fn bombs_are_refused() {
    let limit = |text: &str| {
        let root = tree(&[("a.xml", text)]);
        let problems = read_in(root.path(), &["a.xml"]).problems;
        assert_eq!(problems[0].code, &codes::REPORT_LIMIT, "{problems:?}");
        problems[0].message.clone()
    };
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><testsuite><testcase name="&lol2;"/></testsuite>"#;
    assert!(limit(laughs).contains("document type definition"));
    let external = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>"#;
    assert!(limit(external).contains("document type definition"));
    let deep = "<testsuite>".repeat(200_000);
    assert!(limit(&deep).contains("128 deep"));

    // Larger than anybody reads, and takes no space on the disk.
    let root = tree(&[]);
    let file = fs::File::create(root.path().join("a.xml")).unwrap();
    file.set_len(1 << 40).unwrap();
    let problems = read_in(root.path(), &["a.xml"]).problems;
    assert_eq!(problems[0].code, &codes::REPORT_LIMIT);
    assert!(
        problems[0].message.contains("64 MiB"),
        "{}",
        problems[0].message
    );
}

#[test]
fn entities_that_nobody_defines_are_shown_as_they_are_written() {
    let xml = r#"<testsuite name="&who;"><testcase name="a &amp; b &#x263a;"><failure message="&x; &lt;">&y;&gt; & </failure></testcase></testsuite>"#;
    let root = tree(&[("a.xml", xml)]);
    let summary = read_in(root.path(), &["a.xml"]).summary;
    let failure = &summary.failures[0];
    assert_eq!(
        (failure.suite.as_str(), failure.name.as_str()),
        ("&who;", "a & b ☺")
    );
    assert_eq!(
        (failure.message.as_str(), failure.text.as_str()),
        ("&x; &lt;", "&y;> & ")
    );
}

#[test]
fn other_encodings_are_read() {
    let xml = r#"<?xml version="1.0" encoding="UTF-16"?><testsuite name="größe"><testcase name="a"/></testsuite>"#;
    for (mark, bytes) in [
        (vec![0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (vec![0xfe, 0xff], u16::to_be_bytes),
    ] {
        let root = tree(&[]);
        let encoded: Vec<u8> = mark
            .into_iter()
            .chain(xml.encode_utf16().flat_map(bytes))
            .collect();
        fs::write(root.path().join("a.xml"), encoded).unwrap();
        assert_eq!(
            read_in(root.path(), &["a.xml"]).summary.suites[0].name,
            "größe"
        );
    }
    let root = tree(&[]);
    let latin: &[u8] =
        b"\xef\xbb\xbf<testsuite name=\"gr\xf6\xdfe\"><testcase name=\"a\"/></testsuite>";
    fs::write(root.path().join("a.xml"), latin).unwrap();
    let summary = read_in(root.path(), &["a.xml"]).summary;
    assert_eq!(
        (summary.tests, summary.suites[0].name.as_str()),
        (1, "gr\u{fffd}\u{fffd}e")
    );
}

#[test]
fn no_link_leads_out_of_the_working_tree() {
    let outside = tree(&[("secret.xml", ONE), ("folder/secret.xml", ONE)]);
    let root = tree(&[("reports/own.xml", ONE)]);
    let link = |to: PathBuf, name: &str| symlink(to, root.path().join(name)).unwrap();
    link(outside.path().join("secret.xml"), "reports/file.xml");
    link(outside.path().join("folder"), "linked");
    link(root.path().join("reports"), "reports/circle");
    link(root.path().join("nowhere"), "reports/broken.xml");
    link(root.path().join("reports/own.xml"), "reports/again.xml");

    let reports = read_in(
        root.path(),
        &["reports/**/*.xml", "linked/*.xml", "linked/secret.xml"],
    );
    let problems: Vec<(&str, &str)> = reports
        .problems
        .iter()
        .map(|problem| (problem.code.id, problem.message.as_str()))
        .collect();
    let code = codes::REPORT_OUTSIDE.id;
    assert_eq!(
        problems,
        [
            (code, "`reports/file.xml` leads out of the working tree"),
            (code, "`linked` leads out of the working tree"),
            (code, "`linked/secret.xml` leads out of the working tree"),
        ]
    );
    assert_eq!((reports.summary.tests, reports.files.len()), (1, 1));
    let up = read_in(root.path(), &["../*.xml"]);
    assert_eq!(up.files.len(), 0);
}

#[test]
fn a_pipe_is_not_read() {
    let root = tree(&[("reports/own.xml", ONE)]);
    let pipe = root.path().join("reports/pipe.xml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let reports = read_in(root.path(), &["reports/*.xml"]);
    assert_eq!((reports.files.len(), reports.summary.tests), (1, 1));
}

#[test]
fn a_suite_that_failed_as_a_whole_is_an_error() {
    let xml = r#"<testsuites><testsuite name="setup" tests="0" failures="0" errors="1"/>
        <testsuite name="load" errors="1"><error message="cannot load">details</error></testsuite>
        <testsuite name="outer" failures="1"><testsuite name="inner" failures="1"><testcase name="a"><failure/></testcase></testsuite></testsuite>
        </testsuites>"#;
    let root = tree(&[("a.xml", xml)]);
    let summary = read_in(root.path(), &["a.xml"]).summary;
    assert_eq!((summary.tests, summary.failed, summary.errors), (3, 1, 2));
    let reasons: Vec<(String, &str)> = summary
        .failures
        .iter()
        .map(|failure| (failure.title(), failure.message.as_str()))
        .collect();
    assert_eq!(reasons[0].0, "setup");
    assert!(
        reasons[0].1.contains("counts 1 failure"),
        "{}",
        reasons[0].1
    );
    assert_eq!(reasons[1], ("load".to_owned(), "cannot load"));
    assert_eq!(reasons[2], ("a".to_owned(), ""));
}

#[test]
fn a_failure_that_no_command_has_told_is_one() {
    assert_eq!(contradiction(&Summary::default(), text("").span), None);
    let found = contradiction(&fixture("pytest"), text("").span).unwrap();
    assert_eq!(found.code, &codes::TESTS_FAILED);
    assert_eq!(
        found.message,
        "4 tests have failed, and every command has succeeded"
    );
    assert!(
        found.notes[0].contains("`tests.test_cart › test_tax[eu]`"),
        "{:?}",
        found.notes
    );
}

#[test]
fn req_9_3_what_failed_in_an_earlier_try_was_flaky() {
    let case = |inner: &str| {
        let xml = format!(
            r#"<testsuite name="s"><testcase name="a">{inner}</testcase><testcase name="b"><failure message="no"/></testcase></testsuite>"#
        );
        let root = tree(&[("a.xml", &xml)]);
        read_in(root.path(), &["a.xml"]).summary
    };
    let earlier = case(r#"<failure message="why"/>"#);
    let mut now = case("");
    now.after(&earlier);
    assert_eq!((now.flaky, now.suites[0].flaky, now.failed), (1, 1, 1));
    assert_eq!(
        (
            now.flakies[0].name.as_str(),
            now.flakies[0].message.as_str()
        ),
        ("a", "why")
    );
    now.after(&earlier);
    assert_eq!(now.flaky, 1, "once is enough");
}

#[test]
fn a_summary_goes_through_json() {
    let summary = fixture("surefire");
    let json = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
}

#[test]
fn many_suites_and_failures_are_cut_with_their_number() {
    let mut xml = "<testsuites>".to_owned();
    for suite in 0..50 {
        xml.push_str(&format!("<testsuite name='suite {suite:02}'>"));
        for case in 0..10 {
            let failure = if suite >= 20 {
                "<failure message='no'/>"
            } else {
                ""
            };
            xml.push_str(&format!(
                "<testcase name='case {case}'>{failure}</testcase>"
            ));
        }
        xml.push_str("</testsuite>");
    }
    xml.push_str("</testsuites>");
    let root = tree(&[("a.xml", &xml)]);
    let summary = read_in(root.path(), &["a.xml"]).summary;
    assert_eq!((summary.failed, summary.failures.len()), (300, 200));
    let lines = table(&summary);
    assert!(
        lines[1].trim_start().starts_with("suite 20"),
        "{}",
        lines[1]
    );
    assert!(
        lines
            .iter()
            .any(|line| line.trim_start().starts_with("all 50 suites"))
    );
    assert_eq!(lines.last().unwrap(), "  … and 280 more failed");
}

#[test]
fn a_hostile_report_does_nothing_to_a_terminal() {
    let xml = "<testsuite name=\"a\u{1b}]0;title\u{7}\"><testcase name=\"&#x1b;[2Jb\u{1b}[1A\"><failure message=\"\u{202e}c&#10;d\u{9b}2J\"/></testcase></testsuite>";
    let root = tree(&[("a.xml", xml)]);
    let (log, memory) = Memory::log();
    for line in table(&read_in(root.path(), &["a.xml"]).summary) {
        log.line(&line);
    }
    let text = memory.text();
    assert!(
        !text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
        "{text:?}"
    );
    assert!(
        text.contains("failed: a: b") && text.contains("c\n      d"),
        "{text}"
    );
}
