//! Values as text: in strings, in messages.

use crate::eval::interpreter::Interpreter;
use crate::eval::operands::Stop;
use crate::eval::value::{Kind, Value};
use crate::source::Span;

/// A value in a message is shown with at most so many characters.
const SHOWN: usize = 80;

impl<'a> Interpreter<'a> {
    /// Adds the text of a value, as `"#{value}"` writes it.
    pub(super) fn write_text(
        &self,
        value: &Value<'a>,
        span: Span,
        into: &mut String,
    ) -> Result<(), Stop> {
        match plain(&value.kind) {
            Some(text) => into.push_str(&text),
            None => return Err(self.wrong_value(value, "a value that has a text", span)),
        }
        Ok(())
    }

    /// A value as a program would write it, for a message; never what a secret is.
    pub(super) fn shown(&self, value: &Value<'a>) -> String {
        let mut text = String::new();
        write_shown(value, 2, &mut text);
        if text.chars().count() > SHOWN {
            text = text.chars().take(SHOWN).chain(['…']).collect();
        }
        format!("`{text}`")
    }
}

/// The text of a plain value.
pub(super) fn plain(kind: &Kind<'_>) -> Option<String> {
    Some(match kind {
        Kind::String(text) => text.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Float(value) => float(*value),
        Kind::Bool(value) => value.to_string(),
        Kind::Duration(seconds) => duration(*seconds),
        Kind::Size(bytes) => size(*bytes),
        _ => return None,
    })
}

/// A number with a point, as people write it; with an exponent where it would be long.
pub(super) fn float(value: f64) -> String {
    let digits = format!("{value}");
    match (digits.contains('.'), digits.len() <= 20) {
        (true, true) => digits,
        (false, true) if value.is_finite() => digits + ".0",
        _ => format!("{value:?}"),
    }
}

fn write_shown(value: &Value<'_>, depth: u32, into: &mut String) {
    match &value.kind {
        Kind::Null => into.push_str("null"),
        Kind::String(text) => {
            let short: String = text.chars().take(SHOWN + 1).collect();
            into.push_str(&format!("{short:?}"));
        }
        Kind::List(list) => {
            into.push('[');
            write_parts(list.items.iter().map(|item| (None, item)), depth, into);
            into.push(']');
        }
        Kind::Map(map) => {
            into.push_str("{ ");
            let entries = map.entries.iter();
            write_parts(
                entries.map(|(key, item)| (Some(key.as_str()), item)),
                depth,
                into,
            );
            into.push_str(" }");
        }
        Kind::Instance(instance) => into.push_str(&instance.title()),
        Kind::Block(cell) => into.push_str(&cell.path().to_string()),
        Kind::Output(output) => {
            let first = output.needs.first();
            into.push_str(&first.map_or_else(String::new, |need| need.source.to_string()));
        }
        Kind::Secret(secret) => into.push_str(&format!("Secret({})", secret.name)),
        Kind::Module(_) | Kind::Error => into.push('…'),
        kind => into.push_str(&plain(kind).unwrap_or_default()),
    }
}

fn write_parts<'v, 'a: 'v>(
    parts: impl Iterator<Item = (Option<&'v str>, &'v Value<'a>)>,
    depth: u32,
    into: &mut String,
) {
    for (index, (key, item)) in parts.enumerate() {
        if index > 0 {
            into.push_str(", ");
        }
        if depth == 0 || index == 8 || into.len() > SHOWN {
            into.push('…');
            return;
        }
        if let Some(key) = key {
            into.push_str(&format!("{key} = "));
        }
        write_shown(item, depth - 1, into);
    }
}

/// Seconds as a duration literal: `1h30m`.
pub(super) fn duration(seconds: i64) -> String {
    let mut rest = seconds.unsigned_abs();
    let mut text = String::new();
    if seconds < 0 {
        text.push('-');
    }
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if seconds == 0 {
        text.push_str("0s");
    }
    text
}

/// Bytes as a size literal, in the largest unit that holds it whole: `512Mi`.
pub(super) fn size(bytes: i64) -> String {
    let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let whole = units
        .iter()
        .find(|(_, power)| bytes != 0 && bytes % (1i64 << power) == 0);
    match whole {
        Some((unit, power)) => format!("{}{unit}", bytes >> power),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_as_literals() {
        assert_eq!(duration(5_400), "1h30m");
        assert_eq!(duration(-90), "-1m30s");
        assert_eq!(duration(0), "0s");
        assert_eq!(size(512 << 20), "512Mi");
        assert_eq!(size(1_000), "1000B");
        assert_eq!(size(0), "0B");
        assert_eq!(float(2.0), "2.0");
        assert_eq!(float(0.00001), "0.00001");
        assert_eq!(float(-2.5e-7), "-0.00000025");
        assert_eq!(float(1e16), "10000000000000000.0");
        assert_eq!(float(1e300), "1e300");
    }
}
