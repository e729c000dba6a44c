//! What a person is told while a run goes on.

use std::time::Duration;

use crate::stage::record::{ErrorRecord, Outcome, StageResult};

/// Whoever tells it. Stages are named by their paths.
pub trait Progress {
    /// A stage begins.
    fn started(&mut self, stage: &str);
    /// A stage has written a line.
    fn line(&mut self, stage: &str, line: &str);
    /// A try of a stage has failed, and another one follows.
    fn again(&mut self, stage: &str, again: &Again);
    /// A stage has ended.
    fn ended(&mut self, stage: &str, ended: &Ended);
    /// A stage does not run.
    fn left_out(&mut self, stage: &str, reason: &str);
    /// Asks for a decision, and waits for it, as long as `is_stopped` does not say that nobody wants it any more.
    fn ask(&mut self, question: &Question, is_stopped: &dyn Fn() -> bool) -> Answer;
    /// The run is being stopped.
    fn stopping(&mut self);
    /// Time has passed.
    fn tick(&mut self);
}

/// How a stage ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// What it left, where it left something.
    pub result: Option<StageResult>,
    /// Why it left nothing.
    pub problem: Option<String>,
}

impl Ended {
    /// Of what is no stage of its own: an approval.
    pub fn without_result(outcome: Outcome) -> Self {
        Ended {
            outcome,
            result: None,
            problem: None,
        }
    }

    /// Its error, where it has one.
    pub fn error(&self) -> Option<&ErrorRecord> {
        self.result
            .as_ref()
            .and_then(|result| result.error.as_ref())
    }
}

/// A try that has failed, and the next one.
#[derive(Clone, Debug)]
pub struct Again {
    /// How it ended.
    pub ended: Ended,
    /// Which it was, from 1.
    pub attempt: u32,
    /// How many there are at most.
    pub most: u32,
    /// How long it is waited before the next one.
    pub wait: Duration,
}

/// A decision that is wanted.
#[derive(Clone, Debug)]
pub struct Question {
    /// The approval's path.
    pub path: String,
    /// What is asked.
    pub message: String,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Yes,
    /// Do not.
    No,
    /// The run was ended before there was one.
    Stopped,
}
