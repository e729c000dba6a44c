//! The record of a run, from how its stages ended.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::collections::HashMap;
use crate::graph::{Stage, StageId, StageKind};
use crate::ops::run::Plan;
use crate::ops::run::schedule::{Schedule, State};
use crate::stage::record::{self, Outcome, RunRecord, StageRecord, Trigger};
use crate::stage::store::Store;
use crate::stage::{Task, path_of};

/// When a stage began, and how many seconds it took.
type Times = HashMap<StageId, (Timestamp, Instant, f64)>;

/// What is to be remembered.
pub fn record(
    plan: &Plan<'_, '_>,
    schedule: &Schedule<'_, '_>,
    store: &dyn Store,
    times: &Times,
    took: Duration,
) -> RunRecord {
    let tries = record::tries(store, &plan.info.run);
    let mut stages: Vec<StageRecord> = plan
        .entry
        .stages
        .iter()
        .filter(|stage| !matches!(stage.kind, StageKind::Finish))
        .map(|stage| {
            let path = path_of(plan.entry, stage.id);
            let time = times.get(&stage.id);
            let (outcome, reason) = match schedule.state(stage.id) {
                State::Ended(outcome) => (Some(*outcome), None),
                State::LeftOut(reason) => (None, Some(reason.clone())),
                State::Waiting | State::Running => (Some(Outcome::Stopped), None),
            };
            StageRecord {
                kind: kind(plan, stage),
                after: stage
                    .after
                    .iter()
                    .map(|edge| path_of(plan.entry, edge.from))
                    .collect(),
                required: stage.required,
                outcome,
                started_at: time.map(|(began, _, _)| *began),
                seconds: time.map(|(_, _, seconds)| *seconds),
                reason,
                tries: tries.get(&path).cloned().unwrap_or_default(),
                path,
            }
        })
        .collect();
    record::time_groups(&mut stages);
    let info = &plan.info;
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
        outcome: schedule.outcome(),
        synth_only: info.synth_only,
        stages,
    }
}

fn kind(plan: &Plan<'_, '_>, stage: &Stage<'_>) -> String {
    let word = match stage.kind {
        StageKind::Environment(_) => "environment",
        StageKind::Wave(_) => "wave",
        StageKind::Diffs => "diffs",
        StageKind::Approval(_) => "approval",
        StageKind::SelfUpdate => "self-update",
        StageKind::Bake(_) => "bake",
        _ => Task::of(plan.entry, stage).map_or("stage", |task| task.word()),
    };
    word.to_owned()
}
