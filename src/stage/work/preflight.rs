//! What can be known before anything runs (9.1 to 9.5).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::analysis;
use crate::diagnostics::codes::run as codes;
use crate::diagnostics::{Diagnostic, Severity};
use crate::graph::{Entry, StageKind};
use crate::model::{Env, EnvValue, Pipeline, Step};
use crate::rules;
use crate::source::Span;
use crate::stage::container;
use crate::stage::record::Engine;
use crate::stage::work::{Context, Did, Place, accounts, beside, environment_of, parameters};

/// Checks the file at the commit, that the accounts are ready, and that the tools are there.
pub fn perform(context: &Context, pipeline: &Pipeline, entry: &Entry<'_>) -> Did {
    let mut did = Did::default();
    let files = context.files();
    // The rules are asked without what this run knows: the file must hold for every run.
    let checked = analysis::analyse(&context.run.file, &files);
    did.problems = checked.diagnostics;
    did.problems
        .retain(|problem| problem.severity == Severity::Error);
    if !did.problems.is_empty() {
        return did;
    }
    context
        .log
        .line(&format!("{}: no errors", context.run.file));
    if context.run.engine == Engine::Local {
        secrets(context, pipeline, entry, &mut did);
        tools(context, pipeline, entry, &mut did);
    }
    did.problems
        .extend(parameters::check(context, pipeline, entry));
    accounts::check(context, pipeline, entry, &mut did);
    if context.run.engine == Engine::Local && did.problems.is_empty() {
        containers(context, entry, &mut did);
    }
    did
}

/// On one machine secrets are variables of whoever runs it, or in AWS: all that this run needs must be there.
fn secrets(context: &Context, pipeline: &Pipeline, entry: &Entry<'_>, did: &mut Did) {
    let mut wanted: Vec<(&Env, Option<Place>)> = Vec::new();
    for stage in &entry.stages {
        if context.run.leaves_out_with_all(entry, stage) {
            continue;
        }
        let envs = parameters::envs(pipeline, stage.kind, context.run.synth_only);
        let place = environment_of(entry, stage).map(Place::of);
        wanted.extend(envs.into_iter().map(|env| (env, place.clone())));
    }
    // One that several use is missing once.
    let mut seen = BTreeSet::new();
    let values = wanted
        .into_iter()
        .flat_map(|(env, place)| env.values().map(move |value| (value, place.clone())));
    for (value, place) in values {
        let EnvValue::Secret(secret) = &value.value else {
            continue;
        };
        if seen.insert((
            secret.name.to_string(),
            secret.key.as_deref().map(str::to_owned),
            place.clone(),
        )) && let Err(problem) = context.secret(secret, place.as_ref())
        {
            did.problems.push(problem.at(value.span));
        }
    }
}

/// On one machine every step without an image runs here, so everything it calls must be here.
fn tools(context: &Context, pipeline: &Pipeline, entry: &Entry<'_>, did: &mut Did) {
    let steps = entry.stages.iter().filter_map(|stage| match stage.kind {
        StageKind::Step(step) => Some((stage, step)),
        _ => None,
    });
    let here = steps.filter(|(stage, step)| {
        !context.run.leaves_out_with_all(entry, stage) && !beside::is_inside(context, step)
    });
    let (found, missing) = tools_here(pipeline, here.map(|(stage, step)| (&*stage.name, step)));
    did.problems.extend(missing);
    if !found.is_empty() {
        context.log.line(&format!("tools: {}", found.join(", ")));
    }
}

/// The tools that steps (by the names of their stages) and apps call: those that are on this machine, and what is wrong where one is not.
pub fn tools_here<'p>(
    pipeline: &Pipeline,
    steps: impl Iterator<Item = (&'p str, &'p Step)>,
) -> (Vec<String>, Vec<Diagnostic>) {
    let mut wanted: BTreeMap<String, (Span, String)> = BTreeMap::new();
    for (name, step) in steps {
        for tool in rules::tools(step) {
            wanted.entry(tool).or_insert((step.span, name.to_owned()));
        }
    }
    for app in pipeline.apps_with_stacks() {
        let setup = app.setup.iter().map(|command| command.value.as_str());
        for tool in rules::shell::tools(setup) {
            let name = format!("app {}", app.name.value);
            wanted.entry(tool).or_insert((app.span, name));
        }
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for (tool, (span, user)) in wanted {
        // A path is a file of the repository, or of what a command before has made.
        if tool.contains('/') || is_here(&tool) {
            found.push(tool);
            continue;
        }
        missing.push(
            Diagnostic::error(
                &codes::NO_TOOL,
                span,
                format!("`{tool}` is not on this machine"),
            )
            .note(format!("`{user}` calls it"))
            .help("install it; or name an image that has it, `image = \"…\"`, and use `aphex run --container`"),
        );
    }
    (found, missing)
}

/// The engine, where a step of this run needs one; and what is called in images that steps run in.
fn containers(context: &Context, entry: &Entry<'_>, did: &mut Did) {
    let mut images: BTreeMap<&str, (&Step, BTreeSet<String>)> = BTreeMap::new();
    let mut found = None;
    for stage in &entry.stages {
        let StageKind::Step(step) = stage.kind else {
            continue;
        };
        if context.run.leaves_out_with_all(entry, stage) {
            continue;
        }
        if found.is_none() {
            match beside::engine(context, step) {
                Ok(engine) => found = engine,
                Err(problem) => return did.problems.push(problem),
            }
        }
        if let Some(image) = step
            .image
            .as_ref()
            .filter(|_| beside::is_inside(context, step))
        {
            let (_, tools) = images
                .entry(&image.value)
                .or_insert((step, BTreeSet::new()));
            tools.extend(
                rules::tools(step)
                    .into_iter()
                    .filter(|tool| !tool.contains('/')),
            );
        }
    }
    let Some(engine) = found else { return };
    for (name, (step, tools)) in images {
        let Some(image) = &step.image else { continue };
        let tools: Vec<String> = tools.into_iter().collect();
        let missing = container::missing_tools(&engine, image, &tools, &context.log, &context.stop);
        match missing {
            Err(problem) => did.problems.push(problem),
            Ok(missing) => did.problems.extend(missing.iter().map(|tool| {
                Diagnostic::error(
                    &codes::NO_TOOL,
                    image.span,
                    format!("`{tool}` is not in the image `{name}`"),
                )
                .help("use an image that has it")
            })),
        }
        if did.problems.is_empty() && !tools.is_empty() {
            context
                .log
                .line(&format!("tools of {name}: {}", tools.join(", ")));
        }
    }
}

pub(super) fn is_here(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    folders.any(|folder| is_program(&folder.join(tool)))
}

fn is_program(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
}
