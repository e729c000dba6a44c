//! Progress in a terminal: a line a stage, with what it is doing; the log of what fails.

use std::collections::VecDeque;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::run::ask::ask;
use crate::cli::run::plain::{again_said, said};
use crate::collections::HashMap;
use crate::diagnostics::{Paint, Role};
use crate::ops::run::{Again, Answer, Ended, Progress, Question};
use crate::stage::record::Outcome;

/// So many of the last lines of a stage that failed are shown.
const SHOWN: usize = 60;

/// Progress in a terminal.
pub struct Live {
    paint: Paint,
    bars: MultiProgress,
    running: HashMap<String, Running>,
}

struct Running {
    bar: ProgressBar,
    lines: VecDeque<String>,
}

impl Live {
    /// With nothing that runs.
    pub fn new(paint: Paint) -> Self {
        Live {
            paint,
            bars: MultiProgress::new(),
            running: HashMap::default(),
        }
    }

    fn say(&self, mark: &str, stage: &str, text: &str) {
        let _ = self.bars.println(format!("{mark} {stage}  {text}"));
    }
}

impl Progress for Live {
    fn started(&mut self, stage: &str) {
        let bar = self.bars.add(ProgressBar::new_spinner());
        // The template is a constant; the plain spinner does where it cannot be read.
        let style = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg:.dim}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_prefix(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        let running = Running {
            bar,
            lines: VecDeque::new(),
        };
        self.running.insert(stage.to_owned(), running);
    }

    fn line(&mut self, stage: &str, line: &str) {
        if let Some(running) = self.running.get_mut(stage) {
            running.bar.set_message(line.to_owned());
            if running.lines.len() == SHOWN {
                running.lines.pop_front();
            }
            running.lines.push_back(line.to_owned());
        }
    }

    fn again(&mut self, stage: &str, again: &Again) {
        // What the last try has said is what is read, should that fail too.
        if let Some(running) = self.running.get_mut(stage) {
            running.lines.clear();
            running.bar.set_message("");
        }
        let (mark, text) = again_said(again, self.paint);
        self.say(&mark, stage, &text);
    }

    fn ended(&mut self, stage: &str, ended: &Ended) {
        let lines = self.running.remove(stage).map(|running| {
            running.bar.finish_and_clear();
            running.lines
        });
        let (mark, text) = said(ended, self.paint);
        // Who has ended the run does not look for a reason.
        if !ended.outcome.is_good() && ended.outcome != Outcome::Stopped {
            for line in lines.into_iter().flatten() {
                let _ = self
                    .bars
                    .println(format!("  {} {line}", self.paint.paint(Role::Faint, "│")));
            }
        }
        self.say(&mark, stage, &text);
    }

    fn left_out(&mut self, stage: &str, reason: &str) {
        let mark = self.paint.paint(Role::Faint, "–");
        let text = self.paint.paint(Role::Faint, &format!("not run: {reason}"));
        self.say(&mark, stage, &text);
    }

    fn ask(&mut self, question: &Question, is_stopped: &dyn Fn() -> bool) -> Answer {
        let paint = self.paint;
        // Not `suspend`: it panics where the terminal is gone.
        let _ = self.bars.clear();
        self.bars.set_draw_target(ProgressDrawTarget::hidden());
        let answer = ask(question, paint, is_stopped);
        self.bars.set_draw_target(ProgressDrawTarget::stderr());
        answer
    }

    fn stopping(&mut self) {
        let _ = self.bars.println("stopping: what runs is told to end");
    }

    fn tick(&mut self) {}
}
