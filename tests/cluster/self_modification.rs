//! A pipeline that changes itself while runs are under way and wait.

use std::time::Duration;

use aphex::diagnostics::codes::cluster::SUPERSEDED;
use serde_json::Value;

use crate::place::OTHER;
use crate::team::{Team, nodes, outcome, short};

fn body(build: &str, environments: &[(&str, &str)]) -> String {
    let environments = environments.iter().map(|(name, command)| {
        format!("  environment {name} {{ account = \"111122223333\", region = \"us-east-1\"\n    step work {{ run = [\"{command}\"] }}\n  }}\n")
    });
    format!(
        "  on push {{ branches = [\"main\"] }}\n  build {{ run = [\"{build}\"] }}\n{}",
        environments.collect::<String>()
    )
}

#[test]
fn req_3_7_3_8_4_5_runs_keep_their_topology_and_use_the_commands_of_their_commit() {
    let test = "runs_keep_their_topology";
    let Some(team) = Team::new(test, "modified") else {
        return;
    };
    team.pipeline(&body(
        "echo first build",
        &[("dev", "sleep 15"), ("qa", "echo first qa")],
    ));
    let hook = team.installed();
    let first = team.push("main");
    assert_eq!(hook.pushed(test, "main", &first), 200);
    team.wait("the first run is in dev", Duration::from_secs(120), || {
        team.run_of(&first).is_some_and(|run| {
            nodes(&run, "Running")
                .iter()
                .any(|name| name.contains("work"))
        })
    });
    // One waits in the queue, and its commit renames `qa`, has a further environment and another build.
    team.pipeline(&body(
        "echo second build",
        &[
            ("dev", "echo second dev"),
            ("test", "echo second test"),
            ("prod", "echo second prod"),
        ],
    ));
    let second = team.push("main");
    assert_eq!(hook.pushed(test, "main", &second), 200);
    team.wait("the second run waits", Duration::from_secs(60), || {
        team.run_of(&second)
            .is_some_and(|run| run["status"]["phase"] == "Pending")
    });
    let one = team.ended(&first);
    assert_eq!(one["status"]["phase"], "Succeeded", "{}", short(&one));
    let record = team.record_of(&one);
    assert_eq!(
        succeeded(&record),
        ["build", "dev/work", "preflight", "qa/work", "self-update"],
        "{record:#}"
    );
    let two = team.ended(&second);
    assert_eq!(two["status"]["phase"], "Succeeded", "{}", short(&two));
    let record = team.record_of(&two);
    assert_eq!(
        succeeded(&record),
        ["build", "dev/work", "preflight", "self-update"],
        "{record:#}"
    );
    assert!(team.logs(&two).contains("second build") && team.logs(&two).contains("second dev"));
    let third = team.push("main");
    assert_eq!(hook.pushed(test, "main", &third), 200);
    let three = team.ended(&third);
    assert_eq!(three["status"]["phase"], "Succeeded", "{}", short(&three));
    let record = team.record_of(&three);
    assert_eq!(
        succeeded(&record),
        [
            "build",
            "dev/work",
            "preflight",
            "prod/work",
            "self-update",
            "test/work"
        ],
        "{record:#}"
    );
}

/// The stages of a record that have succeeded.
fn succeeded(record: &Value) -> Vec<&str> {
    let stages = record["stages"].as_array().unwrap().iter();
    // The pods that look for tools are named after the image, which has another name each time.
    let good = stages.filter(|stage| {
        stage["outcome"] == "succeeded" && stage["tries"].is_array() && stage["kind"] != "tools"
    });
    let mut all: Vec<&str> = good.map(|stage| stage["path"].as_str().unwrap()).collect();
    all.sort_unstable();
    all
}

