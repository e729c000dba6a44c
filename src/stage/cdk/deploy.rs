//! `cdk deploy` of stacks of an assembly, in the order given.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::collections::{HashMap, IndexMap};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_cdk as codes;
use crate::model::{DeployMethod, Stack};
use crate::stage::cdk::chain::chain;
use crate::stage::cdk::told::{News, Told};
use crate::stage::cdk::{Aftermath, AssemblyStack};
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Ended, Environment, Status, Stop, time_in_words};
use crate::stage::record::StackOutputs;

/// A stack that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// As the file has it.
    pub stack: &'a Stack,
    /// As the assembly has it.
    pub found: &'a AssemblyStack,
    /// Parameters and their values.
    pub parameters: Vec<(String, String)>,
}

impl Wanted<'_> {
    /// Whether one call of the CLI deploys this stack and then that one, as two calls would: what the CLI is told holds for all stacks of a call. An output that is there only where a condition holds must be looked at before anything else is deployed.
    pub fn goes_with(&self, next: &Wanted<'_>) -> bool {
        let (one, two) = (self.stack, next.stack);
        let declares = |name: &String| one.outputs.iter().any(|output| output.value == *name);
        one.method == two.method
            && one.import_existing == two.import_existing
            && one.rollback == two.rollback
            && self.found.manifest == next.found.manifest
            && self.found.region == next.found.region
            && self.found.deploy_role == next.found.deploy_role
            && !self.found.conditional.iter().any(declares)
    }
}

/// Stacks that one call of the CLI deploys, each after the one before.
#[derive(Clone, Debug)]
pub struct Deploy<'a> {
    /// The CLI.
    pub cli: PathBuf,
    /// The assembly.
    pub assembly: &'a Path,
    /// At least one; each [goes with](Wanted::goes_with) the next.
    pub stacks: &'a [Wanted<'a>],
    /// The whole environment.
    pub env: Environment,
    /// Where outputs go on their way.
    pub tmp: PathBuf,
    /// The region of the environment.
    pub region: &'a str,
    /// Names the run.
    pub session: &'a str,
}

/// What came of a stack that was deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// Its outputs, as CloudFormation has them.
    pub outputs: StackOutputs,
    /// So long it took.
    pub took: Duration,
}

/// What came of a stack that was not.
#[derive(Debug)]
pub struct NotDeployed {
    /// Its number among those of the call. None after it was begun.
    pub index: usize,
    /// How the CLI ended, where it was started.
    pub status: Option<Status>,
    /// So long it took.
    pub took: Duration,
    /// Why.
    pub problem: Diagnostic,
}

/// Deploys them; `each` is told of every stack as soon as it is deployed. Deploying what is there already changes nothing.
pub fn deploy(
    deploy: &Deploy<'_>,
    log: &Log,
    stop: &Stop,
    each: &mut dyn FnMut(usize, Deployed),
) -> Result<(), NotDeployed> {
    let not_begun = |problem| NotDeployed {
        index: 0,
        status: None,
        took: Duration::ZERO,
        problem,
    };
    if deploy.stacks.len() > 1 {
        let found: Vec<&AssemblyStack> = deploy.stacks.iter().map(|one| one.found).collect();
        chain(&found).map_err(not_begun)?;
    }
    let Some(first) = deploy.stacks.first() else {
        return Ok(());
    };
    let outputs = deploy.tmp.join("outputs.json");
    let shown = shown(deploy);
    log.line(&format!("$ {shown}"));
    let mut command = Command::new(&deploy.cli, deploy.assembly)
        .args(arguments(deploy, first.stack, &outputs))
        .env(deploy.env.clone())
        .env([("CDK_DISABLE_CLI_TELEMETRY", "true")]);
    command.timeout = timeout(first.stack);
    let paths = deploy.stacks.iter();
    let mut told = Told::new(
        paths
            .map(|one| (&*one.found.path, &*one.found.name))
            .collect(),
    );
    let mut course = Course::new(deploy, log, each);
    let ended = process::tell(&command, log, stop, &mut |line| {
        let before = course.current;
        match told.read(line) {
            Some(News::Line(line)) => log.line(&line),
            Some(News::Begins(index)) => course.begins(index),
            Some(News::Ends { index, unchanged }) => course.ends(index, unchanged),
            None => {}
        }
        // Each stack has a time of its own.
        let next = deploy.stacks.get(course.current);
        next.filter(|_| course.current != before)
            .and_then(|next| timeout(next.stack))
    })
    .map_err(not_begun)?;
    if ended.is_good() {
        course.succeeded(&outputs);
        return Ok(());
    }
    let (index, took) = course.failed();
    let Some(one) = deploy.stacks.get(index) else {
        return Ok(());
    };
    let problem = failed(&shown, one, &ended, stop);
    Err(NotDeployed {
        index,
        status: Some(ended.status),
        took,
        problem: match ended.status {
            Status::Stopped => problem,
            _ => course
                .aftermath
                .explain(problem, &one.found.name, course.since),
        },
    })
}

