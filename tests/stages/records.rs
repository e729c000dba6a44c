//! Records of runs: their schemas say what they are, and what is wrong with one is said.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::tools;
use aphex::diagnostics::codes::run::{DAMAGED_RECORD, NEWER_RECORD, NO_SUCH_RUN, UNFINISHED_RUN};
use aphex::ops::history::{self, History};
use aphex::stage::record::{
    ApprovalRecord, ArtifactRecord, Change, CommandRecord, Engine, ErrorRecord, Outcome, RunRecord,
    StackDiff, StageRecord, StageResult, Trigger,
};
use aphex::stage::reports::{Failure, Flaky, SuiteSummary, Summary};
use aphex::stage::store::LocalStore;
use serde_json::{Value, json};

/// A result with everything that one can have.
fn full_result() -> StageResult {
    StageResult {
        version: 1,
        stage: "dev/deploy".into(),
        kind: "deploy".into(),
        attempt: 1,
        outcome: Outcome::TimedOut,
        started_at: "2030-01-31T05:00:09Z".parse().unwrap(),
        seconds: 80.25,
        reason: Some("nothing has changed".into()),
        commands: vec![CommandRecord {
            command: "cdk deploy --app cdk.out Api".into(),
            exit_code: Some(1),
            seconds: 79.0,
        }],
        outputs: [(
            "dev.Api".to_owned(),
            [("Url".to_owned(), "https://example.com".to_owned())]
                .into_iter()
                .collect(),
        )]
        .into_iter()
        .collect(),
        diff: vec![StackDiff {
            stack: "Api".into(),
            change: Change::Changed,
            since: Some("0123abcd".into()),
            added: 1,
            changed: 2,
            replaced: 0,
            removed: 1,
            security: true,
            text: "[+] AWS::SNS::Topic Topic".into(),
        }],
        tests: Some(Summary {
            tests: 4,
            passed: 2,
            failed: 1,
            errors: 0,
            skipped: 1,
            flaky: 1,
            seconds: 3.5,
            suites: vec![SuiteSummary {
                name: "cart".into(),
                tests: 4,
                passed: 2,
                failed: 1,
                errors: 0,
                skipped: 1,
                flaky: 1,
                seconds: 3.5,
            }],
            failures: vec![Failure {
                suite: "cart".into(),
                name: "adds".into(),
                message: "1 is not 2".into(),
                text: "cart.js:5".into(),
            }],
            flakies: vec![Flaky {
                suite: "cart".into(),
                name: "waits".into(),
                failed: 1,
                message: "too late".into(),
            }],
        }),
        artifact: Some(ArtifactRecord {
            key: "artifacts/0123/build/shop-7-0.tar.zst".into(),
            sha256: "ab".repeat(32),
            bytes: 10,
            files: 2,
        }),
        kept: vec!["runs/shop-7/stages/dev/deploy/1.kept/report.html".into()],
        approval: Some(ApprovalRecord {
            message: "Ship it?".into(),
            approved: Some(true),
            by: vec!["@alice".into()],
        }),
        error: Some(ErrorRecord {
            code: "A0950".into(),
            message: "the stack `Api` was not deployed".into(),
            place: Some("pipeline.aphex:15:13".into()),
            notes: vec!["it was rolled back".into()],
            help: Some("run it again".into()),
        }),
    }
}

/// A record with everything that one can have.
fn full_record() -> RunRecord {
    RunRecord {
        version: 1,
        run: "shop-7".into(),
        pipeline: "shop".into(),
        file: "pipeline.aphex".into(),
        repository: "acme/shop".into(),
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        local_changes: true,
        trigger: Trigger {
            event: "pull_request".into(),
            reference: "refs/pull/12/head".into(),
            actor: "ada".into(),
            pull_request: Some(12),
            inputs: [("reason".to_owned(), "routine".to_owned())]
                .into_iter()
                .collect(),
        },
        engine: Engine::Local,
        aphex: "0.1.0".into(),
        started_at: "2030-01-31T05:00:00Z".parse().unwrap(),
        seconds: 90.5,
        outcome: Outcome::Failed,
        synth_only: true,
        stages: vec![StageRecord {
            path: "dev/deploy".into(),
            kind: "deploy".into(),
            after: vec!["dev/migrate".into()],
            required: true,
            outcome: Some(Outcome::Failed),
            started_at: Some("2030-01-31T05:00:09Z".parse().unwrap()),
            seconds: Some(80.25),
            reason: Some("`migrate` failed".into()),
            tries: vec![full_result()],
        }],
    }
}

fn schema(name: &str) -> Value {
    let path = tools::root().join("schemas").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Schemas refer to each other by file name.
struct Neighbours;

impl jsonschema::Retrieve for Neighbours {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri
            .as_str()
            .strip_prefix("https://aphex.dev/schemas/")
            .unwrap();
        Ok(schema(name))
    }
}

