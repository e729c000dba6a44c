//! A regular expression, quick to read first and fast to run once that pays.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use regex::{Regex, RegexBuilder};

use crate::eval::limits;

/// A regular expression.
///
/// `regex` takes ten times as long as `regex-lite` to read a pattern, and most patterns are conditions of types that see a
/// few short texts. So a plain pattern is tested by `regex-lite` until it has seen [`SHORT`] bytes.
#[derive(Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    /// Where the pattern is plain.
    plain: Option<regex_lite::Regex>,
    full: OnceCell<Result<Rc<Regex>, String>>,
    /// How many bytes it was tested on.
    tested: Cell<usize>,
}

/// In bytes.
const SHORT: usize = 4_096;

impl Pattern {
    /// Reads a pattern; in words why it is none.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let plain = plain(text).and_then(|text| read_plain(&text));
        let pattern = Pattern {
            text: text.into(),
            plain,
            full: OnceCell::new(),
            tested: Cell::new(0),
        };
        match pattern.plain {
            Some(_) => Ok(pattern),
            None => pattern.full().map(|_| ()).map(|()| pattern),
        }
    }

    /// Whether it is found in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.tested
            .set(self.tested.get().saturating_add(text.len()));
        match &self.plain {
            Some(plain) if self.tested.get() < SHORT => plain.is_match(text),
            plain => match (self.full(), plain) {
                (Ok(full), _) => full.is_match(text),
                (Err(_), Some(plain)) => plain.is_match(text),
                (Err(_), None) => false,
            },
        }
    }

    /// What finds all that there is to find; in words why the pattern is none.
    pub fn full(&self) -> Result<Rc<Regex>, String> {
        let full = self.full.get_or_init(|| {
            RegexBuilder::new(&self.text)
                .size_limit(limits::PATTERN)
                .nest_limit(limits::PATTERN_NESTING)
                .build()
                .map(Rc::new)
                .map_err(|error| match error {
                    regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                    error => last_line(&error.to_string()),
                })
        });
        full.clone()
    }
}

/// The white space of Unicode, which `\s` means in `regex`; in `regex-lite` that is about ASCII alone.
const WHITE: &str =
    r"\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}";

/// The pattern as `regex-lite` must read it to find the same as `regex`; `None` where it cannot. The two differ in `\d`, `\s`, `\w`
/// and `\b` and in what flags do; of these `\s` can be said in another way. What else `regex-lite` does not know it refuses.
fn plain(pattern: &str) -> Option<Cow<'_, str>> {
    let mut written = Cow::Borrowed("");
    let (mut rest, mut in_class) = (pattern, false);
    while let Some(next) = rest.chars().next() {
        let (length, instead) = match next {
            '\\' => match rest.chars().nth(1) {
                Some('s') if in_class => (2, Some(WHITE.to_owned())),
                Some('s') => (2, Some(format!("[{WHITE}]"))),
                Some('S') if !in_class => (2, Some(format!("[^{WHITE}]"))),
                Some(escaped) if "dDSwWbB<>".contains(escaped) => return None,
                Some(escaped) => (1 + escaped.len_utf8(), None),
                None => (1, None),
            },
            // Classes within classes, which would end before this one does, are refused by `regex-lite`.
            '[' => {
                in_class = true;
                let first = rest.get(1..).unwrap_or_default();
                let not = usize::from(first.starts_with('^'));
                let bracket = first.get(not..).is_some_and(|first| first.starts_with(']'));
                (1 + not + usize::from(bracket), None)
            }
            ']' => {
                in_class = false;
                (1, None)
            }
            '(' if !in_class && rest.starts_with("(?") && !rest.starts_with("(?:") => return None,
            next => (next.len_utf8(), None),
        };
        let (own, after) = rest.split_at_checked(length)?;
        match instead {
            Some(instead) => written.to_mut().push_str(&instead),
            None => written += own,
        }
        rest = after;
    }
    Some(written)
}

fn read_plain(pattern: &str) -> Option<regex_lite::Regex> {
    // So large a pattern is quicker to run when it is read thoroughly.
    let built = regex_lite::RegexBuilder::new(pattern)
        .size_limit(limits::PATTERN / 16)
        .nest_limit(limits::PATTERN_NESTING)
        .build();
    built.ok()
}

/// The last line of a message of the regex crate, which says what is wrong; the ones before show where.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_depends_on_unicode_is_not_plain() {
        for pattern in [
            r"\d", r"a\w", r"[\S]", r"\bx", "(?i)x", "(?x) a", "(?P<n>x)",
        ] {
            assert!(plain(pattern).is_none(), "{pattern}");
        }
        for pattern in [
            r"\\d",
            r"\.",
            "(?:x)",
            "[^-a-z]{2,3}$",
            r"[\x00-\x1f]",
            "(a|é)*",
        ] {
            assert!(
                plain(pattern).is_some_and(|pattern| read_plain(&pattern).is_some()),
                "{pattern}"
            );
        }
    }

    /// Every character: what `\s` finds is what is written in its place.
    #[test]
    fn white_space_is_that_of_unicode() {
        let [white, black] =
            [r"^\s$", r"^[^\s]$"].map(|text| read_plain(&plain(text).unwrap()).unwrap());
        let other = read_plain(&plain(r"^\S$").unwrap()).unwrap();
        for text in ('\0'..=char::MAX).map(String::from) {
            let full = text.chars().all(char::is_whitespace);
            assert_eq!(
                [
                    white.is_match(&text),
                    black.is_match(&text),
                    other.is_match(&text)
                ],
                [full, !full, !full],
                "{text:?}"
            );
        }
    }

    #[test]
    fn words_and_digits_are_those_of_unicode() {
        assert!(Pattern::new(r"^\w\d$").unwrap().is_match("é٣"));
        assert!(Pattern::new("(?i)^É$").unwrap().is_match("é"));
    }

    #[test]
    fn many_texts_are_tested_as_few_are() {
        let pattern = Pattern::new("^[a-y]+$").unwrap();
        for _ in 0..SHORT {
            assert!(pattern.is_match("name") && !pattern.is_match("naze"));
        }
        assert!(pattern.full.get().is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_plain_pattern_finds_what_any_pattern_finds(
            pattern in r"(\[\^?[ab&~:\-\]é\\.]{1,4}\]|[abé.^$|*+?{},0-2()\[\]]|\(\?:|\\[.x\-n1pudsS]){0,8}",
            texts in prop::collection::vec("[abé0-2.&~:\\-\\[\\]\n \u{a0}]{0,8}", 4),
        ) {
            let plain = plain(&pattern).and_then(|pattern| read_plain(&pattern));
            if let Some(plain) = plain {
                let full = Regex::new(&pattern);
                prop_assert!(full.is_ok(), "{:?}", full);
                for text in &texts {
                    prop_assert_eq!(plain.is_match(text), full.clone().unwrap().is_match(text));
                }
            }
        }
    }
}
