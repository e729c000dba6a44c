//! `aphex stage`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, FromArgMatches, Subcommand};

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::diagnostics::{Diagnostic, Report, human};
use crate::stage::Task;
use crate::stage::identity;
#[cfg(feature = "cloud")]
use crate::stage::launch::{NotStarted, launch};
use crate::stage::process;
use crate::stage::work;

/// What runs inside a pod; not for people
#[derive(Args, Debug)]
pub struct Stage {
    #[command(subcommand)]
    word: Word,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Prepare the working tree for a stage
    Checkout(Checkout),
    /// Ask a side-car whether it is ready
    Ready(Ready),
    /// Find out what a run must know, and start it
    Start,
    /// Print the AWS credentials of whoever runs it, for programs that assume a role with them
    Credentials,
    #[command(flatten)]
    Task(Task),
}

#[derive(Args, Debug)]
struct Checkout {
    /// The stage and its flags
    #[arg(long = "for", value_name = "STAGE FLAGS", num_args = 1.., allow_hyphen_values = true, required = true)]
    task: Vec<OsString>,
}

#[derive(Args, Debug)]
struct Ready {
    /// Its label
    #[arg(long)]
    service: String,
    /// The stage beside which it is, and its flags
    #[arg(long = "for", value_name = "STAGE FLAGS", num_args = 1.., allow_hyphen_values = true, required = true)]
    task: Vec<OsString>,
}

impl Stage {
    /// Does the work of one stage.
    pub fn run(self, console: &mut Console) -> Exit {
        // Ctrl-C at the terminal of a local run is for the run, which tells its stages.
        process::leave_terminal();
        process::adopt_orphans();
        process::end_with_parent();
        let variable = |name: &str| std::env::var(name).ok();
        let root =
            std::env::var_os("APHEX_ROOT").map_or_else(|| PathBuf::from("/aphex"), PathBuf::from);
        match self.word {
            Word::Checkout(checkout) => {
                let task = match task(checkout.task) {
                    Ok(task) => task,
                    Err(error) => {
                        let _ = error.print();
                        return Exit::Usage;
                    }
                };
                match work::checkout(root, &task, variable) {
                    Ok(()) => Exit::Fine,
                    Err(problem) => refuse(console, problem),
                }
            }
            Word::Ready(ready) => {
                let task = match task(ready.task) {
                    Ok(task) => task,
                    Err(error) => {
                        let _ = error.print();
                        return Exit::Usage;
                    }
                };
                match work::ready(root, &ready.service, &task) {
                    Ok(()) => Exit::Fine,
                    Err(problem) => refuse(console, problem),
                }
            }
            Word::Start => start(root, variable, console),
            Word::Credentials => match identity::source(variable) {
                Some(json) => {
                    console.print(&json);
                    Exit::Fine
                }
                None => Exit::Errors,
            },
            Word::Task(task) => match work::open(root, variable) {
                Ok(context) => match work::perform(&context, &task, console.out).is_good() {
                    true => Exit::Fine,
                    false => Exit::Errors,
                },
                Err(problem) => refuse(console, problem),
            },
        }
    }
}

/// Reads the flags of a stage.
fn task(arguments: Vec<OsString>) -> Result<Task, clap::Error> {
    let command = Task::augment_subcommands(clap::Command::new("aphex stage … --for"));
    let command = command.no_binary_name(true).subcommand_required(true);
    Task::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

fn refuse(console: &mut Console, problem: Diagnostic) -> Exit {
    let report = Report::without_sources(vec![problem]);
    console.remark(&human::render(&[report], console.err));
    Exit::Errors
}

#[cfg(feature = "cloud")]
fn start(root: PathBuf, variable: impl Fn(&str) -> Option<String>, console: &mut Console) -> Exit {
    match launch(root, variable) {
        Ok(()) => Exit::Fine,
        Err(NotStarted { problem, may_pass }) => {
            let exit = refuse(console, problem);
            if may_pass { Exit::Later } else { exit }
        }
    }
}

#[cfg(not(feature = "cloud"))]
fn start(_: PathBuf, _: impl Fn(&str) -> Option<String>, console: &mut Console) -> Exit {
    let code = &crate::diagnostics::codes::cluster::NO_CLUSTER;
    let message = "this Aphex was built without what talks to a cluster";
    refuse(console, Diagnostic::without_place(code, message))
}
