//! What each stage asks of its pod.

use crate::collections::HashSet;
use crate::eval::data::{Secret, SecretStore};
use crate::graph::{EntryKind, Stage, StageKind};
use crate::model::{
    App, Arch, Env, EnvValue, Environment, Event, Notifier, NotifyOn, Pipeline, Resources, Retry,
    RetryOn, Service, Step, StepKind, Target,
};
use crate::source::Span;
use crate::target::argo::manifest::{
    Backoff, EnvSource, EnvVar, KeyRef, ResourceRequirements, RetryStrategy,
};
use crate::target::argo::pod::{ServiceShape, Shape, pull_policy, variable};
use crate::target::names::Account;

/// Seconds that a pod may live beyond the time-out of what it does: to start, check out, and, after the time-out,
/// to keep reports and logs.
pub const MARGIN: u64 = 900;
/// The time-out of what has none.
const HOUR: u64 = 3600;

/// One pod's work: a shape, the values that fill it, and what its task says.
pub struct Leaf {
    pub shape: Shape,
    pub values: Vec<String>,
    /// Arguments for `shape.inputs`, in their order.
    pub arguments: Vec<String>,
    pub span: Span,
    /// The sources of fields of the template, by JSON pointer.
    pub origins: Vec<(String, Span)>,
}

/// Who holds a stage, as flag and parameter.
#[derive(Clone, Copy)]
pub enum Holder<'a> {
    /// The pipeline itself.
    Pipeline,
    /// An environment, whose DAG has the name as a parameter.
    Environment,
    /// A wave, by name.
    Wave(&'a str),
}

impl Holder<'_> {
    fn apply(self, leaf: &mut Leaf) {
        match self {
            Holder::Pipeline => {}
            Holder::Environment => leaf.flag("environment", "{{inputs.parameters.environment}}"),
            Holder::Wave(name) => leaf.flag("wave", name),
        }
    }
}

impl Leaf {
    /// A pod of the given image, for at most `seconds` of work.
    fn new(word: &'static str, account: Account, image: &str, seconds: u64, span: Span) -> Self {
        Leaf {
            shape: Shape {
                word,
                account,
                flags: Vec::new(),
                inputs: Vec::new(),
                outputs: Vec::new(),
                pull: pull_policy(image),
                arch: None,
                resources: requests("500m", "1Gi"),
                retry: None,
                services: Vec::new(),
                secrets: Vec::new(),
            },
            values: vec![image.to_owned(), (seconds + MARGIN).to_string()],
            arguments: Vec::new(),
            span,
            origins: Vec::new(),
        }
    }

    /// A stage of Aphex's own: safe to repeat when its pod is lost.
    fn own(word: &'static str, account: Account, image: &str, seconds: u64, span: Span) -> Self {
        let mut leaf = Leaf::new(word, account, image, seconds, span);
        leaf.shape.resources = requests("100m", "256Mi");
        leaf.shape.retry = Some(RetryStrategy {
            limit: "2".to_owned(),
            retry_policy: "OnError",
            expression: None,
            backoff: Some(Backoff {
                duration: "10s".to_owned(),
                factor: "2",
            }),
        });
        leaf
    }

    /// Adds `--name`, whose value is a parameter.
    fn input(&mut self, name: &'static str) {
        self.shape.flags.push(format!("--{name}"));
        self.shape
            .flags
            .push(format!("{{{{inputs.parameters.{name}}}}}"));
        self.shape.inputs.push(name);
    }

    /// Adds `--name` with a value.
    fn flag(&mut self, name: &'static str, value: &str) {
        self.input(name);
        self.arguments.push(value.to_owned());
    }

    /// Mounts the Kubernetes Secrets among these values; what is kept elsewhere the stage fetches itself.
    fn secrets<'p>(&mut self, secrets: impl Iterator<Item = &'p Secret>) {
        let mut known: Vec<(&str, Option<&str>)> = Vec::new();
        for secret in secrets.filter(|secret| secret.store == SecretStore::Kubernetes) {
            let pair = (&*secret.name, secret.key.as_deref());
            if !known.contains(&pair) {
                known.push(pair);
            }
        }
        for (name, key) in known {
            self.shape.secrets.push(key.is_some());
            self.values.push(name.to_owned());
            self.values.push(key.unwrap_or_default().to_owned());
        }
    }
}

