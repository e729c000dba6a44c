//! A pipeline that updates itself, in a real API server with the definitions of Argo Workflows.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::cluster::{Cluster, Namespace};
use crate::support::project::git;
use aphex::diagnostics::codes::cluster::{
    CONFLICT, DENIED, FAILED, FOREIGN, NO_CLUSTER, SUPERSEDED,
};
use aphex::target::names::Account;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A repository with the pipeline `shop`, in a namespace of its own.
struct Shop<'c> {
    cluster: &'c Cluster,
    namespace: Namespace<'c>,
    folder: tempfile::TempDir,
    kubeconfig: String,
}

const DEV: &str = "environment dev { account = \"111122223333\", region = \"us-east-1\"\n step copy { run = [\"true\"] } }";
const PROD: &str = "environment prod { account = \"444455556666\", region = \"us-east-1\"\n step copy { run = [\"true\"] } }";

impl<'c> Shop<'c> {
    fn new(cluster: &'c Cluster) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("repository");
        fs::create_dir(&repository).unwrap();
        git(&repository, &["init", "--quiet", "--initial-branch=main"]);
        Shop {
            cluster,
            namespace: cluster.namespace(),
            folder,
            kubeconfig: cluster.kubeconfig().to_owned(),
        }
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// Commits a pipeline, at a minute of one hour; the commit.
    fn commit(&self, minute: u32, body: &str) -> String {
        let text = format!(
            "pipeline shop {{\n cluster = \"company-pipelines\"\n repository = \"acme/shop\"\n namespace = \"{}\"\n build {{ run = [\"true\"] }}\n{body}\n}}\n",
            self.namespace.name
        );
        fs::write(self.repository().join("pipeline.aphex"), text).unwrap();
        git(&self.repository(), &["add", "--all"]);
        let date = format!("2030-01-31T05:{minute:02}:00Z");
        let done = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(["commit", "--quiet", "--allow-empty", "-m", "a change"])
            .env("GIT_COMMITTER_DATE", &date)
            .current_dir(self.repository())
            .status();
        assert!(done.unwrap().success());
        git(&self.repository(), &["rev-parse", "HEAD"])
    }

    /// The pod of the stage in a run of a commit.
    fn update(&self, run: &str, commit: &str) -> (Output, Value) {
        self.try_update(run, commit, 0)
    }

    fn try_update(&self, run: &str, commit: &str, attempt: u32) -> (Output, Value) {
        let output = self.pod(run, commit, attempt, &["self-update"]);
        let result = format!("runs/{run}/stages/self-update/{attempt}.json");
        let result = self.kept(&result);
        (output, result)
    }

    /// A file of the store.
    fn kept(&self, key: &str) -> Value {
        let path = self.folder.path().join("store").join(key);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{key}: {error}"));
        serde_json::from_str(&text).unwrap()
    }

    /// The init container and the main one of a pod.
    fn pod(&self, run: &str, commit: &str, attempt: u32, arguments: &[&str]) -> Output {
        let root = format!("{run}-{}-{attempt}", arguments[0]);
        let root = self.folder.path().join(root);
        let store = self.folder.path().join("store");
        let stage = |arguments: &[&str]| {
            Command::new(env!("CARGO_BIN_EXE_aphex"))
                .arg("stage")
                .args(arguments)
                .env("KUBECONFIG", &self.kubeconfig)
                // Metrics go nowhere.
                .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .envs([
                    ("APHEX_ROOT", root.to_str().unwrap()),
                    ("APHEX_PIPELINE", "shop"),
                    ("APHEX_FILE", "pipeline.aphex"),
                    ("APHEX_REPOSITORY", "acme/shop"),
                    ("APHEX_ENTRY", "shop"),
                    ("APHEX_RUN", run),
                    ("APHEX_STARTED_AT", "2026-01-31T06:00:00Z"),
                    ("APHEX_COMMIT", commit),
                    ("APHEX_EVENT", "push"),
                ])
                .env("APHEX_TRY", attempt.to_string())
                .env(
                    "APHEX_REMOTE",
                    format!("file://{}", self.repository().display()),
                )
                .env("APHEX_REF_BASE64", STANDARD.encode("refs/heads/main"))
                .env("APHEX_ACTOR_BASE64", STANDARD.encode("anna"))
                .env("APHEX_STORE", format!("file://{}", store.display()))
                .stdin(Stdio::null())
                .output()
                .unwrap()
        };
        let mut checkout = vec!["checkout", "--for"];
        checkout.extend(arguments);
        let output = stage(&checkout);
        assert!(output.status.success(), "{}", text(&output));
        stage(arguments)
    }

    fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let mut all = vec!["--namespace", &self.namespace.name];
        all.extend(arguments);
        let answer = self.cluster.kubectl(&all, input);
        answer.unwrap_or_else(|said| panic!("{arguments:?}: {said}"))
    }

