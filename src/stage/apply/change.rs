//! The way from what is there to what is wanted.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cloud::kubernetes::kinds::ROLE_BINDING;
use crate::cloud::kubernetes::{Cause, Cluster, Failure, Kind, Object, kinds};
use crate::diagnostics::Diagnostic;
use crate::eval::outline::Outline;
use crate::stage::apply::packed::unpack;
use crate::stage::apply::refusal::refused;
use crate::stage::apply::wanted::{COMMIT, COMMITTED_AT, OUTLINE, ROLE, TOPOLOGY};
use crate::stage::apply::{Difference, Mark, Owner, Topology, Wanted, inside, owner};

/// So long after it was made, Argo's controller knows an object: it is told within milliseconds, and of many at once within a second.
const SEEN: Duration = Duration::from_secs(3);

/// Whom the change is for, and how far it may go.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The pipeline.
    pub owner: Owner<'a>,
    /// Its namespace.
    pub namespace: &'a str,
    /// The kinds that are looked at, in the order in which they are to be there.
    pub kinds: &'a [Kind],
    /// Whether objects that should be as they were applied are compared with that, too.
    pub with_drift: bool,
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan<'a> {
    scope: Scope<'a>,
    writes: Vec<Write<'a>>,
    /// Objects of this pipeline that it no longer wants.
    removes: Vec<(Kind, Object)>,
    /// The commit that was applied last, where it is younger: nothing is done then.
    pub newer: Option<String>,
}

#[derive(Debug)]
struct Write<'a> {
    wanted: &'a Wanted,
    kind: Kind,
    before: Before,
}

/// What there is of an object that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Before {
    /// Nothing.
    Nothing,
    /// Another one, with the stages that it had, where that is known, and what is different inside.
    Other(Option<Topology>, Vec<String>),
    /// The same, changed by somebody since, and what is different inside.
    Drifted(Vec<String>),
    /// The same, made of another file.
    Marked,
}

/// What is, or was, done with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What.
    pub change: Change,
    /// What is different in its stages; `None` where it has none, or that is not known.
    pub difference: Option<Difference>,
    /// What is different inside, in words; a line each.
    pub lines: Vec<String>,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Made,
    /// It is another one.
    Updated,
    /// Another one comes in its place. Objects of a cluster are only updated; resources of a stack may be.
    Replaced,
    /// It was changed by somebody, and is again as it was applied.
    Restored,
    /// It is the same, and says that it was made of another file.
    Marked,
    /// It is gone.
    Removed,
}

/// Looks at what is there, and has the server judge what would be written. Nothing is changed.
///
/// The errors: objects of others of a name that is wanted, fields that somebody else has written, what the server refuses.
pub fn plan<'a>(
    cluster: &Cluster,
    scope: Scope<'a>,
    wanted: &'a [Wanted],
    mark: Option<&Mark>,
) -> Result<Plan<'a>, Vec<Diagnostic>> {
    let owned = owned(cluster, scope).map_err(|problem| vec![*problem])?;
    let newest = newest(owned.iter().map(|(_, object)| object));
    let newer =
        newest.filter(|newest| mark.is_some_and(|mark| newest.committed_at > mark.committed_at));
    let mut plan = Plan {
        scope,
        writes: Vec::new(),
        removes: Vec::new(),
        newer: newer.map(|newest| newest.commit),
    };
    if plan.newer.is_some() {
        return Ok(plan);
    }
    let mut problems = Vec::new();
    for wanted in wanted {
        let Some(kind) = kinds::of(wanted.kind) else {
            continue;
        };
        match write(cluster, scope, wanted, kind) {
            Ok(Some(before)) => plan.writes.push(Write {
                wanted,
                kind,
                before,
            }),
            Ok(None) => {}
            // A namespace that is not there is missing once.
            Err(problem) if problems.contains(&*problem) => {}
            Err(problem) => problems.push(*problem),
        }
    }
    let is_wanted = |kind: &Kind, object: &Object| {
        let mut all = wanted.iter();
        all.any(|wanted| wanted.kind == kind.kind && wanted.name == object.name)
    };
    // What starts runs goes before what runs are made from.
    plan.removes = owned
        .into_iter()
        .rev()
        .filter(|(kind, object)| !is_wanted(kind, object))
        .collect();
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(problems),
    }
}

