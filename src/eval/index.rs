//! `a[i]` and `a[1..3]`.

use smol_str::SmolStr;

use crate::diagnostics::codes::evaluation as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::eval::data::RuntimeSource;
use crate::eval::interpreter::Interpreter;
use crate::eval::limits::bytes;
use crate::eval::operands::{Result, Stop, needs_of};
use crate::eval::value::{Kind, Value};
use crate::source::Span;

impl<'a> Interpreter<'a> {
    /// `a[i]`
    pub(super) fn index(&self, of: Value<'a>, index: Value<'a>, span: Span) -> Result<Value<'a>> {
        if let (Kind::Output(output), Kind::String(name)) = (&of.kind, &index.kind)
            && let Some(value) = self.input(output, name, span)
        {
            return Ok(value);
        }
        if let Some(stop) = needs_of([&of, &index]) {
            return Err(stop);
        }
        match (&of.kind, &index.kind) {
            (Kind::List(list), Kind::Int(at)) => {
                let count = list.items.len();
                match position(*at, count).and_then(|at| list.items.get(at)) {
                    Some(value) => Ok(value.clone()),
                    None => {
                        self.report(
                            Diagnostic::error(
                                &codes::OUT_OF_RANGE,
                                index.span_in(span),
                                format!("there is no element {at} in a list of {count}"),
                            )
                            .note(match count {
                                0 => "the list is empty".to_owned(),
                                _ => format!("the first is 0, the last is {}", count - 1),
                            })
                            .help("`first(…)` and `last(…)` give `null` where there is none"),
                        );
                        Err(Stop::Error)
                    }
                }
            }
            (Kind::List(list), Kind::String(label)) => {
                let mut known = Vec::new();
                for item in &list.items {
                    self.charge(1, span)?;
                    let name = match &item.kind {
                        Kind::Block(cell) => cell.key.label.clone(),
                        Kind::Output(output) => match output.needs.as_slice() {
                            [need] => match &need.source {
                                RuntimeSource::Block { name, .. } => Some(name.clone()),
                                _ => None,
                            },
                            _ => None,
                        },
                        _ => None,
                    };
                    if name.as_ref() == Some(label) {
                        return Ok(item.clone().at(span));
                    }
                    known.extend(name);
                }
                let known = known.iter().map(SmolStr::as_str);
                Err(self.no_key(label, known, index.span_in(span), of.span))
            }
            (Kind::Map(map), Kind::String(key)) => match map.entries.get(key) {
                Some(value) => self.charge(bytes(key.len()), span).map(|()| value.clone()),
                None => {
                    let known = map.entries.keys().map(SmolStr::as_str);
                    Err(self.no_key(key, known, index.span_in(span), of.span))
                }
            },
            (Kind::List(_), _) => Err(self.wrong_value(&index, "a position", span)),
            (Kind::Map(_), _) => Err(self.wrong_value(&index, "a key", span)),
            _ => Err(self.wrong_value(&of, "a list or a map", span)),
        }
    }

    pub(super) fn no_key<'n>(
        &self,
        key: &str,
        known: impl Iterator<Item = &'n str> + Clone,
        place: Span,
        of: Span,
    ) -> Stop {
        let mut diagnostic =
            Diagnostic::error(&codes::NO_KEY, place, format!("there is no `{key}` here"));
        diagnostic = match did_you_mean(key, known.clone()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => match list_names(known, 12) {
                names if names.is_empty() => diagnostic.note("it is empty"),
                names => diagnostic.note(format!("there is {names}")),
            },
        };
        if !self.is_standard(of) && !of.contains(place) && !place.contains(of) {
            diagnostic = diagnostic.also(of, "looked for in this");
        }
        self.report(diagnostic);
        Stop::Error
    }

    /// `a[1..3]`
    pub(super) fn slice(
        &self,
        of: Value<'a>,
        start: Option<Value<'a>>,
        end: Option<Value<'a>>,
        span: Span,
    ) -> Result<Value<'a>> {
        let bounds = start.iter().chain(&end);
        if let Some(stop) = needs_of(bounds.chain([&of])) {
            return Err(stop);
        }
        let bound = |value: &Option<Value<'a>>, count: usize, otherwise: usize| match value {
            None => Ok(otherwise),
            Some(Value {
                kind: Kind::Int(at),
                ..
            }) => Ok(clamped(*at, count)),
            Some(value) => Err(self.wrong_value(value, "an integer", span)),
        };
        match &of.kind {
            Kind::String(text) => {
                self.charge(text.len() / 64, span)?;
                let count = text.chars().count();
                let (start, end) = (bound(&start, count, 0)?, bound(&end, count, count)?);
                let part: String = text
                    .chars()
                    .skip(start)
                    .take(end.saturating_sub(start))
                    .collect();
                self.text(part, span)
            }
            Kind::List(list) => {
                let count = list.items.len();
                let (start, end) = (bound(&start, count, 0)?, bound(&end, count, count)?);
                let part = list.items.get(start..end.max(start)).unwrap_or_default();
                self.charge(part.len(), span)?;
                self.list(part.to_vec(), span)
            }
            _ => Err(self.wrong_value(&of, "a text or a list", span)),
        }
    }
}

fn position(at: i64, count: usize) -> Option<usize> {
    if at >= 0 {
        return usize::try_from(at).ok();
    }
    let back = usize::try_from(at.unsigned_abs()).ok()?;
    count.checked_sub(back)
}

fn clamped(at: i64, count: usize) -> usize {
    if at < 0 {
        let back = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        return count.saturating_sub(back);
    }
    usize::try_from(at).unwrap_or(usize::MAX).min(count)
}
