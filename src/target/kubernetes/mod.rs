//! Service accounts and what each may do in the cluster.
//!
//! These are the same for every pipeline, whatever its file says: so a run, which may be of any commit, need not be allowed to change them.

mod roles;

use serde_json::json;

use crate::model::Pipeline;
use crate::target::names::{Account, Stamp};
use crate::target::object::Object;

pub use roles::{Right, rights};

/// Service accounts, Roles and RoleBindings of a pipeline.
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
    objects.into_iter().map(Object::of_every_spec).collect()
}
