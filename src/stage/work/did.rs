//! What a stage did, before it is written down.

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::stage::process::{self, Status};
use crate::stage::record::{
    ApprovalRecord, ArtifactRecord, CommandRecord, Outcome, StackDiff, StackOutputs,
};
use crate::stage::reports::Summary;

/// What a stage did.
#[derive(Debug, Default)]
pub struct Did {
    /// The commands that ran.
    pub commands: Vec<CommandRecord>,
    /// Outputs of stacks, by the stack's path.
    pub outputs: IndexMap<String, StackOutputs>,
    /// What a deployment would change.
    pub diff: Vec<StackDiff>,
    /// What its test reports say.
    pub tests: Option<Summary>,
    /// What it left for later stages.
    pub artifact: Option<ArtifactRecord>,
    /// Keys of what it keeps with the run.
    pub kept: Vec<String>,
    /// What was asked of people, and what they answered.
    pub approval: Option<ApprovalRecord>,
    /// Whether it failed since the answer was no.
    pub rejected: bool,
    /// Why it did nothing.
    pub skipped: Option<String>,
    /// What is wrong; the first is the one that is remembered.
    pub problems: Vec<Diagnostic>,
    /// How the command ended that failed.
    status: Option<Status>,
}

impl Did {
    /// Nothing, and why.
    pub fn nothing(reason: impl Into<String>) -> Self {
        Did {
            skipped: Some(reason.into()),
            ..Did::default()
        }
    }

    /// Adds commands that ran; whether all of them did what they should.
    pub fn commands(&mut self, outcome: process::Outcome) -> bool {
        let status = outcome.status();
        self.commands
            .extend(outcome.commands.into_iter().map(|done| CommandRecord {
                command: done.command,
                exit_code: match done.ended.status {
                    Status::Exit(code) => Some(code),
                    Status::Signal(_) | Status::TimedOut | Status::Stopped => None,
                },
                seconds: done.ended.took.as_secs_f64(),
            }));
        match outcome.failure {
            None => true,
            Some(problem) => {
                self.problems.push(problem);
                self.status = self.status.or(status);
                false
            }
        }
    }

    /// A command has ended so, and not as it should.
    pub fn failed(&mut self, problem: Diagnostic, status: Status) {
        self.problems.push(problem);
        self.status = self.status.or(Some(status));
    }

    /// It was told to stop.
    pub fn stopped(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
        self.status = Some(Status::Stopped);
    }

    /// How it ended. What fails once it is told to stop was stopped, whichever program it was that ended.
    pub fn outcome(&self, is_stopped: bool) -> Outcome {
        if self.rejected {
            return Outcome::Rejected;
        }
        match (&self.skipped, self.problems.is_empty(), self.status) {
            (Some(_), true, _) => Outcome::Skipped,
            (None, true, _) => Outcome::Succeeded,
            (_, false, Some(Status::TimedOut)) => Outcome::TimedOut,
            (_, false, Some(Status::Stopped)) => Outcome::Stopped,
            (_, false, None) if is_stopped => Outcome::Stopped,
            (_, false, _) => Outcome::Failed,
        }
    }
}
