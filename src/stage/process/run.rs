//! One command, from its start to its end.

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Child, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::diagnostics::Diagnostic;
use crate::stage::process::group::{Group, TICK};
use crate::stage::process::output::{Output, Taker};
use crate::stage::process::wait::poll_until;
use crate::stage::process::{Command, Ended, Status, Stop, elsewhere, explain, memory, system};

/// How long a group has to be gone after SIGKILL.
const KILLED: Duration = Duration::from_secs(2);
/// How long the last output of what was left running is waited for.
const LAST_OUTPUT: Duration = Duration::from_millis(500);

/// What a command has left running.
pub struct Left {
    group: Group,
    outputs: Vec<Receiver<()>>,
}

impl Left {
    /// Ends it.
    pub fn end(self, grace: Duration) {
        if !self.group.is_alive() {
            return;
        }
        self.group.end(grace);
        for output in self.outputs {
            // Hangs up at its end. Somebody outside of the group may hold it open for ever.
            let _ = output.recv_timeout(LAST_OUTPUT);
        }
    }
}

/// Runs a command to its end. One taker gets standard output and error as they come; of two, the first gets standard output.
///
/// What it leaves running goes on, and so does its output if it goes to a log.
pub fn start(
    command: &Command,
    takers: Vec<Taker<'_>>,
    stop: &Stop,
) -> Result<(Ended, Option<Left>), Diagnostic> {
    let kills = memory::kills();
    let started_at = Timestamp::now();
    let from = Instant::now();
    // What is not to run is not even begun.
    let already = match stop.is_set() {
        true => Some(Status::Stopped),
        false => command
            .timeout
            .filter(Duration::is_zero)
            .map(|_| Status::TimedOut),
    };
    if let Some(status) = already {
        let ended = Ended {
            status,
            started_at,
            took: Duration::ZERO,
            tail: Vec::new(),
            out_of_memory: false,
        };
        return Ok((ended, None));
    }
    let (child, outputs) = spawn(command, takers)?;
    let mut running = Running::new(child, outputs, command, from)?;
    let status = running.watch(stop)?;
    let took = from.elapsed();
    let (tail, left) = running.finish();
    let ended = Ended {
        status,
        started_at,
        took,
        tail,
        out_of_memory: memory::kills() > kills,
    };
    Ok((ended, left))
}

fn spawn<'a>(
    command: &Command,
    takers: Vec<Taker<'a>>,
) -> Result<(Child, Vec<Output<'a>>), Diagnostic> {
    let no_pipe = |error| system("a pipe", &error);
    let mut process = process::Command::new(&command.program);
    process
        .args(&command.args)
        .current_dir(&command.dir)
        .env_clear()
        .envs(&command.env)
        .stdin(Stdio::null())
        .process_group(0);
    let merged = takers.len() == 1;
    let mut outputs = Vec::new();
    for (index, taker) in takers.into_iter().enumerate() {
        let (reader, writer) = io::pipe().map_err(no_pipe)?;
        outputs.push(Output::new(reader, taker));
        if merged {
            process.stderr(writer.try_clone().map_err(no_pipe)?);
        }
        match index {
            0 => process.stdout(writer),
            _ => process.stderr(writer),
        };
    }
    // `process` holds the writing ends until it goes, at the end of this function.
    let child = process
        .spawn()
        .map_err(|error| explain::not_started(command, &error))?;
    Ok((child, outputs))
}

struct Running<'a> {
    child: Child,
    group: Group,
    outputs: Vec<Output<'a>>,
    /// Hangs up when the child has ended.
    ended: PipeReader,
    deadline: Option<Instant>,
    grace: Duration,
    terminated_by: Option<Vec<OsString>>,
    ending: Option<Ending>,
}

/// We are ending it.
struct Ending {
    status: Status,
    /// When it gets SIGKILL.
    kill_at: Instant,
    killed: Option<Instant>,
}

