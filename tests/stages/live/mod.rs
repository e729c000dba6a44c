//! The runs of a pipeline in a real API server: `status`, `trigger`, `approve`, `reject`, `logs`, `cancel`.
//!
//! The Workflows beside this file are what the controller of Argo Workflows 3.7.18 has written for a pipeline compiled from `pipeline.aphex`, its pods those of another
//! image; names and the namespace are put in their place. No controller goes on with them here.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;
use std::io::Read;
use std::process::{Command, Output, Stdio};

use crate::support::cluster::{Cluster, Namespace};
use crate::support::project::git;
use aphex::diagnostics::codes::cluster::{DENIED, FAILED};
use aphex::diagnostics::codes::cluster_ready::NOT_APPLIED;
use aphex::diagnostics::codes::pipeline::UNKNOWN_INPUT;
use aphex::diagnostics::codes::run::{MALFORMED, NO_SUCH_ENVIRONMENT, NO_SUCH_RUN};
use aphex::diagnostics::codes::run_approval::{NOT_AN_APPROVER, NOT_ASKED};
use aphex::diagnostics::codes::run_checkout::NO_REFERENCE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const WAITING: &str = include_str!("waiting.json");
const QUEUED: &str = include_str!("queued.json");
const SECOND: &str = include_str!("second.json");
const STOPPED: &str = include_str!("stopped.json");
const PIPELINE: &str = include_str!("pipeline.aphex");
/// The commit of a run.
const COMMIT: &str = "1111111111111111111111111111111111111111";

/// A repository with a pipeline, and a namespace with its runs.
struct Shop<'c> {
    cluster: &'c Cluster,
    namespace: Namespace<'c>,
    folder: tempfile::TempDir,
}

impl<'c> Shop<'c> {
    fn new(cluster: &'c Cluster, runs: &[&str]) -> Self {
        let shop = Shop {
            cluster,
            namespace: cluster.namespace(),
            folder: tempfile::tempdir().unwrap(),
        };
        let text = format!(
            "pipeline shop {{\n cluster = \"company\"\n repository = \"acme/shop\"\n namespace = \"{}\"\n{PIPELINE}}}\n",
            shop.namespace.name
        );
        fs::write(shop.folder.path().join("pipeline.aphex"), text).unwrap();
        git(
            shop.folder.path(),
            &["init", "--quiet", "--initial-branch=main"],
        );
        for run in runs {
            shop.create(&shop.run(run));
        }
        shop
    }

    fn run(&self, text: &str) -> Value {
        serde_json::from_str(&text.replace("NAMESPACE", &self.namespace.name)).unwrap()
    }

    fn create(&self, object: &Value) {
        self.kubectl(&["create", "--filename=-"], &object.to_string());
    }

    fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let mut all = vec!["--namespace", &self.namespace.name];
        all.extend(arguments);
        let answer = self.cluster.kubectl(&all, input);
        answer.unwrap_or_else(|said| panic!("{arguments:?}: {said}"))
    }

    fn workflow(&self, name: &str) -> Value {
        let text = self.kubectl(&["get", "workflow", name, "--output=json"], "");
        serde_json::from_str(&text).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
        command
            .args(arguments)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn aphex(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn good(&self, arguments: &[&str]) -> String {
        let output = self.aphex(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    }

    /// A command that is refused with a code; nothing has changed.
    fn refused(&self, arguments: &[&str], code: &str) -> String {
        self.ends(arguments, 1, code)
    }

    /// What is said of a command line that is wrong; nothing is started.
    fn misused(&self, arguments: &[&str], code: &str) -> String {
        self.ends(arguments, 64, code)
    }

    fn ends(&self, arguments: &[&str], exit: i32, code: &str) -> String {
        let before = self.kubectl(&["get", "workflows", "--output=json"], "");
        let output = self.aphex(arguments);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
        assert!(said.contains(code), "{arguments:?}: {said}");
        assert_eq!(
            self.kubectl(&["get", "workflows", "--output=json"], ""),
            before
        );
        said
    }
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// The node of the approval before an environment.
fn question<'w>(workflow: &'w Value, environment: &str) -> &'w Value {
    let nodes = workflow["status"]["nodes"].as_object().unwrap();
    let name = format!("shop-1.world.{environment}.approval");
    nodes.values().find(|node| node["name"] == name).unwrap()
}

fn output(node: &Value, name: &str) -> String {
    let parameters = node["outputs"]["parameters"].as_array().unwrap();
    let found = parameters.iter().find(|one| one["name"] == name).unwrap();
    assert!(found.get("valueFrom").is_none(), "{found}");
    found["value"].as_str().unwrap().to_owned()
}

fn approver(node: &Value) -> String {
    String::from_utf8(STANDARD.decode(output(node, "approver")).unwrap()).unwrap()
}

/// 1.4: who holds the lock, who waits for it in which position; what asks for an approval; what has ended.
#[test]
fn req_1_4_status_shows_who_runs_and_who_waits() {
    let Some(cluster) = Cluster::find("req_1_4_status_shows_who_runs_and_who_waits") else {
        return;
    };
    let shop = Shop::new(&cluster, &[]);
    let said = shop.good(&["status"]);
    assert!(said.contains("nothing runs"), "{said}");
    assert!(shop.good(&["status", "--watch"]).contains("nothing runs"));

    let mut waiting = shop.run(WAITING);
    // What strangers choose does nothing to a terminal.
    let arguments = waiting["spec"]["arguments"]["parameters"]
        .as_array_mut()
        .unwrap();
    for argument in arguments {
        if argument["name"] == "actor" {
            argument["value"] = json!(STANDARD.encode("mallory\u{1b}[2J\u{202e}"));
        }
    }
    shop.create(&waiting);
    // The server makes its own times: one second is one time.
    for run in [QUEUED, SECOND, STOPPED] {
        shop.create(&shop.run(run));
    }
    let mut looked_up = shop.run(QUEUED);
    looked_up["metadata"]["name"] = json!("shop-start-4");
    looked_up["spec"]["workflowTemplateRef"]["name"] = json!("shop-start");
    looked_up["metadata"]["labels"] =
        json!({ "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "shop" });
    looked_up.as_object_mut().unwrap().remove("status");
    shop.create(&looked_up);

    let said = shop.good(&["status"]);
    for piece in [
        "? shop-1  waiting for approval for ",
        "mallory␛[2J<U+202E>",
        "    holds aphex-shop\n",
        "world/us/approval waits until ",
        ": Ship to the US?\n",
        "would deploy 1111111 to us (account 444455556666, us-east-1)",
        "aphex approve shop-1 us\n",
        "may answer: `@ann` and `bob@example.com`",
        "0 of 2 have approved\n",
        "… shop-2  queued for ",
        "position 1 for aphex-shop, which shop-1 holds",
        "position 2 for aphex-shop, which shop-1 holds",
        "shop-start-4  new for ",
        "looks up what a run is to be of",
        "■ shop-0  ",
        "cancelled after 15 s, 2026-11-28 23:35:22 UTC",
    ] {
        assert!(said.contains(piece), "{piece}: {said}");
    }
    assert!(!said.contains('\u{1b}'), "{said:?}");

    let output = shop.aphex(&["status", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/schemas/status.v1.json"
    ));
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    let valid = jsonschema::validator_for(&schema).unwrap();
    valid.validate(&json).unwrap();
    let active = json["active"].as_array().unwrap();
    let of = |name: &str| active.iter().find(|run| run["name"] == name).unwrap();
    assert_eq!(
        of("shop-2")["waits"],
        json!([{ "lock": "aphex-shop", "position": 1, "holder": "shop-1" }])
    );
    assert_eq!(of("shop-deploy-sandbox-3")["waits"][0]["position"], 2);
    assert_eq!(of("shop-2")["started_at"], Value::Null);
    let paths = of("shop-1")["stages"].as_array().unwrap().iter();
    let paths: Vec<&str> = paths.map(|stage| stage["path"].as_str().unwrap()).collect();
    for path in [
        "preflight",
        "tools",
        "build",
        "self-update",
        "dev/copy",
        "dev/smoke",
        "world/eu/approval",
    ] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    assert_eq!(of("shop-1")["approvals"].as_array().unwrap().len(), 2);
    assert_eq!(json["ended"][0]["name"], "shop-0");

    // A stage that fails, by the words of its pod.
    let mut failing = shop.workflow("shop-1");
    let nodes = failing["status"]["nodes"].as_object_mut().unwrap();
    let node = nodes
        .values_mut()
        .find(|node| node["name"] == "shop-1.dev.smoke")
        .unwrap();
    node["phase"] = json!("Failed");
    node["message"] = json!("A0911: `npm test` has failed\u{7}");
    let metadata = failing["metadata"].as_object_mut().unwrap();
    metadata.remove("resourceVersion");
    shop.kubectl(&["replace", "--filename=-"], &failing.to_string());
    let said = shop.good(&["status"]);
    assert!(
        said.contains("✗ dev/smoke: A0911: `npm test` has failed␇"),
        "{said}"
    );

    // One that cannot begin, by what its pod waits for: Argo says nothing of containers that prepare.
    let nodes = failing["status"]["nodes"].as_object_mut().unwrap();
    let mut nodes = nodes.values_mut();
    let node = nodes.find(|node| node["name"] == "shop-1.dev.smoke");
    let node = node.unwrap().as_object_mut().unwrap();
    node.insert("phase".to_owned(), json!("Pending"));
    node.insert("message".to_owned(), json!("PodInitializing"));
    node.remove("finishedAt");
    shop.kubectl(&["replace", "--filename=-"], &failing.to_string());
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "smoke",
            "labels": { "workflows.argoproj.io/workflow": "shop-1" },
            "annotations": { "workflows.argoproj.io/node-name": "shop-1.dev.smoke" },
        },
        "spec": {
            "initContainers": [{ "name": "init", "image": "a" }],
            "containers": [{ "name": "main", "image": "b" }],
        },
    });
    shop.kubectl(&["create", "--filename=-"], &pod.to_string());
    let waits = |name: &str, why: Value| json!([{ "name": name, "image": "a", "imageID": "", "ready": false, "restartCount": 0, "state": { "waiting": why } }]);
    let refused = json!({ "reason": "ErrImagePull", "message": "no such image: a" });
    let status = json!({ "status": {
        "initContainerStatuses": waits("init", refused),
        "containerStatuses": waits("main", json!({ "reason": "PodInitializing" })),
    } });
    let patch = [
        "patch",
        "pod",
        "smoke",
        "--subresource=status",
        "--type=merge",
        "--patch",
    ];
    shop.kubectl(&[&patch[..], &[&status.to_string()]].concat(), "");
    let said = shop.good(&["status"]);
    let words = [
        "dev/smoke  pending for ",
        ": ErrImagePull: no such image: a",
    ];
    assert!(words.iter().all(|words| said.contains(words)), "{said}");
}

