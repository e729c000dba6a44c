//! Several stacks in one call of the CDK CLI: their order, their times, and what is said of each.
#![cfg(feature = "cloud")]

use crate::deploy::{DEV, Shop, outputs, stage, text};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";

/// Stacks whose names, dependencies and manifests would have the CLI deploy them in another order than the file's; one has nothing in it.
const APP: &str = r#"
const { App, CfnCondition, CfnOutput, CfnParameter, CfnResource, Fn, Stack, Stage, aws_s3_assets } = require("aws-cdk-lib");
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
function stack(scope, name, props) {
  const stack = new Stack(scope, name, { env, ...props });
  const topic = new CfnResource(stack, "Topic", { type: "AWS::SNS::Topic", properties: { TopicName: "t-" + stack.stackName } });
  new CfnOutput(stack, "Arn", { value: topic.ref });
  return stack;
}
const alpha = stack(app, "Alpha");
const mid = stack(app, "Mid", { stackName: "shop-mid" });
const zeta = stack(app, "Zeta");
alpha.addDependency(mid);
new Stack(app, "Empty", { env, analyticsReporting: false });
new aws_s3_assets.Asset(mid, "Code", { path: __filename });
const parameter = new CfnParameter(mid, "Wanted", { default: "no" });
const condition = new CfnCondition(mid, "IsWanted", { expression: Fn.conditionEquals(parameter.valueAsString, "yes") });
new CfnOutput(mid, "Extra", { value: "extra", condition });
const inner = new Stage(app, "Inner", { env });
stack(inner, "Zulu");
stack(inner, "Able");
"#;

fn shop(test: &str, stacks: &str) -> Option<Shop> {
    let dev = format!(
        "  environment dev {{\n    account = \"{DEV}\"\n    region = \"{REGION}\"\n    {stacks}\n  }}"
    );
    let shop = Shop::new(test, &dev)?;
    shop.write("app.js", APP);
    shop.commit();
    shop.bootstrap(DEV, REGION);
    Some(shop)
}

/// The calls of the CLI that deploy.
fn calls(said: &str) -> Vec<&str> {
    let lines = said.lines().filter_map(|line| line.split_once("│ $ "));
    let commands = lines.map(|(_, command)| command.trim_end());
    commands
        .filter(|command| command.starts_with("cdk deploy"))
        .collect()
}

/// The commands that the record has of the deployment, with their exit codes.
fn commands(record: &Value) -> Vec<(String, i64)> {
    let commands = stage(record, "dev/deploy")["tries"][0]["commands"]
        .as_array()
        .unwrap();
    let deployed = commands.iter().filter_map(|command| {
        let text = command["command"].as_str()?;
        let stack = text.strip_prefix("cdk deploy ")?;
        Some((
            stack.to_owned(),
            command["exit_code"].as_i64().unwrap_or(-1),
        ))
    });
    deployed.collect()
}

