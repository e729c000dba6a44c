//! Programs as people write them.

use super::{block, env, field, pipeline, run, run_files};
use crate::eval::Bindings;
use crate::eval::data::Data;
use crate::source::MemoryFiles;

const SHOP: &str = r##"
use std.notify.{slack}
use "./fleet.aphex".{accounts, regional}

pipeline shop {
  cluster    = "company-pipelines"
  repository = "acme/shop"

  on push         { branches = ["main"] }
  on pull_request { branches = ["main"] }

  build {
    run       = ["npm ci", "npm run build"]
    artifacts = ["dist/**", "node_modules/**"]
    timeout   = 20m
  }

  environment dev {
    account = accounts.dev
    region  = "us-east-1"
    env     = { STAGE = "dev" }

    before migrate { run = ["npm run db:migrate"] }

    stack Network { output VpcId }
    stack Api     { output Url }

    test integration {
      run     = ["npm run test:integration"]
      env     = { API_URL = Api.Url, COMMIT = run.commit }
      reports = ["reports/*.xml"]
    }
  }

  wave europe {
    max_parallel = 2

    for region in ["eu-west-1", "eu-central-1"] {
      environment "prod-#{region}" = regional(accounts.prod, region) with {
        approval { message = "Ship to #{region}?", timeout = 24h }
      }
    }
  }

  notify team { on = ["failure"], to = slack(secret("slack-webhook")) }
}
"##;

const FLEET: &str = r##"
let accounts = { dev = "111122223333", prod = "444455556666" }

/// The stacks that every region gets.
fn regional(account: AccountId, region: Region) -> Environment = Environment {
  account = account
  region  = region
  env     = { STAGE = "prod" }
  stack Network
  stack Api { needs = [Network] }
}

policy approvals(p: Pipeline) {
  for env in p.environments {
    assert !starts_with(env.name, "prod") || env.approval != null,
      "production environment `#{env.name}` has no approval"
  }
}
"##;

fn shop(change: impl Fn(String) -> String) -> MemoryFiles {
    MemoryFiles::new()
        .with("pipeline.aphex", change(SHOP.to_owned()))
        .with("fleet.aphex", FLEET)
}

#[test]
fn the_shop_of_the_language() {
    let outcome = run_files(&shop(|text| text), &Bindings::new());
    let shop = outcome.pipeline();
    assert_eq!(field(shop, "name"), &Data::String("shop".into()));
    let dev = block(shop, "environment", "dev");
    assert_eq!(field(dev, "account"), &Data::String("111122223333".into()));
    let test = block(dev, "test", "integration");
    assert_eq!(field(test, "timeout"), &Data::Duration(3_600));
    let Data::Output(url) = &env(test, "API_URL").data else {
        panic!("known");
    };
    assert_eq!(url.needs[0].source.to_string(), "dev.Api.Url");
    assert_eq!(url.expression, "Api.Url");
    let wave = block(shop, "wave", "europe");
    let prod = block(wave, "environment", "prod-eu-central-1");
    assert_eq!(prod.path.to_string(), "europe.prod-eu-central-1");
    let approval = block(prod, "approval", "");
    assert_eq!(
        field(approval, "message"),
        &Data::String("Ship to eu-central-1?".into())
    );
    let Data::List(needs) = field(block(prod, "stack", "Api"), "needs") else {
        panic!("no list");
    };
    let Data::Ref(path) = &needs[0].data else {
        panic!("no reference");
    };
    assert_eq!(path.to_string(), "europe.prod-eu-central-1.Network");
}

#[test]
fn a_policy_is_told_at_the_environment() {
    let files = shop(|text| {
        text.replace(
            "approval { message = \"Ship to #{region}?\", timeout = 24h }",
            "",
        )
    });
    let outcome = run_files(&files, &Bindings::new());
    assert_eq!(
        outcome.messages(),
        ["A0452 pipeline.aphex:39 production environment `prod-eu-west-1` has no approval"]
    );
}

#[test]
fn a_condition_is_told_at_the_value_once() {
    let text = pipeline(
        "let accounts = { dev = \"12\" }",
        "stack A\n  }\n  for r in [\"eu-west-1\", \"eu-north-1\"] { environment \"x-#{r}\" { account = accounts.dev, region = r, stack A }",
    );
    let outcome = run(&text);
    assert_eq!(
        outcome.messages(),
        ["A0450 pipeline.aphex:1 an AWS account ID has 12 digits, `12` has 2"]
    );
}

#[test]
fn defaults_are_late_bound() {
    let text = pipeline(
        "fn api(name: String) -> Stack = Stack { parameters = { N = name } }",
        "stack Api = api(\"x\") with { timeout = 10m }",
    );
    let outcome = run(&text);
    let stack = block(
        block(outcome.pipeline(), "environment", "dev"),
        "stack",
        "Api",
    );
    assert_eq!(field(stack, "select"), &Data::String("Api".into()));
    assert_eq!(field(stack, "timeout"), &Data::Duration(600));
}

#[test]
fn inherited_fields_come_from_the_nearest_defaults() {
    let text = pipeline(
        "",
        "defaults { timeout = 5m }\n    test a { run = [\"x\"] }\n    test b { run = [\"x\"], timeout = 7m }\n    stack S",
    )
    .replace("build {", "defaults { timeout = 9m }\n  check c { run = [\"x\"] }\n  build {");
    let outcome = run(&text);
    let shop = outcome.pipeline();
    let dev = block(shop, "environment", "dev");
    assert_eq!(
        field(block(dev, "test", "a"), "timeout"),
        &Data::Duration(300)
    );
    assert_eq!(
        field(block(dev, "test", "b"), "timeout"),
        &Data::Duration(420)
    );
    assert_eq!(
        field(block(shop, "check", "c"), "timeout"),
        &Data::Duration(540)
    );
    assert!(shop.blocks.iter().any(|block| block.kind == "build"));
}
