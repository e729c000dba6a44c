//! Run-time values: whoever uses one must come after the stage that makes it, in every run.

mod uses;

pub use uses::all_needs;

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::codes::pipeline::{
    MAKER_MAY_BE_SKIPPED, MANUAL_OUTPUT, PICK_LACKS, UNKNOWN_INPUT, USED_BEFORE_MADE,
};
use crate::diagnostics::{Diagnostic, Problems, did_you_mean, list_names};
use crate::eval::data::{BlockPath, RuntimeSource};
use crate::graph::{Entry, EntryKind, Graph, StageId};
use crate::model::{Environment, Pipeline, Start, Step, When};
use crate::rules::commands;
use crate::source::Span;
use uses::{Use, uses};

/// Reports values that are used before they are made, or in runs that do not make them.
pub fn check(pipeline: &Pipeline, graph: &Graph<'_>, problems: &mut Problems) {
    let uses = uses(pipeline);
    inputs(pipeline, problems);
    let steps: HashMap<&BlockPath, &Step> = commands::steps(pipeline)
        .map(|step| (&step.path, step))
        .collect();
    let mut reported: HashSet<(Span, String)> = HashSet::default();
    for entry in &graph.entries {
        if entry.kind == EntryKind::Validate {
            continue;
        }
        for used in &uses {
            let RuntimeSource::Block { path, name } = &used.need.source else {
                continue;
            };
            let Some(user) = entry.by_path.get(used.user).copied() else {
                continue;
            };
            let problem = match stage_of(entry, path) {
                None => absent(pipeline, entry, used, path, name),
                Some(maker)
                    if used.is_made(path) || is_made(entry, used.user, user, path, maker) =>
                {
                    skipped(&steps, used, path)
                }
                Some(_) => Some(too_early(pipeline, used, path, name)),
            };
            if let Some(problem) = problem
                && reported.insert((used.need.span, problem.code.id.to_owned()))
            {
                problems.push(problem);
            }
        }
    }
}

/// The stage that makes what a block makes.
fn stage_of(entry: &Entry<'_>, path: &BlockPath) -> Option<StageId> {
    let mut around = path.outwards();
    around.find_map(|path| entry.by_path.get(path).copied())
}

fn is_made(
    entry: &Entry<'_>,
    user_path: &BlockPath,
    user: StageId,
    maker_path: &BlockPath,
    maker: StageId,
) -> bool {
    if user != maker {
        return entry.waits_for(user, maker);
    }
    // Two stacks of one synth group are deployed in the order written.
    let Some(stage) = entry.stage(user) else {
        return true;
    };
    let position = |path: &BlockPath| stage.kind.stacks().position(|stack| stack.path == *path);
    match (position(maker_path), position(user_path)) {
        (Some(maker), Some(user)) => maker < user,
        _ => false,
    }
}

fn too_early(pipeline: &Pipeline, used: &Use<'_>, maker: &BlockPath, name: &str) -> Diagnostic {
    let user = used.user;
    let same = maker == user;
    let mut diagnostic = Diagnostic::error(
        &USED_BEFORE_MADE,
        used.need.span,
        match same {
            true => format!("`{maker}.{name}` is used by `{user}` itself, which makes it"),
            false => {
                format!("`{maker}.{name}` is used by `{user}`, which does not wait for `{maker}`")
            }
        },
    )
    .label(format!("not known yet when `{user}` begins"));
    if let Some(span) = place_of(pipeline, maker) {
        diagnostic = diagnostic.also(span, format!("`{name}` is made here"));
    }
    let kind = |path: &BlockPath| {
        path.0
            .last()
            .map(|step| step.kind.to_string())
            .unwrap_or_default()
    };
    let environment = |path: &BlockPath| {
        path.0
            .iter()
            .rfind(|step| step.kind == "environment")
            .cloned()
    };
    let help = if same {
        format!("a {} cannot use what it makes itself", kind(maker))
    } else if kind(user) == "wave" && maker.0.starts_with(&user.0) {
        "the approval of a wave is asked before anything in it is deployed: leave the value out"
            .to_owned()
    } else if kind(user) == "wave" {
        format!("write the wave after what makes `{maker}`, or leave the value out")
    } else if environment(maker) == environment(user) {
        match kind(user).as_str() {
            "before" => format!("make it a `step` after `{maker}`, or an `after`"),
            "check" | "build" => "move it to an environment, after what makes the value".to_owned(),
            "environment" => {
                "an approval is asked before anything is deployed: leave the value out".to_owned()
            }
            _ => format!(
                "move it after `{maker}`, or add `needs = [{}]`",
                maker.name()
            ),
        }
    } else {
        match (environment(user), environment(maker)) {
            (Some(user), Some(maker)) => format!(
                "write `{}` after `{}`, or add `needs = [{}]` to it",
                user.label.as_deref().unwrap_or("it"),
                maker.label.as_deref().unwrap_or("it"),
                maker.label.as_deref().unwrap_or("it"),
            ),
            (None, Some(_)) => "move it to an environment, after what makes the value".to_owned(),
            _ => format!("move it after `{maker}`"),
        }
    };
    diagnostic.help(help)
}

