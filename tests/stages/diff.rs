//! What a commit would change of what was deployed last: the real CDK CLI, and no account asked.
#![cfg(feature = "cloud")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::deploy::{DEV, Shop, stage, text};
use crate::support::project::git;

const BEFORE: &str = r#"
  environment dev {
    account = "111122223333"
    region  = "us-east-1"
    env     = { STAGE = "dev" }
    stack Network
    stack Api
  }
"#;

/// What the last try of a stage says of each stack.
fn diffs(record: &Value, path: &str) -> Vec<Value> {
    let tries = stage(record, path)["tries"].as_array().unwrap();
    tries.last().unwrap()["diff"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn counts(diff: &Value) -> [u64; 4] {
    ["added", "changed", "replaced", "removed"].map(|name| diff[name].as_u64().unwrap())
}

#[test]
fn what_a_commit_would_change_is_said_without_an_account() {
    let Some(shop) = Shop::new(
        "what_a_commit_would_change_is_said_without_an_account",
        BEFORE,
    ) else {
        return;
    };
    shop.bootstrap(DEV, "us-east-1");
    // Nothing was deployed yet: all is new.
    let (output, record) = shop.run(&[]);
    let found = diffs(&record, "dev/deploy");
    assert_eq!(found.len(), 2, "{}", text(&output));
    assert_eq!(
        (&found[0]["stack"], &found[0]["change"]),
        (&"Network".into(), &"new".into())
    );
    assert_eq!(counts(&found[0]), [2, 0, 0, 0], "{found:#?}");
    assert!(
        text(&output).contains("Network: new, 2 added"),
        "{}",
        text(&output)
    );

    let (output, record) = shop.deploy(&[]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(diffs(&record, "dev/deploy").is_empty());
    let kept = shop
        .path()
        .join(".aphex/store/deployments/dev/Network.json");
    let kept: Value = serde_json::from_slice(&fs::read(kept).unwrap()).unwrap();
    assert_eq!(kept["commit"], record["commit"]);
    assert_eq!(kept["outputs"]["VpcId"], "vpc-dev", "{kept:#}");
    assert!(
        kept["template"]
            .as_str()
            .unwrap()
            .contains("AWS::SNS::Topic")
    );

    let (output, record) = shop.run(&[]);
    for diff in diffs(&record, "dev/deploy") {
        assert_eq!(diff["change"], "unchanged", "{}", text(&output));
    }
    assert!(
        text(&output).contains("Network: no changes since "),
        "{}",
        text(&output)
    );

    // One more, one less, another name, a permission; a stack that is new and one that is gone.
    let app = fs::read_to_string(shop.path().join("app.js")).unwrap();
    let app = app
        .replace("TopicName: \"shop-\"", "TopicName: \"store-\"")
        .replace(
            "new CfnResource(network, \"Thing\", { type: \"AWS::IoT::Thing\", properties: { ThingName: \"taken\" } });",
            "new CfnResource(network, \"Role\", { type: \"AWS::IAM::Role\", properties: { AssumeRolePolicyDocument: { Statement: [
               { Effect: \"Allow\", Action: \"sts:AssumeRole\", Principal: { Service: \"lambda.amazonaws.com\" } }] } } });",
        )
        .replace("new Stack(app, \"Api\"", "new Stack(app, \"Backend\"");
    shop.write("app.js", &app);
    let pipeline = fs::read_to_string(shop.path().join("pipeline.aphex")).unwrap();
    shop.write(
        "pipeline.aphex",
        &pipeline.replace("stack Api", "stack Backend"),
    );
    // Whoever compares has no credentials, and no way to an account.
    let output = shop
        .command(Path::new(env!("CARGO_BIN_EXE_aphex")), DEV, "us-east-1")
        .arg("run")
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let said = text(&output);
    let newest = |folder: &Path| {
        let runs = fs::read_dir(folder)
            .unwrap()
            .map(|run| run.unwrap().path().join("record.json"));
        runs.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
            .unwrap()
    };
    let path = newest(&shop.path().join(".aphex/store/runs"));
    let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let found = diffs(&record, "dev/deploy");
    let words: Vec<(&str, &str)> = found
        .iter()
        .map(|diff| {
            (
                diff["stack"].as_str().unwrap(),
                diff["change"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            ("Network", "changed"),
            ("Backend", "new"),
            ("Api", "abandoned")
        ],
        "{said}"
    );
    assert_eq!(counts(&found[0]), [1, 0, 1, 1], "{said}");
    assert_eq!(found[0]["security"], true, "{said}");
    let changes = found[0]["text"].as_str().unwrap();
    assert!(
        changes.contains("[+] AWS::IAM::Role") && changes.contains("requires replacement"),
        "{changes}"
    );
    assert!(!changes.contains("Number of stacks"), "{changes}");
    assert!(
        said.contains("Network: 1 added, 1 replaced, 1 removed; permissions change"),
        "{said}"
    );

    let history = shop
        .command(Path::new(env!("CARGO_BIN_EXE_aphex")), DEV, "us-east-1")
        .args(["history", record["run"].as_str().unwrap()])
        .output()
        .unwrap();
    let told = text(&history);
    assert!(
        told.contains("dev/deploy: Network: 1 added, 1 replaced, 1 removed; permissions change"),
        "{told}"
    );
    assert!(
        told.contains("dev/deploy: Api: no longer deployed; it stays as it is"),
        "{told}"
    );
}

/// A pull request with a role sees the stacks as they are, whatever the store knows; those of another account it knows from the store alone.
#[test]
fn req_1_2_a_pull_request_deploys_nothing_and_is_compared_with_the_stacks() {
    let environments =
        format!("{BEFORE}\n  on pull_request {{ role = \"arn:aws:iam::{DEV}:role/look\" }}\n");
    let Some(shop) = Shop::new(
        "req_1_2_a_pull_request_deploys_nothing_and_is_compared_with_the_stacks",
        &environments,
    ) else {
        return;
    };
    shop.bootstrap(DEV, "us-east-1");
    let (output, _) = shop.deploy(&[]);
    assert!(output.status.success(), "{}", text(&output));
    let app = fs::read_to_string(shop.path().join("app.js")).unwrap();
    shop.write(
        "app.js",
        &app.replace("TopicName: \"shop-\"", "TopicName: \"store-\""),
    );
    let folder = shop.path();
    git(
        folder,
        &["commit", "--quiet", "--all", "-m", "another name"],
    );
    let commit = git(folder, &["rev-parse", "HEAD"]);
    let room = tempfile::tempdir().unwrap();
    let store = room.path().join("store");
    let stage = |words: &[&str]| {
        let output = shop
            .command(
                Path::new(env!("CARGO_BIN_EXE_aphex")),
                "999900001111",
                "us-east-1",
            )
            .arg("stage")
            .args(words)
            .envs([
                ("APHEX_ROOT", room.path().join("pod").to_str().unwrap()),
                ("APHEX_PIPELINE", "shop"),
                ("APHEX_FILE", "pipeline.aphex"),
                ("APHEX_REPOSITORY", "acme/shop"),
                ("APHEX_REMOTE", &format!("file://{}", folder.display())),
                ("APHEX_RUN", "shop-7"),
                ("APHEX_STARTED_AT", "2030-01-31T05:00:00Z"),
                ("APHEX_COMMIT", &commit),
                ("APHEX_EVENT", "pull_request"),
                ("APHEX_PULL_REQUEST", "7"),
                ("APHEX_ENTRY", "shop-pull-request"),
                ("APHEX_REF_BASE64", "cmVmcy9oZWFkcy9tYWlu"),
                ("APHEX_STORE", &format!("file://{}", store.display())),
            ])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    };
    let words = ["diff", "--environment", "dev", "--app", "app"];
    stage(&[&["checkout", "--for"], &words[..]].concat());
    let said = stage(&words);
    assert!(
        said.contains("nothing is deployed") && !said.contains("cdk deploy"),
        "{said}"
    );
    assert!(said.contains("Network: 1 replaced"), "{said}");
    assert!(said.contains("Api: no changes\n"), "{said}");
}
