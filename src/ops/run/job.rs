//! One stage as child processes: the checkout, then the stage itself.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::collections::HashMap;
use crate::graph::{Stage, StageId};
use crate::ops::run::Plan;
use crate::ops::run::progress::{Again, Ended};
use crate::ops::run::retries::Retries;
use crate::stage::container;
use crate::stage::record::{Outcome, StageResult, keys};
use crate::stage::store::{self, Address, Key};
use crate::stage::{Task, path_of};

/// A record of a stage has at most so many bytes.
const LARGEST_RECORD: u64 = 64 << 20;

/// Of a line of a log, so many bytes are shown.
const LONGEST_LINE: u64 = 64 << 10;

/// What a job tells.
#[derive(Debug)]
pub enum Event {
    /// A line of its log.
    Line(StageId, String),
    /// A try of it has failed, and another one follows.
    Again(StageId, Box<Again>),
    /// It is over.
    Ended(StageId, Box<Ended>),
}

/// A stage to be run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which.
    pub id: StageId,
    /// Its path in the run.
    pub path: String,
    /// The arguments of `aphex stage`.
    arguments: Vec<String>,
    /// The folder of its tries' folders.
    folder: PathBuf,
    run: String,
    store: String,
    environment: Vec<(&'static str, String)>,
    retries: Retries,
}

impl Job {
    /// A stage of a run.
    pub fn new(plan: &Plan<'_, '_>, stage: &Stage<'_>, task: &Task) -> Self {
        let path = path_of(plan.entry, stage.id);
        Job {
            id: stage.id,
            arguments: task.arguments(),
            folder: plan.folder.join(&path),
            path,
            run: plan.info.run.clone(),
            store: plan.info.store.clone(),
            environment: plan.info.to_environment(),
            retries: Retries::of(stage),
        }
    }
}

/// The jobs that run.
#[derive(Debug)]
pub struct Jobs {
    events: Sender<Event>,
    running: HashMap<StageId, Arc<Control>>,
}

/// What reaches into a running job from outside.
#[derive(Debug, Default)]
struct Control {
    state: Mutex<Running>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    child: Option<Pid>,
    is_stopped: bool,
}

impl Jobs {
    /// No jobs yet; what happens is sent there.
    pub fn new(events: Sender<Event>) -> Self {
        Jobs {
            events,
            running: HashMap::default(),
        }
    }

    /// Starts one.
    pub fn start(&mut self, job: Job) {
        let control = Arc::new(Control::default());
        self.running.insert(job.id, Arc::clone(&control));
        let events = self.events.clone();
        thread::spawn(move || {
            let ended = perform(&job, &control, &events);
            // The receiver is there as long as jobs are.
            let _ = events.send(Event::Ended(job.id, Box::new(ended)));
        });
    }

    /// Forgets one that has ended.
    pub fn remove(&mut self, id: StageId) {
        self.running.remove(&id);
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Tells all of them to end.
    pub fn stop(&mut self) {
        for control in self.running.values() {
            control.stop();
        }
    }
}

impl Control {
    fn stop(&self) {
        let mut running = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        running.is_stopped = true;
        if let Some(child) = running.child {
            // It may have ended just now.
            let _ = kill_process(child, Signal::TERM);
        }
        self.changed.notify_all();
    }

    fn is_stopped(&self) -> bool {
        let running = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        running.is_stopped
    }

    /// Waits, unless it is stopped meanwhile.
    fn wait(&self, time: std::time::Duration) {
        let running = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(running, time, |running| !running.is_stopped);
        drop(waited);
    }

