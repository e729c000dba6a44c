//! Texts.

use crate::diagnostics::did_you_mean;
use crate::eval::builtins::{Call, Given, Table};
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::Stop;
use crate::eval::value::{Kind, Value};

pub(super) const TABLE: Table = &[
    ("len", len),
    ("upper", |i, c| mapped(i, c, str::to_uppercase)),
    ("lower", |i, c| mapped(i, c, str::to_lowercase)),
    ("trim", |i, c| mapped(i, c, |text| text.trim().to_owned())),
    ("trim_prefix", |i, c| {
        trimmed(i, c, |text, part| text.strip_prefix(part))
    }),
    ("trim_suffix", |i, c| {
        trimmed(i, c, |text, part| text.strip_suffix(part))
    }),
    ("split", split),
    ("join", join),
    ("replace", replace),
    ("starts_with", |i, c| {
        asked(i, c, |text, part| text.starts_with(part))
    }),
    ("ends_with", |i, c| {
        asked(i, c, |text, part| text.ends_with(part))
    }),
    ("contains", |i, c| {
        asked(i, c, |text, part| text.contains(part))
    }),
    ("repeat", repeat),
    ("pad_start", |i, c| padded(i, c, true)),
    ("pad_end", |i, c| padded(i, c, false)),
    ("lines", lines),
    ("to_string", to_string),
    ("to_int", to_int),
    ("to_float", to_float),
    ("to_duration", |i, c| {
        literal(i, c, "a duration, such as `1h30m`")
    }),
    ("to_size", |i, c| literal(i, c, "a size, such as `512Mi`")),
    ("fixed", fixed),
    ("did_you_mean", nearest),
];

fn len<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    match &call.value(0)?.kind {
        Kind::String(_) => call.count(call.text(interpreter, 0)?.chars().count()),
        Kind::List(list) => call.count(list.items.len()),
        Kind::Map(map) => call.count(map.entries.len()),
        _ => Err(Stop::Error),
    }
}

fn mapped<'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    change: impl Fn(&str) -> String,
) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    interpreter.charge(text.len() / 16, call.span)?;
    interpreter.text(change(text), call.span)
}

fn trimmed<'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    strip: impl for<'t> Fn(&'t str, &str) -> Option<&'t str>,
) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let part = call.text(interpreter, 1)?;
    match strip(text, part) {
        Some(rest) => interpreter.text(rest, call.span),
        None => Ok(Value::new(Kind::String(text.clone()), call.span)),
    }
}

fn asked<'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    ask: impl Fn(&str, &str) -> bool,
) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let part = call.text(interpreter, 1)?;
    interpreter.charge(text.len() / 64, call.span)?;
    call.bool_value(ask(text, part))
}

fn text_list<'a, 't>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    parts: impl Iterator<Item = &'t str>,
) -> Given<'a> {
    let mut items = Vec::new();
    for part in parts {
        interpreter.charge(1, call.span)?;
        interpreter.room_for_elements(items.len(), call.span)?;
        items.push(interpreter.text(part, call.span)?);
    }
    interpreter.list(items, call.span)
}

fn split<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let separator = call.text(interpreter, 1)?;
    if separator.is_empty() {
        let parts: Vec<String> = text.chars().map(String::from).collect();
        return text_list(interpreter, call, parts.iter().map(String::as_str));
    }
    text_list(interpreter, call, text.split(separator.as_str()))
}

fn lines<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    text_list(interpreter, call, text.lines())
}

fn join<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let texts = call.texts(interpreter, 0)?;
    let separator = call.text(interpreter, 1)?;
    let bytes: usize = texts.iter().map(|text| text.len() + separator.len()).sum();
    interpreter.room_for_text(bytes.saturating_sub(separator.len()), call.span)?;
    let texts: Vec<&str> = texts.into_iter().map(|text| text.as_str()).collect();
    interpreter.text(texts.join(separator), call.span)
}

fn replace<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let old = call.text(interpreter, 1)?;
    let new = call.text(interpreter, 2)?;
    interpreter.charge(text.len() / 16, call.span)?;
    let count = text.matches(old.as_str()).count();
    let bytes = count.saturating_mul(new.len()).saturating_add(text.len());
    if new.len() > old.len() {
        interpreter.room_for_text(bytes, call.span)?;
    }
    interpreter.text(text.replace(old.as_str(), new), call.span)
}

