//! The pre-flight of accounts and regions, with an emulator of AWS. A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread;

use crate::support::http;
use crate::support::ministack::Ministack;
use crate::support::project::{Project, git, stage, text};
use aphex::diagnostics::Code;
use aphex::diagnostics::codes::preflight::{
    NOT_ASSUMED, NOT_BOOTSTRAPPED, OLD_BOOTSTRAP, OTHER_ACCOUNT,
};

const DEV: &str = "111122223333";
const PROD: &str = "444455556666";

/// Three environments in two accounts and three regions, each with a stack.
fn project(environments: &[(&str, &str, &str, &str)]) -> Project {
    let project = Project::new("build { run = [\"true\"] }", "stack A");
    let environments: String = environments
        .iter()
        .map(|(name, account, region, more)| {
            format!("  environment {name} {{\n    account = \"{account}\"\n    region = \"{region}\"\n    {more}\n    stack A\n  }}\n")
        })
        .collect();
    project.write(
        "pipeline.aphex",
        &format!(
            "pipeline shop {{\n  cluster = \"company-pipelines\"\n  repository = \"acme/shop\"\n  on push {{ branches = [\"main\"] }}\n  build {{ run = [\"git --version\"] }}\n{environments}}}\n"
        ),
    );
    project.write("cdk.json", "{\"app\": \"false\"}");
    project.commit();
    project
}

/// The first line of a problem.
fn error(code: &Code, message: &str) -> String {
    format!("error[{}]: {message}", code.id)
}

/// Makes the parameter that a bootstrap leaves.
fn bootstrap(aws: &Ministack, account: &str, region: &str, qualifier: &str, version: &str) {
    let authorization = http::authorization(account, region, "ssm");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "AmazonSSM.PutParameter"),
    ];
    let body = serde_json::json!({
        "Name": format!("/cdk-bootstrap/{qualifier}/version"), "Value": version, "Type": "String"
    });
    let (status, answer) = http::ask(&aws.url, "POST", &headers, &body.to_string());
    assert_eq!(status, 200, "{answer}");
}

fn aphex(project: &Project, variables: Vec<(String, String)>, arguments: &[&str]) -> Output {
    project.aphex(arguments).envs(variables).output().unwrap()
}

