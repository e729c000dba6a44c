//! What each service account may do: exactly the verbs that its stages use.

use serde_json::{Value, json};

use crate::target::names::{Account, lease_name, settings_name};

/// Verbs on one kind of objects, in the pipeline's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// Kinds, as addresses have them.
    pub resources: Vec<&'static str>,
    /// The only objects; empty: all.
    pub names: Vec<String>,
    /// `get`, `create`, …
    pub verbs: Vec<&'static str>,
    /// What for.
    pub why: &'static str,
}

impl Right {
    /// As a rule of a Role.
    pub(super) fn rule(&self) -> Value {
        let mut rule = json!({
            "apiGroups": [self.group],
            "resources": self.resources,
            "verbs": self.verbs,
        });
        if let (Some(rule), false) = (rule.as_object_mut(), self.names.is_empty()) {
            rule.insert("resourceNames".to_owned(), json!(self.names));
        }
        rule
    }
}

const ARGO: &str = "argoproj.io";
/// What is applied must be looked at, written by server-side apply (`patch`, and `create` where it is new) and removed.
const APPLY: [&str; 5] = ["get", "list", "create", "patch", "delete"];

/// The rights of an account.
pub fn rights(account: Account, pipeline: &str) -> Vec<Right> {
    let right = |group, resources: &[&'static str], verbs: &[&'static str], why| Right {
        group,
        resources: resources.to_vec(),
        names: Vec::new(),
        verbs: verbs.to_vec(),
        why,
    };
    // docs/workflow-rbac.md of Argo Workflows.
    let report = right(
        ARGO,
        &["workflowtaskresults"],
        &["create", "patch"],
        "Argo's executor reports what became of a pod",
    );
    match account {
        Account::Build | Account::Validate => vec![report],
        Account::Finish => vec![
            report,
            right(
                ARGO,
                &["workflows"],
                &["get"],
                "looks whether the run was cancelled",
            ),
        ],
        Account::Deploy => vec![
            report,
            right(
                ARGO,
                &["workflows"],
                &["list"],
                "looks whether a newer run waits, with `queue = \"latest\"`",
            ),
        ],
        Account::SelfUpdate => vec![
            report,
            right(
                ARGO,
                &[
                    "workflowtemplates",
                    "cronworkflows",
                    "eventsources",
                    "sensors",
                ],
                &APPLY,
                "applies what the file says at the commit",
            ),
            right("", &["services"], &APPLY, "applies the webhook's Service"),
            right(
                "networking.k8s.io",
                &["ingresses"],
                &APPLY,
                "applies the webhook's Ingress",
            ),
            right(
                "gateway.networking.k8s.io",
                &["httproutes"],
                &APPLY,
                "applies the webhook's HTTPRoute",
            ),
            right(
                ARGO,
                &["workflows"],
                &["get", "create"],
                "starts the pipeline again where `restart` is set",
            ),
            right(
                "coordination.k8s.io",
                &["leases"],
                &["create"],
                "changes the pipeline alone",
            ),
            Right {
                names: vec![lease_name(pipeline)],
                ..right(
                    "coordination.k8s.io",
                    &["leases"],
                    &["get", "patch", "delete"],
                    "the same",
                )
            },
            Right {
                names: vec![settings_name(pipeline)],
                ..right(
                    "",
                    &["configmaps"],
                    &["get"],
                    "looks whether the pipeline has a stack",
                )
            },
        ],
        Account::Start => vec![
            report,
            right(ARGO, &["workflows"], &["create"], "starts runs"),
        ],
        Account::Sensor => vec![right(ARGO, &["workflows"], &["create"], "starts runs")],
        Account::EventSource => Vec::new(),
    }
}
