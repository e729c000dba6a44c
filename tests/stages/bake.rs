//! The bake, with the alarms of an emulator of AWS.
#![cfg(feature = "cloud")]

use std::process::{Child, Stdio};

use aphex::diagnostics::codes::aws::{ALARM, NO_ALARM, NOT_WATCHED};
use aphex::diagnostics::codes::run_process::STOPPED;
use serde_json::json;

use crate::support::http;
use crate::support::ministack::Ministack;
use crate::support::project::{Project, signal, stage, text, wait_until};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// Asks CloudWatch for something by its query protocol.
fn cloudwatch(aws: &Ministack, account: &str, region: &str, body: &str) {
    let authorization = http::authorization(account, region, "monitoring");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let body = format!("{body}&Version=2010-08-01");
    let (status, answer) = http::ask(&aws.url, "POST", &headers, &body);
    assert_eq!(status, 200, "{answer}");
}

pub fn make_alarm(aws: &Ministack, account: &str, region: &str, name: &str) {
    let body = format!(
        "Action=PutMetricAlarm&AlarmName={name}&ComparisonOperator=GreaterThanThreshold&EvaluationPeriods=1\
         &MetricName=Errors&Namespace=Shop&Period=60&Statistic=Sum&Threshold=5"
    );
    cloudwatch(aws, account, region, &body);
    set_state(aws, account, region, name, "OK");
}

fn set_state(aws: &Ministack, account: &str, region: &str, name: &str, state: &str) {
    let body = format!(
        "Action=SetAlarmState&AlarmName={name}&StateValue={state}&StateReason=12+errors+in+a+minute"
    );
    cloudwatch(aws, account, region, &body);
}

/// A project that deploys by a step, and is watched for so long.
fn project(time: &str, alarms: &[&str]) -> Project {
    let alarms: Vec<String> = alarms
        .iter()
        .map(|name| format!("\"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}\""))
        .collect();
    Project::new(
        "build { run = [\"true\"] }",
        &format!(
            "step deploy {{ run = [\"true\"] }}\n    bake {{ time = {time}, alarms = [{}] }}",
            alarms.join(", ")
        ),
    )
}

fn start(project: &Project, environment: Vec<(String, String)>) -> Child {
    let mut command = project.aphex(&["run", "--deploy"]);
    command.envs(environment);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Whether the log of the bake has this by now.
fn log_says(project: &Project, words: &str) -> bool {
    let runs = project.path().join(".aphex/runs");
    let logs = walk(&runs)
        .into_iter()
        .chain(walk(&project.path().join(".aphex/store")));
    let mut texts = logs.filter_map(|path| std::fs::read_to_string(path).ok());
    texts.any(|text| text.contains(words))
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => walk(&path),
            false => vec![path],
        })
        .collect()
}

#[test]
fn an_environment_that_stays_well_goes_on() {
    let Some(aws) = Ministack::start("an_environment_that_stays_well_goes_on") else {
        return;
    };
    make_alarm(&aws, ACCOUNT, REGION, "shop-errors");
    let project = project("3s", &["shop-errors"]);
    let output = start(&project, aws.environment(ACCOUNT, REGION)).wait_with_output();
    let said = text(&output.unwrap());
    let record = project.last_record();
    let bake = stage(&record, "dev/bake");
    assert_eq!(bake["outcome"], "succeeded", "{said}");
    assert!(bake["seconds"].as_f64().unwrap() >= 3.0, "{bake}");
    assert!(said.contains("watching 1 alarm for 3 s"), "{said}");
    assert!(said.contains("shop-errors: OK"), "{said}");
}

#[test]
fn without_alarms_the_time_passes() {
    let project = project("2s", &[]);
    let (output, record) = project.run(&["--deploy"]);
    let said = text(&output);
    assert_eq!(stage(&record, "dev/bake")["outcome"], "succeeded", "{said}");
    assert!(said.contains("waiting for 2 s"), "{said}");
}

/// The alarm goes off in the middle; the run ends then, and says why.
#[test]
fn an_alarm_that_goes_off_fails_the_run() {
    let Some(aws) = Ministack::start("an_alarm_that_goes_off_fails_the_run") else {
        return;
    };
    make_alarm(&aws, ACCOUNT, REGION, "shop-errors");
    make_alarm(&aws, ACCOUNT, REGION, "shop-latency");
    let project = project("20s", &["shop-errors", "shop-latency"]);
    let child = start(&project, aws.environment(ACCOUNT, REGION));
    wait_until("the alarms are looked at", || {
        project.path().join(".aphex/store").exists() && log_says(&project, "shop-latency: OK")
    });
    set_state(&aws, ACCOUNT, REGION, "shop-latency", "ALARM");
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let record = project.last_record();
    let bake = stage(&record, "dev/bake");
    assert_eq!(bake["outcome"], "failed", "{said}");
    assert!(bake["seconds"].as_f64().unwrap() < 19.0, "{bake}");
    assert_eq!(bake["tries"][0]["error"]["code"], ALARM.id, "{bake}");
    assert!(said.contains("the alarm `shop-latency` went off"), "{said}");
    assert!(said.contains("12 errors in a minute"), "{said}");
    assert!(said.contains("pipeline.aphex:"), "{said}");
    assert!(!said.contains("`shop-errors` went off"), "{said}");
}

/// Another account may have an alarm of that name: it is not meant.
#[test]
fn an_alarm_of_another_account_is_not_there() {
    let Some(aws) = Ministack::start("an_alarm_of_another_account_is_not_there") else {
        return;
    };
    make_alarm(&aws, "444455556666", REGION, "shop-errors");
    let project = project("60s", &["shop-errors"]);
    let output = start(&project, aws.environment("444455556666", REGION)).wait_with_output();
    let said = text(&output.unwrap());
    let record = project.last_record();
    let bake = stage(&record, "dev/bake");
    assert_eq!(bake["tries"][0]["error"]["code"], NO_ALARM.id, "{said}");
    assert!(bake["seconds"].as_f64().unwrap() < 30.0, "{bake}");
    assert!(said.contains("there is no alarm `shop-errors`"), "{said}");
}

#[test]
fn who_may_not_look_says_so_at_once() {
    let Some(aws) = Ministack::start("who_may_not_look_says_so_at_once") else {
        return;
    };
    let Some(faults) = aws.faults("who_may_not_look_says_so_at_once") else {
        return;
    };
    make_alarm(&aws, ACCOUNT, REGION, "shop-errors");
    faults.set(&json!([{ "service": "cloudwatch", "error": { "code": "AccessDenied", "status": 403, "message": "not allowed" } }]));
    let project = project("60s", &["shop-errors"]);
    let output = start(&project, faults.environment(ACCOUNT, REGION)).wait_with_output();
    let said = text(&output.unwrap());
    let record = project.last_record();
    assert_eq!(
        stage(&record, "dev/bake")["tries"][0]["error"]["code"],
        NOT_WATCHED.id,
        "{said}"
    );
    assert!(said.contains("AccessDenied"), "{said}");
}

#[test]
fn a_bake_that_is_stopped_is_remembered() {
    let project = project("10m", &[]);
    let child = start(&project, Vec::new());
    wait_until("the bake begins", || {
        log_says(&project, "waiting for 10 min")
    });
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    let record = project.last_record();
    let bake = stage(&record, "dev/bake");
    assert_eq!(bake["outcome"], "stopped", "{said}");
    assert_eq!(bake["tries"][0]["error"]["code"], STOPPED.id, "{bake}");
}
