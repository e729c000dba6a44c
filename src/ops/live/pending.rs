//! Why a pod has not begun. Argo says it of the containers that do the work, not of those that prepare them (`getPendingReason` in `workflow/controller/operator.go`).

use crate::cloud::kubernetes::Pod;
use crate::ops::live::logs::pods;
use crate::ops::live::{Run, Runs};

/// Tells of the pods of a run that have not begun what their containers wait for. Who may not look at pods is told less.
pub fn explain(runs: &Runs<'_>, run: &mut Run) {
    let is_pending = |phase: &str| matches!(phase, "" | "Pending");
    if !run.stages.iter().any(|stage| is_pending(&stage.phase)) {
        return;
    }
    let Ok(pods) = pods(runs, run) else {
        return;
    };
    for stage in &mut run.stages {
        let pod = pods.get(&stage.name).filter(|_| is_pending(&stage.phase));
        if let Some(why) = pod.and_then(Pod::waits) {
            stage.message = why.to_owned();
        }
    }
}
