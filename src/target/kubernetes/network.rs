//! Who in the cluster may connect to the pipeline's pods.

use serde_json::json;

use crate::model::Pipeline;
use crate::target::events::PORT;
use crate::target::names::{PIPELINE, Stamp};
use crate::target::object::Object;

/// Nobody may connect to any pod of the pipeline, and everybody to the webhook's port: who calls that from outside comes from an address of the Ingress
/// or the Gateway, which is not known here. What pods connect to is open, since builds and deployments need the network.
pub(super) fn policies(pipeline: &Pipeline, stamp: &Stamp) -> Vec<Object> {
    if !pipeline.network_policy {
        return Vec::new();
    }
    let name = &pipeline.name.value;
    let policy = |suffix: &str, selector, ingress| {
        let rest = json!({
            "spec": {
                "podSelector": { "matchLabels": selector },
                "policyTypes": ["Ingress"],
                "ingress": ingress,
            },
        });
        let api = "networking.k8s.io/v1";
        let name = format!("{name}-{suffix}");
        Object::new(pipeline, stamp, api, "NetworkPolicy", name, rest)
    };
    let port = json!([{ "ports": [{ "protocol": "TCP", "port": PORT }] }]);
    vec![
        policy("pods", json!({ PIPELINE: name }), json!([])),
        // Argo Events' label of the EventSource's pod (`controllers/eventsource/resource.go`), by which its Service finds it, too.
        policy(
            "webhook",
            json!({ PIPELINE: name, "eventsource-name": name }),
            port,
        ),
    ]
}
