//! A pipeline that changes itself while runs are under way and wait.

use std::time::Duration;

use crate::team::{Team, nodes, short};

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
fn succeeded(record: &serde_json::Value) -> Vec<&str> {
    let stages = record["stages"].as_array().unwrap().iter();
    // The pods that look for tools are named after the image, which has another name each time.
    let good = stages.filter(|stage| {
        stage["outcome"] == "succeeded" && stage["tries"].is_array() && stage["kind"] != "tools"
    });
    let mut all: Vec<&str> = good.map(|stage| stage["path"].as_str().unwrap()).collect();
    all.sort_unstable();
    all
}
