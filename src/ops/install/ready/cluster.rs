//! The cluster itself, the namespace, and the bus in it.

use crate::cloud::kubernetes::kinds::{EVENT_BUS, NAMESPACE};
use crate::cloud::kubernetes::{Cause, Cluster, Failure};
use crate::model::{Expose, Pipeline};
use crate::ops::install::ready::Check;
use crate::ops::install::ready::version::Version;
use crate::stage::apply::Wanted;
use crate::target::events;

/// Side-cars are init containers that go on (`restartPolicy: Always`), which are on by default from here on.
const KUBERNETES: Version = Version(1, 29);

/// Which cluster it is, and its version.
pub fn answers(cluster: &Cluster) -> Result<Check, Failure> {
    let place = cluster.place();
    let said = cluster.version()?;
    let what = format!("Kubernetes {said} at {place}");
    Ok(match Version::read(&said) {
        Some(version) if version < KUBERNETES => {
            let todo = format!("Kubernetes {KUBERNETES} or later is needed");
            Check::missing(what, [todo])
        }
        _ => Check::good(what),
    })
}

/// Whether the namespace is there, and whether it is known that it is not.
pub fn namespace(cluster: &Cluster, pipeline: &Pipeline) -> (Check, bool) {
    let name = &pipeline.namespace.value;
    let what = format!("namespace {name}");
    match cluster.get_of_all(&NAMESPACE, name) {
        Ok(Some(_)) => (Check::good(what), false),
        Ok(None) => {
            let todo = format!("kubectl create namespace {name}");
            (Check::missing(what, [todo]), true)
        }
        Err(failure) => (Check::of_failure(&what, failure), false),
    }
}

/// The EventBus, where something is to listen to it. On NATS Streaming a Sensor cannot have several triggers of one event: subscriptions are by
/// client, and each trigger would be one of the same name (`pkg/eventbus/stan/sensor`).
pub fn bus(
    cluster: &Cluster,
    pipeline: &Pipeline,
    wanted: &[Wanted],
    has_no_namespace: bool,
) -> Option<Check> {
    let name = events::EVENT_BUS;
    let namespace = &pipeline.namespace.value;
    wanted.iter().find(|wanted| wanted.kind == "Sensor")?;
    let what = format!("EventBus {name} in namespace {namespace}");
    let make = || {
        let object = format!(
            "'{{\"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"EventBus\", \"metadata\": {{\"name\": \"{name}\"}}, \"spec\": {{\"jetstream\": {{\"version\": \"latest\"}}}}}}'"
        );
        format!("echo {object} | kubectl apply --namespace {namespace} -f -")
    };
    if has_no_namespace {
        return Some(Check::missing(what, [make()]));
    }
    Some(match cluster.get(&EVENT_BUS, namespace, name) {
        Ok(Some(bus)) => {
            let has = |kind: &str| {
                let spec = bus.content.get("spec");
                spec.and_then(|spec| spec.get(kind)).is_some()
            };
            if has("jetstream") || has("jetstreamExotic") {
                Check::good(format!("{what}, on JetStream"))
            } else if has("nats") {
                let todo = "make it one of JetStream (`spec.jetstream`): on NATS Streaming a Sensor cannot have several triggers of one event";
                Check::missing(format!("{what}, on NATS Streaming"), [todo.to_owned()])
            } else {
                let todo = "JetStream (`spec.jetstream`) is what Aphex was tried with";
                Check::unseen(format!("{what}, of another kind"), [todo.to_owned()])
            }
        }
        Ok(None) => Check::missing(what, [make()]),
        // The definition is missing, and told of.
        Err(failure) if failure.cause == Cause::NotFound => Check::missing(what, [make()]),
        Err(failure) => Check::of_failure(&what, failure),
    })
}

/// That nothing of the file leads from GitHub to the webhook.
pub fn exposed(pipeline: &Pipeline, wanted: &[Wanted]) -> Option<Check> {
    let is_called = wanted.iter().any(|wanted| wanted.kind == "EventSource");
    let service = events::service_name(&pipeline.name.value);
    let todo = format!(
        "the file has no `expose`: GitHub reaches the webhook only where you lead it to port 80 of Service {service}; `expose ingress {{ host = \"…\" }}` makes an Ingress"
    );
    (is_called && pipeline.expose == Expose::None)
        .then(|| Check::unseen("way from GitHub to the webhook", [todo]))
}
