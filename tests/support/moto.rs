//! An emulator of AWS that asks what a role may before it does something: moto, with the rights of IAM enforced.
//! Roles are told apart, their policies are looked at, and signatures are computed (docs.getmoto.org, "IAM-like Access Control").

use std::process::Command;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::ministack::{Process, or_skip, start};
use super::{http, python};

const MOTO: &str = "5.2.3";
/// Its account.
const ACCOUNT: &str = "111122223333";

/// A running emulator, which ends with this value. It takes everything until [`Moto::enforce`].
pub struct Moto {
    _process: Process,
    /// Of this machine.
    pub port: u16,
}

impl Moto {
    /// Starts one of its own on a free port; installs it the first time. Without Python or the package the test is skipped, or
    /// fails where nothing may be.
    pub fn start(test: &str) -> Option<Moto> {
        or_skip(test, try_start())
    }

    /// Asks for an action of IAM, with its parameters.
    #[track_caller]
    pub fn iam(&self, action: &str, parameters: &[(&str, &str)]) {
        let all = [("Action", action), ("Version", "2010-05-08")];
        let body: String = form(all.iter().chain(parameters));
        let (status, text) = self.ask("iam", "POST", "/", &body);
        assert_eq!(status, 200, "{action}: {text}");
    }

    /// Makes a role with a policy.
    #[track_caller]
    pub fn role(&self, name: &str, trust: &Value, policy: &Value) {
        let trust = trust.to_string();
        let role = ("RoleName", name);
        self.iam("CreateRole", &[role, ("AssumeRolePolicyDocument", &trust)]);
        let policy = policy.to_string();
        let document = ("PolicyDocument", policy.as_str());
        self.iam("PutRolePolicy", &[role, ("PolicyName", "own"), document]);
    }

    /// Makes a bucket.
    #[track_caller]
    pub fn bucket(&self, name: &str) {
        let (status, text) = self.ask("s3", "PUT", &format!("/{name}"), "");
        assert_eq!(status, 200, "{text}");
    }

    /// From now on rights are looked at, after so many calls that are not. (It does not take `AssumeRoleWithWebIdentity`, which
    /// nobody signs, once they are.)
    #[track_caller]
    pub fn enforce(&self, after: usize) {
        let url = format!("http://127.0.0.1:{}/moto-api/reset-auth", self.port);
        let headers = [("Content-Type", "text/plain")];
        let (status, text) = http::ask(&url, "POST", &headers, &after.to_string());
        assert_eq!(status, 200, "{text}");
    }

    fn ask(&self, service: &str, method: &str, path: &str, body: &str) -> (u16, String) {
        let authorization = http::authorization(ACCOUNT, "us-east-1", service);
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let headers = [("Authorization", authorization.as_str()), form];
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        http::ask(&url, method, &headers, body)
    }
}

/// Fields of a form.
fn form<'f>(fields: impl Iterator<Item = &'f (&'f str, &'f str)>) -> String {
    let fields = fields
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    fields.collect::<Vec<_>>().join("&")
}

fn try_start() -> Result<Moto, String> {
    let program = python::program("moto[server]", MOTO, None, "moto_server")?;
    let port = http::free_port()?;
    let mut command = Command::new(program);
    command
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .env("MOTO_ACCOUNT_ID", ACCOUNT)
        // The first word of a host's name is no bucket.
        .env("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true");
    Ok(Moto {
        _process: start(&mut command, port)?,
        port,
    })
}
