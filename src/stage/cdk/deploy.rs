//! `cdk deploy` of one stack of an assembly.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::collections::{HashMap, IndexMap};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_cdk as codes;
use crate::model::{DeployMethod, Stack};
use crate::stage::cdk::{Aftermath, AssemblyStack};
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Ended, Environment, Status, Stop};
use crate::stage::record::StackOutputs;

/// A stack to be deployed.
#[derive(Clone, Debug)]
pub struct Deploy<'a> {
    /// The CLI.
    pub cli: PathBuf,
    /// The assembly.
    pub assembly: &'a Path,
    /// As the file has it.
    pub stack: &'a Stack,
    /// As the assembly has it.
    pub found: &'a AssemblyStack,
    /// Parameters and their values.
    pub parameters: Vec<(String, String)>,
    /// The whole environment.
    pub env: Environment,
    /// Where outputs go on their way.
    pub tmp: PathBuf,
    /// The region of the environment.
    pub region: &'a str,
    /// Names the run.
    pub session: &'a str,
}

/// Deploys it and returns its outputs. Deploying what is there already changes nothing.
pub fn deploy(
    deploy: &Deploy<'_>,
    log: &Log,
    stop: &Stop,
) -> Result<(StackOutputs, Ended), Diagnostic> {
    let outputs = deploy.tmp.join("outputs.json");
    let aftermath = Aftermath::new(
        &deploy.env,
        deploy.found,
        deploy.region,
        deploy.session,
        &deploy.tmp,
    );
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
    arguments.push(format!("--method={}", method(deploy.stack.method)));
    if deploy.stack.import_existing {
        arguments.push("--import-existing-resources".to_owned());
    }
    if !deploy.stack.rollback {
        arguments.push("--no-rollback".to_owned());
    }
    for (name, value) in &deploy.parameters {
        arguments.push("--parameters".to_owned());
        arguments.push(format!("{}:{name}={value}", deploy.found.name));
    }
    arguments.push(deploy.found.path.clone());
    log.line(&format!("$ cdk deploy {}", deploy.found.path));
    let mut command = Command::new(&deploy.cli, deploy.assembly)
        .args(arguments)
        .env(deploy.env.clone())
        .env([("CDK_DISABLE_CLI_TELEMETRY", "true")]);
    command.timeout = timeout(deploy);
    let ended = process::run(&command, log, stop)?;
    log.line(&format!("  {}", process::time_in_words(ended.took)));
    if ended.is_good() {
        // The file has what the CLI saw; CloudFormation has what is there.
        let written = || read(&outputs, &deploy.found.name);
        return Ok((aftermath.outputs().unwrap_or_else(written), ended));
    }
    let problem = failed(deploy, &ended, stop);
    Err(match ended.status {
        Status::Stopped => problem,
        _ => aftermath.explain(problem),
    })
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

fn failed(deploy: &Deploy<'_>, ended: &Ended, stop: &Stop) -> Diagnostic {
    let text = format!("cdk deploy {}", deploy.found.path);
    let context = process::Context {
        text: &text,
        span: Some(deploy.stack.span),
        timeout: timeout(deploy),
        stopped_by: stop.why(),
        ..process::Context::default()
    };
    let problem = Diagnostic::error(
        &codes::DEPLOY_FAILED,
        deploy.stack.span,
        format!("stack `{}` was not deployed", deploy.found.path),
    );
    let problem = match process::failure(ended, &context) {
        Some(reason) => problem.because(reason),
        None => problem,
    };
    problem.help("what was deployed before it stays; deploying the same commit again is safe")
}

fn timeout(deploy: &Deploy<'_>) -> Option<Duration> {
    let timeout = deploy.stack.timeout.as_ref();
    timeout.map(|timeout| Duration::from_secs(timeout.value))
}
