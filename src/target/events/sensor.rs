//! The Sensor: which event starts what.

use serde_json::{Value, json};

use crate::model::Pipeline;
use crate::target::events::rules::Rule;
use crate::target::events::{filters, source, start};
use crate::target::names::{self, Account, DELIVERY, Stamp};
use crate::target::object::Object;

/// The Sensor of a pipeline.
pub fn sensor(pipeline: &Pipeline, rules: &[Rule], stamp: &Stamp) -> Object {
    let name = &pipeline.name.value;
    let dependencies: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "name": rule.name,
                "eventSourceName": name,
                "eventName": source::EVENT,
                "filters": filters::of(&rule.filters),
            })
        })
        .collect();
    let triggers: Vec<Value> = rules.iter().map(|rule| trigger(pipeline, rule)).collect();
    let rest = json!({
        "spec": {
            "eventBusName": source::EVENT_BUS,
            "replicas": 1,
            "template": source::pod(pipeline, Account::Sensor),
            "dependencies": dependencies,
            "triggers": triggers,
        },
    });
    let api = "argoproj.io/v1alpha1";
    let mut object = Object::new(pipeline, stamp, api, "Sensor", name.clone(), rest);
    for part in ["dependencies", "triggers"] {
        for (index, rule) in rules.iter().enumerate() {
            object = object.with_origin(format!("/spec/{part}/{index}"), rule.span);
        }
    }
    object
}

/// What an event starts. Where the run cannot be made, a Workflow of the start template makes it later; both give it one name, so that it is made once.
fn trigger(pipeline: &Pipeline, rule: &Rule) -> Value {
    let by_start = start_workflow(pipeline, rule, true);
    // What could not be started has a name of its own: of a delivery that is repeated, the first finds its name taken, and waiting would not help.
    let later = start_workflow(pipeline, rule, false);
    let retry =
        |steps: u32| json!({ "duration": "1s", "factor": 2, "jitter": 0.1, "steps": steps });
    let first = match rule.by_start() {
        true => by_start.clone(),
        false => run(pipeline, rule),
    };
    let template = |name: String, resource: &Resource| {
        json!({
            "name": name,
            "k8s": {
                "operation": "create",
                "source": { "resource": resource.object },
                "parameters": resource.parameters,
            },
        })
    };
    let mut first_template = template(rule.name.clone(), &first);
    if let Some(members) = first_template.as_object_mut() {
        // Without it, the trigger would wait for all dependencies.
        members.insert("conditions".to_owned(), json!(rule.name));
    }
    json!({
        "template": first_template,
        "atLeastOnce": true,
        "retryStrategy": retry(4),
        "dlqTrigger": {
            "template": template(format!("{}-later", rule.name), &later),
            "atLeastOnce": true,
            "retryStrategy": retry(9),
        },
    })
}

/// An object to be made, and what of it is the event's.
#[derive(Clone)]
struct Resource {
    object: Value,
    parameters: Vec<Value>,
}

/// A run of the entry.
fn run(pipeline: &Pipeline, rule: &Rule) -> Resource {
    let arguments = [
        ("commit", Argument::key(rule.commit.unwrap_or_default())),
        ("event", Argument::Fixed(rule.event.to_owned())),
        ("ref", Argument::Template(rule.reference.to_owned())),
        ("actor", actor()),
        ("pull-request", pull_request(rule)),
    ];
    let name = Argument::Template(run_name(&rule.entry));
    workflow(pipeline, rule, &rule.entry, Some(name), &arguments)
}

/// A Workflow of the start template.
fn start_workflow(pipeline: &Pipeline, rule: &Rule, is_named: bool) -> Resource {
    let start = start::start_name(&pipeline.name.value);
    let paths = rule.paths.as_ref();
    let arguments = [
        ("name", Argument::Template(run_name(&rule.entry))),
        ("entry", Argument::Fixed(rule.entry.clone())),
        ("event", Argument::Fixed(rule.event.to_owned())),
        (
            "commit",
            rule.commit.map_or_else(Argument::none, Argument::key),
        ),
        ("ref", Argument::Template(rule.reference.to_owned())),
        ("actor", actor()),
        ("pull-request", pull_request(rule)),
        (
            "base",
            paths.map_or_else(Argument::none, |paths| Argument::key(paths.base)),
        ),
        (
            "paths",
            Argument::Fixed(paths.map(start::packed).unwrap_or_default()),
        ),
    ];
    let name = Argument::Template(start_run_name(&start, rule));
    workflow(pipeline, rule, &start, is_named.then_some(name), &arguments)
}

