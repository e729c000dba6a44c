//! What a deployment would change in the pipeline's own stack: its template compared with that which is there.
//!
//! A change set would tell the same of a template as simple as this, but it has to be made, and left behind where whoever makes it is killed; and who plans would have to be allowed to
//! make one. Which changes replace a resource is known for the few types that there are.

use serde_json::Value;

use crate::cloud::aws::cloudformation::require;
use crate::cloud::aws::{Aws, cloudformation};
use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::aws::NO_EXPORT;
use crate::model::Pipeline;
use crate::source::FileSystem;
use crate::stage::apply::inside::told;
use crate::stage::apply::{Applied, Change, Owner, find_stack};
use crate::target::stack::{Export, Options, synthesise};

/// Properties whose change makes a new resource in place of the old one (the CloudFormation user guide, "Update requires: Replacement").
const REPLACING: [(&str, &str); 4] = [
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::S3::BucketPolicy", "Bucket"),
];

/// What would become of the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackPlan {
    /// Its name.
    pub name: String,
    /// Its resources, and its outputs as one, as far as they would change.
    pub changes: Vec<Applied>,
}

/// Compares the stack of a pipeline with that in AWS, and gives the outputs of that; `None` where there is none. Nothing is changed.
pub fn plan_stack(
    aws: &Aws,
    pipeline: &Pipeline,
    owner: Owner<'_>,
    files: &dyn FileSystem,
    options: &Options,
) -> Result<(StackPlan, Option<IndexMap<String, String>>), Diagnostic> {
    let assembly = synthesise(pipeline, files, options);
    let found = find_stack(aws, pipeline, owner)?;
    let there = match &found {
        None => None,
        Some(_) => cloudformation::template(aws, &assembly.stack)
            .map_err(|failure| failure.into_diagnostic())?,
    };
    if found.is_none() {
        // Where they are missing, it could not be made.
        let wanted = Export::names(&options.exports, &pipeline.cluster.value);
        match require(aws, &wanted, &options.exports) {
            Err(problem) if problem.code == &NO_EXPORT => return Err(problem),
            // Who plans need not be allowed to look.
            Ok(_) | Err(_) => {}
        }
    }
    let plan = between(&assembly.stack, there.as_deref(), &assembly.template);
    Ok((plan, found.map(|found| found.outputs)))
}

/// Compares two templates; without an earlier one everything is new.
pub fn between(stack: &str, before: Option<&str>, after: &str) -> StackPlan {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let before = before.map(read).unwrap_or_default();
    let after = read(after);
    let (old, new) = (resources(&before), resources(&after));
    let mut changes = Vec::new();
    let of = |resource: &Value| {
        resource
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut add = |kind: String, name: &str, change, lines| {
        changes.push(Applied {
            kind,
            name: name.to_owned(),
            change,
            difference: None,
            lines,
        });
    };
    for (name, resource) in &new {
        match old.get(name) {
            None => add(of(resource), name, Change::Made, Vec::new()),
            Some(earlier) if earlier == resource => {}
            Some(earlier) => {
                let change = match is_replaced(earlier, resource) {
                    true => Change::Replaced,
                    false => Change::Updated,
                };
                add(
                    of(resource),
                    name,
                    change,
                    told(&parts(earlier), &parts(resource)),
                );
            }
        }
    }
    for (name, resource) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        add(of(resource), name, Change::Removed, Vec::new());
    }
    let outputs = |template: &Value| members(template.get("Outputs"));
    if before != Value::Null && outputs(&before) != outputs(&after) {
        let lines = told(&outputs(&before), &outputs(&after));
        add("outputs".to_owned(), "of the stack", Change::Updated, lines);
    }
    StackPlan {
        name: stack.to_owned(),
        changes,
    }
}

fn members(value: Option<&Value>) -> IndexMap<String, Value> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn resources(template: &Value) -> IndexMap<String, Value> {
    members(template.get("Resources"))
}

