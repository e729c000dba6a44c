//! An approval at the terminal, remembered as that of a cluster is.

use std::time::Instant;

use jiff::Timestamp;

use crate::graph::{Stage, StageKind};
use crate::ops::run::{Answer, Ended, Plan, Progress, Question};
use crate::stage::path_of;
use crate::stage::record::{ApprovalRecord, Outcome, StageResult, keys};
use crate::stage::store::{Key, Store};
use crate::stage::work::message;

/// Asks whoever started the run.
pub(super) fn ask(
    plan: &Plan<'_, '_>,
    stage: &Stage<'_>,
    store: &dyn Store,
    progress: &mut dyn Progress,
    is_stopped: &dyn Fn() -> bool,
) -> Ended {
    let StageKind::Approval(approval) = stage.kind else {
        return Ended::without_result(Outcome::Skipped);
    };
    // What a message is made of is known to the stages alone; then the words as written say what is asked.
    let message = message(approval);
    let path = path_of(plan.entry, stage.id);
    progress.started(&path);
    let (started_at, began) = (Timestamp::now(), Instant::now());
    let question = Question { path, message };
    let answer = progress.ask(&question, is_stopped);
    let Question { path, message } = question;
    let actor = &plan.info.actor;
    let result = StageResult {
        version: 1,
        stage: path,
        kind: "approval-decision".to_owned(),
        attempt: 0,
        outcome: match answer {
            Answer::Yes => Outcome::Succeeded,
            Answer::No => Outcome::Rejected,
            Answer::Stopped => Outcome::Stopped,
        },
        started_at,
        seconds: began.elapsed().as_secs_f64(),
        reason: None,
        commands: Vec::new(),
        outputs: Default::default(),
        diff: Vec::new(),
        tests: None,
        artifact: None,
        kept: Vec::new(),
        approval: Some(ApprovalRecord {
            message,
            approved: match answer {
                Answer::Yes => Some(true),
                Answer::No => Some(false),
                Answer::Stopped => None,
            },
            by: match actor.is_empty() || answer == Answer::Stopped {
                true => Vec::new(),
                false => vec![actor.clone()],
            },
        }),
        error: None,
    };
    let key = Key::new(keys::stage(&plan.info.run, &result.stage, 0));
    let json = serde_json::to_vec_pretty(&result).unwrap_or_default();
    let kept = key.and_then(|key| store.put_new(&key, &json));
    Ended {
        outcome: match kept {
            Ok(_) => result.outcome,
            // What nobody can read afterwards has not been decided.
            Err(_) => Outcome::Rejected,
        },
        problem: kept.err().map(|problem| problem.message),
        result: None,
    }
}
