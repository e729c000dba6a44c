//! The pipeline and its parts.

use crate::eval::data::Secret;
use crate::model::{Step, Text};
use crate::source::Span;

mod environment;
pub mod filter;
mod notify;
mod settings;
mod trigger;

pub use environment::*;
pub use notify::*;
pub use settings::*;
pub use trigger::*;

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
    /// The address of Argo's web pages, where news of a run link to it (8.5).
    pub argo_ui: Option<Text>,
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
    /// Whether NetworkPolicies close its pods.
    pub network_policy: bool,
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
    /// The app that makes a stack. One that names none that is there has been refused, and counts as of the first.
    pub fn app_of(&self, stack: &Stack) -> Option<&App> {
        let named = self
            .apps
            .iter()
            .find(|app| app.name.value == stack.app.value);
        named.or(self.apps.first())
    }

    /// The apps that some stack is of: the others are never synthesised.
    pub fn apps_with_stacks(&self) -> impl Iterator<Item = &App> {
        let is_of = |app: &App, stack: &Stack| {
            let of = self.app_of(stack);
            of.is_some_and(|of| of.name.value == app.name.value)
        };
        self.apps.iter().filter(move |app| {
            let mut stacks = self.environments().flat_map(Environment::stacks);
            stacks.any(|stack| is_of(app, stack))
        })
    }

    /// The role that pull requests are given to look at what is deployed, where the file names one.
    pub fn pull_request_role(&self) -> Option<&Text> {
        self.triggers
            .iter()
            .find_map(|trigger| match &trigger.event {
                Event::PullRequest { role, .. } => role.as_ref(),
                _ => None,
            })
    }

    /// The tokens for GitHub that the file names: those of its commit statuses, then what checks the repository out.
    pub fn github_tokens(&self) -> impl Iterator<Item = &Secret> {
        let tokens = self.notify.iter().filter_map(|notify| match &notify.to {
            Notifier::GithubStatus { token, .. } => Some(token),
            Notifier::Slack { .. } | Notifier::Sns { .. } | Notifier::Webhook { .. } => None,
        });
        tokens.chain(&self.checkout.credentials)
    }

    /// Every environment in order, those in waves included.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.targets.iter().flat_map(|target| match target {
            Target::Environment(environment) => std::slice::from_ref(&**environment),
            Target::Wave(wave) => wave.environments.as_slice(),
        })
    }
}
