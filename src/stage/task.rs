//! Which stage: the flags that a manifest gives, and the stage of the graph that they mean.
//!
//! The contract is in `docs/compile.md`, "What a stage is given". A manifest gives names, not positions: the stage reads
//! the pipeline at the commit, which may have changed since the manifest was made.

use clap::{Args, Subcommand};

use crate::graph::{Entry, Stage, StageId, StageKind};
use crate::model::StepKind;

/// The work of one pod.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Task {
    /// Check file, credentials, context and tools
    Preflight,
    /// Look for tools in the image that this runs in
    Tools(Tools),
    /// Run the build's commands and pack its artifacts
    Build,
    /// Run a check beside the build
    Check(Named),
    /// Run a hook before or after a deployment
    Hook(Hook),
    /// Run a step among the stacks
    Step(Named),
    /// Run a test
    Test(Named),
    /// Apply what the pipeline's file says at the commit to the cluster
    SelfUpdate,
    /// Synthesise a group of stacks and deploy them
    Deploy(Deploy),
    /// Synthesise what an app deploys to an environment, and show what would change
    Diff(Diff),
    /// Watch the alarms of an environment
    Bake(Bake),
    /// Say what is asked of whom
    ApprovalRequest(Holder),
    /// Judge the answer
    ApprovalDecision(Decision),
    /// Write the record of the run
    Finish(Finish),
}

/// Who holds a stage.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The environment that holds it
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
    /// The wave that holds it
    #[arg(long, value_name = "WAVE", conflicts_with = "environment")]
    pub wave: Option<String>,
}

impl Holder {
    /// The one of a stage.
    fn of(entry: &Entry<'_>, stage: &Stage<'_>) -> Self {
        let parent = stage.parent.and_then(|id| entry.stage(id));
        let (environment, wave) = match parent.map(|parent| parent.kind) {
            Some(StageKind::Environment(environment)) => (Some(&environment.name.value), None),
            Some(StageKind::Wave(wave)) => (None, Some(&wave.name.value)),
            _ => (None, None),
        };
        Holder {
            environment: environment.cloned(),
            wave: wave.cloned(),
        }
    }

    fn flags(&self, flag: &mut impl FnMut(&str, &str)) {
        if let Some(environment) = &self.environment {
            flag("environment", environment);
        }
        if let Some(wave) = &self.wave {
            flag("wave", wave);
        }
    }
}

/// A step by its name.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Who holds it; nobody: the pipeline
    #[command(flatten)]
    pub holder: Holder,
    /// Its label
    #[arg(long)]
    pub name: String,
}

/// A hook.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its environment
    #[arg(long, value_name = "ENV")]
    pub environment: String,
    /// `before.NAME` or `after.NAME`
    #[arg(long)]
    pub hook: String,
}

/// A synth group.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// Its environment
    #[arg(long, value_name = "ENV")]
    pub environment: String,
    /// Which of the environment's synth groups, from 1
    #[arg(long)]
    pub group: usize,
}

/// An app in an environment.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Its environment
    #[arg(long, value_name = "ENV")]
    pub environment: String,
    /// The app's label
    #[arg(long)]
    pub app: String,
}

/// The bake of an environment.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Bake {
    /// The environment
    #[arg(long, value_name = "ENV")]
    pub environment: String,
}

/// An image.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    /// The image, as the file names it
    #[arg(long)]
    pub image: String,
}

/// The answer to an approval.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whose approval
    #[command(flatten)]
    pub holder: Holder,
    /// `approve`; anything else is no
    #[arg(long, allow_hyphen_values = true)]
    pub decision: String,
    /// Who answered, a name a line, as base64; empty: nobody
    #[arg(long, value_name = "BASE64", allow_hyphen_values = true)]
    pub approver: String,
    /// Why, as base64; empty: that was not said
    #[arg(
        long,
        value_name = "BASE64",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub reason: String,
}

/// The end of a run.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// `Succeeded`, `Failed` or `Error`, as Argo says it
    #[arg(long)]
    pub status: String,
}