/// How far the CLI has come.
struct Course<'c> {
    deploy: &'c Deploy<'c>,
    log: &'c Log,
    each: &'c mut dyn FnMut(usize, Deployed),
    aftermath: Aftermath,
    /// The stack that is being deployed.
    current: usize,
    /// Whether its beginning was told.
    begun: bool,
    done: Vec<bool>,
    /// Those that are deployed and whose outputs CloudFormation has not told, with the time they took.
    silent: Vec<(usize, Duration)>,
    /// When the current one was begun.
    lap: Instant,
    /// When the CLI was started, in milliseconds since 1970. Events of a stack from then on are of this deployment, also those that came while its predecessor
    /// was still looked at.
    since: i64,
}

impl<'c> Course<'c> {
    fn new(
        deploy: &'c Deploy<'c>,
        log: &'c Log,
        each: &'c mut dyn FnMut(usize, Deployed),
    ) -> Course<'c> {
        let found = deploy.stacks.first().map(|one| one.found);
        Course {
            deploy,
            log,
            each,
            aftermath: Aftermath::new(
                &deploy.env,
                found,
                deploy.region,
                deploy.session,
                &deploy.tmp,
            ),
            current: 0,
            begun: false,
            done: vec![false; deploy.stacks.len()],
            silent: Vec::new(),
            lap: Instant::now(),
            since: jiff::Timestamp::now().as_millisecond(),
        }
    }

    fn path(&self, index: usize) -> &'c str {
        let one = self.deploy.stacks.get(index);
        one.map_or("", |one| &one.found.path)
    }

    fn begins(&mut self, index: usize) {
        if (self.begun && self.current == index) || self.done.get(index) != Some(&false) {
            return;
        }
        // One that has no resources is passed over without a word.
        self.all_before(index);
        self.current = index;
        self.begun = true;
        self.log.line(&format!("  {}", self.path(index)));
    }

    fn ends(&mut self, index: usize, unchanged: bool) {
        self.all_before(index);
        let path = self.path(index);
        let took = time_in_words(self.lap.elapsed());
        match unchanged {
            true => self
                .log
                .line(&format!("  {path}: no changes, after {took}")),
            false => self.log.line(&format!("  {path}: deployed after {took}")),
        }
        self.finish(index);
    }

    fn all_before(&mut self, index: usize) {
        for before in 0..index {
            if self.done.get(before) == Some(&false) {
                self.finish(before);
            }
        }
    }

    /// A stack is as it should be: what it has now is asked for at once.
    fn finish(&mut self, index: usize) {
        let (Some(done), Some(one)) = (self.done.get_mut(index), self.deploy.stacks.get(index))
        else {
            return;
        };
        if std::mem::replace(done, true) {
            return;
        }
        let took = self.lap.elapsed();
        match self.aftermath.outputs(&one.found.name) {
            Some(outputs) => self.tell(index, outputs, took),
            None => self.silent.push((index, took)),
        }
        self.current = index + 1;
        self.begun = false;
        self.lap = Instant::now();
    }

    fn tell(&mut self, index: usize, outputs: StackOutputs, took: Duration) {
        for (name, value) in &outputs {
            self.log.line(&format!("    {name} = {value}"));
        }
        (self.each)(index, Deployed { outputs, took });
    }

    /// The CLI says that all are deployed. Its file has the outputs that it saw.
    fn succeeded(&mut self, file: &Path) {
        self.all_before(self.deploy.stacks.len());
        for (index, took) in std::mem::take(&mut self.silent) {
            let name = self.deploy.stacks.get(index).map(|one| &*one.found.name);
            let outputs = read(file, name.unwrap_or_default());
            self.tell(index, outputs, took);
        }
    }

    /// The stack that was not deployed, and how long it took. Those before it are deployed, whoever has told their outputs.
    fn failed(&mut self) -> (usize, Duration) {
        let took = self.lap.elapsed();
        for (index, took) in std::mem::take(&mut self.silent) {
            let one = self.deploy.stacks.get(index);
            let outputs = one.and_then(|one| self.aftermath.outputs(&one.found.name));
            match outputs {
                Some(outputs) => self.tell(index, outputs, took),
                None => self.log.line(&format!(
                    "  {} is deployed; nobody could be asked what it has",
                    self.path(index)
                )),
            }
        }
        let last = self.done.len().saturating_sub(1);
        let first = self.done.iter().position(|done| !done);
        let current = (self.done.get(self.current) == Some(&false)).then_some(self.current);
        (current.or(first).unwrap_or(last), took)
    }
}

