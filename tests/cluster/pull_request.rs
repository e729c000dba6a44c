//! A pull request is looked at, and changes nothing.

use std::time::Duration;

use crate::team::{Team, outcome, short};

const PIPELINE: &str = r#"
  on push         { branches = ["main"] }
  on pull_request { branches = ["main"], comment = true }
  checkout { credentials = secret("github", key = "token") }
  build { run = ["true"] }
  environment dev { account = "111122223333", region = "us-east-1"
    env = { STAGE = "of-a-pull-request" }
    stack PullRequest {}
  }
  notify commit { on = ["failure", "success"], to = github_status(secret("github", key = "token")) }
"#;

const APP: &str = r#"
const { App, CfnResource, Stack } = require("aws-cdk-lib");
const app = new App();
const stack = new Stack(app, "PullRequest", { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
new CfnResource(stack, "Topic", { type: "AWS::SNS::Topic", properties: { TopicName: process.env.STAGE } });
"#;

#[test]
fn req_1_2_a_pull_request_is_validated_and_one_of_a_fork_starts_nothing() {
    let test = "a_pull_request";
    let Some(team) = Team::new(test, "proposed") else {
        return;
    };
    team.app(APP);
    team.pipeline(PIPELINE);
    team.token();
    let hook = team.installed();
    let payload =
        |action: &str, commit: &str, from: &str| team.proposed(test, action, commit, from);
    for action in ["opened", "synchronize"] {
        let commit = team.push("feature");
        hook.send(&payload(action, &commit, "mallory/proposed"));
        std::thread::sleep(Duration::from_secs(3));
        assert!(team.run_of(&commit).is_none());
        assert_eq!(hook.send(&payload(action, &commit, "acme/proposed")), 200);
        let run = team.ended(&commit);
        assert_eq!(
            run["status"]["phase"],
            "Succeeded",
            "{action}: {}",
            short(&run)
        );
        let record = team.record_of(&run);
        assert_eq!(outcome(&record, "build"), "succeeded", "{record:#}");
        assert_eq!(record["trigger"]["event"], "pull_request");
        let statuses = team
            .place
            .received(&format!("/api/v3/repos/acme/proposed/statuses/{commit}"));
        assert!(
            statuses
                .iter()
                .any(|status| status["body"]["state"] == "success"),
            "{statuses:#?}"
        );
    }
    let stacks = team.place.stacks(crate::place::ACCOUNT, "us-east-1");
    assert!(!stacks.contains(&"PullRequest".to_owned()), "{stacks:?}");
    // One comment, made and then changed.
    let comments = team.place.received("/api/v3/repos/acme/proposed/issues/");
    let of = |method: &str| {
        comments
            .iter()
            .filter(|one| one["method"] == method)
            .count()
    };
    assert_eq!((of("POST"), of("PATCH")), (1, 1), "{comments:#?}");
}