impl Task {
    /// The work of a stage; `None` for groups, and for what no pod of a local run does.
    pub fn of(entry: &Entry<'_>, stage: &Stage<'_>) -> Option<Self> {
        let holder = Holder::of(entry, stage);
        let environment_name = || holder.environment.clone().unwrap_or_default();
        Some(match stage.kind {
            StageKind::Preflight => Task::Preflight,
            StageKind::SelfUpdate => Task::SelfUpdate,
            StageKind::Step(step) => {
                let named = || Named {
                    holder: holder.clone(),
                    name: step.name.value.clone(),
                };
                let hook = |word: &str| Hook {
                    environment: environment_name(),
                    hook: format!("{word}.{}", step.name.value),
                };
                match step.kind {
                    StepKind::Build => Task::Build,
                    StepKind::Check => Task::Check(named()),
                    StepKind::Before => Task::Hook(hook("before")),
                    StepKind::Step => Task::Step(named()),
                    StepKind::After => Task::Hook(hook("after")),
                    StepKind::Test => Task::Test(named()),
                }
            }
            StageKind::Deploy { .. } => Task::Deploy(Deploy {
                environment: environment_name(),
                group: group_number(entry, stage),
            }),
            StageKind::Diff { environment, app } => Task::Diff(Diff {
                environment: environment.name.value.clone(),
                app: app.value.clone(),
            }),
            StageKind::Bake(_) => Task::Bake(Bake {
                environment: environment_name(),
            }),
            StageKind::Environment(_)
            | StageKind::Wave(_)
            | StageKind::Diffs
            | StageKind::Approval(_)
            | StageKind::Finish => return None,
        })
    }

    /// As `aphex stage` calls it.
    pub fn word(&self) -> &'static str {
        match self {
            Task::Preflight => "preflight",
            Task::Tools(_) => "tools",
            Task::Build => "build",
            Task::SelfUpdate => "self-update",
            Task::Check(_) => "check",
            Task::Hook(_) => "hook",
            Task::Step(_) => "step",
            Task::Test(_) => "test",
            Task::Deploy(_) => "deploy",
            Task::Diff(_) => "diff",
            Task::Bake(_) => "bake",
            Task::ApprovalRequest(_) => "approval-request",
            Task::ApprovalDecision(_) => "approval-decision",
            Task::Finish(_) => "finish",
        }
    }

    /// Where it is in a run as far as its flags say; where the file cannot be read, nothing else does.
    pub fn likely_path(&self) -> String {
        let own = |environment: &str, name: &str| format!("{environment}/{name}");
        let held = |holder: &Holder, name: &str| {
            let holder = holder.environment.as_ref().or(holder.wave.as_ref());
            holder.map_or(name.to_owned(), |holder| own(holder, name))
        };
        let path = match self {
            Task::Check(named) | Task::Step(named) | Task::Test(named) => {
                held(&named.holder, &named.name)
            }
            Task::ApprovalRequest(holder) => held(holder, "approval"),
            Task::ApprovalDecision(decision) => held(&decision.holder, "approval"),
            Task::Hook(hook) => {
                let name = hook.hook.split_once('.').map_or("hook", |(_, name)| name);
                own(&hook.environment, name)
            }
            Task::Deploy(deploy) if deploy.group == 1 => own(&deploy.environment, "deploy"),
            Task::Deploy(deploy) => own(&deploy.environment, &format!("deploy-{}", deploy.group)),
            Task::Diff(diff) => own(&diff.environment, "diff"),
            Task::Bake(bake) => own(&bake.environment, "bake"),
            Task::Preflight | Task::Tools(_) | Task::Build | Task::SelfUpdate | Task::Finish(_) => {
                self.word().to_owned()
            }
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        match path.chars().all(is_plain) {
            true => path,
            false => self.word().to_owned(),
        }
    }

    /// The arguments of `aphex stage` that mean it.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![self.word().to_owned()];
        let mut flag = |name: &str, value: &str| {
            arguments.push(format!("--{name}"));
            arguments.push(value.to_owned());
        };
        match self {
            Task::Preflight | Task::Build | Task::SelfUpdate => {}
            Task::Tools(tools) => flag("image", &tools.image),
            Task::Check(named) | Task::Step(named) | Task::Test(named) => {
                named.holder.flags(&mut flag);
                flag("name", &named.name);
            }
            Task::ApprovalRequest(holder) => holder.flags(&mut flag),
            Task::ApprovalDecision(decision) => {
                decision.holder.flags(&mut flag);
                flag("decision", &decision.decision);
                flag("approver", &decision.approver);
                flag("reason", &decision.reason);
            }
            Task::Finish(finish) => flag("status", &finish.status),
            Task::Bake(bake) => flag("environment", &bake.environment),
            Task::Hook(hook) => {
                flag("environment", &hook.environment);
                flag("hook", &hook.hook);
            }
            Task::Deploy(deploy) => {
                flag("environment", &deploy.environment);
                flag("group", &deploy.group.to_string());
            }
            Task::Diff(diff) => {
                flag("environment", &diff.environment);
                flag("app", &diff.app);
            }
        }
        arguments
    }

    /// The stage of an entry that is meant; `None` where the commit no longer has it.
    pub fn find(&self, entry: &Entry<'_>) -> Option<StageId> {
        let mut stages = entry.stages.iter();
        if let Task::ApprovalRequest(holder) | Task::ApprovalDecision(Decision { holder, .. }) =
            self
        {
            // One stage of the graph, two pods of a run.
            let found = stages.find(|stage| {
                matches!(stage.kind, StageKind::Approval(_)) && Holder::of(entry, stage) == *holder
            });
            return found.map(|stage| stage.id);
        }
        if let Task::Finish(_) = self {
            let found = stages.find(|stage| matches!(stage.kind, StageKind::Finish));
            return found.map(|stage| stage.id);
        }
        let found = stages.find(|stage| Task::of(entry, stage).as_ref() == Some(self));
        found.map(|stage| stage.id)
    }
}