/// 9.3: everything that is wrong with any account is said at once, with its place and the command that helps, before anything is built.
#[test]
fn req_9_3_accounts_and_regions_are_asked_before_anything_runs() {
    let test = "req_9_3_accounts_and_regions_are_asked_before_anything_runs";
    let Some(aws) = Ministack::start(test) else {
        return;
    };
    let role = format!("role = \"arn:aws:iam::{PROD}:role/deploy\"");
    let project = project(&[
        ("dev", DEV, "us-east-1", ""),
        ("qa", DEV, "eu-west-1", ""),
        ("old", PROD, "us-east-1", &role),
        ("prod", PROD, "eu-central-1", ""),
    ]);
    bootstrap(&aws, DEV, "us-east-1", "hnb659fds", "21");
    bootstrap(&aws, PROD, "us-east-1", "hnb659fds", "3");
    let variables = || aws.environment(DEV, "us-east-1");
    let output = aphex(&project, variables(), &["run", "--deploy"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("dev: account 111122223333, us-east-1, bootstrap 21"),
        "{said}"
    );
    assert!(
        said.contains(&error(
            &NOT_BOOTSTRAPPED,
            "account 111122223333 is not bootstrapped in eu-west-1"
        )),
        "{said}"
    );
    assert!(
        said.contains("run `cdk bootstrap aws://111122223333/eu-west-1`"),
        "{said}"
    );
    assert!(
        said.contains(&error(
            &OLD_BOOTSTRAP,
            "the bootstrap of account 444455556666 in us-east-1 has version 3"
        )),
        "{said}"
    );
    assert!(
        said.contains(&error(
            &NOT_BOOTSTRAPPED,
            "account 444455556666 is not bootstrapped in eu-central-1"
        )),
        "{said}"
    );
    let trusts = "`cdk bootstrap aws://444455556666/eu-central-1 --trust 111122223333 --cloudformation-execution-policies arn:aws:iam::aws:policy/AdministratorAccess`";
    assert!(said.contains(trusts), "{said}");
    // Each with its place.
    let file = std::fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let line = 1 + file
        .lines()
        .position(|line| line.contains("eu-central-1"))
        .unwrap();
    assert!(
        said.contains(&format!("pipeline.aphex:{line}:14")),
        "{said}"
    );
    let record = project.last_record();
    assert_eq!(stage(&record, "preflight")["outcome"], "failed");
    assert!(
        stage(&record, "build").get("outcome").is_none(),
        "{record:#}"
    );

    // Only what this run deploys: here the synth fails, since there is no CDK.
    let output = aphex(&project, variables(), &["run", "--deploy", "--only", "dev"]);
    let said = text(&output);
    assert!(!said.contains("A080"), "{said}");
    // And nobody is asked where nothing is deployed.
    let nowhere = vec![(
        "AWS_ENDPOINT_URL".to_owned(),
        "http://127.0.0.1:9".to_owned(),
    )];
    let output = aphex(&project, nowhere, &["run"]);
    let said = text(&output);
    assert!(
        said.contains("preflight   ✓") && !said.contains("A097"),
        "{said}"
    );

    // The same, asked by a person who runs nothing.
    let output = aphex(
        &project,
        variables(),
        &["check", "--preflight", "--format", "short"],
    );
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for wanted in [
        "[A0802]",
        "[A0803]",
        "tools: git",
        "dev: account 111122223333",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(said.matches("[A0802]").count(), 2, "{said}");
    let output = aphex(&project, variables(), &["check"]);
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn a_qualifier_of_ones_own_is_the_one_that_is_asked_for() {
    let Some(aws) = Ministack::start("a_qualifier_of_ones_own_is_the_one_that_is_asked_for") else {
        return;
    };
    let project = project(&[("dev", DEV, "us-east-1", "")]);
    bootstrap(&aws, DEV, "us-east-1", "hnb659fds", "21");
    project.write(
        "cdk.json",
        r#"{"app": "false", "context": {"@aws-cdk/core:bootstrapQualifier": "shop"}}"#,
    );
    let variables = || aws.environment(DEV, "us-east-1");
    let output = aphex(&project, variables(), &["check", "--preflight"]);
    let said = text(&output);
    let command = "`cdk bootstrap aws://111122223333/us-east-1 --qualifier shop --toolkit-stack-name CDKToolkit-shop`";
    assert!(said.contains(command), "{said}");
    bootstrap(&aws, DEV, "us-east-1", "shop", "30");
    let output = aphex(&project, variables(), &["check", "--preflight"]);
    assert!(output.status.success(), "{}", text(&output));
}

/// What says nothing of an account is told apart from what does: denied, busy, no network, no credentials.
#[test]
fn denied_busy_and_out_of_reach_are_told_apart() {
    let test = "denied_busy_and_out_of_reach_are_told_apart";
    let Some(aws) = Ministack::start(test) else {
        return;
    };
    let Some(faults) = aws.faults(test) else {
        return;
    };
    let role = format!("role = \"arn:aws:iam::{PROD}:role/deploy\"");
    let project = project(&[
        ("dev", DEV, "us-east-1", ""),
        ("prod", PROD, "us-east-1", &role),
    ]);
    for account in [DEV, PROD] {
        bootstrap(&aws, account, "us-east-1", "hnb659fds", "21");
    }
    let check = |rules: serde_json::Value| {
        faults.set(&rules);
        let variables = faults.environment(DEV, "us-east-1");
        text(&aphex(&project, variables, &["check", "--preflight"]))
    };
    let of_role = |error: serde_json::Value, times: u32| {
        serde_json::json!([{
            "service": "sts", "operation": "AssumeRole", "times": times, "error": error
        }])
    };
    let denied = serde_json::json!({"code": "AccessDenied", "status": 403, "message": "not yours"});
    let busy = serde_json::json!({"code": "Throttling", "status": 400, "message": "Rate exceeded"});
    // The account's own credentials serve where the CDK's role is denied; the environment's role is needed.
    let said = check(of_role(denied, 1000));
    assert!(
        said.contains(&error(
            &NOT_ASSUMED,
            "the role `arn:aws:iam::444455556666:role/deploy` cannot be assumed"
        )),
        "{said}"
    );
    assert!(
        said.contains("sts:AssumeRole: AccessDenied: not yours"),
        "{said}"
    );
    assert!(
        said.contains("dev: account 111122223333, us-east-1, bootstrap 21"),
        "{said}"
    );
    // Busy for a moment is waited for.
    let said = check(of_role(busy.clone(), 1));
    assert!(faults.fired().contains("Throttling"), "{}", faults.fired());
    assert!(said.contains("no problems"), "{said}");
    let said = check(of_role(busy, 1000));
    assert!(said.contains("error[A0973]"), "{said}");
    assert!(
        said.contains("sts:AssumeRole: Throttling: Rate exceeded"),
        "{said}"
    );

    let nowhere = |mut variables: Vec<(String, String)>| {
        variables.retain(|(name, _)| name != "AWS_ENDPOINT_URL");
        variables.push((
            "AWS_ENDPOINT_URL".to_owned(),
            "http://127.0.0.1:9".to_owned(),
        ));
        variables
    };
    let variables = nowhere(aws.environment(DEV, "us-east-1"));
    let said = text(&aphex(&project, variables, &["check", "--preflight"]));
    assert_eq!(
        said.matches("error[A0972]: AWS does not answer").count(),
        2,
        "{said}"
    );

    let mut variables = aws.environment(DEV, "us-east-1");
    variables.retain(|(name, _)| !name.contains("ACCESS_KEY"));
    let said = text(&aphex(&project, variables, &["check", "--preflight"]));
    assert_eq!(
        said.matches("error[A0970]: there are no AWS credentials")
            .count(),
        2,
        "{said}"
    );
}

/// Credentials that are valid, for another account, which no role leads to.
#[test]
fn credentials_of_another_account_are_no_credentials() {
    let Some(aws) = Ministack::start("credentials_of_another_account_are_no_credentials") else {
        return;
    };
    let project = project(&[("dev", DEV, "us-east-1", "")]);
    let file = std::fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let app = "app { bootstrap = false }\n  build";
    project.write("pipeline.aphex", &file.replacen("build", app, 1));
    let output = aphex(
        &project,
        aws.environment("999900001111", "us-east-1"),
        &["check", "--preflight"],
    );
    let said = text(&output);
    assert!(said.contains(&error(&OTHER_ACCOUNT, "environment `dev` is in account 111122223333, and these credentials are for 999900001111")), "{said}");
    let output = aphex(
        &project,
        aws.environment(DEV, "us-east-1"),
        &["check", "--preflight"],
    );
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(
        git(project.path(), &["status", "--porcelain"]),
        "M pipeline.aphex"
    );
}

/// A pull request deploys nothing, so nobody is asked; with a role of its own that role is.
#[test]
fn a_pull_request_is_asked_about_its_role_alone() {
    let test = "a_pull_request_is_asked_about_its_role_alone";
    let Some(aws) = Ministack::start(test) else {
        return;
    };
    let Some(faults) = aws.faults(test) else {
        return;
    };
    let denied = serde_json::json!({"code": "AccessDenied", "status": 403, "message": "not yours"});
    let deny = |is_denied: bool| {
        let rules = match is_denied {
            true => {
                serde_json::json!([{"service": "sts", "operation": "AssumeRole", "error": denied}])
            }
            false => serde_json::json!([]),
        };
        faults.set(&rules);
    };
    let project = project(&[("dev", DEV, "us-east-1", "")]);
    let file = std::fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let preflight = |name: &str, commit: &str| {
        let root = project.path().join(".aphex").join(name);
        let store = project.path().join(".aphex/store");
        let stage = |arguments: &[&str]| {
            aphex_stage(&project, arguments)
                .envs(faults.environment(DEV, "us-east-1"))
                .envs([
                    ("APHEX_ROOT", root.to_str().unwrap()),
                    ("APHEX_ENTRY", "shop-pull-request"),
                    ("APHEX_RUN", name),
                    ("APHEX_COMMIT", commit),
                    ("APHEX_EVENT", "pull_request"),
                    ("APHEX_PULL_REQUEST", "7"),
                ])
                .env("APHEX_STORE", format!("file://{}", store.display()))
                .output()
                .unwrap()
        };
        let output = stage(&["checkout", "--for", "preflight"]);
        assert!(output.status.success(), "{}", text(&output));
        stage(&["preflight"])
    };
    // Not even a question: no bootstrap is there, and all roles are denied.
    deny(true);
    let with = |role: &str| {
        let on = format!("on pull_request {{ branches = [\"main\"]{role} }}\n  build");
        project.write("pipeline.aphex", &file.replacen("build", &on, 1));
        project.commit()
    };
    let output = preflight("shop-1", &with(""));
    assert!(output.status.success(), "{}", text(&output));
    let role = format!(", role = \"arn:aws:iam::{DEV}:role/look\"");
    let commit = with(&role);
    let output = preflight("shop-2", &commit);
    let said = text(&output);
    assert!(
        said.contains(&error(
            &NOT_ASSUMED,
            "the role `arn:aws:iam::111122223333:role/look`"
        )),
        "{said}"
    );
    deny(false);
    let output = preflight("shop-3", &commit);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("pull requests: account 111122223333"),
        "{said}"
    );
}

/// A container of a pod, but for what names its run.
fn aphex_stage(project: &Project, arguments: &[&str]) -> std::process::Command {
    let mut command = project.aphex(&["stage"]);
    command.args(arguments).envs([
        ("APHEX_PIPELINE", "shop"),
        ("APHEX_FILE", "pipeline.aphex"),
        ("APHEX_REPOSITORY", "acme/shop"),
        ("APHEX_STARTED_AT", "2026-01-31T06:00:00Z"),
    ]);
    let remote = format!("file://{}", project.path().display());
    command.env("APHEX_REMOTE", remote);
    command
}

/// 15.2: an image of a team's own needs nothing, so no certificates either. AWS is a server here that refuses everybody.
#[test]
fn req_15_2_aws_is_asked_from_an_image_without_certificates() {
    let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    thread::spawn(move || {
        for stream in server.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4096]);
            let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let project = Project::new("build { run = [\"true\"] }", "stack A");
    let variables = [
        ("SSL_CERT_FILE", "/dev/null"),
        ("SSL_CERT_DIR", "/nonexistent"),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    let mut command = project.aphex(&["history", "--store", "s3://acme-artifacts"]);
    let output = command.envs(variables).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("s3:ListBucket"), "{said}");
}
