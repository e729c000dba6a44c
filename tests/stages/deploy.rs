//! Deployments as a person makes them: the real CDK CLI and library, and an emulator of AWS with several accounts and regions.
#![cfg(feature = "cloud")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::cdk::node_modules;
use crate::support::ministack::{Faults, Ministack};
use crate::support::project::git;
use crate::support::{markdown, tools, transcript};
use serde_json::Value;

pub const DEV: &str = "111122223333";
pub const PROD: &str = "444455556666";

/// Five stacks that hang together. A context or a variable lets one of them fail.
const APP: &str = r#"
const { App, CfnOutput, CfnResource, CfnParameter, Stack } = require("aws-cdk-lib");
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const network = new Stack(app, "Network", { env });
const topic = new CfnResource(network, "Topic", { type: "AWS::SNS::Topic", properties: { TopicName: "shop-" + process.env.STAGE } });
new CfnResource(network, "Thing", { type: "AWS::IoT::Thing", properties: { ThingName: "taken" } });
new CfnOutput(network, "TopicArn", { value: topic.ref });
if (!process.env.NO_VPC) new CfnOutput(network, "VpcId", { value: "vpc-" + process.env.STAGE });
const api = new Stack(app, "Api", { env });
const broken = process.env.BREAK === "yes";
new CfnResource(api, "Queue", broken
  ? { type: "AWS::IoT::Thing", properties: { ThingName: "taken" } }
  : { type: "AWS::SQS::Queue", properties: { QueueName: "shop-" + (app.node.tryGetContext("vpc") || "none") } });
new CfnOutput(api, "Url", { value: "https://api.example.com/" + process.env.STAGE });
const web = new Stack(app, "Web", { env });
const stage = new CfnParameter(web, "Stage");
new CfnResource(web, "Topic", { type: "AWS::SNS::Topic", properties: { TopicName: "web-" + stage.valueAsString } });
new CfnOutput(web, "Url", { value: "https://web.example.com/" + stage.valueAsString });
"#;

/// A CDK app with its pipeline, in a Git repository, and an AWS with accounts that are bootstrapped.
pub struct Shop {
    folder: tempfile::TempDir,
    pub aws: Ministack,
}

impl Shop {
    pub fn new(test: &str, environments: &str) -> Option<Shop> {
        let modules = node_modules(test)?;
        let aws = Ministack::start(test)?;
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop { folder, aws };
        shop.write("app.js", APP);
        shop.write("cdk.json", r#"{"app": "node app.js"}"#);
        shop.write(".gitignore", "node_modules\n");
        shop.write(
            "pipeline.aphex",
            &format!(
                "pipeline shop {{\n  cluster = \"company-pipelines\"\n  repository = \"acme/shop\"\n  on push {{ branches = [\"main\"] }}\n  \
                 app {{ setup = [\"ln -sfn {} node_modules\"] }}\n  build {{ run = [\"true\"] }}\n{environments}\n}}\n",
                modules.display()
            ),
        );
        symlink(&modules, shop.path().join("node_modules")).unwrap();
        git(shop.path(), &["init", "--quiet", "--initial-branch=main"]);
        shop.commit();
        Some(shop)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub fn commit(&self) {
        git(self.path(), &["add", "--all"]);
        git(self.path(), &["commit", "--quiet", "-m", "a change"]);
    }

    pub fn command(&self, program: &Path, account: &str, region: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .envs(self.aws.environment(account, region))
            .envs([
                ("CDK_DISABLE_CLI_TELEMETRY", "true"),
                ("NODE_OPTIONS", "--no-warnings"),
            ])
            .env("CDK_VALIDATION", "false")
            .stdin(Stdio::null());
        command
    }

    pub fn bootstrap(&self, account: &str, region: &str) {
        let output = self
            .command(&self.path().join("node_modules/.bin/cdk"), account, region)
            .args(["bootstrap", "--no-notices", "--app", ""])
            .arg(format!("aws://{account}/{region}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }

    /// `aphex run --deploy`, its output and its record.
    pub fn deploy(&self, arguments: &[&str]) -> (Output, Value) {
        self.run(&[&["--deploy"], arguments].concat())
    }

    /// `aphex run --deploy` by way of these faults, its output and its record.
    pub fn deploy_by(&self, faults: &Faults) -> (Output, Value) {
        let mut command = self.aphex(&["run", "--deploy"]);
        command.envs(faults.environment(DEV, "us-east-1"));
        self.finished(command)
    }

    /// `aphex run`, its output and its record.
    pub fn run(&self, arguments: &[&str]) -> (Output, Value) {
        self.finished(self.aphex(&[&["run"], arguments].concat()))
    }

    fn aphex(&self, arguments: &[&str]) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_aphex"));
        let mut command = self.command(program, DEV, "us-east-1");
        command.args(arguments);
        command
    }

    fn finished(&self, mut command: Command) -> (Output, Value) {
        let output = command.output().unwrap();
        let runs = self.path().join(".aphex/store/runs");
        let mut records: Vec<PathBuf> = fs::read_dir(runs)
            .unwrap()
            .map(|run| run.unwrap().path().join("record.json"))
            .collect();
        records.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        let record = fs::read_to_string(records.last().unwrap()).unwrap();
        (output, serde_json::from_str(&record).unwrap())
    }

    /// The stacks of an account in a region that are as they should be.
    pub fn stacks(&self, account: &str, region: &str) -> Vec<String> {
        let authorization = crate::support::http::authorization(account, region, "cloudformation");
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let body = "Action=DescribeStacks&Version=2010-05-15";
        let (status, answer) = crate::support::http::ask(&self.aws.url, "POST", &headers, body);
        assert_eq!(status, 200, "{answer}");
        let document = roxmltree::Document::parse(&answer).unwrap();
        let of = |node: roxmltree::Node<'_, '_>, name: &str| {
            let found = node
                .children()
                .find(|child| child.tag_name().name() == name);
            found
                .and_then(|child| child.text())
                .unwrap_or_default()
                .to_owned()
        };
        let members = document.descendants().filter(|node| {
            node.tag_name().name() == "member"
                && node
                    .children()
                    .any(|child| child.tag_name().name() == "StackStatus")
        });
        let mut names: Vec<String> = members
            .filter(|member| of(*member, "StackStatus").ends_with("E_COMPLETE"))
            .map(|member| of(member, "StackName"))
            .filter(|name| name != "CDKToolkit")
            .collect();
        names.sort();
        names
    }
}

pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

pub fn stage<'a>(record: &'a Value, path: &str) -> &'a Value {
    let stages = record["stages"].as_array().unwrap();
    let found = stages.iter().find(|stage| stage["path"] == path);
    found.unwrap_or_else(|| panic!("no stage {path}: {record:#}"))
}

/// The outputs that a run has recorded of a stack.
pub fn outputs<'a>(record: &'a Value, stack: &str) -> &'a Value {
    let stages = record["stages"].as_array().unwrap();
    let tries = stages
        .iter()
        .filter_map(|stage| stage["tries"].as_array())
        .flatten();
    let mut outputs = tries.filter_map(|tried| tried["outputs"].get(stack));
    outputs.next().unwrap_or(&Value::Null)
}

