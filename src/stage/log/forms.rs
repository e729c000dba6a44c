//! The forms in which a secret may show up in a log.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::stage::log::clean::{Cleaner, Piece};

/// A secret with fewer characters is not hidden: every `1` or `no` in a log would be.
pub const SHORTEST: usize = 4;
/// Nobody writes a text longer than this, in bytes, into a URL or as a JSON string.
const LONGEST_ESCAPED: usize = 64 * 1024;
/// The columns after which `base64` (RFC 2045) and PEM (RFC 7468) begin a new line.
const WRAPS: [usize; 2] = [76, 64];
/// A last line of wrapped base64 that is shorter says little and would hide much.
const SHORTEST_WRAPPED: usize = 8;

/// What encoders leave as it is: RFC 3986 and Python's `quote`, with `/`; JavaScript's `encodeURIComponent`; forms.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*');

/// Every form of a secret that is looked for, none of them with a line break; empty where it is too short.
pub fn forms(secret: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for text in texts(secret) {
        if !text.contains('\n') {
            forms.insert(visible(text));
        }
        if text.len() <= LONGEST_ESCAPED {
            escaped(text, &mut forms);
        }
        base64(text, &mut forms);
    }
    forms.retain(|form| form.chars().count() >= SHORTEST);
    forms
}

/// The whole, and each line of it, with and without the white space around.
fn texts(secret: &str) -> BTreeSet<&str> {
    let mut texts: BTreeSet<&str> = [secret, secret.trim()].into();
    for line in secret.split(['\n', '\r']) {
        texts.extend([line, line.trim()]);
    }
    texts.retain(|text| text.trim().chars().count() >= SHORTEST);
    texts
}

/// A line as a log shows it.
fn visible(line: &str) -> String {
    let mut text = String::new();
    let mut each = |piece: Piece| {
        if let Piece::Character(character) = piece {
            text.push(character);
        }
    };
    let mut cleaner = Cleaner::default();
    cleaner.read(line.as_bytes(), &mut each);
    cleaner.end(&mut each);
    text
}

/// As a JSON string, as a word of a shell, in URLs and forms.
fn escaped(text: &str, forms: &mut BTreeSet<String>) {
    if let Ok(json) = serde_json::to_string(text) {
        let inner = json
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        forms.extend(inner.map(str::to_owned));
    }
    if !text.contains('\n') {
        forms.insert(visible(&text.replace('\'', r"'\''")));
    }
    for set in [UNRESERVED, PATH, COMPONENT, FORM] {
        let upper = utf8_percent_encode(text, set).to_string();
        let spaces = upper.replace("%20", "+");
        for form in [upper, spaces] {
            forms.insert(lower_hexadecimal(&form));
            forms.insert(form);
        }
    }
}

/// `%2F` → `%2f`.
fn lower_hexadecimal(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut digits = 0;
    for character in text.chars() {
        if character == '%' {
            digits = 3;
        }
        lower.push(if digits > 0 {
            character.to_ascii_lowercase()
        } else {
            character
        });
        digits = usize::saturating_sub(digits, 1);
    }
    lower
}

/// Encoded by itself, whole and wrapped; and as a part of a longer text, where it may begin at any of three places.
///
/// Of the part only those characters count that are made of the text alone: on either side up to four bits of
/// its first or last byte are in a character that depends on what stands beside it.
fn base64(text: &str, forms: &mut BTreeSet<String>) {
    for engine in [&STANDARD, &URL_SAFE] {
        let own = engine.encode(text);
        for columns in WRAPS {
            if own.len() > columns {
                let lines = own.as_bytes().chunks(columns);
                let lines = lines.filter(|line| line.len() >= SHORTEST_WRAPPED);
                forms.extend(lines.map(|line| String::from_utf8_lossy(line).into_owned()));
            }
        }
        forms.insert(own.trim_end_matches('=').to_owned());
        forms.insert(own);
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(text.as_bytes());
            let first = (before * 8).div_ceil(6);
            let last = bytes.len() * 8 / 6;
            let encoded = engine.encode(&bytes);
            forms.extend(encoded.get(first..last).map(str::to_owned));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(secret: &str, form: &str) {
        let forms = forms(secret);
        assert!(forms.contains(form), "{form:?} is not among {forms:?}");
    }

    #[test]
    fn what_is_short_has_no_forms() {
        assert!(forms("").is_empty());
        assert!(forms("123").is_empty());
        assert!(forms(" 12 ").is_empty());
        assert!(forms("a\nb\n").is_empty());
        assert!(!forms("1234").is_empty());
        assert!(!forms("äöüß").is_empty());
    }

    #[test]
    fn a_line_of_a_longer_secret_is_hidden_by_itself() {
        let forms = forms("{\n  \"user\": \"me\"\n}\n");
        assert!(forms.contains("\"user\": \"me\""));
        assert!(!forms.contains("{") && !forms.contains("}"));
        assert!(forms.contains("{\\n  \\\"user\\\": \\\"me\\\"\\n}"));
    }

    #[test]
    fn escaped_in_the_usual_ways() {
        has("a b/c&d'e", "a%20b%2Fc%26d%27e");
        has("a b/c&d'e", "a%20b%2fc%26d%27e");
        has("a b/c&d'e", "a%20b/c%26d%27e");
        has("a b/c&d'e", "a+b%2Fc%26d%27e");
        has("a b/c&d'e", "a%20b%2Fc%26d'e");
        has("a b/c&d'e", r"a b/c&d'\''e");
        has("a\"b\\c", r#"a\"b\\c"#);
        has("\u{1b}[31mabcd", "abcd");
    }

    #[test]
    fn base64_of_itself_and_within_other_text() {
        for (before, after) in [
            ("", ""),
            ("", "y"),
            ("x", ""),
            ("xx", "yy"),
            ("xxx", "y"),
            ("user:", "@host"),
        ] {
            let encoded = STANDARD.encode(format!("{before}s3cr3t-value{after}"));
            let forms = forms("s3cr3t-value");
            assert!(
                forms.iter().any(|form| encoded.contains(form.as_str())),
                "{encoded}"
            );
        }
        has("s3cr3t-value?>", &STANDARD.encode("s3cr3t-value?>"));
        has("s3cr3t-value?>", &URL_SAFE.encode("s3cr3t-value?>"));
    }

    #[test]
    fn base64_in_lines() {
        let secret = "0123456789".repeat(10);
        let encoded = STANDARD.encode(&secret);
        has(&secret, &encoded[..76]);
        has(&secret, &encoded[64..128]);
        assert_eq!(encoded.len(), 136);
        has(&secret, &encoded[76..]);
    }
}
