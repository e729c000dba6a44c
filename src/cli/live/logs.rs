//! `aphex logs`

use clap::Args;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::live::{Of, exit_of, print_line, said, with_runs};
use crate::ops::live::{Wanted, logs};

/// Show what the stages of a run have written
#[derive(Args, Debug)]
#[command(after_help = "\
Reads the logs of the run's pods; of those that are gone, what their stages have kept in the store (in a bucket, with your AWS credentials).

Examples:
  aphex logs                                  the run that is active, else the newest
  aphex logs shop-9d1a3a0f5c prod/deploy      one stage
  aphex logs shop-9d1a3a0f5c --failed         what has failed
  aphex logs --follow                         until the run ends

Exit codes: 0 fine, 1 errors, or the run that was followed has failed; 64 wrong usage")]
pub struct Logs {
    /// The run [default: the newest that is active, else the newest]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// A stage by its path, or everything of an environment: `dev/deploy`, `dev`
    #[arg(value_name = "STAGE")]
    stage: Option<String>,
    /// Go on until the run ends
    #[arg(long, short)]
    follow: bool,
    /// Only stages that have failed
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    of: Of,
}

impl Logs {
    /// Shows them.
    pub fn run(self, console: &mut Console) -> Exit {
        with_runs(&self.of.which(), console, |runs, _, console| {
            let run = runs
                .one(self.run.as_deref())
                .map_err(|problem| said(problem, console))?;
            let wanted = Wanted {
                stage: self.stage.as_deref(),
                failed: self.failed,
                follow: self.follow,
            };
            let name = run.name.clone();
            let mut any = false;
            let done = logs(runs, run, wanted, &mut |line| {
                any = true;
                print_line(line, console);
            });
            let run = done.map_err(|problem| said(problem, console))?;
            if !any {
                let what = match self.failed {
                    true => "no stage has failed",
                    false => "no stage has written anything",
                };
                console.remark(&format!("{name} is {}: {what}\n", run.state.words()));
            }
            if !self.follow {
                return Ok(Exit::Fine);
            }
            console.remark(&format!("{name}: {}\n", run.state.words()));
            Ok(exit_of(run.state))
        })
    }
}
