//! A regular expression, quick to read first and fast to run once that pays.

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
        let plain = is_plain(text).then(|| read_plain(text)).flatten();
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

/// Whether `regex-lite` either refuses the pattern or finds the same as `regex`: the two differ in `\d`, `\s`, `\w` and `\b`
/// and in what flags do, which is about ASCII alone in `regex-lite`, and elsewhere `regex-lite` refuses what it does not know.
fn is_plain(pattern: &str) -> bool {
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        let is_plain = match next {
            '\\' => rest
                .next()
                .is_none_or(|escaped| !"dDsSwWbB<>".contains(escaped)),
            '(' => !rest.as_str().starts_with('?') || rest.as_str().starts_with("?:"),
            _ => true,
        };
        if !is_plain {
            return false;
        }
    }
    true
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
            r"\d", r"a\w", r"[\s]", r"\bx", "(?i)x", "(?x) a", "(?P<n>x)",
        ] {
            assert!(!is_plain(pattern), "{pattern}");
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
                is_plain(pattern) && read_plain(pattern).is_some(),
                "{pattern}"
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
            pattern in r"(\[\^?[ab&~:\-\]é\\.]{1,4}\]|[abé.^$|*+?{},0-2()\[\]]|\(\?:|\\[.x\-n1pud]){0,8}",
            texts in prop::collection::vec("[abé0-2.&~:\\-\\[\\]\n]{0,8}", 4),
        ) {
            let plain = is_plain(&pattern).then(|| read_plain(&pattern)).flatten();
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
