//! Patterns of names as regular expressions of Go.

use globset::GlobBuilder;
use serde_json::json;

use crate::model::Text;
use crate::target::events::filters::{Filter, data};

/// What a list of patterns lets through of the texts at a path, less the prefix that each has there. The last pattern that matches decides; where all exclude, every
/// other name passes.
pub fn filter(list: &[Text], path: &str, prefix: &str, name: &str) -> Filter {
    let excludes = |text: &Text| text.value.starts_with('!');
    if !list.iter().any(excludes) {
        let regexes = list.iter().map(|pattern| regex(&pattern.value, prefix));
        return data(path, &regexes.collect::<Vec<_>>());
    }
    Filter::Expression(json!({
        "expr": expression(list, prefix, name),
        "fields": [{ "path": path, "name": name }],
    }))
}

/// As an expression of govaluate over a variable.
fn expression(list: &[Text], prefix: &str, name: &str) -> String {
    // What has been let through so far: a constant, then an expression.
    let mut passes = Err(list.iter().all(|pattern| pattern.value.starts_with('!')));
    for pattern in list {
        let (glob, includes) = match pattern.value.strip_prefix('!') {
            Some(rest) => (rest, false),
            None => (pattern.value.as_str(), true),
        };
        let matches = format!("{name} =~ {}", literal(&regex(glob, prefix)));
        passes = match (passes, includes) {
            (Err(true), true) => Err(true),
            (Err(true), false) => Ok(format!("!({matches})")),
            (Err(false), true) => Ok(matches),
            (Err(false), false) => Err(false),
            (Ok(before), true) => Ok(format!("({before}) || {matches}")),
            (Ok(before), false) => Ok(format!("({before}) && !({matches})")),
        };
    }
    match passes {
        Ok(expression) => expression,
        // An expression must use its variable.
        Err(always) => format!("{name} == {name} && {always}"),
    }
}

/// A text in an expression of govaluate: a backslash makes the next character plain (`readUntilFalse` in its `parsing.go`).
fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for letter in text.chars() {
        if matches!(letter, '\'' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal.push('\'');
    literal
}

/// A pattern as an anchored regular expression. Argo Events looks for a match anywhere in a text.
fn regex(glob: &str, prefix: &str) -> String {
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    let inner = match &built {
        Ok(glob) => readable(glob.regex()),
        // A pattern that is none has been refused; it is taken as the name itself.
        Err(_) => format!("^{}$", regex::escape(glob)),
    };
    let inner = inner.strip_prefix('^').unwrap_or(&inner);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    format!("^{}{inner}$", regex::escape(prefix))
}

/// What `globset` writes is for bytes, `(?-u)^\xC3\xA4$`; Go's expressions are for characters.
fn readable(regex: &str) -> String {
    let regex = regex.strip_prefix("(?-u)").unwrap_or(regex);
    let mut bytes = Vec::new();
    let mut rest = regex;
    while let Some(letter) = rest.chars().next() {
        let hex = rest.strip_prefix("\\x").and_then(|hex| hex.get(..2));
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let skip = match byte.filter(|byte| !byte.is_ascii()) {
            Some(byte) => {
                bytes.push(byte);
                4
            }
            // The letter after a backslash stays with it.
            None if letter == '\\' => {
                let pair: String = rest.chars().take(2).collect();
                bytes.extend(pair.bytes());
                pair.len()
            }
            None => {
                bytes.extend(letter.to_string().bytes());
                letter.len_utf8()
            }
        };
        rest = rest.get(skip..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A regular expression that one of some names matches as a whole, large or small letters alike, as GitHub has its names.
pub fn any_of<'t>(names: impl Iterator<Item = &'t str>) -> String {
    let names: Vec<String> = names.map(regex::escape).collect();
    format!("^(?i:{})$", names.join("|"))
}

/// A regular expression that every text with `text` in it matches.
pub fn holds(text: &str) -> String {
    regex::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_anchored_and_escaped() {
        let of = |glob: &str| regex(glob, "refs/heads/");
        assert_eq!(of("main"), "^refs/heads/main$");
        assert_eq!(of("v1.2"), r"^refs/heads/v1\.2$");
        assert_eq!(of("release/*"), "^refs/heads/release/[^/]*$");
        assert_eq!(of("**"), "^refs/heads/.*$");
        assert_eq!(of("größe-?"), r"^refs/heads/größe\-[^/]$");
        assert_eq!(of("{a,b}/x"), "^refs/heads/(?:a|b)/x$");
    }

    #[test]
    fn the_last_pattern_decides() {
        use crate::source::{SourceId, Span, Spanned};
        let list = |texts: &[&str]| -> Vec<Text> {
            let span = Span::new(SourceId(0), 0, 0);
            let texts = texts.iter();
            texts
                .map(|text| Spanned::new((*text).to_owned(), span))
                .collect()
        };
        let of = |texts: &[&str]| expression(&list(texts), "", "ref");
        assert_eq!(of(&["!a"]), "!(ref =~ '^a$')");
        assert_eq!(of(&["a", "!b"]), "(ref =~ '^a$') && !(ref =~ '^b$')");
        assert_eq!(
            of(&["a", "!b", "c"]),
            "((ref =~ '^a$') && !(ref =~ '^b$')) || ref =~ '^c$'"
        );
        assert_eq!(of(&["!it's"]), r"!(ref =~ '^it\'s$')");
    }
}