fn environment(name: &str, account: &str, region: &str, body: &str) -> String {
    format!(
        "  environment {name} {{\n    account = \"{account}\"\n    region = \"{region}\"\n    env = {{ STAGE = \"{name}\" }}\n    {body}\n  }}"
    )
}

const STACKS: &str = r#"stack Network { output VpcId, output TopicArn }
    stack Api { context = { vpc = Network.VpcId }, output Url }
    stack Web { parameters = { Stage = run.branch }, output Url }
    test outputs { run = ["test \"$API\" = https://api.example.com/$STAGE", "test \"$AWS_REGION\" = \"$WANTED\""], env = { API = Api.Url, WANTED = region } }"#;

/// 5.1, 5.2, 5.3, 5.5, 12.1, 12.2, 12.3: from a commit to stacks in two accounts and regions, in the order written, each group synthesised when its values are
/// known, outputs handed on; and once more, which changes nothing.
#[test]
fn req_5_1_5_2_5_3_5_5_a_shop_from_its_commit_to_production() {
    let test = "req_5_1_5_2_5_3_5_5_a_shop_from_its_commit_to_production";
    let body = |region: &str| STACKS.replace("WANTED = region", &format!("WANTED = \"{region}\""));
    let environments = [
        environment("dev", DEV, "us-east-1", &body("us-east-1")),
        environment(
            "prod",
            PROD,
            "eu-central-1",
            &format!(
                "role = \"arn:aws:iam::{PROD}:role/deploy\"\n    {}",
                body("eu-central-1")
            ),
        ),
    ];
    let Some(shop) = Shop::new(test, &environments.join("\n")) else {
        return;
    };
    shop.bootstrap(DEV, "us-east-1");
    shop.bootstrap(PROD, "eu-central-1");
    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(record["outcome"], "succeeded");
    assert_eq!(shop.stacks(DEV, "us-east-1"), ["Api", "Network", "Web"]);
    assert_eq!(shop.stacks(PROD, "eu-central-1"), ["Api", "Network", "Web"]);
    assert_eq!(outputs(&record, "dev.Network")["VpcId"], "vpc-dev");
    assert_eq!(
        outputs(&record, "prod.Api")["Url"],
        "https://api.example.com/prod"
    );
    assert_eq!(
        outputs(&record, "prod.Web")["Url"],
        "https://web.example.com/main"
    );
    let arn = outputs(&record, "prod.Network")["TopicArn"]
        .as_str()
        .unwrap();
    assert!(
        arn.starts_with(&format!("arn:aws:sns:eu-central-1:{PROD}:")),
        "{arn}"
    );

    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("no changes"), "{said}");
    assert_eq!(
        outputs(&record, "dev.Network")["VpcId"],
        "vpc-dev",
        "{record:#}"
    );
}

