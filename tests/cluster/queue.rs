//! Pushes that come faster than runs end.

use std::thread::sleep;
use std::time::Duration;

use aphex::diagnostics::codes::cluster_ready::OVERTAKEN;
use serde_json::{Value, json};

use crate::team::{Team, outcome, short};

const PIPELINE: &str = r#"
  on push { branches = ["main"] }
  build { run = ["true"] }
  environment dev { account = "111122223333", region = "us-east-1"
    step work { run = ["sleep 1"] }
  }
"#;

#[test]
fn req_1_4_five_pushes_run_one_after_another_in_order() {
    let test = "five_pushes";
    let Some(team) = Team::new(test, "queued") else {
        return;
    };
    team.pipeline(PIPELINE);
    let hook = team.installed();
    let commits: Vec<String> = (0..5).map(|_| team.push("main")).collect();
    for commit in &commits {
        assert_eq!(hook.pushed(test, "main", commit), 200);
        // Argo's queue goes by the times of creation, which Kubernetes keeps in seconds: which of two in one second comes first is open.
        sleep(Duration::from_millis(1100));
    }
    let runs: Vec<_> = commits.iter().map(|commit| team.ended(commit)).collect();
    for run in &runs {
        assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(run));
    }
    // No two at once: the first pod of each begins after the last of the one before.
    let mut spans: Vec<(String, String, usize)> = runs
        .iter()
        .enumerate()
        .map(|(position, run)| {
            let pods = run["status"]["nodes"]
                .as_object()
                .unwrap()
                .values()
                .filter(|node| node["type"] == "Pod");
            let times = |name: &str| {
                pods.clone()
                    .map(|pod| pod[name].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            };
            (
                times("startedAt").into_iter().min().unwrap(),
                times("finishedAt").into_iter().max().unwrap(),
                position,
            )
        })
        .collect();
    spans.sort();
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{spans:?}");
    }
    let order: Vec<usize> = spans.iter().map(|span| span.2).collect();
    assert_eq!(order, [0, 1, 2, 3, 4], "{spans:?}");
}

/// Two environments; who comes to the second has its lock until somebody says yes.
const TWO: &str = r#"
  queue = "QUEUE"
  on push { branches = ["main"] }
  build { run = ["true"] }
  environment dev { account = "111122223333", region = "us-east-1"
    step work { run = ["true"] }
  }
  environment prod { account = "444455556666", region = "us-east-1"
    approval { message = "Ship it?", timeout = 1h, approvers = ["@ann"] }
    step work { run = ["true"] }
  }
"#;

/// What `aphex status` says of the run of a commit.
fn status(team: &Team, commit: &str) -> Value {
    let said: Value = serde_json::from_str(&team.good(&["status", "--format=json"])).unwrap();
    let mut all = said["active"].as_array().unwrap().iter();
    let found = all.find(|run| run["commit"] == commit);
    found.cloned().unwrap_or_default()
}

#[test]
fn req_1_4_runs_queue_for_each_environment_and_the_latest_overtakes() {
    let test = "runs_queue_for_each_environment";
    let Some(team) = Team::new(test, "laned") else {
        return;
    };
    team.pipeline(&TWO.replace("QUEUE", "environment"));
    let hook = team.installed();
    let lock = "aphex-laned-prod";
    for queue in ["environment", "latest"] {
        team.pipeline(&TWO.replace("QUEUE", queue));
        let mut commits: Vec<String> = Vec::new();
        for position in 0..3 {
            let commit = team.push("main");
            assert_eq!(hook.pushed(test, "main", &commit), 200);
            // The first asks in production; the others have gone through the first environment meanwhile, and wait behind it.
            let what = format!("{queue}: run {position} has come to production");
            team.wait(&what, Duration::from_secs(180), || {
                let run = status(&team, &commit);
                match commits.first() {
                    None => run["state"] == "waiting" && run["holds"] == json!([lock]),
                    Some(first) => {
                        let holder = &status(&team, first)["name"];
                        run["waits"]
                            == json!([{ "lock": lock, "position": position, "holder": holder }])
                    }
                }
            });
            commits.push(commit);
        }
        for (position, commit) in commits.iter().enumerate() {
            if queue == "latest" && position == 1 {
                continue;
            }
            team.wait("the next one asks", Duration::from_secs(120), || {
                status(&team, commit)["state"] == "waiting"
            });
            let run = status(&team, commit);
            let name = run["name"].as_str().unwrap();
            team.good(&["approve", name, "prod", "--as", "ann", "--yes"]);
        }
        let runs: Vec<Value> = commits.iter().map(|commit| team.ended(commit)).collect();
        let phase = |run: &Value| run["status"]["phase"].as_str().unwrap().to_owned();
        let phases: Vec<String> = runs.iter().map(phase).collect();
        let shown: String = runs.iter().map(short).collect();
        let record = team.record_of(&runs[1]);
        assert_eq!(outcome(&record, "dev/work"), "succeeded", "{record:#}");
        if queue == "environment" {
            assert_eq!(phases, ["Succeeded"; 3], "{shown}");
            assert_eq!(outcome(&record, "prod/work"), "succeeded", "{record:#}");
            continue;
        }
        assert_eq!(phases, ["Succeeded", "Failed", "Succeeded"], "{shown}");
        assert_eq!(record["outcome"], "stopped", "{record:#}");
        assert_eq!(outcome(&record, "prod/work"), "", "{record:#}");
        let newest = runs[2]["metadata"]["name"].as_str().unwrap();
        for words in [OVERTAKEN.id, newest] {
            assert!(record.to_string().contains(words), "{record:#}");
        }
    }
}
