//! A list of commands, one after another, as a step has it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_process::NO_DIRECTORY;
use crate::model::{Shell, Text};
use crate::source::Span;
use crate::stage::log::Log;
use crate::stage::process::explain::{Context, Place, failure, time_in_words};
use crate::stage::process::output::Taker;
use crate::stage::process::run::{self, Left};
use crate::stage::process::{Command, Elsewhere, Ended, Environment, Status, Stop};

/// Of a script, so many lines are shown before it runs.
const SHOWN: usize = 10;

/// Commands that share a directory, an environment and a time.
#[derive(Clone, Debug)]
pub struct Commands<'a> {
    /// The commands; a script of several lines is one of them.
    pub run: &'a [Text],
    /// Their shell.
    pub shell: Shell,
    /// The image that they run in, for messages; `None` where it is this machine.
    pub image: Option<&'a str>,
    /// Where they run.
    pub dir: PathBuf,
    /// Where the file says so; `None` where it does not.
    pub dir_span: Option<Span>,
    /// The whole environment.
    pub env: Environment,
    /// After this long the one that is running is stopped, and none follows.
    pub timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
}

/// A command that has run.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// As it was written.
    pub command: String,
    /// How it ended.
    pub ended: Ended,
}

/// What has become of a list of commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Those that have run, in order; the last one is the one that failed.
    pub commands: Vec<Done>,
    /// Why not all of them have succeeded.
    pub failure: Option<Diagnostic>,
}

impl Outcome {
    /// How the command ended that failed; `None` where none has, or where it could not even be started.
    pub fn status(&self) -> Option<Status> {
        let last = self.commands.last().map(|done| done.ended.status);
        last.filter(|_| self.failure.is_some())
    }
}

impl Commands<'_> {
    /// Runs one after another until one fails. Before each stands its text in the log, after it the time it took.
    ///
    /// What a command leaves running (a server for a test, say) is ended when the last one has ended.
    pub fn run(&self, log: &Log, stop: &Stop) -> Outcome {
        self.run_in(None, log, stop)
    }

    /// The same, elsewhere.
    pub fn run_in(&self, there: Option<&dyn Elsewhere>, log: &Log, stop: &Stop) -> Outcome {
        let deadline = self
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
        let mut outcome = Outcome::default();
        let mut left = Vec::new();
        for text in self.run {
            log.line(&announced(&text.value));
            match self.one(text, there, deadline, log, stop) {
                Ok((ended, leaves)) => {
                    left.extend(leaves);
                    log.line(&format!("  {}", summed_up(&ended)));
                    outcome.failure = failure(&ended, &self.context(text, there, stop));
                    outcome.commands.push(Done {
                        command: text.value.clone(),
                        ended,
                    });
                }
                Err(diagnostic) => outcome.failure = Some(diagnostic),
            }
            if outcome.failure.is_some() {
                break;
            }
        }
        if let Some(there) = there {
            // Who was told to end has had its time.
            let was_told = matches!(outcome.status(), Some(Status::Stopped | Status::TimedOut));
            there.clear(match was_told {
                true => Duration::ZERO,
                false => self.grace,
            });
        }
        for leaves in left.into_iter().rev() {
            leaves.end(self.grace);
        }
        outcome
    }

    fn one(
        &self,
        text: &Text,
        there: Option<&dyn Elsewhere>,
        deadline: Option<Instant>,
        log: &Log,
        stop: &Stop,
    ) -> Result<(Ended, Option<Left>), Diagnostic> {
        let mut command = match there {
            Some(there) => there.command(self.shell, &text.value),
            None => {
                let mut command = Command::script(self.shell, &text.value, &self.dir);
                command.env.clone_from(&self.env);
                command
            }
        };
        command.grace = self.grace;
        command.timeout =
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let taker = Taker::Log(Box::new(log.stream()));
        if let Some(there) = there {
            there.begins();
        }
        let mut started = run::start(&command, vec![taker], stop);
        if let Some(there) = there {
            let tail = there.ended();
            if let Ok((ended, _)) = &mut started {
                ended.tail.extend(tail);
            }
        }
        started.map_err(|diagnostic| {
            let dir = self.dir_span.filter(|_| diagnostic.code == &NO_DIRECTORY);
            diagnostic.at(dir.unwrap_or(text.span))
        })
    }

    fn context<'a>(
        &'a self,
        text: &'a Text,
        there: Option<&'a dyn Elsewhere>,
        stop: &Stop,
    ) -> Context<'a> {
        Context {
            text: &text.value,
            span: Some(text.span),
            shell: Some(self.shell),
            place: match (there, self.image) {
                (Some(there), _) => there.place(),
                (None, Some(image)) => Place::Pod(image),
                (None, None) => Place::Machine,
            },
            variables: self.env.keys().filter_map(|name| name.to_str()).collect(),
            timeout: self.timeout,
            stopped_by: stop.why(),
        }
    }
}

/// `$ npm ci`; of a script the first lines.
fn announced(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut shown: Vec<String> = Vec::new();
    for (index, line) in lines.iter().take(SHOWN).enumerate() {
        let mark = if index == 0 { "$" } else { ">" };
        shown.push(format!("{mark} {line}"));
    }
    if lines.len() > SHOWN {
        shown.push(format!("> … ({} more lines)", lines.len() - SHOWN));
    }
    shown.join("\n")
}

/// `0.8 s`, `exit code 2 after 3.1 s`.
fn summed_up(ended: &Ended) -> String {
    let time = time_in_words(ended.took);
    match ended.status {
        Status::Exit(0) => time,
        Status::Exit(code) => format!("exit code {code} after {time}"),
        Status::Signal(signal) => format!("ended by {} after {time}", super::signal_name(signal)),
        Status::TimedOut => format!("stopped after {time}: time is over"),
        Status::Stopped => format!("stopped after {time}"),
    }
}