fn judge(name: &str, value: &Value) -> Vec<String> {
    let validator = jsonschema::options()
        .with_retriever(Neighbours)
        .build(&schema(name))
        .unwrap();
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// The names of the fields of objects; those of maps, whose names are the user's, left out.
fn fields(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        Value::Object(map) => {
            for (name, value) in map {
                into.insert(name.clone());
                if name != "outputs" && name != "inputs" {
                    fields(value, into);
                }
            }
        }
        _ => {}
    }
}

/// The names of the properties that a schema knows.
fn properties(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| properties(item, into)),
        Value::Object(map) => {
            for (name, value) in map {
                if name == "properties" {
                    into.extend(value.as_object().unwrap().keys().cloned());
                }
                properties(value, into);
            }
        }
        _ => {}
    }
}

#[test]
fn records_are_as_their_schemas_say() {
    let run = serde_json::to_value(full_record()).unwrap();
    let stage = serde_json::to_value(full_result()).unwrap();
    assert_eq!(judge("run.v1.json", &run), [""; 0]);
    assert_eq!(judge("stage.v1.json", &stage), [""; 0]);
    let history = json!({ "version": 1, "runs": [run], "unfinished": ["shop-8"] });
    assert_eq!(judge("history.v1.json", &history), [""; 0]);
    // The schemas know every field, and every field that they know there is.
    let (mut written, mut known) = (BTreeSet::new(), BTreeSet::new());
    fields(&run, &mut written);
    properties(&schema("run.v1.json"), &mut known);
    properties(&schema("stage.v1.json"), &mut known);
    assert_eq!(written, known);
}

#[test]
fn what_may_be_left_out_is_left_out() {
    let mut record = full_record();
    record.trigger.pull_request = None;
    record.trigger.inputs.clear();
    record.stages[0] = StageRecord {
        path: "build".into(),
        kind: "build".into(),
        after: Vec::new(),
        required: true,
        outcome: None,
        started_at: None,
        seconds: None,
        reason: None,
        tries: Vec::new(),
    };
    let value = serde_json::to_value(&record).unwrap();
    assert_eq!(judge("run.v1.json", &value), [""; 0]);
    assert_eq!(
        value["stages"][0],
        json!({ "path": "build", "kind": "build", "required": true })
    );
    assert_eq!(serde_json::from_value::<RunRecord>(value).unwrap(), record);
    for outcome in [
        "succeeded",
        "skipped",
        "failed",
        "timed-out",
        "rejected",
        "stopped",
    ] {
        let outcome: Outcome = serde_json::from_value(json!(outcome)).unwrap();
        record.outcome = outcome;
        assert_eq!(
            judge("run.v1.json", &serde_json::to_value(&record).unwrap()),
            [""; 0]
        );
    }
}

#[test]
fn the_schemas_refuse_what_is_none() {
    let good = serde_json::to_value(full_record()).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut wrong = good.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        wrong
    };
    let mut more = good.clone();
    more["stages"][0]["tries"][0]["surprise"] = json!(1);
    for wrong in [
        more,
        with("/version", json!(2)),
        with("/outcome", json!("good")),
        with("/stages/0/tries/0/attempt", json!(-1)),
        with("/stages/0/tries/0/error/message", json!(null)),
        with("/trigger/inputs/reason", json!(1)),
    ] {
        assert!(!judge("run.v1.json", &wrong).is_empty(), "{wrong}");
    }
}

fn store(folder: &Path) -> LocalStore {
    let root = folder.join("store");
    let put = |name: &str, text: &str| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let mut record = full_record();
    put(
        "runs/shop-7/record.json",
        &serde_json::to_string(&record).unwrap(),
    );
    record.run = "shop-6".into();
    record.started_at = "2030-02-01T05:00:00Z".parse().unwrap();
    put(
        "runs/shop-6/record.json",
        &serde_json::to_string(&record).unwrap(),
    );
    put(
        "runs/other/record.json",
        &serde_json::to_string(&record).unwrap(),
    );
    put("runs/cut/record.json", "{\"version\": 1, \"run\": \"cu");
    put(
        "runs/lacks/record.json",
        "{\"version\": 1, \"run\": \"lacks\"}",
    );
    put("runs/newer/record.json", "{\"version\": 2, \"run\": {}}");
    let mut result = full_result();
    put(
        "runs/open/stages/dev/deploy/1.json",
        &serde_json::to_string(&result).unwrap(),
    );
    result.stage = "build".into();
    result.started_at = "2030-01-31T05:00:01Z".parse().unwrap();
    result.outcome = Outcome::Succeeded;
    put(
        "runs/open/stages/build/0.json",
        &serde_json::to_string(&result).unwrap(),
    );
    put("runs/open/stages/build/0.log", "a log");
    put("runs/open/stages/odd/0.json", "{");
    LocalStore::open(&root).unwrap()
}