/// In a namespace that is not there nothing runs, and that is not what is to be said of it.
#[test]
fn a_namespace_that_is_not_there_is_told() {
    let Some(cluster) = Cluster::find("a_namespace_that_is_not_there_is_told") else {
        return;
    };
    let shop = Shop::new(&cluster, &[]);
    let status = shop.good(&["status"]);
    assert!(status.contains("nothing runs"), "{status}");
    let path = shop.folder.path().join("pipeline.aphex");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&shop.namespace.name, "aphex-nowhere")).unwrap();
    let commands: [&[&str]; 5] = [
        &["status"],
        &["status", "--format", "json"],
        &["logs"],
        &["trigger", "--commit", COMMIT],
        &["history", "--cluster"],
    ];
    for command in commands {
        let said = shop.refused(command, FAILED.id);
        assert!(
            said.contains("there is no namespace `aphex-nowhere`"),
            "{said}"
        );
        assert!(
            said.contains("kubectl create namespace aphex-nowhere"),
            "{said}"
        );
        assert!(said.contains("the cluster is https://"), "{said}");
    }
}

/// With a lock an environment, a node waits: its Workflow holds others, and has waited for those that it holds.
#[test]
fn req_1_4_a_run_waits_for_the_lock_of_an_environment() {
    let Some(cluster) = Cluster::find("req_1_4_a_run_waits_for_the_lock_of_an_environment") else {
        return;
    };
    let shop = Shop::new(&cluster, &[]);
    let mut first = shop.run(WAITING);
    let lock = |name: &str| format!("{}/Mutex/aphex-shop-{name}", shop.namespace.name);
    let holder = |run: &str, node: &str| format!("{}/{run}/{run}.{node}", shop.namespace.name);
    first["status"]["synchronization"] = json!({ "mutex": {
        "holding": [{ "mutex": lock("us"), "holder": holder("shop-1", "world.us") }],
        "waiting": [{ "mutex": lock("prepare"), "holder": holder("shop-9", "prepare") }],
    } });
    shop.create(&first);
    let mut second = first.clone();
    let text = second.to_string().replace("shop-1", "shop-5");
    second = serde_json::from_str(&text).unwrap();
    let nodes = second["status"]["nodes"].as_object_mut().unwrap();
    let us = nodes
        .values_mut()
        .find(|node| node["name"] == "shop-5.world.us")
        .unwrap();
    us["phase"] = json!("Pending");
    us["synchronizationStatus"] = json!({ "waiting": lock("us") });
    second["status"]["synchronization"] = json!({ "mutex": {
        "waiting": [{ "mutex": lock("us"), "holder": holder("shop-1", "world.us") }],
    } });
    shop.create(&second);
    let said = shop.good(&["status"]);
    assert!(
        said.contains("position 1 for aphex-shop-us, which shop-1 holds"),
        "{said}"
    );
    assert!(said.contains("holds aphex-shop-us"), "{said}");
    assert!(!said.contains("aphex-shop-prepare"), "{said}");
}

