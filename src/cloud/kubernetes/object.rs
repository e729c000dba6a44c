//! Objects, as far as their owner matters.

use std::collections::BTreeMap;

use kube::core::DynamicObject;
use serde_json::Value;

/// A kind of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `argoproj.io`
    pub group: &'static str,
    /// `v1alpha1`
    pub version: &'static str,
    /// `WorkflowTemplate`
    pub kind: &'static str,
    /// As addresses have it: `workflowtemplates`.
    pub plural: &'static str,
}

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its namespace; empty where it is in none.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Who has written fields of it, each once.
    pub managers: Vec<String>,
    /// Changes with every change of it.
    pub version: Option<String>,
    /// Its own, for good.
    pub uid: Option<String>,
    /// What follows the metadata, but for what the cluster keeps there of its state.
    pub content: Value,
}

impl From<DynamicObject> for Object {
    fn from(object: DynamicObject) -> Object {
        let metadata = object.metadata;
        let entries = metadata.managed_fields.unwrap_or_default().into_iter();
        let mut managers: Vec<String> = entries.filter_map(|entry| entry.manager).collect();
        managers.sort();
        managers.dedup();
        let mut content = object.data;
        if let Some(members) = content.as_object_mut() {
            members.remove("status");
        }
        Object {
            content,
            name: metadata.name.unwrap_or_default(),
            namespace: metadata.namespace.unwrap_or_default(),
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            managers,
            version: metadata.resource_version,
            uid: metadata.uid,
        }
    }
}
