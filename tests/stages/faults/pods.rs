//! The stages of a cluster, each ended as Kubernetes ends a pod: SIGTERM to `aphex stage`, and SIGKILL once the grace is over.

use std::fs;
use std::net::TcpListener;
use std::process::Child;

use super::{Pauses, assert_whole};
use crate::finish::Pods;
use crate::support::project::{Project, signal, stage, text, wait_until};
use aphex::diagnostics::codes::run::NOT_IN_A_RUN;
use aphex::diagnostics::codes::run_process::STOPPED;

/// What holds a stage, the words of its pod, and its path.
const STAGES: [(&str, &[&str], &str); 6] = [
    ("build", &["build"], "build"),
    ("lint", &["check", "--name", "lint"], "lint"),
    (
        "copy",
        &["step", "--environment", "dev", "--name", "copy"],
        "dev/copy",
    ),
    (
        "tidy",
        &["hook", "--environment", "dev", "--hook", "after.tidy"],
        "dev/tidy",
    ),
    (
        "smoke",
        &["test", "--environment", "dev", "--name", "smoke"],
        "dev/smoke",
    ),
    ("bake", &["bake", "--environment", "dev"], "dev/bake"),
];

fn pods(pauses: &Pauses) -> Pods {
    let env = format!("env = {{ WAIT = \"{}\" }}", pauses.path().display());
    let project = Project::new(
        &format!(
            "build {{ run = [\"./pause build\", \"echo whole > out.txt\"], {env}, artifacts = [\"out.txt\"] }}\n  \
             check lint {{ run = [\"./pause lint\"], {env} }}"
        ),
        &format!(
            "{env}\n    step copy {{ run = [\"./pause copy\"] }}\n    after tidy {{ run = [\"./pause tidy\"] }}\n    \
             test smoke {{ run = [\"./pause smoke\"] }}\n    bake {{ time = 2s }}"
        ),
    );
    Pauses::add(&project);
    Pods::new(project)
}

/// Waits until a stage has written this to its log.
fn wait_for_log(pods: &Pods, pod: &str, words: &str) {
    let log = pods.root(pod).join("log.txt");
    wait_until(&format!("{pod} says {words}"), || {
        fs::read_to_string(&log).is_ok_and(|log| log.contains(words))
    });
}

/// The stages before one and beside it, which all end well.
fn before(pods: &Pods, hold: &str) {
    let at = STAGES
        .iter()
        .position(|(name, _, _)| *name == hold)
        .unwrap();
    // The check goes beside the build.
    let until = at.max(2);
    let own = STAGES
        .iter()
        .take(until)
        .filter(|(name, _, _)| *name != hold);
    let own = own.map(|(name, words, _)| (*name, *words));
    for (name, words) in [("preflight", &["preflight"][..])].into_iter().chain(own) {
        let output = pods.pod(&format!("{hold}-{name}"), words);
        assert!(output.status.success(), "{name}: {}", text(&output));
    }
    // There is no cluster here, so what its self-update leaves is written by hand.
    let stages = pods.store().join(format!("runs/{}/stages", pods.run));
    let result = fs::read_to_string(stages.join("preflight/0.json")).unwrap();
    fs::create_dir(stages.join("self-update")).unwrap();
    let result = result.replace("\"preflight\"", "\"self-update\"");
    fs::write(stages.join("self-update/0.json"), result).unwrap();
}