/// 5.4, 8.4: the second stack fails (`DEPLOY_FAILED`), the third is never tried, nor is what comes after; the record says which resource, why and what became of it.
#[test]
fn req_5_4_8_4_a_stack_that_fails_ends_the_run_and_says_why() {
    let test = "req_5_4_8_4_a_stack_that_fails_ends_the_run_and_says_why";
    let broken = "before migrate { run = [\"echo migrated\"] }\n    stack Network\n    stack Api\n    stack Web { parameters = { Stage = \"x\" } }";
    let dev = environment("dev", DEV, "us-east-1", broken)
        .replace("STAGE = \"dev\"", "STAGE = \"dev\", BREAK = \"yes\"");
    let prod = environment("prod", DEV, "us-west-2", "stack Network");
    let Some(shop) = Shop::new(test, &format!("{dev}\n{prod}")) else {
        return;
    };
    shop.bootstrap(DEV, "us-east-1");
    shop.bootstrap(DEV, "us-west-2");
    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(record["outcome"], "failed");
    assert_eq!(shop.stacks(DEV, "us-east-1"), ["Network"], "{said}");
    assert_eq!(shop.stacks(DEV, "us-west-2"), Vec::<String>::new());
    let deploy = stage(&record, "dev/deploy");
    let error = &deploy["tries"][0]["error"];
    assert_eq!(error["code"], "A0952", "{error:#}");
    let notes = error["notes"].to_string();
    assert!(
        notes.contains("`Queue` (AWS::IoT::Thing) CREATE_FAILED: "),
        "{error:#}"
    );
    assert!(
        notes.contains("stack `Api` is ROLLBACK_COMPLETE now"),
        "{error:#}"
    );
    assert!(
        error["help"].as_str().unwrap().contains("rolled back"),
        "{error:#}"
    );
    assert!(!said.contains("│   Web\n"), "{said}");
    // Of the stacks that one call was to deploy, the record has those that were begun.
    let commands = deploy["tries"][0]["commands"].as_array().unwrap();
    let deployed: Vec<(&str, i64)> = commands
        .iter()
        .map(|one| {
            (
                one["command"].as_str().unwrap(),
                one["exit_code"].as_i64().unwrap(),
            )
        })
        .filter(|(command, _)| command.starts_with("cdk deploy"))
        .collect();
    assert_eq!(deployed, [("cdk deploy Network", 0), ("cdk deploy Api", 1)]);
    let outputs = outputs(&record, "dev.Network");
    assert_eq!(outputs["VpcId"], "vpc-dev", "{outputs:#}");
    assert!(
        stage(&record, "prod/deploy").get("outcome").is_none(),
        "{record:#}"
    );

    told_as_the_page_says(&said);

    // Repaired, the same run goes through.
    let fixed = fs::read_to_string(shop.path().join("pipeline.aphex")).unwrap();
    shop.write("pipeline.aphex", &fixed.replace(", BREAK = \"yes\"", ""));
    shop.commit();
    let (output, _) = shop.deploy(&["--only", "dev"]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(shop.stacks(DEV, "us-east-1"), ["Api", "Network", "Web"]);
}

/// The lines of the deployment are those that docs/run.md shows of one that fails.
fn told_as_the_page_says(said: &str) {
    let own: String = said
        .lines()
        .filter(|line| line.starts_with("dev/deploy "))
        .map(|line| format!("{line}\n"))
        .collect();
    let page = fs::read_to_string(tools::root().join("docs/run.md")).unwrap();
    let blocks = markdown::blocks(&page);
    let shown = blocks
        .iter()
        .find(|block| block.section == "When one failed" && block.info == "text")
        .unwrap();
    assert!(transcript::fits(&shown.text, &own), "{own}");
}

/// An output that the file declares and the app no longer has is found by the synth: nothing is deployed.
#[test]
pub fn outputs_that_have_gone_are_found_before_anything_is_deployed() {
    let test = "outputs_that_have_gone_are_found_before_anything_is_deployed";
    let dev = environment("dev", DEV, "us-east-1", "stack Network { output VpcId }")
        .replace("STAGE = \"dev\"", "STAGE = \"dev\", NO_VPC = \"1\"");
    let Some(shop) = Shop::new(test, &dev) else {
        return;
    };
    shop.bootstrap(DEV, "us-east-1");
    let (output, _) = shop.deploy(&[]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error[A0944]"), "{said}");
    assert_eq!(shop.stacks(DEV, "us-east-1"), Vec::<String>::new());
}

/// A hook before the stacks that fails keeps them from being deployed.
#[test]
fn a_migration_that_fails_deploys_nothing() {
    let test = "a_migration_that_fails_deploys_nothing";
    let dev = environment(
        "dev",
        DEV,
        "us-east-1",
        "before migrate { run = [\"echo no such table; exit 3\"] }\n    stack Network",
    );
    let Some(shop) = Shop::new(test, &dev) else {
        return;
    };
    shop.bootstrap(DEV, "us-east-1");
    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(stage(&record, "dev/migrate")["outcome"], "failed");
    assert!(stage(&record, "dev/deploy").get("outcome").is_none());
    assert_eq!(shop.stacks(DEV, "us-east-1"), Vec::<String>::new());
}
