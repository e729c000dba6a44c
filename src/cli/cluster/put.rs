//! Putting a pipeline where it is to be: its stack, then its objects. What `apply` and `bootstrap` share.

use crate::cli::Exit;
use crate::cli::cluster::aws::Place;
use crate::cli::cluster::{Source, changes, refuse};
use crate::cli::console::Console;
use crate::cloud::kubernetes::Cluster;
use crate::diagnostics::safe;
use crate::eval::data::Object;
use crate::model::Pipeline;
use crate::ops::install::{self, Done, PATIENCE};
use crate::stage::apply::{Facts, Lease, Mark, Owner};
use crate::stage::process::Stop;
use crate::stage::store::Address;

/// What is put where.
pub struct Put<'a> {
    pub source: &'a Source,
    pub pipeline: &'a Pipeline,
    /// What the file says of it.
    pub said: &'a Object,
    pub owner: Owner<'a>,
    pub mark: Option<&'a Mark>,
    pub cluster: &'a Cluster,
    pub place: &'a Place,
    /// The store that somebody has named.
    pub store: Option<String>,
}

impl Put<'_> {
    /// Looks whether the stack may be deployed here, and has the server judge every object, before anything is changed, with what is known of the pipeline.
    pub fn judge(&self, facts: &Facts, console: &mut Console) -> Result<(), Exit> {
        if let Some(there) = self.place.there(self.pipeline, facts, console)? {
            there.find(self.pipeline, self.owner, console)?;
        }
        let wanted = install::all(self.pipeline, self.said, self.mark, facts);
        let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
        let plan = install::plan(self.cluster, self.owner, self.pipeline, &wanted, self.mark);
        let plan = plan.map_err(|problems| refuse(problems, console))?;
        match plan.newer {
            None => Ok(()),
            Some(newer) => {
                console.remark(&younger(&newer));
                Err(Exit::Errors)
            }
        }
    }

    /// Does it, and says what was done. Gives what is known of the pipeline then.
    ///
    /// Alone, and after everything was judged: the stack goes first, since what its objects in the cluster are told is known then, and what is refused
    /// after it would leave the two of different commits.
    pub fn run(self, console: &mut Console) -> Result<Facts, Exit> {
        let Put {
            pipeline, cluster, ..
        } = self;
        let lease = install::alone(cluster, pipeline, eprint_waiting)
            .map_err(|problem| refuse(vec![*problem], console))?;
        // From here on a signal ends it where it can, and lets go of the Lease.
        let stop = Stop::on_signals().map_err(|problem| refuse(vec![problem], console))?;
        let known = install::known(cluster, pipeline);
        let mut facts =
            known.map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        facts.store = self.store.clone().or(facts.store);
        if self.place.objects_only && facts.store.is_none() {
            return Err(no_store(console));
        }
        if !self.place.objects_only {
            self.judge(&facts, console)?;
            let stack = self
                .place
                .deploy(self.source, pipeline, self.owner, &stop, console)?;
            facts = stack.facts();
            facts.store = self.store.or(facts.store);
            if facts.store.is_none() {
                return Err(no_store(console));
            }
        }
        if stop.is_set() {
            console.remark("stopped before the objects in the cluster; run it again to go on\n");
            return Err(Exit::Errors);
        }
        let wanted = install::all(pipeline, self.said, self.mark, &facts);
        let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
        let mut applied = Vec::new();
        let tell = |change: &_| applied.push(Clone::clone(change));
        let (owner, mark) = (self.owner, self.mark);
        let done = install::apply(cluster, &lease, owner, pipeline, &wanted, mark, tell);
        console.print(&changes::all(&applied, console.out));
        let (name, namespace) = (&pipeline.name.value, &pipeline.namespace.value);
        let place = format!("{name} in namespace {namespace}");
        match done.map_err(|problems| refuse(problems, console))? {
            Done::Nothing => console.print(&format!("{place}: nothing to change\n")),
            Done::Changed => {
                console.print(&format!("{place}: {}\n", changes::total(&applied, "")));
            }
            Done::Newer(newer) => {
                console.remark(&younger(&newer));
                return Err(Exit::Errors);
            }
        }
        Ok(facts)
    }
}

/// Refuses the address of a store that pods cannot reach.
pub fn check_store(store: &str, console: &mut Console) -> Result<(), Exit> {
    match Address::parse(store).map_err(|problem| refuse(vec![problem], console))? {
        Address::Bucket { .. } => Ok(()),
        Address::Folder(_) => {
            console.fail(
                "a folder of this machine is no store for runs in a cluster",
                Some("name a bucket: `--store s3://BUCKET`"),
            );
            Err(Exit::Usage)
        }
    }
}

fn no_store(console: &mut Console) -> Exit {
    console.fail(
        "runs need a store for artifacts and records, and none is known",
        Some(NO_STORE),
    );
    Exit::Errors
}

/// What to do where no store is known.
pub const NO_STORE: &str = "name one, `--store s3://BUCKET`, or leave out `--objects-only`: the pipeline's stack brings one";

/// Says whom is waited for, and how long.
pub fn eprint_waiting(other: &str) {
    let (patience, holds) = (PATIENCE.as_secs(), Lease::HOLDS.as_secs());
    // The console is with who tells of changes.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("waiting for {other}, who changes the pipeline: up to {patience} s, or {holds} s where that process was killed\n").as_bytes(),
    );
}

/// That a younger commit was applied before.
pub fn younger(newer: &str) -> String {
    format!(
        "nothing was changed: a younger commit was applied before, {}; check that one out, or a later one\n",
        safe::line(newer)
    )
}