    /// Names and versions of the templates (or other objects) that are there.
    fn versions(&self, kind: &str) -> Vec<(String, String)> {
        let list = self.kubectl(&["get", kind, "--output=json"], "");
        let list: Value = serde_json::from_str(&list).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let of = |item: &Value, name: &str| item["metadata"][name].as_str().unwrap().to_owned();
        items
            .map(|item| (of(item, "name"), of(item, "resourceVersion")))
            .collect()
    }

    fn names(&self, kind: &str) -> Vec<String> {
        self.versions(kind)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    fn object(&self, kind: &str, name: &str) -> Value {
        let object = self.kubectl(
            &["get", kind, name, "--output=json", "--show-managed-fields"],
            "",
        );
        serde_json::from_str(&object).unwrap()
    }

    /// The service accounts and their rights, as `aphex compile` makes them.
    fn accounts(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_aphex"))
            .args(["compile", "--emit", "accounts"])
            .current_dir(self.repository())
            .output()
            .unwrap();
        let manifests = String::from_utf8(output.stdout).unwrap();
        let apply = [
            "apply",
            "--server-side",
            "--field-manager=aphex",
            "--filename=-",
        ];
        self.kubectl(&apply, &manifests);
    }

    /// Makes a template with labels.
    fn template(&self, name: &str, labels: &Value) {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate",
            "metadata": { "name": name, "labels": labels },
            "spec": { "entrypoint": "main", "templates": [{ "name": "main", "suspend": {} }] },
        });
        self.kubectl(&["create", "--filename=-"], &object.to_string());
    }
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

fn good(done: (Output, Value)) -> String {
    let (output, result) = done;
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(result["outcome"], "succeeded", "{result:#}");
    text(&output)
}

/// The code of the error that a failed stage has left.
fn code((output, result): &(Output, Value)) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(output));
    let code = result["error"]["code"].as_str();
    code.unwrap_or_else(|| panic!("{result:#}")).to_owned()
}

