//! The stages around a run as pods run them: tools, approvals, the end.
//!
//! A test whose name begins with `req_` proves the criterion of that number, as far as one machine can.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::cluster::Cluster;
use crate::support::project::{Project, stage, text};
use aphex::diagnostics::codes::run_approval::{NOT_AN_APPROVER, REJECTED};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const STACK: &str = "stack Site";

/// A run in the way of a cluster: every stage is a process with folders of its own, and a store between them.
pub struct Pods {
    project: Project,
    commit: String,
    /// The run's name.
    pub run: String,
    folder: tempfile::TempDir,
}

impl Pods {
    pub fn new(project: Project) -> Pods {
        let commit = project.commit();
        let folder = tempfile::tempdir().unwrap();
        Pods {
            project,
            commit,
            run: "shop-7".to_owned(),
            folder,
        }
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub fn root(&self, pod: &str) -> PathBuf {
        self.folder.path().join(pod)
    }

    pub fn command(&self, pod: &str, words: &[&str]) -> Command {
        let mut command = self.project.aphex(&["stage"]);
        let remote = format!("file://{}", self.project.path().display());
        let store = format!("file://{}", self.store().display());
        fs::create_dir_all(self.store()).unwrap();
        let root = self.root(pod);
        let variables = [
            ("APHEX_ROOT", root.to_str().unwrap()),
            ("APHEX_PIPELINE", "shop"),
            ("APHEX_FILE", "pipeline.aphex"),
            ("APHEX_REPOSITORY", "acme/shop"),
            ("APHEX_REMOTE", &remote),
            ("APHEX_ENTRY", "shop"),
            ("APHEX_RUN", &self.run),
            ("APHEX_STARTED_AT", "2026-01-31T05:00:00Z"),
            ("APHEX_COMMIT", &self.commit),
            ("APHEX_EVENT", "push"),
            ("APHEX_REF_BASE64", "cmVmcy9oZWFkcy9tYWlu"),
            ("APHEX_ACTOR_BASE64", "b2N0b2NhdA=="),
            ("APHEX_STORE", &store),
            // No metrics from here.
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("GITHUB_API_URL", "http://127.0.0.1:9"),
        ];
        command
            .args(words)
            .envs(variables)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// The init container of a pod, to be started.
    pub fn init(&self, pod: &str, words: &[&str]) -> Command {
        self.command(pod, &[&["checkout", "--for"], words].concat())
    }

    /// The init container of a pod.
    pub fn checkout(&self, pod: &str, words: &[&str]) {
        let output = self.init(pod, words).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }

    /// The init container and the main container of a pod.
    pub fn pod(&self, pod: &str, words: &[&str]) -> Output {
        self.checkout(pod, words);
        self.command(pod, words).output().unwrap()
    }

    pub fn read(&self, key: &str) -> Value {
        let file = self.store().join(key);
        let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        serde_json::from_slice(&bytes).unwrap()
    }

    pub fn record(&self) -> Value {
        self.read(&format!("runs/{}/record.json", self.run))
    }

    pub fn reason(&self, pod: &str) -> Option<String> {
        fs::read_to_string(self.root(pod).join("termination-log")).ok()
    }
}

fn base64_of(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn req_8_2_8_4_the_record_is_made_of_what_the_stages_left() {
    let pods = Pods::new(Project::new(
        "build { run = [\"echo the reason >&2; exit 7\"] }\n  check lint { run = [\"true\"] }",
        STACK,
    ));
    assert!(pods.pod("1", &["check", "--name", "lint"]).status.success());
    let output = pods.pod("2", &["build"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    // What Argo shows of the pod, in place of its exit code.
    let reason = pods.reason("2").unwrap();
    assert!(
        reason.starts_with("A0911: ") && reason.contains("pipeline.aphex:7:"),
        "{reason}"
    );
    assert!(
        reason.contains("the reason") && reason.len() < 600,
        "{reason}"
    );
    assert_eq!(pods.reason("1"), None);
    assert_eq!(
        base64_of(&pods.root("2").join("out/result"))["outcome"],
        "failed"
    );
    let output = pods.pod("3", &["finish", "--status", "Failed"]);
    assert!(output.status.success(), "{}", text(&output));
    let record = pods.record();
    assert_eq!(record["outcome"], "failed");
    assert_eq!(record["engine"], "argo");
    assert_eq!(record["commit"], pods.commit.as_str());
    assert_eq!(record["trigger"]["actor"], "octocat");
    assert!(record["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(stage(&record, "lint")["outcome"], "succeeded");
    assert_eq!(stage(&record, "build")["outcome"], "failed");
    assert_eq!(
        stage(&record, "build")["tries"][0]["commands"][0]["exit_code"],
        7
    );
    // A pod that left nothing is said to have left nothing.
    let preflight = stage(&record, "preflight");
    assert_eq!(preflight["outcome"], "failed");
    assert!(
        preflight["reason"]
            .as_str()
            .unwrap()
            .contains("left no result"),
        "{preflight:#}"
    );
    let dev = stage(&record, "dev");
    assert_eq!(dev["outcome"], Value::Null);
    assert!(dev["reason"].as_str().is_some(), "{dev:#}");
}

/// What a pod cannot say any more, Argo does: the record has its words.
#[test]
fn req_8_2_of_a_pod_that_left_nothing_the_words_of_argo_are_remembered() {
    let test = "req_8_2_of_a_pod_that_left_nothing_the_words_of_argo_are_remembered";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    let namespace = cluster.namespace();
    let kubeconfig = tempfile::NamedTempFile::new().unwrap();
    fs::copy(cluster.kubeconfig(), kubeconfig.path()).unwrap();
    let path = kubeconfig.path().to_str().unwrap();
    let own = format!("--namespace={}", namespace.name);
    let set = ["config", "set-context", "--current", &own];
    crate::support::cluster::kubectl(path, &set, "").unwrap();
    let node = |word: &str, phase: &str, message: &str| {
        json!({
            "id": word, "name": format!("run.{word}"), "displayName": word, "type": "Pod", "templateName": word,
            "phase": phase, "message": message, "startedAt": "2026-01-31T05:00:00Z", "finishedAt": "2026-01-31T05:01:00Z",
            "inputs": { "parameters": [{ "name": "image", "value": "node:22" }] },
        })
    };
    let template = |word: &str, more: &[&str]| {
        let arguments = [&["stage", word][..], more].concat();
        json!({ "name": word, "container": { "image": "a", "args": arguments } })
    };
    let mut pods = Pods::new(Project::new("build { run = [\"true\"] }", STACK));
    let mut finish = |run: &str, tools: Value, preflight: Value| -> Value {
        let workflow = json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": { "name": run, "namespace": namespace.name },
            "spec": { "workflowTemplateRef": { "name": "shop" } },
            "status": {
                "phase": "Running", "startedAt": "2026-01-31T05:00:00Z",
                "nodes": { "tools": tools, "preflight": preflight },
                "storedWorkflowTemplateSpec": { "templates": [
                    template("tools", &["--image", "{{inputs.parameters.image}}"]),
                    template("preflight", &[]),
                ] },
            },
        });
        cluster
            .kubectl(&["create", "--filename=-"], &workflow.to_string())
            .unwrap();
        pods.run = run.to_owned();
        let words = ["finish", "--status", "Failed"];
        let pod = format!("{run}-finish");
        pods.checkout(&pod, &words);
        let mut command = pods.command(&pod, &words);
        let output = command
            .env("KUBECONFIG", kubeconfig.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        pods.record()
    };
    let late = "Pod was active on the node longer than the specified deadline";
    let record = finish(
        "late",
        node("tools", "Failed", late),
        node("preflight", "Omitted", ""),
    );
    let tools = stage(&record, "tools");
    assert_eq!(tools["outcome"], "failed", "{record:#}");
    assert_eq!(tools["reason"], format!("its pod left no result: {late}"));
    assert_ne!(stage(&record, "build")["outcome"], "failed", "{record:#}");

    let killed = "OOMKilled (exit code 137)";
    let record = finish(
        "killed",
        node("tools", "Succeeded", ""),
        node("preflight", "Failed", killed),
    );
    let lost = stage(&record, "preflight");
    assert_eq!(lost["outcome"], "failed", "{record:#}");
    assert_eq!(lost["reason"], format!("its pod left no result: {killed}"));
}

#[test]
fn req_8_2_two_that_finish_at_once_leave_one_whole_record() {
    let pods = Pods::new(Project::new("build { run = [\"true\"] }", STACK));
    assert!(pods.pod("1", &["build"]).status.success());
    let words = ["finish", "--status", "Succeeded"];
    for pod in ["2", "3"] {
        pods.checkout(pod, &words);
    }
    let both: Vec<_> = ["2", "3"]
        .map(|pod| pods.command(pod, &words).spawn().unwrap())
        .into();
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    let first = pods.record();
    assert_eq!(first["outcome"], "succeeded");
    // A third one, which thinks otherwise, changes nothing.
    let output = pods.pod("4", &["finish", "--status", "Failed"]);
    assert!(
        text(&output).contains("stays as it is"),
        "{}",
        text(&output)
    );
    assert_eq!(pods.record(), first);
}

#[test]
fn req_8_2_a_run_is_remembered_without_its_repository() {
    let mut pods = Pods::new(Project::new("build { run = [\"true\"] }", STACK));
    assert!(pods.pod("1", &["build"]).status.success());
    pods.commit = "0123456789abcdef0123456789abcdef01234567".to_owned();
    let output = pods.pod("2", &["finish", "--status", "Error"]);
    assert!(output.status.success(), "{}", text(&output));
    let record = pods.record();
    assert_eq!(record["outcome"], "failed");
    assert_eq!(stage(&record, "build")["outcome"], "succeeded");
}

/// A stage of a commit whose file is wrong is remembered where it belongs, as far as its flags say.
#[test]
fn req_9_2_stages_of_a_wrong_file_are_remembered_apart() {
    let pods = Pods::new(Project::new(
        "build { run = [\"true\"] }\n  wrong = 1",
        STACK,
    ));
    for (pod, words, path) in [
        (
            "1",
            &["deploy", "--environment", "dev", "--group", "1"][..],
            "dev/deploy",
        ),
        (
            "2",
            &["deploy", "--environment", "prod", "--group", "2"],
            "prod/deploy-2",
        ),
        (
            "3",
            &["hook", "--environment", "dev", "--hook", "before.migrate"],
            "dev/migrate",
        ),
        (
            "4",
            &["test", "--wave", "all", "--name", "smoke"],
            "all/smoke",
        ),
        (
            "5",
            &["test", "--wave", "../all", "--name", "smoke"],
            "test",
        ),
    ] {
        assert_eq!(pods.pod(pod, words).status.code(), Some(1));
        let result = pods.read(&format!("runs/shop-7/stages/{path}/0.json"));
        assert_eq!(result["stage"], path);
        assert_eq!(result["outcome"], "failed");
        assert_eq!(result["error"]["code"], "A0401", "{result:#}");
    }
}

#[test]
fn req_9_5_a_pod_looks_for_the_tools_of_its_image() {
    let pods = Pods::new(Project::new(
        "build { image = \"node:22\", run = [\"git status\", \"frobnicate --all\"] }\n  check lint { image = \"alpine:3\", run = [\"nowhere-to-be-found\"] }",
        STACK,
    ));
    let output = pods.pod("1", &["tools", "--image", "node:22"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("`frobnicate` is not in the image `node:22`"),
        "{said}"
    );
    assert!(said.contains("tools of node:22: git"), "{said}");
    assert!(!said.contains("nowhere"), "{said}");
    assert!(pods.reason("1").unwrap().starts_with("A0904: "));
    let output = pods.pod("2", &["finish", "--status", "Failed"]);
    assert!(output.status.success(), "{}", text(&output));
    let record = pods.record();
    assert_eq!(stage(&record, "tools/node-22")["outcome"], "failed");
    assert_eq!(stage(&record, "build")["reason"], "an image lacks a tool");
}

/// 9.5: what no run calls is not looked for: `cdk` is for stacks, the `setup` of an app for an app that has some.
#[test]
fn req_9_5_without_stacks_no_image_needs_the_cdk() {
    let step = "step copy { run = [\"true\"] }";
    let images = "images { deployer = \"deployer:1\" }\n  build { run = [\"true\"] }";
    let app = format!("app {{ setup = [\"nowhere-to-be-found\"] }}\n  {images}");
    for (number, top) in [images, &app].into_iter().enumerate() {
        let pods = Pods::new(Project::new(top, step));
        let output = pods.pod("1", &["tools", "--image", "deployer:1"]);
        assert_eq!(output.status.code(), Some(0), "{number}: {}", text(&output));
        let (output, _) = pods.project.run(&[]);
        assert!(output.status.success(), "{number}: {}", text(&output));
        let compiled = pods.project.aphex(&["compile"]).output().unwrap();
        let compiled = text(&compiled);
        assert!(!compiled.contains("deployer:1"), "{number}: {compiled}");
    }
    // With a stack all of them look.
    let pods = Pods::new(Project::new(&app, STACK));
    let output = pods.pod("1", &["tools", "--image", "deployer:1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = text(&pods.project.aphex(&["run"]).output().unwrap());
    assert!(said.contains("`nowhere-to-be-found` is not"), "{said}");
    let compiled = text(&pods.project.aphex(&["compile"]).output().unwrap());
    assert!(compiled.contains("deployer:1"), "{compiled}");
}

/// A run whose environment asks first.
fn asking(approval: &str) -> Pods {
    Pods::new(Project::new(
        "build { run = [\"true\"] }",
        &format!(
            "approval {{ message = \"Ship #{{run.commit.short}} by #{{run.actor}}?\"{approval} }}\n    stack Site"
        ),
    ))
}

fn decide(pods: &Pods, decision: &str, approver: &str) -> Output {
    decide_with(pods, decision, approver, &[])
}

/// The same, with more flags.
fn decide_with(pods: &Pods, decision: &str, approver: &str, more: &[&str]) -> Output {
    let approver = STANDARD.encode(approver);
    let words = [
        "approval-decision",
        "--environment",
        "dev",
        "--decision",
        decision,
        "--approver",
        &approver,
    ];
    pods.pod("decision", &[&words, more].concat())
}

const ANSWER: &str = "runs/shop-7/stages/dev/approval/0.json";

#[test]
fn req_5_an_approval_says_what_is_asked_and_remembers_who_answered() {
    let pods = asking("");
    let output = pods.pod("1", &["approval-request", "--environment", "dev"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let short: String = pods.commit.chars().take(7).collect();
    let message = format!("Ship {short} by octocat?");
    assert!(said.contains(&message), "{said}");
    assert!(
        said.contains("dev (account 111122223333, us-east-1): `Site`"),
        "{said}"
    );
    let question = pods.read("runs/shop-7/stages/dev/approval/question/0.json");
    assert_eq!(question["approval"]["message"], message.as_str());
    assert_eq!(question["approval"]["approved"], Value::Null);
    let output = decide(&pods, "approve", "@alice\n");
    assert!(output.status.success(), "{}", text(&output));
    let answer = pods.read(ANSWER);
    assert_eq!(answer["approval"]["approved"], true);
    assert_eq!(answer["approval"]["by"][0], "@alice");
    assert_eq!(answer["approval"]["message"], message.as_str());
}

#[test]
fn req_5_whatever_is_not_a_yes_of_those_who_may_is_a_no() {
    let two = ", approvers = [\"@alice\", \"@bob\"], minimum = 2";
    let one = ", approvers = [\"@alice\"]";
    let cases = [
        ("", "reject", "@alice", REJECTED.id, "rejected"),
        ("", "reject", "", REJECTED.id, "nobody has approved in time"),
        ("", "", "@alice", REJECTED.id, "rejected"),
        ("", "yes", "@alice", REJECTED.id, "rejected"),
        (
            one,
            "approve",
            "@mallory",
            NOT_AN_APPROVER.id,
            "`@mallory` may not approve",
        ),
        (one, "approve", "", REJECTED.id, "0 did"),
        (
            two,
            "approve",
            "@alice",
            REJECTED.id,
            "2 people must approve, and 1 did",
        ),
        (two, "approve", "@alice\nALICE", REJECTED.id, "and 1 did"),
        (
            two,
            "approve",
            "@alice\n@mallory",
            NOT_AN_APPROVER.id,
            "`@mallory`",
        ),
    ];
    for (approval, decision, approver, code, message) in cases {
        let pods = asking(approval);
        let output = decide(&pods, decision, approver);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(code) && said.contains(message), "{said}");
        let answer = pods.read(ANSWER);
        assert_eq!(answer["outcome"], "rejected", "{said}");
        assert_eq!(answer["approval"]["approved"], false);
        assert!(pods.reason("decision").unwrap().starts_with(code));
    }
    let pods = asking(two);
    let output = decide(&pods, "approve", "alice\n@Bob\n");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn a_no_says_why() {
    let long = "x".repeat(600);
    let cut = format!("the approval was rejected: {}\n", "x".repeat(500));
    for (reason, said) in [
        (
            STANDARD.encode("not\u{1b}[31m\ntoday"),
            "the approval was rejected: not␛[31m␊today\n",
        ),
        (STANDARD.encode(&long), cut.as_str()),
        (STANDARD.encode(b"\xff"), "the approval was rejected\n"),
        ("?".to_owned(), "the approval was rejected\n"),
        (STANDARD.encode("  "), "the approval was rejected\n"),
    ] {
        let pods = asking("");
        let output = decide_with(&pods, "reject", "@alice", &["--reason", &reason]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output).contains(said), "{reason}: {}", text(&output));
    }
}

/// A GitHub that knows a team and one of its members, another who is only invited, and one token.
#[cfg(feature = "cloud")]
fn github() -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines: Vec<String> = BufReader::new(&stream)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let is_known = lines
                .iter()
                .any(|line| line.to_lowercase() == "authorization: bearer canary-token");
            // Names at GitHub know no case.
            let path = lines[0]
                .split(' ')
                .nth(1)
                .unwrap_or_default()
                .to_lowercase();
            let (status, body) = match path.as_str() {
                _ if !is_known => ("401 Unauthorized", "{}"),
                "/orgs/acme/teams/platform" => ("200 OK", r#"{"slug": "platform"}"#),
                "/orgs/acme/teams/platform/memberships/alice" => {
                    ("200 OK", r#"{"state": "active", "role": "member"}"#)
                }
                "/orgs/acme/teams/platform/memberships/bob" => {
                    ("200 OK", r#"{"state": "pending", "role": "member"}"#)
                }
                _ => ("404 Not Found", r#"{"message": "Not Found"}"#),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// Who is a member of a team is asked of GitHub; where nobody can be asked, that is said.
#[cfg(feature = "cloud")]
#[test]
fn req_5_a_team_approves_by_its_members() {
    let github = github();
    let team = |team: &str| {
        let project = Project::new(
            "notify us { on = [\"success\"], to = github_status(secret(\"github\", key = \"token\")) }\n  build { run = [\"true\"] }",
            &format!("approval {{ approvers = [\"@carol\", \"{team}\"] }}\n    stack Site"),
        );
        let file = project.path().join("pipeline.aphex");
        let text_of_file = fs::read_to_string(&file).unwrap();
        fs::write(
            &file,
            format!("use std.notify.{{github_status}}\n\n{text_of_file}"),
        )
        .unwrap();
        project.commit();
        Pods::new(project)
    };
    let ask = |pods: &Pods, approver: &str, token: &str| {
        let words = [
            "approval-decision",
            "--environment",
            "dev",
            "--decision",
            "approve",
            "--approver",
            &STANDARD.encode(approver),
        ];
        let folder = pods.root("decision").join("secrets/github/key/token");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("value"), token).unwrap();
        pods.checkout("decision", &words);
        let mut command = pods.command("decision", &words);
        let output = command.env("GITHUB_API_URL", &github).output().unwrap();
        let said = text(&output);
        assert!(!said.contains("canary"), "{said}");
        (output.status.success(), said)
    };
    for (approver, is_one) in [
        ("@alice", true),
        ("Alice\n", true),
        ("@carol", true),
        ("@bob", false),
        ("@mallory", false),
        ("alice@example.com", false),
        ("../../orgs/acme/teams/platform", false),
    ] {
        let (approved, said) = ask(&team("@acme/platform"), approver, "canary-token");
        assert_eq!(approved, is_one, "{approver}: {said}");
        assert_eq!(
            said.contains(NOT_AN_APPROVER.id),
            !is_one,
            "{approver}: {said}"
        );
        assert!(!said.contains("is not known"), "{approver}: {said}");
    }
    for (name, token, why) in [
        (
            "@acme/platform",
            "canary-other",
            "may not see the team `acme/platform`",
        ),
        (
            "@acme/secret",
            "canary-token",
            "may not see the team `acme/secret`",
        ),
    ] {
        let (approved, said) = ask(&team(name), "@mallory", token);
        assert!(approved, "{said}");
        assert!(
            said.contains("note: who is a member of a team is not known: ") && said.contains(why),
            "{said}"
        );
    }
}

/// A run of another object follows that object's way.
#[test]
fn a_pull_request_follows_its_own_entry() {
    let project = Project::new("build { run = [\"true\"] }", "stack Site");
    let file = project.path().join("pipeline.aphex");
    let with = fs::read_to_string(&file)
        .unwrap()
        .replace("  on push", "  on pull_request {}\n  on push");
    fs::write(&file, with).unwrap();
    let pods = Pods::new(project);
    let words = ["finish", "--status", "Failed"];
    let entry = ("APHEX_ENTRY", "shop-pull-request");
    assert!(
        pods.init("1", &words)
            .envs([entry])
            .output()
            .unwrap()
            .status
            .success()
    );
    assert!(
        pods.command("1", &words)
            .envs([entry])
            .output()
            .unwrap()
            .status
            .success()
    );
    let paths: Vec<String> = pods.record()["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["path"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        paths.iter().any(|path| path.starts_with("diff/")),
        "{paths:?}"
    );
    assert!(!paths.iter().any(|path| path == "dev/deploy"), "{paths:?}");
}

/// A Slack that is there, and a secret and a GitHub that are not: who can be told is, once, and the run ends as it did.
#[cfg(feature = "cloud")]
#[test]
fn req_8_5_a_dead_notifier_hides_nothing_and_changes_nothing() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/services/hush-hush",
        listener.local_addr().unwrap()
    );
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = vec![0; 1 << 16];
            let mut text = String::new();
            while !text.contains("\"blocks\"") || !text.ends_with('}') {
                let count = stream.read(&mut bytes).unwrap();
                text.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            seen.lock().unwrap().push(text);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    let project = Project::new(
        "notify gone { on = [\"failure\"], to = slack(secret(\"gone\")) }\n  \
         notify team { on = [\"failure\", \"recovered\"], to = slack(secret(\"slack\", key = \"url\")) }\n  \
         notify never { on = [\"approval\"], to = slack(secret(\"slack\", key = \"url\")) }\n  \
         argo_ui = \"https://argo.acme.io/\"\n  build { run = [\"exit 7\"] }",
        STACK,
    );
    let file = project.path().join("pipeline.aphex");
    let text_of_file = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("use std.notify.{{slack}}\n\n{text_of_file}")).unwrap();
    let pods = Pods::new(project);
    assert_eq!(pods.pod("1", &["build"]).status.code(), Some(1));
    for pod in ["2", "3"] {
        let secret = pods.root(pod).join("secrets/slack/key/url");
        fs::create_dir_all(&secret).unwrap();
        fs::write(secret.join("value"), &url).unwrap();
        let output = pods.pod(pod, &["finish", "--status", "Failed"]);
        let said = text(&output);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("warning: notify gone: not told"), "{said}");
        assert!(said.contains("warning: metrics: not written"), "{said}");
        assert_eq!(said.contains("notify team: told"), pod == "2", "{said}");
        assert!(!said.contains("hush-hush"), "{said}");
    }
    assert_eq!(pods.record()["outcome"], "failed");
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked[0].starts_with("POST /services/hush-hush "),
        "{}",
        asked[0]
    );
    assert!(asked[0].contains("A0911"), "{}", asked[0]);
    assert!(
        asked[0].contains("<https://argo.acme.io/workflows/aphex/shop-7|open the run>"),
        "{}",
        asked[0]
    );
}

#[cfg(feature = "cloud")]
#[test]
fn req_8_3_the_end_of_a_run_is_counted_by_environment_and_pipeline() {
    let test = "req_8_3_the_end_of_a_run_is_counted_by_environment_and_pipeline";
    let Some(ministack) = crate::support::ministack::Ministack::start(test) else {
        return;
    };
    let pods = Pods::new(Project::new("build { run = [\"true\"] }", STACK));
    let words = ["finish", "--status", "Succeeded"];
    let output = pods.pod("1", &words);
    assert!(
        text(&output).contains("metrics: not written"),
        "{}",
        text(&output)
    );
    let mut command = pods.command("1", &words);
    command.envs(ministack.environment("111122223333", "us-east-1"));
    let output = command.output().unwrap();
    assert!(
        text(&output).contains("metrics: written"),
        "{}",
        text(&output)
    );
    for name in ["Succeeded", "Failed", "Duration"] {
        let path =
            format!("/?Action=ListMetrics&Version=2010-08-01&Namespace=Aphex&MetricName={name}");
        let (code, body) = ministack.ask("111122223333", "monitoring", "GET", &path);
        assert_eq!(code, 200, "{body}");
        assert!(body.contains("<Value>shop<"), "{name}: {body}");
        // Nothing ran there in this test, so there is no time that it took.
        let is_there = body.contains("<Value>dev<");
        assert_eq!(is_there, name != "Duration", "{name}: {body}");
    }
}
