//! What a pipeline wants to have in a cluster.

use serde_json::{Value, json};

use crate::graph;
use crate::model::Pipeline;
use crate::stage::apply::Topology;
use crate::target::argo;
use crate::target::names::Stamp;

/// The commit whose file was applied.
pub const COMMIT: &str = "aphex.dev/commit";
/// When that commit was made, in seconds since 1970.
pub const COMMITTED_AT: &str = "aphex.dev/committed-at";
/// The stages, for the next one who wants to know what has changed.
pub const TOPOLOGY: &str = "aphex.dev/topology";

/// The commit that something is applied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Forty hexadecimal digits.
    pub commit: String,
    /// When it was made, in seconds since 1970.
    pub committed_at: i64,
}

/// An object that is to be there.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The whole of it.
    pub object: Value,
    /// `sha256:…` of the pipeline.
    pub spec: String,
    /// The version of the compiler.
    pub compiler: String,
    /// Its stages.
    pub topology: Topology,
}

/// The WorkflowTemplates of a pipeline, marked with the commit that they are of. In words why one could not be written.
pub fn wanted(pipeline: &Pipeline, spec: &str, mark: &Mark) -> Result<Vec<Wanted>, String> {
    let graph = graph::build(pipeline);
    let stamp = Stamp {
        spec: spec.to_owned(),
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let objects = argo::compile(pipeline, &graph, &stamp);
    let mut all = Vec::new();
    for (entry, compiled) in graph.entries.iter().zip(objects) {
        let topology = Topology::of(entry);
        let mut object =
            serde_json::to_value(&compiled.object).map_err(|error| error.to_string())?;
        let annotations = object.pointer_mut("/metadata/annotations");
        if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
            annotations.insert(COMMIT.to_owned(), json!(mark.commit));
            annotations.insert(
                COMMITTED_AT.to_owned(),
                json!(mark.committed_at.to_string()),
            );
            if let Some(text) = topology.to_annotation() {
                annotations.insert(TOPOLOGY.to_owned(), json!(text));
            }
        }
        all.push(Wanted {
            name: compiled.object.metadata.name.clone(),
            object,
            spec: stamp.spec.clone(),
            compiler: stamp.compiler.clone(),
            topology,
        });
    }
    Ok(all)
}