/// A Workflow that refers to a WorkflowTemplate; without a name the API server makes one.
fn workflow(
    pipeline: &Pipeline,
    rule: &Rule,
    template: &str,
    name: Option<Argument>,
    arguments: &[(&str, Argument)],
) -> Resource {
    let mut parameters = vec![
        name.as_ref()
            .and_then(|name| name.parameter(rule, "metadata.name", None)),
        Argument::key("body.X-GitHub-Delivery").parameter(
            rule,
            &format!("metadata.annotations.{}", DELIVERY.replace('.', "\\.")),
            Some(""),
        ),
    ];
    let mut values = Vec::new();
    for (index, (name, argument)) in arguments.iter().enumerate() {
        let fixed = match argument {
            Argument::Fixed(text) => text.as_str(),
            _ => "",
        };
        values.push(json!({ "name": name, "value": fixed }));
        let dest = format!("spec.arguments.parameters.{index}.value");
        // A run without its commit would be none: the event fails, and is tried again.
        let default = (*name != "commit" && *name != "base").then_some("");
        parameters.push(argument.parameter(rule, &dest, default));
    }
    let mut metadata = json!({
        "namespace": pipeline.namespace.value,
        "labels": names::labels(&pipeline.name.value),
        "annotations": { DELIVERY: "" },
    });
    if let Some(metadata) = metadata.as_object_mut() {
        let (field, begin) = match name {
            Some(_) => ("name", String::new()),
            None => ("generateName", format!("{template}-")),
        };
        metadata.insert(field.to_owned(), json!(begin));
    }
    Resource {
        object: json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": metadata,
            "spec": {
                "workflowTemplateRef": { "name": template },
                "arguments": { "parameters": values },
            },
        }),
        parameters: parameters.into_iter().flatten().collect(),
    }
}

/// Where the value of an argument comes from.
#[derive(Clone, Debug)]
enum Argument {
    Fixed(String),
    /// A path in the event.
    Key(&'static str),
    /// A template of Go over the event.
    Template(String),
}

impl Argument {
    fn none() -> Argument {
        Argument::Fixed(String::new())
    }

    fn key(path: &'static str) -> Argument {
        Argument::Key(path)
    }

    /// As a parameter of a trigger; `None` for what is fixed.
    fn parameter(&self, rule: &Rule, dest: &str, default: Option<&str>) -> Option<Value> {
        let (field, value) = match self {
            Argument::Fixed(_) => return None,
            Argument::Key(path) => ("dataKey", (*path).to_owned()),
            Argument::Template(text) => ("dataTemplate", text.clone()),
        };
        let mut source = json!({ "dependencyName": rule.name, field: value });
        if let (Some(source), Some(default)) = (source.as_object_mut(), default) {
            source.insert("value".to_owned(), json!(default));
        }
        Some(json!({ "src": source, "dest": dest }))
    }
}

fn actor() -> Argument {
    Argument::Template("{{ .Input.body.sender.login | b64enc }}".to_owned())
}

fn pull_request(rule: &Rule) -> Argument {
    // By its path: a template would write 1000000 as 1e+06.
    rule.pull_request.map_or_else(Argument::none, Argument::key)
}

/// The name of the run that a delivery starts, always the same: a delivery that GitHub repeats starts nothing.
fn run_name(template: &str) -> String {
    format!(
        "{}-{{{{ index .Input.body \"X-GitHub-Delivery\" | sha256sum | trunc 10 }}}}",
        names::run_prefix(template)
    )
}

/// The name of the Workflow that makes it. Each trigger has its own of a delivery: a push to two folders may be for two triggers, and the second would be
/// taken for a repetition of the first.
fn start_run_name(start: &str, rule: &Rule) -> String {
    format!(
        "{}-{{{{ printf \"%s {}\" (index .Input.body \"X-GitHub-Delivery\") | sha256sum | trunc 10 }}}}",
        names::run_prefix(start),
        rule.name
    )
}
