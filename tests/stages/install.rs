//! A pipeline in a real API server, put there and taken away by people: `plan`, `apply`, `destroy`.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::stack::{Place, REGION};
use crate::support::cluster::{Cluster, Namespace};
use crate::support::ministack::Ministack;
use crate::support::project::{git, signal, wait_until};
use aphex::diagnostics::codes::aws::NO_EXPORT;
use aphex::diagnostics::codes::cluster::{BUSY, CONFLICT, FOREIGN};
use aphex::target::names::Account;
use serde_json::{Value, json};

/// Everything that a pipeline has in a cluster, but for what belongs to all.
const KINDS: &str = "configmaps,networkpolicies,serviceaccounts,roles,rolebindings,workflowtemplates,cronworkflows,services,ingresses,eventsources,sensors,leases,secrets";
pub const DEV: &str = "environment dev { account = \"111122223333\", region = \"us-east-1\"\n step copy { run = [\"true\"] } }";
pub const PROD: &str = "environment prod { account = \"444455556666\", region = \"us-east-1\"\n step copy { run = [\"true\"] } }";
pub const TRIGGERS: &str = "on push {}\n on pull_request {}\n on tag { match = [\"v*\"], deploy = [dev] }\n on schedule { cron = \"0 5 * * 1-5\", deploy = [dev] }\n expose ingress { host = \"hooks.acme.dev\" }\n";

/// A repository with a pipeline, in a namespace.
pub struct Shop<'c> {
    cluster: &'c Cluster,
    pub namespace: String,
    name: &'static str,
    pub folder: tempfile::TempDir,
}

impl<'c> Shop<'c> {
    pub fn new(cluster: &'c Cluster, namespace: &Namespace<'_>, name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
        Shop {
            cluster,
            namespace: namespace.name.clone(),
            name,
            folder,
        }
    }

