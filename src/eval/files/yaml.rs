//! YAML 1.2: one document, the core schema, merge keys.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use smol_str::SmolStr;

use crate::collections::{HashMap, IndexMap};
use crate::diagnostics::codes::evaluation as codes;
use crate::eval::files::{Fault, place, plain};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits;
use crate::eval::value::{Kind, Value};
use crate::source::{SourceId, Span};

type Read<'a> = Result<Value<'a>, Option<Fault>>;

/// The value of a YAML text.
pub(super) fn read<'a>(interpreter: &Interpreter<'a>, source: SourceId, text: &str) -> Read<'a> {
    let mut reader = Reader {
        interpreter,
        events: Parser::new_from_str(text),
        places: Places::new(source, text),
        anchors: HashMap::default(),
        aliased: 0,
    };
    reader.document()
}

struct Reader<'i, 't, 'a> {
    interpreter: &'i Interpreter<'a>,
    events: Parser<'t, StrInput<'t>>,
    places: Places<'t>,
    /// Values by anchor, and how many values each is made of.
    anchors: HashMap<usize, (Value<'a>, u64)>,
    aliased: u64,
}

impl<'t, 'a> Reader<'_, 't, 'a> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Option<Fault>> {
        match self.events.next() {
            Some(Ok((event, span))) => {
                let span = self.places.span(span.start.index(), span.end.index());
                self.interpreter.charge(1, span).map_err(|_| None)?;
                Ok((event, span))
            }
            Some(Err(error)) => {
                let at = error.marker().index();
                let span = self.places.span(at, at + 1);
                Err(Some(Fault::syntax(
                    span,
                    format!("this is no YAML: {}", error.info()),
                )))
            }
            None => Ok((Event::StreamEnd, self.places.span(0, 0))),
        }
    }

    fn document(&mut self) -> Read<'a> {
        let mut value = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => break,
                Event::DocumentStart(_) if value.is_some() => {
                    return Err(Some(Fault::syntax(
                        span,
                        "this file has several YAML documents, and one is read",
                    )));
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    value = Some(self.value(event, span, 0)?.0);
                }
                _ => return Err(None),
            }
        }
        value.ok_or_else(|| {
            let span = self.places.span(0, 1);
            Some(Fault::syntax(
                span,
                "this is no YAML document: the file is empty",
            ))
        })
    }

    /// A value, and how many values it is made of.
    fn value(
        &mut self,
        event: Event<'t>,
        span: Span,
        depth: u32,
    ) -> Result<(Value<'a>, u64), Option<Fault>> {
        if depth >= limits::DATA_DEPTH {
            return Err(Some(Fault::too_deep(span)));
        }
        let (anchor, value, count) = match event {
            Event::Alias(anchor) => {
                let Some((value, count)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Some(Fault::syntax(
                        span,
                        "this alias is part of what it names",
                    )));
                };
                self.aliased = self.aliased.saturating_add(count);
                if self.aliased > limits::ALIASES {
                    let message = format!(
                        "the aliases of this file stand for more than {} values",
                        limits::ALIASES
                    );
                    return Err(Some(Fault::new(&codes::DATA_TOO_LARGE, span, message)));
                }
                return Ok((value, count));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar(&text, style, tag.as_deref(), span)?;
                if let Kind::String(text) = &kind {
                    let room = self.interpreter.room_for_text(text.len(), span);
                    room.map_err(|_| None)?;
                }
                (anchor, plain(kind, span), 1)
            }
            Event::SequenceStart(anchor, tag) => {
                self.no_tag(tag.as_deref(), "seq", span)?;
                let (value, count) = self.sequence(span, depth)?;
                (anchor, value, count)
            }
            Event::MappingStart(anchor, tag) => {
                self.no_tag(tag.as_deref(), "map", span)?;
                let (value, count) = self.mapping(span, depth)?;
                (anchor, value, count)
            }
            _ => return Err(Some(Fault::syntax(span, "a value is missing here"))),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), count));
        }
        Ok((value, count))
    }

    fn sequence(&mut self, start: Span, depth: u32) -> Result<(Value<'a>, u64), Option<Fault>> {
        let mut items = Vec::new();
        let mut total = 1;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let list = self.interpreter.list(items, start.to(span));
                return Ok((list.map_err(|_| None)?, total));
            }
            let (value, count) = self.value(event, span, depth + 1)?;
            total += count;
            items.push(value);
        }
    }

    fn mapping(&mut self, start: Span, depth: u32) -> Result<(Value<'a>, u64), Option<Fault>> {
        let mut entries: IndexMap<SmolStr, (Span, Value<'a>)> = IndexMap::default();
        let mut merged: Vec<(Value<'a>, Span)> = Vec::new();
        let mut total = 1;
        let end = loop {
            let (event, at) = self.next()?;
            let (key, is_plain) = match event {
                Event::MappingEnd => break at,
                Event::Scalar(text, style, ..) => {
                    (SmolStr::new(&text), style == ScalarStyle::Plain)
                }
                _ => return Err(Some(Fault::syntax(at, "a key must be a text"))),
            };
            let (event, span) = self.next()?;
            let (value, count) = self.value(event, span, depth + 1)?;
            total += count;
            if key == "<<" && is_plain {
                merged.push((value, span));
                continue;
            }
            if let Some((first, _)) = entries.get(&key) {
                return Err(Some(Fault::key_twice(&key, at, *first)));
            }
            entries.insert(key, (at, value));
        };
        for (value, span) in merged {
            self.merge(&value, span, &mut entries)?;
        }
        let entries = entries.into_iter();
        let entries = entries.map(|(key, (_, value))| (key, value)).collect();
        let map = self.interpreter.map(entries, start.to(end));
        Ok((map.map_err(|_| None)?, total))
    }

    /// `<<: *base`, `<<: [*a, *b]`: what is not there yet.
    fn merge(
        &self,
        value: &Value<'a>,
        span: Span,
        entries: &mut IndexMap<SmolStr, (Span, Value<'a>)>,
    ) -> Result<(), Option<Fault>> {
        let maps: Vec<&Value<'a>> = match &value.kind {
            Kind::List(list) => list.items.iter().collect(),
            _ => vec![value],
        };
        for map in maps {
            let Kind::Map(map) = &map.kind else {
                return Err(Some(Fault::syntax(
                    span,
                    "`<<` takes an object, or a list of them",
                )));
            };
            self.interpreter
                .charge(map.entries.len(), span)
                .map_err(|_| None)?;
            for (key, value) in &map.entries {
                let entry = entries.entry(key.clone());
                entry.or_insert_with(|| (span, value.clone()));
            }
        }
        Ok(())
    }

    fn no_tag(&self, tag: Option<&Tag>, own: &str, span: Span) -> Result<(), Option<Fault>> {
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == own) => {
                Err(unknown_tag(tag, span))
            }
            _ => Ok(()),
        }
    }
}

