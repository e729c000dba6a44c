//! A run that waits for a person: status, answers, time-out, logs, cancellation.

use std::time::Duration;

use serde_json::Value;

use crate::team::{Team, outcome, short, text};

fn body(timeout: &str) -> String {
    format!(
        r#"
  on push {{ branches = ["main"] }}
  build {{ run = ["echo built"] }}
  environment prod {{
    account = "444455556666"
    region  = "us-east-1"
    approval {{ message = "Ship it?", timeout = {timeout}, approvers = ["@ann"] }}
    step work {{ run = ["echo shipped"] }}
  }}
"#
    )
}

fn name(run: &Value) -> &str {
    run["metadata"]["name"].as_str().unwrap()
}

/// Whether a run waits for somebody.
fn waits(team: &Team, commit: &str) -> bool {
    let run = team.run_of(commit).unwrap_or_default();
    let nodes = run["status"]["nodes"].as_object();
    let mut nodes = nodes.into_iter().flat_map(|nodes| nodes.values());
    nodes.any(|node| node["type"] == "Suspend" && node["phase"] == "Running")
}

#[test]
fn approvals_wait_for_who_may_answer_and_end_by_themselves() {
    let test = "approvals";
    let Some(team) = Team::new(test, "approved") else {
        return;
    };
    team.pipeline(&body("1h"));
    let hook = team.installed();
    let said = team.good(&["status"]);
    assert!(said.contains("no run"), "{said}");

    // Yes, of one who may; no, of one who may not.
    let commit = team.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    team.wait("the run waits", Duration::from_secs(180), || {
        waits(&team, &commit)
    });
    let run = team.run_of(&commit).unwrap();
    let said = team.good(&["status"]);
    for words in [
        name(&run),
        &commit[..7],
        "Ship it?",
        "@ann",
        &format!("aphex approve {} prod", name(&run)),
    ] {
        assert!(said.contains(words), "no `{words}` in:\n{said}");
    }
    let refused = team.aphex(&["approve", name(&run), "prod", "--as", "bob", "--yes"]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    assert!(waits(&team, &commit));
    team.good(&["approve", name(&run), "prod", "--as", "ann", "--yes"]);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));
    let record = team.record_of(&run);
    assert_eq!(outcome(&record, "prod/work"), "succeeded", "{record:#}");
    assert!(record.to_string().contains("ann"), "{record:#}");
    assert!(
        team.good(&["logs", name(&run), "prod/work"])
            .contains("shipped")
    );
    let past = team.good(&["history", "--cluster"]);
    assert!(past.contains(name(&run)), "{past}");

    // No.
    let commit = team.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    team.wait("the second run waits", Duration::from_secs(180), || {
        waits(&team, &commit)
    });
    let run = team.run_of(&commit).unwrap();
    team.good(&[
        "reject",
        name(&run),
        "--as",
        "ann",
        "--reason",
        "not today",
        "--yes",
    ]);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Failed", "{}", short(&run));
    let record = team.record_of(&run);
    assert_eq!(outcome(&record, "prod/work"), "", "{record:#}");
    let past = team.good(&["history", "--cluster", name(&run)]);
    assert!(
        past.contains("the approval was rejected: not today"),
        "{past}"
    );

    // Nobody.
    team.pipeline(&body("5s"));
    team.push("main");
    team.good(&["apply", "--region", "eu-west-1"]);
    let commit = team.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Failed", "{}", short(&run));
    let record = team.record_of(&run);
    assert_eq!(outcome(&record, "prod/work"), "", "{record:#}");
}

#[test]
fn a_run_that_is_started_by_hand_is_followed_and_cancelled() {
    let test = "cancelled";
    let Some(team) = Team::new(test, "cancelled") else {
        return;
    };
    team.pipeline(
        r#"
  on push { branches = ["main"] }
  build { run = ["echo under way", "sleep 300"] }
  environment prod { account = "444455556666", region = "us-east-1"
    step work { run = ["true"] }
  }
"#,
    );
    drop(team.installed());
    let commit = team.push("main");
    let said = team.good(&["trigger", "--commit", &commit]);
    team.wait("the build runs", Duration::from_secs(120), || {
        let run = team.run_of(&commit);
        run.is_some_and(|run| {
            said.contains(name(&run))
                && text(&team.aphex(&["logs", name(&run), "build"])).contains("under way")
        })
    });
    let run = team.run_of(&commit).unwrap();
    team.good(&["cancel", name(&run), "--yes"]);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Failed", "{}", short(&run));
    let record = team.record_of(&run);
    assert_eq!(record["outcome"], "stopped", "{record:#}");
    assert_eq!(outcome(&record, "prod/work"), "", "{record:#}");
}