fn arguments(deploy: &Deploy<'_>, stack: &Stack, outputs: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "deploy",
        "--exclusively",
        "--no-notices",
        "--ci",
        "--require-approval=never",
        "--progress=events",
        "--app",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(deploy.assembly.display().to_string());
    arguments.push(format!("--outputs-file={}", outputs.display()));
    arguments.push(format!("--method={}", method(stack.method)));
    if stack.import_existing {
        arguments.push("--import-existing-resources".to_owned());
    }
    if !stack.rollback {
        arguments.push("--no-rollback".to_owned());
    }
    if deploy.stacks.len() > 1 {
        // Assets of a stack are built and published when those before it are deployed, as with a call for each.
        arguments.extend(["--concurrency=1", "--asset-prebuild=false"].map(str::to_owned));
    }
    for one in deploy.stacks {
        for (name, value) in &one.parameters {
            arguments.push("--parameters".to_owned());
            arguments.push(format!("{}:{name}={value}", one.found.name));
        }
    }
    arguments.extend(deploy.stacks.iter().map(|one| one.found.path.clone()));
    arguments
}

fn shown(deploy: &Deploy<'_>) -> String {
    let mut shown = "cdk deploy".to_owned();
    for one in deploy.stacks {
        shown.push(' ');
        shown.push_str(&one.found.path);
    }
    shown
}

fn method(method: DeployMethod) -> &'static str {
    match method {
        DeployMethod::ChangeSet => "change-set",
        DeployMethod::Direct => "direct",
    }
}

/// The file has the outputs of each stack by its name. A stack without outputs is not in it.
fn read(path: &Path, name: &str) -> StackOutputs {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut stacks: HashMap<String, IndexMap<String, serde_json::Value>> =
        serde_json::from_str(&text).unwrap_or_default();
    let outputs = stacks.remove(name).unwrap_or_default().into_iter();
    outputs
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

fn failed(shown: &str, one: &Wanted<'_>, ended: &Ended, stop: &Stop) -> Diagnostic {
    let context = process::Context {
        text: shown,
        span: Some(one.stack.span),
        timeout: timeout(one.stack),
        stopped_by: stop.why(),
        ..process::Context::default()
    };
    let problem = Diagnostic::error(
        &codes::DEPLOY_FAILED,
        one.stack.span,
        format!("stack `{}` was not deployed", one.found.path),
    );
    let problem = match process::failure(ended, &context) {
        Some(reason) => problem.because(reason),
        None => problem,
    };
    problem.help("what was deployed before it stays; deploying the same commit again is safe")
}

fn timeout(stack: &Stack) -> Option<Duration> {
    let timeout = stack.timeout.as_ref();
    timeout.map(|timeout| Duration::from_secs(timeout.value))
}
