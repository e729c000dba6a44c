//! The record of a run, from how its stages ended.

use std::time::Duration;

use jiff::Timestamp;

use crate::collections::HashMap;
use crate::graph::{Entry, Stage, StageKind};
use crate::stage::record::{self, Outcome, RunRecord, StageRecord, StageResult, Trigger};
use crate::stage::schedule::{Schedule, State};
use crate::stage::{RunInfo, Task, path_of};

/// What whoever ran a stage knows of it.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// When it began, and how many seconds it took.
    pub time: Option<(Timestamp, f64)>,
    /// What is to be said of how it ended, where its tries do not.
    pub reason: Option<String>,
    /// How it ended, where it should not have run as far as the others tell, and has.
    pub outcome: Option<Outcome>,
}

/// What is to be remembered of a run that was played to its end.
pub fn run_record(
    info: &RunInfo,
    schedule: &Schedule<'_, '_>,
    mut tries: HashMap<String, Vec<StageResult>>,
    outcome: Outcome,
    took: Duration,
    standing: impl Fn(&Stage<'_>) -> Standing,
) -> RunRecord {
    let entry = schedule.entry();
    let stages = entry.stages.iter();
    let stages = stages.filter(|stage| !matches!(stage.kind, StageKind::Finish));
    let mut stages: Vec<StageRecord> = stages
        .map(|stage| {
            let path = path_of(entry, stage.id);
            let Standing {
                time,
                reason,
                outcome,
            } = standing(stage);
            let tries = tries.remove(&path).unwrap_or_default();
            let said = tries.last().and_then(|last| last.reason.clone());
            let (outcome, why) = match (schedule.state(stage.id), outcome) {
                (State::Ended(outcome), _) => (Some(*outcome), None),
                (State::LeftOut(_), Some(outcome)) => (Some(outcome), None),
                (State::LeftOut(reason), None) => (None, Some(reason.clone())),
                (State::Waiting | State::Running, _) => (Some(Outcome::Stopped), None),
            };
            StageRecord {
                kind: kind(entry, stage),
                after: stage
                    .after
                    .iter()
                    .map(|edge| path_of(entry, edge.from))
                    .collect(),
                required: stage.required,
                outcome,
                started_at: time.map(|(began, _)| began),
                seconds: time.map(|(_, seconds)| seconds),
                reason: why.or(reason).or(said),
                tries,
                path,
            }
        })
        .collect();
    record::time_groups(&mut stages);
    with_stages(info, outcome, took, stages)
}

/// A record of these stages.
pub(super) fn with_stages(
    info: &RunInfo,
    outcome: Outcome,
    took: Duration,
    stages: Vec<StageRecord>,
) -> RunRecord {
    RunRecord {
        version: 1,
        run: info.run.clone(),
        pipeline: info.pipeline.clone(),
        file: info.file.clone(),
        repository: info.repository.clone(),
        commit: info.commit.clone(),
        local_changes: info.local_changes,
        trigger: Trigger {
            event: info.event.clone(),
            reference: info.reference.clone(),
            actor: info.actor.clone(),
            pull_request: info.pull_request,
            inputs: info.inputs.clone(),
        },
        engine: info.engine,
        aphex: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: info.started_at,
        seconds: took.as_secs_f64(),
        outcome,
        synth_only: info.synth_only,
        stages,
    }
}

fn kind(entry: &Entry<'_>, stage: &Stage<'_>) -> String {
    let word = match stage.kind {
        StageKind::Environment(_) => "environment",
        StageKind::Wave(_) => "wave",
        StageKind::Diffs => "diffs",
        StageKind::Approval(_) => "approval",
        StageKind::Bake(_) => "bake",
        _ => Task::of(entry, stage).map_or("stage", |task| task.word()),
    };
    word.to_owned()
}
