//! An assembly that is made now, in the working tree as it is.

use std::io::stderr;
use std::path::Path;

use crate::cli::assembly::given::told;
use crate::cli::assembly::{Against, held};
use crate::cli::console::Console;
use crate::cli::input::Input;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_cdk::NO_CDK;
use crate::diagnostics::codes::run_store::STORE_FAILED;
use crate::graph::{StageKind, synth_groups};
use crate::model::{App, EnvValue, Environment, Pipeline, Stack};
use crate::stage::cdk::{self, Given, Synth};
use crate::stage::log::Log;
use crate::stage::process::{Environment as Variables, Stop};
use crate::stage::work::variable_of;

/// Synthesises each environment, and what is wrong between it and what came out. What commands write goes to standard error.
pub(super) fn compare(
    against: &Against,
    input: &Input,
    pipeline: &Pipeline,
    console: &mut Console,
) -> Vec<Diagnostic> {
    let room = match tempfile::tempdir() {
        Ok(room) => room,
        Err(error) => {
            let message = "there is no room for assemblies";
            return vec![Diagnostic::without_place(&STORE_FAILED, message).note(error.to_string())];
        }
    };
    let stop = match Stop::on_signals() {
        Ok(stop) => stop,
        Err(problem) => return vec![problem],
    };
    let log = Log::new(vec![Box::new(stderr())]);
    let mut problems = Vec::new();
    for environment in pipeline
        .environments()
        .filter(|environment| against.takes(environment))
    {
        for (index, group) in synth_groups(environment).into_iter().enumerate() {
            let kind = StageKind::Deploy {
                environment,
                first: group.start,
                count: group.len(),
            };
            let stacks: Vec<&Stack> = kind.stacks().collect();
            let Some(app) = stacks.first().and_then(|first| pipeline.app_of(first)) else {
                continue;
            };
            let output = room
                .path()
                .join(format!("{}-{index}", environment.name.value));
            let made = wanted(
                input.project.root(),
                environment,
                app,
                &stacks,
                &output,
                &log,
            );
            let synth = match made {
                Ok(synth) => synth,
                Err(unknown) => {
                    let names: Vec<&str> = stacks
                        .iter()
                        .map(|stack| stack.name.value.as_str())
                        .collect();
                    console.remark(&format!(
                        "environment `{}`: {} not synthesised, {unknown}\n",
                        environment.name.value,
                        names.join(", ")
                    ));
                    continue;
                }
            };
            match cdk::synth(&synth, &log, &stop) {
                Ok((assembly, _)) => {
                    let (found, _) = held(environment, &stacks, &assembly);
                    console.remark(&told(environment, stacks.len(), &found));
                    problems.extend(found);
                }
                Err(problem) => {
                    let problem = here(problem, app);
                    // An app that fails fails for every environment alike, which is told once.
                    if !problems.iter().any(|other: &Diagnostic| {
                        other.message == problem.message && other.notes == problem.notes
                    }) {
                        problems.push(problem);
                    }
                }
            }
            if stop.is_set() {
                return problems;
            }
        }
    }
    problems
}

/// A failure of a synth in a tree that nobody has made ready.
fn here(problem: Diagnostic, app: &App) -> Diagnostic {
    let setup: Vec<String> = app
        .setup
        .iter()
        .map(|command| format!("`{}`", command.value))
        .collect();
    let mut problem = problem.at(app.span);
    if problem.code == &NO_CDK && !setup.is_empty() {
        problem.help = Some(format!(
            "run {} first: `--synth` works in the tree as it is",
            setup.join(", ")
        ));
    }
    problem
}

/// The synth of a group, as its stage makes it; in words why that is not known yet.
fn wanted<'a>(
    root: &Path,
    environment: &Environment,
    app: &'a App,
    stacks: &[&Stack],
    output: &Path,
    log: &Log,
) -> Result<Synth<'a>, String> {
    let dir = match app.dir.value.as_str() {
        "." | "" => root.to_owned(),
        dir => root.join(dir),
    };
    let mut env: Variables = std::env::vars_os().collect();
    env.extend(cdk::place(environment).map(|(name, value)| (name.into(), value.into())));
    let (variables, context) = cdk::given(environment, app, stacks);
    for (name, value) in known(variables, log)? {
        env.insert(name.into(), value.into());
    }
    let context = known(context, log)?;
    Ok(Synth {
        dir,
        root: root.to_owned(),
        command: app.command.as_ref().map(|command| command.value.as_str()),
        context,
        env,
        output: output.to_owned(),
    })
}

/// Values as text. A secret is a variable, as for `aphex run`, and hidden in what is written from here on.
fn known(values: Vec<Given<'_>>, log: &Log) -> Result<Vec<(String, String)>, String> {
    let values = values.into_iter().map(|(name, value)| match &value.value {
        EnvValue::Text(text) => Ok((name.to_owned(), text.clone())),
        EnvValue::Output(output) => Err(format!(
            "since `{name}` is known only in a run: `{}`",
            output.expression
        )),
        EnvValue::Secret(secret) => {
            let variable = variable_of(secret);
            match std::env::var(&variable) {
                Ok(text) => {
                    if !log.hide(&text) {
                        log.line(&format!("warning: `{name}` is too short to be hidden"));
                    }
                    Ok((name.to_owned(), text))
                }
                Err(_) => Err(format!(
                    "since `{name}` is a secret: set the variable `{variable}`"
                )),
            }
        }
    });
    values.collect()
}
