//! What is different inside an object, in the pipeline's own terms: rights, triggers, events, addresses.

use serde_json::{Value, json};

use crate::collections::IndexMap;
use crate::diagnostics::safe;
use crate::eval::outline::{Difference, Outline};

/// What an object consists of, as far as people compare it: a name each, and all of what it is.
type Parts = IndexMap<String, Value>;

/// The lines that tell one state of an object from another; none where nothing of it can be told in words.
pub fn between(kind: &str, before: &Value, after: &Value) -> Vec<String> {
    told(&parts(kind, before), &parts(kind, after))
}

/// At most so many lines tell what the file says otherwise.
const MOST: usize = 60;

/// What the file says otherwise: `~ environment prod, approval: timeout = 1h, was 30m`. With `stages_are_told`, blocks that are stages and are new or gone are left out.
pub fn said(before: &Outline, after: &Outline, stages_are_told: bool) -> Vec<String> {
    let is_news = |kind: &str| !(stages_are_told && STAGES.contains(&kind));
    let differences = after.since(before).into_iter();
    let mut lines: Vec<String> = differences
        .filter_map(|difference| match difference {
            Difference::Added(place, kind) => is_news(&kind).then(|| format!("+ {place}")),
            Difference::Removed(place, kind) => is_news(&kind).then(|| format!("- {place}")),
            Difference::Field(line) => Some(line),
        })
        .map(|line| safe::line(&line).into_owned())
        .collect();
    // As the language has it where a pipeline has no trigger.
    match (before.has("on"), after.has("on")) {
        (true, false) => {
            lines.push("~ without `on`, pushes and pull requests to `main` start it".to_owned());
        }
        (false, true) => {
            lines.push(
                "~ with `on`, pushes and pull requests to `main` start it where that says so"
                    .to_owned(),
            );
        }
        _ => {}
    }
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(format!("~ {more} more"));
    }
    lines
}

/// The kinds of blocks that are stages.
const STAGES: [&str; 10] = [
    "build",
    "check",
    "wave",
    "environment",
    "approval",
    "before",
    "step",
    "after",
    "test",
    "bake",
];

/// `+ may create workflows`, `- trigger tag`, `~ address`.
pub fn told(before: &Parts, after: &Parts) -> Vec<String> {
    let mut lines = Vec::new();
    for (part, value) in after {
        match before.get(part) {
            None => lines.push(format!("+ {part}")),
            Some(old) if old != value => lines.push(format!("~ {part}")),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|part| !after.contains_key(*part));
    lines.extend(gone.map(|part| format!("- {part}")));
    let safe = |line: String| safe::line(&line).into_owned();
    lines.into_iter().map(safe).collect()
}

fn parts(kind: &str, object: &Value) -> Parts {
    let at = |pointer: &str| object.pointer(pointer).cloned();
    let mut parts = Parts::default();
    match kind {
        "Role" => rights(object, &mut parts),
        "Sensor" => triggers(object, &mut parts),
        "EventSource" => {
            let source =
                at("/spec/github").and_then(|all| Some(all.as_object()?.values().next()?.clone()));
            for (name, value) in source
                .as_ref()
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                match name.as_str() {
                    "events" => {
                        let events = list(value).filter_map(Value::as_str);
                        parts.extend(
                            events.map(|event| (format!("GitHub's event {event}"), Value::Null)),
                        );
                    }
                    name => _ = parts.insert(describe(name).to_owned(), value.clone()),
                }
            }
        }
        "CronWorkflow" => {
            let schedules = at("/spec/schedules").unwrap_or_default();
            let zone = at("/spec/timezone").unwrap_or_default();
            let texts = list(&schedules).filter_map(Value::as_str);
            parts.extend(texts.map(|text| (format!("schedule {text}"), zone.clone())));
        }
        "Ingress" | "HTTPRoute" => {
            let rules = at("/spec/rules").unwrap_or_default();
            let hosts = list(&rules).filter_map(|rule| rule.get("host"));
            let names = at("/spec/hostnames").unwrap_or_default();
            let hosts = hosts.chain(list(&names)).filter_map(Value::as_str);
            parts.extend(hosts.map(|host| (format!("host {host}"), Value::Null)));
            for (name, pointer) in [
                ("class", "/spec/ingressClassName"),
                ("certificate", "/spec/tls"),
                ("Gateway", "/spec/parentRefs"),
            ] {
                parts.extend(at(pointer).map(|value| (name.to_owned(), value)));
            }
        }
        "ConfigMap" => {
            let data = object.get("data").and_then(Value::as_object);
            let data = data.into_iter().flatten();
            parts.extend(data.map(|(name, value)| (name.clone(), value.clone())));
        }
        _ => {}
    }
    parts
}

