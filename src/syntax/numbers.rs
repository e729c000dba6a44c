//! Numbers, durations and sizes.

use crate::syntax::ast::ExprKind;

/// What is wrong with a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadNumber {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// What was meant, where that is sure.
    pub meant: Option<String>,
}

const DURATION_UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

const SIZE_UNITS: [(&str, i64); 5] = [
    ("B", 1),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
];

/// Reads a token that begins with a digit.
pub(super) fn read(text: &str) -> Result<ExprKind, BadNumber> {
    let digits = text.bytes().take_while(|byte| is_digit(*byte)).count();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, ""));
    if rest.is_empty() {
        return integer(number);
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(|byte| is_digit(*byte)).count();
        if digits == fraction.len() {
            return float(text, number);
        }
        return Err(other_number(text));
    }
    if let Some((_, bytes)) = SIZE_UNITS.iter().find(|(unit, _)| *unit == rest) {
        return whole(number)
            .and_then(|number| number.checked_mul(*bytes))
            .map(ExprKind::Size)
            .ok_or_else(|| too_large(text, "a size is at most 8388607Ti"));
    }
    duration(text)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn whole(digits: &str) -> Option<i64> {
    digits.replace('_', "").parse().ok()
}

fn too_large(text: &str, help: &str) -> BadNumber {
    BadNumber {
        message: format!("`{}` is too large", crate::syntax::lexer::shown(text)),
        help: help.to_owned(),
        meant: None,
    }
}

fn leading_zero(text: &str) -> BadNumber {
    BadNumber {
        message: format!("`{text}` begins with `0`"),
        help: format!(
            "a number has no `0` before it; an identifier made of digits is a string: `\"{text}\"`"
        ),
        meant: None,
    }
}

fn integer(digits: &str) -> Result<ExprKind, BadNumber> {
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(leading_zero(digits));
    }
    whole(digits).map(ExprKind::Int).ok_or_else(|| {
        too_large(
            digits,
            "an integer is at most 9223372036854775807; an identifier made of digits is a string",
        )
    })
}

fn float(text: &str, whole: &str) -> Result<ExprKind, BadNumber> {
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(leading_zero(text));
    }
    match text.replace('_', "").parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(ExprKind::Float(number)),
        _ => Err(too_large(text, "write a smaller number")),
    }
}

fn duration(text: &str) -> Result<ExprKind, BadNumber> {
    let mut seconds: i64 = 0;
    let mut last = None;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| is_digit(*byte)).count();
        let (number, after) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        let mut letters = after.chars();
        let unit = letters.next();
        let position = DURATION_UNITS
            .iter()
            .position(|(name, _)| Some(*name) == unit);
        let begins = number.starts_with(|c: char| c.is_ascii_digit());
        let (Some(position), true) = (position, begins) else {
            return Err(other_number(text));
        };
        if last.is_some_and(|last| position <= last) {
            return Err(wrong_order(text));
        }
        last = Some(position);
        let unit = DURATION_UNITS.get(position).map_or(1, |unit| unit.1);
        seconds = whole(number)
            .and_then(|number| number.checked_mul(unit))
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(|| too_large(text, "write a shorter duration"))?;
        rest = letters.as_str();
    }
    Ok(ExprKind::Duration(seconds))
}

/// `30m1h`: made of the right pieces, in the wrong order or twice.
fn wrong_order(text: &str) -> BadNumber {
    let mut pieces: Vec<(usize, &str)> = Vec::new();
    for piece in text.split_inclusive(|c: char| c.is_ascii_alphabetic()) {
        let unit = piece.chars().last();
        match DURATION_UNITS
            .iter()
            .position(|(name, _)| Some(*name) == unit)
        {
            Some(unit) if piece.len() > 1 => pieces.push((unit, piece)),
            _ => return other_number(text),
        }
    }
    pieces.sort_by_key(|(unit, _)| *unit);
    let twice = pieces.windows(2).any(|pair| match pair {
        [(a, _), (b, _)] => a == b,
        _ => false,
    });
    let sorted: String = pieces.iter().map(|(_, piece)| *piece).collect();
    BadNumber {
        message: format!("the units of `{text}` do not go from large to small"),
        help: if twice {
            "write each of `d`, `h`, `m` and `s` at most once, in this order".to_owned()
        } else {
            format!("write `{sorted}`")
        },
        meant: (!twice).then_some(sorted),
    }
}

/// Words for units that people write, and the unit.
const OTHER_UNITS: [(&[&str], &str); 11] = [
    (&["sec", "secs", "second", "seconds", "S"], "s"),
    (&["min", "mins", "minute", "minutes"], "m"),
    (&["hr", "hrs", "hour", "hours", "H"], "h"),
    (&["day", "days", "D"], "d"),
    (&["k", "K", "kb", "KB", "kB", "KiB", "ki"], "Ki"),
    (&["M", "mb", "MB", "MiB", "mi"], "Mi"),
    (&["g", "G", "gb", "GB", "GiB", "gi"], "Gi"),
    (&["t", "T", "tb", "TB", "TiB", "ti"], "Ti"),
    (&["b", "byte", "bytes"], "B"),
    (&["w", "week", "weeks"], "d"),
    (&["ms", "millis", "us", "ns"], "s"),
];

