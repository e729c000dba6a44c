//! Whether a stage runs, given how what is before it ended: what every target must bring about.

use crate::collections::HashMap;
use crate::graph::{Condition, Entry, Stage, StageId, StageKind};

/// How a stage ended that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did its work, or its run-time condition was false: what waits for it goes on.
    Succeeded,
    /// It did not; a person said no; it was stopped.
    Failed,
}

impl Entry<'_> {
    /// Whether a stage runs. `endings` holds every sibling before it that ran; the others were left out.
    ///
    /// A failure counts where the stage is required, everywhere after it within the same parent. What is behind an
    /// approval runs only after a yes, whatever its own condition says.
    pub fn runs(&self, stage: &Stage<'_>, endings: &HashMap<StageId, Ending>) -> bool {
        let mut rejected = false;
        let mut broken = false;
        for before in self.before(stage.id) {
            let Some(sibling) = self.stage(before) else {
                continue;
            };
            let failed = endings.get(&before) == Some(&Ending::Failed);
            if matches!(sibling.kind, StageKind::Approval(_)) {
                rejected |= failed;
            } else {
                broken |= failed && sibling.required;
            }
        }
        match stage.condition {
            Condition::Success => !rejected && !broken,
            Condition::Failure => !rejected && broken,
            Condition::Always => !rejected,
        }
    }
}
