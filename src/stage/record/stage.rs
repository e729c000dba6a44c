//! What one try of a stage left behind.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::stage::record::StackDiff;
use crate::stage::reports::Summary;

/// How a stage, or a whole run, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did its work.
    Succeeded,
    /// It had nothing to do: its condition did not hold, or the commit no longer has it. What waits for it goes on.
    Skipped,
    /// It did not do its work.
    Failed,
    /// It took longer than its time-out.
    TimedOut,
    /// A person said no, or nobody answered in time.
    Rejected,
    /// It was stopped from outside.
    Stopped,
}

impl Outcome {
    /// Whether what waits for it may go on.
    pub fn is_good(self) -> bool {
        matches!(self, Outcome::Succeeded | Outcome::Skipped)
    }

    /// As people read it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Skipped => "skipped",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed out",
            Outcome::Rejected => "rejected",
            Outcome::Stopped => "stopped",
        }
    }
}

/// One try of a stage. Written when it ends, however it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageResult {
    /// Of this form: 1.
    pub version: u32,
    /// Its path in the run: `build`, `dev/migrate`.
    pub stage: String,
    /// What it does: `build`, `hook`, `deploy`, as `aphex stage` calls it.
    pub kind: String,
    /// 0 for the first try.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// Why it did nothing, where it did nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The commands that ran, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandRecord>,
    /// The outputs of the stacks that it deployed, by the stack's path (5.3, 12.3).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, StackOutputs>,
    /// What a deployment would change of each stack, where nothing was deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<StackDiff>,
    /// What its test reports say, summed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Summary>,
    /// What it left for later stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactRecord>,
    /// The keys of the files that were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// What was asked of people, and what they answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalRecord>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

/// A question to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRecord {
    /// What was asked.
    pub message: String,
    /// Whether they said yes; absent where nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Who answered, as they were named to the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

/// The outputs of a stack by name.
pub type StackOutputs = IndexMap<String, String>;

/// A command that ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// As written.
    pub command: String,
    /// What it returned; absent where it was ended by a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it took.
    pub seconds: f64,
}

/// Packed artifacts (2.3, 2.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// Where they are in the store.
    pub key: String,
    /// Of the packed file, in hexadecimal.
    pub sha256: String,
    /// Of the packed file.
    pub bytes: u64,
    /// How many files it holds.
    pub files: u64,
}

/// An error as a record keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// Its code: `aphex explain CODE` says more.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Where in the pipeline: `pipeline.aphex:15:13`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Facts, the last lines of a command among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl ErrorRecord {
    /// An error whose place, if it has one, is called so.
    pub fn new(diagnostic: &Diagnostic, place: Option<String>) -> Self {
        ErrorRecord {
            code: diagnostic.code.id.to_owned(),
            message: diagnostic.message.clone(),
            place,
            notes: diagnostic.notes.clone(),
            help: diagnostic.help.clone(),
        }
    }
}
