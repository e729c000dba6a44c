//! Runs whose event does not tell all that they must know: the start template's pod, with a real repository and a real API server.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::cluster::{Cluster, Namespace};
use crate::support::project::git;
use aphex::diagnostics::codes::cluster::NO_CLUSTER;
use aphex::diagnostics::codes::run::{MALFORMED, NOT_IN_A_RUN};
use aphex::diagnostics::codes::run_checkout::{COMMIT_GONE, NO_REFERENCE, REFUSED, UNREACHABLE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A repository, and a namespace that runs are started in.
struct Shop<'c> {
    cluster: &'c Cluster,
    namespace: Namespace<'c>,
    folder: tempfile::TempDir,
}

impl<'c> Shop<'c> {
    fn new(cluster: &'c Cluster) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("repository");
        fs::create_dir(&repository).unwrap();
        git(&repository, &["init", "--quiet", "--initial-branch=trunk"]);
        Shop {
            cluster,
            namespace: cluster.namespace(),
            folder,
        }
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let user = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        git(&self.repository(), &[&user[..], arguments].concat())
    }

    /// Commits a change of a file; the commit.
    fn commit(&self, file: &str, text: &str) -> String {
        let path = self.repository().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", "a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The pod of the Workflow `start`.
    fn pod(&self, start: &str, variables: &[(&str, &str)]) -> Output {
        let root = self.folder.path().join(start);
        fs::create_dir_all(&root).unwrap();
        let _ = fs::remove_dir_all(root.join("source"));
        Command::new(env!("CARGO_BIN_EXE_aphex"))
            .args(["stage", "start"])
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env("APHEX_ROOT", &root)
            .env("APHEX_PIPELINE", "shop")
            .env("APHEX_REPOSITORY", "acme/shop")
            .env("APHEX_NAMESPACE", &self.namespace.name)
            .env("APHEX_START", start)
            .env("APHEX_ENTRY", "shop")
            .env(
                "APHEX_REMOTE",
                format!("file://{}", self.repository().display()),
            )
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The runs that are there: their names and what they were given.
    fn runs(&self) -> Vec<(String, Value)> {
        let get = [
            "--namespace",
            &self.namespace.name,
            "get",
            "workflows",
            "--output=json",
        ];
        let list = self.cluster.kubectl(&get, "").unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                let name = item["metadata"]["name"].as_str().unwrap().to_owned();
                let given = item["spec"]["arguments"]["parameters"].as_array().unwrap();
                let given = given.iter().map(|one| {
                    (
                        one["name"].as_str().unwrap().to_owned(),
                        one["value"].clone(),
                    )
                });
                (name, Value::Object(given.collect()))
            })
            .collect()
    }
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    text(output)
}

/// It ended with what the start template takes for a refusal for good: a further try comes to the same.
#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(output));
    text(output)
}

/// It ended with what the start template tries again.
#[track_caller]
fn for_now(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(75), "{}", text(output));
    text(output)
}

fn paths(patterns: &[&str], from_fork_point: bool) -> String {
    let json = json!({ "patterns": patterns, "from_fork_point": from_fork_point });
    STANDARD.encode(json.to_string())
}

/// 1.3: a schedule runs the newest commit of the default branch, whatever that is called; once, however often its pod is tried.
#[test]
fn req_1_3_a_schedule_runs_the_newest_commit_of_the_default_branch() {
    let test = "req_1_3_a_schedule_runs_the_newest_commit_of_the_default_branch";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    let shop = Shop::new(&cluster);
    shop.commit("a", "1");
    let commit = shop.commit("a", "2");
    shop.git(&["switch", "--quiet", "-c", "other"]);
    shop.commit("a", "3");
    shop.git(&["switch", "--quiet", "trunk"]);
    let said = good(&shop.pod("shop-schedule-1893456000", &[("APHEX_EVENT", "schedule")]));
    assert!(said.contains("refs/heads/trunk is at"), "{said}");
    let again = good(&shop.pod("shop-schedule-1893456000", &[("APHEX_EVENT", "schedule")]));
    assert!(again.contains("was started already"), "{again}");
    let runs = shop.runs();
    assert_eq!(runs.len(), 1, "{runs:?}");
    let (name, given) = &runs[0];
    assert!(name.starts_with("shop-") && name.len() == 15, "{name}");
    assert_eq!(
        *given,
        json!({
            "commit": commit, "event": "schedule", "ref": STANDARD.encode("refs/heads/trunk"),
            "actor": "", "pull-request": "", "inputs": "",
        })
    );
    // Another time is another run.
    good(&shop.pod("shop-schedule-1893542400", &[("APHEX_EVENT", "schedule")]));
    assert_eq!(shop.runs().len(), 2);
}