impl<'a> Running<'a> {
    fn new(
        mut child: Child,
        outputs: Vec<Output<'a>>,
        command: &Command,
        from: Instant,
    ) -> Result<Self, Diagnostic> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let watched = pid.ok_or_else(|| io::Error::other("a process has no number"));
        let ended = watched.and_then(|pid| Ok((Group::of(pid), watch_end(pid)?)));
        match ended {
            Ok((group, ended)) => Ok(Running {
                child,
                group,
                outputs,
                ended,
                deadline: command
                    .timeout
                    .and_then(|timeout| from.checked_add(timeout)),
                grace: command.grace,
                terminated_by: command.terminated_by.clone(),
                ending: None,
            }),
            Err(error) => {
                // What cannot be watched must not run.
                let _ = child.kill();
                let _ = child.wait();
                Err(system("a thread", &error))
            }
        }
    }

    /// Until it has ended; and, where we end it, its whole group.
    fn watch(&mut self, stop: &Stop) -> Result<Status, Diagnostic> {
        let mut exit = None;
        loop {
            match (exit, &self.ending) {
                (Some(status), None) => return Ok(status_of(status)),
                // Not even SIGKILL ends who waits for a disk that does not answer; nobody has to wait with him.
                (_, Some(ending)) if ending.is_over() => return Ok(ending.status),
                (Some(_), Some(ending)) if !self.group.is_alive() => return Ok(ending.status),
                _ => {}
            }
            let hung_up = self.wait(stop, exit.is_none())?;
            if exit.is_none() && hung_up {
                exit = Some(
                    self.child
                        .wait()
                        .map_err(|error| system("the end of a process", &error))?,
                );
            }
            let now = Instant::now();
            match &mut self.ending {
                // A command that has ended by itself was not stopped.
                None if exit.is_some() => {}
                None if stop.is_set() => self.end(Status::Stopped),
                None if self.deadline.is_some_and(|deadline| now >= deadline) => {
                    self.end(Status::TimedOut)
                }
                Some(ending) if now >= ending.kill_at && ending.killed.is_none() => {
                    ending.killed = Some(now);
                    self.group.kill();
                }
                _ => {}
            }
        }
    }

    fn end(&mut self, status: Status) {
        let told = self.terminated_by.as_deref().is_some_and(elsewhere::tell);
        if !told {
            self.group.terminate();
        }
        let now = Instant::now();
        self.ending = Some(Ending {
            status,
            kill_at: now.checked_add(self.grace).unwrap_or(now),
            killed: None,
        });
    }

    /// Waits for output, an end, or the time to do something, and takes the output. Says whether the child has ended.
    fn wait(&mut self, stop: &Stop, watch_child: bool) -> Result<bool, Diagnostic> {
        let until = match &self.ending {
            None => self.deadline,
            Some(ending) if watch_child && ending.killed.is_none() => Some(ending.kill_at),
            Some(_) => Instant::now().checked_add(TICK),
        };
        let open: Vec<usize> = (0..self.outputs.len())
            .filter(|index| {
                self.outputs
                    .get(*index)
                    .is_some_and(|output| !output.closed)
            })
            .collect();
        let mut files: Vec<_> = open
            .iter()
            .filter_map(|index| self.outputs.get(*index))
            .map(Output::as_fd)
            .collect();
        if watch_child {
            files.push(self.ended.as_fd());
        }
        if self.ending.is_none() {
            files.push(stop.as_fd());
        }
        let ready = poll_until(&files, until).map_err(|error| system("events", &error))?;
        for (index, _) in open.iter().zip(&ready).filter(|(_, ready)| **ready) {
            if let Some(output) = self.outputs.get_mut(*index) {
                output.read();
                if let Some(deadline) = output.taker.renewed() {
                    self.deadline = Some(deadline);
                }
            }
        }
        Ok(watch_child && ready.get(open.len()) == Some(&true))
    }

    /// Takes what was written before the end: its last lines, and what was left running.
    fn finish(self) -> (Vec<String>, Option<Left>) {
        let mut tail = Vec::new();
        let mut outputs = Vec::new();
        let mut open = false;
        for mut output in self.outputs {
            output.drain();
            output.taker.end();
            open |= !output.closed;
            if let Some((lines, goes_on)) = output.into_log() {
                tail.extend(lines);
                // Without a thread for it nobody reads what is left running, and it is told so by a broken pipe.
                outputs.extend(goes_on.and_then(|rest| rest.read_on().ok()));
            }
        }
        let left = (open || self.group.is_alive()).then_some(Left {
            group: self.group,
            outputs,
        });
        (tail, left)
    }
}

/// What hangs up when a child has ended. The child is not reaped: until it is, its number is not another process's.
fn watch_end(pid: Pid) -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    thread::Builder::new()
        .name("child".to_owned())
        .spawn(move || {
            while let Err(rustix::io::Errno::INTR) = waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            ) {}
            drop(writer);
        })?;
    Ok(reader)
}

impl Ending {
    /// SIGKILL has had its time.
    fn is_over(&self) -> bool {
        self.killed.is_some_and(|at| at.elapsed() > KILLED)
    }
}

fn status_of(status: ExitStatus) -> Status {
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Exit(code),
        (None, signal) => Status::Signal(signal.unwrap_or(0)),
    }
}