/// An answer is given as Argo gives it; who may not, does not; two are two; who comes late is told.
#[test]
fn an_approval_is_answered_once_by_who_may() {
    let Some(cluster) = Cluster::find("an_approval_is_answered_once_by_who_may") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING, QUEUED, STOPPED]);
    let said = shop.refused(&["approve", "shop-1", "--yes"], NOT_ASKED.id);
    assert!(said.contains("say which one: `eu` and `us`"), "{said}");
    let said = shop.refused(&["approve", "shop-1", "uss", "--yes"], NOT_ASKED.id);
    assert!(said.contains("did you mean `us`?"), "{said}");
    let said = shop.refused(&["approve", "shop-2", "--yes"], NOT_ASKED.id);
    assert!(said.contains("it is queued"), "{said}");
    let said = shop.refused(&["approve", "shop-0", "--yes"], NOT_ASKED.id);
    assert!(said.contains("has ended: it was cancelled"), "{said}");
    let said = shop.refused(&["approve", "shop-1", "us"], "nobody can be asked here");
    assert!(
        said.contains("Ship to the US?") && said.contains("nothing was answered"),
        "{said}"
    );
    let said = shop.refused(
        &["approve", "shop-1", "eu", "--as", "mallory", "--yes"],
        NOT_AN_APPROVER.id,
    );
    assert!(said.contains("`@ann` and `bob@example.com`"), "{said}");

    let said = shop.good(&["approve", "shop-1", "eu", "--as", "Ann", "--yes"]);
    assert!(said.contains("1 person more must approve"), "{said}");
    assert_eq!(question(&shop.workflow("shop-1"), "eu")["phase"], "Running");
    let said = shop.good(&["status"]);
    assert!(said.contains("1 of 2 have approved: `Ann`"), "{said}");
    let said = shop.refused(
        &["approve", "shop-1", "eu", "--as", "@ann", "--yes"],
        NOT_AN_APPROVER.id,
    );
    assert!(said.contains("`Ann` has approved already"), "{said}");
    shop.good(&[
        "approve",
        "shop-1",
        "world/eu",
        "--as",
        "bob@example.com",
        "--yes",
    ]);
    let workflow = shop.workflow("shop-1");
    let node = question(&workflow, "eu");
    assert_eq!(node["phase"], "Succeeded");
    assert_eq!(output(node, "decision"), "approve");
    assert_eq!(approver(node), "Ann\nbob@example.com");
    assert!(node["finishedAt"].as_str().unwrap().ends_with('Z'));
    assert!(
        node["message"]
            .as_str()
            .unwrap()
            .starts_with("approved by Ann, bob@example.com (")
    );
    // The other one, and everything else, is as it was.
    assert_eq!(question(&workflow, "us")["phase"], "Running");
    assert_eq!(
        node["children"],
        question(&shop.run(WAITING), "eu")["children"]
    );

    let reason = "no\u{1b}[31m {{=1+1}}\nnow";
    shop.good(&[
        "reject", "shop-1", "us", "--as", "carol", "--reason", reason, "--yes",
    ]);
    let workflow = shop.workflow("shop-1");
    let node = question(&workflow, "us");
    assert_eq!(output(node, "decision"), "reject");
    assert_eq!(approver(node), "carol");
    let told = STANDARD.decode(output(node, "reason")).unwrap();
    assert_eq!(String::from_utf8(told).unwrap(), reason);
    let message = node["message"].as_str().unwrap();
    assert!(
        message.starts_with("rejected by carol (") && message.ends_with("): no␛[31m {{=1+1}}␊now"),
        "{message}"
    );
    shop.refused(&["approve", "shop-1", "us", "--yes"], NOT_ASKED.id);
}

