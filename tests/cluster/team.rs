//! A team with a repository and a pipeline in a namespace of its own.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use aphex::target::stack::{EXPORTS, Export};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::place::{ACCOUNT, Forward, OTHER, Place, REGION};
use crate::support::payloads::{self, DELIVERY, Payload};
use crate::support::project::git;
use crate::support::tools::output;

/// So long a run may take here.
const RUN: Duration = Duration::from_secs(300);

/// Tests run side by side, but for what happens to the node that they share.
static TOGETHER: RwLock<()> = RwLock::new(());

/// A team.
pub struct Team {
    pub place: &'static Place,
    /// The pipeline, and with a number behind it the namespace.
    pub name: &'static str,
    /// The namespace.
    pub namespace: String,
    folder: tempfile::TempDir,
    together: Cell<Option<RwLockReadGuard<'static, ()>>>,
}

impl Drop for Team {
    fn drop(&mut self) {
        if std::env::var_os("APHEX_TEST_KEEP").is_some() {
            return;
        }
        let delete = ["delete", "namespace", &self.namespace, "--wait=false"];
        let _ = self.place.kubectl(&delete, "");
    }
}

impl Team {
    /// With an empty repository `acme/NAME`, and a namespace with nothing but an EventBus.
    pub fn new(test: &str, name: &'static str) -> Option<Team> {
        let place = Place::find(test)?;
        static ACCOUNTS: OnceLock<()> = OnceLock::new();
        ACCOUNTS.get_or_init(|| accounts(place));
        let namespace = format!("{name}-{}", std::process::id());
        namespace_with_bus(place, &namespace);
        place
            .kubectl(&["label", "namespace", &namespace, "aphex-test=team"], "")
            .unwrap();
        let together = TOGETHER.read().unwrap_or_else(PoisonError::into_inner);
        let team = Team::with(place, name, namespace, Some(together));
        team.archived_logs();
        Some(team)
    }

