//! `aphex cancel`

use clap::Args;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::live::{GOES_ON, Of, said, show, with_runs};
use crate::diagnostics::safe;
use crate::ops::live::{Cancelled, Shutdown, State, cancel};

/// End a run
#[derive(Args, Debug)]
#[command(after_help = "\
What runs is told to end, as by `argo stop`: a deployment that CloudFormation has begun goes on there, and the next run finds its result. Then `finish` records the run and tells those who want to know. A run in the queue keeps its place, and ends when its turn comes, before any stage; with --terminate it goes at once.

Examples:
  aphex cancel shop-9d1a3a0f5c
  aphex cancel shop-9d1a3a0f5c --terminate --yes

Exit codes: 0 it is told to end, or has ended; 1 errors, or the answer was no; 64 wrong usage")]
pub struct Cancel {
    /// The run
    #[arg(value_name = "RUN")]
    run: String,
    /// At once, without `finish`: there is no record of the run, and nobody is told
    #[arg(long)]
    terminate: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    of: Of,
}

impl Cancel {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        with_runs(&self.of.which(), console, |runs, _, console| {
            let run = runs
                .one(Some(&self.run))
                .map_err(|problem| said(problem, console))?;
            if run.state.has_ended() {
                console.print(&format!(
                    "{} has ended already: it {}\n",
                    run.name,
                    run.state.words()
                ));
                return Ok(Exit::Fine);
            }
            let now = jiff::Timestamp::now();
            console.remark(&show::in_full(&run, console.err, now));
            if !self.yes && !console.agreed(&format!("end {}?", run.name), GOES_ON) {
                console.remark("it goes on\n");
                return Err(Exit::Errors);
            }
            let how = match self.terminate {
                true => Shutdown::Terminate,
                false => Shutdown::Stop,
            };
            let done = cancel(runs, &run.name, how).map_err(|problem| said(problem, console))?;
            let name = safe::line(&run.name);
            console.print(&match (done, how, run.state) {
                (Cancelled::Ended, ..) => format!("{name} has ended meanwhile\n"),
                (Cancelled::Before, Shutdown::Stop, _) => {
                    format!("{name} was told to end before; `--terminate` ends it now, without a record, where `finish` cannot\n")
                }
                (Cancelled::Before, ..) => format!("{name} was told to end before\n"),
                (_, Shutdown::Terminate, _) => {
                    format!("{name} is ended; it has no record, and nobody is told\n")
                }
                (_, Shutdown::Stop, State::New | State::Queued) => {
                    format!("{name} ends when its turn comes, before any stage; `--terminate` takes it out of the queue now\n")
                }
                (_, Shutdown::Stop, _) => {
                    format!("{name} is told to end; `finish` records it: `aphex status`\n")
                }
            });
            Ok(Exit::Fine)
        })
    }
}
