//! Whose an object is.

use crate::cloud::kubernetes::Object;
use crate::diagnostics::codes::cluster::FOREIGN;
use crate::diagnostics::{Diagnostic, safe};
use crate::model::Pipeline;
use crate::target::names::{MANAGED_BY, PIPELINE, REPOSITORY, SOURCE};

/// Whose an object has to be.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// Its repository, `owner/name` at GitHub.
    pub repository: &'a str,
    /// What that was called before, where somebody says so.
    pub moved_from: Option<&'a str>,
}

impl<'a> Owner<'a> {
    /// A pipeline.
    pub fn of(pipeline: &'a Pipeline) -> Self {
        Owner {
            pipeline: &pipeline.name.value,
            repository: &pipeline.repository.value,
            moved_from: None,
        }
    }

    /// The tag of the pipeline's stack that may have another value, and which.
    pub(super) fn moved_tag(&self) -> Option<(&'static str, &'a str)> {
        self.moved_from.map(|from| (REPOSITORY, from))
    }

    /// Refuses an object that is another's (14.3): nobody's, a pipeline's of another name, or one's of the same name in another repository.
    pub fn check(
        &self,
        object: &Object,
        kind: &str,
        namespace: &str,
    ) -> Result<(), Box<Diagnostic>> {
        if !is_of(object, self.pipeline) {
            return Err(Box::new(foreign(object, kind, namespace, self.pipeline)));
        }
        // GitHub's names are the same in capitals.
        let is_own = |other: &str| {
            let mut own = [Some(self.repository), self.moved_from]
                .into_iter()
                .flatten();
            own.any(|own| own.eq_ignore_ascii_case(other))
        };
        match object.annotations.get(REPOSITORY) {
            Some(other) if !is_own(other) => {
                Err(Box::new(self.other(object, kind, namespace, other)))
            }
            _ => Ok(()),
        }
    }

    fn other(&self, object: &Object, kind: &str, namespace: &str, other: &str) -> Diagnostic {
        let (name, other) = (&object.name, safe::line(other));
        let message = format!(
            "the {kind} `{name}` belongs to the pipeline `{}` of another repository, `{other}`",
            self.pipeline
        );
        Diagnostic::without_place(&FOREIGN, message)
            .note(format!(
                "it stands in the namespace `{namespace}`, and this pipeline is of `{}`",
                self.repository
            ))
            .help(format!(
                "give one of the pipelines another name; where `{other}` was renamed to `{}`: `aphex apply --moved-from {other}`",
                self.repository
            ))
    }
}

/// What finds everything that a pipeline has.
pub fn selector(pipeline: &str) -> String {
    format!("{}={},{PIPELINE}={pipeline}", MANAGED_BY.0, MANAGED_BY.1)
}

/// Whether an object is this pipeline's.
fn is_of(object: &Object, pipeline: &str) -> bool {
    let label = |name: &str| object.labels.get(name).map(String::as_str);
    label(MANAGED_BY.0) == Some(MANAGED_BY.1) && label(PIPELINE) == Some(pipeline)
}

/// That an object is somebody else's, and whose.
fn foreign(object: &Object, kind: &str, namespace: &str, pipeline: &str) -> Diagnostic {
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
            "give one of the pipelines another name, or their objects another `namespace`"
                .to_owned(),
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
