//! Text of a program made harmless for a terminal.
//!
//! A source file may hold escape sequences that move the cursor, change colours or turn the
//! direction of writing. What is shown to a person shows them as marks instead.

use std::borrow::Cow;

/// What is shown in place of a character; `None` where it can be shown as it is.
///
/// Line breaks and tabs are among the characters replaced.
pub fn replacement(character: char) -> Option<Cow<'static, str>> {
    let code = u32::from(character);
    let picture = match character {
        '\u{7f}' => Some('\u{2421}'),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + code),
        _ => None,
    };
    if let Some(picture) = picture {
        return Some(Cow::Owned(picture.to_string()));
    }
    match character {
        '\u{80}'..='\u{9f}' => Some(Cow::Borrowed("\u{fffd}")),
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{feff}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some(Cow::Owned(format!("<U+{code:04X}>"))),
        _ => None,
    }
}

/// Text that stands on one line: every control character is replaced, line breaks too.
pub fn line(text: &str) -> Cow<'_, str> {
    replace(text, |_| false)
}

/// Text of several lines: every control character but line breaks is replaced.
pub fn lines(text: &str) -> Cow<'_, str> {
    replace(text, |character| character == '\n')
}

fn replace(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let bad = |character: char| !keep(character) && replacement(character).is_some();
    if !text.chars().any(bad) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match replacement(character) {
            Some(shown) if !keep(character) => safe.push_str(&shown),
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_marks() {
        assert_eq!(line("a\u{1b}[31mb\u{7f}\u{9b}c"), "a␛[31mb␡\u{fffd}c");
        assert_eq!(line("one\ntwo"), "one␊two");
        assert_eq!(lines("one\ntwo\r"), "one\ntwo␍");
    }

    #[test]
    fn writing_direction_cannot_be_turned() {
        assert_eq!(line("a\u{202e}b\u{2066}"), "a<U+202E>b<U+2066>");
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(line("größe 日本 👩‍🚀"), Cow::Borrowed(_)));
    }
}
