//! `aphex run` as somebody uses it who has read only its help: what is asked wrongly is said, and nothing is left of it.

use std::fs;

use aphex::diagnostics::codes::input::NO_PIPELINE_FILE;
use aphex::diagnostics::codes::pipeline::UNKNOWN_INPUT;
use aphex::diagnostics::codes::run::{MALFORMED, NO_SECRET, NO_SUCH_ENVIRONMENT, NOT_RESUMED};
use serde_json::Value;

use crate::support::project::{Project, stage, text};

const BUILD: &str = "build { run = [\"true\"] }";
const STEP: &str = "step copy { run = [\"true\"] }";
const PROD: &str = "}\n  environment prod { account = \"444455556666\", region = \"us-east-1\", start = \"manual\"\n    step copy { run = [\"true\"] }";

/// What is said, and the exit code.
fn said(project: &Project, arguments: &[&str]) -> (String, Option<i32>) {
    let output = project.aphex(arguments).output().unwrap();
    (text(&output), output.status.code())
}

/// That the command line is refused with this code of ours, in these words, and leaves no run.
fn refused(project: &Project, arguments: &[&str], code: &str, words: &[&str]) {
    refused_as(64, project, arguments, code, words);
}

/// The same for another reason, whose exit code this is.
fn refused_as(as_: i32, project: &Project, arguments: &[&str], code: &str, words: &[&str]) {
    let (said, exit) = said(project, arguments);
    assert_eq!(exit, Some(as_), "{arguments:?}: {said}");
    assert!(said.contains(code), "{arguments:?}: {said}");
    for words in words {
        assert!(said.contains(words), "{arguments:?}: `{words}`: {said}");
    }
    let runs = fs::read_dir(project.path().join(".aphex/runs"));
    assert_eq!(runs.map_or(0, Iterator::count), 0, "{arguments:?}");
}

#[test]
fn environments_that_no_run_has_together_are_told_apart() {
    let project = Project::new(BUILD, &format!("{STEP}\n  {PROD}"));
    let words = [
        "no run deploys `dev` and `prod` together",
        "`aphex run --only dev`, then `aphex run --only prod`",
    ];
    let arguments = ["run", "--only", "dev,prod"];
    refused(&project, &arguments, NO_SUCH_ENVIRONMENT.id, &words);
    let words = [
        "there is no environment `prdo`",
        "`dev` and `prod`",
        "did you mean `prod`?",
    ];
    refused(
        &project,
        &["run", "--only", "prdo"],
        NO_SUCH_ENVIRONMENT.id,
        &words,
    );
    for only in ["", "dev,", ",dev"] {
        let (said, exit) = said(&project, &["run", "--only", only]);
        assert_eq!(exit, Some(64), "{said}");
        assert!(said.contains("--only <ENV>"), "{said}");
    }
    let (said, exit) = said(&project, &["run", "--only", "prod"]);
    assert_eq!(exit, Some(0), "{said}");
}

#[test]
fn one_pipeline_of_several_must_be_named() {
    let project = Project::new(BUILD, STEP);
    let file = fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let second = file
        .replace("pipeline shop", "pipeline bank")
        .replace("acme/shop", "acme/bank");
    project.write("pipeline.aphex", &format!("{file}\n{second}"));
    let words = ["several pipelines", "`--pipeline`: `shop` and `bank`"];
    refused(&project, &["run"], "error", &words);
    let words = ["no pipeline `bnak`", "did you mean `bank`?"];
    refused(&project, &["run", "--pipeline", "bnak"], "error", &words);
    let (said, exit) = said(&project, &["run", "--pipeline", "bank"]);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(project.last_record()["pipeline"], "bank");
}

