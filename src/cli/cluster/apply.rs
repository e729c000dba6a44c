//! `aphex apply`

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::aws::Place;
use crate::cli::cluster::put::{self, Put};
use crate::cli::cluster::{Moved, Which, cluster, refuse};
use crate::cli::console::Console;
use crate::ops::install;

/// Apply a pipeline: its stack in AWS, then its objects in the cluster
#[derive(Args, Debug)]
#[command(after_help = "\
The stack is deployed through a change set, with your credentials in the region of the cluster. Then Aphex writes by server-side apply as the manager `aphex`: what is as it should be is not written, what others own or have changed is refused, and nothing is written before everything is judged. Runs in flight are never touched.

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
    /// Where runs keep artifacts and records, in place of the stack's bucket; needed once with --objects-only
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    #[command(flatten)]
    moved: Moved,
}

impl Apply {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.done(console).unwrap_or_else(|exit| exit)
    }

    fn done(self, console: &mut Console) -> Result<Exit, Exit> {
        let source = self.which.read(console)?;
        let (pipeline, said) = self.which.pick(&source, console)?;
        if let Some(store) = &self.store {
            put::check_store(store, console)?;
        }
        let cluster = cluster(console)?;
        if let Some(problem) = install::refuses_changes(&cluster, &pipeline.namespace.value) {
            return Err(refuse(vec![problem], console));
        }
        let mark = install::mark(source.input.project.root());
        let put = Put {
            source: &source,
            pipeline,
            said,
            owner: self.moved.owner(pipeline),
            mark: mark.as_ref(),
            cluster: &cluster,
            place: &self.place,
            store: self.store,
        };
        put.run(console)?;
        Ok(Exit::Fine)
    }
}