fn repeat<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let times = call.int(interpreter, 1)?;
    let Ok(times) = usize::try_from(times) else {
        return Err(interpreter.bad_argument(
            call,
            1,
            format!("a text cannot be repeated {times} times"),
        ));
    };
    interpreter.room_for_text(text.len().saturating_mul(times), call.span)?;
    interpreter.text(
        if text.is_empty() {
            String::new()
        } else {
            text.repeat(times)
        },
        call.span,
    )
}

fn padded<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, at_start: bool) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let width = call.int(interpreter, 1)?;
    let fill = call.text(interpreter, 2)?;
    if fill.is_empty() {
        return Err(interpreter.bad_argument(call, 2, "there is nothing to fill up with".into()));
    }
    let missing = usize::try_from(width)
        .unwrap_or(0)
        .saturating_sub(text.chars().count());
    interpreter.room_for_text(
        text.len().saturating_add(missing.saturating_mul(4)),
        call.span,
    )?;
    let padding: String = fill.chars().cycle().take(missing).collect();
    let padded = if at_start {
        format!("{padding}{text}")
    } else {
        format!("{text}{padding}")
    };
    interpreter.text(padded, call.span)
}

fn to_string<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let mut text = String::new();
    interpreter.write_text(call.value(0)?, call.span, &mut text)?;
    interpreter.text(text, call.span)
}

fn to_int<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    match text.parse() {
        Ok(value) => call.int_value(value),
        Err(_) => Err(no_number(interpreter, call, "an integer")),
    }
}

fn to_float<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    match text.parse::<f64>() {
        Ok(value) if plain => interpreter.float(value, call.span),
        _ => Err(no_number(interpreter, call, "a number")),
    }
}

fn no_number<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, what: &str) -> Stop {
    let shown = call
        .value(0)
        .map(|value| interpreter.shown(value))
        .unwrap_or_default();
    interpreter.bad_argument(call, 0, format!("{shown} is not {what}"))
}

/// A duration or size, written as in a program.
fn literal<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, what: &str) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let kind = if what.starts_with("a size") {
        size(text).map(Kind::Size)
    } else {
        duration(text).map(Kind::Duration)
    };
    match kind {
        Some(kind) => Ok(Value::new(kind, call.span)),
        None => Err(no_number(interpreter, call, what)),
    }
}

/// `512Mi` in bytes.
fn size(text: &str) -> Option<i64> {
    let units = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("B", 0)];
    let (digits, power) = units
        .iter()
        .find_map(|(unit, power)| Some((text.strip_suffix(unit)?, *power)))?;
    digits_of(digits)?.checked_mul(1 << power)
}

/// `1h30m` in seconds: units from large to small, each once.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    let mut found = false;
    for (unit, seconds) in [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)] {
        if let Some((digits, after)) = rest.split_once(unit) {
            total = total.checked_add(digits_of(digits)?.checked_mul(seconds)?)?;
            rest = after;
            found = true;
        }
    }
    (found && rest.is_empty()).then_some(total)
}

fn digits_of(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn fixed<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let number = call.float(interpreter, 0)?;
    let digits = call.int(interpreter, 1)?;
    match usize::try_from(digits) {
        Ok(digits) if digits <= 100 => interpreter.text(format!("{number:.digits$}"), call.span),
        _ => Err(interpreter.bad_argument(
            call,
            1,
            format!("0 to 100 digits can stand after the point, not {digits}"),
        )),
    }
}

fn nearest<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let text = call.text(interpreter, 0)?;
    let candidates = call.texts(interpreter, 1)?;
    let length = text.len().min(1_000);
    interpreter.charge(candidates.len().saturating_mul(length), call.span)?;
    if text.len() > 1_000 {
        return call.null();
    }
    let candidates = candidates.iter().filter(|text| text.len() <= 1_000);
    let near = did_you_mean(text, candidates.map(|text| text.as_str()));
    call.maybe_text(interpreter, near.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_literals_are() {
        assert_eq!(duration("1h30m"), Some(5_400));
        assert_eq!(duration("30m1h"), None);
        assert_eq!(duration("5"), None);
        assert_eq!(duration(""), None);
        assert_eq!(duration("h"), None);
        assert_eq!(duration("9999999999999999999s"), None);
        assert_eq!(size("512Mi"), Some(512 << 20));
        assert_eq!(size("7B"), Some(7));
        assert_eq!(size("-1Ki"), None);
        assert_eq!(size("9999999999Ti"), None);
    }
}