fn end(child: Child) -> String {
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

#[test]
fn a_pod_that_is_ended_in_any_stage_leaves_a_result_and_the_next_run_succeeds() {
    let pauses = Pauses::new();
    let mut pods = pods(&pauses);
    for (hold, words, path) in STAGES {
        pods.run = format!("shop-{hold}");
        before(&pods, hold);
        pauses.hold(hold);
        pods.checkout(hold, words);
        let child = pods.command(hold, words).spawn().unwrap();
        match hold {
            "bake" => wait_for_log(&pods, hold, "waiting for 2 s"),
            _ => pauses.wait_for(hold),
        }
        let said = end(child);
        pauses.release(hold);
        let result = pods.read(&format!("runs/{}/stages/{path}/0.json", pods.run));
        assert_eq!(result["outcome"], "stopped", "{hold}: {said}");
        assert_eq!(result["error"]["code"], STOPPED.id, "{result:#}");
        let reason = pods.reason(hold).unwrap();
        assert!(reason.contains("SIGTERM"), "{hold}: {reason}");

        let output = pods.pod(&format!("{hold}-end"), &["finish", "--status", "Failed"]);
        assert!(output.status.success(), "{}", text(&output));
        let record = pods.record();
        assert_eq!(record["outcome"], "stopped", "{hold}: {record:#}");
        assert_eq!(stage(&record, path)["outcome"], "stopped", "{hold}");
        assert_whole(&pods.store());

        pods.run = format!("shop-{hold}-again");
        let output = pods.pod(&format!("{hold}-again"), words);
        assert!(output.status.success(), "{hold}: {}", text(&output));
    }
}

/// A working tree that is half there is nobody's: the stage that would use it refuses.
#[test]
fn a_checkout_that_is_ended_leaves_no_tree_that_a_stage_would_take() {
    let pauses = Pauses::new();
    let pods = pods(&pauses);
    // A server that takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = format!("http://{}/acme/shop.git", silent.local_addr().unwrap());
    let child = pods
        .init("1", &["build"])
        .env("APHEX_REMOTE", remote)
        .spawn()
        .unwrap();
    let (_open, _) = silent.accept().unwrap();
    let said = end(child);
    assert!(said.contains("the checkout was stopped"), "{said}");
    let output = pods.command("1", &["build"]).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("error[{}]", NOT_IN_A_RUN.id)),
        "{said}"
    );
    let output = pods.pod("2", &["build"]);
    assert!(output.status.success(), "{}", text(&output));
}

/// Somebody who is to be told takes the call and says nothing: the record was written before, and whoever finishes again leaves it.
#[cfg(feature = "cloud")]
#[test]
fn the_end_of_a_run_that_is_itself_ended_has_written_the_record() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", silent.local_addr().unwrap());
    let project = Project::new(
        "notify team { on = [\"failure\"], to = slack(secret(\"slack\", key = \"url\")) }\n  build { run = [\"exit 7\"] }",
        "stack Site",
    );
    let file = project.path().join("pipeline.aphex");
    let program = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("use std.notify.{{slack}}\n\n{program}")).unwrap();
    let pods = Pods::new(project);
    assert_eq!(pods.pod("1", &["build"]).status.code(), Some(1));
    let words = ["finish", "--status", "Failed"];
    pods.checkout("2", &words);
    let secret = pods.root("2").join("secrets/slack/key/url");
    fs::create_dir_all(&secret).unwrap();
    fs::write(secret.join("value"), &url).unwrap();
    let mut child = pods.command("2", &words).spawn().unwrap();
    let (_open, _) = silent.accept().unwrap();
    signal(&child, "TERM");
    child.kill().unwrap();
    child.wait().unwrap();
    let record = pods.record();
    assert_eq!(record["outcome"], "failed");
    assert_eq!(stage(&record, "build")["outcome"], "failed");
    let output = pods.pod("3", &words);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("stays as it is"),
        "{}",
        text(&output)
    );
    assert_eq!(pods.record(), record);
}

/// AWS takes the call and says nothing: a stage that waits for it ends in time to write what came of it.
#[cfg(feature = "cloud")]
#[test]
fn a_pod_that_waits_for_aws_ends_when_it_is_told_to() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let alarm = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors";
    let pods = Pods::new(Project::new(
        "build { run = [\"true\"] }",
        &format!(
            "stack Site\n    step use {{ run = [\"true\"], env = {{ DB = secrets_manager(\"shop/db\") }} }}\n    \
             bake {{ time = 1h, alarms = [\"{alarm}\"] }}"
        ),
    ));
    for (words, path) in [
        (&["preflight"][..], "preflight"),
        (
            &["step", "--environment", "dev", "--name", "use"],
            "dev/use",
        ),
        (&["bake", "--environment", "dev"], "dev/bake"),
    ] {
        pods.checkout(words[0], words);
        let mut command = pods.command(words[0], words);
        command.envs([
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
        ]);
        let child = command.spawn().unwrap();
        let (_open, _) = silent.accept().unwrap();
        let began = std::time::Instant::now();
        let said = end(child);
        assert!(began.elapsed().as_secs() < 25, "{path}: {said}");
        let result = pods.read(&format!("runs/shop-7/stages/{path}/0.json"));
        assert_eq!(result["outcome"], "stopped", "{path}: {said}");
        assert!(said.contains("told to end"), "{path}: {said}");
    }
}
