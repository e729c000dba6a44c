//! What is remembered of a run as a whole.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collections::{HashSet, IndexMap};
use crate::stage::record::{Outcome, StageResult};

/// A run, from its start to its end (8.2). Written once, when it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Of this form: 1.
    pub version: u32,
    /// Its name.
    pub run: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The pipeline's file, a path in the repository.
    pub file: String,
    /// `owner/name` at GitHub.
    pub repository: String,
    /// What was built and deployed.
    pub commit: String,
    /// Whether the commit is a snapshot of a working tree, with what was not committed in it.
    #[serde(default)]
    pub local_changes: bool,
    /// What started it.
    pub trigger: Trigger,
    /// What it ran on.
    pub engine: Engine,
    /// The version of Aphex.
    pub aphex: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether stacks were synthesised and not deployed.
    #[serde(default)]
    pub synth_only: bool,
    /// Every stage, in the order of the pipeline, those that never ran among them.
    pub stages: Vec<StageRecord>,
}

impl RunRecord {
    /// What started it, in words: `push to main`, `pull request 12, by octocat`, `by hand`.
    pub fn cause(&self) -> String {
        let trigger = &self.trigger;
        let reference = ["refs/heads/", "refs/tags/"]
            .iter()
            .find_map(|prefix| trigger.reference.strip_prefix(prefix))
            .unwrap_or(&trigger.reference);
        let event = trigger.event.replace('_', " ");
        let event = match (trigger.event.as_str(), trigger.pull_request) {
            ("manual", _) => "by hand".to_owned(),
            ("push", _) if !reference.is_empty() => format!("push to {reference}"),
            ("tag" | "release", _) if !reference.is_empty() => format!("{event} {reference}"),
            ("pull_request", Some(number)) => format!("{event} {number}"),
            _ => event,
        };
        match trigger.actor.is_empty() {
            true => event,
            false => format!("{event}, by {}", trigger.actor),
        }
    }

    /// The stage that ended it: the first one that failed, in the order of the pipeline; else the first one that was
    /// rejected or stopped. Never a group, and one that may fail only where there is no other.
    pub fn culprit(&self) -> Option<&StageRecord> {
        let parents = self.stages.iter().map(|stage| stage.path.rsplit_once('/'));
        let groups: HashSet<&str> = parents.flatten().map(|(above, _)| above).collect();
        let bad = self.stages.iter().filter(|stage| {
            !groups.contains(stage.path.as_str())
                && stage.outcome.is_some_and(|outcome| !outcome.is_good())
        });
        bad.min_by_key(|stage| {
            let failed = matches!(stage.outcome, Some(Outcome::Failed | Outcome::TimedOut));
            (!stage.required, !failed)
        })
    }
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// `push`, `pull_request`, `tag`, `release`, `schedule` or `manual`.
    pub event: String,
    /// The Git reference; empty where there is none.
    pub reference: String,
    /// Who caused it; empty where nobody did.
    pub actor: String,
    /// The number of the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// What the pipeline's inputs were given.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, String>,
}

/// What a run ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Argo Workflows.
    Argo,
    /// `aphex run` on one machine.
    Local,
}

/// A stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Its path: `build`, `dev/migrate`. The path of its parent is what is before the last `/`.
    pub path: String,
    /// What it is: `build`, `hook`, `deploy`, `environment`, `wave`, …
    pub kind: String,
    /// The paths of the siblings that it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Whether its failure stops what comes after.
    pub required: bool,
    /// How it ended; absent where it never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How long it took; of a group, from its first stage to its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Why it did not run, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its tries, the last one last; none for groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<StageResult>,
}
