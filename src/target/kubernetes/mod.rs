//! Service accounts, what each may do in the cluster, and what else no run changes.
//!
//! The accounts are the same for every pipeline, whatever its file says: so a run, which may be of any commit, need not be allowed to change them.

mod network;
mod roles;

use serde_json::json;

use crate::model::Pipeline;
use crate::target::names::{Account, REPOSITORY_KEY, Stamp, repository_name};
use crate::target::object::Object;

pub use roles::{Right, rights};

/// Service accounts, Roles and RoleBindings of a pipeline, where Argo keeps what it archives, and NetworkPolicies where they are wanted.
pub fn compile(pipeline: &Pipeline, stamp: &Stamp) -> Vec<Object> {
    let name = &pipeline.name.value;
    let namespace = &pipeline.namespace.value;
    let mut objects = Vec::new();
    for account in Account::ALL {
        // Argo Events' pods report nothing to the cluster, and the EventSource asks nothing of it.
        let rest = json!({ "automountServiceAccountToken": account != Account::EventSource });
        let object = Object::new(
            pipeline,
            stamp,
            "v1",
            "ServiceAccount",
            account.name(name),
            rest,
        );
        objects.push(object);
    }
    let api = "rbac.authorization.k8s.io/v1";
    for account in Account::ALL {
        let rights = rights(account, name);
        if rights.is_empty() {
            continue;
        }
        let rules: Vec<_> = rights.iter().map(Right::rule).collect();
        let own = account.name(name);
        let rest = json!({ "rules": rules });
        objects.push(Object::new(pipeline, stamp, api, "Role", own.clone(), rest));
        let rest = json!({
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": own },
            "subjects": [{ "kind": "ServiceAccount", "name": own, "namespace": namespace }],
        });
        objects.push(Object::new(pipeline, stamp, api, "RoleBinding", own, rest));
    }
    objects.push(artifact_repository(pipeline, stamp));
    objects.extend(network::policies(pipeline, stamp));
    objects.into_iter().map(Object::of_every_spec).collect()
}

/// An artifact repository of the pipeline's own in which Argo archives nothing. A controller that archives logs does so into the bucket of whoever installed it, whatever a
/// Workflow says (`IsArchiveLogs` in `workflow/controller/workflowpod.go`); the pipeline's accounts may not write there, and its stages would fail.
fn artifact_repository(pipeline: &Pipeline, stamp: &Stamp) -> Object {
    let rest = json!({ "data": { REPOSITORY_KEY: "archiveLogs: false\n" } });
    let name = repository_name(&pipeline.name.value);
    Object::new(pipeline, stamp, "v1", "ConfigMap", name, rest)
}
