//! What a pipeline wants to have in a cluster.

use serde_json::{Map, Value, json};

use crate::eval::data;
use crate::eval::outline::Outline;
use crate::graph::{self, EntryKind};
use crate::model::Pipeline;
use crate::stage::apply::packed::pack;
use crate::stage::apply::{Home, Topology};
use crate::target::argo::entry_object_name;
use crate::target::names::{Account, COMPILER, STORE_KEY, Stamp, settings_name};
use crate::target::object::Object;
use crate::target::{Emit, objects, spec_hash};

/// The commit whose file was applied.
pub const COMMIT: &str = "aphex.dev/commit";
/// When that commit was made, in seconds since 1970.
pub const COMMITTED_AT: &str = "aphex.dev/committed-at";
/// The stages, for the next one who wants to know what has changed.
pub const TOPOLOGY: &str = "aphex.dev/topology";
/// What the file says, for the same one; at the WorkflowTemplate that deploys everything.
pub const OUTLINE: &str = "aphex.dev/outline";
/// The store's address, at the ConfigMap that holds it.
pub const STORE: &str = "aphex.dev/store";
/// Where the pipeline's stack is, beside it: `111122223333/eu-central-1/aphex-company-shop`.
pub const STACK: &str = "aphex.dev/stack";
/// What the names of the cluster's exports begin with, beside it: runs keep the pipeline's stack as the file says where this is there.
pub const EXPORTS: &str = "aphex.dev/exports";
/// The role that a pod of a service account assumes: EKS gives it the credentials (docs.aws.amazon.com, "IAM roles for service accounts").
pub const ROLE: &str = "eks.amazonaws.com/role-arn";

/// The commit that something is applied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Forty hexadecimal digits.
    pub commit: String,
    /// When it was made, in seconds since 1970.
    pub committed_at: i64,
}

/// What the pipeline's stack tells, which no file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The store's address.
    pub store: Option<String>,
    /// The roles of service accounts, by their ARNs.
    pub roles: Vec<(Account, String)>,
    /// Where the stack is.
    pub stack: Option<Home>,
    /// What the names of the cluster's exports begin with; `None` where the pipeline has no stack.
    pub exports: Option<String>,
}

/// An object that is to be there.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The whole of it.
    pub object: Value,
    /// The stages, of what runs are made from.
    pub topology: Option<Topology>,
    /// What the file says, at one of them.
    pub outline: Option<Outline>,
}

impl Wanted {
    /// Its annotations, less those that say which commit it is of: where these are the same, the object is.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let annotations = self.object.pointer("/metadata/annotations");
        let annotations = annotations.and_then(Value::as_object);
        annotations
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != COMMIT && *name != COMMITTED_AT)
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// Whether another one says the same. The version of the compiler alone is no difference, nor are the commit and the stages, which the rest tells.
    pub fn is_as(&self, other: &Wanted) -> bool {
        let content = |wanted: &Wanted| {
            let mut object = wanted.object.clone();
            let annotations = object.pointer_mut("/metadata/annotations");
            if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
                annotations.retain(|name, _| {
                    ![COMPILER, COMMIT, COMMITTED_AT, TOPOLOGY, OUTLINE].contains(&name.as_str())
                });
            }
            object
        };
        content(self) == content(other)
    }

    fn annotate(&mut self, name: &str, value: Value) {
        let annotations = self.object.pointer_mut("/metadata/annotations");
        if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
            annotations.insert(name.to_owned(), value);
        }
    }
}

/// The objects of a pipeline, which its file says so, in the order in which they are to be there, marked with the commit that they are of. In words why one could not be written.
pub fn wanted(
    pipeline: &Pipeline,
    said: &data::Object,
    mark: Option<&Mark>,
    emit: &[Emit],
    facts: &Facts,
) -> Result<Vec<Wanted>, String> {
    let graph = graph::build(pipeline);
    let stamp = Stamp {
        spec: spec_hash(said),
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let name = &pipeline.name.value;
    let mut all: Vec<Object> = facts
        .store
        .iter()
        .map(|store| settings(pipeline, &stamp, store, facts))
        .collect();
    all.extend(objects(pipeline, &stamp, emit)?);
    let entries = graph.entries.iter();
    let entries: Vec<_> = entries
        .map(|entry| (entry_object_name(pipeline, entry), entry))
        .collect();
    let mut found = Vec::new();
    for object in all {
        let is_entry =
            |(name, _): &&(String, _)| object.kind == "WorkflowTemplate" && *name == object.name;
        let entry = entries.iter().find(is_entry).map(|(_, entry)| entry);
        let topology = entry.map(|entry| Topology::of(entry));
        let is_default = entry.is_some_and(|entry| entry.kind == EntryKind::Default);
        let mut wanted = Wanted {
            kind: object.kind,
            name: object.name,
            object: object.value,
            topology,
            outline: is_default.then(|| Outline::of(said)),
        };
        if let Some(mark) = mark {
            wanted.annotate(COMMIT, json!(mark.commit));
            wanted.annotate(COMMITTED_AT, json!(mark.committed_at.to_string()));
        }
        if let Some(text) = wanted.topology.as_ref().and_then(pack) {
            wanted.annotate(TOPOLOGY, json!(text));
        }
        if let Some(text) = wanted.outline.as_ref().and_then(pack) {
            wanted.annotate(OUTLINE, json!(text));
        }
        let is_own = |(account, _): &&(Account, String)| account.name(name) == wanted.name;
        if wanted.kind == "ServiceAccount"
            && let Some((_, role)) = facts.roles.iter().find(is_own)
        {
            wanted.annotate(ROLE, json!(role));
        }
        found.push(wanted);
    }
    Ok(found)
}

/// What pods read that start.
fn settings(pipeline: &Pipeline, stamp: &Stamp, store: &str, facts: &Facts) -> Object {
    let data: Map<String, Value> = [(STORE_KEY.to_owned(), json!(store))].into_iter().collect();
    let rest = json!({ "data": data });
    let name = settings_name(&pipeline.name.value);
    let object = Object::new(pipeline, stamp, "v1", "ConfigMap", name, rest);
    let mut object = object.of_every_spec();
    let annotations = object.value.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.insert(STORE.to_owned(), json!(store));
        let stack = facts.stack.as_ref().map(Home::to_string);
        for (name, value) in [(EXPORTS, &facts.exports), (STACK, &stack)] {
            if let Some(value) = value {
                annotations.insert(name.to_owned(), json!(value));
            }
        }
    }
    object
}
