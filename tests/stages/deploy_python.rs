//! An app in Python, with stages of the CDK, deployed to two accounts and three regions.
#![cfg(feature = "cloud")]

use crate::deploy::{DEV, PROD, Shop, outputs, stage, text};
use crate::support::{python, tools};

/// The library that goes with the CLI of `examples/quickstart`.
const LIBRARY: (&str, &str) = ("aws-cdk-lib", "2.275.0");

/// Two stacks in a stage of the CDK that bears the environment's name; the second uses the first.
const APP: &str = r#"
import os
from aws_cdk import App, CfnOutput, CfnResource, Environment, Stack, Stage
app = App()
where = Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])
name = os.environ["STAGE"]
stage = Stage(app, name.capitalize(), env=where)
data = Stack(stage, "Data")
topic = CfnResource(data, "Topic", type="AWS::SNS::Topic", properties={"TopicName": "data-" + name})
CfnOutput(data, "TopicArn", value=topic.ref)
web = Stack(stage, "Web")
queue = CfnResource(web, "Queue", type="AWS::SQS::Queue", properties={"QueueName": "web-" + name,
    "Tags": [{"Key": "topic", "Value": topic.ref}]})
CfnOutput(web, "QueueUrl", value=queue.ref)
app.synth()
"#;

fn environment(name: &str, account: &str, region: &str, body: &str) -> String {
    let select = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    format!(
        "environment {name} {{
           account = \"{account}\"
           region = \"{region}\"
           env = {{ STAGE = \"{name}\" }}
           stack Data {{ select = \"{select}/Data\", output TopicArn }}
           stack Web {{ select = \"{select}/Web\", output QueueUrl }}
           {body}
         }}"
    )
}

/// 13.1, 13.3, 13.4: nothing but what the CDK itself wants is asked of the app.
#[test]
fn req_13_3_13_4_a_python_app_goes_to_three_regions() {
    let test = "req_13_3_13_4_a_python_app_goes_to_three_regions";
    let (library, version) = LIBRARY;
    let python = match python::program(library, version, None, "python") {
        Ok(python) => python,
        Err(missing) => return tools::skip(test, &missing, python::HELP),
    };
    let prod = [("eu", "eu-central-1"), ("ap", "ap-southeast-2")].map(|(name, region)| {
        let seen = format!(
            "test sees {{ run = [\"test \\\"$DEV\\\" = arn:aws:sns:us-east-1:{DEV}:data-dev\", \"case $OWN in arn:aws:sns:{region}:{PROD}:*) ;; *) exit 1;; esac\"], \
             env = {{ DEV = dev.Data.TopicArn, OWN = Data.TopicArn }} }}"
        );
        environment(name, PROD, region, &seen)
    });
    // Fails once, and is tried again.
    let marks = tempfile::tempdir().unwrap();
    let mark = marks.path().join("tried").display().to_string();
    let flaky = format!(
        "test flaky {{ run = [\"test -e {mark} || {{ touch {mark}; exit 1; }}\"], retry = 1 }}"
    );
    let environments = format!(
        "{}\nwave prod {{ {} }}",
        environment("dev", DEV, "us-east-1", &flaky),
        prod.join("\n")
    );
    let Some(shop) = Shop::new(test, &environments) else {
        return;
    };
    shop.write("app.py", APP);
    let app = format!(r#"{{"app": "{} app.py"}}"#, python.display());
    shop.write("cdk.json", &app);
    shop.commit();
    shop.bootstrap(DEV, "us-east-1");
    shop.bootstrap(PROD, "eu-central-1");
    shop.bootstrap(PROD, "ap-southeast-2");
    let (output, record) = shop.deploy(&[]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(shop.stacks(DEV, "us-east-1"), ["Dev-Data", "Dev-Web"]);
    assert_eq!(shop.stacks(PROD, "eu-central-1"), ["Eu-Data", "Eu-Web"]);
    assert_eq!(shop.stacks(PROD, "ap-southeast-2"), ["Ap-Data", "Ap-Web"]);
    let arn = &outputs(&record, "prod.ap.Data")["TopicArn"];
    assert_eq!(*arn, format!("arn:aws:sns:ap-southeast-2:{PROD}:data-ap"));
    let tries = stage(&record, "dev/flaky")["tries"].as_array().unwrap();
    let ended: Vec<_> = tries.iter().map(|tried| &tried["outcome"]).collect();
    assert_eq!(ended, ["failed", "succeeded"], "{record:#}");
}
