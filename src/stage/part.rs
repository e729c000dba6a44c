//! Which stages are part of a run, and why the others are not.

use crate::graph::{Entry, Stage, StageId, StageKind};
use crate::stage::record::Engine;
use crate::stage::{RunInfo, path_of};

impl RunInfo {
    /// Why a stage is no part of this run; `None` where it is one.
    pub fn leaves_out(&self, entry: &Entry<'_>, stage: &Stage<'_>) -> Option<String> {
        if let Some(from) = self.from.as_ref().filter(|_| self.takes(entry, stage.id)) {
            return Some(format!("taken from `{}`", from.run));
        }
        let is_chosen = |name: &String| self.only.is_empty() || self.only.contains(name);
        if let StageKind::Environment(environment) = stage.kind
            && !is_chosen(&environment.name.value)
        {
            return Some("not chosen by `--only`".to_owned());
        }
        let holder = stage.parent.and_then(|id| entry.stage(id));
        if let Some(StageKind::Wave(wave)) = holder.map(|holder| holder.kind)
            && !matches!(stage.kind, StageKind::Environment(_))
            && !wave
                .environments
                .iter()
                .all(|environment| is_chosen(&environment.name.value))
        {
            return Some("not all of the wave is chosen by `--only`".to_owned());
        }
        match stage.kind {
            StageKind::SelfUpdate if self.engine == Engine::Local => {
                Some("a local run updates no pipeline".to_owned())
            }
            StageKind::Approval(_) | StageKind::Bake(_) if self.synth_only => {
                Some("nothing is deployed".to_owned())
            }
            StageKind::Step(_) if self.synth_only && stage.parent.is_some() => {
                Some("nothing is deployed".to_owned())
            }
            _ => None,
        }
    }

    /// The same, also where what holds it is left out.
    pub fn leaves_out_with_all(&self, entry: &Entry<'_>, stage: &Stage<'_>) -> bool {
        let mut next = Some(stage.id);
        while let Some(stage) = next.and_then(|id| entry.stage(id)) {
            if self.leaves_out(entry, stage).is_some() {
                return true;
            }
            next = stage.parent;
        }
        false
    }

    /// Whether a stage need not run, since an earlier run did it. Preflight costs little and runs anyway.
    pub fn takes(&self, entry: &Entry<'_>, id: StageId) -> bool {
        let Some(from) = &self.from else { return false };
        let is_meant = |stage: &&Stage<'_>| path_of(entry, stage.id) == from.stage;
        let Some(first) = entry.stages.iter().find(is_meant) else {
            return false;
        };
        let is_before = entry.waits_for(first.id, id);
        let is_preflight = entry
            .stage(id)
            .is_some_and(|stage| matches!(stage.kind, StageKind::Preflight));
        is_before && !is_preflight
    }
}
