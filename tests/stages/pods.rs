//! Stages as pods run them: the contract of `docs/compile.md`, with a bucket as the store.
#![cfg(feature = "cloud")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::ministack::Ministack;
use crate::support::project::git;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub const ACCOUNT: &str = "111122223333";
pub const BUCKET: &str = "acme-artifacts";

/// A repository, a bucket, and the pods of one run.
pub struct Run {
    folder: tempfile::TempDir,
    pub aws: Ministack,
    commit: String,
}

impl Run {
    pub fn new(test: &str, pipeline: &str, prepare: impl FnOnce(&Path)) -> Option<Run> {
        let aws = Ministack::start(test)?;
        assert_eq!(aws.ask(ACCOUNT, "s3", "PUT", &format!("/{BUCKET}")).0, 200);
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("repository");
        fs::create_dir(&repository).unwrap();
        fs::write(repository.join("pipeline.aphex"), pipeline).unwrap();
        prepare(&repository);
        let git = |arguments: &[&str]| git(&repository, arguments);
        git(&["init", "--quiet", "--initial-branch=main"]);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "-m", "a change"]);
        let commit = git(&["rev-parse", "HEAD"]);
        Some(Run {
            folder,
            aws,
            commit,
        })
    }

    /// What is mounted at `/aphex` in the pod of a stage.
    pub fn root(&self, pod: &str) -> PathBuf {
        self.folder.path().join(pod)
    }

    pub fn command(&self, pod: &str, arguments: &[&str]) -> Command {
        let remote = format!("file://{}", self.folder.path().join("repository").display());
        let reference = STANDARD.encode("refs/heads/main");
        let store = format!("s3://{BUCKET}/shop");
        let root = self.root(pod);
        let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
        command
            .arg("stage")
            .args(arguments)
            .envs(self.aws.environment(ACCOUNT, "us-east-1"))
            .envs([
                ("APHEX_ROOT", root.to_str().unwrap()),
                ("APHEX_PIPELINE", "shop"),
                ("APHEX_FILE", "pipeline.aphex"),
                ("APHEX_REPOSITORY", "acme/shop"),
                ("APHEX_REMOTE", &remote),
                ("APHEX_RUN", "shop-7"),
                ("APHEX_STARTED_AT", "2030-01-31T05:00:00Z"),
                ("APHEX_COMMIT", &self.commit),
                ("APHEX_EVENT", "push"),
                ("APHEX_REF_BASE64", &reference),
                ("APHEX_STORE", &store),
            ])
            .stdin(Stdio::null());
        command
    }

    pub fn stage(&self, pod: &str, arguments: &[&str]) -> Output {
        self.command(pod, arguments).output().unwrap()
    }

    /// The init container and the main one of a pod.
    pub fn pod(&self, pod: &str, arguments: &[&str]) -> Output {
        let mut checkout = vec!["checkout", "--for"];
        checkout.extend(arguments);
        let output = self.stage(pod, &checkout);
        assert!(output.status.success(), "{}", text(&output));
        self.stage(pod, arguments)
    }

    pub fn object(&self, key: &str) -> (u16, String) {
        let path = format!("/{BUCKET}/shop/{key}");
        self.aws.ask(ACCOUNT, "s3", "GET", &path)
    }

    pub fn result(&self, stage: &str) -> Value {
        let (status, body) = self.object(&format!("runs/shop-7/stages/{stage}/0.json"));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

pub fn pipeline(build: &str, environment: &str) -> String {
    format!(
        "pipeline shop {{\n  cluster = \"company-pipelines\"\n  repository = \"acme/shop\"\n  on push {{ branches = [\"main\"] }}\n  {build}\n  \
         environment dev {{\n    account = \"{ACCOUNT}\"\n    region = \"eu-central-1\"\n    {environment}\n  }}\n}}\n"
    )
}

/// 1.5, 2.4: the commit is checked out in each pod; what the build left is in the bucket, and in the pods after it as it was.
#[test]
fn req_2_4_artifacts_go_through_the_bucket_bit_for_bit() {
    let build = r#"build {
    run = ["mkdir -p dist/empty dist/größe", "printf x > 'dist/größe/ä b'", "printf '#!/bin/sh\n' > dist/run && chmod 750 dist/run", "ln -s run dist/link", "head -c 9000000 /dev/urandom > dist/large", "sha256sum dist/large > dist/sum"]
    artifacts = ["dist/**"]
  }"#;
    let step = r#"step check {
      run = ["test -d dist/empty", "test -x dist/run", "test \"$(readlink dist/link)\" = run", "test \"$(cat 'dist/größe/ä b')\" = x", "sha256sum -c dist/sum"]
    }"#;
    let test = "req_2_4_artifacts_go_through_the_bucket_bit_for_bit";
    let Some(run) = Run::new(test, &pipeline(build, step), |repository| {
        symlink("pipeline.aphex", repository.join("linked")).unwrap();
    }) else {
        return;
    };
    let output = run.pod("build", &["build"]);
    assert!(output.status.success(), "{}", text(&output));
    let artifact = run.result("build")["artifact"]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        artifact.starts_with(&format!("artifacts/{}/build/", run.commit)),
        "{artifact}"
    );
    let (_, tags) = run.object(&format!("{artifact}.json?tagging"));
    let (status, manifest) = run.object(&format!("{artifact}.json"));
    assert_eq!(status, 200, "{tags}");
    assert!(manifest.contains("dist/large"), "{manifest}");
    // ministack keeps the tags of objects that came in one piece; tests/stages/stores.rs looks for those of the others on their way.
    assert!(
        tags.contains(&format!("<Key>commit</Key><Value>{}</Value>", run.commit)),
        "{tags}"
    );
    assert!(tags.contains("<Key>created-at</Key><Value>20"), "{tags}");

    let output = run.pod(
        "check",
        &["step", "--environment", "dev", "--name", "check"],
    );
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(run.result("dev/check")["outcome"], "succeeded");
    let mode = fs::metadata(run.root("check").join("source/dist/run")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o750);
    let (_, log) = run.object("runs/shop-7/stages/dev/check/0.log");
    assert!(log.contains("dist/large: OK"), "{log}");
}

