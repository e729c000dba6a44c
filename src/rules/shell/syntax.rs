//! Says what is wrong with shell text that cannot be parsed, at its character.

use std::ops::Range;

use brush_parser::{ParseError, SourcePosition, Token, TokenizerError, tokenize_str};

use crate::rules::shell::pairs::{swallowed, unbalanced};
use crate::rules::shell::text::{Bytes, Origin};

/// Why a text is no shell text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The bytes of the text that are wrong.
    pub at: Range<usize>,
    /// What is wrong, as a message.
    pub message: String,
    /// What this piece is.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

/// An error of which everything is known.
pub fn fault(at: Range<usize>, message: &str, label: &str, help: &str) -> SyntaxError {
    SyntaxError {
        at,
        message: message.to_owned(),
        label: label.to_owned(),
        help: (!help.is_empty()).then(|| help.to_owned()),
    }
}

/// `${a:}`, for which every shell stops. The place is that in the whole text.
pub fn no_offset(at: Range<usize>) -> SyntaxError {
    fault(
        at,
        "the shell cannot read what follows the `:`",
        "every shell stops with \"bad substitution\"",
        "write `${x:-text}` for what stands in where it is empty, `${x}` for its value alone",
    )
}

/// Explains an error of the parser.
pub fn explain(error: &ParseError, text: &str, origin: &Origin) -> SyntaxError {
    let mut result = match error {
        ParseError::Tokenizing { inner, position } => unterminated(inner, position.as_ref(), text),
        ParseError::ParsingNear(position) => {
            swallowed(text).unwrap_or_else(|| near(Bytes::new(text).byte(position.index), text))
        }
        ParseError::ParsingAtEndOfInput => swallowed(text)
            .or_else(|| unbalanced(text))
            .unwrap_or_else(|| {
                let tokens = tokenize_str(text).unwrap_or_default();
                match bracket(&Bytes::new(text), &tokens) {
                    Some(start) => near(start, text),
                    None => at_end(text),
                }
            }),
    };
    // A token is not always as long as what was written.
    let whole = text.floor_char_boundary(result.at.start)..text.ceil_char_boundary(result.at.end);
    result.at = origin.place(whole);
    result
}

fn unterminated(
    error: &TokenizerError,
    position: Option<&SourcePosition>,
    text: &str,
) -> SyntaxError {
    let one = |start: usize, length: usize| start..(start + length).min(text.len());
    match error {
        TokenizerError::UnterminatedEscapeSequence => fault(
            text.len().saturating_sub(1)..text.len(),
            "a `\\` at the end of the command escapes nothing",
            "nothing follows",
            "remove it, or go on with the command on the next line of a `\"\"\"` string",
        ),
        _ => match open(text) {
            Some((start, opener)) => {
                let (message, help) = match opener {
                    "'" => (
                        "a `'` is never closed",
                        "close it; a `'` within text in single quotes is written `'\\''`",
                    ),
                    "\"" => (
                        "a `\"` is never closed",
                        "close it; a `\"` within text in double quotes is written `\\\"`",
                    ),
                    "`" => ("a `` ` `` is never closed", "close it, or write `$(…)`"),
                    "$(" => (
                        "`$(` is never closed",
                        "add `)` where the command within ends",
                    ),
                    "$((" => (
                        "`$((` is never closed",
                        "add `))` where the arithmetic ends",
                    ),
                    "${" => ("`${` is never closed", "add `}` after the variable's name"),
                    _ => ("a bracket is never closed", "close it"),
                };
                fault(one(start, opener.len()), message, "opened here", help)
            }
            None => {
                let start = position.map_or(0, |position| Bytes::new(text).byte(position.index));
                fault(
                    one(start, 1),
                    "the command ends in the middle of something",
                    "",
                    "close what is open",
                )
            }
        },
    }
}

/// The innermost quote or substitution that is open at the end of the text.
fn open(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut stack: Vec<(usize, &'static str)> = Vec::new();
    let mut index = 0;
    while let Some(byte) = bytes.get(index).copied() {
        let top = stack.last().map(|(_, opener)| *opener);
        let rest = text.get(index..).unwrap_or("");
        if top == Some("'") {
            if byte == b'\'' {
                stack.pop();
            }
            index += 1;
            continue;
        }
        let mut step = 1;
        match byte {
            b'\\' => step = 2,
            b'\'' if top != Some("\"") => stack.push((index, "'")),
            b'"' if top == Some("\"") => {
                stack.pop();
            }
            b'"' => stack.push((index, "\"")),
            b'`' if stack.iter().any(|(_, opener)| *opener == "`") => {
                while stack.pop().is_some_and(|(_, opener)| opener != "`") {}
            }
            b'`' => stack.push((index, "`")),
            _ if rest.starts_with("$((") => {
                stack.push((index, "$(("));
                step = 3;
            }
            _ if rest.starts_with("$(") => {
                stack.push((index, "$("));
                step = 2;
            }
            _ if rest.starts_with("${") => {
                stack.push((index, "${"));
                step = 2;
            }
            b'(' if matches!(top, Some("$(" | "$((" | "(")) => stack.push((index, "(")),
            b')' if top == Some("$((") && rest.starts_with("))") => {
                stack.pop();
                step = 2;
            }
            b')' if matches!(top, Some("$(" | "(" | "$((")) => {
                stack.pop();
            }
            b'}' if top == Some("${") => {
                stack.pop();
            }
            b'#' if !matches!(top, Some("\"" | "${")) && before_is_blank(bytes, index) => {
                step = rest.find('\n').unwrap_or(rest.len());
            }
            _ => {}
        }
        index += step;
    }
    stack.pop()
}

fn before_is_blank(bytes: &[u8], index: usize) -> bool {
    index
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b';')
}