/// Of two that answer at once one is first, and the other is told; whoever else writes meanwhile, as the controller does, is in nobody's way.
#[test]
fn two_answers_at_once_are_one() {
    let Some(cluster) = Cluster::find("two_answers_at_once_are_one") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING]);
    let start = |word: &str, name: &str| {
        let arguments = [word, "shop-1", "us", "--as", name, "--yes"];
        let mut command = shop.command(&arguments);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [
        start("approve", "ann"),
        start("reject", "bob"),
        start("approve", "carol"),
        start("reject", "dave"),
    ];
    for number in 0..10 {
        let label = format!("controller={number}");
        shop.kubectl(&["label", "--overwrite", "workflow", "shop-1", &label], "");
    }
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    let won: Vec<&Output> = outputs
        .iter()
        .filter(|output| output.status.success())
        .collect();
    assert_eq!(won.len(), 1, "{:?}", outputs.each_ref().map(text));
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let said = text(output);
        assert!(said.contains(NOT_ASKED.id), "{said}");
    }
    let workflow = shop.workflow("shop-1");
    let node = question(&workflow, "us");
    assert!(
        text(won[0]).contains(&format!("as {}", approver(node))),
        "{node}"
    );
    assert_eq!(workflow["metadata"]["labels"]["controller"], "9");
}

/// Large runs: Argo packs their nodes, or keeps them in a database, where nobody else sees them.
#[test]
fn nodes_that_are_packed_are_answered_packed() {
    let Some(cluster) = Cluster::find("nodes_that_are_packed_are_answered_packed") else {
        return;
    };
    let shop = Shop::new(&cluster, &[]);
    let mut run = shop.run(WAITING);
    let status = run["status"].as_object_mut().unwrap();
    let nodes = status.remove("nodes").unwrap().to_string();
    let mut packed = Vec::new();
    let level = flate2::Compression::default();
    flate2::read::GzEncoder::new(nodes.as_bytes(), level)
        .read_to_end(&mut packed)
        .unwrap();
    status.insert("compressedNodes".to_owned(), json!(STANDARD.encode(packed)));
    shop.create(&run);
    assert!(shop.good(&["status"]).contains("aphex approve shop-1 us"));
    shop.good(&["approve", "shop-1", "us", "--as", "ann", "--yes"]);
    let mut workflow = shop.workflow("shop-1");
    assert!(workflow["status"].get("nodes").is_none());
    let packed = STANDARD
        .decode(workflow["status"]["compressedNodes"].as_str().unwrap())
        .unwrap();
    let nodes: Value = serde_json::from_reader(flate2::read::GzDecoder::new(&packed[..])).unwrap();
    let before: Value = serde_json::from_str(&nodes_of(&shop.run(WAITING))).unwrap();
    assert_eq!(
        nodes.as_object().unwrap().len(),
        before.as_object().unwrap().len()
    );
    workflow["status"]["nodes"] = nodes;
    let node = question(&workflow, "us");
    assert_eq!(output(node, "decision"), "approve");

    let mut run = shop.run(&WAITING.replace("shop-1", "shop-6"));
    let status = run["status"].as_object_mut().unwrap();
    status.remove("nodes");
    status.insert(
        "offloadNodeStatusVersion".to_owned(),
        json!("fnv:784644673"),
    );
    shop.create(&run);
    let said = shop.refused(&["approve", "shop-6", "us", "--yes"], NOT_ASKED.id);
    assert!(said.contains("nodeStatusOffLoad"), "{said}");
    assert!(shop.good(&["status"]).contains("in a database of Argo's"));
}

fn nodes_of(workflow: &Value) -> String {
    workflow["status"]["nodes"].to_string()
}

