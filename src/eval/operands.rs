//! What operations take: values that must be known, counted and bounded.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{evaluation as codes, types};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits;
use crate::eval::value::{Kind, List, Map, Needs, Output, Value, merge_needs};
use crate::source::Span;

/// What an operation gives.
pub(super) type Result<T> = std::result::Result<T, Stop>;

/// Why an operation gives no value.
#[derive(Clone, Debug)]
pub enum Stop {
    /// An error was reported.
    Error,
    /// A value that it needs is known only in a run: which, and the expression that needs them.
    Needs(Needs, Span),
}

impl Stop {
    /// The operation needs that run-time value.
    pub fn output(output: &Output) -> Self {
        Stop::Needs(output.needs.clone(), output.expression)
    }
}

/// The run-time values among some operands, as one reason to stop; `None` where all are known.
pub fn needs_of<'v, 'a: 'v>(values: impl IntoIterator<Item = &'v Value<'a>>) -> Option<Stop> {
    let mut needs: Needs = Vec::new();
    let mut place = None;
    for value in values {
        match &value.kind {
            Kind::Error => return Some(Stop::Error),
            Kind::Output(output) => {
                merge_needs(&mut needs, &output.needs);
                place = place.or(Some(output.expression));
            }
            _ => {}
        }
    }
    place.map(|place| Stop::Needs(needs, place))
}

impl<'a> Interpreter<'a> {
    /// A value that must be known.
    pub(super) fn known(value: Value<'a>) -> Result<Value<'a>> {
        match &value.kind {
            Kind::Error => Err(Stop::Error),
            Kind::Output(output) => Err(Stop::output(output)),
            _ => Ok(value),
        }
    }

    /// Counts steps; ends the operation where there were too many.
    pub(super) fn charge(&self, steps: usize, span: Span) -> Result<()> {
        if self.meter.step(steps as u64) {
            return Ok(());
        }
        self.report_limit(span);
        Err(Stop::Error)
    }

    /// A text, not too long.
    pub(super) fn text(&self, text: impl Into<SmolStr>, span: Span) -> Result<Value<'a>> {
        let text = text.into();
        self.room_for_text(text.len(), span)?;
        Ok(Value::new(Kind::String(text), span))
    }

    /// Ends the operation where a text of so many bytes would be too long.
    pub(super) fn room_for_text(&self, bytes: usize, span: Span) -> Result<()> {
        if bytes > limits::TEXT {
            self.report(
                Diagnostic::error(&codes::TEXT_TOO_LONG, span, "this text is too long")
                    .note(format!("a text has at most {} MiB", limits::TEXT >> 20))
                    .help("keep large texts in files of the repository"),
            );
            return Err(Stop::Error);
        }
        self.room(bytes, span)
    }

    /// Counts memory; ends the operation where there was too much.
    pub(super) fn room(&self, bytes: usize, span: Span) -> Result<()> {
        if self.meter.allocate(bytes) {
            return Ok(());
        }
        self.report_limit(span);
        Err(Stop::Error)
    }

    /// A list, not too long and not too deep.
    pub(super) fn list(&self, items: Vec<Value<'a>>, span: Span) -> Result<Value<'a>> {
        self.room_for_elements(items.len(), span)?;
        self.room(size_of::<Value<'a>>().saturating_mul(items.len()), span)?;
        let depth = self.depth_around(items.iter().map(Value::depth).max(), span)?;
        Ok(Value::new(Kind::List(Rc::new(List { items, depth })), span))
    }

    /// Ends the operation where so many elements would be too many.
    pub(super) fn room_for_elements(&self, count: usize, span: Span) -> Result<()> {
        if count <= limits::ELEMENTS {
            return Ok(());
        }
        self.report(
            Diagnostic::error(
                &codes::TOO_MANY_ELEMENTS,
                span,
                format!("{count} elements are too many"),
            )
            .note(format!(
                "a list or map has at most {} elements",
                limits::ELEMENTS
            ))
            .help("look for a bound that is too large"),
        );
        Err(Stop::Error)
    }

    /// A map, not too large and not too deep.
    pub(super) fn map(
        &self,
        entries: IndexMap<SmolStr, Value<'a>>,
        span: Span,
    ) -> Result<Value<'a>> {
        self.entries(entries, true, span)
    }

    /// A map or an object, not too large and not too deep.
    pub(super) fn entries(
        &self,
        entries: IndexMap<SmolStr, Value<'a>>,
        is_map: bool,
        span: Span,
    ) -> Result<Value<'a>> {
        self.room_for_elements(entries.len(), span)?;
        let each = size_of::<Value<'a>>() + size_of::<SmolStr>() + 16;
        self.room(each.saturating_mul(entries.len()), span)?;
        let depth = self.depth_around(entries.values().map(Value::depth).max(), span)?;
        let map = Map {
            entries,
            depth,
            is_map,
        };
        Ok(Value::new(Kind::Map(Rc::new(map)), span))
    }

    fn depth_around(&self, inner: Option<u32>, span: Span) -> Result<u32> {
        let depth = inner.unwrap_or(0) + 1;
        if depth <= limits::VALUE_DEPTH {
            return Ok(depth);
        }
        self.report(
            Diagnostic::error(
                &codes::TOO_DEEP,
                span,
                "lists and objects nest too deep here",
            )
            .note(format!("at most {} levels are kept", limits::VALUE_DEPTH))
            .help("use a flatter form"),
        );
        Err(Stop::Error)
    }

    /// A value is not what an operation takes. The checker finds most of these before.
    pub(super) fn wrong_value(&self, value: &Value<'a>, wanted: &str, span: Span) -> Stop {
        if let Some(stop) = needs_of([value]) {
            return stop;
        }
        let place = if self.is_standard(value.span) {
            span
        } else {
            value.span
        };
        let mut diagnostic = Diagnostic::error(
            &types::MISMATCH,
            place,
            format!("{wanted} is wanted, and this is {}", value.describe()),
        );
        if !span.contains(place) && !self.is_standard(span) {
            diagnostic = diagnostic.also(span, "used here");
        }
        self.report(diagnostic);
        Stop::Error
    }
}
