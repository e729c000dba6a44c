//! Secrets that AWS keeps, in the account of the environment that uses them.
#![cfg(feature = "cloud")]

use crate::support::http;
use crate::support::ministack::Ministack;
use crate::support::project::{Project, stage, text};

/// The account of the environment, and that of whoever runs the pipeline.
const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

fn put(aws: &Ministack, account: &str, value: &str) {
    let authorization = http::authorization(account, "us-east-1", "secretsmanager");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("X-Amz-Target", "secretsmanager.CreateSecret"),
        ("Content-Type", "application/x-amz-json-1.1"),
    ];
    let body = format!("{{\"Name\":\"shop/db\",\"SecretString\":\"{value}\"}}");
    let (status, answer) = http::ask(&aws.url, "POST", &headers, &body);
    assert_eq!(status, 200, "{answer}");
}

/// Both accounts have a secret of that name. The environment's role reads that of its own account; without a role it is that of
/// whoever runs.
#[test]
fn req_7_5_a_secret_is_that_of_the_environments_account() {
    let Some(aws) = Ministack::start("req_7_5_a_secret_is_that_of_the_environments_account") else {
        return;
    };
    put(&aws, ACCOUNT, "canary-own");
    put(&aws, OTHER, "canary-other");
    for (role, value) in [
        (
            format!("role = \"arn:aws:iam::{ACCOUNT}:role/deploy\""),
            "canary-own",
        ),
        (String::new(), "canary-other"),
    ] {
        let project = Project::new(
            "build { run = [\"true\"] }",
            &format!(
                "{role}\n    step use {{\n      run = [\"test $DB = {value}\", \"echo $DB\"]\n      env = {{ DB = secrets_manager(\"shop/db\") }}\n    }}"
            ),
        );
        let output = project
            .aphex(&["run", "--deploy"])
            .envs(aws.environment(OTHER, "us-east-1"))
            .output()
            .unwrap();
        let said = text(&output);
        assert_eq!(
            stage(&project.last_record(), "dev/use")["outcome"],
            "succeeded",
            "{said}"
        );
        let printed = said.lines().filter(|line| !line.contains('$'));
        assert!(printed.clone().any(|line| line.contains("***")), "{said}");
        assert!(
            !printed.clone().any(|line| line.contains("canary")),
            "{said}"
        );
    }
}

fn put_parameter(aws: &Ministack, account: &str, name: &str, value: &str, kind: &str) {
    let authorization = http::authorization(account, "us-east-1", "ssm");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("X-Amz-Target", "AmazonSSM.PutParameter"),
        ("Content-Type", "application/x-amz-json-1.1"),
    ];
    let body = serde_json::json!({ "Name": name, "Value": value, "Type": kind });
    let (status, answer) = http::ask(&aws.url, "POST", &headers, &body.to_string());
    assert_eq!(status, 200, "{answer}");
}

/// 9.3: `ssm("/path")` is read when a stage needs it, in the account and region of its environment, and is a value as any other; whether it is there is
/// known before anything runs.
#[test]
fn req_9_3_a_parameter_is_read_at_run_time_and_must_be_there_before() {
    let test = "req_9_3_a_parameter_is_read_at_run_time_and_must_be_there_before";
    let Some(aws) = Ministack::start(test) else {
        return;
    };
    put_parameter(&aws, ACCOUNT, "/shop/url", "https://own", "String");
    put_parameter(&aws, OTHER, "/shop/url", "https://other", "String");
    put_parameter(&aws, ACCOUNT, "/shop/on", "no", "String");
    put_parameter(&aws, ACCOUNT, "/shop/key", "canary-key", "SecureString");
    let run = |steps: &str| {
        let project = Project::new(
            "build { run = [\"true\"] }",
            &format!("role = \"arn:aws:iam::{ACCOUNT}:role/deploy\"\n    {steps}"),
        );
        let output = project
            .aphex(&["run", "--deploy"])
            .envs(aws.environment(OTHER, "us-east-1"))
            .output()
            .unwrap();
        (text(&output), project.last_record())
    };
    let (said, record) = run(
        "step use { run = [\"test $URL = https://own/api\"], env = { URL = ssm(\"/shop/url\") + \"/api\" } }\n    \
         step off { run = [\"exit 3\"], when = ssm(\"/shop/on\") == \"yes\" }",
    );
    assert_eq!(record["outcome"], "succeeded", "{said}");
    assert_eq!(stage(&record, "dev/use")["outcome"], "succeeded", "{said}");
    assert_eq!(stage(&record, "dev/off")["outcome"], "skipped", "{said}");

    for (name, words) in [
        (
            "/shop/nothing",
            "the parameter `/shop/nothing` is not there",
        ),
        ("/shop/key", "write `ssm_secure(\"/shop/key\")`"),
    ] {
        let (said, record) = run(&format!(
            "step use {{ run = [\"echo $URL\"], env = {{ URL = ssm(\"{name}\") }} }}"
        ));
        assert!(
            said.contains("error[A0902]") && said.contains(words),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
        assert_eq!(stage(&record, "preflight")["outcome"], "failed", "{said}");
        assert!(stage(&record, "build").get("outcome").is_none(), "{said}");
    }
}