/// 3.5, 3.6, 3.7, 3.8: what the file says is applied, what is the same is not written, what is gone is removed, and a run in flight stays as it is.
#[test]
fn req_3_5_3_6_3_7_3_8_a_pipeline_updates_itself_and_touches_no_run() {
    let test = "req_3_5_3_6_3_7_3_8_a_pipeline_updates_itself_and_touches_no_run";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    let shop = Shop::new(&cluster);
    let tag = "on push { branches = [\"main\"] }\n on tag { match = [\"v*\"], deploy = [dev] }\n";
    let qa = DEV.replace("dev", "qa").replace("us-east-1", "eu-west-1");
    let first = shop.commit(1, &format!("{tag}{DEV}\n{qa}"));
    let said = good(shop.update("shop-1", &first));
    assert!(
        said.contains("shop: made") && said.contains("shop-deploy-dev: made"),
        "{said}"
    );
    let made = shop.object("workflowtemplate", "shop");
    assert_eq!(made["metadata"]["annotations"]["aphex.dev/commit"], *first);
    let managers = made["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(managers.len(), 1);
    assert_eq!(managers[0]["manager"], "aphex");
    assert_eq!(managers[0]["operation"], "Apply");

    // A run in flight, with the labels that runs have; and objects of others.
    let ours = json!({ "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "shop" });
    let run = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "metadata": { "name": "shop-1", "labels": ours },
        "spec": { "workflowTemplateRef": { "name": "shop" } },
    });
    shop.kubectl(&["create", "--filename=-"], &run.to_string());
    shop.template("shop-of-somebody", &json!({ "aphex.dev/pipeline": "shop" }));
    shop.template(
        "shopping",
        &json!({ "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "shopping" }),
    );
    let before = (
        shop.versions("workflowtemplates"),
        shop.versions("workflows"),
    );

    // Comments change nothing, so nothing is written.
    let second = shop.commit(2, &format!("// a comment\n{tag}{DEV}\n{qa}"));
    let said = good(shop.update("shop-2", &second));
    assert!(said.contains("nothing changed"), "{said}");
    assert_eq!(
        (
            shop.versions("workflowtemplates"),
            shop.versions("workflows")
        ),
        before
    );

    // One environment more, one trigger less.
    let push = "on push { branches = [\"main\"] }\n";
    let third = shop.commit(3, &format!("{push}{DEV}\n{qa}\n{PROD}"));
    let said = good(shop.update("shop-3", &third));
    let is_told = |line: &str| said.lines().any(|one| one == line);
    assert!(is_told("shop: updated, 5 changes"), "{said}");
    assert!(said.contains("+ environment prod: account"), "{said}");
    assert!(said.contains("+ prod is new"), "{said}");
    assert!(said.contains("shop-deploy-dev: removed"), "{said}");
    let names = shop.names("workflowtemplates");
    assert!(!names.contains(&"shop-deploy-dev".to_owned()), "{names:?}");
    for others in ["shop-of-somebody", "shopping"] {
        assert!(names.contains(&others.to_owned()), "{names:?}");
    }
    assert_eq!(shop.versions("workflows"), before.1);

    // A run of an older commit takes nothing back.
    let now = shop.versions("workflowtemplates");
    let said = good(shop.update("shop-4", &first));
    assert!(
        said.contains("nothing changed: a younger commit was applied"),
        "{said}"
    );
    assert_eq!(shop.versions("workflowtemplates"), now);
}

/// 9.2: a file with errors fails the stage and changes nothing.
#[test]
fn req_9_2_a_file_with_errors_changes_nothing() {
    let Some(cluster) = Cluster::find("req_9_2_a_file_with_errors_changes_nothing") else {
        return;
    };
    let shop = Shop::new(&cluster);
    let good_one = shop.commit(1, DEV);
    good(shop.update("shop-1", &good_one));
    let before = shop.versions("workflowtemplates");
    let wrong = shop.commit(2, &DEV.replace("us-east-1", "us-est-1"));
    let done = shop.update("shop-2", &wrong);
    assert_eq!(code(&done), "A0450", "{}", text(&done.0));
    assert_eq!(shop.versions("workflowtemplates"), before);
}

/// 14.3: what another pipeline owns, or nobody, is not touched, and then nothing is.
#[test]
fn req_14_3_objects_of_others_are_refused_by_their_owners_name() {
    let Some(cluster) = Cluster::find("req_14_3_objects_of_others_are_refused") else {
        return;
    };
    let shop = Shop::new(&cluster);
    let commit = shop.commit(1, DEV);
    shop.template(
        "shop-pull-request",
        &json!({ "app.kubernetes.io/managed-by": "aphex", "aphex.dev/pipeline": "shop-pull" }),
    );
    let before = shop.versions("workflowtemplates");
    let done = shop.update("shop-1", &commit);
    assert_eq!(code(&done), FOREIGN.id);
    let said = text(&done.0);
    assert!(
        said.contains("`shop-pull-request` belongs to the pipeline `shop-pull`"),
        "{said}"
    );
    assert_eq!(shop.versions("workflowtemplates"), before);

    shop.kubectl(&["delete", "workflowtemplate", "shop-pull-request"], "");
    shop.template("shop", &json!({}));
    let before = shop.versions("workflowtemplates");
    let done = shop.update("shop-2", &commit);
    assert_eq!(code(&done), FOREIGN.id);
    assert!(
        text(&done.0).contains("and no pipeline's"),
        "{}",
        text(&done.0)
    );
    assert_eq!(shop.versions("workflowtemplates"), before);
}

#[test]
fn what_somebody_has_changed_by_hand_is_not_taken_away() {
    let Some(cluster) = Cluster::find("what_somebody_has_changed_by_hand_is_not_taken_away") else {
        return;
    };
    let shop = Shop::new(&cluster);
    good(shop.update("shop-1", &shop.commit(1, DEV)));
    shop.kubectl(
        &[
            "patch",
            "workflowtemplate",
            "shop",
            "--type=merge",
            "--field-manager=anna",
            "--patch={\"spec\": {\"serviceAccountName\": \"annas\"}}",
        ],
        "",
    );
    let before = shop.versions("workflowtemplates");
    let done = shop.update("shop-2", &shop.commit(2, &format!("{DEV}\n{PROD}")));
    assert_eq!(code(&done), CONFLICT.id, "{}", text(&done.0));
    let said = text(&done.0);
    assert!(
        said.contains("the WorkflowTemplate `shop` was changed by `anna`"),
        "{said}"
    );
    assert!(said.contains(".spec.serviceAccountName"), "{said}");
    assert_eq!(shop.versions("workflowtemplates"), before);

    // As the help says.
    shop.kubectl(&["delete", "workflowtemplate", "shop"], "");
    good(shop.update("shop-3", &git(&shop.repository(), &["rev-parse", "HEAD"])));
}

/// Other stages start a run of the same commit and end this one; the same stages do not, and trying again starts no second one.
#[test]
fn a_changed_order_of_stages_starts_the_run_anew_once() {
    let Some(cluster) = Cluster::find("a_changed_order_of_stages_starts_the_run_anew_once") else {
        return;
    };
    let shop = Shop::new(&cluster);
    let restart = "self_update { restart = true }\n";
    good(shop.update("shop-1", &shop.commit(1, &format!("{restart}{DEV}"))));
    let image = "images { builder = \"ghcr.io/acme/builder:1\" }\n";
    good(shop.update("shop-2", &shop.commit(2, &format!("{restart}{image}{DEV}"))));
    assert!(shop.names("workflows").is_empty());

    let commit = shop.commit(3, &format!("{restart}{image}{DEV}\n{PROD}"));
    let done = shop.update("shop-3", &commit);
    assert_eq!(code(&done), SUPERSEDED.id, "{}", text(&done.0));
    assert_eq!(done.1["outcome"], "stopped");
    let names = shop.names("workflows");
    assert_eq!(names.len(), 1);
    let said = text(&done.0);
    assert!(
        said.contains(&format!("the run goes on as `{}`", names[0])),
        "{said}"
    );
    let run = shop.object("workflow", &names[0]);
    assert_eq!(run["spec"]["workflowTemplateRef"]["name"], "shop");
    assert_eq!(
        run["metadata"]["annotations"]["aphex.dev/restarts"],
        "shop-3"
    );
    let parameter = |name: &str| {
        let all = run["spec"]["arguments"]["parameters"].as_array().unwrap();
        let found = all.iter().find(|parameter| parameter["name"] == name);
        found.unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(parameter("commit"), commit);
    assert_eq!(parameter("event"), "push");
    assert_eq!(parameter("ref"), STANDARD.encode("refs/heads/main"));
    assert_eq!(parameter("actor"), STANDARD.encode("anna"));

    // A pod that was lost is tried again, after the run was made, and before: this run ends, and there is one other.
    let again = shop.try_update("shop-3", &commit, 1);
    assert_eq!(code(&again), SUPERSEDED.id, "{}", text(&again.0));
    assert_eq!(shop.names("workflows"), names);
    shop.kubectl(&["delete", "workflow", &names[0]], "");
    let again = shop.try_update("shop-3", &commit, 2);
    assert_eq!(code(&again), SUPERSEDED.id, "{}", text(&again.0));
    assert_eq!(shop.names("workflows"), names);

    // What came before it, and the end of this run: the record says what became of it, and nobody is told of a failure.
    for stage in ["preflight", "build"] {
        let output = shop.pod("shop-3", &commit, 0, &[stage]);
        assert!(output.status.success(), "{}", text(&output));
    }
    let output = shop.pod("shop-3", &commit, 0, &["finish", "--status", "Failed"]);
    let said = text(&output);
    assert!(
        said.contains("nobody is told: the run goes on as another one"),
        "{said}"
    );
    let record = shop.kept("runs/shop-3/record.json");
    assert_eq!(record["outcome"], "stopped", "{record:#}");

    // The new run finds its stages as they are, and goes on.
    let said = good(shop.update(&names[0], &commit));
    assert!(said.contains("nothing changed"), "{said}");
    assert_eq!(shop.names("workflows"), names);
}

/// Without the rights, without the definitions, without a cluster: each is said, and nothing is left half done.
#[test]
fn what_the_cluster_refuses_is_said() {
    let Some(cluster) = Cluster::find("what_the_cluster_refuses_is_said") else {
        return;
    };
    let mut shop = Shop::new(&cluster);
    let commit = shop.commit(1, DEV);
    let config = cluster.kubectl(&["config", "view", "--raw", "--output=json"], "");
    let mut config: Value = serde_json::from_str(&config.unwrap()).unwrap();
    let own = shop.folder.path().join("kubeconfig");
    shop.kubeconfig = own.display().to_string();
    let write = |config: &Value, path: &Path| fs::write(path, config.to_string()).unwrap();

    let account = format!(
        "system:serviceaccount:{}:shop-self-update",
        shop.namespace.name
    );
    config["users"][0]["user"]["as"] = json!(account);
    write(&config, &own);
    let done = shop.update("shop-1", &commit);
    assert_eq!(code(&done), DENIED.id, "{}", text(&done.0));
    assert!(text(&done.0).contains(&account), "{}", text(&done.0));

    // The rights that `aphex compile` gives the account are enough.
    shop.accounts();
    let tag = "on tag { match = [\"v*\"], deploy = [dev] }\n self_update { restart = true }\n";
    good(shop.update("shop-5", &shop.commit(2, &format!("{tag}{DEV}\n{PROD}"))));
    let restart = "self_update { restart = true }\n";
    let done = shop.update("shop-6", &shop.commit(3, &format!("{restart}{DEV}")));
    assert_eq!(code(&done), SUPERSEDED.id, "{}", text(&done.0));
    assert!(
        text(&done.0).contains("shop-deploy-dev: removed"),
        "{}",
        text(&done.0)
    );
    for name in shop.names("workflowtemplates") {
        shop.kubectl(&["delete", "workflowtemplate", &name], "");
    }

    config["users"][0]["user"]
        .as_object_mut()
        .unwrap()
        .remove("as");
    let server = config["clusters"][0]["cluster"]["server"].clone();
    config["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:9");
    write(&config, &own);
    let done = shop.update("shop-2", &commit);
    assert_eq!(code(&done), NO_CLUSTER.id, "{}", text(&done.0));

    fs::write(&own, "no kubeconfig: [").unwrap();
    let done = shop.update("shop-3", &commit);
    assert_eq!(code(&done), NO_CLUSTER.id, "{}", text(&done.0));

    // Something that the server takes for wrong: a namespace that is not there.
    config["clusters"][0]["cluster"]["server"] = server;
    write(&config, &own);
    let path = shop.repository().join("pipeline.aphex");
    let file = fs::read_to_string(&path).unwrap();
    let nowhere = file.replace(&shop.namespace.name, "aphex-nowhere");
    fs::write(&path, nowhere).unwrap();
    git(
        &shop.repository(),
        &["commit", "--quiet", "--all", "-m", "elsewhere"],
    );
    let commit = git(&shop.repository(), &["rev-parse", "HEAD"]);
    let done = shop.update("shop-4", &commit);
    assert_eq!(code(&done), FAILED.id, "{}", text(&done.0));
    assert!(shop.names("workflowtemplates").is_empty());
}

/// 7.3: each service account can do what its stages need, and the API server refuses it everything else.
#[test]
fn req_7_3_each_account_may_do_what_its_stages_need_and_nothing_else() {
    let test = "req_7_3_each_account_may_do_what_its_stages_need_and_nothing_else";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    let shop = Shop::new(&cluster);
    shop.commit(1, DEV);
    shop.accounts();
    let mut all = String::new();
    for account in Account::ALL {
        let name = account.name("shop");
        let user = format!("system:serviceaccount:{}:{name}", shop.namespace.name);
        let list = shop.kubectl(&["auth", "can-i", "--list", &format!("--as={user}")], "");
        // What everybody may do, such as asking what one may do, is the cluster's own.
        let own = list.lines().skip(1).filter(|line| {
            !["selfsubject", "[/", "clustertrustbundles"]
                .iter()
                .any(|word| line.contains(word))
        });
        let own: BTreeSet<String> = own
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        all.push_str(&format!("{name}\n"));
        for line in own {
            all.push_str(&format!("  {line}\n"));
        }
    }
    insta::assert_snapshot!("rights", all);
}
