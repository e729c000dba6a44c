//! Whose an object is.

use crate::cloud::kubernetes::Object;
use crate::diagnostics::codes::cluster::FOREIGN;
use crate::diagnostics::{Diagnostic, safe};
use crate::target::names::{MANAGED_BY, PIPELINE, SOURCE};

/// What finds everything that a pipeline has.
pub fn selector(pipeline: &str) -> String {
    format!("{}={},{PIPELINE}={pipeline}", MANAGED_BY.0, MANAGED_BY.1)
}

/// Whether an object is this pipeline's.
pub fn is_of(object: &Object, pipeline: &str) -> bool {
    let label = |name: &str| object.labels.get(name).map(String::as_str);
    label(MANAGED_BY.0) == Some(MANAGED_BY.1) && label(PIPELINE) == Some(pipeline)
}

/// That an object is somebody else's, and whose (14.3).
pub fn foreign(object: &Object, kind: &str, namespace: &str, pipeline: &str) -> Diagnostic {
    let label = |name: &str| {
        object
            .labels
            .get(name)
            .map(|text| safe::line(text).into_owned())
    };
    let name = &object.name;
    let is_ours = label(MANAGED_BY.0).as_deref() == Some(MANAGED_BY.1);
    let (message, help) = match label(PIPELINE).filter(|_| is_ours) {
        Some(owner) => (
            format!("the {kind} `{name}` belongs to the pipeline `{owner}`"),
            "give one of the pipelines another name, or another `namespace`".to_owned(),
        ),
        None => (
            format!("the {kind} `{name}` is there already, and no pipeline's"),
            format!(
                "give the pipeline another name or `namespace`, or remove that object: `kubectl delete {kind} {name} --namespace {namespace}`"
            ),
        ),
    };
    let mut problem = Diagnostic::without_place(&FOREIGN, message)
        .note(format!(
            "it stands in the namespace `{namespace}`, where the pipeline `{pipeline}` wants an object of the name"
        ))
        .help(help);
    if let Some(source) = object.annotations.get(SOURCE) {
        problem = problem.note(format!("its source is `{}`", safe::line(source)));
    }
    if !object.managers.is_empty() {
        let managers: Vec<_> = object
            .managers
            .iter()
            .map(|name| safe::line(name))
            .collect();
        problem = problem.note(format!("written by {}", managers.join(", ")));
    }
    problem
}
