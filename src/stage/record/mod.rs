//! What is remembered of a run: a [`StageResult`] for each try of each stage, written once and never changed, and the
//! [`RunRecord`] that `finish` makes of them (8.2).
//!
//! Both are JSON with a version: `schemas/stage.v1.json`, `schemas/run.v1.json`.

mod collect;
mod deployment;
mod run;
mod stage;

pub use collect::{time_groups, tries};
pub use deployment::{Change, Deployment, StackDiff};
pub use run::{Engine, RunRecord, StageRecord, Trigger};
pub use stage::{
    ApprovalRecord, ArtifactRecord, CommandRecord, ErrorRecord, Outcome, StackOutputs, StageResult,
};

/// Where things of a run are kept in the store.
pub mod keys {
    /// The folder of all runs.
    pub const RUNS: &str = "runs";

    /// The record of a run.
    pub fn record(run: &str) -> String {
        format!("runs/{run}/record.json")
    }

    /// Everything that the stages of a run left.
    pub fn stages(run: &str) -> String {
        format!("runs/{run}/stages/")
    }

    /// What one try of a stage left; `stage` is its path, such as `dev/migrate`.
    pub fn stage(run: &str, stage: &str, attempt: u32) -> String {
        format!("runs/{run}/stages/{stage}/{attempt}.json")
    }

    /// The path of what was asked before an approval; that of the approval itself is for the answer.
    pub fn question(approval: &str) -> String {
        format!("{approval}/question")
    }

    /// That somebody was told something of a run.
    pub fn told(run: &str, what: &str) -> String {
        format!("runs/{run}/told/{what}.json")
    }

    /// How the last run of an entry ended, by the name of its object.
    pub fn last(entry: &str) -> String {
        format!("last/{entry}.json")
    }

    /// The log of one try of a stage.
    pub fn log(run: &str, stage: &str, attempt: u32) -> String {
        format!("runs/{run}/stages/{stage}/{attempt}.log")
    }

    /// The log of a side-car in one try of a stage.
    pub fn service_log(run: &str, stage: &str, attempt: u32, service: &str) -> String {
        format!("runs/{run}/stages/{stage}/{attempt}.{service}.log")
    }

    /// Files that one try of a stage keeps with the run.
    pub fn kept(run: &str, stage: &str, attempt: u32) -> String {
        format!("runs/{run}/stages/{stage}/{attempt}.kept/")
    }

    /// The packed artifacts of one try of a stage: `.tar.zst` and `.json` of this name.
    pub fn artifact(commit: &str, stage: &str, run: &str, attempt: u32) -> String {
        format!("artifacts/{commit}/{stage}/{run}-{attempt}")
    }

    /// What was deployed last to an environment.
    pub fn deployments(environment: &str) -> String {
        format!("deployments/{environment}")
    }

    /// What was deployed last as a stack of an environment, by its name in CloudFormation.
    pub fn deployment(environment: &str, stack: &str) -> String {
        format!("deployments/{environment}/{stack}.json")
    }
}
