//! `ssm("/path")`: parameters of the Parameter Store, read when a stage needs them.

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::eval::data::{Output, RuntimeSource};
use crate::graph::{Entry, StageKind};
use crate::model::{App, Env, EnvValue, Message, Pipeline, When};
use crate::source::Span;
use crate::stage::Task;
use crate::stage::record::StageResult;
use crate::stage::work::{Commit, Context, Place, environment_of};

/// Names and values of parameters.
pub type Parameters = IndexMap<String, String>;

/// The same commit with the parameters that a stage needs, asked for now; else what is wrong with them.
pub fn with_parameters(
    context: &Context,
    task: &Task,
    commit: Commit,
    results: &[StageResult],
) -> (Commit, Vec<Diagnostic>) {
    let wanted = commit.with_entry(&context.run, |entry| {
        let stage = entry.stage(task.find(entry)?)?;
        let names = names(&commit.pipeline, stage.kind, context.run.synth_only);
        Some((names, environment_of(entry, stage).map(Place::of)))
    });
    let Some((names, place)) = wanted.flatten() else {
        return (commit, Vec::new());
    };
    if names.is_empty() {
        return (commit, Vec::new());
    }
    let (mut values, mut problems) = (Parameters::default(), Vec::new());
    for (name, span) in names {
        match context.parameter(&name, place.as_ref()) {
            Ok(value) => drop(values.insert(name, value)),
            Err(problem) => problems.push(problem.at(span)),
        }
    }
    if !problems.is_empty() {
        return (commit, problems);
    }
    match context.commit_with(results, &values) {
        Ok(commit) => (commit, Vec::new()),
        Err(report) => (commit, report.diagnostics),
    }
}

/// The parameters that the stages of a run need must be there (9.3).
pub fn check(context: &Context, pipeline: &Pipeline, entry: &Entry<'_>) -> Vec<Diagnostic> {
    let mut seen: Vec<(String, Option<Place>)> = Vec::new();
    let mut problems = Vec::new();
    for stage in &entry.stages {
        if context.run.leaves_out_with_all(entry, stage) {
            continue;
        }
        let place = environment_of(entry, stage).map(Place::of);
        for (name, span) in names(pipeline, stage.kind, context.run.synth_only) {
            let asked = (name, place.clone());
            if seen.contains(&asked) {
                continue;
            }
            if let Err(problem) = context.parameter(&asked.0, place.as_ref()) {
                problems.push(problem.at(span));
            }
            seen.push(asked);
        }
    }
    problems
}

/// The parameters that a stage needs, each once, with the place of its first use.
fn names(pipeline: &Pipeline, kind: StageKind<'_>, synth_only: bool) -> Vec<(String, Span)> {
    let mut names: Vec<(String, Span)> = Vec::new();
    let mut add = |output: &Output, span: Span| {
        for need in &output.needs {
            if let RuntimeSource::Ssm(name) = &need.source
                && !names.iter().any(|(other, _)| other == name.as_str())
            {
                names.push((name.to_string(), span));
            }
        }
    };
    match kind {
        StageKind::Step(step) => {
            if let When::Output(output) = &step.when.value {
                add(output, step.when.span);
            }
        }
        StageKind::Approval(approval) => {
            if let Message::Output(output) = &approval.message.value {
                add(output, approval.message.span);
            }
        }
        _ => {}
    }
    let values = envs(pipeline, kind, synth_only)
        .into_iter()
        .flat_map(Env::values);
    for value in values {
        if let EnvValue::Output(output) = &value.value {
            add(output, value.span);
        }
    }
    names
}

/// Everything that a stage sets to values from elsewhere.
pub fn envs<'p>(pipeline: &'p Pipeline, kind: StageKind<'p>, synth_only: bool) -> Vec<&'p Env> {
    let mut envs: Vec<&Env> = Vec::new();
    match kind {
        StageKind::Step(step) => {
            envs.push(&step.env);
            envs.extend(step.services.iter().map(|service| &service.env));
        }
        StageKind::Deploy { environment, .. } | StageKind::Diff { environment, .. } => {
            envs.extend([&environment.env, &environment.context]);
            for stack in kind.stacks() {
                envs.push(&stack.context);
                if !synth_only {
                    envs.push(&stack.parameters);
                }
                let of_stack = |app: &&App| app.name.value == stack.app.value;
                let apps = pipeline.apps.iter().filter(of_stack);
                envs.extend(apps.flat_map(|app| [&app.env, &app.context]));
            }
        }
        _ => {}
    }
    envs
}
