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

/// What comes before and after, and a stage that takes its time.
fn body(environment: &str) -> String {
    format!(
        r#"
  on push {{ branches = ["main"] }}
  build {{ run = ["true"] }}
  environment dev {{
    account = "111122223333"
    region  = "us-east-1"
    {environment}
    test work {{ run = ["sleep 10"] }}
  }}
  environment prod {{ account = "444455556666", region = "us-east-1"
    step work {{ run = ["true"] }}
  }}
"#
    )
}

/// Another queue each time, so that there is always something to deploy; with more variables.
fn deploying(round: &str, more: &str) -> String {
    body(&format!(
        "env = {{ ROUND = \"{round}\"{more} }}\n    stack Faulty {{}}"
    ))
}

/// Pushes, lets something happen while a stage runs, and gives the run, ended, with its record.
fn run(team: &Team, round: &str, stage: &str, happens: impl Fn(&Value)) -> (Value, Value) {
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

/// A run that went to its end and says so everywhere: in Argo, in its record and in the history.
#[track_caller]
fn assert_well(team: &Team, round: &str, (run, record): &(Value, Value)) {
    let shown = short(run);
    assert_eq!(run["status"]["phase"], "Succeeded", "{round}: {shown}");
    assert_eq!(record["outcome"], "succeeded", "{round}: {record:#}");
    for stage in ["build", "dev/work", "prod/work"] {
        assert_eq!(outcome(record, stage), "succeeded", "{round}: {record:#}");
    }
    // `finish`, which wrote the record.
    let last = format!("{}.onExit", run["metadata"]["name"].as_str().unwrap());
    assert!(nodes(run, "Succeeded").contains(&last), "{round}: {shown}");
    let name = run["metadata"]["name"].as_str().unwrap();
    let past = team.good(&["history", "--cluster", name]);
    let words = format!("{name}: {}, succeeded in", team.name);
    assert!(past.contains(&words), "{round}: no `{words}` in:\n{past}");
}

/// What a pod did that goes is not known to be done, so nothing follows.
#[test]
fn req_2_5_a_pod_that_goes_stops_what_follows_and_the_next_push_succeeds() {
    let Some(team) = Team::new("a_pod_that_goes", "robbed") else {
        return;
    };
    team.pipeline(&body("step first { run = [\"true\"] }"));
    drop(team.installed());
    let (ended, record) = run(&team, "robbed", "work", |run| {
        let pod = pod(&team, run, "test");
        team.kubectl(&["delete", "pod", &pod, "--wait=false"], "");
    });
    let phase = ended["status"]["phase"].as_str().unwrap();
    assert!(["Failed", "Error"].contains(&phase), "{}", short(&ended));
    assert_eq!(record["outcome"], "stopped", "{record:#}");
    assert_eq!(outcome(&record, "dev/first"), "succeeded", "{record:#}");
    assert_eq!(outcome(&record, "dev/work"), "stopped", "{record:#}");
    assert_eq!(outcome(&record, "prod/work"), "", "{record:#}");
    let name = ended["metadata"]["name"].as_str().unwrap();
    let past = team.good(&["history", "--cluster", name]);
    for words in ["■ test work", STOPPED.id, "not run: `dev` stopped"] {
        assert!(past.contains(words), "no `{words}` in:\n{past}");
    }
    assert_well(&team, "next", &run(&team, "next", "work", |_| ()));
}

/// CloudFormation that refuses every other request of a deployment.
fn is_throttled(team: &Team) {
    let service = ["service", "github", "--namespace=aphex-world"];
    let address = &team.place.get(&service)["spec"]["clusterIP"];
    let to = format!(
        ", AWS_ENDPOINT_URL = \"http://{}:4566\"",
        address.as_str().unwrap()
    );
    team.pipeline(&deploying("throttled", &to));
    let before = team.place.received("/throttled").len();
    let ended = run(team, "throttled", "work", |_| ());
    assert_well(team, "throttled", &ended);
    let refused = team.place.received("/throttled").len() - before;
    assert!(refused >= 3, "{refused}");
}

/// Servers that do not answer for some seconds, that are busy, and that are killed and started again: the run goes on, and is well. The round that
/// follows is the next push.
#[test]
fn req_5_5_a_server_that_stands_still_or_starts_again_keeps_no_run_from_its_end() {
    let test = "a_server_that_stands_still";
    if let Err(missing) = variable("APHEX_TEST_PAUSE") {
        return skip(test, &missing, HELP);
    }
    let Some(team) = Team::new(test, "faulty") else {
        return;
    };
    team.app(APP);
    team.pipeline(&deploying("first", ""));
    drop(team.installed());
    let stands_still = |server: &'static str, stage: &str| {
        let round = format!("{server}-stands");
        team.pipeline(&deploying(&round, ""));
        let ended = run(&team, &round, stage, |_| {
            let paused = team.place.pause(server);
            sleep(Duration::from_secs(6));
            drop(paused);
        });
        assert_well(&team, &round, &ended);
    };
    let starts_again = |server: &str| {
        let round = format!("{server}-again");
        team.pipeline(&deploying(&round, ""));
        let ended = run(&team, &round, "work", |_| team.place.restart(server));
        assert_well(&team, &round, &ended);
    };
    for (server, stage) in [
        ("controller", "work"),
        ("api", "work"),
        ("kubelet", "work"),
        ("aws", "deploy"),
    ] {
        stands_still(server, stage);
    }
    // Others cannot do without them: whatever is forwarded to a pod goes through both.
    let alone = team.alone();
    starts_again("kubelet");
    starts_again("api");
    drop(alone);
    starts_again("controller");
    is_throttled(&team);
}