/// Which of its environment's synth groups a stage is, from 1.
fn group_number(entry: &Entry<'_>, stage: &Stage<'_>) -> usize {
    let siblings = entry.children(stage.parent);
    let groups = siblings.filter(|sibling| matches!(sibling.kind, StageKind::Deploy { .. }));
    1 + groups.take_while(|sibling| sibling.id != stage.id).count()
}

/// The path of a stage in a run: the names of what holds it and its own, `dev/migrate`.
pub fn path_of(entry: &Entry<'_>, id: StageId) -> String {
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(stage) = next.and_then(|id| entry.stage(id)) {
        names.push(stage.name.as_str());
        next = stage.parent;
    }
    names.reverse();
    names.join("/")
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;
    use crate::graph::build;
    use crate::model::fixture::*;
    use crate::model::{Deployment, Environment, Target};

    fn full(name: &str, within: &str) -> Environment {
        let mut environment = environment(within, name);
        let at = format!("{within} environment {name}");
        environment.before = vec![step(StepKind::Before, &at, "same")];
        environment.after = vec![step(StepKind::After, &at, "same")];
        environment.tests = vec![step(StepKind::Test, &at, "same")];
        let middle = step(StepKind::Step, &at, "same");
        environment.body.push(Deployment::Step(Box::new(middle)));
        let second = stack(&at, "Second");
        environment.body.push(Deployment::Stack(Box::new(second)));
        environment
    }

    /// What a stage is called by leads back to it, whatever names are used twice.
    #[test]
    fn arguments_name_one_stage() {
        let mut wave = wave("w", vec![full("a", "wave w"), full("b", "wave w")]);
        wave.tests = vec![step(StepKind::Test, "wave w", "same")];
        let mut pipeline = pipeline(vec![target(full("dev", "")), Target::Wave(wave)]);
        pipeline.checks = vec![step(StepKind::Check, "", "same")];
        pipeline.triggers = vec![push(), pull_request()];
        let mut words = std::collections::BTreeSet::new();
        for entry in &build(&pipeline).entries {
            for stage in &entry.stages {
                let Some(task) = Task::of(entry, stage) else {
                    continue;
                };
                let command = Task::augment_subcommands(clap::Command::new("stage"));
                let matches = command
                    .no_binary_name(true)
                    .try_get_matches_from(task.arguments());
                let read = Task::from_arg_matches(&matches.unwrap()).unwrap();
                assert_eq!(read, task);
                assert_eq!(
                    read.find(entry),
                    Some(stage.id),
                    "{}",
                    path_of(entry, stage.id)
                );
                words.insert(task.word());
            }
        }
        assert_eq!(words.len(), 9, "{words:?}");
    }
}