fn is_replaced(before: &Value, after: &Value) -> bool {
    let kind = |resource: &Value| resource.get("Type").cloned();
    let property = |resource: &Value, name: &str| resource.get("Properties")?.get(name).cloned();
    kind(before) != kind(after)
        || REPLACING.iter().any(|(of, name)| {
            kind(after).as_ref().and_then(Value::as_str) == Some(of)
                && property(before, name) != property(after, name)
        })
}

/// What a resource may, a line for an action on something, and its other properties.
fn parts(resource: &Value) -> IndexMap<String, Value> {
    let mut parts = IndexMap::default();
    for (name, value) in members(resource.get("Properties")) {
        match name.as_str() {
            "Policies" => {
                let all = value.as_array().into_iter().flatten();
                all.filter_map(|policy| policy.get("PolicyDocument"))
                    .for_each(|document| statements(document, &mut parts));
            }
            "PolicyDocument" => statements(&value, &mut parts),
            "AssumeRolePolicyDocument" => _ = parts.insert("who may be it".to_owned(), value),
            _ => _ = parts.insert(name, value),
        }
    }
    parts
}

fn statements(document: &Value, parts: &mut IndexMap<String, Value>) {
    let list = |value: Option<&Value>| match value {
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    for statement in list(document.get("Statement")) {
        let word = match statement.get("Effect").and_then(Value::as_str) {
            Some("Deny") => "must not",
            _ => "may",
        };
        for action in list(statement.get("Action")) {
            for resource in list(statement.get("Resource")) {
                let action = action.as_str().unwrap_or_default();
                let line = format!("{word} {action} on {}", words(&resource));
                parts.insert(
                    line,
                    statement.get("Condition").cloned().unwrap_or_default(),
                );
            }
        }
    }
}

/// An ARN, or how CloudFormation makes it.
fn words(resource: &Value) -> String {
    let text = resource
        .as_str()
        .or_else(|| resource.get("Fn::Sub")?.as_str());
    match (text, resource.get("Fn::GetAtt").and_then(Value::as_array)) {
        (Some(text), _) => text.to_owned(),
        (None, Some(parts)) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            format!("${{{}}}", parts.join("."))
        }
        (None, None) => resource.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rights_are_gained_and_lost_and_a_new_name_is_a_new_role() {
        let role = |name: &str, keys: &[&str]| {
            let objects: Vec<Value> = keys
                .iter()
                .map(|key| json!({ "Fn::Sub": format!("${{Bucket.Arn}}/{key}") }))
                .collect();
            let statement =
                json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": objects });
            json!({ "Type": "AWS::IAM::Role", "Properties": {
                "RoleName": name, "Policies": [{ "PolicyDocument": { "Statement": [statement] } }],
            } })
        };
        let template = |resources: Value| json!({ "Resources": resources }).to_string();
        let before = template(
            json!({ "BuildRole": role("a", &["runs/*", "old/*"]), "Gone": role("g", &[]) }),
        );
        let after = template(
            json!({ "BuildRole": role("a", &["runs/*", "new/*"]), "New": role("n", &[]) }),
        );
        let plan = between("shop", Some(&before), &after);
        let all: Vec<_> = plan
            .changes
            .iter()
            .map(|one| (&*one.name, one.change))
            .collect();
        assert_eq!(
            all,
            [
                ("BuildRole", Change::Updated),
                ("New", Change::Made),
                ("Gone", Change::Removed)
            ]
        );
        assert_eq!(
            plan.changes[0].lines,
            [
                "+ may s3:GetObject on ${Bucket.Arn}/new/*",
                "- may s3:GetObject on ${Bucket.Arn}/old/*"
            ]
        );
        let renamed = template(
            json!({ "BuildRole": role("b", &["runs/*", "old/*"]), "Gone": role("g", &[]) }),
        );
        let plan = between("shop", Some(&before), &renamed);
        assert_eq!(plan.changes[0].change, Change::Replaced);
        assert_eq!(plan.changes[0].lines, ["~ RoleName"]);
        assert!(between("shop", Some(&before), &before).changes.is_empty());
        assert_eq!(between("shop", None, &before).changes.len(), 2);
    }
}
