//! Commands run as child processes: started, watched, stopped, and their end explained.
//!
//! A command runs in a process group of its own, with nothing on its standard input and no environment but what it is given. When it
//! takes too long or somebody wants us to [`Stop`], its group gets SIGTERM, and what is left after the grace SIGKILL. What a command leaves
//! running when it ends by itself does not hold us, even if it keeps the pipe open.

mod commands;
mod elsewhere;
mod explain;
mod group;
mod memory;
mod output;
mod run;
mod said;
mod stop;
#[cfg(test)]
mod tests;
mod wait;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_process as codes;
use crate::model::Shell;
use crate::stage::log::Log;
use crate::stage::process::output::{Lines, Taker, Told};

pub use commands::{Commands, Done, Outcome};
pub use elsewhere::Elsewhere;
pub use explain::{Context, Place, failure, time_in_words};
pub use stop::Stop;

/// The environment of a command: the whole of it, nothing is inherited.
pub type Environment = BTreeMap<OsString, OsString>;

/// How long a group has between SIGTERM and SIGKILL where nobody says otherwise. Kubernetes gives a pod 30 seconds, and the record has to be written, too.
pub const GRACE: Duration = Duration::from_secs(10);

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Command {
    /// A program, looked for in the `PATH` of `env`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The directory it runs in.
    pub dir: PathBuf,
    /// Its whole environment.
    pub env: Environment,
    /// After this long it is stopped.
    pub timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// What is run in place of SIGTERM, where the command itself is not in our process group.
    pub terminated_by: Option<Vec<OsString>>,
}

impl Command {
    /// A program without arguments, environment and time-out.
    pub fn new(program: impl Into<OsString>, dir: impl Into<PathBuf>) -> Self {
        Command {
            program: program.into(),
            args: Vec::new(),
            dir: dir.into(),
            env: Environment::new(),
            timeout: None,
            grace: GRACE,
            terminated_by: None,
        }
    }

    /// A script for `sh -eu` or `bash -eu`.
    pub fn script(shell: Shell, script: &str, dir: impl Into<PathBuf>) -> Self {
        Command::new(shell_program(shell), dir).args(["-eu", "-c", script])
    }

    /// With these arguments, too.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// With these variables, too.
    #[must_use]
    pub fn env<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.env
            .extend(variables.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Stopped after this long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

fn shell_program(shell: Shell) -> &'static str {
    match shell {
        Shell::Sh => "sh",
        Shell::Bash => "bash",
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this exit code.
    Exit(i32),
    /// By a signal that did not come from us.
    Signal(i32),
    /// We ended it when its time was over.
    TimedOut,
    /// We ended it since we were told to stop.
    Stopped,
}

/// A command that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// When it was started.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Its last lines, oldest first, at most 50: plain text without secrets.
    pub tail: Vec<String>,
    /// The kernel has ended a process for lack of memory while it ran, in the container that we run in.
    pub out_of_memory: bool,
}

impl Ended {
    /// Whether it ended by itself with exit code 0.
    pub fn is_good(&self) -> bool {
        self.status == Status::Exit(0)
    }
}

/// Runs a command to its end; what it writes goes to the log, standard output and error as they come. What it leaves running is ended.
///
/// An error says that it could not be started. See [`failure`] for what is wrong with how it ended.
pub fn run(command: &Command, log: &Log, stop: &Stop) -> Result<Ended, Diagnostic> {
    let (ended, left) = run::start(command, vec![Taker::Log(Box::new(log.stream()))], stop)?;
    if let Some(left) = left {
        left.end(command.grace);
    }
    Ok(ended)
}

/// Runs a command to its end, and hands over each line that it writes to its standard output: as it is, neither masked nor cleaned, without
/// its line end, cut after 16 MiB. Its standard error goes to the log.
pub fn capture(
    command: &Command,
    log: &Log,
    stop: &Stop,
    each: &mut dyn FnMut(&str),
) -> Result<Ended, Diagnostic> {
    let takers = vec![
        Taker::Lines(Lines::new(each)),
        Taker::Log(Box::new(log.stream())),
    ];
    let (ended, left) = run::start(command, takers, stop)?;
    if let Some(left) = left {
        left.end(command.grace);
    }
    Ok(ended)
}

/// Runs a command to its end, and hands over each line that it writes, standard output and error as they come: plain text without secrets, cut after
/// 1 KiB. Nothing of it goes to the log by itself; [`Ended::tail`] has the last lines. A time that is given back is what the command has from that line on.
pub fn tell(
    command: &Command,
    log: &Log,
    stop: &Stop,
    each: &mut dyn FnMut(&str) -> Option<Duration>,
) -> Result<Ended, Diagnostic> {
    let takers = vec![Taker::Told(Told::new(log.aside(), each))];
    let (ended, left) = run::start(command, takers, stop)?;
    if let Some(left) = left {
        left.end(command.grace);
    }
    Ok(ended)
}

/// Leaves the terminal that this process was started from, if any, so that no command can wait for somebody to type: `git` and `ssh` ask
/// at `/dev/tty`, and would be halted for ever. Ctrl-C does not reach this process from then on. Does nothing in a process that leads its group.
pub fn leave_terminal() {
    let _ = rustix::process::setsid();
}

/// Makes this process the parent of those whose own parent has ended, where the system can do that (Linux). So it is known at once when a group has
/// ended: the first process of a container, whose they would be else, may take its time to see to them.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Lets this process get SIGTERM when the one that started it is gone (Linux), so that no stage outlives a run that was killed.
pub fn end_with_parent() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
}

/// The name of a signal: `SIGTERM`.
pub fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal)
        .map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// The system did not give us something.
fn system(what: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::without_place(&codes::SYSTEM, format!("the system gives no {}", what.trim_start_matches("a ")))
        .note(error.to_string())
        .help("see whether the container or the machine has reached a limit: of processes, open files or memory")
}
