//! Names of objects.

use std::fmt;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::STORE_NAME;

/// The longest key in bytes: what S3 takes.
const LONGEST: usize = 1024;
/// The longest part of a key in bytes: what file systems take.
const LONGEST_PART: usize = 255;

/// The name of an object: parts with `/` between them, such as `runs/shop-x7/record.json`. It is a relative path that leads
/// nowhere else: no part is empty, `.` or `..`, and no character is a control character or `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of that name; an `A0931` where it is none.
    pub fn new(name: impl Into<String>) -> Result<Key, Diagnostic> {
        let name = name.into();
        match fault(&name) {
            None => Ok(Key(name)),
            Some(fault) => {
                let message = "a name that nothing in the store can have";
                Err(Diagnostic::without_place(&STORE_NAME, message)
                    .note(format!("{name:?} {fault}")))
            }
        }
    }

    /// The key `self/name`.
    pub fn join(&self, name: &str) -> Result<Key, Diagnostic> {
        Key::new(format!("{self}/{name}"))
    }

    /// The key with this after it, such as `.json`.
    pub fn with_ending(&self, ending: &str) -> Result<Key, Diagnostic> {
        Key::new(format!("{self}{ending}"))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty");
    }
    if name.len() > LONGEST {
        return Some("has more than 1024 bytes");
    }
    if name.starts_with('/') {
        return Some("is an absolute path");
    }
    if name.contains(|c: char| c.is_control() || c == '\\') {
        return Some("has a control character or a backslash");
    }
    for part in name.split('/') {
        match part {
            "" => return Some("has an empty part"),
            "." | ".." => return Some("has a part that leads elsewhere"),
            _ if part.len() > LONGEST_PART => return Some("has a part of more than 255 bytes"),
            _ => {}
        }
    }
    let first = name.split('/').next();
    (first == Some(super::local::UNFINISHED)).then_some("is where unfinished uploads are")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_nowhere_else() {
        let long = "x".repeat(256);
        for bad in [
            "",
            "/",
            "/etc",
            "a//b",
            "a/",
            "..",
            "../a",
            "a/../b",
            "a/..",
            "./a",
            "a\\b",
            "a\0b",
            "a\nb",
            "\u{85}",
            &long,
            ".unfinished",
            ".unfinished/1",
        ] {
            let error = Key::new(bad).unwrap_err();
            assert_eq!(error.code, &STORE_NAME, "{bad:?}");
        }
        assert!(Key::new("ab/".repeat(400) + "c").is_err());
    }

    #[test]
    fn ordinary_names_are_keys() {
        for good in [
            "a",
            "runs/shop-x7/kept/größe 日本.png",
            "a/..b/c..",
            ".nyc/x",
            "a/.unfinished",
        ] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        let key = Key::new("a").unwrap();
        assert_eq!(key.join("b").unwrap().to_string(), "a/b");
        assert!(key.join("../b").is_err());
    }
}