/// 7.5: a step gets the secrets that it names, from where each is kept, and they stand in no log and no record.
#[test]
fn req_7_5_secrets_reach_the_step_that_names_them_alone() {
    let build = r#"build { run = ["! env | grep -e canary"] }"#;
    let step = r#"step use {
      run = ["test \"$DB\" = canary-db", "test \"$KEY\" = canary-key", "test \"$PARAM\" = canary-param", "test \"$ALL\" = canary-all", "echo $DB $KEY $PARAM $ALL", "printf %s $DB | base64"]
      env = {
        DB    = secrets_manager("shop/dev/db", key = "url")
        KEY   = secret("api", key = "token")
        PARAM = ssm_secure("/shop/dev/param")
        ALL   = secret("whole")
      }
    }
    step other { run = ["! env | grep -e canary"] }
    step wrong { run = ["true"], env = { DB = secrets_manager("shop/dev/db", key = "ulr"), NONE = secrets_manager("shop/dev/none"), GONE = secret("gone", key = "x") } }"#;
    let test = "req_7_5_secrets_reach_the_step_that_names_them_alone";
    let Some(run) = Run::new(test, &pipeline(build, step), |_| {}) else {
        return;
    };
    let call = |service: &str, target: &str, body: &str| {
        let authorization = crate::support::http::authorization(ACCOUNT, "eu-central-1", service);
        let headers = [
            ("Authorization", authorization.as_str()),
            ("X-Amz-Target", target),
            ("Content-Type", "application/x-amz-json-1.1"),
        ];
        let (status, answer) = crate::support::http::ask(&run.aws.url, "POST", &headers, body);
        assert_eq!(status, 200, "{answer}");
    };
    call(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        r#"{"Name": "shop/dev/db", "SecretString": "{\"url\": \"canary-db\"}", "ClientRequestToken": "0123456789abcdef0123456789abcdef"}"#,
    );
    call(
        "ssm",
        "AmazonSSM.PutParameter",
        r#"{"Name": "/shop/dev/param", "Value": "canary-param", "Type": "SecureString"}"#,
    );
    let stage = |name: &str| {
        let arguments = ["step", "--environment", "dev", "--name", name];
        let mut checkout = vec!["checkout", "--for"];
        checkout.extend(arguments);
        let output = run.stage(name, &checkout);
        assert!(output.status.success(), "{}", text(&output));
        let secrets = run.root(name).join("secrets");
        fs::create_dir_all(secrets.join("api/key/token")).unwrap();
        fs::write(secrets.join("api/key/token/value"), "canary-key").unwrap();
        fs::create_dir_all(secrets.join("whole/all")).unwrap();
        fs::write(secrets.join("whole/all/only"), "canary-all").unwrap();
        run.stage(name, &arguments)
    };
    assert!(run.pod("build", &["build"]).status.success());
    let output = stage("use");
    assert!(output.status.success(), "{}", text(&output));
    let (_, log) = run.object("runs/shop-7/stages/dev/use/0.log");
    let record = run.result("dev/use").to_string();
    for shown in [&text(&output), &log, &record] {
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!shown.contains(&STANDARD.encode("canary-db")), "{shown}");
    }
    assert!(log.contains("*** *** *** ***"), "{log}");
    let output = stage("other");
    assert!(output.status.success(), "{}", text(&output));

    let output = stage("wrong");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for wanted in [
        "the secret `shop/dev/db`, key `ulr` is not there",
        "the secret is there, and has no such key",
        "the secret `shop/dev/none` is not there",
        "secretsmanager:GetSecretValue: ResourceNotFoundException",
        "the secret `gone`, key `x` is not there",
        "kubectl create secret generic gone",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("canary"), "{said}");
}
