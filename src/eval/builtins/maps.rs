//! Maps.

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::builtins::lists::object;
use crate::eval::builtins::{Call, Given, Table};
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Stop, needs_of};
use crate::eval::value::{Kind, Value};

pub(super) const TABLE: Table = &[
    ("keys", keys),
    ("values", values),
    ("entries", entries),
    ("from_entries", from_entries),
    ("get", get),
    ("merge", merge),
    ("without", without),
];

fn keys<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let map = call.map(interpreter, 0)?;
    let keys = map.entries.iter();
    let keys = keys.map(|(key, value)| Value::new(Kind::String(key.clone()), value.span));
    interpreter.list(keys.collect(), call.span)
}

fn values<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let map = call.map(interpreter, 0)?;
    interpreter.list(map.entries.values().cloned().collect(), call.span)
}

fn entries<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let map = call.map(interpreter, 0)?;
    let entries: Result<Vec<Value<'a>>, Stop> = map
        .entries
        .iter()
        .map(|(key, value)| {
            let key = Value::new(Kind::String(key.clone()), value.span);
            object(interpreter, call, [("key", &key), ("value", value)])
        })
        .collect();
    interpreter.list(entries?, call.span)
}

fn from_entries<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    if let Some(stop) = needs_of(&list.items) {
        return Err(stop);
    }
    let mut map: IndexMap<SmolStr, Value<'a>> = IndexMap::default();
    for entry in &list.items {
        let Kind::Map(pair) = &entry.kind else {
            return Err(interpreter.wrong_value(entry, "an object", call.span));
        };
        let (Some(key), Some(value)) = (pair.entries.get("key"), pair.entries.get("value")) else {
            return Err(Stop::Error);
        };
        let Kind::String(text) = &key.kind else {
            return Err(interpreter.wrong_value(key, "a text", call.span));
        };
        let place = if interpreter.is_standard(key.span) {
            call.span
        } else {
            key.span
        };
        interpreter.insert(&mut map, text.clone(), value.clone(), place)?;
    }
    interpreter.map(map, call.span)
}

fn get<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let map = call.map(interpreter, 0)?;
    match map.entries.get(call.text(interpreter, 1)?) {
        Some(value) => Ok(value.clone()),
        None => call.null(),
    }
}

fn merge<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let first = call.map(interpreter, 0)?;
    let second = call.map(interpreter, 1)?;
    interpreter.charge(first.entries.len() + second.entries.len(), call.span)?;
    let mut entries = first.entries.clone();
    for (key, value) in &second.entries {
        entries.insert(key.clone(), value.clone());
    }
    interpreter.map(entries, call.span)
}

fn without<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let map = call.map(interpreter, 0)?;
    let keys = call.texts(interpreter, 1)?;
    let keys: crate::collections::HashSet<&SmolStr> = keys.into_iter().collect();
    let kept = map.entries.iter().filter(|(key, _)| !keys.contains(*key));
    let kept = kept.map(|(key, value)| (key.clone(), value.clone()));
    interpreter.map(kept.collect(), call.span)
}
