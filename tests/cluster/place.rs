//! Where the tests are: a cluster with its controllers, what stands in for GitHub, and an emulator of AWS.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::image;
use crate::support::cdk::node_modules;
use crate::support::containers::Podman;
use crate::support::project::wait_until;
use crate::support::tools::{output, root, skip};
use crate::support::{cluster, http, ministack};

/// How a cluster is named.
pub const HELP: &str = "\
set APHEX_TEST_CLUSTER to the kubeconfig of a cluster with Argo Workflows and Argo Events, APHEX_TEST_IMPORT to a command that an image archive can be \
put behind (`kind load image-archive`), and have `kubectl` on the path; APHEX_TEST_AWS and APHEX_TEST_AWS_IN_PODS are the URLs of ministack here and in pods; \
APHEX_TEST_NAMESPACE may be a command that a namespace can be put behind, which makes it with its EventBus; \
APHEX_TEST_PAUSE may be a command that a server (`controller`, `api`, `kubelet`, `aws`) and `stop` or `go` can be put behind: it stands still, or goes on \
again; with `restart`, `controller`, `api` and `kubelet` are killed and started again";

/// The account of the cluster.
pub const ACCOUNT: &str = "111122223333";
/// Another one, which is deployed to.
pub const OTHER: &str = "444455556666";
/// The region of the cluster.
pub const REGION: &str = "eu-west-1";

/// All of it, shared by the tests.
pub struct Place {
    kubeconfig: String,
    aws: String,
    /// The image of every pod.
    pub image: String,
    /// The same under another name.
    pub other: String,
    /// `https://127.0.0.1:PORT`: what stands in for GitHub.
    pub github: String,
    /// `http://127.0.0.1:PORT`: its API, for those who ask often. `kubectl` takes a fifth of a second of a processor.
    api: String,
}

/// A forwarded port, which ends with this value. It goes through the kubelet: where that is killed, the port is forwarded again once it is back.
pub struct Forward {
    process: Child,
    /// On this machine.
    pub port: u16,
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        let _ = self.process.wait();
    }
}

/// As long as this program runs.
const FORWARD: &str =
    r#"while kill -0 $PPID; do kubectl port-forward "$@"; sleep 0.2; done 2>/dev/null"#;

/// So long a server of the cluster may take until it answers again.
const AGAIN: Duration = Duration::from_secs(60);

/// As long as this program runs.
const PROXY: &str =
    r#"kubectl proxy --port "$1" & while kill -0 $PPID; do sleep 1; done 2>/dev/null; kill $!"#;

/// A server that stands still, and goes on when this is dropped.
pub struct Paused {
    server: &'static str,
}

impl Drop for Paused {
    fn drop(&mut self) {
        let _ = tell(self.server, "go");
    }
}

fn tell(server: &str, word: &str) -> Result<String, String> {
    let command = variable("APHEX_TEST_PAUSE")?;
    let command = format!("{command} {server} {word}");
    output(Command::new("sh").args(["-c", &command]))
}

/// The command or address in a variable of the environment.
pub fn variable(name: &str) -> Result<String, String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("{name} is not set"))
}

/// Gives the node the images of an archive.
pub fn import(archive: &Path) -> Result<(), String> {
    let import = variable("APHEX_TEST_IMPORT")?;
    let command = format!("{import} '{}'", archive.display());
    output(Command::new("sh").args(["-c", &command])).map(|_| ())
}

