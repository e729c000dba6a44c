//! What each stage does: one file a stage, over everything else in this folder.

mod accounts;
mod approval;
mod bake;
mod beside;
mod context;
mod deploy;
mod did;
mod finish;
mod keep;
mod last;
mod leave;
#[cfg(feature = "cloud")]
mod markdown;
#[cfg(feature = "cloud")]
mod metrics;
#[cfg(feature = "cloud")]
mod news;
#[cfg(feature = "cloud")]
mod overtaken;
mod parameters;
mod preflight;
mod ready;
mod secrets;
mod self_update;
mod sources;
mod start;
mod step;
#[cfg(feature = "cloud")]
mod teams;
#[cfg(feature = "cloud")]
mod tell;
mod told;
mod tools;
mod variables;

use crate::diagnostics::{Paint, Report, Severity, human};
use crate::graph::{Entry, Stage, StageKind};
use crate::model::{Environment, Pipeline};
use crate::rules;
use crate::stage::record::{ErrorRecord, Outcome, StageResult, keys};
use crate::stage::store::Key;
use crate::stage::{Task, path_of};

pub use approval::{is_same, message, summary};
pub use context::{Commit, Context, Place};
pub use did::Did;
pub use preflight::tools_here;
pub use ready::ready;
pub use secrets::variable_of;
pub use start::{checkout, open};

/// Does the work of a stage, writes down what came of it, and returns how it ended.
///
/// `path` is the stage's path where the runner gave it one; in a pod the stage finds it by its flags.
pub fn perform(context: &Context, task: &Task, paint: Paint) -> Outcome {
    let started_at = jiff::Timestamp::now();
    let began = std::time::Instant::now();
    let results = context.results();
    let (path, did, error) = match (task, context.commit(&results)) {
        (Task::Finish(ended), commit) => {
            let (commit, report) = match commit {
                Ok(commit) => (Some(commit), None),
                Err(report) => (None, Some(report)),
            };
            // What is wrong with the file does not keep a run from being remembered.
            if let Some(report) = report {
                show(context, &[report], paint);
            }
            let did = finish::perform(context, commit.as_ref(), ended);
            let error = did.problems.first();
            let error = error.map(|first| ErrorRecord::new(first, None));
            let problems = Report::without_sources(did.problems.clone());
            show(context, &[problems], paint);
            (None, Some(did), error)
        }
        (_, Err(report)) => {
            let error = report
                .diagnostics
                .first()
                .map(|first| ErrorRecord::new(first, None));
            show(context, &[report], paint);
            (None, None, error)
        }
        (_, Ok(commit)) => {
            let (mut commit, unknown) =
                parameters::with_parameters(context, task, commit, &results);
            let pipeline = &commit.pipeline;
            let run = &context.run;
            let (path, did) = commit
                .with_entry(run, |entry| {
                    in_entry(context, pipeline, entry, task, unknown.clone())
                })
                .unwrap_or_else(|| (None, Did::nothing("the pipeline has no stages")));
            if let Some(reason) = &did.skipped {
                context.log.line(&format!("skipped: {reason}"));
            }
            let first = did.problems.first();
            let error = first.map(|first| ErrorRecord::new(first, commit.place(first)));
            commit.report.diagnostics.clone_from(&did.problems);
            show(context, &[commit.report], paint);
            (path, Some(did), error)
        }
    };
    let is_stopped = context.stop.is_set();
    let outcome = did
        .as_ref()
        .map_or(Outcome::Failed, |did| did.outcome(is_stopped));
    let did = did.unwrap_or_default();
    let result = StageResult {
        version: 1,
        stage: context
            .path
            .clone()
            .or(path)
            .unwrap_or_else(|| task.likely_path()),
        kind: task.word().to_owned(),
        attempt: context.attempt,
        outcome,
        started_at,
        seconds: began.elapsed().as_secs_f64(),
        reason: did.skipped,
        commands: did.commands,
        outputs: did.outputs,
        diff: did.diff,
        tests: did.tests,
        artifact: did.artifact,
        kept: did.kept,
        approval: did.approval,
        error,
    };
    leave::leave(context, &result);
    match remember(context, &result) {
        Ok(()) => outcome,
        Err(problem) => {
            show(context, &[Report::without_sources(vec![problem])], paint);
            // What nobody can read afterwards has not been done.
            match outcome.is_good() {
                true => Outcome::Failed,
                false => outcome,
            }
        }
    }
}

