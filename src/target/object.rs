//! An object of the cluster as it is written.

use serde_json::{Map, Value, json};

use crate::model::Pipeline;
use crate::source::Span;
use crate::target::names::{self, SPEC, Stamp};

/// An object, and where its pieces come from.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// All of it.
    pub value: Value,
    /// JSON pointers into it, each with the place that it comes from, in the order of the object.
    pub origins: Vec<(String, Span)>,
}

impl Object {
    /// An object of a pipeline, in its namespace and with its labels; `rest` is what follows the metadata.
    pub fn new(
        pipeline: &Pipeline,
        stamp: &Stamp,
        api_version: &str,
        kind: &'static str,
        name: String,
        rest: Value,
    ) -> Object {
        let namespace = pipeline.namespace.value.clone();
        let mut value = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": names::labels(&pipeline.name.value),
                "annotations": names::annotations(pipeline, stamp),
            },
        });
        if let (Some(value), Value::Object(rest)) = (value.as_object_mut(), rest) {
            value.extend(rest);
        }
        Object {
            kind,
            name,
            namespace,
            value,
            origins: vec![
                (String::new(), pipeline.span),
                ("/metadata/name".to_owned(), pipeline.name.span),
                ("/metadata/namespace".to_owned(), pipeline.namespace.span),
            ],
        }
    }

    /// The same, of an object that is the same whatever the pipeline says: without the hash of that.
    pub fn of_every_spec(mut self) -> Object {
        let annotations = self.value.pointer_mut("/metadata/annotations");
        if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
            annotations.shift_remove(SPEC);
        }
        self
    }

    /// The same, with the place that a piece comes from.
    pub fn with_origin(mut self, pointer: impl Into<String>, span: Span) -> Object {
        self.origins.push((pointer.into(), span));
        self
    }
}

/// An object without the members that are `null`.
pub fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.collect::<Map<String, Value>>())
        }
        other => other,
    }
}
