//! An assembly that is there.

use std::path::Path;

use crate::cli::assembly::{Against, held};
use crate::cli::console::Console;
use crate::diagnostics::codes::run_cdk::UNREADABLE_ASSEMBLY;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::model::{Environment, Pipeline, Stack};
use crate::stage::cdk::{Assembly, AssemblyStack};

/// What is wrong between a pipeline and assemblies of its apps.
pub(super) fn compare(
    against: &Against,
    pipeline: &Pipeline,
    console: &mut Console,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for argument in &against.assembly {
        let (app, directory) = match app_of(argument, pipeline) {
            Ok(found) => found,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        match Assembly::read(Path::new(directory)) {
            Ok(assembly) => {
                problems.extend(with(against, pipeline, app, &assembly, directory, console));
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems
}

/// `APP=DIR`, or `DIR` where there is one app.
fn app_of<'p, 'a>(
    argument: &'a str,
    pipeline: &'p Pipeline,
) -> Result<(&'p str, &'a str), Diagnostic> {
    let names: Vec<&'p str> = pipeline
        .apps
        .iter()
        .map(|app| app.name.value.as_str())
        .collect();
    if let Some((name, directory)) = argument.split_once('=')
        && !Path::new(argument).exists()
    {
        if let Some(name) = names.iter().find(|known| **known == name) {
            return Ok((name, directory));
        }
        let message = format!("pipeline `{}` has no app `{name}`", pipeline.name.value);
        let problem = Diagnostic::without_place(&UNREADABLE_ASSEMBLY, message);
        return Err(match did_you_mean(name, names.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `--assembly {near}={directory}`?")),
            None => problem.note(format!("it has {}", list_names(names.iter().copied(), 12))),
        });
    }
    match names.as_slice() {
        [only] => Ok((only, argument)),
        _ => {
            let message = format!(
                "pipeline `{}` has {} apps: {}",
                pipeline.name.value,
                names.len(),
                list_names(names.iter().copied(), 12)
            );
            let help = format!("say whose assembly it is: `--assembly APP={argument}`");
            Err(Diagnostic::without_place(&UNREADABLE_ASSEMBLY, message).help(help))
        }
    }
}

/// Compares the environments that the assembly is for. An app may synthesise all of them at once, or the one that it is told of:
/// then an environment is meant where a stack of the assembly fits its account and region, and where it selects one that no other
/// environment does. Those that `--only` names are meant anyway.
fn with(
    against: &Against,
    pipeline: &Pipeline,
    app: &str,
    assembly: &Assembly,
    directory: &str,
    console: &mut Console,
) -> Vec<Diagnostic> {
    let environments: Vec<(&Environment, Vec<&Stack>)> = pipeline
        .environments()
        .filter(|environment| against.takes(environment))
        .map(|environment| {
            let of_app = environment.stacks().filter(|stack| stack.app.value == app);
            (environment, of_app.collect::<Vec<_>>())
        })
        .filter(|(_, stacks)| !stacks.is_empty())
        .collect();
    let is_meant = |environment: &Environment| {
        let mut stacks = assembly.stacks.iter();
        !against.only.is_empty() || stacks.any(|stack| fits(environment, stack))
    };
    let (meant, others): (Vec<_>, Vec<_>) = environments
        .iter()
        .partition(|(environment, _)| is_meant(environment));
    let mut problems = Vec::new();
    let mut taken = Vec::new();
    for (environment, stacks) in &meant {
        let (found, selected) = held(environment, stacks, assembly);
        console.remark(&told(environment, stacks.len(), &found));
        problems.extend(found);
        taken.extend(selected);
    }
    for (environment, stacks) in &others {
        let (found, selected) = held(environment, stacks, assembly);
        if meant.is_empty() || selected.iter().any(|path| !taken.contains(path)) {
            console.remark(&told(environment, stacks.len(), &found));
            problems.extend(found);
        } else {
            console.remark(&format!(
                "environment `{}`: not compared, no stack in {directory} is for {} {}\n",
                environment.name.value, environment.account.value, environment.region.value
            ));
        }
    }
    problems
}

fn fits(environment: &Environment, stack: &AssemblyStack) -> bool {
    let is_it =
        |given: &Option<String>, own: &String| given.as_ref().is_none_or(|given| given == own);
    is_it(&stack.account, &environment.account.value)
        && is_it(&stack.region, &environment.region.value)
}

/// A line about an environment that was compared.
pub(super) fn told(environment: &Environment, stacks: usize, found: &[Diagnostic]) -> String {
    let stacks = crate::diagnostics::plural(stacks, "stack");
    let name = &environment.name.value;
    match found.len() {
        0 => format!("environment `{name}`: {stacks} as the pipeline says\n"),
        _ => format!("environment `{name}`: {stacks}, not all as the pipeline says\n"),
    }
}
