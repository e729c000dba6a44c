//! A thousand environments: all of them are in the manifest, and Argo takes it.

use std::collections::HashMap;

use crate::support::compile::{self, EVENT};
use crate::support::judge::{self, Question};
use aphex::analysis::analyse;
use aphex::source::MemoryFiles;
use aphex::target::Format;
use serde_json::Value;

const ENVIRONMENTS: usize = 1_000;

/// What etcd and the API server take of one object, in bytes.
const OBJECT_LIMIT: usize = 1 << 20;

/// What a DAG, and what an object, may have of tasks and templates from 4.0 on.
const MOST: usize = 200;

/// The program that `benches/run.py` measures: all environments in one wave.
const WAVE: &str = include_str!("../../benches/environments.aphex");

/// The same environments one after another.
fn road() -> String {
    let (head, wave) = WAVE.split_once("  wave everywhere {\n").unwrap();
    let (_, inner) = wave.split_once("max_parallel = 20\n").unwrap();
    let inner = inner.trim_end().strip_suffix('}').unwrap();
    let inner = inner.trim_end().strip_suffix('}').unwrap();
    format!("{head}{inner}}}\n")
}

/// The manifest of a program, as JSON.
fn manifest(text: &str) -> String {
    let rows: Vec<Value> = (0..ENVIRONMENTS)
        .map(|index| {
            serde_json::json!({
                "name": name(index),
                "account": format!("{}", 100_000_000_000 + index as u64),
                "region": "eu-west-1",
            })
        })
        .collect();
    let files = MemoryFiles::new()
        .with("pipeline.aphex", text)
        .with("table.json", serde_json::to_string(&rows).unwrap());
    let analysis = analyse("pipeline.aphex", &files);
    compile::written(&analysis, Format::Json).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn name(index: usize) -> String {
    format!("env-{index:05}")
}

/// The templates of a manifest by name; there are not too many, and none has too many tasks.
fn templates(object: &Value) -> HashMap<&str, &Value> {
    let templates = object["spec"]["templates"].as_array().unwrap();
    assert!(templates.len() <= MOST, "{} templates", templates.len());
    for template in templates {
        let tasks = template["dag"]["tasks"].as_array().map_or(0, Vec::len);
        assert!(tasks <= MOST, "{}: {tasks} tasks", template["name"]);
    }
    let named = templates.iter();
    named
        .map(|one| (one["name"].as_str().unwrap(), one))
        .collect()
}

/// What the `environment` argument of every deployment is, in the order in which a run comes to them: tasks as they are
/// written, and each of its items in turn.
fn deployed(
    templates: &HashMap<&str, &Value>,
    template: &str,
    environment: &str,
    found: &mut Vec<String>,
) {
    for task in templates[template]["dag"]["tasks"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let callee = task["template"].as_str().unwrap();
        let parameters = task["arguments"]["parameters"].as_array();
        let given = parameters.into_iter().flatten();
        let given = given.filter(|parameter| parameter["name"] == "environment");
        let given = given
            .map(|parameter| parameter["value"].as_str().unwrap())
            .next();
        let given = given.unwrap_or_default();
        let given = given.replace("{{inputs.parameters.environment}}", environment);
        let items = match task["withItems"].as_array() {
            None => vec![given],
            Some(items) => items
                .iter()
                .map(|item| given.replace("{{item}}", item.as_str().unwrap()))
                .collect(),
        };
        for item in items {
            if callee == "deploy" {
                found.push(item);
            } else {
                deployed(templates, callee, &item, found);
            }
        }
    }
}

/// Each task waits for the one before it.
fn assert_one_after_another(templates: &HashMap<&str, &Value>, template: &str) {
    let mut before: Option<&str> = None;
    for task in templates[template]["dag"]["tasks"].as_array().unwrap() {
        if let Some(before) = before {
            assert_eq!(task["depends"], format!("{before}.Succeeded"), "{template}");
        }
        before = task["name"].as_str();
        let callee = task["template"].as_str().unwrap();
        if callee.starts_with("part") {
            assert_one_after_another(templates, callee);
        }
    }
}

fn assert_complete(manifest: &str) -> Value {
    let object: Value = serde_json::from_str(manifest).unwrap();
    let size = serde_json::to_string(&object).unwrap().len();
    assert!(size < OBJECT_LIMIT, "{size} bytes");
    let mut found = Vec::new();
    deployed(&templates(&object), "main", "", &mut found);
    let wanted: Vec<String> = (0..ENVIRONMENTS).map(name).collect();
    assert_eq!(found, wanted);
    object
}

fn assert_accepted(test: &str, manifest: &str) {
    if judge::is_available(test) {
        let question = Question::new(manifest).submitted("fleet", EVENT);
        judge::assert_accepted(test, &question);
    }
}

#[test]
fn a_wave_of_a_thousand_environments_is_one_object_3_5() {
    let manifest = manifest(WAVE);
    let object = assert_complete(&manifest);
    let templates = templates(&object);
    assert_eq!(templates["wave-everywhere"]["parallelism"], 20);
    assert_accepted(
        "a_wave_of_a_thousand_environments_is_one_object_3_5",
        &manifest,
    );
}

#[test]
fn a_thousand_environments_one_after_another_are_one_object_3_5() {
    let manifest = manifest(&road());
    let object = assert_complete(&manifest);
    let templates = templates(&object);
    assert_one_after_another(&templates, "main");
    assert_accepted(
        "a_thousand_environments_one_after_another_are_one_object_3_5",
        &manifest,
    );
}