#[test]
fn a_commit_is_run_with_the_pipeline_that_it_has() {
    let project = Project::new("build { run = [\"cat then\"] }", STEP);
    project.write("then", "x");
    let then = project.commit();
    project.git(&["rm", "--quiet", "then"]);
    project.write("pipeline.aphex", "pipeline shop { nonsense = }");
    let now = project.commit();
    let (output, record) = project.run(&["--sha", &then]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(record["commit"], then.as_str());
    assert_eq!(stage(&record, "build")["outcome"], "succeeded");
    // What is wrong at a commit has its place there, called as a file of the working tree.
    let (shown, exit) = said(&project, &["run", "--sha", &now]);
    assert_eq!(exit, Some(1), "{shown}");
    assert!(shown.contains(" pipeline.aphex:1:"), "{shown}");
    project.git(&["rm", "--quiet", "pipeline.aphex"]);
    let without = project.commit();
    for arguments in [
        &["run", "--sha", &without][..],
        &["run", "--sha", &without, "pipeline.aphex"],
    ] {
        refused_as(
            1,
            &project,
            arguments,
            NO_PIPELINE_FILE.id,
            &["has no `pipeline.aphex`"],
        );
    }
    let (shown, exit) = said(&project, &["run", "--sha", &then, "pipeline.aphex"]);
    assert_eq!(exit, Some(0), "{shown}");
}

#[test]
fn a_run_that_is_refused_leaves_nothing() {
    let project = Project::new(
        "input reason {}\n  input level { choices = [\"low\", \"high\"], default = \"low\" }\n  build { run = [\"true\"] }",
        &format!("{STEP}\n    stack Site"),
    );
    let reason = "--input=reason=x";
    let code = MALFORMED.id;
    refused(
        &project,
        &["run"],
        code,
        &["the input `reason` has no value"],
    );
    refused(
        &project,
        &["run", reason, "--input=x"],
        code,
        &["`--input x` is no NAME=VALUE"],
    );
    let unknown = UNKNOWN_INPUT.id;
    let words = ["has no input `zzz`", "it has `reason` and `level`"];
    refused(&project, &["run", reason, "--input=zzz=1"], unknown, &words);
    let words = ["did you mean `level`?"];
    refused(
        &project,
        &["run", reason, "--input=levle=low"],
        unknown,
        &words,
    );
    let words = ["cannot be `mid`", "`low` and `high`"];
    refused(
        &project,
        &["run", reason, "--input=level=mid"],
        code,
        &words,
    );

    let words = [
        "`dev/copy` is no part of this run",
        "`aphex run --deploy --from dev/copy`",
    ];
    refused(
        &project,
        &["run", reason, "--from", "dev/copy"],
        NOT_RESUMED.id,
        &words,
    );
    let words = [
        "there is no earlier run",
        "run it as a whole: `aphex run --only dev --deploy`",
    ];
    refused_as(
        1,
        &project,
        &[
            "run", reason, "--only", "dev", "--deploy", "--from", "dev/copy",
        ],
        NOT_RESUMED.id,
        &words,
    );
    refused(
        &project,
        &["run", reason, "--from", "dev/cpoy"],
        NOT_RESUMED.id,
        &["did you mean"],
    );
    let (said, exit) = said(&project, &["run", reason, "-j", "0"]);
    assert_eq!(exit, Some(64), "{said}");
}

/// Whatever names what is not there on a command line is wrong usage.
#[test]
fn a_mistake_on_the_command_line_is_wrong_usage() {
    let project = Project::new(BUILD, STEP);
    for (arguments, words) in [
        (
            &["run", "--store", "foo"][..],
            "`foo` is no address of a store",
        ),
        (
            &["history", "--store", "foo"],
            "`foo` is no address of a store",
        ),
        (
            &["graph", "--run", "last", "--store", "foo"],
            "`foo` is no address of a store",
        ),
        (&["run", "--only", "nope"], "there is no environment `nope`"),
        (&["run", "--from", "nope"], "there is no stage `nope`"),
        (&["run", "--pipeline", "nope"], "no pipeline `nope`"),
        (&["graph", "--entry", "nope"], "no entry `nope`"),
        (&["new", "--account", "123", "x"], "`123` does not fit"),
        (&["explain", "A9999"], "no code `A9999`"),
    ] {
        let (said, exit) = said(&project, arguments);
        assert_eq!(exit, Some(64), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn a_secret_that_is_empty_is_not_there() {
    let project = Project::new(
        "build { run = [\"true\"], env = { A = secret(\"one\") } }",
        STEP,
    );
    let output = project
        .aphex(&["run"])
        .env("APHEX_SECRET_ONE", "")
        .output()
        .unwrap();
    let said = text(&output);
    assert!(said.contains(NO_SECRET.id), "{said}");
    assert!(
        said.contains("the variable `APHEX_SECRET_ONE` is set, and empty"),
        "{said}"
    );
    let record = project.last_record();
    assert_eq!(stage(&record, "preflight")["outcome"], "failed");
    assert_eq!(stage(&record, "build")["outcome"], Value::Null);
}

/// Three tries that failed alike are one block, and a time that is short is no nothing.
#[test]
fn tries_that_failed_alike_are_told_once() {
    let project = Project::new(
        "build { run = [\"echo no; exit 3\"], retry = { times = 2, wait = 1s } }",
        STEP,
    );
    let (output, _) = project.run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let (shown, exit) = said(&project, &["history", "last"]);
    assert_eq!(exit, Some(0), "{shown}");
    assert!(
        shown.contains("build, tries 1 to 3 of 3 alike: failed after"),
        "{shown}"
    );
    assert_eq!(shown.matches("error[").count(), 1, "{shown}");
    assert!(!shown.contains(" 0.0 s"), "{shown}");

    let project = Project::new(
        "build { run = [\"echo $ATTEMPT; exit 3\"], env = { ATTEMPT = \"#{run.attempt}\" }, retry = { times = 1, wait = 1s } }",
        STEP,
    );
    project.run(&[]);
    let (shown, _) = said(&project, &["history", "last"]);
    assert!(
        shown.contains("build, try 1 of 2:") && shown.contains("build, try 2 of 2:"),
        "{shown}"
    );
}
