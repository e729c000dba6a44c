//! What a plan tells: of the stack, of rights, of triggers, and without asking anybody.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;

use serde_json::Value;

use crate::install::{DEV, PROD, Shop, TRIGGERS, text};
use crate::stack::{Place, REGION};
use crate::support::cluster::Cluster;
use crate::support::ministack::Ministack;
use crate::support::project::{Project, git};

/// As programs read it, in the form that its schema says.
fn json_of(output: &[u8]) -> Value {
    let json: Value = serde_json::from_slice(output).unwrap();
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/plan.v1.json"));
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    jsonschema::validator_for(&schema)
        .unwrap()
        .validate(&json)
        .unwrap();
    json
}

/// The change of an object or resource.
fn of(changes: &Value, kind: &str, name: &str) -> Value {
    let mut changes = changes.as_array().unwrap().iter();
    let is_it = |one: &&Value| one["kind"] == kind && one["name"] == name;
    changes.find(is_it).cloned().unwrap_or_default()
}

/// 3.5: what the file says otherwise is told as the file says it, and what is only made anew of it is one line.
#[test]
fn req_3_5_a_plan_names_what_the_file_says_otherwise() {
    let project = Project::new(
        "build { run = [\"make\"] }",
        "approval { approvers = [\"@ann\"], timeout = 30m }\n    stack Site",
    );
    project.git(&["tag", "before"]);
    let text_of = fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let plan = |changes: &[(&str, &str)]| {
        let changed = changes.iter().fold(text_of.clone(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        project.write("pipeline.aphex", &changed);
        let output = project
            .aphex(&["plan", "--against", "before"])
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    };
    let (code, said) = plan(&[
        ("\"make\"", "\"make all\", \"make sure\""),
        ("30m", "2h"),
        ("\"@ann\"", "\"@ann\", \"@bob\""),
    ]);
    assert_eq!(code, Some(2), "{said}");
    let lines: Vec<&str> = said
        .lines()
        .skip_while(|line| !line.contains("WorkflowTemplate shop"))
        .collect();
    assert_eq!(
        lines[..6],
        [
            "  ~ WorkflowTemplate shop",
            "      + build: run \"make all\"",
            "      + build: run \"make sure\"",
            "      - build: run \"make\"",
            "      ~ environment dev, approval: timeout = 2h, was 30m",
            "      + environment dev, approval: approvers \"@bob\"",
        ],
        "{said}"
    );
    let (_, said) = plan(&[("\"make\"", "\"make all\"")]);
    let marked = "  · made of another file, else the same: ";
    let marked = said
        .lines()
        .find_map(|line| line.strip_prefix(marked))
        .unwrap_or_else(|| panic!("{said}"));
    for object in ["Sensor shop", "EventSource shop"] {
        assert!(marked.contains(object), "{said}");
    }
    assert!(said.contains(": 1 to be updated, "), "{said}");
    let (code, said) = plan(&[("build {", "// The same.\n  build {")]);
    assert_eq!(code, Some(0), "{said}");
}

/// 3.5, 7.3: a plan tells what becomes of the stack, which rights in AWS and in the cluster are gained and lost, and which triggers come and go.
#[test]
fn req_3_5_7_3_a_plan_tells_of_the_stack_of_rights_and_of_triggers() {
    let test = "req_3_5_7_3_a_plan_tells_of_the_stack";
    let (Some(cluster), Some(aws)) = (Cluster::find(test), Ministack::start(test)) else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    let prod = PROD.replace("step copy { run = [\"true\"] }", "stack Api");
    shop.commit(1, &format!("{TRIGGERS}{DEV}\n{prod}"));
    let _place = Place::new(&aws.url, "111122223333").with_cluster();
    let run = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        command
            .envs(aws.environment("111122223333", REGION))
            .output()
            .unwrap()
    };
    fs::write(
        shop.folder.path().join("cdk.json"),
        "{ \"app\": \"node app.js\" }",
    )
    .unwrap();
    fs::write(shop.folder.path().join("app.js"), "").unwrap();
    let output = run(&["plan"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for line in [
        "+ AWS::S3::Bucket ArtifactBucket",
        "+ AWS::IAM::Role DeployRole",
        "stack aphex-company-shop: ",
        "+ ConfigMap shop-settings",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let json = json_of(&run(&["plan", "--format", "json"]).stdout);
    assert_eq!(
        of(&json["stack"]["changes"], "AWS::IAM::Role", "BuildRole")["change"],
        "made"
    );
    let output = run(&["apply"]);
    assert!(output.status.success(), "{}", text(&output));
    let output = run(&["plan"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("stack aphex-company-shop: nothing would change"),
        "{}",
        text(&output)
    );

    // Whom AWS does not know is told so, and sees the cluster.
    let mut nobody = shop.command(&["plan"]);
    let output = nobody
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("the stack in AWS was not looked at"),
        "{}",
        text(&output)
    );

    // Another account, one trigger less, and a right that somebody has taken away.
    let other = prod.replace("444455556666", "777788889999");
    shop.commit(
        2,
        &format!("on push {{ branches = [\"next\"] }}\n{DEV}\n{other}"),
    );
    let role = shop.kubectl(&["get", "role", "shop-start", "--output=json"], "");
    let mut role: Value = serde_json::from_str(&role).unwrap();
    role["rules"].as_array_mut().unwrap().truncate(1);
    let metadata = role["metadata"].as_object_mut().unwrap();
    metadata.retain(|name, _| ["name", "labels", "annotations"].contains(&name.as_str()));
    let apply = [
        "apply",
        "--server-side",
        "--field-manager=aphex",
        "--filename=-",
    ];
    shop.kubectl(&apply, &role.to_string());
    let output = run(&["plan", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let json = json_of(&output.stdout);
    let role = of(&json["stack"]["changes"], "AWS::IAM::Role", "DeployRole");
    assert_eq!(role["change"], "updated");
    let lines = role["lines"].to_string();
    for (sign, account) in [("+", "777788889999"), ("-", "444455556666")] {
        let line = format!(
            "{sign} may sts:AssumeRole on arn:${{AWS::Partition}}:iam::{account}:role/cdk-hnb659fds-deploy-role-{account}-us-east-1"
        );
        let plain = line.replace("${AWS::Partition}", "aws");
        assert!(
            lines.contains(&line) || lines.contains(&plain),
            "{line}: {lines}"
        );
    }
    let lines = of(&json["changes"], "Role", "shop-start")["lines"].to_string();
    assert!(
        lines.contains("+ may create workflows.argoproj.io"),
        "{lines}"
    );
    assert_eq!(
        of(&json["changes"], "Role", "shop-start")["change"],
        "restored"
    );
    let sensor = of(&json["changes"], "Sensor", "shop")["lines"].to_string();
    for line in ["~ trigger push", "- trigger pull-request", "- trigger tag"] {
        assert!(sensor.contains(line), "{line}: {sensor}");
    }
    let source = of(&json["changes"], "EventSource", "shop")["lines"].to_string();
    assert!(source.contains("- GitHub's event pull_request"), "{source}");
    let markdown = text(&run(&["plan", "--format", "markdown"]));
    assert!(
        markdown.contains("`shop` in AWS, stack `aphex-company-shop`:"),
        "{markdown}"
    );
    assert!(markdown.contains("`- trigger tag`"), "{markdown}");
    let json = json_of(&run(&["plan", "--objects-only", "--format", "json"]).stdout);
    assert_eq!(json["stack"], Value::Null);
    // Colours where somebody wants them.
    assert!(text(&run(&["plan", "--color", "always"])).contains("\u{1b}["));
}

/// 3.5: against another commit, or a folder of manifests, and nobody is asked.
#[test]
fn req_3_5_against_a_commit_or_a_folder_nobody_is_asked() {
    let Some(cluster) = Cluster::find("req_3_5_against_a_commit_or_a_folder") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    git(shop.folder.path(), &["branch", "before"]);
    let run = |arguments: &[&str]| {
        shop.command(arguments)
            .env("KUBECONFIG", "/nonexistent")
            .output()
            .unwrap()
    };
    let output = run(&["compile", "--output", "manifests"]);
    assert!(output.status.success(), "{}", text(&output));
    for other in ["before", "HEAD", "manifests"] {
        let output = run(&["plan", "--against", other]);
        assert_eq!(output.status.code(), Some(0), "{other}: {}", text(&output));
        assert!(
            text(&output).contains("nothing would change"),
            "{}",
            text(&output)
        );
    }
    let index = fs::read(shop.folder.path().join(".git/index")).unwrap();
    let text_of = fs::read_to_string(shop.folder.path().join("pipeline.aphex")).unwrap();
    let changed = text_of
        .replace(TRIGGERS, "on push {}\n")
        .replace(DEV, &format!("{DEV}\n{PROD}"));
    fs::write(shop.folder.path().join("pipeline.aphex"), changed).unwrap();
    for other in ["before", "manifests"] {
        let output = run(&["plan", "--against", other, "--format", "json"]);
        assert_eq!(output.status.code(), Some(2), "{other}: {}", text(&output));
        let json = json_of(&output.stdout);
        let changes = &json["changes"];
        assert_eq!(of(changes, "WorkflowTemplate", "shop")["change"], "updated");
        assert_eq!(
            of(changes, "WorkflowTemplate", "shop-pull-request")["change"],
            "removed"
        );
        assert_eq!(of(changes, "Ingress", "shop-webhook")["change"], "removed");
        assert!(
            of(changes, "Sensor", "shop")["lines"]
                .to_string()
                .contains("- trigger tag")
        );
        // Rights are the same for every pipeline.
        assert_eq!(of(changes, "Role", "shop-deploy"), Value::Null);
        assert!(
            json["stack"]["name"] == "aphex-company-shop",
            "{other}: {json}"
        );
        if other == "before" {
            assert_eq!(
                of(changes, "WorkflowTemplate", "shop")["inside"]["added"][0],
                "prod"
            );
        }
    }
    assert_eq!(
        fs::read(shop.folder.path().join(".git/index")).unwrap(),
        index
    );
    let output = run(&["plan", "--against", "no-such-thing"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("neither a folder nor a commit"),
        "{}",
        text(&output)
    );
    let output = run(&["plan", "--against", "--output=/tmp/x"]);
    assert_ne!(output.status.code(), Some(0));
    // Where it was not there before, all of it is new.
    git(
        shop.folder.path(),
        &["checkout", "--quiet", "--orphan", "empty"],
    );
    git(
        shop.folder.path(),
        &["rm", "--quiet", "--cached", "-f", "-r", "."],
    );
    let command = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "nothing",
    ];
    git(shop.folder.path(), &command);
    let output = run(&["plan", "--against", "empty"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("+ Sensor shop"), "{}", text(&output));
    assert!(
        text(&output).contains("+ AWS::S3::Bucket ArtifactBucket"),
        "{}",
        text(&output)
    );
}