/// The secrets among the values of an environment.
fn secrets_of(env: &Env) -> impl Iterator<Item = &Secret> {
    env.values().filter_map(|value| match &value.value {
        EnvValue::Secret(secret) => Some(&**secret),
        EnvValue::Text(_) | EnvValue::Output(_) => None,
    })
}

/// The secrets that notifications need; all of them, or those about approvals.
fn notify_secrets(pipeline: &Pipeline, approvals: bool) -> impl Iterator<Item = &Secret> {
    let wanted = pipeline
        .notify
        .iter()
        .filter(move |notify| !approvals || notify.on.contains(&NotifyOn::Approval));
    wanted.filter_map(|notify| match &notify.to {
        Notifier::Slack { webhook, .. } => Some(webhook),
        Notifier::Webhook { secret, .. } => secret.as_ref(),
        Notifier::GithubStatus { token, .. } => Some(token),
        Notifier::Sns { .. } => None,
    })
}

/// Whether pull requests get a comment.
fn has_comment(pipeline: &Pipeline) -> bool {
    let mut triggers = pipeline.triggers.iter();
    triggers.any(|trigger| matches!(trigger.event, Event::PullRequest { comment: true, .. }))
}

/// Every step of a pipeline, in order.
pub fn steps(pipeline: &Pipeline) -> impl Iterator<Item = &Step> {
    let inner = pipeline.targets.iter().flat_map(|target| {
        let (environments, tests) = match target {
            Target::Environment(environment) => (std::slice::from_ref(&**environment), &[][..]),
            Target::Wave(wave) => (&*wave.environments, &*wave.tests),
        };
        let steps = environments.iter().flat_map(Environment::steps);
        steps.chain(tests)
    });
    std::iter::once(&pipeline.build)
        .chain(&pipeline.checks)
        .chain(inner)
}

/// The images whose tools are looked at before anything else runs, each once, with the place of its first use.
pub fn images(pipeline: &Pipeline) -> Vec<(&str, Span)> {
    let mut images: Vec<(&str, Span)> = Vec::new();
    let mut seen = HashSet::default();
    for step in steps(pipeline) {
        let image = step.image.as_ref().unwrap_or(&pipeline.images.builder);
        if seen.insert(&*image.value) {
            images.push((&image.value, step.span));
        }
    }
    for app in pipeline.apps_with_stacks() {
        let image = app.image.as_ref().unwrap_or(&pipeline.images.deployer);
        if seen.insert(&*image.value) {
            images.push((&image.value, app.span));
        }
    }
    images
}

/// The pod that asks an image for the tools that the file calls.
pub fn tools(validate: bool, image: &str, span: Span) -> Leaf {
    let account = if validate {
        Account::Validate
    } else {
        Account::Build
    };
    Leaf::own("tools", account, image, 300, span)
}