/// `[[ a == b]]`: the brackets need a blank before them.
fn glued(text: &str, start: usize) -> Option<SyntaxError> {
    let before = text.get(..start)?;
    let open = before.rfind("[[ ")?;
    let end = before.rfind("]]")?;
    let last = before.get(open..end)?.chars().next_back()?;
    (!last.is_whitespace()).then(|| {
        fault(
            end..end + 2,
            "`]]` needs a blank before it",
            "taken as a part of the word before",
            "write ` ]]`",
        )
    })
}

/// The `(` of `cat (x)`: the parser goes on to its end, or that of the text.
fn bracket(bytes: &Bytes, tokens: &[Token]) -> Option<usize> {
    let pairs = tokens
        .iter()
        .zip(tokens.iter().skip(1))
        .zip(tokens.iter().skip(2));
    let keywords = [
        "if", "then", "else", "elif", "while", "until", "do", "in", "!", "{", "time",
    ];
    pairs
        .filter(|((before, token), after)| {
            matches!(before, Token::Word(word, _) if !keywords.contains(&word.as_str()))
                && token.to_str() == "("
                && after.to_str() != ")"
        })
        .map(|((_, token), _)| bytes.byte(token.location().start.index))
        .next()
}

/// A word of the text that stands where it cannot.
fn near(start: usize, text: &str) -> SyntaxError {
    let tokens = tokenize_str(text).unwrap_or_default();
    let bytes = Bytes::new(text);
    let start = bracket(&bytes, &tokens)
        .filter(|bracket| *bracket < start)
        .unwrap_or(start);
    let rest = text.get(start..).unwrap_or("");
    let token = tokens
        .into_iter()
        .find(|token| bytes.byte(token.location().start.index) == start)
        .map_or_else(
            || rest.chars().take(1).collect(),
            |token| token.to_str().to_owned(),
        );
    let at = start..(start + token.len().max(1)).min(text.len());
    if let Some(error) = glued(text, start) {
        return error;
    }
    if let Some(error) = unbalanced(text).filter(|error| error.at.start <= start || token == "\n") {
        return error;
    }
    if text
        .get(..start)
        .is_some_and(|before| before.trim_end().ends_with("select"))
    {
        return fault(
            at,
            "`select` asks a person at a terminal, and a run has none",
            "a choice is asked here",
            "write a loop, `for x in a b; do … done`, or make the choice an `input` of the pipeline",
        );
    }
    let (label, help) = match token.as_str() {
        ")" => (
            "nothing is open that this could close",
            "remove it, or quote it: `')'`",
        ),
        "(" => (
            "a subshell cannot stand here",
            "quote it where it is part of the text: `'('`",
        ),
        "|" | "||" | "&&" | "&" => (
            "a command is missing beside it",
            "write the command that belongs here",
        ),
        ";" | ";;" => (
            "a command is missing before it",
            "one `;` between two commands is enough",
        ),
        "<" | ">" | ">>" | "<<" => (
            "it needs a file, and that is missing",
            "quote it where it is part of the text",
        ),
        "\n" => ("the command goes on after the end of the line", ""),
        _ => ("cannot stand here", ""),
    };
    let shown = if token == "\n" {
        "the end of the line".to_owned()
    } else {
        format!("`{token}`")
    };
    fault(
        at,
        &format!("the shell cannot read the command: {shown} cannot stand here"),
        label,
        help,
    )
}

fn at_end(text: &str) -> SyntaxError {
    let trimmed = text.trim_end();
    let last = ["&&", "||", "|", ">>", ">", "<", "&"]
        .into_iter()
        .find(|operator| trimmed.ends_with(operator));
    match last {
        Some(operator @ (">" | ">>" | "<")) => fault(
            trimmed.len() - operator.len()..trimmed.len(),
            &format!("no file follows `{operator}`"),
            "the command ends here",
            "write the file's name after it",
        ),
        Some(operator) => fault(
            trimmed.len() - operator.len()..trimmed.len(),
            &format!("no command follows `{operator}`"),
            "the command ends here",
            "each string of a list is a command of its own: write both in one, or in a `\"\"\"` string",
        ),
        None => {
            let start = trimmed
                .char_indices()
                .next_back()
                .map_or(0, |(byte, _)| byte);
            fault(
                start..trimmed.len(),
                "the command ends in the middle of something",
                "ends here",
                "",
            )
        }
    }
}