impl Place {
    /// The place; without a cluster the test is skipped, or fails where nothing may be.
    pub fn find(test: &str) -> Option<&'static Place> {
        static PLACE: OnceLock<Result<Place, String>> = OnceLock::new();
        let podman = Podman::get(test)?;
        let modules = node_modules(test)?;
        match PLACE.get_or_init(|| Place::make(podman, &modules)) {
            Ok(place) => Some(place),
            Err(missing) => {
                skip(test, missing, HELP);
                None
            }
        }
    }

    fn make(podman: &Podman, modules: &Path) -> Result<Place, String> {
        let kubeconfig = variable("APHEX_TEST_CLUSTER")?;
        let aws = variable("APHEX_TEST_AWS")?;
        let in_pods = variable("APHEX_TEST_AWS_IN_PODS")?;
        let github = "https://github.aphex-world.svc";
        let api = format!("{github}/api/v3");
        let variables = [
            ("APHEX_GITHUB", github),
            ("GITHUB_API_URL", &api),
            ("SSL_CERT_FILE", image::CA),
            // Git of Debian asks GnuTLS, which knows no SSL_CERT_FILE.
            ("GIT_SSL_CAINFO", image::CA),
            ("NODE_EXTRA_CA_CERTS", image::CA),
            ("AWS_ENDPOINT_URL", &in_pods),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("CDK_DISABLE_CLI_TELEMETRY", "true"),
            ("CDK_VALIDATION", "false"),
            ("NODE_OPTIONS", "--no-warnings"),
        ];
        let (archive, [image, other]) = image::make(podman, modules, &variables)?;
        import(&archive)?;
        let mut place = Place {
            kubeconfig,
            aws,
            image,
            other,
            github: String::new(),
            api: String::new(),
        };
        place.proxy()?;
        place.world()?;
        Ok(place)
    }

    /// Starts the way to the API that asks nobody for a name.
    fn proxy(&mut self) -> Result<(), String> {
        let port = http::free_port()?;
        Command::new("sh")
            .args(["-c", PROXY, "sh", &port.to_string()])
            .process_group(0)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        http::wait_for(port, Duration::from_secs(20))?;
        self.api = format!("http://127.0.0.1:{port}");
        Ok(())
    }

    /// Starts what stands in for GitHub.
    fn world(&mut self) -> Result<(), String> {
        let space = ["create", "namespace", "aphex-world"];
        let _ = self.kubectl(&space, "");
        let objects = std::fs::read_to_string(root().join("tests/cluster/world/objects.yaml"))
            .map_err(|error| error.to_string())?;
        let old = [
            "delete",
            "pod",
            "world",
            "--namespace=aphex-world",
            "--ignore-not-found",
            "--wait",
        ];
        self.kubectl(&old, "")?;
        self.kubectl(
            &["apply", "--filename=-"],
            &objects
                .replace("IMAGE", &self.image)
                .replace("AUTHORITY", &image::authority()?),
        )?;
        let ready = [
            "wait",
            "--for=condition=Ready",
            "--timeout=120s",
            "pod/world",
            "--namespace=aphex-world",
        ];
        self.kubectl(&ready, "")?;
        let forward = self.forward("aphex-world", "pod/world", 8443);
        self.github = format!("https://127.0.0.1:{}", forward.port);
        // As long as this program runs.
        std::mem::forget(forward);
        Ok(())
    }

    /// A server of the cluster that stands still until this is dropped.
    pub fn pause(&self, server: &'static str) -> Paused {
        tell(server, "stop").unwrap();
        Paused { server }
    }

    /// A server of the cluster is killed, and starts again as it was.
    pub fn restart(&self, server: &str) {
        tell(server, "restart").unwrap();
    }

    /// The path of the kubeconfig of its administrator.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// `kubectl`, as its administrator; what it printed, or its words where it failed.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let said = cluster::kubectl(&self.kubeconfig, arguments, input);
        said.map_err(|words| format!("kubectl {}: {words}", arguments.join(" ")))
    }

    /// Objects, as JSON.
    #[track_caller]
    pub fn get(&self, arguments: &[&str]) -> Value {
        let all = [&["get", "--output=json"], arguments].concat();
        let text = self
            .kubectl(&all, "")
            .unwrap_or_else(|said| panic!("{said}"));
        serde_json::from_str(&text).unwrap()
    }

    /// What a path of the API answers, as JSON. A server that has just started again is waited for.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        let began = Instant::now();
        loop {
            let (status, text) = http::ask(&format!("{}{path}", self.api), "GET", &[], "");
            if status == 200 {
                return serde_json::from_str(&text)
                    .unwrap_or_else(|error| panic!("{path}: {error}: {text}"));
            }
            assert!(began.elapsed() < AGAIN, "{path}: {status}: {text}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Forwards a port of this machine to one of the cluster.
    pub fn forward(&self, namespace: &str, what: &str, port: u16) -> Forward {
        let here = http::free_port().unwrap();
        let ports = format!("{here}:{port}");
        let mut command = Command::new("sh");
        command
            .args(["-c", FORWARD, "sh", "--namespace", namespace, what, &ports])
            .process_group(0)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let forward = Forward {
            process: command.spawn().unwrap(),
            port: here,
        };
        wait_until(&format!("a port of {what} is forwarded"), || {
            std::net::TcpStream::connect(("127.0.0.1", here)).is_ok()
        });
        forward
    }

    /// What leads any AWS tool to an account of the emulator, and nowhere else.
    pub fn aws(&self, account: &str, region: &str) -> Vec<(String, String)> {
        ministack::environment(&self.aws, account, region)
    }

    /// Asks the emulator for something by hand, in the name of an account.
    pub fn ask_aws(
        &self,
        account: &str,
        region: &str,
        service: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, String) {
        let authorization = http::authorization(account, region, service);
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let headers = [("Authorization", authorization.as_str()), form];
        http::ask(&format!("{}{path}", self.aws), method, &headers, body)
    }

    /// The stacks of an account in a region that are as they should be.
    pub fn stacks(&self, account: &str, region: &str) -> Vec<String> {
        let (_, text) = self.ask_aws(
            account,
            region,
            "cloudformation",
            "POST",
            "/",
            "Action=DescribeStacks&Version=2010-05-15",
        );
        let stacks = text.split("<StackName>").skip(1).filter_map(|stack| {
            let (name, rest) = stack.split_once('<')?;
            let status = rest.split_once("<StackStatus>")?.1.split('<').next()?;
            ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
                .contains(&status)
                .then(|| name.to_owned())
        });
        let mut all: Vec<String> = stacks.collect();
        all.sort();
        all
    }

    /// What the stand-in for GitHub was asked for, of a path that begins so.
    pub fn received(&self, path: &str) -> Vec<Value> {
        let text =
            output(Command::new("curl").args(["-sk", &format!("{}/_received", self.github)]))
                .unwrap();
        let all: Vec<Value> = serde_json::from_str(&text).unwrap();
        all.into_iter()
            .filter(|one| one["path"].as_str().is_some_and(|of| of.starts_with(path)))
            .collect()
    }
}