/// What a member of an EventSource is for people.
fn describe(member: &str) -> &str {
    match member {
        "webhook" => "address",
        "apiToken" => "token",
        "repositories" => "repository",
        "webhookSecret" => "the webhook's secret",
        other => other,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a Role gives: a line for a verb on a kind.
fn rights(object: &Value, parts: &mut Parts) {
    let texts = |rule: &Value, name: &str| -> Vec<String> {
        let all = rule.get(name).into_iter().flat_map(list);
        all.filter_map(|text| Some(text.as_str()?.to_owned()))
            .collect()
    };
    let rules = object.get("rules").cloned().unwrap_or_default();
    for rule in list(&rules) {
        let names = texts(rule, "resourceNames");
        let only = match names.is_empty() {
            true => String::new(),
            false => format!(", only {}", names.join(", ")),
        };
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                let kind = match group.is_empty() {
                    true => resource,
                    false => format!("{resource}.{group}"),
                };
                for verb in texts(rule, "verbs") {
                    parts.insert(format!("may {verb} {kind}{only}"), Value::Null);
                }
            }
        }
    }
}

/// What a Sensor starts, each with what it listens to.
fn triggers(object: &Value, parts: &mut Parts) {
    let all = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let dependencies = all("/spec/dependencies");
    for trigger in list(&all("/spec/triggers")) {
        let Some(name) = trigger.pointer("/template/name").and_then(Value::as_str) else {
            continue;
        };
        let is_own = |one: &&Value| one.get("name").and_then(Value::as_str) == Some(name);
        let filters = list(&dependencies)
            .find(is_own)
            .and_then(|one| one.get("filters"));
        parts.insert(format!("trigger {name}"), json!([trigger, filters]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_in_the_terms_of_a_kind() {
        let role = |verbs: &[&str]| json!({ "rules": [{ "apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": verbs }] });
        assert_eq!(
            between("Role", &role(&["get", "list"]), &role(&["get", "create"])),
            [
                "+ may create workflows.argoproj.io",
                "- may list workflows.argoproj.io"
            ]
        );
        let sensor = |names: &[&str], branch: &str| {
            let triggers: Vec<Value> = names
                .iter()
                .map(|name| json!({ "template": { "name": name } }))
                .collect();
            let heard: Vec<Value> = names
                .iter()
                .map(|name| json!({ "name": name, "filters": { "data": [branch] } }))
                .collect();
            json!({ "spec": { "triggers": triggers, "dependencies": heard } })
        };
        assert_eq!(
            between(
                "Sensor",
                &sensor(&["push", "tag"], "main"),
                &sensor(&["push"], "next")
            ),
            ["~ trigger push", "- trigger tag"]
        );
        let source = |events: &[&str], url: &str| json!({ "spec": { "github": { "github": { "events": events, "webhook": { "url": url } } } } });
        assert_eq!(
            between(
                "EventSource",
                &source(&["push"], "a"),
                &source(&["push", "release"], "b")
            ),
            ["+ GitHub's event release", "~ address"]
        );
        for kind in [
            "Role",
            "Sensor",
            "EventSource",
            "Ingress",
            "Service",
            "ConfigMap",
        ] {
            for odd in [
                json!(null),
                json!([1]),
                json!({ "rules": 3, "spec": { "github": [] } }),
            ] {
                assert_eq!(between(kind, &odd, &odd), Vec::<String>::new());
            }
        }
    }
}
