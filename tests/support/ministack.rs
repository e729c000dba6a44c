//! A real emulator of AWS: ministack. A key of twelve digits is the account, so accounts and regions are told apart.
//! And microburst, which stands in front of it and lets its answers fail.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{http, python, tools};

/// The versions that the facts in the tests were tried with.
const MINISTACK: &str = "1.5.33";
/// What CloudWatch is asked in; without it ministack takes every metric and keeps none.
const CBOR: &str = "cbor2==5.7.1";
const MICROBURST: &str = "0.10.0";
/// So long one may take to answer.
const START: Duration = Duration::from_secs(60);

/// A running emulator, which ends with this value.
pub struct Ministack {
    _process: Process,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

/// What lets calls of an emulator fail, which ends with this value.
pub struct Faults {
    _process: Process,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

/// A server, which ends with this value.
pub(super) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ministack {
    /// Starts one of its own on a free port; installs it the first time. Without Python or the package the test is
    /// skipped, or fails where nothing may be.
    pub fn start(test: &str) -> Option<Ministack> {
        or_skip(test, try_start())
    }

    /// Starts microburst in front of it.
    pub fn faults(&self, test: &str) -> Option<Faults> {
        or_skip(test, try_faults(&self.url))
    }

    /// The environment that leads any AWS tool to an account of it, and nowhere else.
    pub fn environment(&self, account: &str, region: &str) -> Vec<(String, String)> {
        environment(&self.url, account, region)
    }

    /// Asks it for something by hand, in the name of an account.
    pub fn ask(&self, account: &str, service: &str, method: &str, path: &str) -> (u16, String) {
        let authorization = http::authorization(account, "us-east-1", service);
        let headers = [("Authorization", authorization.as_str())];
        http::ask(&format!("{}{path}", self.url), method, &headers, "")
    }
}

impl Faults {
    /// Puts rules in place of those that hold, as microburst's README has them.
    pub fn set(&self, rules: &serde_json::Value) {
        let url = format!("{}/_microburst/rules", self.url);
        let headers = [("Content-Type", "application/json")];
        let (status, body) = http::ask(&url, "POST", &headers, &rules.to_string());
        assert!(status < 300, "{status}: {body}");
    }

    /// What has failed since the start.
    pub fn fired(&self) -> String {
        http::ask(&format!("{}/_microburst/fired", self.url), "GET", &[], "").1
    }

    /// As [`Ministack::environment`], by way of the faults.
    pub fn environment(&self, account: &str, region: &str) -> Vec<(String, String)> {
        environment(&self.url, account, region)
    }
}

/// The environment that leads any AWS tool to an account of the emulator at a URL, and nowhere else.
pub fn environment(url: &str, account: &str, region: &str) -> Vec<(String, String)> {
    let variables = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", account),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("NO_PROXY", "127.0.0.1,localhost"),
    ];
    let variables = variables.into_iter();
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What was started; the test is skipped, or fails where nothing may be, where that could not be had.
pub(super) fn or_skip<T>(test: &str, started: Result<T, String>) -> Option<T> {
    if let Err(missing) = &started {
        tools::skip(test, missing, python::HELP);
    }
    started.ok()
}

fn try_start() -> Result<Ministack, String> {
    let program = python::program("ministack", MINISTACK, Some(CBOR), "ministack")?;
    let port = http::free_port()?;
    let mut command = Command::new(program);
    command
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_ACCOUNT_ID", "111122223333");
    Ok(Ministack {
        _process: start(&mut command, port)?,
        url: format!("http://127.0.0.1:{port}"),
    })
}

fn try_faults(upstream: &str) -> Result<Faults, String> {
    let program = python::program("microburst", MICROBURST, None, "microburst")?;
    let port = http::free_port()?;
    let mut command = Command::new(program);
    command.args(["--upstream", upstream, "--host", "127.0.0.1", "--port"]);
    command.arg(port.to_string());
    Ok(Faults {
        _process: start(&mut command, port)?,
        url: format!("http://127.0.0.1:{port}"),
    })
}

/// Starts a server, and waits until it listens on a port.
pub(super) fn start(command: &mut Command, port: u16) -> Result<Process, String> {
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let process = Process(process);
    http::wait_for(port, START)?;
    Ok(process)
}
