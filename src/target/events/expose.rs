//! How GitHub reaches the EventSource: a Service, and what leads to it from outside.

use serde_json::json;

use crate::model::{Expose, Pipeline};
use crate::target::events::endpoint;
use crate::target::events::source::PORT;
use crate::target::names::Stamp;
use crate::target::object::{Object, without_null};

/// The Service's name.
pub fn service_name(pipeline: &str) -> String {
    format!("{pipeline}-webhook")
}

/// The Service of the EventSource. Its own, for Argo Events makes one for tests (`docs/eventsources/services.md`).
pub fn service(pipeline: &Pipeline, stamp: &Stamp) -> Object {
    let name = &pipeline.name.value;
    let rest = json!({
        "spec": {
            "selector": { "eventsource-name": name },
            "ports": [{ "name": "http", "port": 80, "targetPort": PORT }],
        },
    });
    Object::new(pipeline, stamp, "v1", "Service", service_name(name), rest)
}

/// The Ingress or HTTPRoute, where the file wants one.
pub fn route(pipeline: &Pipeline, stamp: &Stamp) -> Option<Object> {
    let name = &pipeline.name.value;
    let path = endpoint(name);
    match &pipeline.expose {
        Expose::None => None,
        Expose::Ingress {
            host,
            class,
            tls_secret,
            ..
        } => {
            let tls = tls_secret
                .as_ref()
                .map(|secret| json!([{ "hosts": [host.value], "secretName": secret.value }]));
            let service = json!({ "name": service_name(name), "port": { "name": "http" } });
            let rest = json!({
                "spec": without_null(json!({
                    "ingressClassName": class.as_ref().map(|class| &class.value),
                    "tls": tls,
                    "rules": [{
                        "host": host.value,
                        "http": {
                            "paths": [{ "path": path, "pathType": "Exact", "backend": { "service": service } }],
                        },
                    }],
                })),
            });
            let api = "networking.k8s.io/v1";
            let object = Object::new(pipeline, stamp, api, "Ingress", service_name(name), rest);
            Some(object.with_origin("/spec/rules/0/host", host.span))
        }
        Expose::Gateway { host, gateway, .. } => {
            let (namespace, parent) = gateway.value.split_once('/').unwrap_or_default();
            let rest = json!({
                "spec": {
                    "parentRefs": [{ "namespace": namespace, "name": parent }],
                    "hostnames": [host.value],
                    "rules": [{
                        "matches": [{ "path": { "type": "Exact", "value": path }, "method": "POST" }],
                        "backendRefs": [{ "name": service_name(name), "port": 80 }],
                    }],
                },
            });
            let api = "gateway.networking.k8s.io/v1";
            let object = Object::new(pipeline, stamp, api, "HTTPRoute", service_name(name), rest);
            let object = object.with_origin("/spec/parentRefs/0", gateway.span);
            Some(object.with_origin("/spec/hostnames/0", host.span))
        }
    }
}