/// The work of a stage; empty for groups. An approval has two pods: before the question, and after the answer.
pub fn leaves(
    pipeline: &Pipeline,
    kind: EntryKind,
    stage: &Stage<'_>,
    holder: Holder<'_>,
) -> Vec<Leaf> {
    let validate = kind == EntryKind::Validate;
    let account = |account| if validate { Account::Validate } else { account };
    let runtime = &*pipeline.images.runtime.value;
    let span = stage.span;
    match stage.kind {
        StageKind::Environment(_) | StageKind::Wave(_) | StageKind::Diffs => Vec::new(),
        StageKind::Preflight => {
            let mut leaf = Leaf::own("preflight", account(Account::Deploy), runtime, 900, span);
            leaf.shape.outputs = vec!["result"];
            vec![leaf]
        }
        StageKind::SelfUpdate => {
            vec![Leaf::own(
                "self-update",
                Account::SelfUpdate,
                runtime,
                HOUR,
                span,
            )]
        }
        StageKind::Finish => {
            let mut leaf = Leaf::own("finish", account(Account::Finish), runtime, 900, span);
            leaf.shape.flags = vec!["--status".to_owned(), "{{workflow.status}}".to_owned()];
            let comment = validate && has_comment(pipeline);
            let credentials = pipeline.checkout.credentials.iter().filter(|_| comment);
            leaf.secrets(notify_secrets(pipeline, false).chain(credentials));
            vec![leaf]
        }
        StageKind::Approval(approval) => {
            let mut request = Leaf::own(
                "approval-request",
                Account::Deploy,
                runtime,
                300,
                approval.span,
            );
            holder.apply(&mut request);
            request.secrets(notify_secrets(pipeline, true));
            let mut decision = Leaf::own(
                "approval-decision",
                Account::Deploy,
                runtime,
                300,
                approval.span,
            );
            holder.apply(&mut decision);
            // Their values come from the question; see `dag`.
            for name in ["decision", "approver", "reason"] {
                decision.input(name);
            }
            // GitHub is asked who is a member of a team.
            if approval.teams().next().is_some() {
                decision.secrets(pipeline.github_tokens());
            }
            vec![request, decision]
        }
        StageKind::Deploy { environment, .. } => {
            let stacks: Vec<_> = stage.kind.stacks().collect();
            let app = app(pipeline, stacks.first().map(|stack| &*stack.app.value));
            let time = stacks.iter().map(|stack| match &stack.timeout {
                Some(timeout) => timeout.value,
                None => HOUR,
            });
            let mut leaf = Leaf::own(
                "deploy",
                Account::Deploy,
                image(pipeline, app),
                time.sum(),
                span,
            );
            holder.apply(&mut leaf);
            let group = stage
                .name
                .rsplit_once('-')
                .map_or("1", |(_, number)| number);
            leaf.flag("group", group);
            leaf.shape.outputs = vec!["outputs"];
            leaf.shape.resources = requests("500m", "1Gi");
            leaf.secrets(
                secrets_of(&environment.env).chain(app.iter().flat_map(|app| secrets_of(&app.env))),
            );
            vec![leaf]
        }
        StageKind::Diff {
            environment,
            app: name,
        } => {
            let app = app(pipeline, Some(&*name.value));
            let mut leaf = Leaf::own("diff", Account::Validate, image(pipeline, app), HOUR, span);
            leaf.flag("environment", &environment.name.value);
            leaf.flag("app", &name.value);
            leaf.shape.resources = requests("500m", "1Gi");
            leaf.secrets(
                secrets_of(&environment.env).chain(app.iter().flat_map(|app| secrets_of(&app.env))),
            );
            vec![leaf]
        }
        StageKind::Bake(bake) => {
            let mut leaf = Leaf::own("bake", Account::Deploy, runtime, bake.time.value, span);
            holder.apply(&mut leaf);
            vec![leaf]
        }
        StageKind::Step(step) => vec![step_leaf(pipeline, step, account, holder)],
    }
}

fn step_leaf(
    pipeline: &Pipeline,
    step: &Step,
    account: impl Fn(Account) -> Account,
    holder: Holder<'_>,
) -> Leaf {
    let image = step.image.as_ref().unwrap_or(&pipeline.images.builder);
    let seconds = step.timeout.as_ref().map_or(HOUR, |timeout| timeout.value);
    let (word, account) = match step.kind {
        StepKind::Build => ("build", account(Account::Build)),
        StepKind::Check => ("check", account(Account::Build)),
        StepKind::Before | StepKind::After => ("hook", account(Account::Deploy)),
        StepKind::Step => ("step", account(Account::Deploy)),
        StepKind::Test => ("test", account(Account::Deploy)),
    };
    let mut leaf = Leaf::new(word, account, &image.value, seconds, step.span);
    holder.apply(&mut leaf);
    match step.kind {
        StepKind::Before => leaf.flag("hook", &format!("before.{}", step.name.value)),
        StepKind::After => leaf.flag("hook", &format!("after.{}", step.name.value)),
        StepKind::Build => {}
        StepKind::Check | StepKind::Step | StepKind::Test => leaf.flag("name", &step.name.value),
    }
    leaf.shape.arch = step.arch.as_ref().map(|arch| match arch.value {
        Arch::Amd64 => "amd64",
        Arch::Arm64 => "arm64",
    });
    if let Some(resources) = resources(&step.resources) {
        leaf.shape.resources = resources;
    }
    leaf.shape.retry = step.retry.as_ref().and_then(retry);
    leaf.shape.services = step.services.iter().map(service).collect();
    if step.kind == StepKind::Build {
        leaf.shape.outputs = vec!["result"];
    }
    leaf.secrets(secrets_of(&step.env));
    leaf.origins = origins(step);
    leaf
}

