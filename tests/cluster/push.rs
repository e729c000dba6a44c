//! A signed push arrives, and two environments in two accounts are as it says.

use std::time::Duration;

use serde_json::json;

use crate::place::{ACCOUNT, OTHER};
use crate::support::payloads;
use crate::team::{Team, short};

const APP: &str = r#"
const { App, CfnOutput, CfnResource, Stack } = require("aws-cdk-lib");
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const network = new Stack(app, "PushNetwork", { env });
const topic = new CfnResource(network, "Topic", { type: "AWS::SNS::Topic", properties: { TopicName: "push-" + process.env.STAGE } });
new CfnOutput(network, "TopicArn", { value: topic.ref });
const api = new Stack(app, "PushApi", { env });
new CfnResource(api, "Queue", { type: "AWS::SQS::Queue", properties: { QueueName: "push-" + process.env.STAGE } });
new CfnOutput(api, "Url", { value: "https://api.example.com/" + process.env.STAGE });
"#;

const PIPELINE: &str = r#"
  on push { branches = ["main"] }

  build { run = ["mkdir -p dist", "echo built > dist/app"], artifacts = ["dist/**"] }

  environment dev {
    account = "111122223333"
    region  = "us-east-1"
    env     = { STAGE = "dev" }

    stack PushNetwork { output TopicArn }
    stack PushApi     { output Url }

    test smoke {
      run = ["grep built dist/app", "test $API = https://api.example.com/dev", "test $TOPIC = arn:aws:sns:us-east-1:111122223333:push-dev"]
      env = { API = PushApi.Url, TOPIC = PushNetwork.TopicArn }
    }
  }

  environment prod {
    account = "444455556666"
    region  = "us-east-1"
    env     = { STAGE = "prod" }

    stack PushNetwork { output TopicArn }
    stack PushApi     { output Url }
  }

  notify commit { on = ["failure", "success"], to = github_status(secret("github", key = "token")) }
  notify ops    { on = ["failure", "success"], to = webhook("https://github.aphex-world.svc/notify/push", secret = secret("github", key = "token")) }
"#;

#[test]
fn req_1_1_1_3_1_5_2_1_2_4_3_1_5_1_5_2_5_3_a_push_reaches_production() {
    let test = "a_push_reaches_production";
    let Some(team) = Team::new(test, "push") else {
        return;
    };
    team.app(APP);
    team.pipeline(PIPELINE);
    team.token();
    let hook = team.installed();
    let commit = team.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));
    for account in [ACCOUNT, OTHER] {
        let stacks = team.place.stacks(account, "us-east-1");
        for stack in ["PushApi", "PushNetwork"] {
            assert!(stacks.contains(&stack.to_owned()), "{account}: {stacks:?}");
        }
    }
    let record = team.record_of(&run);
    assert_eq!(record["outcome"], "succeeded", "{record:#}");
    assert_eq!(record["commit"], commit.as_str());
    // What is said of it outside.
    let statuses = team
        .place
        .received(&format!("/api/v3/repos/acme/push/statuses/{commit}"));
    assert!(
        statuses
            .iter()
            .any(|status| status["body"]["state"] == "success"),
        "{statuses:#?}"
    );
    let news = team.place.received("/notify/push");
    assert!(!news.is_empty());
    // What starts nothing.
    let all = payloads::all(test).unwrap();
    let push = payloads::push(all, "main", &commit);
    assert_ne!(hook.send_signed(&push, "another secret"), 200);
    hook.send(&push.clone().with("/ref", json!("refs/tags/v1")));
    hook.send(
        &push
            .clone()
            .with("/deleted", json!(true))
            .with("/after", json!("0".repeat(40))),
    );
    hook.send(&payloads::first(all, "ping", ""));
    hook.pushed(test, "another", &commit);
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(team.runs().len(), 1, "{:#?}", team.runs());
}
