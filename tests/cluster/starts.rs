//! What starts a run beside a push that arrives once: a delivery that GitHub repeats, and a clock.

use std::time::Duration;

use serde_json::Value;

use crate::support::payloads;
use crate::team::{Team, outcome, short};

const BODY: &str = r#"
  checkout { credentials = secret("github", key = "token") }
  build { run = ["true"] }
  environment dev { account = "111122223333", region = "us-east-1"
    step work { run = ["true"] }
  }
  environment prod { account = "444455556666", region = "us-east-1"
    step work { run = ["true"] }
  }
"#;

#[test]
fn a_delivery_that_github_repeats_starts_nothing_twice() {
    let test = "a_delivery_is_repeated";
    let Some(team) = Team::new(test, "repeated") else {
        return;
    };
    team.pipeline(&format!("  on push {{ branches = [\"main\"] }}\n{BODY}"));
    team.token();
    let hook = team.installed();
    let commit = team.push("main");
    let all = payloads::all(test).unwrap();
    let push = payloads::push(all, "main", &commit);
    let delivery = hook.delivery();
    assert_eq!(hook.deliver(&push, &delivery), 200);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));
    assert_eq!(
        run["metadata"]["annotations"]["aphex.dev/delivery"],
        delivery
    );
    assert_eq!(hook.deliver(&push, &delivery), 200);
    // The Sensor has seen it once it has begun the run of what came behind it: it handles one event of a trigger after another.
    let next = team.push("main");
    assert_eq!(hook.pushed(test, "main", &next), 200);
    team.ended(&next);
    // Its pod finds the run, says so and is done.
    let of = |template: &str| -> Vec<Value> {
        let runs = team.runs().into_iter();
        let is_of = |run: &Value| {
            run["spec"]["workflowTemplateRef"]["name"] == template
                && run["spec"]["arguments"].to_string().contains(&commit)
        };
        runs.filter(is_of).collect()
    };
    let said = std::cell::RefCell::new(String::new());
    team.wait(
        "the repetition is answered",
        Duration::from_secs(60),
        || {
            let starts = of("repeated-start");
            let ended = starts
                .iter()
                .find(|start| start["status"]["phase"] == "Succeeded");
            ended.is_some_and(|start| {
                *said.borrow_mut() = team.logs(start);
                true
            })
        },
    );
    let name = run["metadata"]["name"].as_str().unwrap();
    assert!(said.borrow().contains(name), "{}", said.borrow());
    let names: Vec<Value> = of("repeated")
        .into_iter()
        .map(|run| run["metadata"]["name"].clone())
        .collect();
    assert_eq!(names, [name]);
}

#[test]
fn a_clock_starts_a_run_of_the_newest_commit() {
    let test = "a_clock_starts_a_run";
    let Some(team) = Team::new(test, "nightly") else {
        return;
    };
    team.pipeline(&format!(
        "  on schedule {{ cron = \"* * * * *\", deploy = [dev] }}\n{BODY}"
    ));
    team.token();
    let commit = team.push("main");
    team.good(&["apply", "--region", crate::place::REGION]);
    let run = team.ended(&commit);
    // It would start another one each minute.
    team.kubectl(&["delete", "cronworkflows", "--all"], "");
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));
    let record = team.record_of(&run);
    assert_eq!(record["trigger"]["event"], "schedule", "{record:#}");
    assert_eq!(record["commit"], commit);
    assert_eq!(outcome(&record, "dev/work"), "succeeded");
    // Who set the clock named one environment.
    let stages = record["stages"].as_array().unwrap();
    let is_other = |stage: &Value| stage["path"].as_str().unwrap().starts_with("prod");
    assert!(!stages.iter().any(is_other), "{record:#}");
    let said = team.good(&["history", "--cluster"]);
    assert!(said.contains("schedule"), "{said}");
}