/// Which field of a step's template comes from where.
fn origins(step: &Step) -> Vec<(String, Span)> {
    let mut origins: Vec<(String, Span)> = Vec::new();
    let mut add = |pointer: &str, span: Option<Span>| {
        origins.extend(span.map(|span| (pointer.to_owned(), span)));
    };
    let resources = &step.resources;
    let sizes = [&resources.cpu, &resources.memory, &resources.disk];
    add(
        "/container/image",
        step.image.as_ref().map(|image| image.span),
    );
    add(
        "/activeDeadlineSeconds",
        step.timeout.as_ref().map(|timeout| timeout.span),
    );
    add(
        "/retryStrategy",
        step.retry.as_ref().map(|retry| retry.span),
    );
    add("/nodeSelector", step.arch.as_ref().map(|arch| arch.span));
    add(
        "/container/resources",
        sizes.into_iter().flatten().next().map(|size| size.span),
    );
    for (index, service) in step.services.iter().enumerate() {
        add(
            &format!("/initContainers/{}", index + 1),
            Some(service.span),
        );
    }
    origins
}

fn app<'p>(pipeline: &'p Pipeline, name: Option<&str>) -> Option<&'p App> {
    let named = pipeline
        .apps
        .iter()
        .find(|app| Some(&*app.name.value) == name);
    named.or(pipeline.apps.first())
}

fn image<'p>(pipeline: &'p Pipeline, app: Option<&'p App>) -> &'p str {
    let own = app.and_then(|app| app.image.as_ref());
    &own.unwrap_or(&pipeline.images.deployer).value
}

fn retry(retry: &Retry) -> Option<RetryStrategy> {
    (retry.times.value > 0).then(|| RetryStrategy {
        limit: retry.times.value.to_string(),
        retry_policy: match retry.on {
            RetryOn::Failure => "OnFailure",
            RetryOn::Error => "OnError",
            RetryOn::Any => "Always",
        },
        expression: None,
        backoff: (retry.wait > 0).then(|| Backoff {
            duration: format!("{}s", retry.wait),
            factor: "2",
        }),
    })
}

fn requests(cpu: &str, memory: &str) -> ResourceRequirements {
    ResourceRequirements {
        requests: vec![("cpu", cpu.to_owned()), ("memory", memory.to_owned())],
        limits: Vec::new(),
    }
}

/// Memory and disk are bounds as well as requests; processors are not held back.
fn resources(resources: &Resources) -> Option<ResourceRequirements> {
    let mut found = ResourceRequirements::default();
    if let Some(cpu) = &resources.cpu {
        found.requests.push(("cpu", processors(cpu.value)));
    }
    let bytes = [
        ("memory", &resources.memory),
        ("ephemeral-storage", &resources.disk),
    ];
    for (name, size) in bytes {
        if let Some(size) = size {
            found.requests.push((name, quantity(size.value)));
            found.limits.push((name, quantity(size.value)));
        }
    }
    (!found.is_empty()).then_some(found)
}

fn processors(thousandths: u64) -> String {
    if thousandths.is_multiple_of(1000) {
        (thousandths / 1000).to_string()
    } else {
        format!("{thousandths}m")
    }
}

/// Bytes as Kubernetes writes them: in the largest unit that holds them exactly.
fn quantity(bytes: u64) -> String {
    let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    units
        .into_iter()
        .find(|(_, bits)| bytes != 0 && bytes.is_multiple_of(1 << bits))
        .map_or_else(
            || bytes.to_string(),
            |(unit, bits)| format!("{}{unit}", bytes >> bits),
        )
}

fn service(service: &Service) -> ServiceShape {
    ServiceShape {
        name: service.name.value.clone(),
        image: service.image.value.clone(),
        env: service
            .env
            .iter()
            .filter_map(|(name, value)| service_variable(name, &value.value))
            .collect(),
        port: service.port.as_ref().map(|port| port.value),
        ready: service.ready.is_some(),
    }
}

/// What a side-car is given: text, in which Kubernetes must not see references of its own, and Kubernetes Secrets. `limits`
/// refuses the rest, which nobody could hand over before the side-car starts.
fn service_variable(name: &str, value: &EnvValue) -> Option<EnvVar> {
    match value {
        EnvValue::Text(text) => Some(variable(name, text.replace("$(", "$$("))),
        EnvValue::Secret(secret) if secret.store == SecretStore::Kubernetes => Some(EnvVar {
            name: name.to_owned(),
            value: None,
            value_from: Some(EnvSource::SecretKeyRef(KeyRef {
                name: secret.name.to_string(),
                key: secret.key.as_ref()?.to_string(),
                optional: false,
            })),
        }),
        EnvValue::Secret(_) | EnvValue::Output(_) => None,
    }
}
