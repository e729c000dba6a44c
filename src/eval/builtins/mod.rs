//! The functions that `stdlib/builtins.aphex` declares as `extern`. What each does is said there.

mod cron;
mod data;
mod lists;
mod maps;
mod numbers;
mod outside;
mod patterns;
mod regexes;
mod texts;

use smol_str::SmolStr;

pub use patterns::Patterns;

use crate::collections::HashMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::evaluation as codes;
use crate::eval::interpreter::Interpreter;
use crate::eval::limits::bytes;
use crate::eval::operands::{Stop, needs_of};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, List, Map, Value};
use crate::source::Span;
use crate::syntax::ast::Argument;

/// What a built-in function gives.
pub type Given<'a> = Result<Value<'a>, Stop>;
/// A built-in function.
pub type Builtin = for<'i, 'c, 'a> fn(&'i Interpreter<'a>, &'c Call<'c, 'a>) -> Given<'a>;
/// The functions of one file, by name.
type Table = &'static [(&'static str, Builtin)];

/// Every built-in function by name.
pub fn table() -> HashMap<&'static str, Builtin> {
    let files: [Table; 7] = [
        texts::TABLE,
        patterns::TABLE,
        lists::TABLE,
        maps::TABLE,
        numbers::TABLE,
        data::TABLE,
        outside::TABLE,
    ];
    files.into_iter().flatten().copied().collect()
}

/// A call of a built-in function: the arguments, in the order of the parameters.
pub struct Call<'c, 'a> {
    name: &'c str,
    values: &'c [Value<'a>],
    /// The call.
    pub span: Span,
    scope: &'c Scope<'a>,
}

impl<'a> Interpreter<'a> {
    /// Calls a built-in function.
    pub(super) fn builtin(
        &self,
        name: &SmolStr,
        values: &[Value<'a>],
        _arguments: &'a [Argument],
        span: Span,
        scope: &Scope<'a>,
    ) -> Given<'a> {
        let function = self.builtins.get(name.as_str()).ok_or(Stop::Error)?;
        function(
            self,
            &Call {
                name,
                values,
                span,
                scope,
            },
        )
    }

    /// An argument that the function cannot work with.
    fn bad_argument(&self, call: &Call<'_, 'a>, index: usize, message: String) -> Stop {
        let place = self.argument_span(call, index);
        let mut diagnostic = Diagnostic::error(&codes::BAD_ARGUMENT, place, message);
        if !call.span.contains(place) && !self.is_standard(call.span) {
            diagnostic = diagnostic.also(call.span, format!("given to `{}` here", call.name));
        }
        self.report_in(call.scope, diagnostic);
        Stop::Error
    }

    /// The place of an argument, where that is in a file of the user's; else the call.
    fn argument_span(&self, call: &Call<'_, 'a>, index: usize) -> Span {
        match call.values.get(index) {
            Some(value) if !self.is_standard(value.span) => value.span,
            _ => call.span,
        }
    }
}

impl<'c, 'a> Call<'c, 'a> {
    /// An argument.
    fn value(&self, index: usize) -> Result<&'c Value<'a>, Stop> {
        let value = self.values.get(index).ok_or(Stop::Error)?;
        needs_of([value]).map_or(Ok(value), Err)
    }

    fn wrong<T>(
        &self,
        interpreter: &Interpreter<'a>,
        index: usize,
        wanted: &str,
    ) -> Result<T, Stop> {
        let value = self.value(index)?;
        Err(interpreter.wrong_value(value, wanted, self.span))
    }

    /// An argument that is a text.
    fn text(&self, interpreter: &Interpreter<'a>, index: usize) -> Result<&'c SmolStr, Stop> {
        match &self.value(index)?.kind {
            Kind::String(text) => {
                interpreter.charge(bytes(text.len()), self.span)?;
                Ok(text)
            }
            _ => self.wrong(interpreter, index, "a text"),
        }
    }

    /// An argument that is an integer.
    fn int(&self, interpreter: &Interpreter<'a>, index: usize) -> Result<i64, Stop> {
        match &self.value(index)?.kind {
            Kind::Int(value) => Ok(*value),
            _ => self.wrong(interpreter, index, "an integer"),
        }
    }

    /// An argument that is a number.
    fn float(&self, interpreter: &Interpreter<'a>, index: usize) -> Result<f64, Stop> {
        match &self.value(index)?.kind {
            Kind::Float(value) => Ok(*value),
            Kind::Int(value) => Ok(*value as f64),
            _ => self.wrong(interpreter, index, "a number"),
        }
    }

    /// An argument that is a list.
    fn list(&self, interpreter: &Interpreter<'a>, index: usize) -> Result<&'c List<'a>, Stop> {
        match &self.value(index)?.kind {
            Kind::List(list) => {
                interpreter.charge(list.items.len() / 8, self.span)?;
                Ok(list)
            }
            _ => self.wrong(interpreter, index, "a list"),
        }
    }

    /// An argument that is a map.
    fn map(&self, interpreter: &Interpreter<'a>, index: usize) -> Result<&'c Map<'a>, Stop> {
        match &self.value(index)?.kind {
            Kind::Map(map) => {
                let keys = map.entries.keys().map(|key| bytes(key.len()));
                let keys: usize = keys.sum();
                interpreter.charge(map.entries.len() / 8 + keys, self.span)?;
                Ok(map)
            }
            _ => self.wrong(interpreter, index, "a map"),
        }
    }

    /// An argument that is a list of texts.
    fn texts(&self, interpreter: &Interpreter<'a>, index: usize) -> Result<Vec<&'c SmolStr>, Stop> {
        let list = self.list(interpreter, index)?;
        if let Some(stop) = needs_of(&list.items) {
            return Err(stop);
        }
        list.items
            .iter()
            .map(|item| match &item.kind {
                Kind::String(text) => {
                    interpreter.charge(bytes(text.len()), self.span)?;
                    Ok(text)
                }
                _ => Err(interpreter.wrong_value(item, "a text", self.span)),
            })
            .collect()
    }

    fn int_value(&self, value: i64) -> Given<'a> {
        Ok(Value::new(Kind::Int(value), self.span))
    }

    fn bool_value(&self, value: bool) -> Given<'a> {
        Ok(Value::new(Kind::Bool(value), self.span))
    }

    fn null(&self) -> Given<'a> {
        Ok(Value::new(Kind::Null, self.span))
    }

    /// A text, or `null`.
    fn maybe_text(&self, interpreter: &Interpreter<'a>, text: Option<String>) -> Given<'a> {
        match text {
            Some(text) => interpreter.text(text, self.span),
            None => self.null(),
        }
    }

    /// A count as an integer.
    fn count(&self, count: usize) -> Given<'a> {
        self.int_value(i64::try_from(count).unwrap_or(i64::MAX))
    }
}
