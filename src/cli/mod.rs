//! The command line, one file a command.
//!
//! A command is a struct of arguments with a `run` that returns an [`Exit`]. A new one is a file
//! here, a line in [`Command`] and a line in [`dispatch`].

mod assembly;
mod check;
#[cfg(feature = "cloud")]
mod cluster;
mod compile;
mod completions;
pub mod console;
mod eval;
mod exit;
mod explain;
pub mod fault;
mod fixes;
mod folder;
mod graph;
mod guess;
mod history;
pub mod input;
#[cfg(feature = "cloud")]
mod live;
mod names;
mod new;
mod output;
mod pick;
mod preflight;
mod run;
mod runs;
mod stage;
mod unreadable;
mod write;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::diagnostics::{Paint, Severity};
use console::{Color, Console};
pub use exit::{Exit, Refused};

/// Deployment pipelines, checked before anything runs.
#[derive(Debug, Parser)]
#[command(
    name = "aphex",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
#[command(after_help = "\
Examples:
  aphex new                 write a pipeline to start from
  aphex check               check every pipeline of this repository
  aphex run                 run it on this machine, deploying nothing
  aphex compile -o out      compile it to manifests
  aphex graph               see its stages, and what waits for what
  aphex explain A0304       what a message means")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours: auto (in a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    #[arg(hide_possible_values = true)]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "cloud")]
    Apply(cluster::Apply),
    #[cfg(feature = "cloud")]
    Approve(live::Approve),
    #[cfg(feature = "cloud")]
    Bootstrap(cluster::Bootstrap),
    #[cfg(feature = "cloud")]
    Cancel(live::Cancel),
    Check(check::Check),
    Compile(compile::Compile),
    #[cfg(feature = "cloud")]
    Destroy(cluster::Destroy),
    Eval(eval::Eval),
    Explain(explain::Explain),
    Graph(graph::Graph),
    History(history::History),
    #[cfg(feature = "cloud")]
    Logs(live::Logs),
    New(new::New),
    #[cfg(feature = "cloud")]
    Plan(cluster::Plan),
    #[cfg(feature = "cloud")]
    Reject(live::Reject),
    Run(run::Run),
    #[command(hide = true)]
    Stage(stage::Stage),
    #[cfg(feature = "cloud")]
    Status(live::Status),
    #[cfg(feature = "cloud")]
    Trigger(live::Trigger),
    Completions(completions::Completions),
}

fn dispatch(command: Command, console: &mut Console) -> Exit {
    match command {
        #[cfg(feature = "cloud")]
        Command::Apply(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Approve(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Cancel(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Bootstrap(command) => command.run(console),
        Command::Check(command) => command.run(console),
        Command::Compile(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Destroy(command) => command.run(console),
        Command::Eval(command) => command.run(console),
        Command::Explain(command) => command.run(console),
        Command::Graph(command) => command.run(console),
        Command::History(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Logs(command) => command.run(console),
        Command::New(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Plan(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Reject(command) => command.run(console),
        Command::Run(command) => command.run(console),
        Command::Stage(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Status(command) => command.run(console),
        #[cfg(feature = "cloud")]
        Command::Trigger(command) => command.run(console),
        Command::Completions(command) => command.run(console),
    }
}

/// Runs the program with the arguments of this process.
///
/// The work is done on a stack that is large enough for the deepest nesting that is accepted,
/// whatever the limits of the shell.
pub fn main() -> Exit {
    fault::install();
    let work = || run(std::env::args_os());
    match std::thread::Builder::new().stack_size(STACK).spawn(work) {
        Ok(thread) => thread.join().unwrap_or(Exit::Fault),
        Err(_) => run(std::env::args_os()),
    }
}

/// In bytes; memory is taken only as far as it is used.
const STACK: usize = 64 << 20;

fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return instead(&error),
    };
    let mut console = Console::new(cli.color);
    let exit = dispatch(cli.command, &mut console);
    match console.failed() {
        true => exit.max(Exit::Errors),
        false => exit,
    }
}

/// What clap says in place of a command: help that was asked for is a result, help that was not is a remark.
fn instead(error: &clap::Error) -> Exit {
    let mut console = Console::new(Color::Auto);
    let text = |paint: Paint| match paint {
        Paint::Plain => error.render().to_string(),
        Paint::Ansi => error.render().ansi().to_string(),
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            console.print(&text(console.out));
            match console.failed() {
                true => Exit::Errors,
                false => Exit::Fine,
            }
        }
        _ => {
            console.remark(&text(console.err));
            Exit::Usage
        }
    }
}

/// How a command ends that found problems of this severity, if any.
fn exit_for(worst: Option<Severity>, deny_warnings: bool) -> Exit {
    match worst {
        Some(Severity::Error) => Exit::Errors,
        Some(Severity::Warning) if deny_warnings => Exit::Errors,
        _ => Exit::Fine,
    }
}
