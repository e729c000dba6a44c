//! A pipeline of 1,000 environments: what it weighs in the cluster, and that it runs.
//!
//! `APHEX_TEST_SCALE=whole` lets the run go to its end, which takes as long as 1,000 pods take; `--nocapture` shows what was measured.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::REGION;
use crate::team::{Team, nodes, outcome, short};

const ENVIRONMENTS: usize = 1000;
/// etcd takes no request above 1.5 MiB (`--max-request-bytes`), and Argo no Workflow above 1 MiB (`MAX_WORKFLOW_SIZE`).
const LIMIT: usize = 1 << 20;
/// So many environments are waited for where the run does not go to its end.
const SOME: usize = 5;

const PIPELINE: &str = r#"
  on push { branches = ["main"] }
  defaults { resources = { cpu = 0.05, memory = 64Mi } }
  build { run = ["true"] }
  wave everywhere {
    max_parallel = 3
    for number in range(1, 1001) {
      environment "env-#{number}" { account = "111122223333", region = "us-east-1"
        step work { run = ["true"] }
      }
    }
  }
"#;

/// As long as its object in the cluster is.
fn size(object: &Value) -> usize {
    serde_json::to_string(object).unwrap().len()
}

#[test]
fn req_1_5_4_5_a_thousand_environments_are_applied_and_run() {
    let Some(team) = Team::new("a_thousand_environments", "fleet") else {
        return;
    };
    team.pipeline(PIPELINE);
    team.push("main");
    let began = Instant::now();
    team.good(&["apply", "--region", REGION]);
    let first = began.elapsed();
    let began = Instant::now();
    let said = team.good(&["apply", "--region", REGION]);
    assert!(said.contains("nothing to change"), "{said}");
    println!(
        "applied in {first:.1?}, and again in {:.1?}",
        began.elapsed()
    );
    let template = team.get(&["workflowtemplate", "fleet"]);
    println!("WorkflowTemplate: {} KiB", size(&template) / 1024);
    assert!(size(&template) < LIMIT);

    let commit = team.push("main");
    team.good(&["trigger", "--commit", &commit]);
    let is_whole = std::env::var("APHEX_TEST_SCALE").is_ok_and(|value| value == "whole");
    let (many, time) = match is_whole {
        true => (ENVIRONMENTS, Duration::from_secs(3 * 3600)),
        false => (SOME, Duration::from_secs(240)),
    };
    let began = Instant::now();
    let largest = std::cell::Cell::new(0);
    team.wait("environments end", time, || {
        let run = team.run_of(&commit).unwrap_or_default();
        largest.set(largest.get().max(size(&run)));
        let has_ended = ["Succeeded", "Failed", "Error"]
            .contains(&run["status"]["phase"].as_str().unwrap_or_default());
        assert!(is_whole || !has_ended, "{}", short(&run));
        let ended = nodes(&run, "Succeeded");
        let ended = ended.iter().filter(|name| name.contains(":env-"));
        has_ended || ended.count() >= many
    });
    println!(
        "{many} environments after {:.0?}; Workflow: {} KiB",
        began.elapsed(),
        largest.get() / 1024
    );
    assert!(largest.get() < LIMIT);
    let run = team.run_of(&commit).unwrap();
    let name = run["metadata"]["name"].as_str().unwrap();
    if !is_whole {
        team.good(&["cancel", name, "--yes"]);
    }
    let run = team.ended(&commit);
    println!("Workflow at its end: {} KiB", size(&run) / 1024);
    assert!(size(&run) < LIMIT);
    let record = team.record_of(&run);
    let stages = record["stages"].as_array().unwrap();
    let environments = stages.iter().filter(|stage| stage["kind"] == "environment");
    assert_eq!(environments.count(), ENVIRONMENTS);
    assert_eq!(outcome(&record, "everywhere/env-1/work"), "succeeded");
    let wanted = match is_whole {
        true => "succeeded",
        false => "stopped",
    };
    assert_eq!(record["outcome"], wanted);
}
