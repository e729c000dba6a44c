//! Whether a side-car is ready: what the cluster asks inside of it, again and again, before a step's commands begin.

use std::path::PathBuf;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_container::NOT_READY;
use crate::graph::StageKind;
use crate::model::Shell;
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Stop};
use crate::stage::work::context;
use crate::stage::work::parameters::Parameters;
use crate::stage::{Folders, RunInfo, Task};

/// Runs the `ready` of a side-car, as the commit has it. Says what it runs in a log that is for people alone.
///
/// A commit that no longer has the side-car has nothing to wait for.
pub fn ready(root: PathBuf, service: &str, task: &Task) -> Result<(), Diagnostic> {
    let folders = Folders::new(root);
    let run = RunInfo::load(&folders)?;
    // What is wrong with the pipeline is the stage's own to say, and it begins once this has succeeded.
    let Ok(commit) = context::read(&folders, &run, 0, &[], &Parameters::default()) else {
        return Ok(());
    };
    let command = commit.with_entry(&run, |entry| {
        let stage = entry.stage(task.find(entry)?)?;
        let StageKind::Step(step) = stage.kind else {
            return None;
        };
        let mut services = step.services.iter();
        services
            .find(|other| other.name.value == service)?
            .ready
            .clone()
    });
    let Some(ready) = command.flatten() else {
        return Ok(());
    };
    let mut command = Command::script(Shell::Sh, &ready.value, "/");
    command.env = std::env::vars_os().collect();
    let ended = process::run(&command, &Log::new(Vec::new()), &Stop::on_signals()?)?;
    match ended.is_good() {
        true => Ok(()),
        false => {
            let message = format!("the side-car `{service}` is not ready");
            let problem = Diagnostic::without_place(&NOT_READY, message)
                .note(format!("`{}` has not succeeded", ready.value));
            Err(match ended.tail.last() {
                Some(last) => problem.note(format!("its last line: {last}")),
                None => problem,
            })
        }
    }
}
