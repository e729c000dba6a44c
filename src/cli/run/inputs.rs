//! The inputs of a run, as `--input` gives them.

use regex::Regex;

use crate::collections::IndexMap;
use crate::diagnostics::codes::pipeline::UNKNOWN_INPUT;
use crate::diagnostics::codes::run::MALFORMED;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, safe};
use crate::model::{Input, Pipeline};

/// What is given, and the defaults of what is not; the pipeline's own rules for them hold.
pub fn of(pipeline: &Pipeline, pairs: &[String]) -> Result<IndexMap<String, String>, Diagnostic> {
    let mut given: IndexMap<&str, &str> = IndexMap::default();
    for pair in pairs {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong(format!("`--input {pair}` is no NAME=VALUE")))?;
        given.insert(name, value);
    }
    let mut inputs = IndexMap::default();
    for input in &pipeline.inputs {
        let name = &input.name.value;
        let value = given.shift_remove(name.as_str()).map(str::to_owned);
        let value = value.or_else(|| input.default.as_ref().map(|default| default.value.clone()));
        let value = value.ok_or_else(|| {
            wrong(format!("the input `{name}` has no value"))
                .help(format!("give it: `--input {name}=…`"))
        })?;
        check(input, &value)?;
        inputs.insert(name.clone(), value);
    }
    match given.keys().next() {
        None => Ok(inputs),
        Some(name) => Err(unknown(pipeline, name)),
    }
}

/// Holds a value against what the pipeline says of the input.
fn check(input: &Input, value: &str) -> Result<(), Diagnostic> {
    let name = &input.name.value;
    let refused =
        |note: String| Err(wrong(format!("the input `{name}` cannot be `{value}`")).note(note));
    let mut choices = input.choices.iter();
    if !input.choices.is_empty() && !choices.any(|choice| choice.value == value) {
        let names = input.choices.iter().map(|choice| choice.value.as_str());
        return refused(format!("it is one of {}", list_names(names, 12)));
    }
    let Some(pattern) = &input.pattern else {
        return Ok(());
    };
    let whole = Regex::new(&format!("^(?:{})$", pattern.value));
    match whole.is_ok_and(|whole| whole.is_match(value)) {
        true => Ok(()),
        false => refused(format!("it must match `{}`", pattern.value)),
    }
}

fn unknown(pipeline: &Pipeline, name: &str) -> Diagnostic {
    let names = || pipeline.inputs.iter().map(|input| &*input.name.value);
    let message = format!("the pipeline has no input `{}`", safe::line(name));
    let problem = Diagnostic::without_place(&UNKNOWN_INPUT, message);
    match did_you_mean(name, names()) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None if pipeline.inputs.is_empty() => problem
            .note("it has none")
            .help("an input is a block of the pipeline: `input reason {}`"),
        None => problem.note(format!("it has {}", list_names(names(), 12))),
    }
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::without_place(&MALFORMED, message)
}