fn unknown_tag(tag: &Tag, span: Span) -> Option<Fault> {
    let message = format!("the tag `{}{}` means nothing here", tag.handle, tag.suffix);
    Some(Fault::syntax(span, message))
}

/// A scalar by the core schema.
fn scalar<'a>(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: Span,
) -> Result<Kind<'a>, Option<Fault>> {
    let as_text = || Ok(Kind::String(SmolStr::new(text)));
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => return as_text(),
        Some(tag)
            if !(tag.is_yaml_core_schema()
                && matches!(tag.suffix.as_str(), "int" | "float" | "bool" | "null")) =>
        {
            return Err(unknown_tag(tag, span));
        }
        Some(_) => {}
        None if style != ScalarStyle::Plain => return as_text(),
        None => {}
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        text => match numeric(text) {
            Some(Numeric::Int(value)) => Kind::Int(value),
            Some(Numeric::Float(value)) => Kind::Float(value),
            Some(Numeric::TooLarge) => {
                let message = format!("the number `{text}` is too large; a text stands in quotes");
                return Err(Some(Fault::syntax(span, message)));
            }
            None => return as_text(),
        },
    })
}

enum Numeric {
    Int(i64),
    Float(f64),
    TooLarge,
}

/// A number of the core schema; `None` for what is none.
fn numeric(text: &str) -> Option<Numeric> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let fits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            return fits.then(|| match i64::from_str_radix(digits, radix) {
                Ok(value) => Numeric::Int(value),
                Err(_) => Numeric::TooLarge,
            });
        }
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Numeric::TooLarge);
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !unsigned.is_empty() && digits(unsigned) {
        return Some(text.parse().map_or(Numeric::TooLarge, Numeric::Int));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    let is_number = (!whole.is_empty() || !part.is_empty())
        && digits(whole)
        && digits(part)
        && exponent_fits
        && (mantissa.contains('.') || exponent.is_some());
    is_number.then(|| match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Numeric::Float(value),
        _ => Numeric::TooLarge,
    })
}

/// From counts of characters, which the parser gives, to bytes.
struct Places<'t> {
    source: SourceId,
    text: &'t str,
    /// The byte where every 128th character begins.
    marks: Vec<usize>,
}

const STRIDE: usize = 128;

impl<'t> Places<'t> {
    fn new(source: SourceId, text: &'t str) -> Self {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .map(|(at, _)| at)
                .step_by(STRIDE)
                .collect()
        };
        Places {
            source,
            text,
            marks,
        }
    }

    fn byte(&self, index: usize) -> usize {
        let Some(mark) = self.marks.get(index / STRIDE) else {
            return if self.marks.is_empty() {
                index.min(self.text.len())
            } else {
                self.text.len()
            };
        };
        let rest = self.text.get(*mark..).unwrap_or_default();
        let within = rest.char_indices().nth(index % STRIDE);
        within.map_or(self.text.len(), |(at, _)| mark + at)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        place(self.source, self.byte(start), self.byte(end.max(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_follow_the_core_schema() {
        let read = |text| scalar(text, ScalarStyle::Plain, None, place(SourceId(0), 0, 0)).ok();
        assert!(matches!(read("~"), Some(Kind::Null)));
        assert!(matches!(read("no"), Some(Kind::String(text)) if text == "no"));
        assert!(matches!(read("012"), Some(Kind::Int(12))));
        assert!(matches!(read("0x1F"), Some(Kind::Int(31))));
        assert!(matches!(read("-1.5e3"), Some(Kind::Float(value)) if value == -1500.0));
        assert!(matches!(read("1.2.3"), Some(Kind::String(_))));
        assert!(matches!(read("."), Some(Kind::String(_))));
        assert!(matches!(read("e1"), Some(Kind::String(_))));
        assert!(read("99999999999999999999").is_none());
        assert!(read(".inf").is_none());
    }

    #[test]
    fn places_count_bytes() {
        let text = "ä".repeat(300);
        let places = Places::new(SourceId(0), &text);
        assert_eq!(places.byte(0), 0);
        assert_eq!(places.byte(129), 258);
        assert_eq!(places.byte(999), 600);
        assert_eq!(Places::new(SourceId(0), "abc").byte(2), 2);
    }
}