/// Finds the stage in the commit's pipeline and does its work, or says what it needs and `unknown` says is not there.
fn in_entry<'p>(
    context: &Context,
    pipeline: &'p Pipeline,
    entry: &Entry<'p>,
    task: &Task,
    unknown: Vec<crate::diagnostics::Diagnostic>,
) -> (Option<String>, Did) {
    if let Task::Tools(tools) = task {
        let did = tools::perform(context, pipeline, &tools.image);
        return (Some(tools::path(&tools.image)), did);
    }
    let Some(id) = task.find(entry) else {
        return (None, Did::nothing("the commit no longer has it"));
    };
    let mut path = path_of(entry, id);
    let holder = entry
        .stage(id)
        .and_then(|stage| environment_of(entry, stage));
    if let Some(environment) = holder {
        // A stage is one stage, so nothing was there before.
        let _ = context.place.set(Place::of(environment));
    }
    if !unknown.is_empty() {
        let mut did = Did::default();
        did.problems = unknown;
        return (Some(path), did);
    }
    #[cfg(feature = "cloud")]
    if let Some(environment) = holder
        && let Err(newer) = overtaken::overtaken(context, pipeline, environment)
    {
        let mut did = Did::default();
        did.stopped(newer);
        return (Some(path), did);
    }
    let named = context.path.clone().unwrap_or_else(|| path.clone());
    let kind = entry.stage(id).map(|stage| stage.kind);
    let did = match kind.and_then(|kind| with_values(pipeline, kind)) {
        Some(StageKind::Preflight) => preflight::perform(context, pipeline, entry),
        Some(StageKind::SelfUpdate) => self_update::perform(context),
        Some(StageKind::Step(step)) => step::perform(context, pipeline, &named, step),
        Some(kind @ StageKind::Deploy { environment, .. }) => {
            let stacks: Vec<_> = kind.stacks().collect();
            deploy::perform(
                context,
                pipeline,
                environment,
                &stacks,
                !context.run.synth_only,
            )
        }
        Some(StageKind::Diff { environment, app }) => {
            let stacks: Vec<_> = environment
                .stacks()
                .filter(|stack| stack.app.value == app.value)
                .collect();
            deploy::perform(context, pipeline, environment, &stacks, false)
        }
        Some(StageKind::Approval(approval)) => match task {
            Task::ApprovalDecision(decision) => {
                approval::decide(context, pipeline, approval, decision)
            }
            _ => {
                path = keys::question(&path);
                approval::request(context, pipeline, entry, id, approval)
            }
        },
        Some(StageKind::Bake(bake)) => match holder {
            Some(environment) => bake::perform(context, environment, bake),
            None => Did::nothing("no environment holds it"),
        },
        _ => Did::nothing("it has nothing to do here"),
    };
    (Some(path), did)
}

/// The same stage in the pipeline in which outputs are known. Whatever they are, blocks and their order are the same.
fn with_values<'p>(pipeline: &'p Pipeline, kind: StageKind<'p>) -> Option<StageKind<'p>> {
    let known = |like: &Environment| {
        let mut environments = pipeline.environments();
        environments.find(|environment| environment.path == like.path)
    };
    Some(match kind {
        StageKind::Step(like) => {
            StageKind::Step(rules::steps(pipeline).find(|step| step.path == like.path)?)
        }
        StageKind::Deploy {
            environment,
            first,
            count,
        } => StageKind::Deploy {
            environment: known(environment)?,
            first,
            count,
        },
        StageKind::Diff { environment, app } => StageKind::Diff {
            environment: known(environment)?,
            app,
        },
        other => other,
    })
}

/// The environment that holds a stage.
fn environment_of<'p>(entry: &Entry<'p>, stage: &Stage<'p>) -> Option<&'p Environment> {
    let holder = stage.parent.and_then(|id| entry.stage(id));
    match holder.map_or(stage.kind, |holder| holder.kind) {
        StageKind::Environment(environment)
        | StageKind::Deploy { environment, .. }
        | StageKind::Diff { environment, .. } => Some(environment),
        _ => None,
    }
}

fn show(context: &Context, reports: &[Report], paint: Paint) {
    if reports.iter().all(|report| report.diagnostics.is_empty()) {
        return;
    }
    context.log.line(human::render(reports, paint).trim_end());
}

/// Writes the log and then the result, for good: where a result is, all of it is there. A log that cannot be kept changes no result.
fn remember(context: &Context, result: &StageResult) -> Result<(), crate::diagnostics::Diagnostic> {
    if let Err(mut problem) = keep::log(context, result) {
        problem.severity = Severity::Warning;
        show(
            context,
            &[Report::without_sources(vec![problem])],
            Paint::Plain,
        );
    }
    let run = &context.run.run;
    let json = serde_json::to_vec_pretty(result).unwrap_or_default();
    // Errors repeat what commands wrote, and commands themselves may hold what an environment holds.
    let json = context.log.mask(&String::from_utf8_lossy(&json));
    let key = Key::new(keys::stage(run, &result.stage, result.attempt))?;
    context.store.put_new(&key, json.as_bytes()).map(|_| ())
}
