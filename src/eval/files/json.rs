//! JSON, strictly.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::files::{Fault, place, plain};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits;
use crate::eval::value::{Kind, Value};
use crate::source::{SourceId, Span};

/// The value of a JSON text.
pub(super) fn read<'a>(
    interpreter: &Interpreter<'a>,
    source: SourceId,
    text: &str,
) -> Result<Value<'a>, Option<Fault>> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict).map_err(|error| {
        let range = error.range();
        let span = place(source, range.start, range.end);
        let message = error.kind().to_string();
        let mut letters = message.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        let message: String = first.into_iter().chain(letters).collect();
        Some(Fault::syntax(span, format!("this is no JSON: {message}")))
    })?;
    let Some(value) = parsed.value else {
        let span = place(source, 0, text.len().min(1));
        return Err(Some(Fault::syntax(
            span,
            "this is no JSON: the file is empty",
        )));
    };
    let reader = Reader {
        interpreter,
        source,
    };
    reader.value(&value, 0)
}

struct Reader<'i, 'a> {
    interpreter: &'i Interpreter<'a>,
    source: SourceId,
}

impl<'a> Reader<'_, 'a> {
    fn value(&self, value: &ast::Value<'_>, depth: u32) -> Result<Value<'a>, Option<Fault>> {
        let range = value.range();
        let span = place(self.source, range.start, range.end);
        if depth >= limits::DATA_DEPTH {
            return Err(Some(Fault::too_deep(span)));
        }
        self.interpreter.charge(1, span).map_err(|_| None)?;
        Ok(match value {
            ast::Value::NullKeyword(_) => plain(Kind::Null, span),
            ast::Value::BooleanLit(literal) => plain(Kind::Bool(literal.value), span),
            ast::Value::StringLit(literal) => {
                let text = SmolStr::new(&literal.value);
                self.interpreter.text(text, span).map_err(|_| None)?
            }
            ast::Value::NumberLit(literal) => plain(number(literal.value, span)?, span),
            ast::Value::Array(array) => {
                let items: Result<Vec<Value<'a>>, Option<Fault>> = array
                    .elements
                    .iter()
                    .map(|item| self.value(item, depth + 1))
                    .collect();
                self.interpreter.list(items?, span).map_err(|_| None)?
            }
            ast::Value::Object(object) => {
                let mut entries: IndexMap<SmolStr, (Span, Value<'a>)> = IndexMap::default();
                for property in &object.properties {
                    let range = property.name.range();
                    let at = place(self.source, range.start, range.end);
                    let key = SmolStr::new(property.name.as_str());
                    if let Some((first, _)) = entries.get(&key) {
                        return Err(Some(Fault::key_twice(&key, at, *first)));
                    }
                    let value = self.value(&property.value, depth + 1)?;
                    entries.insert(key, (at, value));
                }
                let entries = entries.into_iter();
                let entries = entries.map(|(key, (_, value))| (key, value)).collect();
                self.interpreter.map(entries, span).map_err(|_| None)?
            }
        })
    }
}

/// An integer where it is written as one and fits, else a number.
pub(super) fn number<'a>(text: &str, span: Span) -> Result<Kind<'a>, Option<Fault>> {
    if let Ok(value) = text.parse() {
        return Ok(Kind::Int(value));
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && text.contains(['.', 'e', 'E']) => Ok(Kind::Float(value)),
        _ => Err(Some(Fault::syntax(
            span,
            format!("the number `{text}` is too large"),
        ))),
    }
}
