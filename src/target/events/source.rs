//! The EventSource: what GitHub calls.

use serde_json::{Value, json};

use crate::model::{Expose, Pipeline};
use crate::target::events::rules::Rule;
use crate::target::events::{WEBHOOK_KEY, endpoint, webhook_secret_name};
use crate::target::names::{self, Account, Stamp};
use crate::target::object::{Object, without_null};

/// The event of the EventSource that the Sensor listens to.
pub const EVENT: &str = "github";
/// The EventBus: the one that a namespace has by default.
pub const EVENT_BUS: &str = "default";
/// The port of the EventSource's pod.
pub const PORT: u16 = 12000;
/// GitHub sends at most 25 MB; Argo Events would take one.
const LARGEST: u64 = 25 << 20;

/// Whom the pods of Argo Events run as. Their image names nobody, and Kubernetes takes that for root; their controller is this one (its `install.yaml`).
const EVENTS_USER: u32 = 9731;

/// The EventSource of a pipeline.
pub fn event_source(pipeline: &Pipeline, rules: &[Rule], stamp: &Stamp) -> Object {
    let name = &pipeline.name.value;
    let events = events(rules);
    let (owner, repository) = pipeline
        .repository
        .value
        .split_once('/')
        .unwrap_or_default();
    let (host, token) = match &pipeline.expose {
        Expose::None => (None, None),
        Expose::Ingress { host, token, .. } | Expose::Gateway { host, token, .. } => {
            (Some(host), token.as_ref())
        }
    };
    let token = token.map(|secret| json!({ "name": &*secret.name, "key": secret.key.as_deref() }));
    let github = without_null(json!({
        "repositories": [{ "owner": owner, "names": [repository] }],
        "webhook": without_null(json!({
            "endpoint": endpoint(name),
            "port": PORT.to_string(),
            "method": "POST",
            "url": host.map(|host| format!("https://{}", host.value)),
            "maxPayloadSize": LARGEST,
        })),
        "events": events,
        "contentType": "json",
        "active": true,
        "webhookSecret": { "name": webhook_secret_name(name), "key": WEBHOOK_KEY },
        "apiToken": token,
    }));
    let rest = json!({
        "spec": {
            "eventBusName": EVENT_BUS,
            "replicas": 1,
            "template": pod(pipeline, Account::EventSource),
            "github": { EVENT: github },
        },
    });
    let api = "argoproj.io/v1alpha1";
    let mut object = Object::new(pipeline, stamp, api, "EventSource", name.clone(), rest);
    let own = format!("/spec/github/{EVENT}");
    object = object.with_origin(format!("{own}/repositories/0"), pipeline.repository.span);
    if let Some(host) = host {
        object = object.with_origin(format!("{own}/webhook/url"), host.span);
    }
    object
}

/// What GitHub is to send, each once.
pub fn events(rules: &[Rule]) -> Vec<&'static str> {
    let mut events: Vec<&str> = Vec::new();
    for rule in rules {
        if !events.contains(&rule.github) {
            events.push(rule.github);
        }
    }
    events
}

/// What the pods of Argo Events are like.
pub fn pod(pipeline: &Pipeline, account: Account) -> Value {
    json!({
        "serviceAccountName": account.name(&pipeline.name.value),
        "metadata": { "labels": names::labels(&pipeline.name.value) },
        "container": {
            "resources": {
                "requests": { "cpu": "50m", "memory": "64Mi" },
                "limits": { "memory": "512Mi" },
            },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
            },
        },
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": EVENTS_USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
    })
}
