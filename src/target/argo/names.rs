//! Names that Argo and Kubernetes accept.

use sha2::{Digest, Sha256};

use crate::collections::HashSet;

/// The longest name of a WorkflowTemplate: a run's name is this, `-` and five more, with at most 63
/// characters, and `generateName` allows 58 with the `-` (`workflow/validate/validate.go`).
pub const OBJECT_NAME_LIMIT: usize = 57;

/// Words that the expression language behind `depends` keeps for itself (github.com/expr-lang/expr).
const EXPRESSION_WORDS: &[&str] = &[
    "and",
    "contains",
    "else",
    "endsWith",
    "false",
    "if",
    "in",
    "let",
    "matches",
    "nil",
    "not",
    "or",
    "startsWith",
    "true",
];

/// The name of a pipeline's object for one of its entries.
pub fn object_name(pipeline: &str, entry: &str) -> String {
    if entry.is_empty() {
        return shortened(pipeline, OBJECT_NAME_LIMIT);
    }
    shortened(&format!("{pipeline}-{entry}"), OBJECT_NAME_LIMIT)
}

/// A name of at most `limit` characters: itself, or its beginning and a hash of all of it.
pub fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let hash = hex(&Sha256::digest(name), 4);
    let mut begin = String::new();
    for letter in name.chars() {
        if begin.len() + letter.len_utf8() + 1 + hash.len() > limit {
            break;
        }
        begin.push(letter);
    }
    format!("{}-{hash}", begin.trim_end_matches('-'))
}

/// The first `bytes` bytes in hexadecimal digits.
pub fn hex(digest: &[u8], bytes: usize) -> String {
    let bytes = digest.iter().take(bytes);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// A name for a task or template: letters, digits and `-`, beginning with a letter, no word of the expression
/// language.
pub fn task_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter.is_ascii_alphanumeric() {
            true => letter,
            false => '-',
        })
        .collect();
    let begins_well = plain
        .chars()
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic());
    if begins_well && !EXPRESSION_WORDS.contains(&&*plain) {
        plain
    } else {
        format!("x-{plain}")
    }
}

/// Gives each name once.
#[derive(Default)]
pub struct Taken {
    names: HashSet<String>,
}

impl Taken {
    /// The name itself, or with the first number that makes it new.
    pub fn take(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.names.contains(name))
            .unwrap_or_default();
        self.names.insert(free.clone());
        free
    }
}