/// Everything that a pipeline has of the kinds of a scope; an error where it is another's of the same name. A kind that the cluster does not know has no objects.
pub fn owned(cluster: &Cluster, scope: Scope<'_>) -> Result<Vec<(Kind, Object)>, Box<Diagnostic>> {
    let selector = owner::selector(scope.owner.pipeline);
    let mut owned = Vec::new();
    for kind in scope.kinds {
        match cluster.list(kind, scope.namespace, &selector) {
            Ok(found) => owned.extend(found.into_iter().map(|object| (*kind, object))),
            Err(failure) if failure.is_missing() => {}
            Err(failure) => return Err(Box::new(failure.into_diagnostic())),
        }
    }
    // The server has chosen by the labels; each is looked at once more. What is another repository's is so as a whole, and said once.
    for (kind, object) in &owned {
        scope.owner.check(object, kind.kind, scope.namespace)?;
    }
    Ok(owned)
}

/// What there is of an object, where it is to be written. The server has judged it then.
fn write(
    cluster: &Cluster,
    scope: Scope<'_>,
    wanted: &Wanted,
    kind: Kind,
) -> Result<Option<Before>, Box<Diagnostic>> {
    let namespace = scope.namespace;
    let problem = |failure: Failure| Box::new(refused(failure, &kind, &wanted.name, namespace));
    let found = match cluster.get(&kind, namespace, &wanted.name) {
        Ok(found) => found,
        Err(failure) => return Err(problem(failure)),
    };
    if let Some(found) = &found {
        scope.owner.check(found, kind.kind, namespace)?;
    }
    let is_same = found.as_ref().is_some_and(|found| is_same(found, wanted));
    if is_same && !scope.with_drift {
        return Ok(None);
    }
    let judged = cluster.apply(&kind, namespace, &wanted.object, true);
    let Some(found) = found else {
        return match judged {
            // Who may not bind every Role is asked about the one that it names, which is made just before it.
            Err(failure) if kind == ROLE_BINDING && failure.cause == Cause::NotFound => {
                Ok(Some(Before::Nothing))
            }
            judged => judged.map_err(problem).map(|_| Some(Before::Nothing)),
        };
    };
    let judged = judged.map_err(problem)?;
    if is_same && found.content == judged.content {
        return Ok(None);
    }
    let mut lines = inside::between(kind.kind, &found.content, &judged.content);
    let role = |object: &Object| object.annotations.get(ROLE).cloned();
    if role(&found) != role(&judged) {
        lines.push("~ its role in AWS".to_owned());
    }
    Ok(Some(match is_same {
        true => Before::Drifted(lines),
        false => {
            let topology = found.annotations.get(TOPOLOGY);
            let topology = topology.and_then(|text| unpack::<Topology>(text));
            let outline = found.annotations.get(OUTLINE);
            let outline = outline.and_then(|text| unpack::<Outline>(text));
            lines.extend(said(outline.as_ref(), wanted, topology.is_some()));
            match lines.is_empty() && content(&found.content) == content(&judged.content) {
                true => Before::Marked,
                false => Before::Other(topology, lines),
            }
        }
    }))
}

/// What becomes of an object between two states that are known as a whole; `None` where it stays as it is.
pub fn between(before: Option<&Wanted>, after: Option<&Wanted>) -> Option<Applied> {
    let applied = |wanted: &Wanted, change, difference: Option<Difference>, inside: Vec<String>| {
        let stages = difference.iter().flat_map(Difference::lines);
        let lines = stages.chain(inside).collect();
        Some(Applied {
            kind: wanted.kind.to_owned(),
            name: wanted.name.clone(),
            change,
            difference,
            lines,
        })
    };
    match (before, after) {
        (None, None) => None,
        (Some(before), None) => applied(before, Change::Removed, None, Vec::new()),
        (None, Some(after)) => applied(after, Change::Made, None, Vec::new()),
        (Some(before), Some(after)) if before.is_as(after) => None,
        (Some(before), Some(after)) => {
            let stages = before.topology.as_ref().zip(after.topology.as_ref());
            let difference = stages.map(|(before, after)| after.since(before));
            let mut lines = inside::between(after.kind, &before.object, &after.object);
            lines.extend(said(before.outline.as_ref(), after, stages.is_some()));
            let change = match lines.is_empty() && content(&before.object) == content(&after.object)
            {
                true => Change::Marked,
                false => Change::Updated,
            };
            applied(after, change, difference, lines)
        }
    }
}

/// All of an object but what it is annotated with, and gives the Workflows that are made of it: there it says which file it was made of.
fn content(object: &Value) -> Value {
    let mut object = object.clone();
    for holder in ["/metadata", "/spec/workflowMetadata"] {
        if let Some(members) = object.pointer_mut(holder).and_then(Value::as_object_mut) {
            members.remove("annotations");
        }
    }
    object
}