    /// Whoever installed Argo archives the logs of all pods, in a store that the pipeline's pods cannot reach. Their runs do not mind.
    fn archived_logs(&self) {
        let repository = "archiveLogs: true\ns3: { bucket: logs, endpoint: nowhere.example, useSDKCreds: true }\n";
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "artifact-repositories",
                "annotations": { "workflows.argoproj.io/default-artifact-repository": "logs" },
            },
            "data": { "logs": repository },
        });
        self.kubectl(&["create", "--filename=-"], &map.to_string());
    }

    /// Another team, with another pipeline in the same namespace.
    pub fn beside(&self, name: &'static str) -> Team {
        Team::with(self.place, name, self.namespace.clone(), None)
    }

    fn with(
        place: &'static Place,
        name: &'static str,
        namespace: String,
        together: Option<RwLockReadGuard<'static, ()>>,
    ) -> Team {
        let team = Team {
            place,
            name,
            namespace,
            folder: tempfile::tempdir().unwrap(),
            together: Cell::new(together),
        };
        team.clone_into(team.path());
        team
    }

    /// Waits until no other test runs; as long as this is kept, none begins.
    pub fn alone(&self) -> RwLockWriteGuard<'static, ()> {
        drop(self.together.take());
        TOGETHER.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a clone of its repository, which is empty.
    pub fn clone_into(&self, folder: &Path) {
        let remote = format!("{}/acme/{}.git", self.place.github, self.name);
        git(folder, &["init", "--quiet", "--initial-branch=main"]);
        git(folder, &["config", "http.sslVerify", "false"]);
        git(folder, &["remote", "add", "origin", &remote]);
    }

    /// Its working tree.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a CDK app.
    pub fn app(&self, program: &str) {
        self.write("app.js", program);
        self.write("cdk.json", r#"{"app": "node app.js"}"#);
    }

    /// Makes the Secret `github` with a token.
    pub fn token(&self) {
        let arguments = [
            "create",
            "secret",
            "generic",
            "github",
            "--from-literal=token=a-token",
        ];
        self.kubectl(&arguments, "");
    }

    /// Writes the pipeline, with the images of this place.
    pub fn pipeline(&self, body: &str) {
        let images = ["runtime", "builder", "deployer"]
            .map(|image| format!("{image} = \"{}\"", self.place.image));
        let text = format!(
            "use std.notify.{{github_status, webhook}}\n\npipeline {} {{\n  cluster    = \"company\"\n  repository = \"acme/{0}\"\n  namespace  = \"{}\"\n\n  images {{ {} }}\n\n{body}\n}}\n",
            self.name,
            self.namespace,
            images.join(", ")
        );
        self.write("pipeline.aphex", &text);
    }

    /// Commits what is there and pushes it; the commit.
    pub fn push(&self, branch: &str) -> String {
        git(self.path(), &["add", "--all"]);
        git(
            self.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "a change"],
        );
        git(
            self.path(),
            &[
                "push",
                "--quiet",
                "--force",
                "origin",
                &format!("HEAD:refs/heads/{branch}"),
            ],
        );
        git(self.path(), &["rev-parse", "HEAD"])
    }

    /// `aphex`, as somebody of the team calls it.
    pub fn aphex(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same, before it is started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
        command
            .args(arguments)
            .env("KUBECONFIG", self.place.kubeconfig())
            .envs(self.place.aws(ACCOUNT, REGION))
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// `aphex`, and what it printed; a failure fails the test.
    #[track_caller]
    pub fn good(&self, arguments: &[&str]) -> String {
        let output = self.aphex(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    }

    /// `kubectl` in the namespace.
    #[track_caller]
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let all = [&["--namespace", &self.namespace], arguments].concat();
        self.place
            .kubectl(&all, input)
            .unwrap_or_else(|said| panic!("{said}"))
    }

    /// Objects of the namespace.
    #[track_caller]
    pub fn get(&self, arguments: &[&str]) -> Value {
        self.place
            .get(&[&["--namespace", &self.namespace], arguments].concat())
    }

    /// Waits until Argo Events' pods run and listen; what GitHub would call is forwarded then.
    #[track_caller]
    pub fn hook(&self) -> Hook<'_> {
        for kind in ["eventsource", "sensor"] {
            let of = format!("{kind}-name={}", self.name);
            self.wait(
                &format!("the {kind} runs"),
                Duration::from_secs(120),
                || {
                    let pods = self.get(&["pods", "--selector", &of]);
                    let pods = pods["items"].as_array().unwrap();
                    let is_ready = |pod: &Value| {
                        let states = pod["status"]["containerStatuses"].as_array();
                        states
                            .is_some_and(|states| states.iter().all(|state| state["ready"] == true))
                    };
                    !pods.is_empty() && pods.iter().all(is_ready)
                },
            );
        }
        self.wait("the Sensor listens", Duration::from_secs(120), || {
            self.listens()
        });
        let secret = self.get(&["secret", &format!("{}-webhook", self.name)]);
        let key = secret["data"]["secret"].as_str().unwrap();
        let key = String::from_utf8(STANDARD.decode(key).unwrap()).unwrap();
        let forward = self.place.forward(
            &self.namespace,
            &format!("service/{}-webhook", self.name),
            80,
        );
        Hook {
            team: self,
            forward,
            key,
        }
    }

    /// Whether the Sensor has subscribed each of its triggers. Its pod is ready before, and hears nothing of what comes in between: it subscribes to what
    /// is new (`pkg/eventbus/jetstream/sensor/trigger_conn.go`, `DeliverNew`).
    fn listens(&self) -> bool {
        let sensor = self.get(&["sensor", self.name]);
        let triggers = sensor["spec"]["triggers"].as_array().unwrap().len();
        let pods = self.get(&["pods", "--selector", &format!("sensor-name={}", self.name)]);
        let pods = pods["items"].as_array().unwrap();
        let stays = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
        pods.iter().filter(stays).all(|pod| {
            let name = pod["metadata"]["name"].as_str().unwrap();
            let log = self.kubectl(&["logs", name, "--tail=-1"], "");
            log.matches("Subscribing to subject").count() >= triggers
        })
    }

    /// What GitHub tells of a pull request from a branch `feature` of `from`, which is its own repository or a fork.
    pub fn proposed(&self, test: &str, action: &str, commit: &str, from: &str) -> Payload {
        let own = format!("acme/{}", self.name);
        let all = payloads::all(test).expect("the payloads");
        payloads::pull_request(all, action, &own)
            .with("/pull_request/head/ref", json!("feature"))
            .with("/pull_request/head/sha", json!(commit))
            .with("/pull_request/head/repo/full_name", json!(from))
            .with("/pull_request/head/repo/fork", json!(from != own))
    }

    /// The runs, oldest first.
    pub fn runs(&self) -> Vec<Value> {
        let all = self.place.read(&format!(
            "/apis/argoproj.io/v1alpha1/namespaces/{}/workflows",
            self.namespace
        ));
        let mut runs = all["items"].as_array().unwrap().clone();
        runs.sort_by_key(|run| run["metadata"]["creationTimestamp"].to_string());
        runs
    }

    /// The newest run of a commit.
    pub fn run_of(&self, commit: &str) -> Option<Value> {
        let runs = self.runs().into_iter();
        let mut runs = runs.filter(|run| run["spec"]["arguments"].to_string().contains(commit));
        runs.next_back()
    }

    /// Waits until a run of a commit is there and has ended; the run.
    #[track_caller]
    pub fn ended(&self, commit: &str) -> Value {
        let mut found = Value::Null;
        let began = Instant::now();
        loop {
            if let Some(run) = self.run_of(commit) {
                found = run;
                let phase = found["status"]["phase"].as_str().unwrap_or_default();
                if ["Succeeded", "Failed", "Error"].contains(&phase) {
                    return found;
                }
            }
            assert!(
                began.elapsed() < RUN,
                "no run of {commit} has ended: {}\n{}",
                short(&found),
                self.sensor_log()
            );
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// What the Sensor has written last: it says what it has heard of, and what it made of that.
    fn sensor_log(&self) -> String {
        let of = format!("sensor-name={}", self.name);
        self.kubectl(&["logs", "--selector", &of, "--tail=40"], "")
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn wait(&self, what: &str, time: Duration, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < time, "never: {what}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// What the main containers of a run have printed.
    pub fn logs(&self, run: &Value) -> String {
        let of = format!(
            "workflows.argoproj.io/workflow={}",
            run["metadata"]["name"].as_str().unwrap()
        );
        self.kubectl(
            &[
                "logs",
                "--selector",
                &of,
                "--container=main",
                "--tail=-1",
                "--prefix",
            ],
            "",
        )
    }

    /// The pipeline of the last commit is put into the cluster with its webhook, as people do it.
    #[track_caller]
    pub fn installed(&self) -> Hook<'_> {
        self.push("main");
        let secret = format!("{}-webhook", self.name);
        self.kubectl(
            &[
                "create",
                "secret",
                "generic",
                &secret,
                "--from-literal=secret=once upon a time",
            ],
            "",
        );
        self.good(&["apply", "--region", REGION]);
        self.hook()
    }

    /// The record of a run in the bucket.
    #[track_caller]
    pub fn record_of(&self, run: &Value) -> Value {
        let run = run["metadata"]["name"].as_str().unwrap();
        let settings = self.get(&["configmap", &format!("{}-settings", self.name)]);
        let store = settings["data"]["store"]
            .as_str()
            .unwrap()
            .trim_start_matches("s3://")
            .to_owned();
        let (bucket, prefix) = store.split_once('/').unwrap_or((&store, ""));
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        let path = format!("/{bucket}/{prefix}runs/{run}/record.json");
        let (status, text) = self.place.ask_aws(ACCOUNT, REGION, "s3", "GET", &path, "");
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// What GitHub calls.
pub struct Hook<'t> {
    team: &'t Team,
    forward: Forward,
    key: String,
}

impl Hook<'_> {
    /// Tells of a push to a branch, signed; the status of the answer.
    pub fn pushed(&self, test: &str, branch: &str, commit: &str) -> u16 {
        let all = payloads::all(test).expect("the payloads");
        self.send(&payloads::push(all, branch, commit))
    }

    /// Sends a payload as GitHub would, in a delivery of its own.
    pub fn send(&self, payload: &Payload) -> u16 {
        self.send_signed(payload, &self.key)
    }

    /// Sends a payload, signed with a key.
    pub fn send_signed(&self, payload: &Payload, key: &str) -> u16 {
        self.deliver_signed(payload, key, &self.delivery())
    }

    /// Sends a payload in a delivery of a name, which may be there already.
    pub fn deliver(&self, payload: &Payload, delivery: &str) -> u16 {
        self.deliver_signed(payload, &self.key, delivery)
    }

    /// A name for another delivery.
    pub fn delivery(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let number = std::process::id() ^ (number << 20);
        format!("{number:08x}{}", &DELIVERY[8..])
    }

    fn deliver_signed(&self, payload: &Payload, key: &str, delivery: &str) -> u16 {
        let repository = format!("acme/{}", self.team.name);
        let mut request = payload.clone().of_repository(&repository).sent(key);
        request
            .headers
            .insert("X-GitHub-Delivery".to_owned(), delivery.to_owned());
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--data-binary",
            "@-",
        ]);
        for (name, value) in &request.headers {
            curl.arg("-H").arg(format!("{name}: {value}"));
        }
        curl.arg(format!(
            "http://127.0.0.1:{}/{}",
            self.forward.port, self.team.name
        ));
        curl.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = curl.spawn().unwrap();
        std::io::Write::write_all(&mut process.stdin.take().unwrap(), request.body.as_bytes())
            .unwrap();
        let answer = process.wait_with_output().unwrap();
        String::from_utf8_lossy(&answer.stdout)
            .trim()
            .parse()
            .unwrap()
    }
}

