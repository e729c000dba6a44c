//! Names of tasks and templates that Argo accepts.

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