/// Each of these stands in the text, after the one before.
fn assert_in_order(said: &str, wanted: &[&str]) {
    let mut rest = said;
    for text in wanted {
        let at = rest.find(text);
        let at = at.unwrap_or_else(|| panic!("no `{text}` after what is before it: {said}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn req_5_2_13_2_one_call_deploys_stacks_in_the_order_written_and_each_is_told() {
    let test = "req_5_2_13_2_one_call_deploys_stacks_in_the_order_written_and_each_is_told";
    let stacks = "stack Zeta { output Arn }\n    stack Mid { parameters = { Wanted = \"yes\" }, output Arn }\n    stack Empty\n    stack Alpha { output Arn }\n    \
                  stack Zulu { select = \"Inner/Zulu\" }\n    stack Able { select = \"Inner/Able\", output Arn }";
    let Some(shop) = shop(test, stacks) else {
        return;
    };
    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        calls(&said),
        [
            "cdk deploy Zeta Mid Empty Alpha",
            "cdk deploy Inner/Zulu Inner/Able"
        ]
    );
    assert_in_order(
        &said,
        &[
            "│   Zeta\n",
            "created Topic (AWS::SNS::Topic)",
            "│   Zeta: deployed after ",
            "    Arn = arn:aws:sns:us-east-1:111122223333:t-Zeta",
            "    published Code (111122223333-us-east-1",
            "│   Mid\n",
            "│   Mid: deployed after ",
            "    Extra = extra",
            "│   Empty\n",
            "Empty: stack has no resources, skipping deployment.",
            "│   Alpha\n",
            "│   Alpha: deployed after ",
            "│   Inner/Zulu: deployed after ",
            "│   Inner/Able: deployed after ",
        ],
    );
    // No row of the CLI's table is left, nor anything of the CLI's metadata.
    for row in [" | ", "CREATE_", "Metadata", "changeset", "✨", "Stack ARN"] {
        assert!(!said.contains(row), "{row}: {said}");
    }
    // Of the empty stack nobody knows outputs, so it is asked about once more at the end of its call.
    let all = ["Zeta", "Mid", "Alpha", "Empty", "Inner/Zulu", "Inner/Able"];
    assert_eq!(commands(&record), all.map(|name| (name.to_owned(), 0)));
    for (stack, name) in [
        ("Zeta", "Zeta"),
        ("Mid", "shop-mid"),
        ("Alpha", "Alpha"),
        ("Able", "Inner-Able"),
    ] {
        let outputs = outputs(&record, &format!("dev.{stack}"));
        let arn = format!("arn:aws:sns:{REGION}:{DEV}:t-{name}");
        assert_eq!(outputs["Arn"], arn, "{outputs:#}");
    }
    assert_eq!(
        shop.stacks(DEV, REGION),
        ["Alpha", "Inner-Able", "Inner-Zulu", "Zeta", "shop-mid"]
    );

    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_in_order(
        &said,
        &["Zeta: no changes, after ", "Inner/Able: no changes, after "],
    );
    assert_eq!(commands(&record).len(), all.len());
}

/// What is declared and there only where a condition holds is looked at before anything else is deployed.
#[test]
fn a_condition_that_is_false_ends_the_deployment_before_the_next_stack() {
    let test = "a_condition_that_is_false_ends_the_deployment_before_the_next_stack";
    let stacks = "stack Zeta\n    stack Mid { output Extra }\n    stack Alpha";
    let Some(shop) = shop(test, stacks) else {
        return;
    };
    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("stack `Mid` was deployed, and has no output `Extra`"),
        "{said}"
    );
    assert_eq!(calls(&said), ["cdk deploy Zeta Mid"]);
    assert_eq!(shop.stacks(DEV, REGION), ["Zeta", "shop-mid"]);
    assert_eq!(stage(&record, "dev/deploy")["outcome"], "failed");
}

/// A stack's time begins when the one before it is deployed; when it is over, that is what the record says.
#[test]
fn req_10_4_each_stack_of_a_call_has_its_own_time() {
    let test = "req_10_4_each_stack_of_a_call_has_its_own_time";
    let stacks = "stack Zeta { timeout = 1h }\n    stack Zulu { select = \"Inner/Zulu\" }\n    \
                  stack Able { select = \"Inner/Able\", timeout = 1s }\n    stack Mid";
    let Some(shop) = shop(test, stacks) else {
        return;
    };
    let Some(faults) = shop.aws.faults(test) else {
        return;
    };
    // Longer than the last stack may take.
    faults.set(
        &json!([{ "service": "cloudformation", "operation": "CreateChangeSet", "latency": 2500 }]),
    );
    let (output, record) = shop.deploy_by(&faults);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("`cdk deploy Inner/Zulu Inner/Able` was stopped: its time of 1 s is over"),
        "{said}"
    );
    assert!(
        said.contains("stack `Inner/Able` was not deployed"),
        "{said}"
    );
    let deploy = stage(&record, "dev/deploy");
    assert_eq!(deploy["outcome"], "timed-out", "{deploy:#}");
    assert_eq!(
        commands(&record),
        [
            ("Zeta".to_owned(), 0),
            ("Inner/Zulu".to_owned(), 0),
            ("Inner/Able".to_owned(), -1)
        ]
    );
    let mut stacks = shop.stacks(DEV, REGION);
    stacks.retain(|stack| stack != "Inner-Able");
    assert_eq!(stacks, ["Inner-Zulu", "Zeta"], "{said}");
}
