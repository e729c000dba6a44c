//! The way from what is there to what is wanted.

use crate::cloud::kubernetes::kinds::WORKFLOW_TEMPLATE;
use crate::cloud::kubernetes::{Cause, Cluster, Failure, Object};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::cluster::CONFLICT;
use crate::stage::apply::wanted::{COMMIT, COMMITTED_AT, TOPOLOGY};
use crate::stage::apply::{Difference, Mark, Topology, Wanted, owner};
use crate::target::names::{COMPILER, SPEC};

/// What is to be done.
#[derive(Debug)]
pub struct Plan<'a> {
    namespace: &'a str,
    writes: Vec<Write<'a>>,
    /// Objects of this pipeline that it no longer wants.
    removes: Vec<Object>,
    /// The commit that was applied last, where it is younger: nothing is done then.
    pub newer: Option<String>,
}

#[derive(Debug)]
struct Write<'a> {
    wanted: &'a Wanted,
    /// The stages as they were; `None` where the object is new.
    before: Option<Option<Topology>>,
}

/// What was done with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// Whether it was not there before.
    pub is_new: bool,
    /// Whether it is not there any more.
    pub is_gone: bool,
    /// What is different in its stages; `None` where that is not known.
    pub difference: Option<Difference>,
}

/// Looks at what is there, and has the server judge what would be written. Nothing is changed.
///
/// The errors: objects of others of a name that is wanted, fields that somebody else has written, what the server refuses.
pub fn plan<'a>(
    cluster: &Cluster,
    pipeline: &str,
    namespace: &'a str,
    wanted: &'a [Wanted],
    mark: &Mark,
) -> Result<Plan<'a>, Vec<Diagnostic>> {
    let alone = |failure: Failure| vec![failure.into_diagnostic()];
    let kind = &WORKFLOW_TEMPLATE;
    let selector = owner::selector(pipeline);
    let owned = cluster.list(kind, namespace, &selector).map_err(alone)?;
    let mut plan = Plan {
        namespace,
        writes: Vec::new(),
        removes: Vec::new(),
        newer: newest(&owned)
            .filter(|newest| newest.committed_at > mark.committed_at)
            .map(|newest| newest.commit),
    };
    if plan.newer.is_some() {
        return Ok(plan);
    }
    let mut problems = Vec::new();
    for wanted in wanted {
        let found = cluster.get(kind, namespace, &wanted.name).map_err(alone)?;
        let before = match &found {
            None => None,
            Some(found) if !owner::is_of(found, pipeline) => {
                problems.push(owner::foreign(found, kind.kind, namespace, pipeline));
                continue;
            }
            Some(found) if is_same(found, wanted) => continue,
            Some(found) => Some(
                found
                    .annotations
                    .get(TOPOLOGY)
                    .and_then(|text| Topology::read(text)),
            ),
        };
        if let Err(failure) = cluster.apply(kind, namespace, &wanted.object, true) {
            problems.push(refused(failure, &wanted.name, namespace));
        }
        plan.writes.push(Write { wanted, before });
    }
    let is_wanted = |object: &Object| wanted.iter().any(|wanted| wanted.name == object.name);
    // The server has chosen by the labels; what is removed is looked at once more.
    plan.removes = owned
        .into_iter()
        .filter(|object| !is_wanted(object) && owner::is_of(object, pipeline))
        .collect();
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(problems),
    }
}

impl Plan<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.removes.is_empty()
    }

    /// What will be different in the stages of an object; `None` where it is not written, or that is not known.
    pub fn difference(&self, name: &str) -> Option<Difference> {
        let mut writes = self.writes.iter();
        writes.find(|write| write.wanted.name == name)?.difference()
    }

    /// Does it; what was done, in order. The first failure ends it, and what was done before stays: doing it again goes on from there.
    pub fn apply(&self, cluster: &Cluster) -> (Vec<Applied>, Option<Diagnostic>) {
        let mut done = Vec::new();
        for write in &self.writes {
            let wanted = write.wanted;
            let applied = cluster.apply(&WORKFLOW_TEMPLATE, self.namespace, &wanted.object, false);
            if let Err(failure) = applied {
                return (done, Some(refused(failure, &wanted.name, self.namespace)));
            }
            done.push(Applied {
                name: wanted.name.clone(),
                is_new: write.before.is_none(),
                is_gone: false,
                difference: write.difference(),
            });
        }
        for object in &self.removes {
            if let Err(failure) = cluster.delete(&WORKFLOW_TEMPLATE, self.namespace, object) {
                return (done, Some(refused(failure, &object.name, self.namespace)));
            }
            done.push(Applied {
                name: object.name.clone(),
                is_new: false,
                is_gone: true,
                difference: None,
            });
        }
        (done, None)
    }
}

impl Write<'_> {
    fn difference(&self) -> Option<Difference> {
        let before = self.before.as_ref()?.as_ref()?;
        Some(self.wanted.topology.since(before))
    }
}

/// An object whose pipeline and compiler are the same is left alone, whatever its commit.
fn is_same(found: &Object, wanted: &Wanted) -> bool {
    let annotation = |name: &str| found.annotations.get(name).map(String::as_str);
    annotation(SPEC) == Some(&wanted.spec) && annotation(COMPILER) == Some(&wanted.compiler)
}

/// The youngest commit that any of them was applied from.
fn newest(owned: &[Object]) -> Option<Mark> {
    let marks = owned.iter().filter_map(|object| {
        Some(Mark {
            commit: object.annotations.get(COMMIT)?.clone(),
            committed_at: object.annotations.get(COMMITTED_AT)?.parse().ok()?,
        })
    });
    marks.max_by_key(|mark| mark.committed_at)
}

fn refused(failure: Failure, name: &str, namespace: &str) -> Diagnostic {
    match &failure.cause {
        Cause::Conflict(managers) if !managers.is_empty() => {
            let message = format!(
                "the WorkflowTemplate `{name}` was changed by {}",
                managers
                    .iter()
                    .map(|manager| format!("`{manager}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            Diagnostic::without_place(&CONFLICT, message)
                .note(failure.to_string())
                .help(format!(
                    "give it back: `kubectl delete workflowtemplate {name} --namespace {namespace}`, and start the pipeline again; runs have copies of their own"
                ))
        }
        Cause::Conflict(_) => Diagnostic::without_place(
            &CONFLICT,
            format!("the WorkflowTemplate `{name}` was changed just now"),
        )
        .note(failure.to_string())
        .help("run it again"),
        _ => {
            let name = format!("the WorkflowTemplate `{name}` in `{namespace}`");
            failure.into_diagnostic().note(name)
        }
    }
}
