//! `aphex check --assembly` and `--synth`: the file and what its app makes, compared on a developer's machine.

use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::cdk::node_modules;
use crate::support::project::{Project, text};

/// A project with two environments, and an app that makes `Network` and `Api` where it is told.
fn project(stacks: &str) -> Project {
    let project = Project::new(
        "app { command = \"node app.js\" }\n  build { run = [\"true\"] }",
        &format!(
            "{stacks}\n  }}\n  environment prod {{\n    account = \"444455556666\"\n    region = \"eu-west-1\"\n    {stacks}"
        ),
    );
    project.write("cdk.json", "{\"app\": \"node app.js\"}");
    project.write(
        "app.js",
        "const { App, Stack, CfnOutput, aws_sns } = require('aws-cdk-lib');
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const network = new Stack(app, 'Network', { env });
new CfnOutput(network, 'VpcId', { value: 'vpc-1' });
const api = new Stack(app, 'Api', { env });
new aws_sns.Topic(api, 'Topic', { displayName: app.node.tryGetContext('vpc') });
",
    );
    project
}

fn check(project: &Project, arguments: &[&str]) -> (Output, Vec<Value>) {
    let output = project
        .aphex(&["check", "--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    let read: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    let found = read["diagnostics"].as_array().unwrap().clone();
    (output, found)
}

fn codes(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect()
}

/// An assembly as the CDK writes it: each stack's path, account, region and outputs.
fn assembly(project: &Project, name: &str, stacks: &[(&str, &str, &str, &[&str])]) {
    let mut artifacts = serde_json::Map::new();
    for (path, account, region, outputs) in stacks {
        let id = path.replace('/', "-");
        let outputs: serde_json::Map<String, Value> = outputs
            .iter()
            .map(|output| ((*output).to_owned(), json!({"Value": "x"})))
            .collect();
        let template = json!({"Resources": {}, "Outputs": outputs});
        project.write(&format!("{name}/{id}.template.json"), &template.to_string());
        artifacts.insert(
            id.clone(),
            json!({
                "type": "aws:cloudformation:stack",
                "environment": format!("aws://{account}/{region}"),
                "properties": { "templateFile": format!("{id}.template.json"), "stackName": id },
                "displayName": path,
            }),
        );
    }
    let manifest = json!({"version": "48.0.0", "artifacts": artifacts});
    project.write(&format!("{name}/manifest.json"), &manifest.to_string());
}

const DEV: (&str, &str) = ("111122223333", "us-east-1");
const PROD: (&str, &str) = ("444455556666", "eu-west-1");

#[test]
fn what_the_file_says_is_held_against_an_assembly() {
    let project = project("stack Network { output VpcId }\n    stack Api");
    assembly(
        &project,
        "fits",
        &[
            ("Network", "unknown-account", "unknown-region", &["VpcId"]),
            ("Api", "unknown-account", "unknown-region", &[]),
        ],
    );
    let (output, found) = check(&project, &["--assembly", "fits"]);
    assert_eq!(
        (output.status.code(), found.len()),
        (Some(0), 0),
        "{}",
        text(&output)
    );
    assert!(
        text(&output).contains("environment `prod`: 2 stacks as the pipeline says"),
        "{}",
        text(&output)
    );

    assembly(
        &project,
        "wrong",
        &[
            ("Netwrk", DEV.0, DEV.1, &[]),
            ("Api", "999900001111", DEV.1, &[]),
        ],
    );
    let (output, found) = check(&project, &["--assembly", "wrong", "--only", "dev"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(codes(&found), ["A0941", "A0942"], "{found:#?}");
    let help = found[0]["help"].as_str().unwrap();
    assert!(help.contains("select = \"Netwrk\""), "{help}");
    assert_eq!(
        found[0]["place"]["path"], "pipeline.aphex",
        "{:#}",
        found[0]
    );
}

/// An app that is told of one environment makes its stacks alone: the others are left alone, and it is said.
#[test]
fn an_assembly_of_one_environment_says_nothing_of_others() {
    let project = project("stack Network\n    stack Api");
    assembly(
        &project,
        "dev",
        &[("Network", DEV.0, DEV.1, &[]), ("Api", DEV.0, DEV.1, &[])],
    );
    let (output, found) = check(&project, &["--assembly", "dev"]);
    assert_eq!(found.len(), 0, "{}", text(&output));
    let said = text(&output);
    assert!(
        said.contains(
            "environment `prod`: not compared, no stack in dev is for 444455556666 eu-west-1"
        ),
        "{said}"
    );
    // Whoever asks for it gets it.
    let (_, found) = check(&project, &["--assembly", "dev", "--only", "prod"]);
    assert_eq!(
        codes(&found),
        ["A0942", "A0943", "A0942", "A0943"],
        "{found:#?}"
    );
    // A stack that only `prod` selects is meant for it, wherever it is.
    let project = project_of("stack Dev", "stack Prod");
    assembly(
        &project,
        "both",
        &[("Dev", DEV.0, DEV.1, &[]), ("Prod", DEV.0, PROD.1, &[])],
    );
    let (_, found) = check(&project, &["--assembly", "both"]);
    assert_eq!(codes(&found), ["A0942"], "{found:#?}");
}

fn project_of(dev: &str, prod: &str) -> Project {
    Project::new(
        "app { command = \"true\" }\n  build { run = [\"true\"] }",
        &format!(
            "{dev}\n  }}\n  environment prod {{\n    account = \"{}\"\n    region = \"{}\"\n    {prod}",
            PROD.0, PROD.1
        ),
    )
}

#[test]
fn what_is_no_assembly_is_said_and_what_names_nothing() {
    let project = project("stack Api");
    for (arguments, code) in [
        (&["--assembly", "nowhere"][..], "A0940"),
        (&["--assembly", "nobody=nowhere"], "A0940"),
        (&["--assembly", "nowhere", "--only", "prd"], "A0903"),
    ] {
        let (output, found) = check(&project, arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(codes(&found).contains(&code), "{found:#?}");
    }
    let output = project.aphex(&["check", "--only", "dev"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64), "{}", text(&output));
    // What is wrong with the file is told first, and alone.
    project.write("pipeline.aphex", "pipeline shop { cluter = \"x\" }");
    let (_, found) = check(&project, &["--assembly", "nowhere"]);
    assert!(!codes(&found).contains(&"A0940"), "{found:#?}");
}

/// The real CDK: what it makes now, without credentials, for each environment.
#[test]
fn a_synth_is_made_for_each_environment() {
    let Some(modules) = node_modules("a_synth_is_made_for_each_environment") else {
        return;
    };
    let project = project(
        "stack Network { output VpcId }\n    stack Api { context = { vpc = Network.VpcId } }",
    );
    symlink(modules, project.path().join("node_modules")).unwrap();
    let (output, found) = check(&project, &["--synth"]);
    let said = text(&output);
    assert_eq!(found.len(), 0, "{said}");
    for name in ["dev", "prod"] {
        assert!(
            said.contains(&format!(
                "environment `{name}`: 1 stack as the pipeline says"
            )),
            "{said}"
        );
        let left = format!(
            "environment `{name}`: Api not synthesised, since `vpc` is known only in a run: `Network.VpcId`"
        );
        assert!(said.contains(&left), "{said}");
    }
    // An app that fixes the account is for one environment.
    let app = std::fs::read_to_string(project.path().join("app.js")).unwrap();
    project.write(
        "app.js",
        &app.replace("process.env.CDK_DEFAULT_ACCOUNT", "'111122223333'")
            .replace("VpcId", "VpcName"),
    );
    let (_, found) = check(&project, &["--synth", "--only", "prod"]);
    assert_eq!(codes(&found), ["A0942", "A0944"], "{found:#?}");
    // And one that fails says why, once.
    project.write("app.js", "throw new Error('no such thing');");
    let (_, found) = check(&project, &["--synth"]);
    assert_eq!(codes(&found), ["A0951"], "{found:#?}");
    assert!(
        found[0].to_string().contains("no such thing"),
        "{:#}",
        found[0]
    );
    // `cdk synth` by hand leaves the same thing.
    project.write("app.js", &app);
    let made = Command::new("node_modules/.bin/cdk")
        .args(["synth", "--quiet", "--no-notices", "--output", "by-hand"])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let (_, found) = check(&project, &["--assembly", "by-hand"]);
    assert_eq!(found.len(), 0, "{found:#?}");
}

#[test]
fn without_the_cdk_it_is_said_how_to_get_it() {
    let project = project("stack Api");
    let pipeline = std::fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    project.write(
        "pipeline.aphex",
        &pipeline.replace("app {", "app { setup = [\"npm ci\"],"),
    );
    project.write("package.json", "{}");
    project.write("package-lock.json", "{}");
    let output = project
        .aphex(&["check", "--synth"])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    let said = text(&output);
    assert!(
        said.contains("error[A0950]") && said.contains("run `npm ci` first"),
        "{said}"
    );
}