/// What a command printed.
pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// A run, as a failed test shows it.
pub fn short(run: &Value) -> String {
    let status = &run["status"];
    let mut text = format!(
        "{}: {} {}\n",
        run["metadata"]["name"], status["phase"], status["message"]
    );
    for node in status["nodes"]
        .as_object()
        .into_iter()
        .flat_map(|nodes| nodes.values())
    {
        text.push_str(&format!(
            "  {} {} {} {}\n",
            node["displayName"], node["type"], node["phase"], node["message"]
        ));
    }
    text
}

/// The nodes of a run in a phase, by their names as people see them.
pub fn nodes(run: &Value, phase: &str) -> Vec<String> {
    let all = run["status"]["nodes"]
        .as_object()
        .into_iter()
        .flat_map(|nodes| nodes.values());
    let found = all.filter(|node| node["phase"] == phase);
    found
        .map(|node| node["displayName"].as_str().unwrap().to_owned())
        .collect()
}

/// The outcome of a stage in a record; empty where it never began. All pods that look for tools are `tools`.
#[track_caller]
pub fn outcome<'r>(record: &'r Value, path: &str) -> &'r str {
    let stages = record["stages"].as_array().unwrap();
    let is_it =
        |stage: &&Value| stage["path"] == path || path == "tools" && stage["kind"] == "tools";
    let stage = stages.iter().find(is_it);
    let stage = stage.unwrap_or_else(|| panic!("no stage {path}: {record:#}"));
    stage["outcome"].as_str().unwrap_or_default()
}

