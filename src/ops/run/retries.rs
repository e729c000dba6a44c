//! Tries of a stage: as often, and with the waits, that Argo would give it.

use std::time::Duration;

use crate::graph::{Stage, StageKind};
use crate::model::RetryOn;

/// How often a stage is tried again, and how long it is waited before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Further tries.
    pub times: u32,
    /// Before the first of them; doubled each time.
    pub wait: Duration,
}

impl Retries {
    /// Those of a stage. On one machine there are no pods to be lost: `on = "error"` tries nothing again.
    pub fn of(stage: &Stage<'_>) -> Self {
        let retry = match stage.kind {
            StageKind::Step(step) => step.retry.as_ref(),
            _ => None,
        };
        let retry = retry.filter(|retry| retry.on != RetryOn::Error);
        Retries {
            times: retry.map_or(0, |retry| retry.times.value),
            wait: Duration::from_secs(retry.map_or(0, |retry| retry.wait)),
        }
    }

    /// How long it is waited before a further try, the first of which is 1.
    pub fn wait_before(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        self.wait.saturating_mul(1 << doublings)
    }
}
