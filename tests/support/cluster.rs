//! A real API server as a judge: the definitions of Argo Workflows 4.1, and pods.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::tools;

/// An API server that is asked with `--dry-run=server` and not changed.
pub struct Cluster {
    kubeconfig: String,
}

impl Cluster {
    /// The cluster of `APHEX_TEST_KUBECONFIG`. Without it the test is skipped, or fails where
    /// nothing may be.
    pub fn find(test: &str) -> Option<Cluster> {
        match std::env::var("APHEX_TEST_KUBECONFIG") {
            Ok(kubeconfig) if !kubeconfig.is_empty() => {
                let cluster = Cluster { kubeconfig };
                cluster.with_events();
                Some(cluster)
            }
            _ => {
                tools::skip(
                    test,
                    "no API server",
                    "set APHEX_TEST_KUBECONFIG to the kubeconfig of a cluster with the full definitions of Argo Workflows 4.1 \
                     and have `kubectl` on the path",
                );
                None
            }
        }
    }

    /// Sees to the definitions of Argo Events: those of its Go module, as the judge has it.
    fn with_events(&self) {
        static ONCE: OnceLock<()> = OnceLock::new();
        ONCE.get_or_init(|| {
            let mut go = Command::new("go");
            go.args([
                "mod",
                "download",
                "-json",
                "github.com/argoproj/argo-events",
            ]);
            go.current_dir(tools::root().join("tests/judge-events"));
            let found = tools::output(&mut go).unwrap_or_else(|error| panic!("{error}"));
            let found: serde_json::Value = serde_json::from_str(&found).unwrap();
            let module = std::path::Path::new(found["Dir"].as_str().unwrap());
            let folder = module.join("manifests/base/crds");
            let folder = format!("--filename={}", folder.display());
            let files = std::fs::read_dir(folder.trim_start_matches("--filename=")).unwrap();
            for file in files {
                let path = file.unwrap().path();
                let is_definition = path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("argoproj.io"));
                if is_definition {
                    let file = format!("--filename={}", path.display());
                    let apply = ["apply", "--server-side", "--force-conflicts", &file];
                    self.kubectl(&apply, "").unwrap();
                }
            }
            let kinds = ["eventsources", "sensors", "eventbus"];
            let definitions = kinds.map(|kind| format!("crd/{kind}.argoproj.io"));
            let mut wait = vec!["wait", "--for=condition=Established", "--timeout=60s"];
            wait.extend(definitions.iter().map(String::as_str));
            self.kubectl(&wait, "").unwrap();
        });
    }

    /// The kubeconfig of somebody who has no rights but those that he was given.
    pub fn kubeconfig_as(&self, user: &str) -> tempfile::NamedTempFile {
        let config = self.kubectl(&["config", "view", "--raw", "--output=json"], "");
        let mut config: serde_json::Value = serde_json::from_str(&config.unwrap()).unwrap();
        for entry in config["users"].as_array_mut().unwrap() {
            entry["user"]["as"] = user.into();
            entry["user"]["as-groups"] = serde_json::json!(["system:authenticated"]);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config.to_string()).unwrap();
        file
    }

    /// Whether `kubectl create --dry-run=server` accepts these objects; its words where it does not.
    /// One call serves any number of documents. All are asked about in the namespace `default`,
    /// since their own need not be there.
    pub fn dry_run(&self, manifests: &str) -> Result<(), String> {
        let mut kubectl = Command::new("kubectl");
        kubectl.args([
            "create",
            "--dry-run=server",
            "--validate=strict",
            "--output=name",
            "--filename=-",
        ]);
        kubectl.env("KUBECONFIG", &self.kubeconfig);
        kubectl
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = kubectl
            .spawn()
            .map_err(|error| format!("kubectl: {error}"))?;
        let mut input = process.stdin.take().ok_or("kubectl has no input")?;
        let text: String = manifests.lines().map(in_default).collect();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = process
            .wait_with_output()
            .map_err(|error| format!("kubectl: {error}"))?;
        writer.join().ok();
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The path of its kubeconfig.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// `kubectl`, as its administrator; what it printed, or its words where it failed.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        kubectl(&self.kubeconfig, arguments, input)
    }

    /// A namespace of a test's own, which goes with this value.
    pub fn namespace(&self) -> Namespace<'_> {
        let made = self.kubectl(&["create", "--filename=-", "--output=name"], "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"generateName\": \"aphex-\"}}");
        let name = made.expect("a namespace");
        let name = name.trim().trim_start_matches("namespace/").to_owned();
        Namespace {
            cluster: self,
            name,
        }
    }

    /// Whether it accepts these pods, as JSON.
    pub fn dry_run_pods(&self, pods: &[serde_json::Value]) -> Result<(), String> {
        if pods.is_empty() {
            return Ok(());
        }
        let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": pods });
        self.dry_run(&list.to_string())
    }
}

/// `kubectl` with a kubeconfig; what it printed, or its words where it failed.
pub fn kubectl(kubeconfig: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut process = Command::new("kubectl")
        .args(arguments)
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("kubectl: {error}"))?;
    let mut stdin = process.stdin.take().ok_or("kubectl has no input")?;
    stdin.write_all(input.as_bytes()).ok();
    drop(stdin);
    let output = process
        .wait_with_output()
        .map_err(|error| format!("kubectl: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// A line of a manifest, which may name the namespace of an object.
fn in_default(line: &str) -> String {
    let line = if line.starts_with("  namespace: ") {
        "  namespace: default"
    } else {
        line
    };
    format!("{line}\n")
}

/// A namespace that goes with this value.
pub struct Namespace<'c> {
    cluster: &'c Cluster,
    /// Its name.
    pub name: String,
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let delete = ["delete", "namespace", &self.name, "--wait=false"];
        let _ = self.cluster.kubectl(&delete, "");
    }
}
