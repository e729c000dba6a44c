//! What of AWS a pipeline's file names, by the account whose stages use it.

use crate::collections::IndexSet;
use crate::eval::data::{Output, RuntimeSource, Secret, SecretStore};
use crate::model::{
    Approval, Env, EnvValue, Environment, Message, Notifier, NotifyOn, Pipeline, Step, Target, When,
};
use crate::rules::partition;
use crate::source::FileSystem;
use crate::target::bootstrap;
use crate::target::names::Account;
use crate::target::stack::Resource;

/// The roles of a bootstrap that the CDK CLI assumes.
const BOOTSTRAP_ROLES: [&str; 4] = ["deploy", "file-publishing", "image-publishing", "lookup"];

/// What the stages of an account use. Each thing once, in the order written.
#[derive(Default)]
pub(super) struct Reads {
    /// Roles that they assume.
    pub roles: IndexSet<Resource>,
    /// Secrets in Secrets Manager.
    pub secrets: IndexSet<Resource>,
    /// Parameters of the Parameter Store.
    pub parameters: IndexSet<Resource>,
    /// Topics that they tell.
    pub topics: IndexSet<Resource>,
    /// Alarms that they watch by themselves.
    pub alarms: IndexSet<Resource>,
}

/// What the stages of an account use.
pub(super) fn of(pipeline: &Pipeline, account: Account, files: &dyn FileSystem) -> Reads {
    let mut reads = Reads::default();
    match account {
        Account::Build => {
            for step in std::iter::once(&pipeline.build).chain(&pipeline.checks) {
                reads.step(step, None);
            }
        }
        Account::Deploy => deploy(pipeline, files, &mut reads),
        Account::Finish => reads.told(pipeline, None, |on| *on != NotifyOn::Approval),
        Account::Validate => validate(pipeline, &mut reads),
        Account::SelfUpdate | Account::Start | Account::EventSource | Account::Sensor => {}
    }
    reads
}

/// What strangers may have written gets no right but to look: no secrets, and parameters that are none.
fn validate(pipeline: &Pipeline, reads: &mut Reads) {
    let role = pipeline.pull_request_role();
    reads.roles.extend(role.map(|role| literal(&role.value)));
    reads.beginning(pipeline);
    for environment in pipeline.environments() {
        let region = Some(environment.region.value.as_str());
        for env in envs(pipeline, environment) {
            reads.outputs(env, region);
        }
    }
}

/// What the synths and deployments of an environment set.
fn envs<'p>(pipeline: &'p Pipeline, environment: &'p Environment) -> impl Iterator<Item = &'p Env> {
    let stacks = environment.stacks().flat_map(|stack| {
        let app = pipeline.app_of(stack).into_iter();
        let of_app = app.flat_map(|app| [&app.env, &app.context]);
        [&stack.context, &stack.parameters]
            .into_iter()
            .chain(of_app)
    });
    [&environment.env, &environment.context]
        .into_iter()
        .chain(stacks)
}

fn deploy(pipeline: &Pipeline, files: &dyn FileSystem, reads: &mut Reads) {
    // The pre-flight looks whether they are there.
    reads.beginning(pipeline);
    for target in &pipeline.targets {
        let environments = match target {
            Target::Environment(environment) => std::slice::from_ref(&**environment),
            Target::Wave(wave) => {
                for step in &wave.tests {
                    reads.step(step, None);
                }
                if let Some(approval) = &wave.approval {
                    reads.approval(pipeline, approval, None);
                }
                wave.environments.as_slice()
            }
        };
        for environment in environments {
            of_environment(pipeline, environment, reads);
        }
    }
    for target in bootstrap::targets(pipeline, pipeline.environments(), files) {
        // The role of an environment assumes those of the bootstrap itself.
        if let Some(role) = &target.role {
            reads.roles.insert(literal(&role.value));
            continue;
        }
        let partition = partition(&target.region.value);
        let roles = BOOTSTRAP_ROLES.map(|word| target.bootstrap_role(partition, word));
        let roles = roles.into_iter().flatten();
        reads.roles.extend(roles.map(Resource::Literal));
    }
}