const APP: &str = r#"
const { App, CfnResource, Stack } = require("aws-cdk-lib");
const app = new App();
const stack = new Stack(app, "Restarted", { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
new CfnResource(stack, "Queue", { type: "AWS::SQS::Queue", properties: { QueueName: "restarted" } });
"#;

/// A pipeline whose runs go on as others where stages change.
fn restarting(work: &str, more: &str) -> String {
    format!(
        r#"
  self_update {{ restart = true }}
  on push {{ branches = ["main"] }}
  build {{ run = ["true"] }}
  environment dev {{ account = "111122223333", region = "us-east-1"
    step work {{ {work} }}
  }}
  {more}
  notify ops {{ on = ["failure", "success"], to = webhook("https://github.aphex-world.svc/notify/restarted") }}
"#
    )
}

/// Pushes once; the run that ends for another one, and that one, with its record.
fn goes_on(team: &Team) -> (Value, Value, Value) {
    let test = "a_run_goes_on_as_another_one";
    let before = team.runs().len();
    let hook = team.hook();
    let commit = team.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    team.wait("another run", Duration::from_secs(180), || {
        team.runs().len() > before + 1
    });
    let second = team.ended(&commit);
    let runs = team.runs();
    assert_eq!(runs.len(), before + 2, "{runs:#?}");
    let first = runs[before].clone();
    assert!(first["spec"].to_string().contains(&commit), "{first:#}");
    let name = |run: &Value| run["metadata"]["name"].as_str().unwrap().to_owned();
    assert_eq!(
        second["metadata"]["annotations"]["aphex.dev/restarts"],
        name(&first)
    );
    assert_eq!(second["status"]["phase"], "Succeeded", "{}", short(&second));

    let record = team.record_of(&first);
    assert_eq!(record["outcome"], "stopped", "{record:#}");
    assert_eq!(outcome(&record, "self-update"), "stopped", "{record:#}");
    assert_eq!(outcome(&record, "dev/work"), "", "{record:#}");
    let past = team.good(&["history", "--cluster", &name(&first)]);
    for words in [SUPERSEDED.id, &name(&second)] {
        assert!(past.contains(words), "no `{words}` in:\n{past}");
    }
    let record = team.record_of(&second);
    assert_eq!(record["outcome"], "succeeded", "{record:#}");
    assert_eq!(record["commit"], commit.as_str());
    (first, second, record)
}

#[test]
fn req_3_5_3_6_4_5_with_restart_one_push_reaches_what_its_commit_adds() {
    let Some(team) = Team::new("with_restart", "restarted") else {
        return;
    };
    let here = "run = [\"echo here\"]";
    team.app(APP);
    team.pipeline(&restarting(here, ""));
    drop(team.installed());

    // One environment more: the same push deploys to it.
    let prod = "environment prod { account = \"444455556666\", region = \"us-east-1\"\n    stack Restarted {}\n  }";
    team.pipeline(&restarting(here, prod));
    let (_, _, record) = goes_on(&team);
    assert_eq!(outcome(&record, "dev/work"), "succeeded", "{record:#}");
    assert_eq!(outcome(&record, "prod/deploy"), "succeeded", "{record:#}");
    let stacks = team.place.stacks(OTHER, "us-east-1");
    assert!(stacks.contains(&"Restarted".to_owned()), "{stacks:?}");

    // It is gone again, and a step has another image.
    let other = &team.place.other;
    team.pipeline(&restarting(&format!("image = \"{other}\", {here}"), ""));
    let (_, second, record) = goes_on(&team);
    assert_eq!(outcome(&record, "dev/work"), "succeeded", "{record:#}");
    let stages = record["stages"].as_array().unwrap();
    assert!(
        stages.iter().all(|stage| stage["path"] != "prod"),
        "{record:#}"
    );
    let name = second["metadata"]["name"].as_str().unwrap();
    let pods = team.get(&[
        "pods",
        "--selector",
        &format!("workflows.argoproj.io/workflow={name}"),
    ]);
    let mut containers = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pod| pod["metadata"]["name"].as_str().unwrap().contains("-step-"))
        .flat_map(|pod| pod["spec"]["containers"].as_array().unwrap());
    let main = containers.find(|container| container["name"] == "main");
    assert_eq!(main.unwrap()["image"], other.as_str(), "{pods:#}");

    // Nobody was told of the ends of runs that went on.
    let news = team.place.received("/notify/restarted");
    assert_eq!(news.len(), 2, "{news:#?}");
}