/// 1.5: a run by hand is a Workflow as the Sensor makes them, of the commit that a branch is at.
#[test]
fn req_1_5_a_run_by_hand_is_of_one_commit() {
    let Some(cluster) = Cluster::find("req_1_5_a_run_by_hand_is_of_one_commit") else {
        return;
    };
    let shop = Shop::new(&cluster, &[]);
    let by_commit = ["trigger", "--commit", COMMIT];
    let said = shop.refused(&by_commit, NOT_APPLIED.id);
    assert!(said.contains("`aphex apply`"), "{said}");
    shop.good(&["apply", "--objects-only", "--store", "s3://acme-artifacts"]);
    shop.refused(&["trigger", "--commit", "abc"], MALFORMED.id);
    let said = shop.misused(
        &["trigger", "--only", "dev", "--commit", COMMIT],
        NO_SUCH_ENVIRONMENT.id,
    );
    assert!(
        said.contains("`--only` can be `dev,eu,us` and `sandbox`"),
        "{said}"
    );
    let said = shop.misused(
        &["trigger", "--only", "sandbx", "--commit", COMMIT],
        NO_SUCH_ENVIRONMENT.id,
    );
    assert!(said.contains("did you mean `sandbox`?"), "{said}");
    shop.misused(
        &["trigger", "--input", "a=b", "--commit", COMMIT],
        UNKNOWN_INPUT.id,
    );

    let said = shop.good(&by_commit);
    let name = said
        .split_whitespace()
        .nth(1)
        .unwrap()
        .trim_end_matches(':')
        .to_owned();
    assert!(
        said.contains(&format!("aphex logs {name} --follow")),
        "{said}"
    );
    let run = shop.workflow(&name);
    assert_eq!(run["spec"]["workflowTemplateRef"]["name"], "shop");
    let given = |name: &str| {
        let mut all = run["spec"]["arguments"]["parameters"]
            .as_array()
            .unwrap()
            .iter();
        all.find(|one| one["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(given("commit"), COMMIT);
    assert_eq!(given("event"), "manual");
    assert_eq!(run["metadata"]["labels"]["aphex.dev/pipeline"], "shop");
    assert!(
        !STANDARD
            .decode(given("actor").as_str().unwrap())
            .unwrap()
            .is_empty()
    );
    // Each is a run of its own.
    assert_ne!(shop.good(&by_commit), said);

    // A repository with two branches, beside this checkout.
    let there = tempfile::tempdir().unwrap();
    let bare = there.path().join("acme/shop.git");
    let (folder, path) = (shop.folder.path(), bare.to_str().unwrap().to_owned());
    git(folder, &["add", "--all"]);
    let own = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    git(
        folder,
        &[&own[..], &["commit", "--quiet", "-m", "a"]].concat(),
    );
    git(
        there.path(),
        &["init", "--quiet", "--bare", "--initial-branch=main", &path],
    );
    git(folder, &["remote", "add", "origin", &path]);
    git(
        folder,
        &["push", "--quiet", "origin", "main", "main:release"],
    );
    git(
        folder,
        &[&own[..], &["commit", "--quiet", "--allow-empty", "-m", "b"]].concat(),
    );
    git(folder, &["push", "--quiet", "origin", "main:release"]);
    git(
        folder,
        &[
            &own[..],
            &["commit", "--quiet", "--allow-empty", "-m", "not pushed"],
        ]
        .concat(),
    );
    let at = |name: &str| {
        let output = Command::new("git")
            .args(["rev-parse", "--short=7", name])
            .current_dir(&bare)
            .output();
        String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    };
    let said = shop.good(&["trigger"]);
    assert!(
        said.contains(&format!("{} of main, for `dev`, `eu` and `us`", at("main"))),
        "{said}"
    );
    let said = shop.good(&["trigger", "--branch", "release", "--only", "sandbox"]);
    assert!(said.contains("started shop-deploy-sandbox-"), "{said}");
    assert!(
        said.contains(&format!("{} of release, for `sandbox`", at("release"))),
        "{said}"
    );
    shop.refused(&["trigger", "--branch", "nowhere"], NO_REFERENCE.id);
    shop.refused(&["trigger", "--branch=--upload-pack=x"], NO_REFERENCE.id);
}

/// Ending a run: what Argo is told, and what is said of the queue.
#[test]
fn a_run_is_told_to_end() {
    let Some(cluster) = Cluster::find("a_run_is_told_to_end") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING, QUEUED, STOPPED]);
    let said = shop.refused(&["cancel", "shop-1"], "nobody can be asked here");
    assert!(said.contains("it goes on"), "{said}");
    let said = shop.good(&["cancel", "shop-1", "--yes"]);
    assert!(said.contains("`finish` records it"), "{said}");
    assert_eq!(shop.workflow("shop-1")["spec"]["shutdown"], "Stop");
    assert!(
        shop.good(&["cancel", "shop-1", "--yes"])
            .contains("was told to end before")
    );
    assert!(shop.good(&["status"]).contains("■ shop-1  stopping for "));
    shop.good(&["cancel", "shop-1", "--terminate", "--yes"]);
    assert_eq!(shop.workflow("shop-1")["spec"]["shutdown"], "Terminate");
    let said = shop.good(&["cancel", "shop-2", "--yes"]);
    assert!(said.contains("when its turn comes"), "{said}");
    assert!(
        shop.good(&["cancel", "shop-0", "--yes"])
            .contains("has ended already")
    );
    assert_eq!(shop.workflow("shop-0")["spec"]["shutdown"], "Stop");
}

/// Names that are none, and runs of others.
#[test]
fn only_runs_of_the_pipeline_are_touched() {
    let Some(cluster) = Cluster::find("only_runs_of_the_pipeline_are_touched") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING]);
    let mut bank = shop.run(&QUEUED.replace("shop-2", "bank-2"));
    bank["metadata"]["labels"]["aphex.dev/pipeline"] = json!("bank\u{2d}x");
    shop.create(&bank);
    let mut nobody = shop.run(&QUEUED.replace("shop-2", "other"));
    nobody["metadata"]["labels"] = json!({});
    shop.create(&nobody);
    for command in [&["approve"][..], &["reject"], &["cancel"], &["logs"]] {
        let with = |name: &'static str| {
            let yes: &[&str] = if command == ["logs"] { &[] } else { &["--yes"] };
            [command, &[name], yes].concat()
        };
        let said = shop.refused(&with("bank-2"), NO_SUCH_RUN.id);
        assert!(said.contains("one of the pipeline `bank-x`"), "{said}");
        let said = shop.refused(&with("other"), NO_SUCH_RUN.id);
        assert!(said.contains("of no pipeline"), "{said}");
        let said = shop.refused(&with("shop-l"), NO_SUCH_RUN.id);
        assert!(said.contains("did you mean `shop-1`?"), "{said}");
        shop.refused(&with("../../secrets/x"), NO_SUCH_RUN.id);
    }
    let said = shop.good(&["status", "--all"]);
    assert!(
        !said.contains("bank-2") && !said.contains("other"),
        "{said}"
    );
}