/// 1.3: a release runs the commit of its tag, not the tag itself.
#[test]
fn req_1_3_a_release_runs_the_commit_of_its_tag() {
    let Some(cluster) = Cluster::find("req_1_3_a_release_runs_the_commit_of_its_tag") else {
        return;
    };
    let shop = Shop::new(&cluster);
    let commit = shop.commit("a", "1");
    shop.git(&["tag", "-a", "v1.0", "-m", "one"]);
    shop.commit("a", "2");
    let reference = STANDARD.encode("refs/tags/v1.0");
    let actor = STANDARD.encode("anna\"; $(id) {{=1+1}}");
    let release = [
        ("APHEX_EVENT", "release"),
        ("APHEX_REF_BASE64", &reference),
        ("APHEX_ACTOR_BASE64", &actor),
        ("APHEX_RUN", "shop-0123456789"),
    ];
    good(&shop.pod("shop-start-0123456789", &release));
    let runs = shop.runs();
    assert_eq!(runs[0].0, "shop-0123456789");
    assert_eq!(runs[0].1["commit"], commit);
    assert_eq!(runs[0].1["ref"], reference);
    assert_eq!(runs[0].1["actor"], actor);

    let gone = STANDARD.encode("refs/tags/v1.1");
    let missing = shop.pod(
        "shop-start-1",
        &[("APHEX_EVENT", "release"), ("APHEX_REF_BASE64", &gone)],
    );
    let said = refused(&missing);
    assert!(said.contains(NO_REFERENCE.id), "{said}");
    let shown = shop.folder.path().join("shop-start-1/termination-log");
    assert!(fs::read_to_string(shown).unwrap().contains(NO_REFERENCE.id));
    assert_eq!(shop.runs().len(), 1);
}

/// Files that a push has changed, told by the repository: the payload tells of some pushes alone.
#[test]
fn a_push_starts_a_run_where_a_file_has_changed_that_matters() {
    let Some(cluster) = Cluster::find("a_push_starts_a_run_where_a_file_has_changed") else {
        return;
    };
    let shop = Shop::new(&cluster);
    let first = shop.commit("src/a", "1");
    let docs = shop.commit("docs/a", "1");
    let both = shop.commit("src/b", "1");
    let matters = paths(&["src/**", "!src/generated/**"], false);
    let push = |start: &str, base: &str, commit: &str| {
        let variables = [
            ("APHEX_EVENT", "push"),
            ("APHEX_REF_BASE64", &*STANDARD.encode("refs/heads/trunk")),
            ("APHEX_COMMIT", commit),
            ("APHEX_BASE", base),
            ("APHEX_PATHS_BASE64", &*matters),
        ];
        good(&shop.pod(start, &variables))
    };
    let said = push("start-1", &first, &docs);
    assert!(said.contains("no run: of 1 file changed none"), "{said}");
    assert_eq!(shop.runs(), []);
    let said = push("start-2", &first, &both);
    assert!(said.contains("`src/b` has changed"), "{said}");
    assert_eq!(shop.runs().len(), 1);
    // A new branch, and one that was rewritten: what cannot be told counts as yes.
    let said = push("start-3", &"0".repeat(40), &docs);
    assert!(said.contains("not known: the branch is new"), "{said}");
    let said = push("start-4", &"1".repeat(40), &docs);
    assert!(said.contains("is not there any more"), "{said}");
    assert_eq!(shop.runs().len(), 3);
    let generated = shop.commit("src/generated/x", "1");
    let said = push("start-5", &both, &generated);
    assert!(said.contains("no run"), "{said}");
}

/// What the branch that a pull request is for has got in the meantime is no change of the pull request.
#[test]
fn a_pull_request_is_compared_with_where_it_began() {
    let Some(cluster) = Cluster::find("a_pull_request_is_compared_with_where_it_began") else {
        return;
    };
    let shop = Shop::new(&cluster);
    shop.commit("src/a", "1");
    shop.git(&["switch", "--quiet", "-c", "change"]);
    shop.commit("docs/a", "1");
    let head = shop.commit("docs/b", "1");
    shop.git(&["switch", "--quiet", "trunk"]);
    let base = shop.commit("src/a", "2");
    let reference = STANDARD.encode("refs/heads/change");
    let matters = |start: &str, patterns: &[&str]| {
        let variables = [
            ("APHEX_EVENT", "pull_request"),
            ("APHEX_ENTRY", "shop-pull-request"),
            ("APHEX_REF_BASE64", &*reference),
            ("APHEX_COMMIT", &*head),
            ("APHEX_PULL_REQUEST", "7"),
            ("APHEX_BASE", &*base),
            ("APHEX_PATHS_BASE64", &*paths(patterns, true)),
        ];
        good(&shop.pod(start, &variables))
    };
    let said = matters("start-1", &["src/**"]);
    assert!(said.contains("no run: of 2 files changed none"), "{said}");
    matters("start-2", &["!src/**"]);
    let runs = shop.runs();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0].1["pull-request"], "7");
    assert!(runs[0].0.starts_with("shop-pull-request-"), "{}", runs[0].0);
}

