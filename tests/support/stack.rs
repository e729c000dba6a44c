//! The stack of a pipeline, for tests.

use aphex::analysis::{Analysis, analyse};
use aphex::source::MemoryFiles;
use aphex::target::stack::{Assembly, Options, synthesise};
use serde_json::Value;

/// Whatever a pipeline can say that its stack follows from. What is kept elsewhere is called `canary`, which is no secret's value.
pub const FULL: &str = r##"use std.notify.{github_status, slack, sns, webhook}

pipeline shop {
  cluster              = "company"
  repository           = "acme/shop"
  namespace            = "pipelines"
  permissions_boundary = "arn:aws:iam::111122223333:policy/boundary"

  on push         { branches = ["main"] }
  on pull_request { branches = ["main"], comment = true, role = "arn:aws:iam::111122223333:role/look" }

  store  { retention = 30d, key = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555" }
  expose ingress { host = "hooks.acme.dev" }

  app main { env = { TOKEN = ssm_secure("/shop/token") } }
  app bare { bootstrap = false }

  build { run = ["true"], env = { NPM = secrets_manager("shop/npm", key = "token"), PLAIN = "canary-plain" } }
  check licence { run = ["true"], role = "arn:aws:iam::111122223333:role/licences" }

  environment dev {
    account = "111122223333"
    region  = "eu-west-1"
    env     = { DB = secrets_manager("arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/dev"), URL = ssm("/shop/url") }
    stack Api { app = main, parameters = { Word = "canary-parameter" } }
    test e2e { run = ["echo canary-command"], role = "arn:aws:iam::111122223333:role/e2e" }
  }

  environment plain {
    account = "111122223333"
    region  = "eu-west-2"
    stack Api { app = bare }
    bake { time = 5m, alarms = ["arn:aws:cloudwatch:eu-west-2:111122223333:alarm:errors"] }
  }

  wave world {
    approval { message = "Everywhere, canary-message?" }
    environment eu {
      account = "444455556666"
      region  = "eu-central-1"
      context = { "@aws-cdk/core:bootstrapQualifier" = "acme" }
      stack Api { app = main }
    }
    environment us {
      account = "777788889999"
      region  = "us-east-1"
      role    = "arn:aws:iam::777788889999:role/deploy"
      stack Api { app = main }
    }
    test smoke { run = ["true"], env = { KEY = ssm_secure("smoke-key") } }
  }

  notify ops    { on = ["failure", "approval"], to = sns("arn:aws:sns:eu-west-1:111122223333:ops") }
  notify team   { on = ["failure"], to = slack(secrets_manager("shop/slack")) }
  notify audit  { on = ["success"], to = webhook("https://audit.acme.dev/canary-path", secret = ssm_secure("/shop/audit")) }
  notify commit { on = ["failure", "success"], to = github_status(secrets_manager("shop/github")) }
}
"##;

/// An environment, as short as can be.
pub const DEV: &str =
    "environment dev { account = \"111122223333\", region = \"eu-west-1\", stack Api }";

/// A pipeline with these lines in it.
pub fn pipeline(lines: &str) -> String {
    format!(
        "use std.notify.{{slack, sns}}\n\npipeline shop {{\n  cluster = \"company\"\n  repository = \"acme/shop\"\n  build {{ run = [\"true\"] }}\n{lines}\n}}\n"
    )
}

/// The analysis of a program that has no errors, and its files.
pub fn analysed(text: &str) -> (Analysis, MemoryFiles) {
    let files = MemoryFiles::new().with("pipeline.aphex", text);
    let analysis = analyse("pipeline.aphex", &files);
    assert!(!analysis.has_errors(), "{:#?}", analysis.diagnostics);
    (analysis, files)
}

/// The stack of a program's first pipeline.
pub fn assembly(text: &str) -> Assembly {
    let (analysis, files) = analysed(text);
    synthesise(&analysis.pipelines[0], &files, &Options::default())
}

/// Its template.
pub fn template(text: &str) -> Value {
    serde_json::from_str(&assembly(text).template).unwrap()
}
