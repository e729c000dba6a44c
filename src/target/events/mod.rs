//! Argo Events: what GitHub, the clock and people start.
//!
//! GitHub calls the EventSource, the Sensor tells by filters which trigger an event is for, and makes a Workflow that refers to a WorkflowTemplate. What an event alone cannot
//! tell (the commit of a schedule or release, the files that a push has changed) the start template finds out first. `docs/compile.md` says why it is so.

mod expose;
mod filters;
mod patterns;
mod rules;
mod schedules;
mod sensor;
mod source;
mod start;

use crate::graph::Graph;
use crate::model::{Expose, Pipeline};
use crate::target::names::Stamp;
use crate::target::object::Object;

pub use expose::service_name;
pub use source::{EVENT_BUS, PORT};
pub use start::{PARAMETERS, start_name, start_template};

/// The key of the webhook's secret in the Secret [`webhook_secret_name`].
pub const WEBHOOK_KEY: &str = "secret";

/// The Secret with what GitHub signs its calls with. It is made once, by `aphex bootstrap`; no manifest holds it.
pub fn webhook_secret_name(pipeline: &str) -> String {
    format!("{pipeline}-webhook")
}

/// The path that GitHub calls.
pub fn endpoint(pipeline: &str) -> String {
    format!("/{pipeline}")
}

/// Where GitHub sends events: as the file exposes it, else the address within the cluster, which somebody must make known outside.
pub fn webhook_url(pipeline: &Pipeline) -> String {
    let (name, namespace) = (&pipeline.name.value, &pipeline.namespace.value);
    let path = endpoint(name);
    match &pipeline.expose {
        Expose::Ingress { host, .. } | Expose::Gateway { host, .. } => {
            format!("https://{}{path}", host.value)
        }
        Expose::None => format!("http://{}.{namespace}.svc{path}", service_name(name)),
    }
}

/// The events that GitHub is to send, as it names them in its API; none where nothing of GitHub starts the pipeline.
pub fn github_events(pipeline: &Pipeline, graph: &Graph<'_>) -> Vec<&'static str> {
    let rules = rules::of(pipeline, graph);
    source::events(&rules)
}

/// The objects in the order in which they are to be there: nothing starts runs of what is not.
pub fn compile(pipeline: &Pipeline, graph: &Graph<'_>, stamp: &Stamp) -> Vec<Object> {
    let rules = rules::of(pipeline, graph);
    let mut objects = schedules::all(pipeline, graph, stamp);
    if rules.is_empty() {
        return objects;
    }
    objects.push(expose::service(pipeline, stamp));
    objects.extend(expose::route(pipeline, stamp));
    objects.push(source::event_source(pipeline, &rules, stamp));
    objects.push(sensor::sensor(pipeline, &rules, stamp));
    objects
}
