//! What a pipeline does in a pod and on this machine is the same.

use serde_json::{Map, Value, json};

use crate::image;
use crate::place::import;
use crate::support::containers::{Podman, SERVER};
use crate::support::http::free_port;
use crate::support::project::{last_record, stage};
use crate::team::{Team, outcome, text};

/// [`SERVER`] as the node has it, which fetches nothing.
const SIDE_CAR: &str = "localhost/aphex-test/server:4";

const FETCH: &str = r#"
const answer = await fetch(process.env.URL);
const said = (await answer.text()).trim();
console.log(said);
if (said !== "served") process.exit(1);
"#;

const REPORT: &str = r#"<?xml version="1.0"?>
<testsuite name="unit">
  <testcase name="adds" classname="unit" time="0.5"/>
  <testcase name="subtracts" classname="unit" time="0.25"><skipped/></testcase>
  <testcase name="divides" classname="unit" time="0.25"><failure message="by zero">at unit.js:3</failure></testcase>
</testsuite>
"#;

fn body(port: u16) -> String {
    format!(
        r#"
  on push {{ branches = ["main"] }}
  build {{
    run       = ["echo built > built.txt", "node fetch.mjs"]
    artifacts = ["built.txt"]
    env       = {{ URL = "http://localhost:{port}/" }}
    service web {{ image = "{SIDE_CAR}", port = {port}, env = {{ PORT = "{port}", GREETING = "hello" }} }}
  }}
  check optional {{ run = ["echo the last words; exit 3", "echo never"], required = false }}
  environment dev {{
    account = "111122223333"
    region  = "us-east-1"
    step there {{ run = ["grep built built.txt"], when = run.branch == "main" }}
    step elsewhere {{ run = ["exit 1"], when = run.branch == "other" }}
    step broken {{ run = ["false"], when = "failure" }}
    after tidy {{ run = ["true"], when = "always" }}
    test unit {{
      run      = ["mkdir -p reports kept", "cp unit.xml reports/unit.xml", "echo a picture > kept/picture.txt", "exit 1"]
      reports  = ["reports/*.xml"]
      keep     = ["kept/**"]
      required = false
    }}
  }}
"#
    )
}

#[test]
fn a_pipeline_does_the_same_in_pods_and_on_this_machine() {
    let test = "a_pipeline_does_the_same";
    let Some(team) = Team::new(test, "same") else {
        return;
    };
    let podman = Podman::get(test).unwrap();
    side_car(podman).unwrap();
    team.write("fetch.mjs", FETCH);
    team.write("unit.xml", REPORT);
    team.write(".gitignore", ".aphex\n");
    team.pipeline(&body(free_port().unwrap()));
    drop(team.installed());
    let commit = team.push("main");
    team.good(&["trigger", "--branch", "main"]);
    let there = team.record_of(&team.ended(&commit));

    let mut local = team.command(&["run", "--deploy"]);
    let said = local.envs(podman.variables()).output().unwrap();
    let here = last_record(team.path());
    let [there, here] = [there, here].map(comparable);
    let differences = differences("", &there, &here);
    assert!(
        differences.is_empty(),
        "in pods, and here:\n{}\n{}",
        differences.join("\n"),
        text(&said)
    );
    // What is the same has happened.
    for (stage, ended) in [
        ("build", "succeeded"),
        ("optional", "failed"),
        ("dev/there", "succeeded"),
        ("dev/elsewhere", "skipped"),
        ("dev/broken", ""),
        ("dev/tidy", "succeeded"),
        ("dev/unit", "failed"),
    ] {
        assert_eq!(outcome(&there, stage), ended, "{stage}: {there:#}");
    }
    let unit = stage(&there, "dev/unit");
    assert_eq!(unit["tries"][0]["tests"]["failed"], 1, "{unit:#}");
}

/// The side-car's image gets to the node.
fn side_car(podman: &Podman) -> Result<(), String> {
    let run = |arguments: &[&str]| crate::support::tools::output(&mut podman.command(arguments));
    run(&["tag", SERVER, SIDE_CAR])?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let archive = folder.path().join("side-car.tar");
    image::save(podman, &archive, &[SIDE_CAR])?;
    import(&archive)
}

/// A record without what differs, each with its reason.
fn comparable(mut record: Value) -> Value {
    let name = record["run"].as_str().unwrap().to_owned();
    let is_in_pods = record["engine"] == "argo";
    leave_out(&mut record, "/engine");
    // Whoever started it: a user of the cluster, and one of this machine.
    leave_out(&mut record, "/trigger/actor");
    let stages = record["stages"].as_array_mut().unwrap();
    // Each image has a pod that looks for tools; a machine has its tools, and `preflight` looks for them.
    stages.retain(|stage| stage["kind"] != "tools");
    for stage in stages.iter_mut() {
        match stage["path"].as_str().unwrap() {
            // It holds the times of its files.
            "build" => {
                leave_out(stage, "/tries/0/artifact/sha256");
                leave_out(stage, "/tries/0/artifact/bytes");
                // Kubernetes has the log of a side-car of a pod, and stages may not read it.
                let logs = "runs/RUN/stages/build/0.web.log".replace("RUN", &name);
                let kept = stage["tries"][0].as_object_mut().unwrap().remove("kept");
                let is_kept = kept.is_some_and(|kept| kept == json!([logs]));
                assert_eq!(is_kept, !is_in_pods, "{stage:#}");
            }
            // There is no pipeline on a machine.
            "self-update" => {
                let is_outcome = stage["outcome"] == "succeeded";
                assert_eq!(is_outcome, is_in_pods, "{stage:#}");
                for name in ["outcome", "reason", "tries"] {
                    stage.as_object_mut().unwrap().remove(name);
                }
            }
            _ => {}
        }
    }
    without_times(&record, &name)
}

fn leave_out(record: &mut Value, pointer: &str) {
    let field = record.pointer_mut(pointer);
    *field.unwrap_or_else(|| panic!("no {pointer}")) = Value::Null;
}

/// Without times, and with another name for the run.
fn without_times(value: &Value, run: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .filter(|(name, _)| !["started_at", "seconds"].contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), without_times(value, run)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| without_times(item, run)).collect(),
        Value::String(text) => {
            let text = text.replace(run, "RUN");
            // "… has failed with exit code 3 after 7 ms"
            let (text, _) = text.rsplit_once(" after ").unwrap_or((&text, ""));
            text.into()
        }
        other => other.clone(),
    }
}

/// Where two values differ, and how.
fn differences(at: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
            names.sort();
            names.dedup();
            let each = names
                .into_iter()
                .map(|name| differences(&format!("{at}/{name}"), &one[name], &other[name]));
            each.flatten().collect()
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let pairs = left.iter().zip(right).enumerate();
            let each = pairs.map(|(position, (left, right))| {
                differences(&format!("{at}/{position}"), left, right)
            });
            each.flatten().collect()
        }
        _ if one == other => Vec::new(),
        _ => vec![format!("{at}: {one} / {other}")],
    }
}
