//! The end of a run: its record, made of what the stages left (8.2).

use std::time::Duration;

use jiff::Timestamp;

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::{Diagnostic, safe};
use crate::graph::{Entry, StageId, StageKind};
use crate::stage::record::{self, Outcome, RunRecord, StageRecord, StageResult, keys};
use crate::stage::schedule::Schedule;
use crate::stage::store::Key;
use crate::stage::summary::with_stages;
use crate::stage::task::Finish;
use crate::stage::work::told::Told;
use crate::stage::work::{Commit, Context, Did};
use crate::stage::{Standing, path_of, run_record};

/// What is said of a stage whose turn had come and that left nothing.
const LOST: &str = "it left no result: its pod was lost, or it was stopped before it began";
/// The same, where the run was cancelled.
const CANCELLED: &str = "the run was cancelled before it began";

/// Looks up the tools of an image, beside the stages of the graph.
const TOOLS: &str = "tools";

type Tries = HashMap<String, Vec<StageResult>>;

/// Writes the record, whatever happened.
pub fn perform(context: &Context, commit: Option<&Commit>, ended: &Finish) -> Did {
    let mut did = Did::default();
    let record = record(context, commit, ended);
    match write(context, &record) {
        Ok(true) => context
            .log
            .line(&format!("run {} {}", record.run, record.outcome.word())),
        Ok(false) => context
            .log
            .line("the record of this run is there already, and stays as it is"),
        Err(problem) => did.problems.push(problem),
    }
    #[cfg(feature = "cloud")]
    {
        super::metrics::write(context, &record);
        super::news::ended(context, commit, &record);
    }
    did
}

/// Of two that write at once one wins; the other changes nothing.
fn write(context: &Context, record: &RunRecord) -> Result<bool, Diagnostic> {
    let json = serde_json::to_string_pretty(record).unwrap_or_default();
    let key = Key::new(keys::record(&record.run))?;
    context
        .store
        .put_new(&key, context.log.mask(&json).as_bytes())
}

/// What is to be remembered.
fn record(context: &Context, commit: Option<&Commit>, ended: &Finish) -> RunRecord {
    let run = &context.run;
    let tries = record::tries(context.store.as_ref(), &run.run);
    let took = Timestamp::now().duration_since(run.started_at);
    let took = Duration::try_from(took).unwrap_or_default();
    let told = Told::of(context);
    let ending = match ended.status.as_str() {
        "Succeeded" => Outcome::Succeeded,
        _ if told.is_cancelled => Outcome::Stopped,
        _ => Outcome::Failed,
    };
    let known = commit.and_then(|commit| {
        commit.with_entry(run, |entry| {
            of_entry(context, entry, &tries, &told, ending, took)
        })
    });
    known.unwrap_or_else(|| {
        let stages = outside(&tries, |_| true);
        with_stages(run, ending, took, stages)
    })
}

/// Argo knows whether the run succeeded, the results how it failed.
fn outcome(played: Outcome, ending: Outcome) -> Outcome {
    match (ending, played) {
        (Outcome::Succeeded, _) => Outcome::Succeeded,
        (_, played) if !played.is_good() => played,
        (ending, _) => ending,
    }
}

/// Plays the run again with the results that there are.
fn of_entry(
    context: &Context,
    entry: &Entry<'_>,
    tries: &Tries,
    told: &Told,
    ending: Outcome,
    took: Duration,
) -> RunRecord {
    let run = &context.run;
    let reasons = told.reasons(entry);
    let last = |path: &str| tries.get(path).and_then(|tries| tries.last());
    let is_no_stage = |result: &StageResult| result.kind == TOOLS;
    let lacks_tools = tries
        .values()
        .filter_map(|tries| tries.last())
        .any(|result| is_no_stage(result) && !result.outcome.is_good());
    // Where its pod could say nothing, it held what follows all the same.
    let lost_tools = reasons
        .get(TOOLS)
        .filter(|_| !told.is_cancelled && last(TOOLS).is_none());
    let mut schedule = Schedule::new(entry, usize::MAX, |stage| {
        let reason = run.leaves_out(entry, stage);
        let is_open = matches!(stage.kind, StageKind::Preflight | StageKind::Finish);
        let has_run = last(&path_of(entry, stage.id)).is_some();
        reason.or_else(|| {
            let is_held = (lacks_tools || lost_tools.is_some())
                && !is_open
                && !has_run
                && stage.parent.is_none();
            is_held.then(|| match lost_tools {
                None => "an image lacks a tool".to_owned(),
                Some(_) => "the tools of an image were not looked up".to_owned(),
            })
        })
    });
    let mut lost: HashSet<StageId> = HashSet::default();
    loop {
        let begins = schedule.advance();
        if begins.is_empty() {
            break;
        }
        for id in begins {
            let is_finish = matches!(
                entry.stage(id).map(|stage| stage.kind),
                Some(StageKind::Finish)
            );
            let outcome = match last(&path_of(entry, id)) {
                Some(result) => result.outcome,
                None if is_finish => Outcome::Succeeded,
                None => {
                    lost.insert(id);
                    ending
                }
            };
            schedule.ended(id, outcome);
        }
    }
    let outcome = outcome(schedule.outcome(), ending);
    let mut record = run_record(run, &schedule, tries.clone(), outcome, took, |stage| {
        let result = last(&path_of(entry, stage.id));
        Standing {
            outcome: result.map(|result| result.outcome),
            time: result.map(|result| (result.started_at, result.seconds)),
            reason: lost.contains(&stage.id).then(|| match ending {
                Outcome::Stopped => CANCELLED.to_owned(),
                _ => lost_because(reasons.get(&path_of(entry, stage.id))),
            }),
        }
    });
    record.stages.extend(outside(tries, is_no_stage));
    record.stages.extend(lost_tools.map(|why| StageRecord {
        path: TOOLS.to_owned(),
        kind: TOOLS.to_owned(),
        after: Vec::new(),
        required: true,
        outcome: Some(Outcome::Failed),
        started_at: None,
        seconds: None,
        reason: Some(lost_because(Some(why))),
        tries: Vec::new(),
    }));
    record
}

/// Why a stage left nothing, with the engine's words for it.
fn lost_because(why: Option<&&str>) -> String {
    match why {
        Some(why) => format!("its pod left no result: {}", safe::line(why)),
        None => LOST.to_owned(),
    }
}

/// Results of what is no stage of the graph.
fn outside(tries: &Tries, is_meant: impl Fn(&StageResult) -> bool) -> Vec<StageRecord> {
    let mut stages: Vec<StageRecord> = tries
        .iter()
        .filter_map(|(path, tries)| {
            let last = tries.last().filter(|last| is_meant(last))?;
            Some(StageRecord {
                path: path.clone(),
                kind: last.kind.clone(),
                after: Vec::new(),
                required: true,
                outcome: Some(last.outcome),
                started_at: Some(last.started_at),
                seconds: Some(last.seconds),
                reason: last.reason.clone(),
                tries: tries.clone(),
            })
        })
        .collect();
    stages.sort_by(|one, other| {
        let key = |stage: &StageRecord| (stage.started_at, stage.path.clone());
        key(one).cmp(&key(other))
    });
    stages
}
