//! `aphex destroy`

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::aws::{Buckets, Place};
use crate::cli::cluster::{Which, cluster, put, refuse};
use crate::cli::console::Console;
use crate::cloud::kubernetes::Cluster;
use crate::diagnostics::{list_names, plural};
use crate::model::Pipeline;
use crate::ops::install::{self, Owned};
use crate::stage::apply::{Lease, Owner};
use crate::stage::process::Stop;
use crate::target::names::stack_name;

/// What is said where nobody can be asked.
const REMOVES: &str = "`--yes` removes without a question";

/// Remove a pipeline from the cluster and AWS: what it owns, and nothing else
#[derive(Args, Debug)]
#[command(after_help = "\
Shows what would be removed, and asks: first the objects (with the webhook's Secret that `bootstrap` has made), then the stack with its roles. Artifacts and records stay unless you say `--with-artifacts`, runs that have ended stay until their time is over, and what belongs to the cluster or to other pipelines is not touched.

Examples:
  aphex destroy --region eu-central-1
                                   the pipeline of this repository
  aphex destroy --yes              without a question, in scripts
  aphex destroy --with-artifacts   and the bucket with all that was ever in it, also one that an earlier `destroy` has left

Exit codes: 0 removed, or nothing was there; 1 errors, or the answer was no; 64 wrong usage")]
pub struct Destroy {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    place: Place,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Also the stack's bucket with all artifacts and records, for good; without a stack, those that it has left
    #[arg(long, conflicts_with = "objects_only")]
    with_artifacts: bool,
    /// Even while runs are active: they end where they are, for their next pods have no account, and are not recorded
    #[arg(long)]
    with_active_runs: bool,
}

impl Destroy {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.done(console).unwrap_or_else(|exit| exit)
    }

    fn done(self, console: &mut Console) -> Result<Exit, Exit> {
        let source = self.which.read(console)?;
        let (pipeline, _) = self.which.pick(&source, console)?;
        let name = &pipeline.name.value;
        let namespace = &pipeline.namespace.value;
        let cluster = cluster(console)?;
        let owned = install::owned(&cluster, pipeline);
        let owned = owned.map_err(|problem| refuse(vec![*problem], console))?;
        let known = install::known(&cluster, pipeline)
            .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        // Asked before anything is removed, so that nothing is left half done for want of credentials.
        let there = match self.place.there(pipeline, &known, console)? {
            Some(there) => there.find(pipeline, Owner::of(pipeline), console)?,
            None => None,
        };
        let stack = stack_name(&pipeline.cluster.value, name);
        if there.is_none() && !self.place.objects_only && known.exports.is_some() {
            console.fail(
                &format!("the stack `{stack}` of {name} is not there"),
                Some("nothing was removed: name the region of the cluster, `--region eu-central-1`, with credentials of its account; `--objects-only` leaves AWS alone"),
            );
            return Err(Exit::Errors);
        }
        if owned.objects.is_empty() {
            console.print(&format!("{name} has nothing in namespace {namespace}\n"));
        }
        if there.is_none() && !self.place.objects_only {
            console.print("there is no stack\n");
        }
        let buckets = match self.with_artifacts {
            true => Some(self.place.buckets(pipeline, there.as_ref(), console)?),
            false => None,
        };
        let names = buckets.as_ref().map_or(&[][..], |found| &found.names);
        let is_nothing = owned.objects.is_empty() && there.is_none();
        if is_nothing && self.with_artifacts && names.is_empty() {
            console.print("there is no bucket\n");
        }
        if is_nothing && names.is_empty() {
            return Ok(Exit::Fine);
        }
        if !owned.active.is_empty() && !self.with_active_runs {
            let names = list_names(owned.active.iter().map(|run| &*run.name), 5);
            let runs = plural(owned.active.len(), "run");
            let message = format!(
                "{runs} of {name} {} active: {names}",
                are(owned.active.len())
            );
            let help = "wait for the end, or stop them (`aphex cancel NAME`); `--with-active-runs` removes the pipeline, and they end where they are";
            console.fail(&message, Some(help));
            return Err(Exit::Errors);
        }
        for (kind, object) in &owned.objects {
            console.print(&format!("  - {} {}\n", kind.kind, object.name));
        }
        let count = plural(owned.objects.len(), "object");
        let and_stack = match there {
            Some(_) => {
                console.print(&format!("  - stack {stack} in AWS, with its roles\n"));
                " and its stack"
            }
            None => "",
        };
        let mut questions = Vec::new();
        if !is_nothing {
            questions.push(format!("remove {count} of {name}{and_stack}?"));
        }
        for bucket in names {
            console.print(&format!("  - bucket {bucket}\n"));
            questions.push(format!(
                "remove bucket {bucket}, with all artifacts and records of {name}, for good?"
            ));
        }
        for question in &questions {
            if !self.yes && !console.agreed(question, REMOVES) {
                console.remark("nothing was removed\n");
                return Err(Exit::Errors);
            }
        }
        let _lease = match owned.objects.is_empty() {
            true => None,
            false => Some(alone(&cluster, pipeline, &owned, console)?),
        };
        // From here on a signal ends it where it can, and lets go of the Lease.
        let stop = Stop::on_signals().map_err(|problem| refuse(vec![problem], console))?;
        install::destroy(&cluster, namespace, &owned).map_err(|failure| {
            let problem = failure.into_diagnostic();
            refuse(
                vec![problem.help("run it again: it goes on from here")],
                console,
            )
        })?;
        let mut text = match is_nothing {
            true => String::new(),
            false => format!("removed {count}\n"),
        };
        if owned.ended + owned.active.len() > 0 {
            let runs = plural(owned.ended + owned.active.len(), "run");
            text.push_str(&format!("left: {runs}, until their time is over\n"));
        }
        text.push_str(match names.is_empty() {
            false => "left: the namespace\n",
            true => "left: artifacts and records in the store, and the namespace\n",
        });
        if self.place.objects_only {
            text.push_str("left: what there is in AWS\n");
        }
        console.print(&text);
        if let Some(Buckets { aws, names }) = &buckets {
            for bucket in names {
                self.place.empty(aws, bucket, console)?;
            }
        }
        if let Some(there) = &there {
            self.place
                .delete(&there.aws, pipeline, names, &stop, console)?;
        }
        Ok(Exit::Fine)
    }
}

/// Keeps others from the pipeline; refuses where somebody has changed it since it was shown.
fn alone(
    cluster: &Cluster,
    pipeline: &Pipeline,
    shown: &Owned,
    console: &mut Console,
) -> Result<Lease, Exit> {
    let lease = install::alone(cluster, pipeline, put::eprint_waiting);
    let now = lease.and_then(|lease| Ok((lease, install::owned(cluster, pipeline)?)));
    match now.map_err(|problem| refuse(vec![*problem], console))? {
        (lease, now) if now.has_as(shown) => Ok(lease),
        _ => {
            let message = format!("{} was changed since it was shown", pipeline.name.value);
            console.fail(&message, Some("nothing was removed; run it again"));
            Err(Exit::Errors)
        }
    }
}

fn are(count: usize) -> &'static str {
    match count {
        1 => "is",
        _ => "are",
    }
}