fn of_environment(pipeline: &Pipeline, environment: &Environment, reads: &mut Reads) {
    let region = Some(environment.region.value.as_str());
    for env in envs(pipeline, environment) {
        reads.env(env, region);
    }
    for step in environment.steps() {
        reads.step(step, region);
    }
    if let Some(approval) = &environment.approval {
        reads.approval(pipeline, approval, region);
    }
    let is_bootstrapped = environment.stacks().any(|stack| {
        let app = pipeline.app_of(stack);
        app.is_none_or(|app| app.bootstrap)
    });
    // Else a role of the environment or of the bootstrap looks.
    if environment.role.is_none() && !is_bootstrapped {
        let alarms = environment.bake.iter().flat_map(|bake| &bake.alarms);
        reads
            .alarms
            .extend(alarms.map(|alarm| literal(&alarm.value)));
    }
}

impl Reads {
    /// The parameters that build and checks need.
    fn beginning(&mut self, pipeline: &Pipeline) {
        for step in std::iter::once(&pipeline.build).chain(&pipeline.checks) {
            self.outputs(&step.env, None);
            self.condition(step, None);
        }
    }

    fn condition(&mut self, step: &Step, region: Option<&str>) {
        if let When::Output(output) = &step.when.value {
            self.output(output, region);
        }
    }

    fn approval(&mut self, pipeline: &Pipeline, approval: &Approval, region: Option<&str>) {
        if let Message::Output(output) = &approval.message.value {
            self.output(output, region);
        }
        self.told(pipeline, region, |on| *on == NotifyOn::Approval);
        // GitHub is asked who is a member of a team.
        if approval.teams().next().is_some() {
            for token in pipeline.github_tokens() {
                self.secret(token, region);
            }
        }
    }

    fn step(&mut self, step: &Step, region: Option<&str>) {
        self.env(&step.env, region);
        self.condition(step, region);
        let role = step.role.iter();
        self.roles.extend(role.map(|role| literal(&role.value)));
    }

    fn env(&mut self, env: &Env, region: Option<&str>) {
        self.outputs(env, region);
        for value in env.values() {
            if let EnvValue::Secret(secret) = &value.value {
                self.secret(secret, region);
            }
        }
    }

    fn outputs(&mut self, env: &Env, region: Option<&str>) {
        for value in env.values() {
            if let EnvValue::Output(output) = &value.value {
                self.output(output, region);
            }
        }
    }

    fn output(&mut self, output: &Output, region: Option<&str>) {
        for need in &output.needs {
            if let RuntimeSource::Ssm(name) = &need.source {
                self.parameters.insert(parameter(name, region));
            }
        }
    }

    fn secret(&mut self, secret: &Secret, region: Option<&str>) {
        let name = &*secret.name;
        match secret.store {
            SecretStore::Kubernetes => {}
            SecretStore::SsmSecure => {
                self.parameters.insert(parameter(name, region));
            }
            SecretStore::SecretsManager if name.starts_with("arn:") => {
                // It may be written with the six letters that Secrets Manager adds to a name, and without.
                self.secrets.insert(literal(name));
                if !name.contains(['*', '?', '$']) {
                    self.secrets
                        .insert(Resource::Named(format!("{name}-??????")));
                }
            }
            SecretStore::SecretsManager => {
                let region = region.unwrap_or("${AWS::Region}");
                self.secrets.insert(Resource::Named(format!(
                    "arn:${{AWS::Partition}}:secretsmanager:{region}:${{AWS::AccountId}}:secret:{name}-??????"
                )));
            }
        }
    }

    /// What is needed to tell those who want to know one of these things.
    fn told(
        &mut self,
        pipeline: &Pipeline,
        region: Option<&str>,
        wanted: impl Fn(&NotifyOn) -> bool,
    ) {
        let all = pipeline.notify.iter();
        for notify in all.filter(|notify| notify.on.iter().any(&wanted)) {
            match &notify.to {
                Notifier::Sns { topic } => {
                    self.topics.insert(literal(&topic.value));
                }
                Notifier::Slack { webhook, .. } => self.secret(webhook, region),
                Notifier::Webhook { secret, .. } => {
                    if let Some(secret) = secret {
                        self.secret(secret, region);
                    }
                }
                Notifier::GithubStatus { token, .. } => self.secret(token, region),
            }
        }
    }
}

fn literal(arn: &str) -> Resource {
    Resource::Literal(arn.to_owned())
}

/// A parameter of this account. A name that is a path begins with `/`, which its ARN does not repeat.
fn parameter(name: &str, region: Option<&str>) -> Resource {
    let region = region.unwrap_or("${AWS::Region}");
    let name = name.strip_prefix('/').unwrap_or(name);
    Resource::Named(format!(
        "arn:${{AWS::Partition}}:ssm:{region}:${{AWS::AccountId}}:parameter/{name}"
    ))
}