/// A run that has the user and not the maker.
fn absent(
    pipeline: &Pipeline,
    entry: &Entry<'_>,
    used: &Use<'_>,
    maker: &BlockPath,
    name: &str,
) -> Option<Diagnostic> {
    let making = environment_of(pipeline, maker)?;
    let using = environment_of(pipeline, used.user);
    if making.start == Start::Manual {
        return Some(
            Diagnostic::error(
                &MANUAL_OUTPUT,
                used.need.span,
                format!(
                    "`{maker}.{name}` comes from `{}`, which only a person starts",
                    making.name.value
                ),
            )
            .label("may never have been made")
            .also(making.name.span, "has `start = \"manual\"`")
            .help(format!(
                "drop `start = \"manual\"` of `{}`, or read the value with `ssm(…)`",
                making.name.value
            )),
        );
    }
    if let Some(using) = using.filter(|using| using.start == Start::Manual) {
        return Some(
            Diagnostic::error(
                &MANUAL_OUTPUT,
                used.need.span,
                format!(
                    "`{}` is started in a run of its own, which does not make `{maker}.{name}`",
                    using.name.value
                ),
            )
            .label("not known in that run")
            .also(using.name.span, "has `start = \"manual\"`")
            .help(format!(
                "drop `start = \"manual\"` of `{}`, or read the value with `ssm(…)`",
                using.name.value
            )),
        );
    }
    let trigger = entry
        .triggers
        .iter()
        .find_map(|index| pipeline.triggers.get(*index))?;
    let deploy = trigger.deploy.as_ref()?;
    let using = using.map_or_else(|| used.user.to_string(), |using| using.name.value.clone());
    let mut diagnostic = Diagnostic::error(
        &PICK_LACKS,
        trigger.name.span,
        format!(
            "`on {}` deploys `{using}` without `{}`, whose `{maker}.{name}` it uses",
            trigger.name.value, making.name.value
        ),
    )
    .label("this pick")
    .also(used.need.span, "used here")
    .help(format!("add `{}` to `deploy`", making.name.value));
    if let Some(last) = deploy.last() {
        let end = Span::new(last.span.source, last.span.end, last.span.end);
        let identifier = making
            .name
            .value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let in_wave = maker.0.iter().any(|step| step.kind == "wave");
        if identifier
            && !in_wave
            && deploy
                .iter()
                .all(|other| other.span != last.span || other.path == last.path)
        {
            diagnostic = diagnostic.likely_fix(
                format!("add `{}` to `deploy`", making.name.value),
                end,
                format!(", {}", making.name.value),
            );
        }
    }
    Some(diagnostic)
}

/// The maker is a step that may not run, or may fail without stopping anything.
fn skipped(
    steps: &HashMap<&BlockPath, &Step>,
    used: &Use<'_>,
    maker: &BlockPath,
) -> Option<Diagnostic> {
    let step = steps.get(maker)?;
    let (reason, span) = match (&step.when.value, step.required) {
        (When::Output(_) | When::Failure, _) => ("may be skipped", step.when.span),
        (_, false) => ("may fail without stopping the run", step.name.span),
        _ => return None,
    };
    Some(
        Diagnostic::warning(
            &MAKER_MAY_BE_SKIPPED,
            used.need.span,
            format!(
                "`{}` {reason}, and then `{}` is empty",
                step.path, used.need.source
            ),
        )
        .label("used here")
        .also(span, reason)
        .help(format!("give `{}` the same condition", used.user)),
    )
}

fn environment_of<'p>(pipeline: &'p Pipeline, path: &BlockPath) -> Option<&'p Environment> {
    pipeline
        .environments()
        .find(|environment| path.0.starts_with(&environment.path.0))
}

/// The name of the block at a path.
fn place_of(pipeline: &Pipeline, path: &BlockPath) -> Option<Span> {
    let stacks = pipeline
        .environments()
        .flat_map(|environment| environment.stacks());
    let stack = stacks
        .filter(|stack| stack.path == *path)
        .map(|stack| stack.name.span);
    let step = commands::steps(pipeline)
        .filter(|step| step.path == *path)
        .map(|step| step.name.span);
    stack.chain(step).next()
}

/// Inputs are known by name.
fn inputs(pipeline: &Pipeline, problems: &mut Problems) {
    let names = || {
        pipeline
            .inputs
            .iter()
            .map(|input| input.name.value.as_str())
    };
    let mut seen = HashSet::default();
    for need in all_needs(pipeline) {
        let RuntimeSource::Run(parts) = &need.source else {
            continue;
        };
        let [input, name, ..] = parts.as_slice() else {
            continue;
        };
        if input != "input" || names().any(|declared| declared == name) || !seen.insert(need.span) {
            continue;
        }
        let diagnostic = Diagnostic::error(
            &UNKNOWN_INPUT,
            need.span,
            format!("the pipeline declares no input `{name}`"),
        )
        .label("not known");
        let near = did_you_mean(name, names());
        problems.push(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if pipeline.inputs.is_empty() => {
                diagnostic.help(format!("declare it: `input {name}`"))
            }
            None => diagnostic.help(format!(
                "declare it: `input {name}`; there is {}",
                list_names(names(), 8)
            )),
        });
    }
}
