//! Removing a pipeline from its cluster: what it owns, and nothing else (14.5).

use crate::cloud::kubernetes::kinds::{APPLIED, SECRET, WORKFLOW};
use crate::cloud::kubernetes::{Cluster, Failure, Kind, Object};
use crate::ops::install::scope_of;
use crate::stage::apply::{self, is_of, selector};

/// Argo's label of a Workflow that has ended (`workflow/common/common.go`).
const COMPLETED: &str = "workflows.argoproj.io/completed";

/// What a pipeline has in its cluster.
#[derive(Debug, Default)]
pub struct Owned {
    /// What is removed, in order: what starts runs first.
    pub objects: Vec<(Kind, Object)>,
    /// Runs that have not ended.
    pub active: Vec<Object>,
    /// Runs that have ended: they stay until their time is over.
    pub ended: usize,
}

/// Looks at what a pipeline has.
pub fn owned(cluster: &Cluster, pipeline: &str, namespace: &str) -> Result<Owned, Failure> {
    let kinds: Vec<Kind> = [SECRET].into_iter().chain(APPLIED).collect();
    let mut objects = apply::owned(cluster, scope_of(pipeline, namespace, &kinds))?;
    objects.retain(|(_, object)| is_of(object, pipeline));
    objects.reverse();
    let runs = cluster.list(&WORKFLOW, namespace, &selector(pipeline))?;
    let has_ended = |run: &Object| run.labels.get(COMPLETED).map(String::as_str) == Some("true");
    let (ended, active): (Vec<Object>, Vec<Object>) = runs.into_iter().partition(has_ended);
    Ok(Owned {
        objects,
        active,
        ended: ended.len(),
    })
}

/// Removes it. The first failure ends it, and doing it again goes on from there.
pub fn destroy(cluster: &Cluster, namespace: &str, owned: &Owned) -> Result<(), Failure> {
    let mut objects = owned.objects.iter();
    objects.try_for_each(|(kind, object)| cluster.delete(kind, namespace, object))
}