#[test]
fn req_8_2_runs_are_remembered_newest_first_and_bad_records_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::newest(&store(folder.path()), usize::MAX).unwrap();
    let names: Vec<&str> = history.runs.iter().map(|run| run.run.as_str()).collect();
    assert_eq!(names, ["shop-6", "shop-7"]);
    assert_eq!(history.unfinished, ["open"]);
    let codes: Vec<&str> = history
        .problems
        .iter()
        .map(|problem| problem.code.id)
        .collect();
    let damaged = DAMAGED_RECORD.id;
    assert_eq!(codes, [damaged, damaged, NEWER_RECORD.id, damaged]);
}

/// 8.2: one that was killed has its place in time, and is one of those that are shown.
#[test]
fn req_8_2_a_run_that_was_killed_is_one_of_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let shown = |most: usize, dead: &[&str]| {
        let mut history = History::newest(&store, most).unwrap();
        history.unfinished.push("shop-20300131-120000-2".to_owned());
        history.bury(most, |run| !dead.contains(&run));
        let runs: Vec<String> = history.runs.iter().map(|run| run.run.clone()).collect();
        let killed: Vec<String> = history.killed.iter().map(|run| run.run.clone()).collect();
        (runs, killed, history.unfinished, history.older)
    };
    let late = "shop-20300131-120000-2".to_owned();
    let (six, seven) = ("shop-6".to_owned(), "shop-7".to_owned());
    let both = vec![six.clone(), seven.clone()];
    let open = "open".to_owned();
    assert_eq!(
        shown(9, &[]),
        (both.clone(), vec![], vec![open.clone(), late.clone()], 0)
    );
    // The one whose name tells no time is the oldest.
    assert_eq!(
        shown(9, &["open", &late]),
        (both, vec![late.clone(), open], vec![], 0)
    );
    // It began between the two with a record.
    assert_eq!(
        shown(2, &["open", &late]),
        (vec![six.clone()], vec![late], vec![], 2)
    );
    assert_eq!(shown(1, &["open"]).0, [six]);
}

#[test]
fn a_run_is_found_or_it_is_said_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert_eq!(
        history::find(&store, "shop-7", None).unwrap(),
        full_record()
    );
    assert_eq!(history::find(&store, "last", None).unwrap().run, "shop-6");
    let problem = |name: &str| history::find(&store, name, None).unwrap_err();
    assert_eq!(problem("shop-8").code, &NO_SUCH_RUN);
    assert_eq!(
        problem("shop-77").help.as_deref(),
        Some("did you mean `shop-7`?")
    );
    assert_eq!(problem("cut").code, &DAMAGED_RECORD);
    assert_eq!(problem("newer").code, &NEWER_RECORD);
    for name in [
        "",
        "..",
        "../shop-7",
        "shop-7/record.json",
        "a\u{1b}b",
        "/etc",
    ] {
        assert_eq!(problem(name).code, &NO_SUCH_RUN, "{name:?}");
    }
    let open = problem("open");
    assert_eq!(open.code, &UNFINISHED_RUN);
    assert!(
        open.notes[1].ends_with("build succeeded\ndev/deploy timed out"),
        "{:?}",
        open.notes
    );
}

#[test]
fn what_ended_a_run_is_named() {
    let mut record = full_record();
    let stage = |path: &str, required: bool, outcome: Outcome| StageRecord {
        path: path.into(),
        required,
        outcome: Some(outcome),
        ..full_record().stages[0].clone()
    };
    record.stages = vec![
        stage("lint", false, Outcome::Failed),
        stage("dev", true, Outcome::Failed),
        stage("dev/approval", true, Outcome::Stopped),
        stage("dev/deploy", true, Outcome::TimedOut),
        stage("dev/test", true, Outcome::Failed),
    ];
    assert_eq!(record.culprit().unwrap().path, "dev/deploy");
    record.stages.truncate(3);
    assert_eq!(record.culprit().unwrap().path, "dev/approval");
    record.stages.truncate(1);
    assert_eq!(record.culprit().unwrap().path, "lint");
    record.stages.clear();
    assert_eq!(record.culprit(), None);
}

#[test]
fn causes_are_told_in_words() {
    let mut record = full_record();
    assert_eq!(record.cause(), "pull request 12, by ada");
    for (event, reference, words) in [
        ("push", "refs/heads/main", "push to main, by ada"),
        ("tag", "refs/tags/v1", "tag v1, by ada"),
        ("schedule", "refs/heads/main", "schedule, by ada"),
        ("manual", "", "by hand, by ada"),
    ] {
        record.trigger.event = event.into();
        record.trigger.reference = reference.into();
        assert_eq!(record.cause(), words);
    }
}