fn other_number(text: &str) -> BadNumber {
    let message = format!("`{}` is no number", crate::syntax::lexer::shown(text));
    let bad = |help: String, meant: Option<String>| BadNumber {
        message: message.clone(),
        help,
        meant,
    };
    let digits = text
        .bytes()
        .take_while(|byte| is_digit(*byte) || *byte == b'.')
        .count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let value: Option<f64> = number.replace('_', "").parse().ok();
    let fraction = number.contains('.');
    if let (true, Some(value)) = (fraction, value)
        && let Some(exact) = without_fraction(value, unit)
    {
        return bad(
            format!("durations and sizes are made of whole numbers: write `{exact}`"),
            Some(exact),
        );
    }
    let known = OTHER_UNITS.iter().find(|(words, _)| words.contains(&unit));
    match (known, whole(number)) {
        (Some((words, "d")), Some(weeks)) if words.contains(&"w") => {
            let days = format!("{}d", weeks.saturating_mul(7));
            bad(format!("the largest unit is the day: write `{days}`"), Some(days))
        }
        (Some((words, _)), _) if words.contains(&"ms") => {
            bad("the smallest unit of a duration is the second: write `1s`".to_owned(), None)
        }
        (Some((_, unit)), Some(_)) => {
            let meant = format!("{number}{unit}");
            // `10k` may be ten thousand as well as a size: that is for a person to say.
            let sure = matches!(*unit, "s" | "m" | "h" | "d");
            bad(
                if sure {
                    format!("write `{meant}`")
                } else {
                    format!("a size is written `{meant}` (units `B`, `Ki`, `Mi`, `Gi`, `Ti`), a number with all its digits")
                },
                sure.then_some(meant),
            )
        }
        _ => bad(
            "a number is written `10_000` or `0.5`, a duration `1h30m` (units `d`, `h`, `m`, `s`), a size `512Mi` (units `B`, `Ki`, `Mi`, `Gi`, `Ti`); anything else is a string".to_owned(),
            None,
        ),
    }
}

/// `1.5h` is `1h30m`, `1.5Gi` is `1536Mi`; `None` where there is no whole number for it.
fn without_fraction(value: f64, unit: &str) -> Option<String> {
    let exact = |value: f64| (value.fract() == 0.0 && value < 1e15).then(|| format!("{value:.0}"));
    if let Some(position) = SIZE_UNITS.iter().position(|(name, _)| *name == unit) {
        let (smaller, _) = SIZE_UNITS.get(position.checked_sub(1)?)?;
        return exact(value * 1024.0).map(|number| format!("{number}{smaller}"));
    }
    let mut letters = unit.chars();
    let (letter, None) = (letters.next()?, letters.next()) else {
        return None;
    };
    let (_, length) = DURATION_UNITS.iter().find(|(name, _)| *name == letter)?;
    #[expect(clippy::cast_precision_loss, reason = "at most 86,400")]
    let seconds: i64 = exact(value * *length as f64)?.parse().ok()?;
    let mut rest = seconds;
    let mut text = String::new();
    for (name, length) in DURATION_UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            text.push_str(&format!("{count}{name}"));
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_right() {
        assert_eq!(read("10_000"), Ok(ExprKind::Int(10_000)));
        assert_eq!(read("0"), Ok(ExprKind::Int(0)));
        assert_eq!(read("0.5"), Ok(ExprKind::Float(0.5)));
        assert_eq!(read("1h30m"), Ok(ExprKind::Duration(5_400)));
        assert_eq!(read("7d"), Ok(ExprKind::Duration(604_800)));
        assert_eq!(read("1h05m"), Ok(ExprKind::Duration(3_900)));
        assert_eq!(read("512Mi"), Ok(ExprKind::Size(512 << 20)));
        assert_eq!(read("9223372036854775807"), Ok(ExprKind::Int(i64::MAX)));
    }

    #[test]
    fn says_what_was_meant() {
        let meant = |text: &str| read(text).unwrap_err().meant;
        assert_eq!(meant("20min").as_deref(), Some("20m"));
        assert_eq!(meant("1.5h").as_deref(), Some("1h30m"));
        assert_eq!(meant("1.5Gi").as_deref(), Some("1536Mi"));
        assert_eq!(meant("30m1h").as_deref(), Some("1h30m"));
        assert_eq!(meant("2weeks").as_deref(), Some("14d"));
        assert_eq!(meant("10k"), None);
        assert_eq!(meant("0123"), None);
        assert_eq!(meant("1e5"), None);
        assert_eq!(meant("0x1F"), None);
        assert_eq!(meant("1h1h"), None);
        assert_eq!(meant("9223372036854775808"), None);
        assert_eq!(meant("99999999999999999999h"), None);
        assert_eq!(meant("500ms"), None);
    }
}
