//! Why the cluster does not take an object.

use crate::cloud::kubernetes::{Cause, Failure, Kind};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::cluster::{CONFLICT, FAILED};

/// In words, with what to do.
pub fn refused(failure: Failure, kind: &Kind, name: &str, namespace: &str) -> Diagnostic {
    let word = kind.kind;
    match &failure.cause {
        Cause::Conflict(managers) if !managers.is_empty() => {
            let message = format!(
                "the {word} `{name}` was changed by {}",
                managers
                    .iter()
                    .map(|manager| format!("`{manager}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            Diagnostic::without_place(&CONFLICT, message)
                .note(failure.to_string())
                .help(format!(
                    "give it back: `kubectl delete {} {name} --namespace {namespace}`, and apply again; {}",
                    word.to_lowercase(),
                    match kind.group {
                        "argoproj.io" => "runs have copies of their own",
                        _ => "not while a run is active, which needs it",
                    }
                ))
        }
        Cause::Conflict(_) => Diagnostic::without_place(
            &CONFLICT,
            format!("the {word} `{name}` was changed just now"),
        )
        .note(failure.to_string())
        .help("run it again"),
        // Objects that are wanted are made; what is not found is their kind.
        Cause::NotFound => {
            let message = format!("the cluster does not take the {word} `{name}`");
            let help = match kind.group {
                "argoproj.io" => {
                    "is Argo installed there, Workflows and Events, with their definitions? docs/install.md says what there must be"
                }
                "gateway.networking.k8s.io" => {
                    "`expose gateway` needs the Gateway API in the cluster; `expose ingress` does without"
                }
                _ => "look at the version of the cluster: docs/install.md says which it must have",
            };
            Diagnostic::without_place(&FAILED, message)
                .note(failure.to_string())
                .note(format!("in the namespace `{namespace}`"))
                .help(help)
        }
        Cause::NoNamespace(_) => failure.into_diagnostic(),
        _ => {
            let name = format!("the {word} `{name}` in `{namespace}`");
            failure.into_diagnostic().note(name)
        }
    }
}