    /// Commits a pipeline, at a minute of one hour.
    pub fn commit(&self, minute: u32, body: &str) {
        let text = format!(
            "pipeline {} {{\n cluster = \"company\"\n repository = \"acme/{0}\"\n namespace = \"{}\"\n build {{ run = [\"true\"] }}\n{body}\n}}\n",
            self.name, self.namespace
        );
        fs::write(self.folder.path().join("pipeline.aphex"), text).unwrap();
        git(self.folder.path(), &["add", "--all"]);
        let date = format!("2030-01-31T05:{minute:02}:00Z");
        let done = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(["commit", "--quiet", "--allow-empty", "-m", "a change"])
            .env("GIT_COMMITTER_DATE", &date)
            .current_dir(self.folder.path())
            .status();
        assert!(done.unwrap().success());
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
        command
            .args(arguments)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub fn aphex(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn good(&self, arguments: &[&str]) -> String {
        let output = self.aphex(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    }

    pub fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let mut all = vec!["--namespace", &self.namespace];
        all.extend(arguments);
        let answer = self.cluster.kubectl(&all, input);
        answer.unwrap_or_else(|said| panic!("{arguments:?}: {said}"))
    }

    /// Everything in the namespace, as it is.
    pub fn everything(&self) -> Vec<Value> {
        let list = self.kubectl(
            &["get", KINDS, "--output=json", "--show-managed-fields"],
            "",
        );
        let list: Value = serde_json::from_str(&list).unwrap();
        let of_others = |item: &Value| {
            let name = item["metadata"]["name"].as_str().unwrap();
            ["kube-root-ca.crt", "default"].contains(&name)
        };
        let items = list["items"].as_array().unwrap().iter();
        items.filter(|item| !of_others(item)).cloned().collect()
    }

    /// What matters of it: no versions, no times.
    pub fn contents(&self) -> Vec<Value> {
        let mut all = self.everything();
        for item in &mut all {
            let metadata = item["metadata"].as_object_mut().unwrap();
            metadata.retain(|name, _| {
                ["name", "namespace", "labels", "annotations"].contains(&name.as_str())
            });
            item.as_object_mut().unwrap().remove("status");
            if item["kind"] == "Secret"
                && let Some(data) = item["data"].as_object_mut()
            {
                // Random, and of one length.
                for value in data.values_mut() {
                    *value = json!(value.as_str().unwrap().len());
                }
            }
            if let Some(spec) = item["spec"].as_object_mut() {
                // The server chooses addresses.
                spec.retain(|name, _| !["clusterIP", "clusterIPs"].contains(&name.as_str()));
            }
        }
        all
    }
}

pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

pub fn names(all: &[Value]) -> Vec<String> {
    let name = |item: &Value| {
        let kind = item["kind"].as_str().unwrap();
        format!("{kind} {}", item["metadata"]["name"].as_str().unwrap())
    };
    all.iter().map(name).collect()
}

/// 3.5, 3.6, 4.5: what would change is shown, applied, and then nothing is left to change and nothing is written.
#[test]
fn req_3_5_3_6_4_5_plan_shows_what_apply_does_and_a_second_apply_writes_nothing() {
    let Some(cluster) = Cluster::find("req_3_5_3_6_4_5_plan_shows_what_apply_does") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    let qa = DEV.replace("dev", "qa").replace("us-east-1", "eu-west-1");
    shop.commit(1, &format!("{TRIGGERS}{DEV}\n{qa}"));
    let plan = shop.aphex(&["plan"]);
    assert_eq!(plan.status.code(), Some(2), "{}", text(&plan));
    let said = text(&plan);
    for line in [
        "  + ServiceAccount shop-deploy",
        "  + Role shop-sensor",
        "  + WorkflowTemplate shop-deploy-dev",
        "  + CronWorkflow shop-schedule",
        "  + Ingress shop-webhook",
        "  + EventSource shop",
        "  + Sensor shop",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(shop.everything(), Vec::<Value>::new());
    let said = shop.good(&["apply", "--objects-only", "--store", "s3://acme-artifacts"]);
    assert!(said.contains("+ Sensor shop"), "{said}");
    let settings = shop.kubectl(
        &[
            "get",
            "configmap",
            "shop-settings",
            "--output=jsonpath={.data.store}",
        ],
        "",
    );
    assert_eq!(settings, "s3://acme-artifacts");
    let before = shop.everything();
    let said = shop.good(&["plan"]);
    assert!(said.contains("nothing would change"), "{said}");
    let said = shop.good(&["apply", "--objects-only"]);
    assert!(said.contains("nothing to change"), "{said}");
    assert_eq!(shop.everything(), before);

    // One environment more, the tag's trigger less.
    shop.commit(2, &format!("on push {{}}\n{DEV}\n{qa}\n{PROD}"));
    let plan = shop.aphex(&["plan", "--format", "json"]);
    assert_eq!(plan.status.code(), Some(2), "{}", text(&plan));
    let json: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/plan.v1.json"));
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    jsonschema::validator_for(&schema)
        .unwrap()
        .validate(&json)
        .unwrap();
    let of = |kind: &str, name: &str| {
        let mut changes = json["changes"].as_array().unwrap().iter();
        let is_it = |one: &&Value| one["kind"] == kind && one["name"] == name;
        changes.find(is_it).cloned().unwrap_or_default()
    };
    assert_eq!(of("WorkflowTemplate", "shop")["inside"]["added"][0], "prod");
    assert_eq!(
        of("WorkflowTemplate", "shop-deploy-dev")["change"],
        "removed"
    );
    assert_eq!(of("Ingress", "shop-webhook")["change"], "removed");
    let markdown = shop.aphex(&["plan", "--format", "markdown"]);
    assert!(text(&markdown).contains("| - | WorkflowTemplate | `shop-deploy-dev` | removed |"));
    let said = shop.good(&["apply", "--objects-only"]);
    assert!(said.contains("+ prod is new"), "{said}");
    let now = names(&shop.everything());
    assert!(!now.contains(&"Ingress shop-webhook".to_owned()), "{now:?}");
    assert!(!now.iter().any(|name| name.starts_with("Lease")), "{now:?}");
    // What was known of the store stays.
    assert!(
        now.contains(&"ConfigMap shop-settings".to_owned()),
        "{now:?}"
    );

    // An older commit takes nothing back.
    let before = shop.everything();
    shop.commit(1, DEV);
    let output = shop.aphex(&["apply", "--objects-only"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("a younger commit was applied"),
        "{}",
        text(&output)
    );
    assert_eq!(shop.everything(), before);
}

/// What somebody has removed from an object comes back; what somebody has written of it is his, and refused with his name.
#[test]
fn what_was_changed_by_hand_is_seen() {
    let Some(cluster) = Cluster::find("what_was_changed_by_hand_is_seen") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, DEV);
    // Runs need a store.
    let output = shop.aphex(&["apply", "--objects-only"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("`--store s3://BUCKET`"));
    assert_eq!(shop.everything(), Vec::<Value>::new());
    shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    let remove = json!([{ "op": "remove", "path": "/spec/ttlStrategy" }]).to_string();
    shop.kubectl(
        &[
            "patch",
            "workflowtemplate",
            "shop",
            "--type=json",
            "--patch",
            &remove,
        ],
        "",
    );
    let plan = shop.aphex(&["plan"]);
    assert_eq!(plan.status.code(), Some(2), "{}", text(&plan));
    assert!(
        text(&plan).contains("~ WorkflowTemplate shop: was changed by hand"),
        "{}",
        text(&plan)
    );
    let said = shop.good(&["apply", "--objects-only"]);
    assert!(said.contains("1 restored"), "{said}");
    shop.good(&["plan"]);

    let patch = json!({ "spec": { "entrypoint": "other" } }).to_string();
    let patch = [
        "patch",
        "workflowtemplate",
        "shop",
        "--type=merge",
        "--field-manager=somebody",
        "--patch",
        &patch,
    ];
    shop.kubectl(&patch, "");
    let before = shop.everything();
    let output = shop.aphex(&["apply", "--objects-only"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(CONFLICT.id) && said.contains("`somebody`"),
        "{said}"
    );
    assert_eq!(shop.everything(), before);
}

/// 14.3, 14.4, 14.5: two pipelines side by side; what one has the other may not have; one is removed, and the other is as it was, byte for byte.
#[test]
fn req_14_3_14_4_14_5_two_pipelines_and_one_is_removed() {
    let Some(cluster) = Cluster::find("req_14_3_14_4_14_5_two_pipelines") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    let bank = Shop::new(&cluster, &namespace, "bank");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    bank.commit(1, &format!("{TRIGGERS}{DEV}"));
    bank.good(&["apply", "--objects-only", "--store", "s3://bank"]);
    let of_bank = bank.everything();
    let cluster_wide = |shop: &Shop<'_>| {
        shop.kubectl(&["get", "clusterroles,clusterrolebindings,crds", "--output=jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}"], "")
    };
    shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    // A run that has not ended.
    let run = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "metadata": { "name": "shop-1", "labels": { "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "shop" } },
        "spec": { "workflowTemplateRef": { "name": "shop" } },
    });
    shop.kubectl(&["create", "--filename=-"], &run.to_string());
    let output = shop.aphex(&["destroy", "--objects-only", "--yes"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("1 run of shop is active: `shop-1`"),
        "{}",
        text(&output)
    );
    shop.kubectl(
        &[
            "label",
            "workflow",
            "shop-1",
            "workflows.argoproj.io/completed=true",
        ],
        "",
    );
    // Nobody can be asked.
    let output = shop.aphex(&["destroy", "--objects-only"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("nothing was removed"),
        "{}",
        text(&output)
    );
    let wide = cluster_wide(&shop);
    let said = shop.good(&["destroy", "--objects-only", "--yes"]);
    assert!(
        said.contains("left: 1 run, until") && said.contains("artifacts"),
        "{said}"
    );
    assert_eq!(shop.everything(), of_bank);
    assert_eq!(cluster_wide(&shop), wide);
    let said = shop.good(&["destroy", "--objects-only", "--yes"]);
    assert!(said.contains("has nothing"), "{said}");

    // An object of the other pipeline, and of nobody.
    let foreign = |labels: Value| {
        let object = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "shop-build", "labels": labels } });
        shop.kubectl(&["create", "--filename=-"], &object.to_string());
        let before = shop.everything();
        let output = shop.aphex(&["apply", "--objects-only", "--store", "s3://shop"]);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output);
        assert!(said.contains(FOREIGN.id), "{said}");
        assert_eq!(shop.everything(), before);
        shop.kubectl(&["delete", "serviceaccount", "shop-build"], "");
        said
    };
    let said =
        foreign(json!({ "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "bank" }));
    assert!(said.contains("belongs to the pipeline `bank`"), "{said}");
    let said = foreign(json!({}));
    assert!(said.contains("and no pipeline's"), "{said}");
}

/// Two at once: one goes after the other, and both end well.
#[test]
fn two_applies_at_once_go_one_after_the_other() {
    let Some(cluster) = Cluster::find("two_applies_at_once_go_one_after_the_other") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    let start = || {
        shop.command(&["apply", "--objects-only", "--store", "s3://shop"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [start(), start(), start()];
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    let made = outputs
        .iter()
        .filter(|output| text(output).contains("+ Sensor shop"));
    assert_eq!(made.count(), 1);
    for output in &outputs {
        assert!(output.status.success(), "{}", text(output));
    }
    // One who has died with the Lease in his hand.
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": "shop-apply" },
        "spec": { "holderIdentity": "somebody-1", "leaseDurationSeconds": 3, "renewTime": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string() },
    });
    shop.kubectl(&["create", "--filename=-"], &lease.to_string());
    shop.commit(2, &format!("{DEV}\n{PROD}"));
    let said = shop.good(&["apply", "--objects-only"]);
    assert!(said.contains("waiting for somebody-1"), "{said}");
    assert!(said.contains("+ prod is new"), "{said}");
    // Its page says so.
    assert_eq!(BUSY.id, "A0993");
}

/// A cluster that lacks what a pipeline needs says what.
#[test]
fn what_a_cluster_lacks_is_named() {
    let Some(cluster) = Cluster::find("what_a_cluster_lacks_is_named") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(
        1,
        &format!("expose gateway {{ host = \"hooks.acme.dev\", gateway = \"web/main\" }}\n{DEV}"),
    );
    let output = shop.aphex(&["apply", "--objects-only", "--store", "s3://shop"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("`expose gateway` needs the Gateway API"),
        "{}",
        text(&output)
    );
    assert_eq!(shop.contents(), Vec::<Value>::new());
    let file: PathBuf = shop.folder.path().join("pipeline.aphex");
    let source = fs::read_to_string(&file).unwrap();
    fs::write(&file, source.replace(&shop.namespace, "aphex-nowhere")).unwrap();
    for arguments in [
        &["apply", "--objects-only", "--store", "s3://shop"][..],
        &["plan"],
    ] {
        let output = shop.aphex(arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output);
        // Once, and not for each object.
        assert_eq!(said.matches("there is no namespace").count(), 1, "{said}");
        let make = "kubectl create namespace aphex-nowhere";
        assert!(said.contains(make), "{said}");
    }
}

/// 3.2, 3.3, 10.1, 10.2, 10.4, 14.1: the stack first, where the cluster's exports are there; then the objects, which are told of its bucket and its roles.
#[test]
fn req_3_2_3_3_10_1_10_2_10_4_14_1_the_stack_and_then_the_objects() {
    let test = "req_3_2_3_3_10_1_10_2_10_4_14_1_the_stack_and_then_the_objects";
    let (Some(cluster), Some(aws)) = (Cluster::find(test), Ministack::start(test)) else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    let environment = aws.environment("111122223333", REGION);
    let run = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        command.envs(environment.iter().cloned()).output().unwrap()
    };
    // Nothing is changed where the cluster is not known.
    let output = run(&["apply"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(NO_EXPORT.id), "{said}");
    assert!(
        said.contains("AphexCluster-company-OIDCProviderArn"),
        "{said}"
    );
    assert_eq!(shop.everything(), Vec::<Value>::new());

    let _place = Place::new(&aws.url, "111122223333").with_cluster();
    let output = run(&["apply"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("stack aphex-company-shop: created"), "{said}");
    assert!(said.contains("AWS::S3::Bucket"), "{said}");
    let settings = [
        "get",
        "configmap",
        "shop-settings",
        "--output=jsonpath={.data.store}",
    ];
    let store = shop.kubectl(&settings, "");
    assert!(store.starts_with("s3://aphex-company-shop"), "{store}");
    for account in Account::AWS {
        let name = account.name("shop");
        let role = "--output=jsonpath={.metadata.annotations.eks\\.amazonaws\\.com/role-arn}";
        let role = shop.kubectl(&["get", "serviceaccount", &name, role], "");
        assert!(
            role.starts_with("arn:aws:iam::111122223333:role/"),
            "{name}: {role}"
        );
    }
    let before = shop.everything();
    let output = run(&["apply"]);
    let said = text(&output);
    assert!(
        said.contains("stack aphex-company-shop: nothing to change"),
        "{said}"
    );
    assert!(
        said.contains("shop in namespace") && said.contains("nothing to change"),
        "{said}"
    );
    assert_eq!(shop.everything(), before);
    // The objects alone know what the stack has told.
    shop.good(&["plan"]);

    // What the cluster refuses, or a younger commit forbids, changes nothing in AWS either.
    let kept = "store { retention = 30d }";
    shop.commit(0, &format!("{TRIGGERS}{DEV}\n{kept}"));
    let output = run(&["apply"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("a younger commit was applied") && !said.contains("stack "),
        "{said}"
    );
    shop.commit(2, &format!("{TRIGGERS}{DEV}\n{kept}"));
    let patch = json!({ "spec": { "entrypoint": "other" } }).to_string();
    let by_hand = |patch: &str| {
        let manager = "--field-manager=somebody";
        let patch = [
            "patch",
            "workflowtemplate",
            "shop",
            "--type=merge",
            manager,
            "--patch",
            patch,
        ];
        shop.kubectl(&patch, "");
    };
    by_hand(&patch);
    let output = run(&["apply"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(CONFLICT.id) && !said.contains("stack "),
        "{said}"
    );
    shop.kubectl(&["delete", "workflowtemplate", "shop"], "");
    let said = text(&run(&["apply"]));
    assert!(said.contains("stack aphex-company-shop: updated"), "{said}");

    // A stack that is elsewhere is not forgotten.
    let before = shop.everything();
    let output = run(&["destroy", "--yes", "--region", "eu-central-1"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("the stack `aphex-company-shop` of `shop` is in eu-west-1"),
        "{said}"
    );
    assert_eq!(shop.everything(), before);

    // Without a region nothing is removed, neither here nor there.
    let before = shop.everything();
    let mut nowhere = shop.command(&["destroy", "--yes"]);
    let output = nowhere.env("HOME", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert_eq!(shop.everything(), before);
    let output = run(&["destroy", "--yes"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("removed the stack"), "{said}");
    assert!(said.contains("left: AWS::S3::Bucket"), "{said}");
    assert_eq!(shop.everything(), Vec::<Value>::new());
    let output = run(&["destroy", "--yes"]);
    assert!(
        text(&output).contains("there is no stack"),
        "{}",
        text(&output)
    );
    for secret in ["testing", "AKIA"] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// What `docs/install.md` tells people to type works, in its order.
#[test]
fn the_commands_of_the_page_about_installing_work() {
    let test = "the_commands_of_the_page_about_installing_work";
    let (Some(cluster), Some(aws)) = (Cluster::find(test), Ministack::start(test)) else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    let _place = Place::new(&aws.url, "111122223333").with_cluster();
    crate::bootstrap::bus(&shop, "jetstream");
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/install.md"));
    let page = page.unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let mut said = Vec::new();
    for line in lines {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let (program, arguments) = arguments.split_first().unwrap();
        assert_eq!(*program, "aphex", "{line}");
        let mut command = shop.command(arguments);
        command.envs(aws.environment("111122223333", REGION));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {}", text(&output));
        said.push((line.to_owned(), text(&output)));
    }
    assert!(said.len() >= 5, "{said:?}");
    assert!(said[1].1.contains("nothing would change"), "{said:?}");
}

/// 3.1, 3.2, 3.3, 4.5, 7.1: a run keeps the stack as its commit says, with the rights of its own service account in the cluster; a further environment's account may be reached then.
#[test]
fn req_3_2_3_3_4_5_7_1_a_run_keeps_the_stack_as_its_commit_says() {
    let test = "req_3_2_3_3_4_5_7_1_a_run_keeps_the_stack_as_its_commit_says";
    let (Some(cluster), Some(aws)) = (Cluster::find(test), Ministack::start(test)) else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, DEV);
    let place = Place::new(&aws.url, "111122223333").with_cluster();
    let environment = aws.environment("111122223333", REGION);
    let mut apply = shop.command(&["apply"]);
    let output = apply.envs(environment.iter().cloned()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        !place
            .template_of("aphex-company-shop")
            .contains("444455556666")
    );

    // The pod is who its service account is.
    let config = cluster.kubectl(&["config", "view", "--raw", "--output=json"], "");
    let mut config: Value = serde_json::from_str(&config.unwrap()).unwrap();
    config["users"][0]["user"]["as"] = json!(format!(
        "system:serviceaccount:{}:shop-self-update",
        shop.namespace
    ));
    let room = tempfile::tempdir().unwrap();
    let kubeconfig = room.path().join("kubeconfig");
    fs::write(&kubeconfig, config.to_string()).unwrap();
    let pod = |run: &str, commit: &str| {
        let root = room.path().join(run);
        let stage = |arguments: &[&str]| {
            let mut command = shop.command(&["stage"]);
            command
                .args(arguments)
                .envs(environment.iter().cloned())
                .env("KUBECONFIG", &kubeconfig)
                .env("APHEX_ROOT", &root)
                .env("APHEX_PIPELINE", "shop")
                .env("APHEX_FILE", "pipeline.aphex")
                .env("APHEX_REPOSITORY", "acme/shop")
                .env("APHEX_ENTRY", "shop")
                .env("APHEX_RUN", run)
                .env("APHEX_STARTED_AT", "2030-01-31T06:00:00Z")
                .env("APHEX_COMMIT", commit)
                .env("APHEX_EVENT", "push")
                .env(
                    "APHEX_REMOTE",
                    format!("file://{}", shop.folder.path().display()),
                )
                .env(
                    "APHEX_STORE",
                    format!("file://{}", room.path().join("store").display()),
                )
                .output()
                .unwrap()
        };
        let output = stage(&["checkout", "--for", "self-update"]);
        assert!(output.status.success(), "{}", text(&output));
        stage(&["self-update"])
    };
    fs::write(
        shop.folder.path().join("cdk.json"),
        "{ \"app\": \"node app.js\" }",
    )
    .unwrap();
    fs::write(shop.folder.path().join("app.js"), "").unwrap();
    let prod = PROD.replace("step copy { run = [\"true\"] }", "stack Api");
    shop.commit(2, &format!("{DEV}\n{prod}"));
    let commit = git(shop.folder.path(), &["rev-parse", "HEAD"]);
    let output = pod("shop-2", &commit);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("stack aphex-company-shop: updated"), "{said}");
    assert!(said.contains("+ prod is new"), "{said}");
    assert!(
        place
            .template_of("aphex-company-shop")
            .contains("444455556666")
    );
    let output = pod("shop-3", &commit);
    let said = text(&output);
    assert!(
        said.contains("stack aphex-company-shop: nothing changed"),
        "{said}"
    );
    // Who planned by hand sees nothing left to do.
    shop.good(&["plan"]);

    // A pipeline that was applied without a stack gets none from a run.
    let mut destroy = shop.command(&["destroy", "--yes"]);
    let output = destroy.envs(environment.iter().cloned()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    shop.good(&["apply", "--objects-only", "--store", "s3://acme"]);
    shop.commit(3, DEV);
    let commit = git(shop.folder.path(), &["rev-parse", "HEAD"]);
    let output = pod("shop-4", &commit);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("stack aphex-company-shop"), "{said}");
}

/// 14.3: a pipeline of the same name in another repository is another one, for `plan`, `apply`, `trigger` and `destroy`; a repository that was renamed says what it was.
#[test]
fn req_14_3_a_pipeline_of_one_name_in_another_repository_is_refused() {
    let Some(cluster) = Cluster::find("req_14_3_a_pipeline_of_one_name_in_another") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, DEV);
    shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    let other = Shop::new(&cluster, &namespace, "shop");
    other.commit(2, DEV);
    let file = other.folder.path().join("pipeline.aphex");
    let text_of_other = fs::read_to_string(&file).unwrap();
    fs::write(&file, text_of_other.replace("acme/shop", "acme/market")).unwrap();

    let before = shop.everything();
    let commands: [&[&str]; 4] = [
        &["plan", "--objects-only"],
        &["apply", "--objects-only"],
        &[
            "trigger",
            "--commit",
            "0123456789012345678901234567890123456789",
        ],
        &["destroy", "--objects-only", "--yes"],
    ];
    for command in commands {
        let output = other.aphex(command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains(FOREIGN.id), "{command:?}: {said}");
        assert!(
            said.contains("of another repository, `acme/shop`")
                && said.contains("`aphex apply --moved-from acme/shop`"),
            "{command:?}: {said}"
        );
    }
    let wrong = ["apply", "--objects-only", "--moved-from", "acme/shops"];
    assert!(text(&other.aphex(&wrong)).contains(FOREIGN.id));
    for malformed in [
        "acme",
        "acme/shop.git",
        "https://github.com/acme/shop",
        "acme/a b",
        "/x",
    ] {
        let output = other.aphex(&["apply", "--objects-only", "--moved-from", malformed]);
        assert_eq!(
            output.status.code(),
            Some(64),
            "{malformed}: {}",
            text(&output)
        );
    }
    assert_eq!(shop.everything(), before);

    // GitHub's names are the same in capitals.
    let moved = ["apply", "--objects-only", "--moved-from", "Acme/Shop"];
    other.good(&moved);
    other.good(&["plan", "--objects-only"]);
    let output = shop.aphex(&["apply", "--objects-only"]);
    assert!(text(&output).contains(FOREIGN.id), "{}", text(&output));
}

/// Ctrl-C ends an apply that waits for AWS, and the next one does not wait for it.
#[test]
fn who_is_interrupted_lets_go() {
    let Some(cluster) = Cluster::find("who_is_interrupted_lets_go") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, DEV);
    // Takes what is asked, and answers nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut child = shop
        .command(&["apply", "--region", "us-east-1"])
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let leases = || shop.kubectl(&["get", "leases", "--output=name"], "");
    wait_until("the Lease is held", || leases().contains("shop-apply"));
    // AWS is asked by then.
    let _asked = silent.accept().unwrap();
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(leases(), "");
    let said = shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    assert!(!said.contains("waiting for"), "{said}");
}

/// `destroy` waits for whoever changes the pipeline.
#[test]
fn a_pipeline_is_not_removed_while_somebody_changes_it() {
    let Some(cluster) = Cluster::find("a_pipeline_is_not_removed_while_somebody") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, DEV);
    shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    let now = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string();
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": "shop-apply", "labels": { "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "shop" } },
        "spec": { "holderIdentity": "somebody-7", "leaseDurationSeconds": 5, "renewTime": now },
    });
    shop.kubectl(&["create", "--filename=-"], &lease.to_string());
    let said = shop.good(&["destroy", "--objects-only", "--yes"]);
    assert!(said.contains("waiting for somebody-7"), "{said}");
    assert_eq!(names(&shop.everything()), Vec::<String>::new());
}

/// NetworkPolicies are there where the file asks for them, select the pods that they are about, and go with the pipeline. No run may change them.
#[test]
fn network_policies_where_asked() {
    let Some(cluster) = Cluster::find("network_policies_where_asked") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    shop.good(&["apply", "--objects-only", "--store", "s3://shop"]);
    let is_policy = |name: &String| name.starts_with("NetworkPolicy ");
    assert!(!names(&shop.everything()).iter().any(is_policy));

    shop.commit(2, &format!("network_policy = true\n{TRIGGERS}{DEV}"));
    shop.good(&["apply", "--objects-only"]);
    let all = shop.everything();
    let of = |kind: &str, name: &str| {
        let mut all = all.iter();
        let is_it = |one: &&Value| one["kind"] == kind && one["metadata"]["name"] == name;
        all.find(is_it)
            .cloned()
            .unwrap_or_else(|| panic!("{kind} {name}"))
    };
    let selected = |policy: &Value| policy["spec"]["podSelector"]["matchLabels"].clone();
    let has = |labels: &Value, wanted: &Value| {
        let mut wanted = wanted.as_object().unwrap().iter();
        wanted.all(|(name, value)| labels[name] == *value)
    };
    let pods = of("NetworkPolicy", "shop-pods");
    assert_eq!(pods["spec"]["policyTypes"], json!(["Ingress"]));
    assert_eq!(pods["spec"]["ingress"], Value::Null, "nobody may connect");
    let of_runs = of("WorkflowTemplate", "shop")["spec"]["podMetadata"]["labels"].clone();
    let of_source = of("EventSource", "shop")["spec"]["template"]["metadata"]["labels"].clone();
    let of_sensor = of("Sensor", "shop")["spec"]["template"]["metadata"]["labels"].clone();
    for labels in [&of_runs, &of_source, &of_sensor] {
        assert!(has(labels, &selected(&pods)), "{labels}");
    }
    let webhook = of("NetworkPolicy", "shop-webhook");
    let port = of("Service", "shop-webhook")["spec"]["ports"][0]["targetPort"].clone();
    assert_eq!(webhook["spec"]["ingress"][0]["ports"][0]["port"], port);
    assert_eq!(webhook["spec"]["ingress"][0]["from"], Value::Null);
    // The Service finds the pod by the same label.
    let service = of("Service", "shop-webhook")["spec"]["selector"].clone();
    assert!(has(&selected(&webhook), &service), "{service}");
    assert!(!has(&of_runs, &selected(&webhook)));

    let account = format!("system:serviceaccount:{}:shop-self-update", shop.namespace);
    let may = |kind: &str| {
        let of = ["--namespace", &shop.namespace, "--as", &account];
        let asked = [&["auth", "can-i", "patch", kind][..], &of].concat();
        cluster.kubectl(&asked, "").is_ok()
    };
    assert!(may("sensors.argoproj.io"));
    assert!(!may("networkpolicies.networking.k8s.io"));

    shop.commit(3, &format!("{TRIGGERS}{DEV}"));
    let said = shop.good(&["apply", "--objects-only"]);
    assert!(said.contains("- NetworkPolicy shop-pods"), "{said}");
    assert!(!names(&shop.everything()).iter().any(is_policy));
}

/// The rights that the page about installing names are enough, also for the first time.
#[test]
fn req_10_4_who_has_the_rights_of_the_page_puts_a_pipeline_there_and_takes_it_away() {
    let Some(cluster) = Cluster::find("req_10_4_who_has_the_rights_of_the_page") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("network_policy = true\n{TRIGGERS}{DEV}"));
    let all = ["get", "list", "create", "patch", "delete"];
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let rules = [
        rule(
            "argoproj.io",
            &[
                "workflowtemplates",
                "cronworkflows",
                "eventsources",
                "sensors",
            ],
            &all,
        ),
        rule("", &["services", "serviceaccounts", "configmaps"], &all),
        rule("networking.k8s.io", &["ingresses", "networkpolicies"], &all),
        rule("gateway.networking.k8s.io", &["httproutes"], &all),
        rule(
            "rbac.authorization.k8s.io",
            &["roles", "rolebindings"],
            &all,
        ),
        rule("", &["secrets"], &["get", "list", "create", "delete"]),
        rule(
            "coordination.k8s.io",
            &["leases"],
            &["get", "create", "patch", "delete"],
        ),
        // What the Roles give.
        rule("argoproj.io", &["workflows"], &["get", "list", "create"]),
        rule(
            "argoproj.io",
            &["workflowtaskresults"],
            &["create", "patch"],
        ),
    ];
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "installer" }, "rules": rules });
    shop.kubectl(&["create", "--filename=-"], &role.to_string());
    let binding = [
        "create",
        "rolebinding",
        "installer",
        "--role=installer",
        "--user=ann",
    ];
    shop.kubectl(&binding, "");
    let file = cluster.kubeconfig_as("ann");
    let run = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        let output = command.env("KUBECONFIG", file.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    };
    let said = run(&["apply", "--objects-only", "--store", "s3://shop"]);
    assert!(said.contains("+ RoleBinding shop-deploy"), "{said}");
    let said = run(&["plan", "--objects-only"]);
    assert!(said.contains("nothing would change"), "{said}");
    run(&["destroy", "--objects-only", "--yes"]);
    let left = names(&shop.everything());
    assert_eq!(left, ["Role installer", "RoleBinding installer"]);
}