/// Who may look may not answer.
#[test]
fn rights_that_are_missing_are_named() {
    let Some(cluster) = Cluster::find("rights_that_are_missing_are_named") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING]);
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "reader" }, "rules": [
        { "apiGroups": ["argoproj.io"], "resources": ["workflows", "workflowtemplates"], "verbs": ["get", "list"] },
    ] });
    shop.create(&role);
    shop.kubectl(
        &[
            "create",
            "rolebinding",
            "reader",
            "--role=reader",
            "--user=reader",
        ],
        "",
    );
    let file = cluster.kubeconfig_as("reader");
    let run = |arguments: &[&str]| {
        let output = shop
            .command(arguments)
            .env("KUBECONFIG", file.path())
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    };
    let (code, said) = run(&["status"]);
    assert_eq!(code, Some(0), "{said}");
    let before = shop.workflow("shop-1");
    for arguments in [
        &["approve", "shop-1", "us", "--yes"][..],
        &["cancel", "shop-1", "--yes"],
        &["logs", "shop-1"],
    ] {
        let (code, said) = run(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains(DENIED.id) && said.contains("User \"reader\" cannot"),
            "{said}"
        );
    }
    assert_eq!(shop.workflow("shop-1"), before);
}

/// 8.1: logs by the stages that people know. Pods that are gone have left theirs in the store; this API server has no node whose logs could be read.
#[test]
fn req_8_1_logs_of_pods_that_are_gone_are_those_of_the_store() {
    let Some(cluster) = Cluster::find("req_8_1_logs_of_pods_that_are_gone") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING, QUEUED, STOPPED]);
    let said = shop.good(&["logs", "shop-1", "dev/smoke"]);
    assert!(
        said.contains("where its log is kept is not known"),
        "{said}"
    );
    let store = tempfile::tempdir().unwrap();
    let address = format!("file://{}", store.path().display());
    shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    let annotation = format!("aphex.dev/store={address}");
    shop.kubectl(
        &[
            "annotate",
            "configmap",
            "shop-settings",
            "--overwrite",
            &annotation,
        ],
        "",
    );
    let folder = store.path().join("runs/shop-1/stages/dev/smoke");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("0.log"), "one\ntwo\u{1b}[2J\n").unwrap();
    // The newest one that has pods.
    let said = shop.good(&["logs"]);
    assert!(said.contains("dev/smoke      │ one\n"), "{said}");
    assert!(said.contains("dev/smoke      │ two␛[2J\n"), "{said}");
    assert!(
        said.contains("dev/copy       – its pod is gone, and has kept no log"),
        "{said}"
    );
    let said = shop.good(&["logs", "shop-1", "dev/smoke"]);
    assert!(
        said.contains("│ one") && !said.contains("dev/copy"),
        "{said}"
    );
    let said = shop.refused(&["logs", "shop-1", "dev/smok"], NO_SUCH_RUN.id);
    assert!(said.contains("did you mean `dev/smoke`?"), "{said}");
    let said = shop.good(&["logs", "shop-1", "--failed"]);
    assert!(said.contains("no stage has failed"), "{said}");
    let said = shop.good(&["logs", "shop-0", "--failed"]);
    assert!(
        said.contains("preflight      – workflow shutdown with strategy: Stop"),
        "{said}"
    );

    // A pod that cannot begin.
    let nodes = shop.workflow("shop-1");
    let nodes = nodes["status"]["nodes"].as_object().unwrap();
    let node = nodes
        .values()
        .find(|node| node["name"] == "shop-1.dev.copy")
        .unwrap();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "shop-1-step-1",
            "labels": { "workflows.argoproj.io/workflow": "shop-1" },
            "annotations": { "workflows.argoproj.io/node-name": "shop-1.dev.copy", "workflows.argoproj.io/node-id": node["id"] },
        },
        "spec": { "serviceAccountName": "shop-deploy", "containers": [{ "name": "main", "image": "nowhere.example.com/x:1" }] },
    });
    shop.create(&pod);
    let status = json!({ "status": { "containerStatuses": [{
        "name": "main", "image": "nowhere.example.com/x:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": { "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling image" } },
    }] } });
    shop.kubectl(
        &[
            "patch",
            "pod",
            "shop-1-step-1",
            "--subresource=status",
            "--patch",
            &status.to_string(),
        ],
        "",
    );
    let said = shop.good(&["logs", "shop-1", "dev/copy"]);
    assert!(
        said.contains("its pod `shop-1-step-1` waits: ImagePullBackOff: Back-off pulling image"),
        "{said}"
    );
}

