//! `aphex run`: a pipeline on one machine.
//!
//! Every stage is a child process, `aphex stage …`, with what a pod would be given: folders of its own, the commit, a
//! store. So a run here proves what runs there.

mod job;
mod progress;
mod question;
pub mod resume;
mod retries;

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::collections::HashMap;
use crate::graph::{Entry, StageId, StageKind};
use crate::model::Pipeline;
use crate::stage::record::{self, Outcome, RunRecord};
use crate::stage::schedule::{Schedule, State};
use crate::stage::store::Store;
use crate::stage::{RunInfo, Standing, Task, path_of, run_record};

use job::{Event, Job, Jobs};
pub use progress::{Again, Answer, Ended, Progress, Question};
use question::ask;

/// How often a person sees something move.
const TICK: Duration = Duration::from_millis(100);

/// A run that is about to begin.
#[derive(Debug)]
pub struct Plan<'g, 'p> {
    /// The pipeline, as the file has it.
    pub pipeline: &'p Pipeline,
    /// The way through it.
    pub entry: &'g Entry<'p>,
    /// What its stages are told.
    pub info: RunInfo,
    /// The folder of its stages' folders.
    pub folder: PathBuf,
    /// How many stages at once.
    pub most: usize,
}

/// Runs it to its end, and returns what is to be remembered of it.
///
/// `is_stopped` is asked again and again; once it says so nothing more begins, what runs is told to end, and the record
/// says how far it came.
pub fn run(
    plan: &Plan<'_, '_>,
    store: &dyn Store,
    progress: &mut dyn Progress,
    is_stopped: &dyn Fn() -> bool,
) -> RunRecord {
    let began = Instant::now();
    let mut schedule = Schedule::new(plan.entry, plan.most, |stage| {
        plan.info.leaves_out(plan.entry, stage)
    });
    let (sender, events) = mpsc::channel();
    let mut jobs = Jobs::new(sender);
    let mut times: HashMap<StageId, (Timestamp, Instant, f64)> = HashMap::default();
    let mut told: Vec<bool> = vec![false; plan.entry.stages.len()];
    let mut was_stopped = false;
    loop {
        if !was_stopped && is_stopped() {
            was_stopped = true;
            schedule.stop();
            jobs.stop();
            progress.stopping();
        }
        let begins = schedule.advance();
        // Nothing runs and nothing can begin: all has ended, or stages wait for each other, which the rules refuse.
        let is_over = begins.is_empty() && jobs.is_empty();
        for id in begins {
            let Some(stage) = plan.entry.stage(id) else {
                continue;
            };
            times.insert(id, (Timestamp::now(), Instant::now(), 0.0));
            match (stage.kind, Task::of(plan.entry, stage)) {
                (StageKind::Finish, _) => schedule.ended(id, Outcome::Succeeded),
                (StageKind::Approval(_), _) => {
                    let ended = ask(plan, stage, store, progress, is_stopped);
                    schedule.ended(id, ended.outcome);
                    progress.ended(&path_of(plan.entry, id), &ended);
                }
                (_, Some(task)) => {
                    let job = Job::new(plan, stage, &task);
                    progress.started(&job.path);
                    jobs.start(job);
                }
                (_, None) => schedule.ended(id, Outcome::Skipped),
            }
        }
        tell_left_out(plan, &schedule, &mut told, progress);
        if is_over {
            if !schedule.is_done() {
                schedule.stop();
            }
            break;
        }
        if jobs.is_empty() {
            // What began has ended at once, as an approval does: something may follow.
            continue;
        }
        match events.recv_timeout(TICK) {
            Ok(Event::Line(id, line)) => progress.line(&path_of(plan.entry, id), &line),
            Ok(Event::Again(id, again)) => progress.again(&path_of(plan.entry, id), &again),
            Ok(Event::Ended(id, ended)) => {
                jobs.remove(id);
                if let Some((_, since, seconds)) = times.get_mut(&id) {
                    *seconds = since.elapsed().as_secs_f64();
                }
                schedule.ended(id, ended.outcome);
                progress.ended(&path_of(plan.entry, id), &ended);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        progress.tick();
    }
    let tries = record::tries(store, &plan.info.run);
    let outcome = schedule.outcome();
    run_record(
        &plan.info,
        &schedule,
        tries,
        outcome,
        began.elapsed(),
        |stage| {
            let time = times.get(&stage.id);
            Standing {
                time: time.map(|(began, _, seconds)| (*began, *seconds)),
                ..Standing::default()
            }
        },
    )
}

/// Tells of stages that turned out not to run, each once.
fn tell_left_out(
    plan: &Plan<'_, '_>,
    schedule: &Schedule<'_, '_>,
    told: &mut [bool],
    progress: &mut dyn Progress,
) {
    for (stage, told) in plan.entry.stages.iter().zip(told) {
        let parent = stage.parent.map(|id| schedule.state(id));
        // What a group does not run is told once, of the group.
        let with_group = matches!(parent, Some(State::LeftOut(_)));
        if let State::LeftOut(reason) = schedule.state(stage.id)
            && !*told
        {
            *told = true;
            if !with_group {
                progress.left_out(&path_of(plan.entry, stage.id), reason);
            }
        }
    }
}
