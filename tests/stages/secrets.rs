//! Secrets that AWS keeps, in the account of the environment that uses them.
#![cfg(feature = "cloud")]

use crate::support::http;
use crate::support::ministack::Ministack;
use crate::support::project::{Project, stage, text};

/// The account of the environment, and that of whoever runs the pipeline.
const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

fn put(aws: &Ministack, account: &str, value: &str) {
    let scope = format!("{account}/20300101/us-east-1/secretsmanager/aws4_request");
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
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
