//! What went wrong at a cluster, in words.

use std::error::Error;
use std::fmt;

use crate::diagnostics::codes::cluster as codes;
use crate::diagnostics::{Diagnostic, safe};

/// Why a call failed, after all tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sort of cause.
    pub cause: Cause,
    /// `get`, `apply`, …
    pub verb: &'static str,
    /// In the server's words, or the system's.
    pub message: String,
}

/// Sorts of causes that ask for different things to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing says which cluster.
    NoCluster,
    /// No answer.
    Unreachable,
    /// Who asks is unknown, or may not do this.
    Denied,
    /// There is none of that kind or name.
    NotFound,
    /// There is one of that name.
    Exists,
    /// Somebody else has written what was to be written: the managers' names.
    Conflict(Vec<String>),
    /// The server takes the object for wrong.
    Refused,
    /// The server is busy, or has a fault.
    Busy,
    /// Anything else.
    Other,
}

impl Failure {
    pub(super) fn no_cluster(error: kube::config::InferConfigError) -> Failure {
        Failure {
            cause: Cause::NoCluster,
            verb: "find",
            message: said(&error),
        }
    }

    pub(super) fn of_system(error: &(dyn Error + 'static)) -> Failure {
        Failure {
            cause: Cause::Other,
            verb: "ask",
            message: said(error),
        }
    }

    pub(super) fn malformed(error: &serde_json::Error) -> Failure {
        Failure {
            cause: Cause::Refused,
            verb: "write",
            message: error.to_string(),
        }
    }

    pub(super) fn of(verb: &'static str, error: kube::Error) -> Failure {
        let status = match &error {
            kube::Error::Api(status) => status,
            kube::Error::Auth(_) => {
                return Failure {
                    cause: Cause::Denied,
                    verb,
                    message: said(&error),
                };
            }
            kube::Error::Service(_) | kube::Error::HyperError(_) => {
                return Failure {
                    cause: Cause::Unreachable,
                    verb,
                    message: said(&error),
                };
            }
            _ => {
                return Failure {
                    cause: Cause::Other,
                    verb,
                    message: said(&error),
                };
            }
        };
        let cause = match (status.code, status.reason.as_str()) {
            (401 | 403, _) => Cause::Denied,
            (404, _) => Cause::NotFound,
            (409, "AlreadyExists") => Cause::Exists,
            (409, _) => {
                let causes = status.details.iter().flat_map(|details| &details.causes);
                Cause::Conflict(managers(causes.map(|cause| cause.message.as_str())))
            }
            (400 | 413 | 415 | 422, _) => Cause::Refused,
            (429 | 500..=599, _) => Cause::Busy,
            _ => Cause::Other,
        };
        Failure {
            cause,
            verb,
            message: safe::line(&status.message).into_owned(),
        }
    }

    /// Whether it may be otherwise in a moment.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.cause, Cause::Busy | Cause::Unreachable)
    }

    /// A problem of its own.
    pub fn into_diagnostic(self) -> Diagnostic {
        let (code, message, help) = match self.cause {
            Cause::NoCluster => (
                &codes::NO_CLUSTER,
                "there is no cluster to ask",
                Some("set `KUBECONFIG`; in a pod, mount the token of its service account"),
            ),
            Cause::Unreachable => (
                &codes::NO_CLUSTER,
                "the cluster does not answer",
                Some("look at the network and the address of the API server, and run it again"),
            ),
            Cause::Denied => (
                &codes::DENIED,
                "the cluster does not allow this",
                Some(
                    "allow it in a Role of the pipeline's namespace, and bind that to the service account that is named there",
                ),
            ),
            Cause::Busy => (
                &codes::FAILED,
                "the cluster did not do what was asked",
                Some("run it again later; it was tried several times"),
            ),
            _ => (
                &codes::FAILED,
                "the cluster did not do what was asked",
                None,
            ),
        };
        let problem = Diagnostic::without_place(code, message).note(self.to_string());
        match help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

/// `conflict with "kubectl-edit" using argoproj.io/v1alpha1: .spec.entrypoint` names a manager in its quotes.
/// (apimachinery, `managedfields/internal/conflict.go`.)
fn managers<'a>(messages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = messages
        .filter_map(|message| message.split('"').nth(1))
        .map(|name| safe::line(name).into_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn said(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let chain = std::iter::successors(Some(error), |error| <dyn Error>::source(*error));
    for cause in chain {
        let text = safe::line(&cause.to_string()).into_owned();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verb, self.message)
    }
}

impl Error for Failure {}
