//! Names of tasks and templates that Argo accepts.

use crate::collections::HashSet;

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
