//! A pipeline in its cluster and in AWS: what an apply would change, applying it, removing it.

mod destroy;
mod facts;
mod offline;
mod ready;
mod webhook;

use std::path::Path;
use std::time::Duration;

use crate::cloud::kubernetes::Cluster;
use crate::cloud::kubernetes::kinds::APPLIED;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::MALFORMED;
use crate::eval::data::Object;
use crate::model::Pipeline;
use crate::stage::apply::{self, Applied, Facts, Lease, Mark, Owner, Plan, Scope, Wanted, wanted};
use crate::stage::checkout::{Git, committed_at};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::target::Emit;

pub use destroy::{Owned, destroy, owned};
pub use facts::{check_owner, check_settings, known};
pub use offline::{Compiled, compare, compiled};
pub use ready::{Check, State, ready, refuses_changes};
pub use webhook::{Webhook, webhook};

/// How long somebody else is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The commit that a folder is at: `None` where it is none of a Git repository, or has no commit.
pub fn mark(folder: &Path) -> Option<Mark> {
    let git = Git::find(&Log::new(Vec::new()), &Stop::new().ok()?).ok()?;
    let commit = git.head(folder)?;
    let committed_at = committed_at(&git, folder, &commit).ok()?;
    Some(Mark {
        commit,
        committed_at,
    })
}

/// Everything that a pipeline is to have in its cluster, as its file says it.
pub fn all(
    pipeline: &Pipeline,
    said: &Object,
    mark: Option<&Mark>,
    facts: &Facts,
) -> Result<Vec<Wanted>, Diagnostic> {
    let emit = [Emit::Accounts, Emit::WorkflowTemplates, Emit::Events];
    wanted(pipeline, said, mark, &emit, facts).map_err(|reason| {
        let message = format!("a manifest cannot be written: {reason}");
        Diagnostic::without_place(&MALFORMED, message)
    })
}

/// What applying this would change; nothing is.
pub fn plan<'a>(
    cluster: &Cluster,
    owner: Owner<'a>,
    pipeline: &'a Pipeline,
    wanted: &'a [Wanted],
    mark: Option<&Mark>,
) -> Result<Plan<'a>, Vec<Diagnostic>> {
    apply::plan(cluster, scope(owner, pipeline), wanted, mark)
}

/// Applies it, by whoever holds the pipeline's Lease: plans anew, and does it. `tell` hears of each change.
pub fn apply(
    cluster: &Cluster,
    _: &Lease,
    owner: Owner<'_>,
    pipeline: &Pipeline,
    wanted: &[Wanted],
    mark: Option<&Mark>,
    tell: impl FnMut(&Applied),
) -> Result<Done, Vec<Diagnostic>> {
    let plan = apply::plan(cluster, scope(owner, pipeline), wanted, mark)?;
    if let Some(newer) = &plan.newer {
        return Ok(Done::Newer(newer.clone()));
    }
    let done = plan.apply(cluster, tell);
    done.map_err(|problem| vec![*problem])?;
    Ok(match plan.is_empty() {
        true => Done::Nothing,
        false => Done::Changed,
    })
}

/// Waits until nobody else changes a pipeline, and keeps others from it as long as what comes back is held.
pub fn alone(
    cluster: &Cluster,
    pipeline: &Pipeline,
    wait: impl FnMut(&str),
) -> Result<Lease, Box<Diagnostic>> {
    let (name, namespace) = (&pipeline.name.value, &pipeline.namespace.value);
    Lease::take(cluster, namespace, name, &holder(), PATIENCE, wait)
}

/// How an apply ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Everything was as it should be.
    Nothing,
    /// Something was changed.
    Changed,
    /// A younger commit was applied before, and is left as it is.
    Newer(String),
}

fn scope<'a>(owner: Owner<'a>, pipeline: &'a Pipeline) -> Scope<'a> {
    Scope {
        owner,
        namespace: &pipeline.namespace.value,
        kinds: &APPLIED,
        with_drift: true,
    }
}

/// Names this process.
fn holder() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "aphex".to_owned());
    format!("{host}-{}", std::process::id())
}
