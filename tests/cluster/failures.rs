//! What fails, and where: the run ends as it should, and the next push succeeds.

use serde_json::Value;

use crate::place::ACCOUNT;
use crate::team::{Hook, Team, outcome, short};

const APP: &str = r#"
const { App, CfnOutput, CfnResource, Stack } = require("aws-cdk-lib");
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const thing = (stack, name) => new CfnResource(stack, "Thing", { type: "AWS::IoT::Thing", properties: { ThingName: name } });
const taken = new Stack(app, "FailingTaken", { env });
thing(taken, "failing-taken");
const one = new Stack(app, "FailingOne", { env });
thing(one, process.env.BREAK === "one" ? "failing-taken" : "failing-one");
const two = new Stack(app, "FailingTwo", { env });
thing(two, process.env.BREAK === "two" ? "failing-taken" : "failing-two");
"#;

/// A pipeline in which one thing may be wrong.
fn body(broken: &str) -> String {
    let bad = |place: &str| match place == broken {
        true => "echo the last words; exit 3",
        false => "true",
    };
    let needs = match broken {
        "tool" => "no-such-tool --version",
        _ => "true",
    };
    let address = match broken {
        "notification" => "dead",
        _ => "notify",
    };
    format!(
        r#"
  on push {{ branches = ["main"] }}
  build {{ run = ["{build}", "{needs}"] }}
  environment dev {{
    account = "111122223333"
    region  = "us-east-1"
    env     = {{ BREAK = "{broken}" }}
    before migrate {{ run = ["{hook}"] }}
    stack FailingTaken {{}}
    stack FailingOne {{}}
    stack FailingTwo {{}}
    test smoke {{ run = ["{test}"] }}
  }}
  environment prod {{
    account = "444455556666"
    region  = "us-east-1"
    step work {{ run = ["true"] }}
  }}
  notify ops {{ on = ["failure", "success"], to = webhook("https://github.aphex-world.svc/{address}/failing") }}
"#,
        build = bad("build"),
        hook = bad("hook"),
        test = bad("test"),
    )
}

/// Pushes a pipeline; its run, ended, and the record of it.
fn run(team: &Team, hook: &Hook<'_>, broken: &str) -> (Value, Value) {
    team.pipeline(&body(broken));
    let commit = team.push("main");
    assert_eq!(hook.pushed("failures", "main", &commit), 200);
    let run = team.ended(&commit);
    let record = team.record_of(&run);
    (run, record)
}

#[test]
fn req_2_5_5_4_6_2_8_2_9_5_whatever_fails_ends_the_run_and_the_next_push_succeeds() {
    let Some(team) = Team::new("whatever_fails", "failing") else {
        return;
    };
    team.app(APP);
    team.pipeline(&body(""));
    let hook = team.installed();
    for (broken, stage, words) in [
        ("build", "build", "the last words"),
        ("tool", "tools", "no-such-tool"),
        ("one", "dev/deploy", "FailingOne"),
        ("two", "dev/deploy", "FailingTwo"),
        ("test", "dev/smoke", "the last words"),
        ("hook", "dev/migrate", "the last words"),
    ] {
        let (run, record) = run(&team, &hook, broken);
        assert_eq!(
            run["status"]["phase"],
            "Failed",
            "{broken}: {}",
            short(&run)
        );
        assert_eq!(record["outcome"], "failed", "{broken}: {record:#}");
        assert_eq!(outcome(&record, stage), "failed", "{broken}: {record:#}");
        assert!(record.to_string().contains(words), "{broken}: {record:#}");
        assert_eq!(outcome(&record, "prod/work"), "", "{broken}: {record:#}");
        let stacks = team.place.stacks(ACCOUNT, "us-east-1");
        let first_is_there = !["build", "tool", "one"].contains(&broken);
        assert_eq!(
            stacks.contains(&"FailingOne".to_owned()),
            first_is_there,
            "{broken}: {stacks:?}"
        );
        let second_is_there = ["hook", "test"].contains(&broken);
        assert_eq!(
            stacks.contains(&"FailingTwo".to_owned()),
            second_is_there,
            "{broken}: {stacks:?}"
        );
    }
    let (ended, record) = run(&team, &hook, "notification");
    assert_eq!(ended["status"]["phase"], "Succeeded", "{}", short(&ended));
    assert_eq!(record["outcome"], "succeeded", "{record:#}");
    let (ended, record) = run(&team, &hook, "");
    assert_eq!(ended["status"]["phase"], "Succeeded", "{}", short(&ended));
    assert_eq!(outcome(&record, "prod/work"), "succeeded", "{record:#}");
    let news = team.place.received("/notify/failing");
    assert_eq!(news.len(), 7, "{news:#?}");
}
