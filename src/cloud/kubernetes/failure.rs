//! What went wrong at a cluster, in words.

use std::error::Error;
use std::fmt;

use kube::config::KubeconfigError;

use crate::diagnostics::codes::{cluster as codes, cluster_ready};
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
    /// Which cluster was asked.
    pub place: Option<String>,
}

/// Sorts of causes that ask for different things to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing says which cluster.
    NoCluster,
    /// No answer.
    Unreachable,
    /// Who asks is unknown: it is a matter of credentials.
    Unknown,
    /// Who asks may not do this.
    Denied,
    /// There is none of that kind or name.
    NotFound,
    /// There is no such namespace.
    NoNamespace(String),
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
    fn new(cause: Cause, verb: &'static str, message: String) -> Failure {
        Failure {
            cause,
            verb,
            message,
            place: None,
        }
    }

    /// Outside of a pod it is a matter of the kubeconfig alone.
    pub(super) fn no_cluster(error: kube::config::InferConfigError) -> Failure {
        let is_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        let kubeconfig = error.source().filter(|_| !is_pod);
        let parsed = kubeconfig.and_then(|cause| cause.downcast_ref::<KubeconfigError>());
        let message = match (kubeconfig, parsed) {
            // The parser's words quote the file, which holds tokens.
            (_, Some(KubeconfigError::Parse(wrong))) => {
                let place = wrong
                    .location()
                    .map(|place| format!(", from line {} column {}", place.line(), place.column()));
                format!(
                    "the kubeconfig is not YAML of its form{}",
                    place.unwrap_or_default()
                )
            }
            (Some(kubeconfig), _) => said(kubeconfig),
            (None, _) => said(&error),
        };
        Failure::new(Cause::NoCluster, "find", message)
    }

    /// That there is no namespace of a name.
    pub(super) fn no_namespace(name: &str) -> Failure {
        let cause = Cause::NoNamespace(name.to_owned());
        Failure::new(cause, "get", format!("namespaces \"{name}\" not found"))
    }

    pub(super) fn of_system(error: &(dyn Error + 'static)) -> Failure {
        Failure::new(Cause::Other, "ask", said(error))
    }

    pub(super) fn malformed(error: &serde_json::Error) -> Failure {
        Failure::new(Cause::Refused, "write", error.to_string())
    }

    pub(super) fn of(verb: &'static str, error: kube::Error) -> Failure {
        let alone = |cause| Failure::new(cause, verb, said(&error));
        let status = match &error {
            kube::Error::Api(status) => status,
            kube::Error::Auth(_) => return alone(Cause::Unknown),
            kube::Error::Service(_) | kube::Error::HyperError(_) => {
                return alone(Cause::Unreachable);
            }
            _ => return alone(Cause::Other),
        };
        let cause = match (status.code, status.reason.as_str()) {
            (401, _) => Cause::Unknown,
            // It is a matter of what else there is at the moment, not of rights. (Argo's `isExceededQuotaErr`.)
            (403, _) if status.message.contains("exceeded quota") => Cause::Busy,
            (403, _) => Cause::Denied,
            (404, _) => match &status.details {
                Some(details) if details.kind == "namespaces" => {
                    Cause::NoNamespace(safe::line(&details.name).into_owned())
                }
                _ => Cause::NotFound,
            },
            (409, "AlreadyExists") => Cause::Exists,
            (409, _) => {
                let causes = status.details.iter().flat_map(|details| &details.causes);
                Cause::Conflict(managers(causes.map(|cause| cause.message.as_str())))
            }
            (400 | 413 | 415 | 422, _) => Cause::Refused,
            (429 | 500..=599, _) => Cause::Busy,
            _ => Cause::Other,
        };
        Failure::new(cause, verb, safe::line(&status.message).into_owned())
    }

    /// The same, with the cluster that was asked.
    pub(super) fn at(self, place: &str) -> Failure {
        Failure {
            place: Some(place.to_owned()),
            ..self
        }
    }

    /// Whether what was asked for is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self.cause, Cause::NotFound | Cause::NoNamespace(_))
    }

    /// Whether it may be otherwise in a moment.
    pub fn may_pass(&self) -> bool {
        matches!(self.cause, Cause::Busy | Cause::Unreachable)
    }

    /// A problem of its own.
    pub fn into_diagnostic(self) -> Diagnostic {
        let (code, message, help) = match &self.cause {
            Cause::NoCluster => (
                &codes::NO_CLUSTER,
                "there is no cluster to ask",
                Some(
                    "set `KUBECONFIG` to a file that `kubectl` can use; in a pod, mount the token of its service account",
                ),
            ),
            Cause::NoNamespace(name) => {
                let place = self.place.as_deref().unwrap_or("that of the kubeconfig");
                return Diagnostic::without_place(
                    &codes::FAILED,
                    format!("there is no namespace `{name}` in the cluster"),
                )
                .note(self.to_string())
                .note(format!("the cluster is {place}"))
                .help(format!(
                    "make one, `kubectl create namespace {name}`, or name another one in the file: `namespace = \"…\"`"
                ));
            }
            Cause::Unknown => (
                &cluster_ready::UNKNOWN,
                "the cluster does not know who asks",
                Some(
                    "sign in again: `kubectl auth whoami` with the same `KUBECONFIG` shows whether that helped",
                ),
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
        let mut problem = Diagnostic::without_place(code, message).note(self.to_string());
        let is_of_place = matches!(
            self.cause,
            Cause::Unreachable | Cause::Unknown | Cause::Denied
        );
        if let Some(place) = self.place.as_ref().filter(|_| is_of_place) {
            problem = problem.note(format!("the cluster is {place}"));
        }
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
