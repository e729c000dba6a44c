//! `aphex apply`

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::aws::Place;
use crate::cli::cluster::{Which, changes, cluster, refuse};
use crate::cli::console::Console;
use crate::diagnostics::safe;
use crate::ops::install::{self, Done};
use crate::stage::store::Address;

/// Apply a pipeline: its stack in AWS, then its objects in the cluster
#[derive(Args, Debug)]
#[command(after_help = "\
The stack is deployed through a change set, with your credentials in the region of the cluster. Then Aphex writes by server-side apply as the manager `aphex`: what is as it should be is not written, what others own or have changed is refused, and nothing is written before
everything is judged. Runs in flight are never touched.

Examples:
  aphex plan                           what would change in the cluster
  aphex apply --region eu-central-1    the one pipeline file of this repository
  aphex apply --objects-only --store s3://BUCKET
                                       the cluster alone, with a bucket that is there

Exit codes: 0 fine, 1 errors, 64 wrong usage")]
pub struct Apply {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    place: Place,
    /// Where runs keep artifacts and records, in place of the stack's bucket
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl Apply {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.done(console).unwrap_or_else(|exit| exit)
    }

    fn done(self, console: &mut Console) -> Result<Exit, Exit> {
        let source = self.which.read(console)?;
        let (pipeline, spec) = self.which.pick(&source, console)?;
        if let Some(store) = &self.store {
            Address::parse(store).map_err(|problem| refuse(vec![problem], console))?;
        }
        let cluster = cluster(console)?;
        let mark = install::mark(source.input.project.root());
        // The stack first: what its objects in the cluster are told is known then.
        let mut facts = match self.place.objects_only {
            false => self.place.deploy(&source, pipeline, console)?.facts(),
            true => install::known(&cluster, pipeline)
                .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?,
        };
        facts.store = self.store.or(facts.store);
        let has_store = facts.store.is_some();
        let wanted = install::all(pipeline, &spec, mark.as_ref(), &facts);
        let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
        let mut applied = Vec::new();
        let done = install::apply(
            &cluster,
            pipeline,
            &wanted,
            mark.as_ref(),
            eprint_waiting,
            |change| applied.push(change.clone()),
        );
        for change in &applied {
            console.print(&changes::lines(change, console.out));
        }
        let place = format!(
            "{} in namespace {}",
            pipeline.name.value, pipeline.namespace.value
        );
        match done.map_err(|problems| refuse(problems, console))? {
            Done::Nothing => console.print(&format!("{place}: nothing to change\n")),
            Done::Changed => {
                console.print(&format!("{place}: {}\n", changes::total(&applied, "")));
            }
            Done::Newer(newer) => {
                console.remark(&younger(&newer));
                return Ok(Exit::Errors);
            }
        }
        if !has_store {
            console.remark(
                "warning: runs need a store for artifacts and records, and none is known: `--store s3://BUCKET`, or leave out `--objects-only`\n",
            );
        }
        Ok(Exit::Fine)
    }
}

fn eprint_waiting(other: &str) {
    // The console is with who tells of changes.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("waiting for {other}, who changes the pipeline\n").as_bytes(),
    );
}

/// That a younger commit was applied before.
pub fn younger(newer: &str) -> String {
    format!(
        "nothing was changed: a younger commit was applied before, {}; check that one out, or a later one\n",
        safe::line(newer)
    )
}
