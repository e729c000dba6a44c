//! The pipeline and its parts.

use crate::eval::data::BlockPath;
use crate::model::{Env, Message, Ref, Seconds, Step, Text};
use crate::source::{Span, Spanned};

/// One `pipeline` block, evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Its name: a DNS label.
    pub name: Text,
    /// The block.
    pub span: Span,
    /// The file it stands in, as people know it.
    pub file: String,
    /// The EKS cluster (14.1).
    pub cluster: Text,
    /// `owner/name` at GitHub.
    pub repository: Text,
    /// The Kubernetes namespace that its objects live in.
    pub namespace: Text,
    /// What starts it, in order.
    pub triggers: Vec<Trigger>,
    /// What a person gives when starting it by hand.
    pub inputs: Vec<Input>,
    /// CDK apps by name; at least one, the first is the default.
    pub apps: Vec<App>,
    /// The build stage.
    pub build: Step,
    /// Beside the build, in parallel.
    pub checks: Vec<Step>,
    /// Environments and waves as written.
    pub targets: Vec<Target>,
    /// Who is told what.
    pub notify: Vec<Notify>,
    /// How it updates itself.
    pub self_update: SelfUpdate,
    /// How runs queue.
    pub queue: Queue,
    /// The images of Aphex itself (15.1 to 15.4).
    pub images: Images,
    /// Where artifacts and records are kept.
    pub store: Store,
    /// How the repository is checked out.
    pub checkout: Checkout,
    /// How GitHub reaches the EventSource.
    pub expose: Expose,
    /// Names of Kubernetes Secrets for pulling private images.
    pub registries: Vec<Text>,
    /// A policy that bounds every role that Aphex makes.
    pub permissions_boundary: Option<Text>,
}

impl Pipeline {
    /// Every environment in order, those in waves included.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.targets.iter().flat_map(|target| match target {
            Target::Environment(environment) => std::slice::from_ref(&**environment),
            Target::Wave(wave) => wave.environments.as_slice(),
        })
    }
}

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

/// What starts a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Which event.
    pub event: Event,
    /// The environments it deploys; `None`: all that start by themselves.
    pub deploy: Option<Vec<Ref>>,
    /// The block.
    pub span: Span,
    /// `push`, `tag`, … where it was written.
    pub name: Text,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A push to a branch.
    Push {
        /// Globs of branch names.
        branches: Vec<Text>,
        /// Globs of changed files; `!` excludes.
        paths: Vec<Text>,
        /// A commit message that holds this starts nothing.
        skip_message: Option<Text>,
    },
    /// A pull request was opened, reopened, or has new commits.
    PullRequest {
        /// Globs of target branches.
        branches: Vec<Text>,
        /// Globs of changed files.
        paths: Vec<Text>,
        /// Whether drafts start it.
        drafts: bool,
        /// Which forks start it.
        forks: Forks,
        /// Authors whose pull requests start nothing.
        skip_authors: Vec<Text>,
        /// Whether a comment with plan and diff is kept.
        comment: bool,
        /// A read-only role for `cdk diff` against the live stacks.
        role: Option<Text>,
    },
    /// A tag was pushed.
    Tag {
        /// Globs of tag names.
        matches: Vec<Text>,
    },
    /// A release was published.
    Release {
        /// Whether pre-releases start it.
        prereleases: bool,
    },
    /// A time.
    Schedule {
        /// Five fields.
        cron: Text,
        /// An IANA time zone.
        timezone: Text,
    },
}

/// Which forks may start a pull-request run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forks {
    /// None.
    Never,
    /// Those that a member of the team approved.
    Approved,
}

/// What a person gives when starting a run by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its label.
    pub name: Text,
    /// The value where none is given.
    pub default: Option<Text>,
    /// The only values accepted, where not empty.
    pub choices: Vec<Text>,
    /// A regular expression that a value must match as a whole.
    pub pattern: Option<Text>,
    /// Shown beside it.
    pub help: Option<Text>,
    /// The block.
    pub span: Span,
}

/// Who is told what.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// Its label.
    pub name: Text,
    /// When.
    pub on: Vec<NotifyOn>,
    /// Whom.
    pub to: Notifier,
    /// What, in place of the default text.
    pub message: Option<Spanned<Message>>,
    /// The block.
    pub span: Span,
}

/// When somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotifyOn {
    /// A run failed.
    Failure,
    /// A run succeeded.
    Success,
    /// A run succeeded after one that failed.
    Recovered,
    /// An approval waits.
    Approval,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notifier {
    /// A Slack incoming webhook.
    Slack {
        /// Its URL.
        webhook: crate::eval::data::Secret,
        /// Another channel.
        channel: Option<String>,
    },
    /// An SNS topic by ARN.
    Sns {
        /// Its ARN.
        topic: Text,
    },
    /// Any HTTP receiver; signed with HMAC where a secret is given.
    Webhook {
        /// Its URL.
        url: Text,
        /// Signs the body.
        secret: Option<crate::eval::data::Secret>,
    },
    /// The commit's status at GitHub.
    GithubStatus {
        /// The token.
        token: crate::eval::data::Secret,
        /// The status' context.
        context: String,
    },
}

/// How a pipeline updates itself.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfUpdate {
    /// Whether it does.
    pub enabled: bool,
    /// Whether a changed topology starts a new run on the same commit.
    pub restart: bool,
}

/// How runs queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// One run at a time.
    Pipeline,
    /// One run at a time in each environment.
    Environment,
    /// A newer commit overtakes between stages.
    Latest,
}

/// The images that Aphex itself brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Holds the static `aphex` binary; the init container.
    pub runtime: Text,
    /// Where steps run that name no image.
    pub builder: Text,
    /// Where CDK apps are synthesised and deployed.
    pub deployer: Text,
}

/// Where artifacts and records are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// How long artifacts are kept, in seconds.
    pub retention: Seconds,
    /// A KMS key by ARN; `None` is SSE-S3.
    pub kms_key: Option<Text>,
}

/// How the repository is checked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkout {
    /// Commits of history; 0 is all of it.
    pub depth: Spanned<u32>,
    /// Whether submodules are checked out.
    pub submodules: bool,
    /// Whether LFS files are fetched.
    pub lfs: bool,
    /// A Kubernetes Secret with the credentials; `None`: a public repository.
    pub credentials: Option<crate::eval::data::Secret>,
    /// Further repositories.
    pub others: Vec<Source>,
}

/// A further repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its label: the folder it is checked out to.
    pub name: Text,
    /// `owner/name`.
    pub repository: Text,
    /// A branch, tag or commit.
    pub reference: Text,
}

/// How GitHub reaches the EventSource.
#[derive(Clone, Debug, PartialEq)]
pub enum Expose {
    /// Somebody else sees to it.
    None,
    /// An Ingress.
    Ingress {
        /// Its host.
        host: Text,
        /// Its class.
        class: Option<Text>,
        /// A TLS Secret.
        tls_secret: Option<Text>,
    },
    /// An HTTPRoute.
    Gateway {
        /// Its host.
        host: Text,
        /// The Gateway, `namespace/name`.
        gateway: Text,
    },
}
