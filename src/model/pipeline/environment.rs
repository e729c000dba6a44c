//! Environments, waves, and what is deployed to them.

use crate::eval::data::BlockPath;
use crate::model::{Env, Message, Ref, Seconds, Step, Text};
use crate::source::{Span, Spanned};

/// What stands at a pipeline's top among its stages.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a pipeline has few waves, and each is read in place"
)]
pub enum Target {
    /// One environment.
    Environment(Box<Environment>),
    /// Several side by side.
    Wave(Wave),
}

/// A deployment target: one account, one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub path: BlockPath,
    /// The block.
    pub span: Span,
    /// The AWS account: twelve digits.
    pub account: Text,
    /// The AWS region.
    pub region: Text,
    /// A role in place of the CDK bootstrap roles.
    pub role: Option<Text>,
    /// For synth and for every step, as this block itself gives it.
    pub env: Env,
    /// CDK context for every synth.
    pub context: Env,
    /// What it waits for beyond the order written; `None`: what is written before it.
    pub needs: Option<Vec<Ref>>,
    /// Whether a run reaches it by itself.
    pub start: Start,
    /// How many of its stages may run side by side.
    pub max_parallel: Spanned<u32>,
    /// Asked before anything else.
    pub approval: Option<Approval>,
    /// Pre-deployment hooks.
    pub before: Vec<Step>,
    /// Stacks and steps as written.
    pub body: Vec<Deployment>,
    /// Post-deployment hooks.
    pub after: Vec<Step>,
    /// Tests.
    pub tests: Vec<Step>,
    /// Watched after everything else.
    pub bake: Option<Bake>,
    /// Where it can be looked at: the link of the GitHub Deployment.
    pub url: Option<Spanned<Message>>,
    /// Whether an error in it has been reported; then it is not compared with others.
    pub partial: bool,
}

impl Environment {
    /// Its stacks in order.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.body.iter().filter_map(|item| match item {
            Deployment::Stack(stack) => Some(&**stack),
            Deployment::Step(_) => None,
        })
    }

    /// Every step of every kind: before, among the stacks, after, tests.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        let middle = self.body.iter().filter_map(|item| match item {
            Deployment::Step(step) => Some(&**step),
            Deployment::Stack(_) => None,
        });
        self.before
            .iter()
            .chain(middle)
            .chain(&self.after)
            .chain(&self.tests)
    }
}

/// What an environment deploys, in the order written.
#[derive(Clone, Debug, PartialEq)]
pub enum Deployment {
    /// `stack NAME`
    Stack(Box<Stack>),
    /// `step NAME`
    Step(Box<Step>),
}

/// Whether a run reaches an environment by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// In its turn.
    Auto,
    /// When a person starts it; blocks nothing.
    Manual,
}

/// Environments side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub path: BlockPath,
    /// The block.
    pub span: Span,
    /// How many of its environments at once; `None`: all.
    pub max_parallel: Option<Spanned<u32>>,
    /// Whether one failure stops those that have not begun.
    pub fail_fast: bool,
    /// What it waits for; `None`: what is written before it.
    pub needs: Option<Vec<Ref>>,
    /// Asked before any of them.
    pub approval: Option<Approval>,
    /// In order.
    pub environments: Vec<Environment>,
    /// After all of them.
    pub tests: Vec<Step>,
}

/// A CDK stack of an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Its label.
    pub name: Text,
    /// Where it stands.
    pub path: BlockPath,
    /// The block.
    pub span: Span,
    /// What the CDK CLI is told to deploy: an id, a path in a nested assembly, or a pattern.
    pub select: Text,
    /// The name of the app that makes it.
    pub app: Text,
    /// Outputs that the program declares.
    pub outputs: Vec<Text>,
    /// CDK context for its synth, that of the environment not included.
    pub context: Env,
    /// CloudFormation parameters.
    pub parameters: Env,
    /// What it waits for beyond the order written.
    pub needs: Vec<Ref>,
    /// How it is deployed.
    pub method: DeployMethod,
    /// Whether resources that exist already are taken over.
    pub import_existing: bool,
    /// Whether a failure is rolled back.
    pub rollback: bool,
    /// After this long the deployment has failed.
    pub timeout: Option<Seconds>,
    /// Whether an error in it has been reported.
    pub partial: bool,
}

/// `cdk deploy --method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeployMethod {
    /// Through a change set (the default).
    ChangeSet,
    /// Without one.
    Direct,
}

/// A CDK app.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Its label; `app` where it has none.
    pub name: Text,
    /// Its folder, relative to the repository.
    pub dir: Text,
    /// The command that synthesises; `None`: what `cdk.json` says.
    pub command: Option<Text>,
    /// Run before the synth.
    pub setup: Vec<Text>,
    /// For setup and synth.
    pub env: Env,
    /// CDK context.
    pub context: Env,
    /// The image that synthesises and deploys; `None` is the default deployer image.
    pub image: Option<Text>,
    /// Whether its stacks need the CDK's bootstrap in their accounts.
    pub bootstrap: bool,
    /// The block; the pipeline where none was written.
    pub span: Span,
}

/// Asked of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// What is asked.
    pub message: Spanned<Message>,
    /// After this long it counts as rejected.
    pub timeout: Seconds,
    /// Who may answer; empty: everyone who may resume the workflow.
    pub approvers: Vec<Text>,
    /// How many must say yes.
    pub minimum: Spanned<u32>,
    /// The block.
    pub span: Span,
}

impl Approval {
    /// The approvers that are teams of GitHub.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        let names = self.approvers.iter().map(|name| name.value.as_str());
        names.filter(|name| is_team(name))
    }
}

/// Whether an approver is a team, `@org/team`, and not a person.
pub fn is_team(name: &str) -> bool {
    name.starts_with('@') && name.contains('/')
}

/// Time and alarms after a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Bake {
    /// How long.
    pub time: Seconds,
    /// CloudWatch alarms by ARN.
    pub alarms: Vec<Text>,
    /// The block.
    pub span: Span,
}
