//! Going on with what an earlier run of the same commit has left.

use crate::diagnostics::codes::run::NOT_RESUMED;
use crate::diagnostics::{Diagnostic, did_you_mean, safe};
use crate::graph::{Entry, Stage, StageKind};
use crate::model::When;
use crate::ops::history::{self, History};
use crate::stage::record::{RunRecord, StageRecord, StageResult, keys};
use crate::stage::store::{self, Key, Store};
use crate::stage::{From, RunInfo, path_of};

/// A log that is copied has at most so many bytes.
const LARGEST_LOG: u64 = 64 << 20;

/// That a run may begin at a stage: there is one, and the run would reach it.
pub fn check(entry: &Entry<'_>, info: &RunInfo, stage: &str) -> Result<(), Diagnostic> {
    let is_meant = |of: &&Stage<'_>| path_of(entry, of.id) == stage;
    let Some(first) = entry.stages.iter().find(is_meant) else {
        let stages = entry.stages.iter();
        let paths: Vec<String> = stages.map(|stage| path_of(entry, stage.id)).collect();
        let problem = wrong(format!("there is no stage `{}`", safe::line(stage)));
        let near = did_you_mean(stage, paths.iter().map(String::as_str));
        return Err(match near {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("`aphex graph` shows the stages"),
        });
    };
    if !info.leaves_out_with_all(entry, first) {
        return Ok(());
    }
    let problem = wrong(format!("`{}` is no part of this run", safe::line(stage)));
    Err(match info.synth_only {
        true => problem
            .note("without `--deploy` nothing is deployed, and what works with what is deployed is left out")
            .help(format!(
                "`{} --from {stage}`, or begin at its environment",
                command(info, true)
            )),
        false => problem.help("name it, or its environment, in `--only`, or leave that out"),
    })
}

/// The earlier run that has what a run from `stage` on needs: the newest of this commit, or the one that is named.
pub fn find(
    store: &dyn Store,
    entry: &Entry<'_>,
    info: &RunInfo,
    stage: &str,
    of: Option<&str>,
) -> Result<RunRecord, Diagnostic> {
    let commit: String = info.commit.chars().take(7).collect();
    if let Some(name) = of {
        let record = history::find(store, name, None)?;
        if record.commit != info.commit {
            return Err(
                wrong(format!("the run `{}` is of another commit", record.run)).note(format!(
                    "this is {commit}, and a run goes on with its own commit alone"
                )),
            );
        }
        return match lacks(store, entry, info, stage, &record) {
            None => Ok(record),
            Some(why) => Err(wrong(format!(
                "the run `{}` has not left what `{stage}` needs",
                record.run
            ))
            .note(why)),
        };
    }
    let mut first = None;
    let is_same = |run: &RunRecord| run.commit == info.commit && run.pipeline == info.pipeline;
    for record in History::of(store, usize::MAX, is_same)?.runs {
        match lacks(store, entry, info, stage, &record) {
            None => return Ok(record),
            Some(why) => {
                first.get_or_insert((record.run, why));
            }
        }
    }
    Err(match first {
        None => wrong(format!("there is no earlier run of {commit}"))
            .note("what has changed since is another commit, whether it was committed or not")
            .help(format!(
                "run it as a whole: `{}`",
                command(info, !info.synth_only)
            )),
        Some((run, why)) => wrong(format!(
            "no earlier run of {commit} has left what `{stage}` needs"
        ))
        .note(format!("the newest is `{run}`: {why}"))
        .help(format!(
            "run it as a whole, `{}`, or begin earlier",
            command(info, !info.synth_only)
        )),
    })
}

/// The command for such a run from its beginning.
fn command(info: &RunInfo, deploys: bool) -> String {
    let mut words = vec!["aphex run".to_owned()];
    if !info.only.is_empty() {
        words.push(format!("--only {}", info.only.join(",")));
    }
    if deploys {
        words.push("--deploy".to_owned());
    }
    if info.containers {
        words.push("--container".to_owned());
    }
    words.join(" ")
}

/// What of the stages before is not there.
fn lacks(
    store: &dyn Store,
    entry: &Entry<'_>,
    info: &RunInfo,
    from: &str,
    record: &RunRecord,
) -> Option<String> {
    let with = RunInfo {
        from: Some(From {
            stage: from.to_owned(),
            run: record.run.clone(),
        }),
        ..info.clone()
    };
    let taken = entry.stages.iter().filter(|stage| {
        let is_group = !stage.children.is_empty();
        // What this run would not do anyway need not have been done.
        let is_wanted = !info.leaves_out_with_all(entry, stage);
        !is_group && stage.required && is_wanted && with.leaves_out_with_all(entry, stage)
    });
    taken
        .filter(|stage| !is_conditional(stage))
        .find_map(|stage| {
            let path = path_of(entry, stage.id);
            let of = record.stages.iter().find(|of| of.path == path);
            lacks_one(store, info, record, stage, of).map(|why| format!("`{path}` {why}"))
        })
}

fn lacks_one(
    store: &dyn Store,
    info: &RunInfo,
    record: &RunRecord,
    stage: &Stage<'_>,
    of: Option<&StageRecord>,
) -> Option<String> {
    let Some(of) = of else {
        return Some("was no stage of it".to_owned());
    };
    let last = of.tries.last();
    // A stage that was itself taken from a run before has no outcome of its own.
    let outcome = of.outcome.or(last.map(|last| last.outcome));
    match outcome {
        Some(outcome) if outcome.is_good() => {}
        Some(outcome) => return Some(outcome.word().to_owned()),
        None => {
            let reason = of.reason.as_deref().unwrap_or("nothing is known of it");
            return Some(format!("did not run: {reason}"));
        }
    }
    if record.synth_only && !info.synth_only && matches!(stage.kind, StageKind::Deploy { .. }) {
        return Some("was synthesised and not deployed".to_owned());
    }
    let artifact = last.and_then(|last| last.artifact.as_ref())?;
    let key = Key::new(format!("{}.json", artifact.key));
    let is_there = key.and_then(|key| store.get(&key));
    match is_there {
        Ok(Some(_)) => None,
        _ => Some("has no artifacts in the store any more".to_owned()),
    }
}

/// Whether a stage may well not have run.
fn is_conditional(stage: &Stage<'_>) -> bool {
    match stage.kind {
        StageKind::Step(step) => matches!(step.when.value, When::Failure),
        _ => false,
    }
}

/// Puts what the stages before have left into the new run, as if they had run in it.
pub fn take(
    store: &dyn Store,
    entry: &Entry<'_>,
    info: &RunInfo,
    earlier: &RunRecord,
) -> Result<(), Diagnostic> {
    for stage in &entry.stages {
        if !info.takes(entry, stage.id) {
            continue;
        }
        let path = path_of(entry, stage.id);
        let of = earlier.stages.iter().find(|of| of.path == path);
        let Some(last) = of.and_then(|of| of.tries.last()) else {
            continue;
        };
        let result = StageResult {
            attempt: 0,
            ..last.clone()
        };
        let json = serde_json::to_vec_pretty(&result).unwrap_or_default();
        store.put_new(&Key::new(keys::stage(&info.run, &path, 0))?, &json)?;
        let log = Key::new(keys::log(&earlier.run, &path, last.attempt))?;
        if let Some(text) = store::read(store, &log, LARGEST_LOG)? {
            store.put_new(&Key::new(keys::log(&info.run, &path, 0))?, &text)?;
        }
    }
    Ok(())
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::without_place(&NOT_RESUMED, message)
}
