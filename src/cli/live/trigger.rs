//! `aphex trigger`

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::Which;
use crate::cli::console::Console;
use crate::cli::live::{exit_of, print_line, said, who, with_runs};
use crate::cli::run::inputs;
use crate::diagnostics::codes::run::NO_SUCH_ENVIRONMENT;
use crate::diagnostics::{list_names, safe};
use crate::ops::live::{Wanted, Wish, logs, trigger};

/// Start a run in the cluster by hand
#[derive(Args, Debug)]
#[command(after_help = "\
Makes the Workflow that a push would make, with the event `manual`; it queues behind the runs that are there. The commit is the one that is named, that of a branch, or that of the repository's default branch, as `git` at this machine sees the repository.

Examples:
  aphex trigger                                   the default branch, as it is now
  aphex trigger --branch release --follow         that branch, with its logs until it ends
  aphex trigger --commit $(git rev-parse HEAD)    this commit, once it is pushed
  aphex trigger --only sandbox                    an environment with `start = \"manual\"`

Exit codes: 0 started (with --follow: and succeeded), 1 errors, 64 wrong usage")]
pub struct Trigger {
    #[command(flatten)]
    which: Which,
    /// The commit: forty hexadecimal digits
    #[arg(long, value_name = "SHA", conflicts_with = "branch")]
    commit: Option<String>,
    /// The branch whose commit is meant [default: the repository's default branch]
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// These environments alone, as a trigger's `deploy` or `start = "manual"` has them
    #[arg(long, value_name = "ENV", value_delimiter = ',')]
    only: Vec<String>,
    /// Values of the pipeline's inputs
    #[arg(long = "input", value_name = "NAME=VALUE")]
    inputs: Vec<String>,
    /// Show its logs until it ends
    #[arg(long, short)]
    follow: bool,
}

impl Trigger {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        with_runs(&self.which, console, |runs, source, console| {
            let (actor, _) = who(runs, None, console)?;
            let inputs = inputs::of(runs.pipeline, &self.inputs);
            let inputs = inputs.map_err(|problem| {
                said(problem, console);
                Exit::Usage
            })?;
            let wish = Wish {
                only: &self.only,
                commit: self.commit.as_deref(),
                branch: self.branch.as_deref(),
                inputs: &inputs,
                actor: &actor,
                folder: source.root(),
            };
            let started = trigger(runs, &wish);
            let started = started.map_err(|problem| {
                let is_usage = problem.code == &NO_SUCH_ENVIRONMENT;
                let exit = said(problem, console);
                if is_usage { Exit::Usage } else { exit }
            })?;
            let name = &started.name;
            let commit: String = started.commit.chars().take(7).collect();
            let reference = started.reference.trim_start_matches("refs/heads/");
            let reference = match reference.is_empty() {
                true => String::new(),
                false => format!(" of {}", safe::line(reference)),
            };
            let to = list_names(started.environments.iter().map(String::as_str), 8);
            console.print(&format!("started {name}: {commit}{reference}, for {to}\n"));
            if !self.follow {
                console.remark(&format!("follow it: `aphex logs {name} --follow`\n"));
                return Ok(Exit::Fine);
            }
            let wanted = Wanted {
                follow: true,
                ..Wanted::default()
            };
            let run = runs
                .one(Some(name))
                .map_err(|problem| said(problem, console))?;
            let done = logs(runs, run, wanted, &mut |line| print_line(line, console));
            let run = done.map_err(|problem| said(problem, console))?;
            console.remark(&format!("{name}: {}\n", run.state.words()));
            Ok(exit_of(run.state))
        })
    }
}
