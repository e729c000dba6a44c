//! Progress as plain lines: every line of every stage, with its stage before it.

use std::io::{self, Write};

use crate::cli::run::ask::ask;
use crate::diagnostics::{Paint, Role};
use crate::ops::run::{Again, Answer, Ended, Plan, Progress, Question};
use crate::stage::path_of;
use crate::stage::process::time_in_words;
use crate::stage::record::Outcome;

/// The names of stages take at most so many columns.
const WIDEST: usize = 32;

/// Progress for logs, pipes and CI.
pub struct Plain {
    paint: Paint,
    width: usize,
}

impl Plain {
    /// For the stages of a plan.
    pub fn new(paint: Paint, plan: &Plan<'_, '_>) -> Self {
        let paths = plan
            .entry
            .stages
            .iter()
            .map(|stage| path_of(plan.entry, stage.id));
        let width = paths.map(|path| path.chars().count()).max().unwrap_or(0);
        Plain {
            paint,
            width: width.min(WIDEST),
        }
    }

    fn say(&self, stage: &str, mark: &str, text: &str) {
        let name = self
            .paint
            .paint(Role::Faint, &format!("{stage:<width$}", width = self.width));
        // Nobody reads any more: the run goes on, and its record says how it ended.
        let _ = writeln!(io::stdout(), "{name} {mark} {text}");
    }
}

impl Progress for Plain {
    fn started(&mut self, _stage: &str) {}

    fn line(&mut self, stage: &str, line: &str) {
        let bar = self.paint.paint(Role::Faint, "│");
        self.say(stage, &bar, line);
    }

    fn again(&mut self, stage: &str, again: &Again) {
        let (mark, text) = again_said(again, self.paint);
        self.say(stage, &mark, &text);
    }

    fn ended(&mut self, stage: &str, ended: &Ended) {
        let (mark, text) = said(ended, self.paint);
        self.say(stage, &mark, &text);
    }

    fn left_out(&mut self, stage: &str, reason: &str) {
        let mark = self.paint.paint(Role::Faint, "–");
        self.say(stage, &mark, &format!("not run: {reason}"));
    }

    fn ask(&mut self, question: &Question, is_stopped: &dyn Fn() -> bool) -> Answer {
        ask(question, self.paint, is_stopped)
    }

    fn stopping(&mut self) {
        let _ = writeln!(io::stdout(), "stopping: what runs is told to end");
    }

    fn tick(&mut self) {}
}

/// How a stage ended, in a few words.
pub fn said(ended: &Ended, paint: Paint) -> (String, String) {
    let time = ended
        .result
        .as_ref()
        .map(|result| time_in_words(std::time::Duration::from_secs_f64(result.seconds.max(0.0))));
    let time = time.unwrap_or_default();
    let word = ended.outcome.word();
    match ended.outcome.is_good() {
        true => {
            let reason = ended
                .result
                .as_ref()
                .and_then(|result| result.reason.clone());
            let text = match reason {
                Some(reason) => format!("{word}: {reason}"),
                // An approval leaves no result.
                None if ended.result.is_none() => "approved".to_owned(),
                None => time,
            };
            (paint.paint(Role::Added, "✓"), text)
        }
        false => {
            let error = ended.error().map(|error| error.message.clone());
            let reason = error.or_else(|| ended.problem.clone());
            let reason = reason.filter(|_| ended.outcome != Outcome::Stopped);
            let text = match (reason, time.is_empty()) {
                (Some(reason), false) => format!("{word} after {time}: {reason}"),
                (Some(reason), true) => format!("{word}: {reason}"),
                (None, false) => format!("{word} after {time}"),
                (None, true) => word.to_owned(),
            };
            (paint.paint(Role::Error, "✗"), text)
        }
    }
}

/// How a try of a stage ended, in a few words, and when the next one is.
pub fn again_said(again: &Again, paint: Paint) -> (String, String) {
    let (_, text) = said(&again.ended, paint);
    let next = match again.wait.as_secs() {
        0 => "once more".to_owned(),
        seconds => format!("again in {seconds} s"),
    };
    let text = format!("try {} of {} {text}; {next}", again.attempt, again.most);
    (paint.paint(Role::Warning, "↻"), text)
}
