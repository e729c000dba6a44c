//! The text of a pipeline to start from.

/// What the starter is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    /// The pipeline's name.
    pub name: String,
    /// `owner/name` at GitHub.
    pub repository: String,
    /// The branch whose commits are deployed.
    pub branch: String,
    /// The EKS cluster that runs the pipeline.
    pub cluster: String,
    /// The account deployed to; `None` where it is not known yet.
    pub account: Option<String>,
    /// The region deployed to.
    pub region: String,
    /// The stack deployed.
    pub stack: String,
    /// Where the CDK app is.
    pub app: App,
    /// The directory of the repository that the project is in, where that is not its root.
    pub directory: Option<String>,
    /// What builds the project; empty where that is not known.
    pub build: Vec<String>,
    /// What tests it; empty where that is not known.
    pub test: Vec<String>,
}

/// The CDK app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its directory in the repository, `.` for the root.
    pub dir: String,
    /// What makes it ready for a synth.
    pub setup: Vec<String>,
    /// Whether there is none, so that one is written to `infra` beside the pipeline.
    pub missing: bool,
}

/// The directory of a CDK app that is written, beside the pipeline.
pub const INFRA: &str = "infra";

/// The account that stands for one that is not known yet.
pub const PLACEHOLDER_ACCOUNT: &str = "111122223333";

impl Starter {
    /// `pipeline.aphex`.
    pub fn pipeline(&self) -> String {
        let mut text = format!(
            "//! Builds {name} and deploys it to one environment.\n\n\
             pipeline {label} {{\n\
             \x20 cluster    = {cluster}\n\
             \x20 repository = {repository}\n\n\
             \x20 on push {{ branches = [{branch}] }}\n\n",
            name = self.name,
            label = label(&self.name),
            cluster = quote(&self.cluster),
            repository = quote(&self.repository),
            branch = quote(&self.branch),
        );
        let dir = (self.app.dir != ".").then(|| format!("dir = {}", quote(&self.app.dir)));
        let setup =
            (!self.app.setup.is_empty()).then(|| format!("setup = {}", list(&self.app.setup)));
        let app: Vec<String> = dir.into_iter().chain(setup).collect();
        if !app.is_empty() {
            text.push_str(&format!("  app {{ {} }}\n\n", app.join(", ")));
        }
        let dir = self
            .directory
            .as_ref()
            .map(|dir| format!("dir = {}", quote(dir)));
        let own_line = dir
            .as_ref()
            .map_or_else(String::new, |dir| format!("    {dir}\n"));
        match self.build.as_slice() {
            [] => text.push_str(
                "  build {\n    // What builds the project, a command each.\n    run = [\"echo nothing to build yet\"]\n  }\n\n",
            ),
            commands => text.push_str(&format!(
                "  build {{\n{own_line}    run = {}\n  }}\n\n",
                list(commands)
            )),
        }
        if !self.test.is_empty() {
            let dir = dir.map_or_else(String::new, |dir| format!("{dir}, "));
            text.push_str(&format!(
                "  check unit {{ {dir}run = {} }}\n\n",
                list(&self.test)
            ));
        }
        let account = match &self.account {
            Some(account) => quote(account),
            None => format!(
                "{} // put your account's ID here",
                quote(PLACEHOLDER_ACCOUNT)
            ),
        };
        text.push_str(&format!(
            "  environment dev {{\n    account = {account}\n    region  = {}\n\n    stack {}\n  }}\n}}\n",
            quote(&self.region),
            label(&self.stack),
        ));
        text
    }

    /// Every file of the starter: its path, with `/`, and its text.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = vec![("pipeline.aphex".to_owned(), self.pipeline())];
        if self.app.missing {
            let package = PACKAGE.replace("NAME", &self.name);
            files.push((format!("{INFRA}/cdk.json"), CDK.to_owned()));
            files.push((format!("{INFRA}/package.json"), package));
            files.push((format!("{INFRA}/app.js"), APP.replace("STACK", &self.stack)));
        }
        files
    }
}

const CDK: &str = "{ \"app\": \"node app.js\" }\n";

const PACKAGE: &str = r#"{
  "name": "NAME-infra",
  "version": "1.0.0",
  "private": true,
  "dependencies": {
    "aws-cdk": "2.1148.1",
    "aws-cdk-lib": "2.275.0",
    "constructs": "^10.8.1"
  }
}
"#;

const APP: &str = r#"// What is deployed: one stack to start from, with one parameter in it.
const { App, CfnOutput, Stack } = require("aws-cdk-lib");
const { StringParameter } = require("aws-cdk-lib/aws-ssm");

const app = new App();
const stack = new Stack(app, "STACK", {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
const greeting = new StringParameter(stack, "Greeting", { stringValue: "hello" });
new CfnOutput(stack, "GreetingName", { value: greeting.parameterName });
"#;

/// A string literal.
fn quote(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("#{", "\\#{");
    format!("\"{text}\"")
}

/// A label: a name where it can be one, else a string.
fn label(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
    let rest = letters.all(|c| c.is_ascii_alphanumeric() || c == '-');
    match first && rest && !text.contains("--") && !text.ends_with('-') && !is_reserved(text) {
        true => text.to_owned(),
        false => quote(text),
    }
}

fn is_reserved(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "use", "let", "fn", "type", "schema", "block", "policy", "pipeline", "for", "in", "if",
        "else", "match", "with", "assert", "where", "true", "false", "null", "as",
    ];
    WORDS.contains(&word)
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}