/// What the file says otherwise than before, where both are known.
fn said(before: Option<&Outline>, after: &Wanted, stages_are_told: bool) -> Vec<String> {
    let both = before.zip(after.outline.as_ref());
    both.map(|(before, after)| inside::said(before, after, stages_are_told))
        .unwrap_or_default()
}

impl<'a> Plan<'a> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.removes.is_empty()
    }

    /// What will be different in the stages of a WorkflowTemplate; `None` where it is not written, or that is not known.
    pub fn difference(&self, name: &str) -> Option<Difference> {
        let mut writes = self.writes.iter();
        let is_it = |write: &&Write<'_>| {
            write.wanted.name == name && write.kind == kinds::WORKFLOW_TEMPLATE
        };
        writes.find(is_it)?.difference()
    }

    /// What would be done, in order.
    pub fn changes(&self) -> Vec<Applied> {
        let writes = self.writes.iter().map(Write::applied);
        let removes = self.removes.iter().map(removed);
        writes.chain(removes).collect()
    }

    /// Does it, and tells of each change as it is done. The first failure ends it, and what was done before stays: doing it again goes on from there.
    pub fn apply(
        &self,
        cluster: &Cluster,
        mut tell: impl FnMut(&Applied),
    ) -> Result<(), Box<Diagnostic>> {
        let namespace = self.scope.namespace;
        let mut newest_template = None;
        for write in &self.writes {
            let wanted = write.wanted;
            if write.kind == kinds::CRON_WORKFLOW {
                wait_until_seen(newest_template);
            }
            let done = cluster.apply(&write.kind, namespace, &wanted.object, false);
            done.map_err(|failure| refused(failure, &write.kind, &wanted.name, namespace))?;
            if write.kind == kinds::WORKFLOW_TEMPLATE && write.before == Before::Nothing {
                newest_template = Some(Instant::now());
            }
            tell(&write.applied());
        }
        for remove in &self.removes {
            let (kind, object) = remove;
            let done = cluster.delete(kind, namespace, object);
            done.map_err(|failure| refused(failure, kind, &object.name, namespace))?;
            tell(&removed(remove));
        }
        Ok(())
    }
}

/// Waits until Argo's controller must have been told of a WorkflowTemplate. It looks a new CronWorkflow's template up among those that it knows, and where it is not
/// there, says so in its log alone and looks again after 20 minutes (`processNextCronItem` and `cronWorkflowResyncPeriod` in `workflow/cron/controller.go`).
fn wait_until_seen(made: Option<Instant>) {
    if let Some(made) = made {
        std::thread::sleep(SEEN.saturating_sub(made.elapsed()));
    }
}

impl Write<'_> {
    fn difference(&self) -> Option<Difference> {
        let Before::Other(before, _) = &self.before else {
            return None;
        };
        let topology = self.wanted.topology.as_ref()?;
        Some(topology.since(before.as_ref()?))
    }

    fn applied(&self) -> Applied {
        let difference = self.difference();
        let (change, inside) = match &self.before {
            Before::Nothing => (Change::Made, &[][..]),
            Before::Other(_, lines) => (Change::Updated, &**lines),
            Before::Drifted(lines) => (Change::Restored, &**lines),
            Before::Marked => (Change::Marked, &[][..]),
        };
        let stages = difference.iter().flat_map(Difference::lines);
        Applied {
            kind: self.kind.kind.to_owned(),
            name: self.wanted.name.clone(),
            change,
            lines: stages.chain(inside.iter().cloned()).collect(),
            difference,
        }
    }
}

fn removed((kind, object): &(Kind, Object)) -> Applied {
    Applied {
        kind: kind.kind.to_owned(),
        name: object.name.clone(),
        change: Change::Removed,
        difference: None,
        lines: Vec::new(),
    }
}

/// An object whose pipeline and compiler are the same is left alone, whatever its commit.
fn is_same(found: &Object, wanted: &Wanted) -> bool {
    wanted.annotations().all(|(name, value)| {
        found
            .annotations
            .get(name)
            .is_some_and(|there| there == value)
    })
}

/// The youngest commit that any of them was applied from.
fn newest<'o>(owned: impl Iterator<Item = &'o Object>) -> Option<Mark> {
    let marks = owned.filter_map(|object| {
        Some(Mark {
            commit: object.annotations.get(COMMIT)?.clone(),
            committed_at: object.annotations.get(COMMITTED_AT)?.parse().ok()?,
        })
    });
    marks.max_by_key(|mark| mark.committed_at)
}
