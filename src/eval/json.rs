//! JSON: of values in a program (`json(…)`), and of an evaluated pipeline (`aphex eval`).

use serde_json::{Map as Object, Value as Json, json};

use crate::eval::data::{self, Data, Node, SecretStore};
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Stop, needs_of};
use crate::eval::value::{Kind, Value};
use crate::source::Span;

/// Writes a value as JSON on one line. Durations are seconds, sizes bytes, blocks their paths.
pub(super) fn write_value<'a>(
    interpreter: &Interpreter<'a>,
    value: &Value<'a>,
    span: Span,
    into: &mut String,
) -> Result<(), Stop> {
    interpreter.charge(1, span)?;
    if let Some(stop) = needs_of([value]) {
        return Err(stop);
    }
    match &value.kind {
        Kind::Null => into.push_str("null"),
        Kind::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        Kind::Int(value) | Kind::Duration(value) | Kind::Size(value) => {
            into.push_str(&value.to_string());
        }
        Kind::Float(value) => into.push_str(&Json::from(*value).to_string()),
        Kind::String(text) => into.push_str(&Json::from(text.as_str()).to_string()),
        Kind::List(list) => {
            into.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                write_value(interpreter, item, span, into)?;
            }
            into.push(']');
        }
        Kind::Map(map) => {
            into.push('{');
            for (index, (key, item)) in map.entries.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                into.push_str(&Json::from(key.as_str()).to_string());
                into.push(':');
                write_value(interpreter, item, span, into)?;
            }
            into.push('}');
        }
        Kind::Block(cell) => into.push_str(&Json::from(cell.path().to_string()).to_string()),
        _ => return Err(interpreter.wrong_value(value, "a value that JSON can hold", span)),
    }
    interpreter.room_for_text(into.len(), span)
}

/// The version of the form that `aphex eval` prints; see `schemas/eval.v1.json`.
pub const VERSION: u32 = 1;

/// Evaluated pipelines as people's own tools read them.
pub fn pipelines<'o>(objects: impl IntoIterator<Item = &'o data::Object>) -> Json {
    let pipelines: Vec<Json> = objects.into_iter().map(object).collect();
    json!({ "version": VERSION, "pipelines": pipelines })
}

/// An instance: its schema, its path where it is a block, its fields, its blocks in order.
pub fn object(object: &data::Object) -> Json {
    let mut result = Object::new();
    result.insert("schema".into(), object.schema.as_str().into());
    if !object.path.0.is_empty() {
        result.insert("path".into(), path(&object.path));
    }
    let fields = object.fields.iter();
    let fields: Object<String, Json> = fields
        .map(|(name, field)| (name.to_string(), node(&field.node)))
        .collect();
    result.insert("fields".into(), Json::Object(fields));
    let blocks: Vec<Json> = object
        .blocks
        .iter()
        .map(|block| {
            let mut result = Object::new();
            result.insert("kind".into(), block.kind.as_str().into());
            if let Some(label) = &block.label {
                result.insert("label".into(), label.as_str().into());
            }
            result.insert("content".into(), self::object(&block.object));
            Json::Object(result)
        })
        .collect();
    result.insert("blocks".into(), Json::Array(blocks));
    Json::Object(result)
}

fn path(path: &data::BlockPath) -> Json {
    let steps = path.0.iter().map(|step| match &step.label {
        Some(label) => json!({ "kind": step.kind.as_str(), "label": label.as_str() }),
        None => json!({ "kind": step.kind.as_str() }),
    });
    Json::Array(steps.collect())
}

/// A value. What JSON has no form for is an object with one key that begins with `$`.
fn node(node: &Node) -> Json {
    match &node.data {
        Data::Null | Data::Error => Json::Null,
        Data::Bool(value) => (*value).into(),
        Data::Int(value) => (*value).into(),
        Data::Float(value) => (*value).into(),
        Data::String(text) => text.as_str().into(),
        Data::Duration(seconds) => json!({ "$seconds": seconds }),
        Data::Size(bytes) => json!({ "$bytes": bytes }),
        Data::List(items) => Json::Array(items.iter().map(self::node).collect()),
        Data::Map(entries) => {
            let entries = entries.iter();
            Json::Object(
                entries
                    .map(|(key, item)| (key.to_string(), self::node(item)))
                    .collect(),
            )
        }
        Data::Object(value) => json!({ "$object": object(value) }),
        Data::Ref(block) => json!({ "$ref": path(block) }),
        Data::Output(output) => {
            let needs: Vec<String> = output
                .needs
                .iter()
                .map(|need| need.source.to_string())
                .collect();
            json!({ "$output": { "expression": output.expression, "needs": needs } })
        }
        Data::Secret(secret) => {
            let store = match secret.store {
                SecretStore::Kubernetes => "kubernetes",
                SecretStore::SecretsManager => "secrets_manager",
                SecretStore::SsmSecure => "ssm_secure",
            };
            let key = secret.key.as_ref().map(|key| key.as_str());
            json!({ "$secret": { "store": store, "name": secret.name.as_str(), "key": key } })
        }
    }
}
