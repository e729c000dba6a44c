//! What happens to the cluster in the middle of a run: the run goes on or fails with a reason, and the next push succeeds.

use std::thread::sleep;
use std::time::Duration;

use aphex::diagnostics::codes::run_process::STOPPED;
use serde_json::Value;

use crate::place::{HELP, variable};
use crate::support::tools::skip;
use crate::team::{Team, nodes, outcome, short};

const APP: &str = r#"
const { App, CfnResource, Stack } = require("aws-cdk-lib");
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const stack = new Stack(app, "Faulty", { env });
new CfnResource(stack, "Queue", { type: "AWS::SQS::Queue", properties: { QueueName: "faulty-" + process.env.ROUND } });
"#;

/// Another queue each time, so that there is always something to deploy.
fn body(round: &str) -> String {
    format!(
        r#"
  on push {{ branches = ["main"] }}
  build {{ run = ["true"] }}
  environment dev {{
    account = "111122223333"
    region  = "us-east-1"
    env     = {{ ROUND = "{round}" }}
    stack Faulty {{}}
    test work {{ run = ["sleep 10"] }}
  }}
  environment prod {{ account = "444455556666", region = "us-east-1"
    step work {{ run = ["true"] }}
  }}
"#
    )
}

/// Pushes, lets something happen while a stage runs, and gives the run, ended, with its record.
fn run(team: &Team, round: &str, stage: &str, happens: impl Fn(&Value)) -> (Value, Value) {
    team.pipeline(&body(round));
    let hook = team.hook();
    let commit = team.push("main");
    assert_eq!(hook.pushed("faults", "main", &commit), 200);
    let is_there = || {
        let run = team.run_of(&commit).unwrap_or_default();
        let running = nodes(&run, "Running");
        running.iter().any(|name| name.starts_with(stage))
    };
    team.wait(
        &format!("{round}: {stage} runs"),
        Duration::from_secs(120),
        is_there,
    );
    // The command, too.
    sleep(Duration::from_secs(3));
    happens(&team.run_of(&commit).unwrap());
    let run = team.ended(&commit);
    let record = team.record_of(&run);
    (run, record)
}

/// The pod of a stage that runs.
fn pod(team: &Team, run: &Value, stage: &str) -> String {
    let of = format!(
        "workflows.argoproj.io/workflow={}",
        run["metadata"]["name"].as_str().unwrap()
    );
    let pods = team.get(&[
        "pods",
        "--selector",
        &of,
        "--field-selector=status.phase=Running",
    ]);
    let mut names = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap());
    let found = names.find(|name| name.contains(stage));
    found
        .unwrap_or_else(|| panic!("no pod of {stage}: {}", short(run)))
        .to_owned()
}

#[test]
fn req_2_5_5_4_9_5_a_server_that_stands_still_keeps_no_run_from_its_end() {
    let test = "a_server_that_stands_still";
    let Some(team) = Team::new(test, "faulty") else {
        return;
    };
    if let Err(missing) = variable("APHEX_TEST_PAUSE") {
        return skip(test, &missing, HELP);
    }
    team.app(APP);
    team.pipeline(&body("first"));
    drop(team.installed());

    // A pod that goes: what it did is not known to be done, so nothing follows.
    let (ended, record) = run(&team, "moved", "work", |run| {
        team.kubectl(
            &["delete", "pod", &pod(&team, run, "test"), "--wait=false"],
            "",
        );
    });
    let phase = ended["status"]["phase"].as_str().unwrap();
    assert!(["Failed", "Error"].contains(&phase), "{}", short(&ended));
    assert_eq!(record["outcome"], "stopped", "{record:#}");
    assert_eq!(outcome(&record, "dev/deploy"), "succeeded", "{record:#}");
    assert_eq!(outcome(&record, "dev/work"), "stopped", "{record:#}");
    assert_eq!(outcome(&record, "prod/work"), "", "{record:#}");
    let name = ended["metadata"]["name"].as_str().unwrap();
    let past = team.good(&["history", "--cluster", name]);
    for words in ["■ test work", STOPPED.id, "not run: `dev` stopped"] {
        assert!(past.contains(words), "no `{words}` in:\n{past}");
    }

    // Servers that do not answer for some seconds: the run goes on, and is well.
    for (server, stage) in [
        ("controller", "work"),
        ("api", "work"),
        ("kubelet", "work"),
        ("aws", "deploy"),
    ] {
        let (run, record) = run(&team, server, stage, |_| {
            let paused = team.place.pause(server);
            sleep(Duration::from_secs(6));
            drop(paused);
        });
        assert_eq!(
            run["status"]["phase"],
            "Succeeded",
            "{server}: {}",
            short(&run)
        );
        assert_eq!(record["outcome"], "succeeded", "{server}: {record:#}");
        assert_eq!(
            outcome(&record, "prod/work"),
            "succeeded",
            "{server}: {record:#}"
        );
    }
}