/// 1.3: what a stranger may have chosen is a name, or is refused; nothing of it is executed.
#[test]
fn req_1_3_hostile_names_are_refused_and_run_nothing() {
    let Some(cluster) = Cluster::find("req_1_3_hostile_names_are_refused_and_run_nothing") else {
        return;
    };
    let shop = Shop::new(&cluster);
    shop.commit("a", "1");
    let mark = shop.folder.path().join("mark");
    for name in [
        format!("--upload-pack=touch {}", mark.display()),
        format!("-c core.sshCommand='touch {}'", mark.display()),
        format!("$(touch {})", mark.display()),
        "refs/heads/../../x".to_owned(),
        "a\nb".to_owned(),
        "x".repeat(5000),
    ] {
        let reference = STANDARD.encode(&name);
        let output = shop.pod(
            "start-1",
            &[("APHEX_EVENT", "release"), ("APHEX_REF_BASE64", &reference)],
        );
        let said = refused(&output);
        assert!(said.contains(NO_REFERENCE.id), "{name}: {said}");
    }
    assert!(!Path::new(&mark).exists());
    for (variable, value, code) in [
        ("APHEX_COMMIT", "main", &MALFORMED),
        ("APHEX_RUN", "../x", &MALFORMED),
        ("APHEX_ENTRY", "", &NOT_IN_A_RUN),
        ("APHEX_ENTRY", "a b", &MALFORMED),
        ("APHEX_PULL_REQUEST", "1; id", &MALFORMED),
        ("APHEX_PATHS_BASE64", "e30", &MALFORMED),
        ("APHEX_REF_BASE64", "%", &MALFORMED),
    ] {
        let output = shop.pod("start-2", &[("APHEX_EVENT", "push"), (variable, value)]);
        let said = refused(&output);
        assert!(said.contains(code.id), "{variable}={value}: {said}");
    }
    assert_eq!(shop.runs(), []);
}

/// What stays as it is ends at once; what may pass is tried again.
#[test]
fn what_may_pass_is_told_from_what_stays() {
    let Some(cluster) = Cluster::find("what_may_pass_is_told_from_what_stays") else {
        return;
    };
    let shop = Shop::new(&cluster);
    let commit = shop.commit("a", "1");
    let gone = "1".repeat(40);
    let release = [("APHEX_EVENT", "release")];
    let start = |more: &[(&str, &str)]| shop.pod("start-1", &[&release, more].concat());
    let matters = paths(&["**"], false);
    let commits = [
        ("APHEX_COMMIT", &*gone),
        ("APHEX_BASE", &*commit),
        ("APHEX_PATHS_BASE64", &*matters),
    ];
    let said = refused(&start(&commits));
    assert!(said.contains(COMMIT_GONE.id), "{said}");
    let nowhere = format!("file://{}/nowhere", shop.folder.path().display());
    let said = refused(&start(&[("APHEX_REMOTE", &nowhere)]));
    assert!(said.contains(REFUSED.id), "{said}");
    let said = refused(&start(&[("APHEX_NAMESPACE", "nowhere")]));
    assert!(said.contains("no namespace `nowhere`"), "{said}");
    // No API server listens there.
    let kubeconfig = shop.folder.path().join("kubeconfig");
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "x", "cluster": { "server": "https://127.0.0.1:9" } }],
        "users": [{ "name": "x", "user": { "token": "x" } }],
        "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x" } }],
        "current-context": "x",
    });
    fs::write(&kubeconfig, config.to_string()).unwrap();
    let said = for_now(&start(&[("KUBECONFIG", &kubeconfig.display().to_string())]));
    assert!(said.contains(NO_CLUSTER.id), "{said}");
    // Nor a Git server there.
    let said = for_now(&start(&[("APHEX_REMOTE", "http://127.0.0.1:9/acme/shop")]));
    assert!(said.contains(UNREACHABLE.id), "{said}");
    assert_eq!(shop.runs(), []);
}
