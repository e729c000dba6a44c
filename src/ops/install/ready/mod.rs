//! Whether a cluster has what a pipeline needs. Everything is looked at, so that everything that is missing is told at once, and nothing is changed.

mod argo;
mod cluster;
mod rights;
mod secrets;
mod version;

use crate::cloud::kubernetes::{Cause, Cluster, Failure};
use crate::diagnostics::{Diagnostic, safe};
use crate::model::Pipeline;
use crate::stage::apply::Wanted;

pub use argo::refuses_changes;

/// One thing that there must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Whether it is there.
    pub state: State,
    /// What it is, in words.
    pub what: String,
    /// What is to be done where it is not; lines.
    pub todo: Vec<String>,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Good,
    /// One may not look. That is no error.
    Unseen,
    /// It is not, or not as it must be.
    Missing,
}

impl Check {
    /// It is there.
    pub fn good(what: impl Into<String>) -> Check {
        Check::new(State::Good, what, [])
    }

    /// It could not be seen, and what to look at.
    pub fn unseen(what: impl Into<String>, todo: impl IntoIterator<Item = String>) -> Check {
        Check::new(State::Unseen, what, todo)
    }

    /// It is missing, and what to do.
    pub fn missing(what: impl Into<String>, todo: impl IntoIterator<Item = String>) -> Check {
        Check::new(State::Missing, what, todo)
    }

    /// It is missing, since something went wrong.
    pub fn failed(what: &str, problem: Diagnostic) -> Check {
        let todo = problem.notes.into_iter().chain(problem.help);
        Check::missing(format!("{what}: {}", problem.message), todo)
    }

    fn new(state: State, what: impl Into<String>, todo: impl IntoIterator<Item = String>) -> Check {
        let safe = |text: String| safe::line(&text).into_owned();
        Check {
            state,
            what: safe(what.into()),
            todo: todo.into_iter().map(safe).collect(),
        }
    }

    /// What cannot be asked for want of rights is not known; any other failure is one.
    fn of_failure(what: &str, failure: Failure) -> Check {
        match failure.cause {
            Cause::Denied => Check::unseen(format!("{what}: you may not look"), []),
            _ => Check::failed(what, failure.into_diagnostic()),
        }
    }
}

/// Looks at a cluster for a pipeline that wants to have these objects in it.
pub fn ready(cluster: &Cluster, pipeline: &Pipeline, wanted: &[Wanted]) -> Vec<Check> {
    let mut checks = Vec::new();
    match cluster::answers(cluster) {
        Ok(check) => checks.push(check),
        // Nothing else can be asked.
        Err(failure) => return vec![Check::failed("cluster", failure.into_diagnostic())],
    }
    checks.extend(argo::definitions(cluster));
    checks.extend(argo::controllers(cluster, &pipeline.namespace.value));
    let (namespace, is_missing) = cluster::namespace(cluster, pipeline);
    checks.push(namespace);
    checks.extend(cluster::bus(cluster, pipeline, wanted, is_missing));
    checks.push(rights::all(cluster, pipeline, wanted));
    checks.extend(secrets::named(cluster, pipeline, is_missing));
    checks.extend(cluster::exposed(pipeline, wanted));
    checks
}
