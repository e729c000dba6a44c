//! Pushes that come faster than runs end.

use std::thread::sleep;
use std::time::Duration;

use crate::team::{Team, short};

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