    fn set_child(&self, child: Option<Pid>) {
        let mut running = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        running.child = child;
        if let (Some(child), true) = (child, running.is_stopped) {
            let _ = kill_process(child, Signal::TERM);
        }
    }
}

/// All tries of a job.
fn perform(job: &Job, control: &Control, events: &Sender<Event>) -> Ended {
    let mut attempt = 0;
    loop {
        let ended = match attempt_once(job, attempt, control, events) {
            Ok(ended) => ended,
            Err(error) => Ended {
                outcome: Outcome::Failed,
                result: None,
                problem: Some(error.to_string()),
            },
        };
        let is_final = ended.outcome.is_good() || attempt >= job.retries.times;
        if is_final || control.is_stopped() {
            return ended;
        }
        attempt += 1;
        let wait = job.retries.wait_before(attempt);
        let again = Again {
            ended: ended.clone(),
            attempt,
            most: job.retries.times.saturating_add(1),
            wait,
        };
        let _ = events.send(Event::Again(job.id, Box::new(again)));
        control.wait(wait);
        if control.is_stopped() {
            return ended;
        }
    }
}

fn attempt_once(
    job: &Job,
    attempt: u32,
    control: &Control,
    events: &Sender<Event>,
) -> io::Result<Ended> {
    let root = job.folder.join(attempt.to_string());
    std::fs::create_dir_all(&root)?;
    let mut checkout = vec!["checkout".to_owned(), "--for".to_owned()];
    checkout.extend(job.arguments.iter().cloned());
    let status = child(job, attempt, &root, &checkout, control, events)?;
    let status = match status.success() {
        true => child(job, attempt, &root, &job.arguments, control, events)?,
        false => status,
    };
    // Where it has ended as it should, nothing is.
    container::remove_left(&root);
    let result = result(job, attempt);
    Ok(match result {
        Ok(Some(result)) => Ended {
            outcome: result.outcome,
            result: Some(result),
            problem: None,
        },
        Ok(None) => Ended {
            outcome: match control.is_stopped() {
                true => Outcome::Stopped,
                false => Outcome::Failed,
            },
            result: None,
            problem: Some(format!("it left no result ({status})")),
        },
        Err(problem) => Ended {
            outcome: Outcome::Failed,
            result: None,
            problem: Some(problem),
        },
    })
}

/// Runs `aphex stage` with these arguments to its end.
fn child(
    job: &Job,
    attempt: u32,
    root: &std::path::Path,
    arguments: &[String],
    control: &Control,
    events: &Sender<Event>,
) -> io::Result<ExitStatus> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("stage")
        .args(arguments)
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .env("APHEX_ROOT", root)
        .env("APHEX_STAGE_PATH", &job.path)
        .env("APHEX_TRY", attempt.to_string())
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the writing end; the reading end would never see its end.
    drop(command);
    control.set_child(i32::try_from(child.id()).ok().and_then(Pid::from_raw));
    let mut lines = BufReader::new(reader);
    while let Some(text) = next_line(&mut lines)? {
        let _ = events.send(Event::Line(job.id, text));
    }
    let status = child.wait();
    control.set_child(None);
    status
}

/// The next line, as far as it is shown: its end may be far away, and the log has all of it.
fn next_line(lines: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = lines
        .by_ref()
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    let mut text = String::from_utf8_lossy(&line).trim_end().to_owned();
    if line.last() != Some(&b'\n') && lines.skip_until(b'\n')? > 1 {
        // A colour that was cut through would take what follows with it.
        if let Some(at) = text.rfind('\u{1b}') {
            let is_cut = text.get(at..).is_some_and(|end| !end.contains('m'));
            text.truncate(if is_cut { at } else { text.len() });
            text.push_str("\u{1b}[0m");
        }
        text.push('…');
    }
    Ok(Some(text))
}

/// What a try left in the store.
fn result(job: &Job, attempt: u32) -> Result<Option<StageResult>, String> {
    let read = || {
        let store = store::open(&Address::parse(&job.store)?)?;
        let key = Key::new(keys::stage(&job.run, &job.path, attempt))?;
        store::read(store.as_ref(), &key, LARGEST_RECORD)
    };
    let bytes = read().map_err(|problem| problem.message)?;
    let parse = |bytes: Vec<u8>| {
        serde_json::from_slice(&bytes).map_err(|error| format!("its result is damaged: {error}"))
    };
    bytes.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_as_far_as_anybody_reads() {
        let long = "x".repeat(LONGEST_LINE as usize - 2);
        let text = format!("one\n\n{long}\u{1b}[31mred\n{long}ä\n{long}äö\nlast");
        let mut lines = text.as_bytes();
        let mut shown = Vec::new();
        while let Some(line) = next_line(&mut lines).unwrap() {
            shown.push(line.replace(&long, "…x…"));
        }
        assert_eq!(shown, ["one", "", "…x…\u{1b}[0m…", "…x…ä", "…x…ä…", "last"]);
    }
}