fn namespace_with_bus(place: &Place, name: &str) {
    let made = std::env::var("APHEX_TEST_NAMESPACE")
        .ok()
        .filter(|command| !command.is_empty());
    if let Some(command) = made {
        output(Command::new("sh").args(["-c", &format!("{command} {name}")])).unwrap();
        return;
    }
    place.kubectl(&["create", "namespace", name], "").unwrap();
    let bus = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "EventBus",
        "metadata": { "name": "default", "namespace": name },
        "spec": { "jetstream": { "version": "latest", "replicas": 3 } },
    });
    place
        .kubectl(&["apply", "--filename=-"], &bus.to_string())
        .unwrap();
}

/// The exports of the cluster's stack, and the CDK's bootstrap where deployments go.
fn accounts(place: &Place) {
    let output_of = |export: Export, value: &str| {
        let name = export.name(EXPORTS, "company");
        json!({ "Value": value, "Export": { "Name": name } })
    };
    let template = json!({
        "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": "cluster" } } },
        "Outputs": {
            "Name": output_of(Export::ClusterName, "company"),
            "Provider": output_of(Export::OidcProviderArn, "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123"),
            "Kubectl": output_of(Export::KubectlRoleArn, "arn:aws:iam::111122223333:role/kubectl"),
        },
    });
    if !place
        .stacks(ACCOUNT, REGION)
        .contains(&"cluster".to_owned())
    {
        let text = percent_encoding::utf8_percent_encode(
            &template.to_string(),
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string();
        let body =
            format!("Action=CreateStack&Version=2010-05-15&StackName=cluster&TemplateBody={text}");
        let (status, said) = place.ask_aws(ACCOUNT, REGION, "cloudformation", "POST", "/", &body);
        assert_eq!(status, 200, "{said}");
    }
    let modules = crate::support::cdk::node_modules("the CDK").unwrap();
    for account in [ACCOUNT, OTHER] {
        if place
            .stacks(account, "us-east-1")
            .contains(&"CDKToolkit".to_owned())
        {
            continue;
        }
        let mut cdk = Command::new(modules.join(".bin/cdk"));
        cdk.args([
            "bootstrap",
            "--no-notices",
            "--app",
            "",
            &format!("aws://{account}/us-east-1"),
        ]);
        cdk.envs(place.aws(account, "us-east-1"))
            .env("CDK_DISABLE_CLI_TELEMETRY", "true");
        output(&mut cdk).unwrap();
    }
}
