//! Conditions on an event, as a Sensor has them. All of a dependency must hold.
//!
//! `pkg/sensors/dependencies/filter.go` of Argo Events: a text is compared with regular expressions that match anywhere in it, so these are anchored; an event that lacks a
//! path is discarded.

use serde_json::{Value, json};

/// One condition.
#[derive(Clone, Debug)]
pub enum Filter {
    /// A value at a path.
    Data(Value),
    /// An expression over values at paths.
    Expression(Value),
}

/// That a text matches one of some regular expressions.
pub fn data(path: &str, regexes: &[String]) -> Filter {
    Filter::Data(json!({ "path": path, "type": "string", "value": regexes }))
}

/// That a text is one of these.
pub fn one_of(path: &str, texts: &[&str]) -> Filter {
    let regexes = texts
        .iter()
        .map(|text| format!("^{}$", regex::escape(text)));
    data(path, &regexes.collect::<Vec<_>>())
}

/// That a text does not match a regular expression. (Of several values Argo Events wants one that does not match.)
pub fn not(path: &str, regex: String) -> Filter {
    Filter::Data(json!({ "path": path, "type": "string", "comparator": "!=", "value": [regex] }))
}

/// That something is false.
pub fn is_false(path: &str) -> Filter {
    Filter::Data(json!({ "path": path, "type": "bool", "value": ["false"] }))
}

/// The `filters` of a dependency.
pub fn of(filters: &[Filter]) -> Value {
    let mut data = Vec::new();
    let mut expressions = Vec::new();
    for filter in filters {
        match filter {
            Filter::Data(value) => data.push(value.clone()),
            Filter::Expression(value) => expressions.push(value.clone()),
        }
    }
    let mut all = json!({ "data": data });
    if let (Some(all), false) = (all.as_object_mut(), expressions.is_empty()) {
        all.insert("exprs".to_owned(), Value::Array(expressions));
    }
    all
}
