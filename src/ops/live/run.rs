//! A run, as people see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;

use crate::cloud::kubernetes::Workflow;
use crate::graph::Entry;
use crate::model::Pipeline;
use crate::ops::live::queue::{self, Waits};
use crate::ops::live::stages::{Asked, StageState, asked, stages};

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// The pipeline.
    pub pipeline: String,
    /// The WorkflowTemplate that it follows.
    pub entry: String,
    /// Whether it only looks up what a run is to be of, and starts that.
    pub is_lookup: bool,
    /// Forty hexadecimal digits.
    pub commit: String,
    /// `refs/heads/main`
    #[serde(rename = "ref")]
    pub reference: String,
    /// Who caused it.
    pub actor: String,
    /// `push`, `manual`, …
    pub event: String,
    /// Of a pull request.
    pub pull_request: Option<u64>,
    /// How it stands.
    pub state: State,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it began; where it waits in the queue, `null`.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Argo's words for why it is so.
    pub message: String,
    /// What it waits for.
    pub waits: Vec<Waits>,
    /// The locks that it holds.
    pub holds: Vec<String>,
    /// Its pods and approvals so far, in the order in which they began.
    pub stages: Vec<StageState>,
    /// The approvals that wait for a person.
    pub approvals: Vec<Asked>,
    /// Whether Argo keeps its stages in a database, so that nobody else sees them.
    pub is_offloaded: bool,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was made, and Argo has not looked at it yet.
    New,
    /// Another one is before it.
    Queued,
    /// It goes on.
    Running,
    /// It waits for a person, and nothing else goes on in it.
    Waiting,
    /// It is told to end.
    Stopping,
    /// It has ended well.
    Succeeded,
    /// It has failed.
    Failed,
    /// Argo could not do what it should.
    Error,
    /// An approval was refused, or nobody has answered in time.
    Rejected,
    /// Somebody has ended it.
    Cancelled,
}

impl State {
    /// `running`, `waiting for approval`, …
    pub fn words(self) -> &'static str {
        match self {
            State::New => "new",
            State::Queued => "queued",
            State::Running => "running",
            State::Waiting => "waiting for approval",
            State::Stopping => "stopping",
            State::Succeeded => "succeeded",
            State::Failed => "failed",
            State::Rejected => "was rejected",
            State::Error => "ended with an error of Argo's",
            State::Cancelled => "was cancelled",
        }
    }

    /// Whether it will not change any more.
    pub fn has_ended(self) -> bool {
        matches!(
            self,
            State::Succeeded | State::Failed | State::Error | State::Rejected | State::Cancelled
        )
    }
}

impl Run {
    pub(super) fn read(
        pipeline: &Pipeline,
        workflow: &Workflow,
        entry: Option<&Entry<'_>>,
        waits: Vec<Waits>,
        is_lookup: bool,
    ) -> Run {
        let given = |name: &str| workflow.spec.arguments.text(name).unwrap_or_default();
        // Base64 of what strangers may have chosen.
        let decoded = |name: &str| {
            let bytes = STANDARD.decode(given(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let stages = stages(workflow, entry);
        let approvals = match workflow.has_ended() {
            true => Vec::new(),
            false => asked(workflow, entry),
        };
        let is_asking_alone = !approvals.is_empty()
            && stages
                .iter()
                .filter(|stage| stage.is_active())
                .all(|stage| stage.kind == "approval");
        let is_told_to_end = workflow.is_told_to_end();
        let state = match workflow.status.phase.as_str() {
            // Argo 3 lets one succeed that was taken out of the queue. One that was told to end when all was done has succeeded.
            "Succeeded" if is_told_to_end && stages.iter().all(|stage| !stage.is_good()) => {
                State::Cancelled
            }
            "Failed" | "Error" if is_told_to_end => State::Cancelled,
            "Succeeded" => State::Succeeded,
            "Failed" if is_rejected(&stages) => State::Rejected,
            "Failed" => State::Failed,
            "Error" => State::Error,
            _ if is_told_to_end => State::Stopping,
            "Running" if is_asking_alone => State::Waiting,
            "Running" => State::Running,
            "" => State::New,
            _ => State::Queued,
        };
        Run {
            name: workflow.name.clone(),
            pipeline: pipeline.name.value.clone(),
            entry: workflow.spec.workflow_template_ref.name.clone(),
            is_lookup,
            commit: given("commit"),
            reference: decoded("ref"),
            actor: decoded("actor"),
            event: given("event"),
            pull_request: given("pull-request").parse().ok(),
            state,
            created_at: workflow.created,
            // Argo says of a run in the queue when it came into it.
            started_at: match state {
                State::New | State::Queued => None,
                _ => workflow.status.started_at,
            },
            finished_at: workflow.status.finished_at,
            message: workflow.status.message.clone(),
            waits,
            holds: queue::held(workflow),
            stages,
            approvals,
            is_offloaded: workflow.is_offloaded(),
        }
    }

    /// What failed in it: the last try of each stage that has, in order.
    pub fn failures(&self) -> Vec<&StageState> {
        failures(&self.stages)
    }
}

fn failures(stages: &[StageState]) -> Vec<&StageState> {
    let failed = stages.iter().filter(|stage| stage.has_failed());
    let is_last = |stage: &&StageState| {
        let mut others = stages.iter();
        !others.any(|other| {
            (&other.path, &other.kind) == (&stage.path, &stage.kind)
                && other.attempt > stage.attempt
        })
    };
    failed.filter(is_last).collect()
}

/// Whether nothing but answers has failed: the pod that judges one fails where it is no yes.
fn is_rejected(stages: &[StageState]) -> bool {
    let failures = failures(stages);
    !failures.is_empty()
        && failures
            .iter()
            .all(|stage| stage.kind == "approval-decision")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(kind: &str, phase: &str, attempt: u32) -> StageState {
        StageState {
            path: "prod/approval".to_owned(),
            kind: kind.to_owned(),
            phase: phase.to_owned(),
            started_at: None,
            finished_at: None,
            message: String::new(),
            node: String::new(),
            name: String::new(),
            attempt,
            image: None,
        }
    }

    #[test]
    fn a_run_is_rejected_where_nothing_but_answers_has_failed() {
        let no = stage("approval-decision", "Failed", 1);
        // A pod that was lost has judged nothing.
        let lost = stage("approval-decision", "Error", 0);
        let test = stage("test", "Failed", 0);
        let good = stage("approval-request", "Succeeded", 0);
        assert!(is_rejected(&[good.clone(), lost, no.clone()]));
        assert!(!is_rejected(&[no, test]));
        assert!(!is_rejected(&[good]));
        assert!(!is_rejected(&[]));
    }
}