/// What `docs/operate.md` tells people to type works, in its order.
#[test]
fn the_commands_of_the_page_about_operating_work() {
    let Some(cluster) = Cluster::find("the_commands_of_the_page_about_operating_work") else {
        return;
    };
    let shop = Shop::new(&cluster, &[WAITING, QUEUED, STOPPED]);
    shop.good(&["apply", "--objects-only", "--store", "s3://acme-artifacts"]);
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operate.md")).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let mut run = 0;
    for line in lines {
        // The run's name is made up there; the shell's own pieces are the shell's.
        let line = line
            .replace("shop-9d1a3a0f5c prod/deploy", "shop-1 dev/smoke")
            .replace("shop-9d1a3a0f5c prod", "shop-1 us")
            .replace("shop-0c44ffc2ab", "shop-2")
            .replace("shop-9d1a3a0f5c", "shop-1")
            .replace("$(git rev-parse HEAD)", COMMIT);
        // Nothing ends here by itself.
        let endless = line.contains("--follow") || line.contains("--watch");
        let (line, asks) =
            match line.contains("approve") || line.contains("reject") || line.contains("cancel") {
                true => (format!("{line} --yes"), true),
                false => (line, false),
            };
        let words = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (program, arguments) = words.split_first().unwrap();
        assert_eq!(*program, "aphex", "{line}");
        match endless {
            true => {
                let mut child = shop.command(arguments);
                let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
                std::thread::sleep(std::time::Duration::from_secs(3));
                assert!(child.try_wait().unwrap().is_none(), "{line}");
                child.kill().unwrap();
                let mut said = String::new();
                child
                    .stdout
                    .take()
                    .unwrap()
                    .read_to_string(&mut said)
                    .unwrap();
                child.wait().unwrap();
                assert!(said.contains("shop-1"), "{line}: {said}");
            }
            false => {
                // An approval is answered once: the page shows both answers.
                if asks && run > 0 && line.contains("reject") {
                    shop.kubectl(&["delete", "workflow", "shop-1"], "");
                    shop.create(&shop.run(WAITING));
                }
                shop.good(arguments);
            }
        }
        run += 1;
    }
    assert!(run >= 8, "{run}");
}

/// The words of a line, as a shell has them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words
}
